"""Figures of a talk's own: files of Python beside its outline, each a figure's module or plain matplotlib.

    figures/NAME.py     Params, compute, draw and describe, as talkgen's own figures have them; named NAME
    plot.py             a script that draws with matplotlib: its last picture; its docstring is the alt text

Whoever asks for one has made sure that the talk says that its code may run: what is loaded here runs. Reading its
source, for its key, runs nothing.
"""

from __future__ import annotations

import ast
import importlib
import sys
import traceback
import types
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from talkgen.digest import digest_bytes, digest_file
from talkgen.errors import Place, TalkgenError
from talkgen.figures import base
from talkgen.figures.base import Canvas, Data, FigureModule, Inputs

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

_PARTS = ("Params", "compute", "draw", "describe")


@dataclass(frozen=True)
class Source:
    """What a figure's file is made of: itself, what it imports and names beside it, and what it imports of others."""

    files: tuple[Path, ...]
    talkgen: frozenset[str]  # "module:name", or a module
    packages: frozenset[str]
    is_script: bool


def read_source(file: Path) -> Source:
    """The source of the figure in a file, with that of what it imports from beside it; runs none of it.

    Raises:
        TalkgenError: it, or one of these, is no Python.
    """
    found: dict[Path, ast.Module] = {}
    waiting, data, packages, ours = [file], set(), set(), set()
    while waiting:
        here = waiting.pop()
        if here in found:
            continue
        found[here] = tree = _parse(here)
        for module, name in _imports(tree):
            top = module.lstrip(".").partition(".")[0] or name
            beside = file.parent / f"{top}.py"
            if beside.is_file():
                waiting.append(beside)
            elif top == "talkgen":
                ours.add(f"{module}:{name}" if name else module)
            elif top:
                packages.add(top)
        data |= set(_named_files(tree, file.parent))
    defined = {node.name for node in found[file].body if isinstance(node, ast.FunctionDef)}
    code = sorted(found)
    files = (*code, *sorted(data - {*code}))
    return Source(files, frozenset(ours), frozenset(packages), not {"compute", "draw"} & defined)


def _parse(file: Path) -> ast.Module:
    if not file.is_file():  # a pipe of that name would be waited for
        raise TalkgenError(f"{file} is no file")
    try:
        return ast.parse(file.read_bytes(), str(file))
    except SyntaxError as error:
        raise TalkgenError(f"this is no Python: {error.msg}", place=Place(file, error.lineno or 1, 1)) from error
    except (OSError, ValueError, RecursionError) as error:
        raise TalkgenError(f"{file} cannot be read: {error}") from error


def _imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """What is imported anywhere in some code: modules, with leading dots, and the name in each, if there is one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (("." * node.level + (node.module or ""), alias.name) for alias in node.names)


def _named_files(tree: ast.Module, folder: Path) -> Iterator[Path]:
    """The files beside it that some code names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and 0 < len(node.value) < 200:
            name = node.value
            if name.isprintable() and not name.startswith(("/", "..")) and (folder / name).is_file():
                yield folder / name


def load_own(file: Path) -> FigureModule:
    """The figure in a file of the talk's; runs what stands at its top, and anew when it or what is beside it changed.

    Raises:
        TalkgenError: it fails, with its file and line, or lacks a part that a figure has.
    """
    source = read_source(file)
    if source.is_script:
        return cast("FigureModule", _Script(file))
    with _told(file):
        module = _import(file, source)
    if missing := [part for part in _PARTS if not hasattr(module, part)]:
        hint = "a figure has Params, compute, draw and describe; talkgen figures new NAME writes one"
        raise TalkgenError(f"the figure has no {missing[0]}", hint, Place(file, 1, 1))
    return cast("FigureModule", _Module(file, module))


def _import(file: Path, source: Source) -> types.ModuleType:
    """The module, in a package of its folder's files as they are now."""
    state = [(str(each), digest_file(each)) for each in source.files]
    package = f"talkgen_figures_{digest_bytes(repr(state).encode())[:16]}"
    if package not in sys.modules:
        sys.modules[package] = types.ModuleType(package)
        sys.modules[package].__path__ = [str(file.parent)]
    writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        return importlib.import_module(f"{package}.{file.stem}")
    finally:
        sys.dont_write_bytecode = writes


@contextmanager
def _told(file: Path) -> Iterator[None]:
    """Turns whatever a talk's code raises into a message with its file and its line."""
    try:
        yield
    except TalkgenError:
        raise
    except Exception as error:
        trace = traceback.extract_tb(error.__traceback__)
        frames = [each for each in trace if (file.parent / each.filename).parent == file.parent]
        at, line = (file.parent / frames[-1].filename, frames[-1].lineno or 1) if frames else (file, 1)
        if isinstance(error, SyntaxError):
            at, line = Path(error.filename or file), error.lineno or 1
        hint = "what stands beside it is imported with a dot: from .NAME import …" if _is_beside(error, file) else ""
        raise TalkgenError(f"{type(error).__name__}: {error}", hint, Place(at, line, 1)) from error


def _is_beside(error: Exception, file: Path) -> bool:
    return isinstance(error, ImportError) and (file.parent / f"{error.name}.py").is_file()


class _Module:
    """A figure's module whose failures name their lines."""

    MAY_BE_CROWDED = True
    """Whose talk it is has seen it: a text without room is told, and stops no build."""

    def __init__(self, file: Path, module: types.ModuleType) -> None:
        self._file, self._module = file, module
        self.__doc__ = module.__doc__
        self.Params = module.Params
        self.TABLES: tuple[str, ...] = tuple(getattr(module, "TABLES", ()))
        self.MEASURES_TIME = bool(getattr(module, "MEASURES_TIME", False))

    def compute(self, params: Any, inputs: Inputs) -> Data:
        with _told(self._file):
            return dict(self._module.compute(params, inputs))

    def draw(self, data: Data, canvas: Canvas) -> Picture:
        with _told(self._file):
            return cast("Picture", self._module.draw(data, canvas))

    def describe(self, data: Data) -> str:
        with _told(self._file):
            return str(self._module.describe(data))


class _Script:
    """A script that draws with matplotlib, as a figure: no parameters, no numbers, its docstring for words."""

    TABLES = ()
    MEASURES_TIME = False

    class Params(base.Params):
        """None."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.__doc__ = ast.get_docstring(_parse(file))

    def compute(self, params: Any, inputs: Inputs) -> Data:
        """Its words.

        Raises:
            TalkgenError: it has none.
        """
        del params, inputs
        if not self.__doc__:
            hint = 'begin it with one, """What the picture shows.""": who does not see it is read that'
            raise TalkgenError("the script has no docstring", hint, Place(self._file, 1, 1))
        return {"words": " ".join(self.__doc__.split())}

    def draw(self, data: Data, canvas: Canvas) -> Picture:
        """The last picture that it draws, in the size and the colours of the slide.

        Raises:
            TalkgenError: it fails, or draws nothing.
        """
        from talkgen.figures.draw.script import run_script

        del data
        with _told(self._file):
            return run_script(self._file, canvas)

    def describe(self, data: Data) -> str:
        """Its words."""
        return str(data["words"])
