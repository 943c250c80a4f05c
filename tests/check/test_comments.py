"""Words that YAML takes for a comment are told where they were probably meant as text, and no comment is."""

from pathlib import Path

import pytest

from talkgen.check.comments import find_commented
from talkgen.outline.load import load_outline

ROOT = Path(__file__).parents[2]
TALKS = ("slides/*/outline.yaml", "templates/new*/slides/*/outline.yaml", "docs/blocks/outline.yaml")
OUTLINES = [path for pattern in TALKS for path in ROOT.glob(pattern)]


def told(path: Path, text: str) -> list[tuple[int, int, str]]:
    """Where there is such a comment, and in which text."""
    path.write_text(text, encoding="utf-8")
    places = [each.problem for each in find_commented(load_outline(path))]
    return [(each.place.line, each.place.column, each.where) for each in places]


def test_words_after_a_number_sign_are_told(tmp_path):
    """In a title, in a list, in notes, in the last of several lines, in quoted text's neighbour; each at its sign."""
    text = """\
title: Why C # matters
slides:
  - title: See issue #5
    body:
      - bullets:
          - Attention # is all
          - a text that
            goes on # and ends
          - "C # in quotes"
          - C# and F#
    notes: a # b
"""
    assert told(tmp_path / "outline.yaml", text) == [
        (1, 14, "title"),
        (3, 22, "slides[0].title"),
        (6, 23, "slides[0].body[0].bullets[0]"),
        (8, 21, "slides[0].body[0].bullets[1]"),
        (11, 14, "slides[0].notes"),
    ]


def test_comments_are_no_words(tmp_path):
    """After two blanks, on a line of their own, after what is no prose, and within a block of text."""
    text = """\
title: A  # of talks
theme: night # dark
model: small # as the rest
slides:
  # the first
  - title: B   # of slides
    class: wide # by far
    body:
      - |
        # a title
        text # and no comment
      - code: a # b
        language: python # of course
"""
    assert told(tmp_path / "outline.yaml", text) == []


@pytest.mark.parametrize("outline", OUTLINES, ids=lambda path: path.parent.name)
def test_no_talk_here_has_any(outline):
    """Their comments are comments."""
    assert list(find_commented(load_outline(outline))) == []
