"""Diagrams drawn by the real Mermaid in the real browser."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from talkgen.export.mermaid import Complaint, Diagram, draw_diagrams
from talkgen.style import load_style, style_names

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
MINDMAP = "mindmap\n  root((Transformer))\n    Training\n      At once\n    Inference\n      Token by token\n"
FLOW = "flowchart LR\n  A[Tokens] --> B{Model}\n  B -->|dog| C[dog]\n"
SEQUENCE = "sequenceDiagram\n  Decoder->>Encoder: query\n  Encoder-->>Decoder: keys, values\n"
GIT = "gitGraph\n  commit\n  branch draft\n  commit\n  checkout main\n  merge draft\n"
PIE = 'pie title Time\n  "reading" : 3\n  "writing" : 5\n'


def draw(*sources, theme="night"):
    return draw_diagrams(sources, load_style(theme, HERE), print)


def words(diagram: Diagram) -> str:
    root = ET.fromstring(diagram.svg)
    return " ".join("".join(text.itertext()) for text in root.iter("{http://www.w3.org/2000/svg}text"))


def test_every_kind_is_real_text_in_well_formed_pictures():
    """No kind needs foreignObject, whose text only browsers draw; each word of the source is in the picture."""
    shown = draw(MINDMAP, FLOW, SEQUENCE, GIT, PIE)
    assert all(isinstance(diagram, Diagram) for diagram in shown)
    assert all("foreignObject" not in diagram.svg.decode() for diagram in shown)
    assert "Token" in words(shown[0])
    assert "Model" in words(shown[1])
    assert "keys, values" in words(shown[2])
    assert "writing" in words(shown[4])


def test_the_same_source_gives_the_same_bytes():
    """Also the kinds that draw random numbers, and whatever was drawn before them."""
    first = draw(FLOW, GIT, MINDMAP)
    again = draw(FLOW, GIT, MINDMAP)
    assert [diagram.svg for diagram in first] == [diagram.svg for diagram in again]


def test_a_theme_gives_its_colours_and_font():
    """The picture carries the letters it uses, and no other theme's ink."""
    night, paper = load_style("night", HERE), load_style("paper", HERE)
    dark, light = draw(FLOW)[0].svg.decode(), draw(FLOW, theme="paper")[0].svg.decode()
    assert night.colors.ink in dark
    assert paper.colors.ink in light
    assert night.colors.ink not in light
    assert f'font-family:"{night.fonts.body}"' in dark
    assert len(dark) < 60_000


@pytest.mark.parametrize("theme", style_names(HERE))
def test_every_theme_draws(theme):
    """A diagram in each theme."""
    assert isinstance(draw(MINDMAP, theme=theme)[0], Diagram)


def test_a_wrong_source_says_its_line_and_the_others_are_drawn():
    """The line is the parser's own."""
    wrong, right, unknown = draw("flowchart LR\n  A --> B\n  C --> --> D\n", FLOW, "no diagram at all")
    assert isinstance(wrong, Complaint)
    assert wrong.line == 3
    assert isinstance(right, Diagram)
    assert isinstance(unknown, Complaint)
    assert unknown.message


def test_nothing_in_a_source_runs_or_fetches():
    """Links that run, handlers and pictures from elsewhere are not in what is drawn."""
    hostile = (
        'flowchart LR\n  A["<img src=https://example.org/x.png onerror=alert(1)>"] --> B\n'
        '  click A "javascript:alert(1)"\n'
    )
    for diagram in draw(hostile, f"%%{{init: {{'securityLevel': 'loose'}}}}%%\n{hostile}"):
        drawn = diagram.svg.decode() if isinstance(diagram, Diagram) else ""
        assert not re.search(r"<script|\son\w+=|javascript:|<image|<img", drawn)
