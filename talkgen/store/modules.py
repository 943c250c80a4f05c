"""The top level of a module, read from its source without importing it: what it defines, what it imports, what it does.

Knows no closure: what the names are for is not asked here.
"""

from __future__ import annotations

import ast
import functools
import importlib.machinery
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from talkgen.store import looks

Symbol = tuple[str, str]
"""A module and a name in it: "f", "C" (a class without its methods), "C.f", "*" (all of it), "" (what it does besides
defining names); as an import's target, "" is the module itself."""


@dataclass
class Module:
    """What defines each name, what each import stands for (of its own package; or of a foreign one), and the rest."""

    name: str
    is_package: bool
    definitions: dict[str, list[ast.AST]] = field(default_factory=dict)
    imports: dict[str, Symbol] = field(default_factory=dict)
    foreign: dict[str, Symbol] = field(default_factory=dict)
    effects: list[ast.AST] = field(default_factory=list)

    def knows(self, name: str) -> bool:
        """Whether the module itself gives the name a meaning."""
        return name in self.definitions or name in self.imports


@functools.cache
def read_module(name: str) -> Module:
    """The module `name`.

    Raises:
        LookupError: there is no such module, or it has no source.
    """
    path = find_module(name)
    if path is None:
        raise LookupError(f"there is no module {name}")
    module = Module(name, path.name == "__init__.py")
    _collect(looks.parse(path.read_bytes()).body, None, module)
    return module


@functools.cache
def find_module(name: str) -> Path | None:
    """The source file of a module, without importing the packages it is in; None where there is none."""
    places: list[str] | None = sys.path
    spec = None
    for part in name.split("."):
        spec = importlib.machinery.PathFinder.find_spec(part, places)
        if spec is None:
            return None
        places = list(spec.submodule_search_locations or ())
    return Path(spec.origin) if spec and spec.origin and spec.origin.endswith(".py") else None


def follow_import(module: Module, name: str) -> Iterator[Symbol]:
    """Where a name that the module does not define comes from: an import, a module below it, `from … import *`."""
    if name in module.imports:
        yield real_symbol(module.imports[name])
    elif find_module(f"{module.name}.{name}"):
        yield (f"{module.name}.{name}", "*")
    elif "*" in module.imports:
        yield (module.imports["*"][0], "*")


def real_symbol(symbol: Symbol) -> Symbol:
    """A symbol, or all of the module that it turns out to be."""
    module, name = symbol
    if not name:
        return (module, "*")
    is_module = find_module(f"{module}.{name}") and not read_module(module).knows(name)
    return (f"{module}.{name}", "*") if is_module else (module, name)


def imported(node: ast.Import | ast.ImportFrom, module: Module) -> tuple[dict[str, Symbol], dict[str, Symbol]]:
    """What an import binds: of the module's own package, and of others."""
    if isinstance(node, ast.Import):
        names = {alias.asname or alias.name.split(".")[0]: alias for alias in node.names}
        bound = {name: (alias.name if alias.asname else name, "") for name, alias in names.items()}
    else:
        bound = {alias.asname or alias.name: (_absolute(node, module), alias.name) for alias in node.names}
    package = module.name.split(".")[0]
    own = {name: target for name, target in bound.items() if target[0].split(".")[0] == package}
    return own, {name: target for name, target in bound.items() if name not in own and target[0] != "__future__"}


def _absolute(node: ast.ImportFrom, module: Module) -> str:
    """The module that `from … import` names, with leading dots resolved."""
    source = node.module or ""
    if not node.level:
        return source
    parents = module.name.split(".")
    above = node.level - module.is_package
    return ".".join([*parents[: len(parents) - above], *source.split(".")]).rstrip(".")


def _collect(body: list[ast.stmt], whole: ast.stmt | None, module: Module) -> None:
    """Sorts top-level statements; what stands inside an `if` or `try` is defined by the `whole` of it."""
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            own, foreign = imported(node, module)
            module.imports |= own
            module.foreign |= foreign
        elif isinstance(node, ast.If) and _is_type_checking(node.test):
            _collect([each for each in node.body if isinstance(each, ast.Import | ast.ImportFrom)], None, module)
            _collect(node.orelse, whole, module)
        elif names := _defined(node):
            for name in names:
                module.definitions.setdefault(name, []).append(whole or node)
        elif isinstance(node, ast.If | ast.Try | ast.With | ast.For | ast.While):
            before = len(module.definitions)
            _collect(_inner(node), whole or node, module)
            if len(module.definitions) == before:
                _attach(node, module)
        else:
            _attach(whole or node, module)


def _inner(node: ast.stmt) -> list[ast.stmt]:
    """The statements inside one, with those of exception handlers."""
    found: list[ast.stmt] = []
    for each in ast.iter_child_nodes(node):
        found += each.body if isinstance(each, ast.ExceptHandler) else [each] if isinstance(each, ast.stmt) else []
    return found


def _attach(node: ast.AST, module: Module) -> None:
    """Counts a statement such as `TABLE["x"] = 1` to the names of the module it mentions, or else to the module."""
    mentioned = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)} & module.definitions.keys()
    for name in mentioned:
        module.definitions[name].append(node)
    if not mentioned:
        module.effects.append(node)


def _defined(node: ast.stmt) -> list[str]:
    """The names that a statement binds."""
    if isinstance(node, (*looks.FUNCTIONS, ast.ClassDef)):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else []
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


def _is_type_checking(test: ast.expr) -> bool:
    return getattr(test, "attr", getattr(test, "id", "")) == "TYPE_CHECKING"
