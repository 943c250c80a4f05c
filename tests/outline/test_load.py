"""Outlines by the names that people give them: a file, a talk's folder, a project."""

import os
import shlex
from pathlib import Path

import pytest

from talkgen.errors import OutlineError
from talkgen.outline.find import find_outline
from talkgen.outline.load import load_outline

TALK = "title: A talk\nslides: [{title: One}]\n"


def write(file: Path) -> Path:
    """An outline, its folder made."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(TALK, encoding="utf-8")
    return file


def test_file_folder_and_project_name_the_same_talk(tmp_path):
    """What `talkgen new` makes can be named by its folder, the talk's folder, or the outline."""
    file = write(tmp_path / "slides" / "talk" / "outline.yaml")

    assert [find_outline(path) for path in (tmp_path, tmp_path / "slides", file.parent, file)] == [file] * 4
    assert load_outline(tmp_path).outline.title == "A talk"


def test_a_talk_goes_before_those_below_it(tmp_path):
    """A folder with an outline of its own is that talk, whatever lies in its `slides/`."""
    write(tmp_path / "slides" / "talk" / "outline.yaml")
    file = write(tmp_path / "outline.yaml")

    assert find_outline(tmp_path) == file


def test_several_talks_are_listed(tmp_path):
    """Of several talks none is taken; each can be named as it is listed."""
    talks = [write(tmp_path / "slides" / name / "outline.yaml").parent for name in ("a", "b")]
    with pytest.raises(OutlineError) as caught:
        find_outline(tmp_path)

    assert str(caught.value) == f"{tmp_path} holds 2 talks\n  hint: name one of: {talks[0]}, {talks[1]}"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("slides/tlak", "slides/talk"),
        ("slides/talk/outline.yml", "slides/talk/outline.yaml"),
        ("silde/talk", "slides/talk"),
        ("mycourse", "my-course"),
    ],
)
def test_a_mistyped_talk_is_told_with_the_nearest(typed, meant, tmp_path, monkeypatch):
    """Beside what was typed, or below where we are; a project, too."""
    write(tmp_path / "slides" / "talk" / "outline.yaml")
    write(tmp_path / "my-course" / "slides" / "talk" / "outline.yaml")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OutlineError) as caught:
        find_outline(Path(typed))

    assert caught.value.problems[0].hint == f"did you mean '{meant}'?"


@pytest.mark.linux
def test_a_pipe_is_no_outline(tmp_path):
    """What stands beside an outline is found by the outline's own folder, which a pipe has not."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OutlineError, match="no file but a pipe"):
        find_outline(tmp_path / "pipe")


@pytest.mark.parametrize("name", ["slides.md", "Lecture.IPYNB", "old deck.pptx"])
def test_a_deck_is_to_be_imported(name, tmp_path):
    """Another tool's deck is not read as YAML: what makes an outline of it is named."""
    (tmp_path / name).write_text("# One\n\n---\n\n# Two\n", encoding="utf-8")
    with pytest.raises(OutlineError, match="no outline") as caught:
        find_outline(tmp_path / name)

    assert f"talkgen import {shlex.quote(str(tmp_path / name))}" in caught.value.problems[0].hint


def test_a_name_that_is_not_utf8_is_told():
    """It comes from an old archive; neither Node nor a page could be told of it."""
    with pytest.raises(OutlineError, match=r"not UTF-8: .*Vortr\\udce4ge") as caught:
        find_outline(Path("Vortr\udce4ge"))

    assert "rename" in caught.value.problems[0].hint


@pytest.mark.parametrize("name", ["", "nowhere", "nowhere.yaml"])
def test_no_talk_says_how_to_make_one(name, tmp_path):
    """Neither an empty folder nor one that is not there holds a talk."""
    with pytest.raises(OutlineError, match="there is no outline") as caught:
        find_outline(tmp_path / name)

    assert "talkgen new" in caught.value.problems[0].hint
