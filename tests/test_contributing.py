"""CONTRIBUTING.md's recipes, followed word by word in a copy of the repository."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
RECIPES = {
    title: body
    for title, body in re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL)
    if title.startswith("A ")
}
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PLACE = re.compile(r"(?:#|//|/\*) (?P<file>[\w/.]+)(?:, (?P<how>above|below|instead of) `(?P<line>[^\n]*)`)?(?: \*/)?")


@pytest.fixture
def copy(tmp_path) -> Path:
    """The repository's tracked files, in a folder of their own."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name, follow_symlinks=False)
    return tmp_path


def apply(source: str, folder: Path) -> None:
    """Makes a block's file, or puts the block where its first line says, at the one place where that is."""
    head, _, body = source.partition("\n")
    place = PLACE.fullmatch(head)
    assert place, f"no place: {head}"
    file = folder / place["file"]
    if not place["how"]:
        assert not file.exists()
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(body, encoding="utf-8")
        return
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    (at,) = [i for i, line in enumerate(lines) if place["line"] in line]
    first, last = {"above": (at, at), "below": (at + 1, at + 1), "instead of": (at, at + 1)}[place["how"]]
    file.write_text("".join([*lines[:first], body, *lines[last:]]), encoding="utf-8")


@pytest.fixture(scope="module")
def types(tmp_path_factory) -> Path:
    """Where mypy keeps what it knows of the files that all copies have in common."""
    return tmp_path_factory.mktemp("types")


def run(command: str, folder: Path, types: Path) -> None:
    """Runs a line of a recipe with this environment's programs and the copy's code."""
    python = Path(sys.executable).parent
    (folder / "bin").mkdir(exist_ok=True)
    tool = folder / "bin" / "talkgen"
    tool.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m talkgen "$@"\n', encoding="utf-8")
    tool.chmod(0o755)
    path = os.pathsep.join([str(folder / "bin"), str(python), os.environ["PATH"]])
    own = {"PATH": path, "PYTHONPATH": str(folder), "MYPY_CACHE_DIR": str(types)}
    env = os.environ | own | {"PYTEST_ADDOPTS": "-p no:cacheprovider"}
    done = subprocess.run(command, shell=True, cwd=folder, env=env, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, f"{command}\n{done.stdout[-4000:]}\n{done.stderr[-2000:]}"


def test_there_is_a_recipe_for_everything_that_is_added():
    """Figures, blocks, live elements, themes, formats."""
    assert sorted(RECIPES) == ["A block", "A figure", "A live element", "A model file format", "A theme"]


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("title", RECIPES)
def test_a_recipe_works_as_written(title, copy, types):
    """Its blocks applied in order, its commands run: checks and tests pass, and the house style holds."""
    blocks = BLOCK.findall(RECIPES[title])
    assert {"sh"} < {language for language, _ in blocks}
    subprocess.run(["git", "init", "-q"], cwd=copy, check=True)
    for language, source in blocks:
        if language == "sh":
            subprocess.run(["git", "add", "-A"], cwd=copy, check=True)
            for command in source.splitlines():
                run(command, copy, types)
        else:
            apply(source, copy)
    run("ruff check", copy, types)
    run("ruff format --check", copy, types)
    run("pytest -q -x tests/test_layers.py tests/test_house_style.py tests/test_docs.py", copy, types)
