"""Themes in files: read like outlines, so that every mistake is told at its place."""

from pathlib import Path

import pytest

from talkgen.errors import TalkgenError
from talkgen.style import load_style, style_names

ROOT = Path(__file__).resolve().parents[1]
NIGHT = (ROOT / "templates" / "themes" / "night.yaml").read_text(encoding="utf-8")


def write(project: Path, text: str) -> Path:
    """A project's own theme `mine`."""
    file = project / "templates" / "themes" / "mine.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(text, encoding="utf-8")
    return file


def test_a_projects_own_theme_goes_beside_the_shipped(tmp_path):
    """It is found by its name, and its tokens become CSS."""
    write(tmp_path, NIGHT.replace("name: night", "name: mine").replace('ink: "#eef2f8"', 'ink: "#112233"'))

    assert {"mine", "night", "paper"} <= set(style_names(tmp_path))
    assert "--tg-ink: #112233;" in load_style("mine", tmp_path).css_variables()


def test_all_mistakes_of_a_theme_are_told_at_their_places(tmp_path):
    """Misspelled keys, colours that are none, sizes that are no numbers: each with line, column and hint."""
    changes = {"accent:": "acent:", '"#eef2f8"': '"eef2f8"', "body: 31": "body: large", "scheme: dark": "scheme: drak"}
    text = NIGHT
    for right, wrong in changes.items():
        text = text.replace(right, wrong)
    file = write(tmp_path, text)
    with pytest.raises(TalkgenError) as caught:
        load_style("mine", tmp_path)

    assert str(caught.value).splitlines() == [
        f"{file}:3:1: scheme: 'drak' is not one of dark, light",
        "  hint: did you mean 'dark'?",
        f"{file}:4:1: colors: 'accent' is missing",
        "  hint: A colour is written as '#rrggbb', in quotes.",
        f"{file}:7:3: colors.ink: 'eef2f8' is not of the form it must have",
        "  hint: A colour is written as '#rrggbb', in quotes.",
        f"{file}:10:3: colors: unknown key 'acent'",
        "  hint: did you mean 'accent'?",
        f"{file}:18:31: sizes.body: must be a whole number, not 'large'",
    ]


def test_an_unknown_theme_is_told_with_the_nearest(tmp_path):
    """The names at hand are known."""
    with pytest.raises(TalkgenError, match=r"there is no theme 'nigth'\n  hint: did you mean 'night'\?"):
        load_style("nigth", tmp_path)
