"""Outlines by the names that people give them: a file, a talk's folder, a project."""

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

    assert [find_outline(path) for path in (tmp_path, file.parent, file)] == [file, file, file]
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


@pytest.mark.parametrize("name", ["", "nowhere", "nowhere.yaml"])
def test_no_talk_says_how_to_make_one(name, tmp_path):
    """Neither an empty folder nor one that is not there holds a talk."""
    with pytest.raises(OutlineError, match="there is no outline") as caught:
        find_outline(tmp_path / name)

    assert "talkgen new" in caught.value.problems[0].hint
