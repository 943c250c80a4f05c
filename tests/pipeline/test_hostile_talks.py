"""What hostile talks name and say: pipes, files without end, numbers without end, thousands of mistakes."""

import os

import pytest

from talkgen.errors import MOST, OutlineError, Problem, TalkgenError
from talkgen.outline import files
from talkgen.pipeline.build import Request, build
from talkgen.render.escape import plain

HEAD = "title: A\nmodel: small\n"


def refused(folder, text: str, target: str = "marp") -> str:
    """What is said of an outline that cannot be built."""
    (folder / "outline.yaml").write_text(text)
    with pytest.raises(TalkgenError) as caught:
        build(Request(folder, target, "md"), print)
    return str(caught.value)


@pytest.mark.parametrize("more", ["duration: 1e999999", "duration: .nan", "body: [{figure: lstm_cell, height: .inf}]"])
def test_a_number_that_is_none_is_refused(more, tmp_path):
    """Minutes without end have no sum."""
    assert "slides[0]" in refused(tmp_path, f"{HEAD}slides: [{{title: x, {more}}}]\n")


def test_a_pipe_is_no_figure(tmp_path, own_cache):
    """Nobody waits for what will be written into it."""
    (tmp_path / "figures").mkdir()
    os.mkfifo(tmp_path / "figures" / "mine.py")
    assert "is no file" in refused(tmp_path, f"{HEAD}execute: true\nslides: [{{title: x, body: [{{figure: mine}}]}}]\n")


def test_a_file_that_no_deck_could_carry_is_refused(tmp_path, monkeypatch):
    """Before all of it is read."""
    (tmp_path / "a.png").write_bytes(bytes(100))
    monkeypatch.setattr(files, "LARGEST", 99)
    said = refused(tmp_path, f"{HEAD}slides: [{{title: x, body: [{{image: a.png, alt: a}}]}}]\n")
    assert "'a.png' is larger than" in said


@pytest.mark.parametrize("package", ["[]", "{", "[" * 100_000])
def test_a_package_that_is_none_is_told(package, tmp_path):
    """With its name, whatever it is instead of JSON or in it."""
    (tmp_path / "package.json").write_text(package)
    assert "package.json is no" in refused(tmp_path, "native: slidev\nmodel: small\nslides: [{title: x}]\n", "slidev")


@pytest.mark.parametrize("package", ['{"slidev": [1]}', '{"slidev": {"addons": 3}}'])
def test_a_package_may_say_what_it_will_of_slidev(package, tmp_path, own_cache):
    """What is no list of addons is none."""
    (tmp_path / "package.json").write_text(package)
    talk = "native: slidev\nmodel: small\nslides: [{title: x, body: [{columns: [[a], [b]]}]}]\n"
    (tmp_path / "outline.yaml").write_text(talk)
    done = build(Request(tmp_path, "slidev", "md"), print)
    assert '"@/talkgen-addon"' in (done.deck.path / "package.json").read_text()


def test_a_slide_for_each_of_too_many_items_is_refused_before_it_is_made(tmp_path):
    """However much each of the slides holds."""
    text = f"{HEAD}slides: [{{title: x, repeat: [{'1, ' * 3000}1]}}]\n"
    assert "more than 2,000 slides" in refused(tmp_path, text)


def test_as_many_problems_are_told_as_anybody_reads():
    """Each once, and how many more there are."""
    error = OutlineError([Problem("the same"), *(Problem(str(number)) for number in range(1000)), Problem("the same")])
    assert len(error.problems) == MOST
    assert error.problems[0] == Problem("the same")
    assert str(error).endswith(f"and {1001 - MOST + 1} more")


def test_words_are_found_in_a_text_of_brackets_alone():
    """In a time that grows with the text; links, and pictures in links, are their words."""
    assert plain("[a](b_(c)) ![d](e) [![f](g)](h) <b>i</b> **j**") == "a d [f](h) i j"
    for mess in ("[", "[a](", "<a "):
        assert plain(mess * 100_000).startswith(mess.strip())
