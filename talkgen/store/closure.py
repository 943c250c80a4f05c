"""What some functions run of their package: everything that they name, and the methods that they could ask for.

A rapid type analysis by name (Bacon & Sweeney 1996): a method of a class counts when the class and an attribute of the
method's name are both used by code that counts, whatever the attribute is taken of. Annotations name the types of what
a function is handed, those imported for type checkers only included. Works on the source; imports nothing.

What cannot be seen is to be named as a further root: who implements a Protocol, a name in a text, a plugin.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from talkgen.digest import digest_bytes
from talkgen.store.modules import Symbol, find_module, read_module
from talkgen.store.pieces import has_symbol, read_piece


@dataclass(frozen=True)
class Closure:
    """The symbols ("module:name", "module:Class.method") that some roots run, each with the digest of its code.

    `packages` are those outside the symbols' own, the standard library's included, that their code imports.
    """

    code: Mapping[str, str]
    packages: frozenset[str]

    @property
    def digest(self) -> str:
        """Changes when any of the code does."""
        return digest_bytes(repr(sorted(self.code.items())).encode())


def trace(roots: Iterable[str]) -> Closure:
    """What `roots` run: functions, classes, methods ("module:name", "module:Class.method"), or modules as a whole.

    Raises:
        LookupError: there is no such module, or no such name in it.
    """
    tracer = _Tracer()
    for root in roots:
        tracer.reach(_parse_root(root))
    tracer.run()
    pieces = {f"{module}:{name}": read_piece((module, name)) for module, name in sorted(tracer.reached)}
    code = {symbol: piece.digest for symbol, piece in pieces.items() if piece.digest}
    return Closure(code, frozenset().union(*(piece.packages for piece in pieces.values())))


def _parse_root(root: str) -> Symbol:
    module, _, name = root.partition(":")
    if not has_symbol(read_module(module), name or "*"):
        raise LookupError(f"there is no {name} in {module}")
    return module, name or "*"


class _Tracer:
    """Goes on until no code that counts uses anything new."""

    def __init__(self) -> None:
        self.reached: set[Symbol] = set()
        self._waiting: list[Symbol] = []
        self._attributes: set[str] = set()
        self._dormant: dict[str, set[Symbol]] = {}  # methods of classes that count, by the name nobody asked for yet

    def reach(self, symbol: Symbol) -> None:
        if symbol not in self.reached:
            self.reached.add(symbol)
            self._waiting.append(symbol)

    def run(self) -> None:
        while self._waiting:
            module, name = symbol = self._waiting.pop()
            piece = read_piece(symbol)
            for each in piece.symbols:
                self.reach(each)
            for method in piece.methods:
                self._offer((module, f"{name}.{method}"), method, asked=method in piece.unasked)
            for attribute in piece.attributes - self._attributes:
                self._attributes.add(attribute)
                for each in self._dormant.pop(attribute, ()):
                    self.reach(each)
            self._reach_effects(module)

    def _offer(self, symbol: Symbol, name: str, asked: bool) -> None:
        if asked or name in self._attributes:
            self.reach(symbol)
        else:
            self._dormant.setdefault(name, set()).add(symbol)

    def _reach_effects(self, module: str) -> None:
        """A module's own effects count, and those of the packages it is in: importing it runs them."""
        while module:
            if find_module(module) and read_module(module).effects:
                self.reach((module, ""))
            module = module.rpartition(".")[0]
