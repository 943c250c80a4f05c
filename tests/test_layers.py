"""Imports run one way: who may import whom, and what a light command must not load."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BASE = {
    "errors", "extras", "assets", "style", "fonts", "digest", "files", "lock", "machine", "memo", "words", "yamlfile",
    "__init__",
}  # fmt: skip
MAY_IMPORT = {
    "outline": set(),
    "store": set(),
    "lm": set(),
    "elements": {"lm"},
    "figures": {"lm"},
    "render": {"outline"},
    "export": set(),
    "importers": {"outline", "render", "export"},
    "pipeline": {"outline", "store", "lm", "elements", "figures", "render", "export"},
    "serve": {"lm", "elements"},
    "check": {"pipeline", "outline", "render", "export", "store"},
    "cli": {
        "pipeline",
        "serve",
        "lm",
        "elements",
        "outline",
        "figures",
        "render",
        "export",
        "store",
        "importers",
        "check",
    },
}

ROOMS = {  # inside a layer the same holds: a folder's modules import their own folder and these
    "lm": {
        "models": set(),
        "text": {"models"},
        "files": {"models", "text"},
        "answer": {"models", "text", "files"},
        "fast": {"models", "text", "files"},
        "train": {"models", "text", "files", "answer", "fast"},
    },
    "figures": {"draw": {"base", "numbers"}, "measure": {"base", "numbers"}},
}


def imports_of(file: Path) -> set[str]:
    """The talkgen modules a file imports anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "talkgen":
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.split(".")[0] == "talkgen"}
    return found


def layer(module: str) -> str:
    """The layer a dotted name belongs to: `talkgen.outline.load.Source` -> `outline`."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


@pytest.mark.parametrize("file", sorted((ROOT / "talkgen").rglob("*.py")), ids=lambda path: path.stem)
def test_imports_run_one_way(file):
    """A layer imports only the layers below it."""
    own = file.relative_to(ROOT / "talkgen").parts[0]
    if own.endswith(".py"):
        own = own.removesuffix(".py")
    allowed = MAY_IMPORT.get(own, {"cli"} if own == "__main__" else set()) | BASE | {own, "__version__"}
    assert {layer(name) for name in imports_of(file)} <= allowed


def rooms() -> list[tuple[str, Path]]:
    """Each module that lies in a room of a layer, with the layer."""
    return [(layer, file) for layer in ROOMS for file in sorted((ROOT / "talkgen" / layer).glob("*/*.py"))]


@pytest.mark.parametrize(("within", "file"), rooms(), ids=lambda each: getattr(each, "stem", each))
def test_imports_run_one_way_between_rooms(within, file):
    """A room of a layer imports only the rooms below it."""
    room = file.parent.name
    prefix = f"talkgen.{within}."
    entered = {name.removeprefix(prefix).split(".")[0] for name in imports_of(file) if name.startswith(prefix)}
    assert entered <= {room, *ROOMS[within][room]}


def test_no_import_circle():
    """Module-level imports of the package form no circle."""
    modules = {}
    for file in (ROOT / "talkgen").rglob("*.py"):
        name = ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        tree = ast.parse(file.read_text(encoding="utf-8"))
        found = set()
        for node in tree.body:
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("talkgen"):
                found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        modules[name] = found
    graph = {name: {target for target in found if target in modules} for name, found in modules.items()}
    done: set[str] = set()

    def visit(name, trail):
        assert name not in trail, f"circle: {' -> '.join([*trail, name])}"
        if name not in done:
            for target in graph[name]:
                visit(target, [*trail, name])
            done.add(name)

    for name in graph:
        visit(name, [])


def loaded_by(code: str) -> set[str]:
    """Top-level modules in sys.modules after running `code` in a fresh interpreter."""
    program = f"{code}\nimport sys, json; print(json.dumps(sorted({{name.split('.')[0] for name in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


HEAVY = {"torch", "matplotlib", "gradio", "transformers", "starlette"}


@pytest.mark.parametrize(
    ("code", "unwanted"),
    [
        ("import talkgen.cli.app", {*HEAVY, "numpy", "pydantic", "yaml"}),
        ("import talkgen.pipeline.build", {*HEAVY, "numpy", "pydantic", "yaml", "jinja2"}),
        ("import talkgen.figures.registry as r; [r.load_figure(name) for name in r.FIGURES]", HEAVY),
    ],
)
def test_light_imports(code, unwanted):
    """The command line and the pipeline load in a moment; every figure's parameters load without torch and the like."""
    assert not loaded_by(code) & unwanted
