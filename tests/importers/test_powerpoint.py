"""A PowerPoint file becomes an outline: titles, bullets, pictures, tables, notes; what is lost is told by slide."""

import io
import zipfile

import pytest
from PIL import Image
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches
from real_tools import parse_slidev, render_marp_core

from talkgen.errors import OutlineError
from talkgen.files import write_text
from talkgen.importers import powerpoint as limits
from talkgen.importers.deck import import_deck
from talkgen.importers.files import copy_files
from talkgen.outline.load import load_outline
from talkgen.render.deck import Deck
from talkgen.render.marp import render_marp
from talkgen.render.slidev import render_slidev
from talkgen.style import load_style

TITLE, CONTENT, SECTION, TWO, ONLY_TITLE = 0, 1, 2, 3, 5  # of python-pptx's own layouts


def png(size=(40, 30)) -> io.BytesIO:
    """A picture whose left half is red."""
    picture = Image.new("RGB", size, "blue")
    picture.paste("red", (0, 0, size[0] // 2, size[1]))
    out = io.BytesIO()
    picture.save(out, "PNG")
    out.seek(0)
    return out


def slide(deck, layout, title=""):
    """A new slide."""
    made = deck.slides.add_slide(deck.slide_layouts[layout])
    if title:
        made.shapes.title.text = title
    return made


def imported(deck, folder):
    """What is made of a file: the plain outline, the import itself, and what is told but of its design."""
    path = folder / "deck.pptx"
    deck.save(str(path))
    made = import_deck(path, print)
    talk = folder / "talk"
    copy_files(made.files, talk, force=True)
    write_text(talk / "outline.yaml", made.yaml)
    told = [str(each).split("pptx: ")[1] for each in made.said]
    assert told[0].startswith("its own fonts, colours and backgrounds are not taken along")
    return load_outline(talk / "outline.yaml").document.data, made, told[1:]


def test_titles_bullets_and_notes(tmp_path):
    """Levels, bold, links; a cover and a section with their subtitles; hidden slides stay hidden."""
    deck = Presentation()
    deck.core_properties.author = "Ada"
    cover = slide(deck, TITLE, "A & *B*")
    cover.placeholders[1].text = "below"
    cover.notes_slide.notes_text_frame.text = "Hello.\nGo on."
    section = slide(deck, SECTION, "Part")
    section.placeholders[1].text = "of it"
    frame = slide(deck, CONTENT, "List").placeholders[1].text_frame
    frame.text = "first"
    frame.add_paragraph().text = "1. below"
    frame.paragraphs[1].level = 1
    last = frame.add_paragraph()
    last.add_run().text = "bold "
    last.runs[0].font.bold = True
    last.add_run().text = "link"
    last.runs[1].hyperlink.address = "https://example.org/a b"
    last.add_run().text = " web"
    last.runs[2].hyperlink.address = "https://example.org/a"
    deck.slides[2]._element.set("show", "0")
    outline, _, told = imported(deck, tmp_path)

    one, two, three = outline["slides"]
    assert one == {"title": "A & \\*B\\*", "subtitle": "below", "layout": "cover", "notes": "Hello.\nGo on."}
    assert two == {"title": "Part", "subtitle": "of it", "layout": "section"}
    bullets = [{"first": ["1\\. below"]}, "**bold** link [web](<https://example.org/a>)"]
    assert three == {"title": "List", "body": [{"bullets": bullets}], "hide": True}
    assert (outline["title"], outline["author"], outline["size"]) == ("A & \\*B\\*", "Ada", "4:3")
    assert told == ["slide 3: a link to https://example.org/a b is plain text"]


def test_side_by_side_is_columns(tmp_path):
    """Two contents, and a text beside two pictures that stand below each other; what is apart is in order."""
    deck = Presentation()
    two = slide(deck, TWO, "Two")
    two.placeholders[1].text, two.placeholders[2].text = "left", "right"
    more = slide(deck, ONLY_TITLE, "More")
    more.shapes.add_textbox(Inches(0.5), Inches(6.5), Inches(9), Inches(0.5)).text_frame.text = "last"
    for top in (2, 4):
        more.shapes.add_picture(png(), Inches(6), Inches(top), height=Inches(1.5))
    more.shapes.add_textbox(Inches(0.5), Inches(2), Inches(5), Inches(4)).text_frame.text = "text"
    outline, _, _ = imported(deck, tmp_path)
    assert outline["slides"][0]["body"] == [{"columns": [[{"bullets": ["left"]}], [{"bullets": ["right"]}]]}]
    columns, last = outline["slides"][1]["body"]
    assert last == "last"
    assert [list(block) if isinstance(block, dict) else block for block in columns["columns"][1]] == [
        ["image", "height"], ["image", "height"],
    ]  # fmt: skip
    assert columns["columns"][0] == ["text"]
    assert columns["widths"][0] > 2 * columns["widths"][1]


def test_pictures_are_cut_as_their_slide_cuts_them(tmp_path):
    """One picture twice is two files where the slide shows two parts of it; a whole slide's is behind the text."""
    deck = Presentation()
    one = slide(deck, ONLY_TITLE, "One")
    left = one.shapes.add_picture(png(), Inches(1), Inches(2), width=Inches(2))
    left.crop_right = 0.5
    left._element.nvPicPr.cNvPr.set("descr", "The left half")
    one.shapes.add_picture(png(), 0, 0, deck.slide_width, deck.slide_height)
    outline, made, told = imported(deck, tmp_path)
    behind, half = outline["slides"][0]["body"]
    assert behind["background"] is True
    assert half["alt"] == "The left half"
    picture = Image.open(io.BytesIO(made.files.made[half["image"]]))
    assert (picture.size, picture.getpixel((19, 0))) == ((20, 30), (255, 0, 0))
    assert made.files.made[behind["image"]] == png().getvalue()
    assert told == []


def test_tables_and_charts(tmp_path):
    """Cells are text; a chart is its values, and that is told."""
    deck = Presentation()
    table = slide(deck, ONLY_TITLE, "Table").shapes.add_table(2, 2, 0, Inches(2), Inches(4), Inches(1)).table
    for row in range(2):
        for column in range(2):
            table.cell(row, column).text = f"{row}|{column}"
    data = CategoryChartData()
    data.categories = ["a", "b"]
    data.add_series("S", (1.5, None))
    chart = slide(deck, ONLY_TITLE, "Chart")
    chart.shapes.add_chart(XL_CHART_TYPE.LINE, 0, Inches(2), Inches(4), Inches(3), data)
    outline, _, told = imported(deck, tmp_path)
    assert outline["slides"][0]["body"] == [{"table": {"head": ["0|0", "0|1"], "rows": [["1|0", "1|1"]]}}]
    (values,) = outline["slides"][1]["body"]
    assert values == {"table": {"head": ["", "S"], "rows": [["a", "1.5"], ["b", ""]]}}
    assert told == ["slide 2: a chart is a table of its values"]


def test_groups_and_what_has_no_block(tmp_path):
    """Shapes in a group stand where the group does; what is only drawn is counted."""
    deck = Presentation()
    one = slide(deck, ONLY_TITLE, "One")
    inside = one.shapes.add_group_shape()
    inside.shapes.add_textbox(0, 0, Inches(1), Inches(1)).text_frame.text = "grouped"
    inside.left, inside.top, inside.width, inside.height = Inches(5), Inches(5), Inches(2), Inches(2)
    one.shapes.add_textbox(0, Inches(2), Inches(9), Inches(1)).text_frame.text = "above"
    for _ in range(2):
        one.shapes.add_shape(1, 0, 0, Inches(1), Inches(1))
    one.shapes.add_connector(1, 0, 0, Inches(1), Inches(1))
    outline, _, told = imported(deck, tmp_path)
    assert outline["slides"][0]["body"] == ["above", "grouped"]
    assert told == ["slide 1: what is drawn is left out: 2 shapes, 1 line"]


def test_both_tools_show_it(tmp_path):
    """As many slides in both, with braces as text; pictures outside the file are never fetched."""
    deck = Presentation()
    slide(deck, CONTENT, "{{ x }}").placeholders[1].text = "<b onclick=x>"
    linked = slide(deck, ONLY_TITLE, "Linked")
    blip = linked.shapes.add_picture(png(), 0, Inches(2), width=Inches(1))._element.blipFill.find(
        "{http://schemas.openxmlformats.org/drawingml/2006/main}blip"
    )
    space = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
    del blip.attrib[f"{space}embed"]
    blip.set(f"{space}link", linked.part.relate_to("http://127.0.0.1:9/x.png", "image", is_external=True))
    _, made, told = imported(deck, tmp_path)
    assert told == ["slide 2: a picture outside the file is left out"]
    assert made.files.web == {}
    talk = tmp_path / "talk"
    both = Deck(load_outline(talk / "outline.yaml").outline, talk, {}, load_style("paper", talk))
    marp = render_marp_core([str(render_marp(both).files["deck.md"])])[0]
    slidev = parse_slidev([str(render_slidev(both).files["slides.md"])])[0]
    assert len(marp) == len(slidev) == 2
    assert "{{ x }}" in marp[0]["html"]
    assert "<b " not in marp[0]["html"] + slidev[0]["content"]


def test_a_broken_slide_is_told_and_the_rest_is_there(tmp_path):
    """A picture whose part is gone ends no import."""
    deck = Presentation()
    slide(deck, ONLY_TITLE, "One")
    slide(deck, ONLY_TITLE, "Two").shapes.add_picture(png(), 0, 0).part.rels.pop("rId2")
    outline, _, told = imported(deck, tmp_path)
    assert [each["title"] for each in outline["slides"]] == ["One"]
    assert told == ["slide 2: the slide is damaged and left out: KeyError: \"no relationship with key 'rId2'\""]


@pytest.mark.parametrize("content", [b"", b"no archive", b"\xd0\xcf\x11\xe0" + b"\0" * 600])
def test_what_is_no_powerpoint_is_refused(tmp_path, content):
    """An empty file, text, and the older format or one with a password."""
    path = tmp_path / "x.pptx"
    path.write_bytes(content)
    with pytest.raises(OutlineError, match="this is no PowerPoint file, or a password protects it"):
        import_deck(path, print)


def test_an_archive_of_something_else_is_refused(tmp_path):
    """A ZIP file without slides."""
    with zipfile.ZipFile(tmp_path / "x.pptx", "w") as archive:
        archive.writestr("a.txt", "a")
    with pytest.raises(OutlineError, match="cannot be read"):
        import_deck(tmp_path / "x.pptx", print)


def test_what_unpacks_to_too_much_is_not_unpacked(tmp_path):
    """A part of a few bytes in the file and of very many outside of it, and very many parts."""
    with zipfile.ZipFile(tmp_path / "x.pptx", "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.xml", "w") as part:
        for _ in range(34):
            part.write(b" " * 2**20)
    assert (tmp_path / "x.pptx").stat().st_size < 100_000
    with pytest.raises(OutlineError, match=r"it unpacks to 35,651,584 bytes in 1 parts"):
        import_deck(tmp_path / "x.pptx", print)


def test_very_many_parts_are_too_many(tmp_path, monkeypatch):
    """Their number is bounded as their size is."""
    monkeypatch.setattr(limits, "_MOST_PARTS", 10)
    Presentation().save(str(tmp_path / "x.pptx"))
    with pytest.raises(OutlineError, match="it unpacks to"):
        import_deck(tmp_path / "x.pptx", print)
