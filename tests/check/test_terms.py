"""Key terms spelled in another way are found; what is only another form of them is not."""

from pathlib import Path

import pytest

from talkgen.check.terms import Term, find_misspelled, words_of
from talkgen.outline.load import load_outline


@pytest.mark.parametrize(
    ("term", "written"),
    [
        ("self-attention", "self attention"),
        ("self-attention", "selfattention"),
        ("PyTorch", "Pytorch"),
        ("softmax", "soft-max"),
        ("softmax", "sofmax"),
        ("transformer", "transfromer"),
        ("key-value cache", "Key-Value cache"),
        ("attention", "atention"),
        ("KV cache", "KV-cache"),
    ],
)
def test_a_slip_is_found(term, written):
    """Other capitals, hyphens and slips of the keys."""
    assert Term(term).is_missed_by(written)


@pytest.mark.parametrize(
    ("term", "written"),
    [
        ("self-attention", "Self-attention"),
        ("softmax", "Softmax"),
        ("transformer", "transformers"),
        ("transformer", "transformed"),
        ("attention", "retention"),
        ("attention", "attentive"),
        ("LSTM", "LST"),
        ("PyTorch", "PyTorch"),
    ],
)
def test_another_form_is_none(term, written):
    """A capital at the beginning of a sentence, an ending, another word."""
    assert not Term(term).is_missed_by(written)


def test_words_are_those_that_are_read():
    """Code, formulas, addresses and expressions hold no words of the talk's."""
    text = "Use `sofmax` in [the paper](https://a.b/atention), $atention$ and {{ model.atention }}\n\nNext *line*"
    assert words_of(text) == [["Use"], ["in"], ["the", "paper"], ["and"], ["Next"], ["line"]]


def test_each_text_of_a_talk_is_read(tmp_path):
    """Titles, lists, captions and notes, each at its line; once for a spelling; never what is somebody's source."""
    outline = Path(tmp_path, "outline.yaml")
    outline.write_text(
        """\
title: On soft-max
terms: [softmax, PyTorch]
slides:
  - title: Softmax in Pytorch
    body:
      - Softmax and the sofmax and the sofmax
      - bullets: [a, {b: [The Soft-Max]}]
      - code: sofmax(x)
      - quote: PyTorch is fine
        by: Pytorch's people
    notes: Say sotfmax.
""",
        encoding="utf-8",
    )
    found = [
        (finding.problem.place.line, finding.problem.message.split("'")[1])
        for finding in find_misspelled(load_outline(outline))
    ]
    assert sorted(found) == [(1, "soft-max"), (4, "Pytorch"), (6, "sofmax"), (7, "Soft-Max"), (11, "sotfmax")]
