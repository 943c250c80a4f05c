"""What the package imports is what it asks for: nothing that only an extra, or a tool of ours, brings along."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest

from talkgen.extras import EXTRAS

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
WHOLE = {"pydantic_core": "pydantic", "typing_extensions": "pydantic"}  # part of the other


def name_of(need: str) -> str:
    """The distribution that a requirement names."""
    return re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", need)[0]).lower()


def imported() -> set[str]:
    """The top-level modules of others that the package imports anywhere."""
    found = set()
    for file in (ROOT / "talkgen").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module.split(".")[0])
    return found - sys.stdlib_module_names - {"talkgen"}


@pytest.mark.parametrize("module", sorted(imported()))
def test_what_is_imported_is_asked_for(module):
    """By the project itself; what belongs to another package by that one; what an extra brings, by the extra."""
    extras = PROJECT["optional-dependencies"]
    asked = extras[EXTRAS[module]] if module in EXTRAS else PROJECT["dependencies"]
    owners = {name_of(owner) for owner in packages_distributions()[WHOLE.get(module, module)]}
    assert owners & {name_of(need) for need in asked}


def test_an_extras_packages_are_known_by_it():
    """Each package that an extra brings is told with the extra's name where it is missing."""
    found = {}
    for module, extra in EXTRAS.items():
        found.setdefault(extra, set()).update(name_of(owner) for owner in packages_distributions()[module])
    asked = {
        extra: {name_of(need) for need in needs} - {"talkgen"}
        for extra, needs in PROJECT["optional-dependencies"].items()
    }
    assert found == asked


@pytest.mark.parametrize(("part", "whole"), WHOLE.items())
def test_a_part_comes_with_its_whole(part, whole):
    """The package that it belongs to asks for it."""
    (owner,) = {name_of(each) for each in packages_distributions()[part]}
    assert owner in {name_of(need) for need in requires(whole)}
