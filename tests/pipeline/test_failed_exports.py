"""What the real tools cannot make of a deck: one short message with the cause, where its author wrote it."""

import pytest

from talkgen.errors import OutlineError, ToolError
from talkgen.export.browser import has_browser
from talkgen.pipeline.build import Request, build

HEAD = """\
title: A talk
model: small
slides:
  - title: First
    body: [Fine]
  - title: Not shown
    hide: true
"""
SLIDE = "  - title: Broken\n    body:\n      - Before\n      - raw:\n          marp: fine\n          slidev: |\n"
CAUSES = {
    "<div :title='a +'>x</div>": "Error parsing JavaScript expression: Unexpected token (1:4)",
    "<div><b>open</div>": "Element is missing end tag.",
    "<script setup>\nimport x from './nothing.js'\n</script>": "Could not resolve './nothing.js'",
    "<style>\np { color: red }}\n</style>": "Unexpected }",
}


@pytest.fixture
def folder(tmp_path, own_cache):
    """The folder of a talk, empty."""
    (tmp_path / "talk").mkdir()
    return tmp_path / "talk"


def problems(folder, target, format="html"):
    """What a build of the talk in a folder says; nothing of a deck is left behind."""
    with pytest.raises(OutlineError) as error:
        build(Request(folder, target, format), lambda _: None)
    assert not (folder / "dist" / target).exists()
    return str(error.value).replace(f"{folder}/", "").splitlines()


def with_source(folder, source):
    """Writes a talk with source for Slidev on its third slide."""
    lines = "".join(f"            {line}\n" for line in source.splitlines())
    (folder / "outline.yaml").write_text(HEAD + SLIDE + lines, encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("source", CAUSES)
def test_what_slidev_cannot_compile_has_its_line_and_cause(source, folder):
    """Broken expressions, open tags, missing modules and broken styles, in a block that talkgen hands on untouched."""
    with_source(folder, source)
    where = "outline.yaml:11:9: slides[2].body[1]: Slidev cannot show this slide:"
    assert problems(folder, "slidev") == [f"{where} {CAUSES[source]}"]


@pytest.mark.slow
@pytest.mark.skipif(not has_browser(), reason="prints with a browser")
def test_slidev_prints_no_pages_without_a_slide(folder):
    """Slidev itself leaves out what it cannot compile, and ends well."""
    with_source(folder, "{{ 1 + }}")
    (said,) = problems(folder, "slidev", "png")
    assert said.startswith("outline.yaml:11:9: slides[2].body[1]: Slidev cannot show this slide: Error parsing")


@pytest.mark.slow
@pytest.mark.parametrize(("target", "format"), [("marp", "html"), ("marp", "pdf"), ("slidev", "html")])
def test_a_style_that_cannot_be_read_has_its_line(target, format, folder):
    """Marp itself leaves the theme out with it, and ends well."""
    style = "style: |\n  h1 { color: red }\n  p { color: red }}\n"
    (folder / "outline.yaml").write_text(style + HEAD, encoding="utf-8")
    tool = target.capitalize()
    assert problems(folder, target, format) == [
        f"outline.yaml:3:3: style: {tool} cannot read this style sheet: Unexpected }}"
    ]


@pytest.mark.slow
def test_a_broken_theme_of_the_authors_own_has_its_line(folder):
    """The style sheet is named, not the file that it became."""
    (folder / "look").mkdir()
    (folder / "look" / "mine.css").write_text("/* @theme ours */\nsection { color: red }\n}\n", encoding="utf-8")
    (folder / "outline.yaml").write_text("theme: {marp: look/mine.css}\n" + HEAD, encoding="utf-8")
    assert problems(folder, "marp") == ["look/mine.css:3:1: Marp cannot read this style sheet: Unexpected }"]


@pytest.mark.slow
@pytest.mark.parametrize("opening", ["<style>", "<style scoped>"])
def test_a_slides_own_style_that_marp_cannot_read_has_its_line(opening, folder):
    """In source for Marp alone; Marp itself drops every slide's style then, and says nothing."""
    body = f"  - title: Broken\n    body:\n      - raw:\n          marp: |\n            {opening}\n"
    css = "            h1 { color: red }\n            p { color: red }}\n            </style>\n          slidev: fine\n"
    (folder / "outline.yaml").write_text(HEAD + body + css, encoding="utf-8")
    assert problems(folder, "marp") == [
        "outline.yaml:14:13: slides[2].body[0].raw.marp: Marp cannot read this style: Unexpected }"
    ]


MUTE = "it ended at once, and said nothing"


@pytest.mark.slow
@pytest.mark.parametrize("target", ["marp", "slidev"])
@pytest.mark.parametrize(("script", "why"), [("exit 1", MUTE), ("echo no libnss3 >&2; exit 127", "no libnss3")])
def test_a_browser_that_does_not_start_is_told_in_its_own_words(script, why, target, tmp_path, own_cache, monkeypatch):
    """And with what looks at it, not with the last lines of whoever started it."""
    browser = tmp_path / "browser"
    browser.write_text(f"#!/bin/sh\n{script}\n")
    browser.chmod(0o755)
    monkeypatch.setenv("TALKGEN_BROWSER", str(browser))
    (tmp_path / "outline.yaml").write_text("title: A\nmodel: small\nslides: [{title: One}]\n")
    with pytest.raises(ToolError) as caught:
        build(Request(tmp_path, target, "pdf"), print)
    assert str(caught.value) == f"the browser does not start: {why}\n  hint: talkgen doctor looks at it"
