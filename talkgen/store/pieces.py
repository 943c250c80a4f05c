"""One symbol's code, and what that code uses: symbols of its package, attributes of anything, packages of others.

A class is a piece without its methods: its bases, decorators, statements. A method is a piece of its own; which methods
run without being asked for by name (`__eq__`, a validator, what a framework's base class calls) the class says.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from talkgen.digest import digest_bytes
from talkgen.store import looks
from talkgen.store.modules import Module, Symbol, find_module, follow_import, imported, read_module, real_symbol

# What classes outside the package call on those derived from them, besides `__dunder__` and decorated methods. Where a
# base is not listed, every method counts. An exception calls nothing.
_CALLED_BY_BASE: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("ABC", "Enum", "Generic", "IntEnum", "Mapping", "NamedTuple", "Protocol"), frozenset()),
    **dict.fromkeys(("StrEnum", "Structure", "TypedDict", "object"), frozenset()),
    "BaseModel": frozenset({"model_post_init"}),
    "Module": frozenset({"forward", "extra_repr", "train", "_apply", "_load_from_state_dict", "_save_to_state_dict"}),
}


@dataclass(frozen=True)
class Piece:
    """A symbol's code: its digest, what it uses, and, of a class, its methods and those of them that run unasked."""

    digest: str
    symbols: frozenset[Symbol]
    attributes: frozenset[str]
    packages: frozenset[str]
    methods: frozenset[str] = frozenset()
    unasked: frozenset[str] = frozenset()


@functools.cache
def read_piece(symbol: Symbol) -> Piece:
    """The piece that `symbol` names; where its module only imports it, one that uses what it stands for.

    Raises:
        LookupError: there is no such module.
    """
    module, name = read_module(symbol[0]), symbol[1]
    if name == "*":
        methods = [f"{name}.{method}" for name in module.definitions for method in _methods_of(module, name)]
        everything = [(module.name, each) for each in [*module.definitions, *methods]]
        return Piece("", frozenset(everything), frozenset(), frozenset())
    if name == "":
        return _piece(module.effects, module)
    if "." in name:
        outer, _, inner = name.partition(".")
        return _piece(_methods_of(module, outer).get(inner, []), module)
    if name not in module.definitions:
        return Piece("", frozenset(follow_import(module, name)), frozenset(), frozenset())
    return _read_definition(module, name)


def _read_definition(module: Module, name: str) -> Piece:
    nodes = [_skeleton(node) if isinstance(node, ast.ClassDef) else node for node in module.definitions[name]]
    methods = _methods_of(module, name)
    piece = _piece(nodes, module)
    if not methods:
        return piece
    called = _called_by_bases((module.name, name))
    named = {each.id for node in nodes for each, _ in looks.walk(node) if isinstance(each, ast.Name)}
    unasked = {
        method for method, nodes in methods.items()
        if called is None or method in called or method in named or _is_unasked(method, nodes)
    }  # fmt: skip
    return Piece(piece.digest, piece.symbols, piece.attributes, piece.packages, frozenset(methods), frozenset(unasked))


def has_symbol(module: Module, name: str) -> bool:
    """Whether a root may name it: a definition, an import, a method, or all of the module."""
    outer, _, inner = name.partition(".")
    return name == "*" or (inner in _methods_of(module, outer) if inner else module.knows(name))


def _methods_of(module: Module, name: str) -> dict[str, list[looks.Function]]:
    """The methods of a class by name; a property and its setter share one."""
    found: dict[str, list[looks.Function]] = {}
    for node in module.definitions.get(name, []):
        if isinstance(node, ast.ClassDef):
            for each in node.body:
                if isinstance(each, looks.FUNCTIONS):
                    found.setdefault(each.name, []).append(each)
    return found


def _skeleton(node: ast.ClassDef) -> ast.ClassDef:
    rest = [each for each in node.body if not isinstance(each, looks.FUNCTIONS)]
    return ast.ClassDef(node.name, node.bases, node.keywords, rest, node.decorator_list)


def _is_unasked(name: str, nodes: Iterable[looks.Function]) -> bool:
    is_dunder = name.startswith("__") and name.endswith("__")
    return is_dunder or not all(map(looks.is_called_by_name, nodes))


@functools.cache
def _called_by_bases(symbol: Symbol) -> frozenset[str] | None:
    """The methods that bases outside the package call; None where that is not known and all of them may be."""
    module = read_module(symbol[0])
    called: frozenset[str] = frozenset()
    for node in module.definitions.get(symbol[1], []):
        for base in node.bases if isinstance(node, ast.ClassDef) else []:
            chain, _ = _chain(base.value if isinstance(base, ast.Subscript) else base)
            own = [_defined_at(each) for each in _resolve(chain, module, module.imports)[0]]
            for each in own:
                inner = _called_by_bases(each)
                if inner is None:
                    return None
                called |= inner
            if not own:
                if chain[-1] not in _CALLED_BY_BASE and not chain[-1].endswith(("Error", "Exception")):
                    return None
                called |= _CALLED_BY_BASE.get(chain[-1], frozenset())
    return called


def _defined_at(symbol: Symbol) -> Symbol:
    """Where an imported name is defined."""
    module = read_module(symbol[0])
    if symbol[1] in module.definitions or symbol[1] == "*":
        return symbol
    return next((_defined_at(each) for each in follow_import(module, symbol[1])), symbol)


# ---------------------------------------------------------------------------------------------------- what code uses


def _piece(nodes: Iterable[ast.AST], module: Module) -> Piece:
    """Some code of `module` as a piece."""
    nodes = list(nodes)
    scopes = [scope for node in nodes for scope in _scopes(node)]
    uses = _Uses(module, [node for counted, _ in scopes for node, _ in counted])
    for counted, variables in scopes:
        for chain, in_annotation in _chains(counted):
            uses.add(chain, variables, in_annotation)
    text = "\n".join([*map(looks.serialize, nodes), repr(sorted(uses.imported.items()))])
    packages = {target.split(".")[0] for name, (target, _) in uses.imported.items() if name in uses.foreign}
    return Piece(digest_bytes(text.encode()), frozenset(uses.symbols), frozenset(uses.attributes), frozenset(packages))


class _Uses:
    """What the nodes `every` of some code use; `imported` are the names from elsewhere, with what they stand for."""

    def __init__(self, module: Module, every: list[ast.AST]) -> None:
        self.module, self.imports, self.foreign = module, dict(module.imports), dict(module.foreign)
        self.imported: dict[str, Symbol] = {}
        for each in every:
            if isinstance(each, ast.Import | ast.ImportFrom):
                own, others = imported(each, module)
                self.imports |= own
                self.foreign |= others
                self.imported |= others
        self.symbols: set[Symbol] = {(self.imports["*"][0], "*")} if "*" in self.imports else set()
        self.attributes = {name for each in every for name in _asked_for(each)}
        self._bound = _names_bound(every)

    def add(self, chain: list[str], variables: set[str], in_annotation: bool) -> None:
        """Counts `a.b.c`, where `variables` mean nothing of the module's."""
        name, *rest = chain
        if name not in variables:
            found, rest = _resolve(chain, self.module, self.imports)
            self.symbols |= set(found)
            source = self.foreign.get(name) or self.imports.get(name)
            if source and not in_annotation:
                self.imported[name] = source
            if name in self.foreign and name not in self._bound:
                return  # what a foreign module has is no method of ours
        if not in_annotation:
            self.attributes |= set(rest)


def _scopes(node: ast.AST) -> Iterator[tuple[list[looks.Counted], set[str]]]:
    """The nodes of some code, and the names that are its own there."""
    if isinstance(node, looks.FUNCTIONS):
        yield list(looks.walk(looks.header(node))), set()
        yield [each for statement in node.body for each in looks.walk(statement)], looks.variables(node)
    else:
        yield list(looks.walk(node)), set()


def _chains(counted: Iterable[looks.Counted]) -> Iterator[tuple[list[str], bool]]:
    """Each `a.b.c` once and as long as it is, with whether it stands in an annotation."""
    inside: set[int] = set()
    for each, in_annotation in counted:
        if isinstance(each, ast.Attribute | ast.Name) and id(each) not in inside:
            chain, parts = _chain(each)
            inside |= {id(part) for part in parts}
            yield chain, in_annotation


def _chain(node: ast.AST) -> tuple[list[str], list[ast.AST]]:
    """The names of `a.b.c`, and the nodes inside it; where it begins with no name, "" stands there: ["", "c"]."""
    names: list[str] = []
    parts: list[ast.AST] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
        parts.append(node)
    return [node.id if isinstance(node, ast.Name) else "", *reversed(names)], parts


def _resolve(chain: list[str], module: Module, imports: Mapping[str, Symbol]) -> tuple[list[Symbol], list[str]]:
    """The symbol of the package that `a.b.c` begins with, if any, and the attributes taken of it."""
    first, rest = chain[0], chain[1:]
    found = [(module.name, first)] if first in module.definitions else []
    if first not in imports:
        return found, rest
    source, name = imports[first]
    dotted = f"{source}.{name}".rstrip(".")
    if name and (not find_module(dotted) or name in read_module(source).definitions):
        return [*found, (source, name)], rest
    while rest and find_module(f"{dotted}.{rest[0]}"):
        dotted, rest = f"{dotted}.{rest[0]}", rest[1:]
    return [*found, real_symbol((dotted, rest[0] if rest else ""))], rest[1:]


def _asked_for(node: ast.AST) -> Iterator[str]:
    """Attributes that are asked for in other words: `getattr(x, "name")`, `case Point(x=0)`."""
    if isinstance(node, ast.Call):
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name in ("getattr", "hasattr", "attrgetter", "methodcaller"):
            constants = [each.value for each in node.args if isinstance(each, ast.Constant)]
            yield from (each for each in constants if isinstance(each, str))
    elif isinstance(node, ast.MatchClass):
        yield from node.kwd_attrs


def _names_bound(nodes: Iterable[ast.AST]) -> set[str]:
    """The names that code binds for itself: parameters and variables."""
    found = set()
    for each in nodes:
        if isinstance(each, ast.arg):
            found.add(each.arg)
        elif isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
            found.add(each.id)
    return found
