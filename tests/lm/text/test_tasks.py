"""The synthetic tasks: the answer stands where it is said to stand, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from talkgen.lm.text.tasks import TASKS

LENGTH = 65


def _text(name: str, ids: np.ndarray) -> str:
    return "".join(TASKS[name].symbols[i] for i in ids)


@pytest.mark.parametrize("name", sorted(TASKS))
def test_rows_have_the_asked_shape_and_are_the_same_for_the_same_seed(name):
    """Every task fills [count, length] with ids of its alphabet, and the seed decides them."""
    ids, known = TASKS[name].rows(np.random.default_rng(3), 7, LENGTH, (2, 30))
    again, _ = TASKS[name].rows(np.random.default_rng(3), 7, LENGTH, (2, 30))

    assert ids.shape == known.shape == (7, LENGTH)
    assert 0 <= ids.min() <= ids.max() < len(TASKS[name].symbols)
    assert np.array_equal(ids, again)
    assert known.any()


def test_every_known_value_of_recall_was_given_before():
    """A value is marked as known exactly when its key has been seen, and it is the value seen then."""
    ids, known = TASKS["recall"].rows(np.random.default_rng(0), 20, LENGTH, (2, 30))
    for row, mask in zip(ids, known, strict=True):
        bound: dict[int, int] = {}
        for i in range(0, LENGTH - 1, 2):
            assert mask[i + 1] == (int(row[i]) in bound)
            assert bound.setdefault(int(row[i]), int(row[i + 1])) == row[i + 1]


@pytest.mark.parametrize("distance", [2, 4, 20, 62])
@pytest.mark.parametrize("length", [64, 65])
def test_a_recall_probe_asks_for_a_pair_seen_once_at_the_distance(distance, length):
    """The asked key stands `distance` back with the answer after it, and at no other place."""
    for row in TASKS["recall"].probes(np.random.default_rng(1), 20, length, distance):
        assert row[-1] == row[-1 - distance]
        assert row[-2] == row[-2 - distance]
        assert np.count_nonzero(row == row[-2]) == 2


@pytest.mark.parametrize("distance", [2, 3, 30])
def test_a_copy_probe_ends_on_the_letter_that_stood_at_the_distance(distance):
    """The last token is the first letter after the last line break, `distance` back."""
    for row in TASKS["copy"].probes(np.random.default_rng(1), 20, LENGTH, distance):
        text = _text("copy", row)
        assert len(row) == LENGTH
        assert text[-2] == "|"
        assert text[-1] == text[-1 - distance] == text[text.rindex("\n") + 1]


def test_a_copy_probe_may_fill_its_row():
    """At the farthest distance nothing stands before what is copied, and the ids are whole numbers all the same."""
    rows = TASKS["copy"].probes(np.random.default_rng(1), 20, LENGTH, LENGTH - 2)
    assert rows.dtype == np.int64
    assert (rows[:, -1] == rows[:, 1]).all()


def test_copied_letters_are_marked_as_known():
    """Between a bar and the line break every token repeats the letters before the bar."""
    ids, known = TASKS["copy"].rows(np.random.default_rng(2), 5, 200, (3, 9))
    for row, mask in zip(ids, known, strict=True):
        for line in _text("copy", row).split("\n")[:-1]:
            first, second = line.split("|")
            assert first == second
        assert "".join(c for c, m in zip(_text("copy", row), mask, strict=True) if not m).count("\n") == 0


@pytest.mark.parametrize("distance", [1, 3, 31])
def test_a_bracket_probe_closes_the_bracket_that_opened_at_the_distance(distance):
    """The last bracket matches the one `distance` back, and what stands between is balanced."""
    pairs = dict(zip(")]}>", "([{<", strict=True))
    for row in TASKS["brackets"].probes(np.random.default_rng(1), 20, LENGTH, distance):
        text = _text("brackets", row)[-1 - distance :]
        stack: list[str] = []
        for i, mark in enumerate(text):
            if mark in pairs:
                assert stack.pop() == pairs[mark]
                assert bool(stack) == (i < len(text) - 1)
            else:
                stack.append(mark)


@pytest.mark.parametrize(("name", "distance"), [("recall", 3), ("recall", 0), ("copy", 64), ("brackets", 2)])
def test_a_distance_that_does_not_fit_is_refused(name, distance):
    """Odd recall distances, zero, and distances longer than the row name the distance."""
    with pytest.raises(ValueError, match=str(distance)):
        TASKS[name].probes(np.random.default_rng(0), 1, LENGTH, distance)
