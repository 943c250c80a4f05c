"""No outline, however wrong, is met with a traceback: changed at random, too large, too deep, or naming itself."""

from itertools import pairwise

import pytest
from mutate_outlines import outcomes

from talkgen.errors import OutlineError
from talkgen.outline.load import load_outline

BOMB = "a: &a [x]\n" + "".join(f"{b}: &{b} [{f'*{a}, ' * 9}]\n" for a, b in pairwise("abcdefghijk"))


@pytest.mark.parametrize("seed", range(1, 3))
def test_outlines_changed_at_random_load_or_are_refused(seed):
    """With words, and nothing is written; both happen."""
    found = [(outcome, said) for outcome, said, _ in outcomes(60, seed)]
    assert [said for outcome, said in found if outcome == "wrong"] == []
    assert {outcome for outcome, _ in found} == {"loaded", "refused"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BOMB, "more than"),
        ("title: T\nslides: " + "[" * 5000, "nested"),
        ("title: T\nslides: " + "{a: " * 5000, "nested"),
        ("title: T\ntheme: " + "9" * 400 + "\nslides: [{title: A}]\n", "there is no theme"),
        ("title: T\nbibliography: " + "9" * 400 + "\nslides: [{title: A}]\n", "there is no file"),
        ("title: T\nslides: [{}, {}, {title: B}]\nslides: [{title: A, repeat: [x]}]\n", "stands here twice"),
        ("? [a, b]\n: c\n", "a key must be text"),
        ("title: T\nslides: [{include: outline.yaml}]\n", "includes itself"),
        ("title: T\nslides: [{title: A, body: [{include: outline.yaml}]}]\n", "includes itself"),
        ("title: T\nslides: [{title: A, repeat: '{{ range(9999999999) }}'}]\n", "a call cannot be used"),
        ("title: T\nslides: [{title: A, repeat: ['" + "x', '" * 5000 + "']}]\n", "more than"),
    ],
)  # fmt: skip
def test_what_would_fill_the_machine_is_refused(text, message, tmp_path):
    """Bombs of aliases, nests, crowds, circles."""
    file = tmp_path / "outline.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(OutlineError, match=message):
        load_outline(file)


def test_fifty_megabytes_are_not_read(tmp_path):
    """A file of such a size is no outline; no more of it is read than an outline may hold."""
    file = tmp_path / "outline.yaml"
    with file.open("wb") as opened:
        opened.write(b"title: T\nslides:\n")
        opened.truncate(50_000_000)
    with pytest.raises(OutlineError, match="larger than 4,000,000 bytes"):
        load_outline(file)
