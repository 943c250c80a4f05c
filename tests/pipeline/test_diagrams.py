"""Mermaid diagrams on their way into both decks."""

import pytest

from talkgen.errors import OutlineError
from talkgen.pipeline.build import Request, build

TALK = """\
title: Diagrams
model: small
slides:
  - title: A diagram
    body:
      - mermaid: |
          flowchart LR
            A[Tokens] --> B[Model]
"""


@pytest.fixture
def drawn(tmp_path, own_cache):
    """The folder of a talk with a diagram."""
    (tmp_path / "outline.yaml").write_text(TALK, encoding="utf-8")
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("target", ["marp", "slidev"])
def test_a_diagram_is_a_picture_in_both_decks(drawn, target):
    """Drawn once, kept under its key; its words are its alt text."""
    report = build(Request(drawn, target, "md"), print)
    text = report.outputs[0].read_text(encoding="utf-8")
    assert report.computed == ("diagram slide 1",)
    assert 'alt="Diagram&#58; Tokens; Model"' in text
    assert "flowchart" not in text
    (picture,) = report.deck.path.rglob("diagram-slide-1-*.svg")
    assert picture.read_bytes().startswith(b"<svg")
    other = "slidev" if target == "marp" else "marp"
    assert build(Request(drawn, other, "md"), print).reused == ("diagram slide 1",)


@pytest.mark.slow
def test_a_wrong_diagram_is_a_message_with_its_line(drawn):
    """The line in the outline, not in the diagram."""
    file = drawn / "outline.yaml"
    file.write_text(TALK.replace("A[Tokens] --> B[Model]", "A --> --> B"), encoding="utf-8")
    with pytest.raises(OutlineError) as caught:
        build(Request(drawn, "marp", "md"), print)
    (problem,) = caught.value.problems
    assert problem.place.line == 8
    assert problem.where == "slides[0].body[0].mermaid"


@pytest.mark.parametrize("target", ["marp", "slidev"])
def test_without_a_browser_the_deck_carries_the_source(drawn, target, monkeypatch):
    """And says so: Mermaid draws it where the deck is shown."""
    monkeypatch.setenv("TALKGEN_BROWSER", "/no/browser/here")
    report = build(Request(drawn, target, "md"), print)
    assert report.computed == ()
    assert "flowchart LR" in report.outputs[0].read_text(encoding="utf-8")
    assert "no browser" in report.deck.degraded[0]["message"]


@pytest.mark.slow
def test_marp_shows_an_undrawn_diagram(drawn, monkeypatch):
    """Its one file holds Mermaid itself: no other host is asked."""
    monkeypatch.setenv("TALKGEN_BROWSER", "/no/browser/here")
    page = build(Request(drawn, "marp", "html"), print).outputs[0].read_text(encoding="utf-8")
    assert '<pre class="mermaid">' in page
    assert "mermaid.min.js" not in page
    assert "startOnLoad" in page
