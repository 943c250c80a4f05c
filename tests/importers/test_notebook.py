"""A Jupyter notebook becomes an outline: slides by headings, code and outputs kept, and what is lost told by cell."""

import base64
import io
import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell
from PIL import Image
from real_tools import parse_slidev, render_marp_core
from typer.testing import CliRunner

from talkgen.cli.app import app
from talkgen.errors import OutlineError
from talkgen.files import write_text
from talkgen.importers.deck import import_deck
from talkgen.importers.files import copy_files
from talkgen.outline.load import load_outline
from talkgen.render.deck import Deck
from talkgen.render.marp import render_marp
from talkgen.render.slidev import render_slidev
from talkgen.style import load_style


def png(colour="red") -> bytes:
    """A small picture."""
    out = io.BytesIO()
    Image.new("RGB", (4, 3), colour).save(out, "PNG")
    return out.getvalue()


def encoded(colour="red") -> str:
    return base64.b64encode(png(colour)).decode()


def shown(data: dict):
    return new_output("display_data", data=data)


def said(text: str):
    return new_output("stream", name="stdout", text=text)


def write(folder, *cells, **metadata):
    """A notebook's file."""
    notebook = new_notebook(cells=list(cells), metadata=metadata)
    path = folder / "lecture.ipynb"
    nbformat.write(notebook, str(path))
    return path


def imported(folder, *cells, **metadata):
    """What is made of a notebook of these cells: the plain outline, and all that is told."""
    made = import_deck(write(folder, *cells, **metadata), print)
    talk = folder / "talk"
    copy_files(made.files, talk, force=True)
    write_text(talk / "outline.yaml", made.yaml)
    source = load_outline(talk / "outline.yaml")
    return source.document.data, [str(each).split("ipynb: ")[1] for each in made.said]


def test_slides_begin_at_headings(tmp_path):
    """Of a cell, underlined, or a tag's; a small one stays on its slide; a title alone is a section."""
    outline, told = imported(
        tmp_path,
        new_markdown_cell("# One"),
        new_markdown_cell("Two\n---\n\n- a\n- b\n  - c\n\n#### small\n\n> said\n\n<h2>Three</h2>\n\n$$\nx\n$$"),
        new_markdown_cell("# Four"),
    )
    one, two, three, four = outline["slides"]
    assert one == {"title": "One", "layout": "cover"}
    assert two["body"] == [{"bullets": ["a", {"b": ["c"]}]}, "#### small", {"quote": "said"}]
    assert three == {"title": "Three", "body": [{"math": "x\n"}]}
    assert four == {"title": "Four", "layout": "section"}
    assert outline["title"] == "One"
    assert told == []


def test_code_and_outputs_are_kept(tmp_path):
    """Text without colours, pictures as files, pandas' table as a table, an error's last line, formulas."""
    page = (
        "<style>x</style><table><thead><tr><th></th><th>a_b</th></tr><tr><th>i</th><th></th></tr></thead>"
        "<tbody><tr><th>0</th><td>$5 to $6</td></tr></tbody></table>"
    )
    outline, told = imported(
        tmp_path,
        new_markdown_cell("# One"),
        new_code_cell(
            "print(1)",
            outputs=[said("\x1b[31mred\x1b[0m\n1%\r100%\n"), said("more"), shown({"image/png": encoded()})],
        ),
        new_code_cell("df", outputs=[shown({"text/html": page, "text/plain": "a_b"})]),
        new_code_cell("1/0", outputs=[new_output("error", ename="ZeroDivisionError", evalue="by zero", traceback=[])]),
        new_code_cell("x**2", outputs=[shown({"text/latex": "$\\displaystyle x^2$", "text/plain": "x**2"})]),
        kernelspec={"name": "ir", "language": "R", "display_name": "R"},
    )
    body = [block for slide in outline["slides"] for block in slide["body"]]
    assert body[0] == {"code": "print(1)", "language": "r"}
    assert body[1]["code"] == "red\n100%\nmore"
    assert (tmp_path / "talk" / body[2]["image"]).read_bytes() == png()
    assert body[4] == {"table": {"head": ["i", "a_b"], "rows": [["0", "\\$5 to \\$6"]]}}
    assert body[6]["code"] == "ZeroDivisionError: by zero"
    assert body[8] == {"math": "\\displaystyle x^2"}
    assert told == []


def test_what_is_lost_is_told_by_cell_and_slide(tmp_path):
    """Long outputs, what only a page can show, missing pictures, raw cells, links to nothing."""
    outline, told = imported(
        tmp_path,
        new_markdown_cell("# One\n\n![gone](no.png) [x](#Nowhere) [y](#One)"),
        new_code_cell("f()", outputs=[said("\n".join(map(str, range(100))))]),
        new_code_cell("w", outputs=[shown({"application/x+json": {}, "text/html": "<script>1</script>"})]),
        new_raw_cell("raw"),
        new_code_cell("t", outputs=[shown({"image/png": "no picture"})]),
    )
    assert outline["slides"][0]["body"][0] == "gone x [y](#one)"
    assert told == [
        "cell 1, slide 1: not copied: no.png (not there)",
        "cell 2, slide 2: 80 of 100 lines of output are left out",
        "cell 3, slide 3: an output of application/x+json, text/html is left out",
        "cell 4, slide 3: a raw cell is left out",
        "cell 5, slide 3: a picture (png) is damaged",
        "cell 5, slide 3: an output of image/png is left out",
        "slide 1: a link to 'nowhere', which nothing is called, is plain text",
    ]


def test_pictures_in_the_text_become_files(tmp_path):
    """Attachments and data in addresses; one beside the notebook comes along under its own name."""
    (tmp_path / "dot.png").write_bytes(png())
    text = f"# One\n\n![a](attachment:p.png)\n\n![b](data:image/png;base64,{encoded('blue')})\n\n![c](dot.png)"
    path = write(tmp_path, new_markdown_cell(text, attachments={"p.png": {"image/png": encoded("green")}}))
    talk = tmp_path / "talk"
    assert CliRunner().invoke(app, ["import", str(path), "-o", str(talk)]).exit_code == 0
    slides = load_outline(talk / "outline.yaml").document.data["slides"]
    pictures = {block["alt"]: (talk / block["image"]).read_bytes() for slide in slides for block in slide["body"]}
    assert pictures == {"a": png("green"), "b": png("blue"), "c": png()}


def test_cells_may_say_which_slide_they_are_on(tmp_path):
    """As RISE reads them: slides, fragments, notes, what is skipped; tags that hide code hide it."""

    def typed(text, kind, **more):
        return new_markdown_cell(text, metadata={"slideshow": {"slide_type": kind}, **more})

    outline, told = imported(
        tmp_path,
        typed("# One\n\n## still one", "slide"),
        typed("later", "fragment"),
        typed("what I say", "notes"),
        typed("# Hidden", "skip"),
        typed("text", "subslide"),
        new_code_cell("1", metadata={"tags": ["hide_input"]}, outputs=[said("one")]),
    )
    one, two = outline["slides"]
    assert one["body"] == ["## still one", {"markdown": "later", "reveal": True}]
    assert one["notes"] == "what I say"
    assert two["body"] == ["text", {"code": "one", "language": "text", "long": "wrap"}]
    assert told == [
        "cell 4, slide 1: left out, as the cell asks for",
        "cell 6, slide 2: its code is left out, as the cell asks for",
    ]


def test_what_a_slide_has_no_room_for_goes_on_with_its_title(tmp_path):
    """Cells are not squeezed onto one slide; the slides that go on are not listed twice."""
    cells = [new_code_cell("\n".join(f"x{i}" for i in range(15))) for _ in range(3)]
    outline, _ = imported(tmp_path, new_markdown_cell("# One"), *cells)
    assert [(slide["title"], slide.get("toc", True)) for slide in outline["slides"]] == [
        ("One", True), ("One", False), ("One", False),
    ]  # fmt: skip


def test_both_tools_show_it_and_nothing_of_it_runs(tmp_path):
    """As many slides in both; scripts are text; braces and dollars are what they were."""
    outline, _ = imported(
        tmp_path,
        new_markdown_cell("# One {{ x }}\n\n<script>ran()</script>\n\n<img src=x onerror=ran()>"),
        new_code_cell("a = '{{ b }}'", outputs=[shown({"text/markdown": "*m* <b onclick='ran()'>b</b>"})]),
        new_markdown_cell("# Two"),
    )
    assert outline["expressions"] is False
    talk = tmp_path / "talk"
    deck = Deck(load_outline(talk / "outline.yaml").outline, talk, {}, load_style("paper", talk))
    marp = render_marp_core([str(render_marp(deck).files["deck.md"])])[0]
    slidev = parse_slidev([str(render_slidev(deck).files["slides.md"])])[0]
    assert len(marp) == len(slidev) == 2
    page = marp[0]["html"] + slidev[0]["content"]
    assert "<script>ran" not in page
    assert "onerror=" not in page.replace("onerror=ran()&gt;", "")
    assert "onclick" not in page


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "this is no notebook"),
        ("# Prose", "this is no notebook"),
        ('{"a": 1}', "this is JSON, but no notebook"),
        ('{"nbformat": 4, "nbformat_minor": 5, "metadata": {}}', "has no list of cells"),
        ('{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}', "the notebook is empty"),
        ("[" * 100_000, "cannot be read"),
    ],
    ids=["empty", "prose", "json", "no cells", "empty cells", "deep"],
)
def test_what_is_no_notebook_is_refused(tmp_path, content, message):
    """With a message that has a place."""
    path = tmp_path / "x.ipynb"
    path.write_text(content)
    with pytest.raises(OutlineError, match=message) as caught:
        import_deck(path, print)
    assert "x.ipynb:1" in str(caught.value)


def test_a_broken_cell_is_told_and_the_rest_is_there(tmp_path):
    """Odd values where lists and texts should be, and a text too entangled to be read."""
    path = write(tmp_path, new_markdown_cell("# One"), new_markdown_cell("x"), new_markdown_cell("# Three"))
    data = json.loads(path.read_text())
    data["cells"][1] = {"cell_type": "markdown", "source": ["# ", "Two\n", "\n", "> " * 300 + "x"], "metadata": 3}
    data["cells"] += [None, {"cell_type": "code", "source": ["a"], "outputs": [None, {"output_type": "x", "data": []}]}]
    path.write_text(json.dumps(data))
    made = import_deck(path, print)
    assert "title: One" in made.yaml
    assert "title: Three" in made.yaml
    assert [each.within for each in made.said] == ["cell 2, slide 1"]


def test_an_old_notebook_is_read(tmp_path):
    """Of the format before cells had no sheets."""
    heading = {"cell_type": "heading", "level": 1, "source": "Old", "metadata": {}}
    sheets = [{"cells": [heading], "metadata": {}}]
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}, "worksheets": sheets}
    path = tmp_path / "old.ipynb"
    path.write_text(json.dumps(old))
    assert "- title: Old" in import_deck(path, print).yaml
