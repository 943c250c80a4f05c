"""Digests of code: of a function or class and of everything in its package that it names, however far away.

Works on the source (imports nothing): comments, docstrings, formatting and the annotations of undecorated functions
do not count; constants, decorators, defaults, base classes, helper functions in other modules and the classes that
annotations name do. A class counts wholly. What is imported for type checkers only, or reached only at run time (an
attribute of an unknown argument, a name in a string), cannot be seen: name it as a further root.
"""

from __future__ import annotations

import ast
import functools
import importlib.machinery
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from talkgen.digest import digest_bytes

Symbol = tuple[str, str]  # a module and a name in it; the name "*" is all of the module

_SKIPPED = {"ctx", "kind", "type_comment", "type_ignores", "type_params"}  # fields without meaning, or new in a version
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_DEFINITIONS = (*_FUNCTIONS, ast.ClassDef)


@functools.cache
def code_digest(*roots: str) -> str:
    """The digest of the code that `roots` ("talkgen.figures.attention_map:compute", or a module) run in their package.

    Remembered for the life of the process, as the code that runs is, too.

    Raises:
        LookupError: there is no such module, or no such name in it.
    """
    return digest_bytes(repr(sorted(_closure(roots).items())).encode())


def code_names(*roots: str) -> frozenset[str]:
    """The names ("module:name") whose code counts in `code_digest`."""
    return frozenset(f"{module}:{name}" for module, name in _closure(roots))


def _closure(roots: Iterable[str]) -> dict[Symbol, str]:
    """Each symbol that the roots reach, and its code in a form without looks."""
    waiting = [_parse_root(root) for root in roots]
    code: dict[Symbol, str] = {}
    while waiting:
        module, name = symbol = waiting.pop()
        if symbol in code:
            continue
        source = _module(module)
        if name == "*":
            code[symbol] = ""
            waiting += [(module, each) for each in source.definitions]
            nodes: list[ast.AST] = list(source.effects)
        else:
            nodes = [*source.definitions.get(name, []), *source.effects]
            code[symbol] = "\n".join(_serialize(node) for node in nodes)
        waiting += [found for node in nodes for found in _named(node, source)]
        if name not in ("*", *source.definitions):
            waiting += _follow_import(source, name)
    return code


def _parse_root(root: str) -> Symbol:
    module, _, name = root.partition(":")
    if name and name not in {*_module(module).definitions, *_module(module).imports, "*"}:
        raise LookupError(f"there is no {name} in {module}")
    return module, name or "*"


# ------------------------------------------------------------------------------------------------ one module's names


@dataclass
class _Module:
    """A module's top level: what defines each name, what each import stands for, and statements with other effects."""

    name: str
    is_package: bool
    definitions: dict[str, list[ast.AST]] = field(default_factory=dict)
    imports: dict[str, Symbol] = field(default_factory=dict)  # ("module", "") stands for the module itself
    effects: list[ast.AST] = field(default_factory=list)


@functools.cache
def _module(name: str) -> _Module:
    path = _find(name)
    if path is None:
        raise LookupError(f"there is no module {name}")
    module = _Module(name, path.name == "__init__.py")
    _collect(ast.parse(path.read_bytes()).body, None, module)
    return module


@functools.cache
def _find(name: str) -> Path | None:
    """The source file of a module, without importing the packages it is in."""
    places: list[str] | None = sys.path
    spec = None
    for part in name.split("."):
        spec = importlib.machinery.PathFinder.find_spec(part, places)
        if spec is None:
            return None
        places = list(spec.submodule_search_locations or ())
    return Path(spec.origin) if spec and spec.origin and spec.origin.endswith(".py") else None


def _collect(body: list[ast.stmt], whole: ast.stmt | None, module: _Module) -> None:
    """Sorts top-level statements; what stands inside an `if` or `try` is defined by the `whole` of it."""
    for node in body:
        inner = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt | ast.ExceptHandler)]
        if isinstance(node, ast.Import | ast.ImportFrom):
            module.imports |= _imported(node, module)
        elif _defines(node):
            for name in _defines(node):
                module.definitions.setdefault(name, []).append(whole or node)
        elif isinstance(node, ast.If | ast.Try | ast.With | ast.For | ast.While) and not _is_type_checking(node):
            before = len(module.definitions)
            _collect(_statements(inner), whole or node, module)
            if len(module.definitions) == before:
                _attach(node, module)
        elif not isinstance(node, ast.Pass | ast.If) and not _is_text(node):
            _attach(whole or node, module)


def _statements(nodes: Iterable[ast.AST]) -> list[ast.stmt]:
    """The statements among `nodes`, with those of exception handlers."""
    found: list[ast.stmt] = []
    for node in nodes:
        if isinstance(node, ast.ExceptHandler):
            found += node.body
        elif isinstance(node, ast.stmt):
            found.append(node)
    return found


def _attach(node: ast.AST, module: _Module) -> None:
    """Counts a statement such as `TABLE["x"] = 1` to the names of the module it mentions, or else to the module."""
    mentioned = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)} & module.definitions.keys()
    for name in mentioned:
        module.definitions[name].append(node)
    if not mentioned:
        module.effects.append(node)


def _defines(node: ast.stmt) -> list[str]:
    """The names that a statement binds."""
    if isinstance(node, _DEFINITIONS):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    if sys.version_info >= (3, 12) and isinstance(node, ast.TypeAlias):
        targets = [node.name]
    plain = [each for target in targets for each in _unpacked(target)]
    return [each.id for each in plain if isinstance(each, ast.Name)]


def _unpacked(target: ast.expr) -> Iterator[ast.expr]:
    if isinstance(target, ast.Tuple | ast.List):
        for each in target.elts:
            yield from _unpacked(each)
    else:
        yield target.value if isinstance(target, ast.Starred) else target


def _is_type_checking(node: ast.stmt) -> bool:
    test = node.test if isinstance(node, ast.If) else None
    name = test.attr if isinstance(test, ast.Attribute) else test.id if isinstance(test, ast.Name) else ""
    return name == "TYPE_CHECKING"


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


# ------------------------------------------------------------------------------------------------- imports and names


def _imported(node: ast.Import | ast.ImportFrom, module: _Module) -> dict[str, Symbol]:
    """What an import binds, as far as it is of the same package."""
    package = module.name.split(".")[0]
    if isinstance(node, ast.Import):
        names = {alias.asname or alias.name.split(".")[0]: alias for alias in node.names}
        bound = {name: (alias.name if alias.asname else name, "") for name, alias in names.items()}
    else:
        source = node.module or ""
        if node.level:
            parents = module.name.split(".")
            above = node.level - module.is_package
            source = ".".join([*parents[: len(parents) - above], *source.split(".")]).rstrip(".")
        bound = {alias.asname or alias.name: (source, alias.name) for alias in node.names}
    return {name: target for name, target in bound.items() if target[0].split(".")[0] == package}


def _follow_import(module: _Module, name: str) -> Iterator[Symbol]:
    """Where a name that the module does not define comes from: an import, or `from … import *`."""
    if name in module.imports:
        yield from _target(module.imports[name])
    elif _find(f"{module.name}.{name}"):
        yield (f"{module.name}.{name}", "*")
    elif "*" in module.imports:
        yield (module.imports["*"][0], "*")


def _target(symbol: Symbol) -> Iterator[Symbol]:
    """A symbol, or the module that it turns out to be."""
    module, name = symbol
    if not name:
        yield (module, "*")
    elif _find(f"{module}.{name}") and name not in {**_module(module).definitions, **_module(module).imports}:
        yield (f"{module}.{name}", "*")
    else:
        yield (module, name)


def _named(node: ast.AST, module: _Module) -> Iterator[Symbol]:
    """The symbols of the package that some code names; annotations that do not count are left out."""
    imports = dict(module.imports)
    nodes = list(_counted(node))
    for each in nodes:
        if isinstance(each, ast.Import | ast.ImportFrom):
            imports |= _imported(each, module)
    inside_chain: set[int] = set()
    for each in nodes:
        if id(each) in inside_chain:
            continue
        if isinstance(each, ast.Attribute | ast.Name):
            chain, parts = _chain(each)
            inside_chain |= {id(part) for part in parts}
            yield from _resolve(chain, module, imports)
    if "*" in imports:
        yield (imports["*"][0], "*")


def _chain(node: ast.AST) -> tuple[list[str], list[ast.AST]]:
    """The names of `a.b.c`, and its nodes; no names where it does not begin with one."""
    names: list[str] = []
    parts: list[ast.AST] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
        parts.append(node)
    return ([node.id, *reversed(names)], parts) if isinstance(node, ast.Name) else ([], [])


def _resolve(chain: list[str], module: _Module, imports: dict[str, Symbol]) -> Iterator[Symbol]:
    if not chain:
        return
    if chain[0] in imports:
        source, name = imports[chain[0]]
        dotted, rest = f"{source}.{name}".rstrip("."), chain[1:]
        if name and (not _find(dotted) or name in _module(source).definitions):
            yield (source, name)
            return
        while rest and _find(f"{dotted}.{rest[0]}"):
            dotted, rest = f"{dotted}.{rest[0]}", rest[1:]
        yield from _target((dotted, rest[0] if rest else ""))
    if chain[0] in module.definitions:
        yield (module.name, chain[0])


# ---------------------------------------------------------------------------------------------- code without its looks


def _fields(node: ast.AST) -> Iterator[tuple[str, object]]:
    """A node's fields that count: no docstrings and no `pass`; the annotations of plain functions are set apart."""
    is_plain = isinstance(node, _FUNCTIONS) and not node.decorator_list
    for name, value in ast.iter_fields(node):
        if name in _SKIPPED:
            continue
        if name == "body" and isinstance(value, list):
            yield name, [each for each in value if not isinstance(each, ast.Pass) and not _is_text(each)]
        elif is_plain and name in ("args", "returns") and value:
            yield name, _Bare(value)
        else:
            yield name, value


@dataclass(frozen=True)
class _Bare:
    """A function's parameters or its return annotation: what annotations name counts, how they say it does not."""

    node: object


def _counted(value: object) -> Iterator[ast.AST]:
    """The nodes that count in `value`, itself included, in the order of the source."""
    if isinstance(value, _Bare):
        yield from _counted(value.node)
    elif isinstance(value, list):
        for each in value:
            yield from _counted(each)
    elif isinstance(value, ast.AST):
        yield value
        for _, inner in _fields(value):
            yield from _counted(inner)


def _serialize(value: object) -> str:
    """Code as text that only a change of meaning changes, alike in every version of Python."""
    if isinstance(value, _Bare):
        arguments = value.node
        if not isinstance(arguments, ast.arguments):
            return ""
        names = [each.arg for each in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]]
        kinds = (len(arguments.posonlyargs), len(arguments.args), bool(arguments.vararg), bool(arguments.kwarg))
        return f"({names}{kinds}{_serialize(arguments.defaults)}{_serialize(arguments.kw_defaults)})"
    if isinstance(value, list):
        return f"[{','.join(map(_serialize, value))}]"
    if isinstance(value, ast.AST):
        inner = [(name, _serialize(each)) for name, each in _fields(value) if each not in (None, [])]
        return f"{type(value).__name__}({','.join(f'{name}={text}' for name, text in inner if text)})"
    return repr(value)
