"""What the documents say is what the code does."""

import re
import subprocess
from pathlib import Path

import pytest
from typer.main import get_command

from talkgen import __version__
from talkgen.cli.app import app
from talkgen.figures.registry import FIGURES
from talkgen.outline.blocks import BLOCKS
from talkgen.outline.schema import LAYOUTS

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def where_things_are() -> str:
    """The README's map of the repository."""
    return README.split("## Where things are", 1)[1].split("\n## ", 1)[0]


def tracked() -> list[Path]:
    """Files that git tracks."""
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [Path(line) for line in done.stdout.splitlines()]


def test_map_names_every_folder():
    """Each folder of the package, each module on its first floor, and each folder beside it stand in the map."""
    text = where_things_are()
    modules = [file for file in tracked() if file.parts[0] == "talkgen" and file.suffix == ".py"]
    floor = {str(file) for file in modules if len(file.parts) == 2 and file.stem != "__init__"}
    rooms = {f"{file.parent}/" for file in modules if len(file.parts) > 2} - {"talkgen/lm/"}
    folders = {f"{file.parts[0]}/" for file in tracked() if len(file.parts) > 1 and not file.parts[0].startswith(".")}
    assert sorted(name for name in floor | rooms | folders if f"`{name}`" not in text and name != "talkgen/") == []


def test_map_names_nothing_else():
    """Every path in "Where things are" exists."""
    paths = re.findall(r"^\s*(?:- )?`([^`]+)`", where_things_are(), re.MULTILINE)
    assert paths
    assert [path for path in paths if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("name", sorted(FIGURES))
def test_figures_are_documented(name):
    """The README lists every figure."""
    assert f"`{name}`" in README


@pytest.mark.parametrize("name", sorted([*BLOCKS, *LAYOUTS]))
def test_language_is_documented(name):
    """The README lists every block and layout."""
    assert f"`{name}`" in README


def test_commands_are_documented():
    """The README names every command."""
    commands = get_command(app).commands
    assert [name for name in commands if f"talkgen {name}" not in README] == []


def test_commands_have_examples():
    """Every command's help shows an example."""

    def leaves(name, command):
        subs = getattr(command, "commands", None)
        return (
            [leaf for sub, inner in subs.items() for leaf in leaves(f"{name} {sub}", inner)]
            if subs
            else [(name, command)]
        )

    assert [
        name for name, command in leaves("talkgen", get_command(app)) if "Examples:" not in (command.help or "")
    ] == []


def test_changelog_is_of_this_version():
    """The newest entry of the changelog is the package's version."""
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(r"^## \[?(\d+\.\d+\.\d+)", changelog, re.MULTILINE).group(1) == __version__


def test_no_registry_hosts_or_machine_paths():
    """No tracked file names a package registry's host."""
    pattern = re.compile(r"https?://[\w.-]*(npmjs|pypi|pythonhosted|debian)\b[\w.-]*/")
    found = []
    for file in tracked():
        if (
            file.suffix in {".py", ".md", ".json", ".yaml", ".yml", ".toml", ".txt", ".js", ".mjs"}
            or file.name == "Makefile"
        ):
            found += [str(file)] if pattern.search((ROOT / file).read_text("utf-8", "replace")) else []
    assert found == []
