"""Makes rows for recall of many pairs at once (MQAR, Arora et al. 2023): how much a model holds, not how far back.

`pairs` keys, each followed by its value; then keys of them in another order, each followed by its value again. Only the
values of the second part follow from what stands before. numpy only: knows no models.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

KEYS = "".join(map(chr, range(0x100, 0x200)))  # 256 letters, Ā to ǿ
VALUES = "0123456789ABCDEF"
MOST_ASKED = 64  # keys in a row: with 128 pairs, a row of questions as long as the pairs would cost half of the time


def row_length(pairs: int) -> int:
    """The tokens of a row."""
    return 2 * pairs + 2 * min(pairs, MOST_ASKED)


def make_rows(rng: np.random.Generator, count: int, pairs: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Ids [count, length] into `KEYS` + `VALUES`, and which of them are values of keys that came before."""
    keys = rng.permuted(np.tile(np.arange(len(KEYS)), (count, 1)), axis=1)[:, :pairs]
    values = len(KEYS) + rng.integers(len(VALUES), size=(count, pairs))
    asked = rng.permuted(np.tile(np.arange(pairs), (count, 1)), axis=1)[:, :MOST_ASKED]
    shown = np.stack((keys, values), axis=2).reshape(count, -1)
    again = [np.take_along_axis(each, asked, axis=1) for each in (keys, values)]
    ids = np.concatenate((shown, np.stack(again, axis=2).reshape(count, -1)), axis=1)
    known = np.zeros(ids.shape, dtype=bool)
    known[:, 2 * pairs + 1 :: 2] = True
    return ids, known
