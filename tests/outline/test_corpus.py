"""Outlines in files: each in valid/ loads, each in invalid/ gets exactly the problems written beside it."""

from pathlib import Path

import jsonschema
import pytest

from talkgen.errors import OutlineError
from talkgen.outline.jsonschema import outline_schema
from talkgen.outline.load import load_outline
from talkgen.yamlfile import read_yaml

VALID = sorted((Path(__file__).parent / "valid").glob("*.yaml"))
INVALID = sorted((Path(__file__).parent / "invalid").glob("*.yaml"))
TALKS = sorted((Path(__file__).parents[2] / "slides").glob("*/outline.yaml"))
SCHEMA = jsonschema.Draft202012Validator(outline_schema())


@pytest.mark.parametrize("file", VALID, ids=lambda path: path.stem)
def test_valid_outline_loads(file):
    """A valid outline loads, and no block of it is an include any more."""
    source = load_outline(file)

    assert source.outline.slides
    assert "include" not in {block.key for slide in source.outline.slides for block in slide.body}


@pytest.mark.parametrize("file", [*VALID, *TALKS], ids=lambda path: path.parent.name + "-" + path.stem)
def test_schema_accepts_what_loads(file):
    """An independent checker finds nothing wrong by the published JSON Schema, in the five talks either."""
    assert [error.message for error in SCHEMA.iter_errors(read_yaml(file).data)] == []


@pytest.mark.parametrize("file", INVALID, ids=lambda path: path.stem)
def test_invalid_outline_is_explained(file, monkeypatch):
    """All problems of an outline are told, in words, with places; a missing expectation is written and fails."""
    monkeypatch.chdir(file.parent)
    with pytest.raises(OutlineError) as caught:
        load_outline(Path(file.name))
    expected = file.with_suffix(".errors.txt")
    if not expected.exists():
        expected.write_text(f"{caught.value}\n", encoding="utf-8")
        pytest.fail(f"{expected.name} was missing and is written: look at it")

    assert f"{caught.value}\n" == expected.read_text(encoding="utf-8")


def test_every_problem_says_where():
    """No expected message is without a file, a line and a column, except for files that are not there at all."""
    lines = [line for file in INVALID for line in file.with_suffix(".errors.txt").read_text().splitlines()]
    heads = [line for line in lines if not line.startswith("  hint:")]

    assert len(INVALID) >= 100
    assert [head for head in heads if len(head.split(":")) < 4 or not head.split(":")[1].isdigit()] == []


@pytest.mark.parametrize(
    "name", ["wrong-kinds", "missing-title", "many", "bounds", "choices", "raw-target", "not-slides", "code-mapping"]
)
def test_schema_refuses_what_does_not_load(name):
    """An editor that uses the schema marks the same outlines."""
    document = read_yaml(Path(__file__).parent / "invalid" / f"{name}.yaml")

    assert list(SCHEMA.iter_errors(document.data))
