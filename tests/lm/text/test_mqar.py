"""Recall of many pairs: each asked value is the one that was stored, and nothing else is asked."""

import numpy as np
import pytest

from talkgen.lm.text.mqar import KEYS, VALUES, make_rows, row_length


@pytest.mark.parametrize("pairs", [1, 4, 64, 100, 256])
def test_asked_values_are_those_that_were_stored(pairs):
    """Every key is stored once; those asked are different ones of them, and their values alone are known."""
    ids, known = make_rows(np.random.default_rng(1), 20, pairs)
    assert ids.shape == known.shape == (20, row_length(pairs))
    for row, mask in zip(ids, known, strict=True):
        stored = dict(zip(row[: 2 * pairs : 2], row[1 : 2 * pairs : 2], strict=True))
        asked, answers = row[2 * pairs :: 2], row[2 * pairs + 1 :: 2]
        assert len(stored) == pairs
        assert len(set(asked)) == len(asked) == min(pairs, 64)
        assert [stored[key] for key in asked] == answers.tolist()
        assert np.flatnonzero(mask).tolist() == list(range(2 * pairs + 1, len(row), 2))


def test_keys_and_values_are_drawn_evenly():
    """Each key and each value comes about as often as any other, so that guessing gets one in sixteen right."""
    ids, known = make_rows(np.random.default_rng(2), 400, 64)
    keys, values = ids[:, :128:2], ids[known] - len(KEYS)
    assert np.ptp(np.bincount(keys.ravel(), minlength=256)) < 70
    assert set(values) == set(range(len(VALUES)))
    assert np.bincount(values).max() / len(values) == pytest.approx(1 / 16, rel=0.1)
