"""What the documents say is what the code does."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from typer.main import get_command

from talkgen import __version__
from talkgen.cli.app import app
from talkgen.elements.registry import ELEMENTS
from talkgen.figures.registry import FIGURES
from talkgen.outline.blocks import BLOCKS
from talkgen.outline.schema import LAYOUTS, Outline, Slide
from talkgen.render.elements import LIVE

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
OUTLINE = (ROOT / "docs" / "outline.md").read_text(encoding="utf-8")
MODELS = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
CATALOGUE = (ROOT / "docs" / "figures.md").read_text(encoding="utf-8")


def where_things_are() -> str:
    """The map of the repository."""
    return CONTRIBUTING.split("## Where things are", 1)[1].split("\n## ", 1)[0]


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


def test_readme_names_every_talk():
    """And leads to its folder."""
    talks = {f"{file.parts[0]}/{file.parts[1]}" for file in tracked() if file.parts[0] == "slides"}
    assert sorted(talk for talk in talks if f"({talk})" not in README) == []


@pytest.mark.parametrize("name", sorted(FIGURES))
def test_figures_are_documented(name):
    """The catalogue lists every figure, and no other."""
    assert f"- `{name}` " in CATALOGUE
    assert len(re.findall(r"^- `", CATALOGUE, re.MULTILINE)) == len(FIGURES)


EVERY = {"id", "reveal", "tight"}  # keys that every block takes


def test_the_reference_names_every_key():
    """Of a talk, a slide, each block and what is in them, where its kind is described."""
    talk, slide, kinds = re.split(r"\n## .*\n", OUTLINE)[1:]
    lines = dict(re.findall(r"^- `([\w]+)`? ((?:.|\n(?!- ))*)", kinds, re.MULTILINE))
    missing = [f"{name} of a talk" for name in keys_of(Outline) if f"`{name}" not in talk]
    missing += [f"{name} of a slide" for name in keys_of(Slide) - {"item"} if f"`{name}" not in slide]
    for kind, block in BLOCKS.items():
        missing += [f"{name} of {kind}" for name in keys_of(block) - {kind, *EVERY} if name not in lines[kind]]
    assert missing == []


def keys_of(kind) -> set[str]:
    """The keys of a part of an outline, as they are written."""
    return {field.alias or name for name, field in kind.model_fields.items()}


@pytest.mark.parametrize("name", sorted([*ELEMENTS, *LIVE]))
def test_live_elements_are_documented(name):
    """docs/elements.md lists every element that a live block can name."""
    text = (ROOT / "docs" / "elements.md").read_text(encoding="utf-8")
    assert f"- `{name}` " in text or f"`{name}`" in text.split("## The elements")[0]


@pytest.mark.parametrize("name", sorted([*BLOCKS, *LAYOUTS]))
def test_language_is_documented(name):
    """The reference of outlines lists every block and layout."""
    assert f"`{name}`" in OUTLINE.split("\n## ")[0]


def test_the_readme_is_short():
    """A visitor sees it at a glance: under 150 lines, none longer than 120 characters; its links lead somewhere."""
    assert len(README.splitlines()) < 150
    assert [line for line in README.splitlines() if len(line) > 120] == []
    links = re.findall(r"\]\((?!https?:)([^)#]+)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_results_say_how_they_were_measured():
    """Each table of results in docs/performance.md has its machine, software, date and command."""
    text = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:4]:
        for word in ("machine", "software", "date", "command"):
            assert re.search(rf"^\| [\w, ]*\b{word}\b", section, re.MULTILINE)
    programs = re.findall(r"python (tests/bench/\w+\.py)", text)
    assert programs
    assert [program for program in programs if not (ROOT / program).is_file()] == []


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


def shipped_models() -> dict[str, tuple[str, str]]:
    """The table of models that come along: of each its parameters and what was measured, as they are said."""
    rows = MODELS.split("## Shipped", 1)[1].split("\n## ", 1)[0].splitlines()
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows if row.startswith("| `")]
    return {name.split("`")[1]: (parameters, measured) for name, _, parameters, measured in cells}


def test_every_shipped_model_is_in_the_table():
    """And no other."""
    assert shipped_models().keys() == {
        file.parts[2] for file in tracked() if file.parts[:2] == ("talkgen", "pretrained")
    }


def test_what_is_said_of_sizes_is_what_the_sweep_measured():
    """Every row of the table, from the summary that is shipped."""
    runs = json.loads((ROOT / "talkgen" / "sweeps" / "library-sizes" / "sweep.json").read_text("utf-8"))["runs"]
    half = len(runs) // 2
    for attention, recurrent in zip(runs[:half], runs[half:], strict=True):
        sizes = " and ".join(f"{run['parameters_without_embeddings']:,}" for run in (attention, recurrent))
        cells = " | ".join(f"{run['val_loss']:.2f} | {run['rate']}" for run in (attention, recurrent))
        assert f"| {sizes} | {cells} |" in MODELS


@pytest.mark.parametrize("name", sorted(shipped_models()))
def test_what_is_said_of_a_shipped_model_was_measured(name):
    """Every number beside its name is in the summary that its training wrote."""
    parameters, measured = shipped_models()[name]
    summary = json.loads((ROOT / "talkgen" / "pretrained" / name / "summary.json").read_text(encoding="utf-8"))
    recall = summary.get("recall", {"distance": [], "accuracy": []})
    recalled = zip(recall["distance"], recall["accuracy"], strict=True)
    known = {
        f"{summary['val_loss']:.3f} nats",
        f"{summary.get('bits_per_byte', 0):.3f} bits",
        f"{100 * summary.get('exact_sentences', 0):.1f} %",
        f"{summary['tokens'] / 1e6:.1f}M tokens",
        *(f"{100 * share:.0f} % over {n} tokens" for n, share in recalled),
    }
    said = re.findall(r"[\d.]+ % over \d+ tokens|[\d.]+ (?:nats|bits|%)|[\d.]+M tokens", measured)
    assert parameters == f"{summary['parameters']:,}"
    assert said
    assert [each for each in said if each not in known] == []
