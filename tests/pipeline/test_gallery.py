"""The page of all figures: pictures in both themes, parameters with their ranges, one file that asks nobody."""

import base64
import re

import pytest

from talkgen.__main__ import main
from talkgen.figures.registry import FIGURES, load_figure
from talkgen.pipeline.figures import find_figures, new_figure
from talkgen.pipeline.gallery import Entry, page_of, parameters, write_gallery


def test_a_page_has_pictures_words_and_parameters(tmp_path, monkeypatch):
    """Both themes as SVG on their backgrounds, the alt text, and no address but the SVGs' own inside them."""
    monkeypatch.chdir(tmp_path)
    lines = []
    write_gallery("small", tmp_path / "a.html", lines.append, names=["parameter_counts", "model_sizes"])
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    pictures = [base64.b64decode(part) for part in re.findall(r"data:image/svg\+xml;base64,([^\"]+)", page)]
    assert len(pictures) == 4
    assert len(set(pictures)) == 4
    assert all(b"</svg>" in picture for picture in pictures)
    assert not re.search(r"(src|href)=\"(?!data:|#)", page)
    assert "141 GB hold" in page
    assert lines == ["drawing parameter_counts", "drawing model_sizes"]


@pytest.mark.parametrize(("execute", "drawn"), [("execute: true\n", 2), ("", 0)])
def test_a_talks_own_figures_are_on_it(execute, drawn, tmp_path, monkeypatch):
    """Drawn like the others where the talk lets its code run; where not, the page says what it takes."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "outline.yaml").write_text(f"title: T\n{execute}slides: [{{title: A}}]\n", encoding="utf-8")
    file = new_figure("mine", tmp_path)
    write_gallery("small", tmp_path / "a.html", [].append, tmp_path / "outline.yaml", ["mine"])
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert '<section id="mine">' in page
    assert page.count("<img ") == drawn
    assert ("execute: true" in page) is (drawn == 0)
    assert list(find_figures(tmp_path / "outline.yaml")) == [*find_figures(None), file.stem]


def test_what_cannot_be_drawn_says_why():
    """The message stands where the picture would, as text."""
    page = "".join(page_of([Entry("qkv", load_figure("qkv"), {}, "", "the <model> is gone")], {}))
    assert "the &lt;model&gt; is gone" in page
    assert "<img" not in page


@pytest.mark.parametrize("name", sorted(FIGURES))
def test_every_parameter_is_told_with_what_it_takes(name):
    """As many rows as there are parameters, each with words."""
    rows = parameters(load_figure(name))
    assert [key for key, _, _ in rows] == list(load_figure(name).Params.model_fields)
    assert all(takes for _, takes, _ in rows)


def test_ranges_are_those_of_the_types():
    """Least and most, choices, and what may be left open."""
    rows = {key: (takes, default) for key, takes, default in parameters(load_figure("attention_map"))}
    assert rows["view"] == ("map, arcs", "map")
    assert rows["layer"] == ("a whole number, 1 or more; or nothing", "")
    assert rows["sentence"][0] == "a text, 1 to 400 characters"
    assert parameters(load_figure("compute_graph"))[0][1:] == ("a list, 1 to 2 items", "rnn, attention")


def test_a_page_without_a_folder_is_refused(tmp_path, capsys, monkeypatch):
    """The place is named before anything is drawn."""
    monkeypatch.setattr("sys.argv", ["talkgen", "figures", "list", "--html", str(tmp_path / "nope" / "a.html")])
    assert main() == 1
    assert "nope" in capsys.readouterr().err
