"""A picture of a Gradio app says what it was made of: what changed since is a finding with its line."""

from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from talkgen.check.standing import find_old_pictures
from talkgen.lm.files.catalog import find_model
from talkgen.pipeline.app_pictures import made_of, read_stamp, stamp
from talkgen.pipeline.talk import Talk
from talkgen.style import load_style, style_names

OUTLINE = """\
title: With an app
slides:
  - title: Try it
    body:
      - gradio: mine
        picture: mine.png
"""


TALKS = Path(__file__).parents[2] / "slides"


@pytest.mark.parametrize("name", ["session-13", "stat3494w"])
def test_all_of_a_picture_is_in_the_colours_of_its_theme(name):
    """The app's boxes, and the figure that it draws: no other theme's ground is anywhere in it."""
    file = TALKS / name / "translation.png"
    made = read_stamp(file)
    assert made is not None
    with Image.open(file) as opened:
        shown = {
            f"#{red:02x}{green:02x}{blue:02x}" for _, (red, green, blue) in opened.convert("RGB").getcolors(1 << 24)
        }
    grounds = {theme: load_style(theme, TALKS).colors.surface for theme in style_names(TALKS)}
    assert {theme for theme, ground in grounds.items() if ground in shown} == {made.theme.name}


@pytest.fixture
def talk(tmp_path) -> Talk:
    """A talk with a picture of its own app, in a theme of its own."""
    folder = tmp_path / "slides" / "with-an-app"
    folder.mkdir(parents=True)
    (folder / "outline.yaml").write_text(OUTLINE, encoding="utf-8")
    (tmp_path / "demos").mkdir()
    (tmp_path / "demos" / "mine.py").write_text("def build(engines): ...\n", encoding="utf-8")
    Image.new("RGB", (40, 30), "red").save(folder / "mine.png")
    return Talk(folder / "outline.yaml")


def picture_of(talk: Talk) -> Path:
    """The picture, with what it is made of written in it."""
    file = talk.path.parent / "mine.png"
    stamp(file, made_of("mine", "night", [find_model("small", talk.project)], talk.project))
    return file


def test_the_picture_stays_a_picture(talk):
    """What it was made of comes back, and its pixels are what they were."""
    made = read_stamp(picture_of(talk))
    assert made is not None
    assert (made.app, list(made.models)) == ("mine", ["small"])
    with Image.open(talk.path.parent / "mine.png") as opened:
        opened.verify()
    with Image.open(talk.path.parent / "mine.png") as opened:
        assert opened.convert("RGB").getcolors() == [(1200, (255, 0, 0))]


def test_it_is_old_once_its_app_changed(talk):
    """As photographed there is no finding; another line of code is one, with its line and what to do."""
    picture_of(talk)
    assert not list(find_old_pictures(talk))
    (talk.project / "demos" / "mine.py").write_text("def build(engines): return None\n", encoding="utf-8")
    [found] = find_old_pictures(talk)
    assert "mine.png shows the app as it was: the code of mine changed since" in str(found)
    assert "talkgen demo mine --model small --theme night --picture" in str(found)
    assert found.problem.place.line == 5


def test_a_picture_that_says_nothing_is_the_author_s(talk):
    """Any other picture may stand there."""
    assert read_stamp(talk.path.parent / "mine.png") is None
    assert not list(find_old_pictures(talk))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"app": 1}', '{"app": "mine"}'])
def test_a_picture_that_says_something_else_is_the_author_s_too(talk, text):
    """A damaged or a foreign note is no finding and no failure; nor is a file that is no picture."""
    file = talk.path.parent / "mine.png"
    note = PngInfo()
    note.add_text("talkgen app", text)
    Image.new("RGB", (40, 30), "red").save(file, pnginfo=note)
    assert not list(find_old_pictures(talk))
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + text.encode())
    assert not list(find_old_pictures(talk))
