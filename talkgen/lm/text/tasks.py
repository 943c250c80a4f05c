"""Makes the synthetic sequences that show how far a model remembers: copying, associative recall, bracket matching.

A task yields symbol ids and a mask of the positions whose symbol follows from what stands before; only those are
learned and scored. `distance` is how many tokens back the answer stands. numpy only: knows no models.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]
Known = NDArray[np.bool_]
Rows = tuple[Ids, Known]

_KEYS = "ABCDEFGHIJKLMNOP"
_VALUES = "0123456789"
_OPENING, _CLOSING = "([{<", ")]}>"


@dataclass(frozen=True)
class Task:
    """A named source of sequences over the alphabet `symbols` (id = index in it)."""

    name: str
    symbols: str
    choices: int  # how many symbols an answer can be: chance is 1 / choices
    step: int  # distances are multiples of this, counted from `nearest`
    nearest: int
    row: Callable[[np.random.Generator, int, tuple[int, int]], tuple[Ids, Known]]
    probe: Callable[[np.random.Generator, int, int], Ids]

    def rows(self, rng: np.random.Generator, count: int, length: int, distance: tuple[int, int]) -> Rows:
        """`count` training rows [count, length] with answers `distance` = (nearest, farthest) tokens back."""
        made = [self.row(rng, length, distance) for _ in range(count)]
        return np.stack([ids for ids, _ in made]), np.stack([known for _, known in made])

    def probes(self, rng: np.random.Generator, count: int, length: int, distance: int) -> Ids:
        """`count` rows [count, length] that end with one answer, exactly `distance` tokens back and nowhere since.

        Raises:
            ValueError: the distance does not fit the task or the length.
        """
        if distance < self.nearest or (distance - self.nearest) % self.step or distance + 2 > length:
            raise ValueError(f"{self.name} has no distance {distance} in {length} tokens")
        return np.stack([self.probe(rng, length, distance) for _ in range(count)])


def _log_uniform(rng: np.random.Generator, low: int, high: int) -> int:
    """A whole number in [low, high], each octave equally likely: near answers teach, far ones test."""
    return int(np.exp(rng.uniform(np.log(low), np.log(high + 1))))


def _recall_row(rng: np.random.Generator, length: int, distance: tuple[int, int]) -> tuple[Ids, Known]:
    """Pairs of key and value over a few keys or many; every second key comes back after about `distance` tokens.

    Rows of two keys teach what rows of sixteen could not: that a value follows from its key and not from its place.
    """
    pairs = length // 2 + 1
    near, far = 1 + distance[0] // 2, 1 + distance[1] // 2
    chosen = rng.permutation(len(_KEYS))[: _log_uniform(rng, near, far)]
    keys = rng.choice(chosen, size=pairs)
    for i in np.flatnonzero(rng.random(pairs) < 0.5):
        keys[i] = keys[max(0, int(i) - _log_uniform(rng, near - 1, far - 1))]
    value_of = rng.integers(len(_VALUES), size=len(_KEYS))
    first = np.zeros(pairs, dtype=bool)
    first[np.unique(keys, return_index=True)[1]] = True
    ids = np.stack([keys, len(_KEYS) + value_of[keys]], axis=1).reshape(-1)
    known = np.stack([np.zeros(pairs, dtype=bool), ~first], axis=1).reshape(-1)
    return ids[:length], known[:length]


def _recall_probe(rng: np.random.Generator, length: int, distance: int) -> Ids:
    pairs = length // 2
    asked, *others = rng.permutation(len(_KEYS))
    value_of = rng.integers(len(_VALUES), size=len(_KEYS))
    keys = rng.choice(np.array(others), size=pairs)
    keys[-1] = keys[pairs - 1 - distance // 2] = asked
    ids = np.stack([keys, len(_KEYS) + value_of[keys]], axis=1).reshape(-1)
    # An odd length begins with one more value, so that the row still ends on the answer.
    return ids if length % 2 == 0 else np.concatenate([[len(_KEYS)], ids])


def _copy_unit(rng: np.random.Generator, distance: int) -> Ids:
    """`distance` - 1 letters, a bar, the same letters: each copy stands `distance` tokens after its letter."""
    letters = rng.integers(len(_KEYS), size=distance - 1)
    return np.concatenate([letters, [len(_KEYS)], letters])


def _copy_row(rng: np.random.Generator, length: int, distance: tuple[int, int]) -> tuple[Ids, Known]:
    ids: list[int] = []
    known: list[bool] = []
    while len(ids) < length:
        back = _log_uniform(rng, *distance)
        ids += [*_copy_unit(rng, back).tolist(), len(_KEYS) + 1]
        known += [False] * back + [True] * back
    return np.array(ids[:length], dtype=np.int64), np.array(known[:length], dtype=bool)  # also where none are


def _copy_probe(rng: np.random.Generator, length: int, distance: int) -> Ids:
    """The bar and the first copied letter stand last."""
    letters = rng.integers(len(_KEYS), size=distance - 1)
    unit = np.concatenate([letters, [len(_KEYS)], letters[:1]])
    return np.concatenate([_copy_row(rng, length - len(unit) - 1, (2, 8))[0], [len(_KEYS) + 1], unit])[-length:]


def _balanced(rng: np.random.Generator, length: int) -> list[int]:
    """A balanced word of an even `length`, each bracket of a random kind."""
    word: list[int] = []
    stack: list[int] = []
    while len(word) < length:
        must_close = length - len(word) == len(stack)
        if stack and (must_close or rng.random() < 0.5):
            word.append(len(_OPENING) + stack.pop())
        else:
            stack.append(int(rng.integers(len(_OPENING))))
            word.append(stack[-1])
    return word


def _bracket_unit(rng: np.random.Generator, distance: int) -> list[int]:
    kind = int(rng.integers(len(_OPENING)))
    return [kind, *_balanced(rng, distance - 1), len(_OPENING) + kind]


def _brackets_row(rng: np.random.Generator, length: int, distance: tuple[int, int]) -> tuple[Ids, Known]:
    ids: list[int] = []
    while len(ids) < length:
        ids += _bracket_unit(rng, _log_uniform(rng, *distance) // 2 * 2 + 1)
    row = np.array(ids[:length])
    return row, row >= len(_OPENING)


def _brackets_probe(rng: np.random.Generator, length: int, distance: int) -> Ids:
    unit = _bracket_unit(rng, distance)
    room = length - len(unit)
    return np.array([*_balanced(rng, room + room % 2), *unit][-length:])


TASKS = {
    "copy": Task("copy", _KEYS + "|\n", len(_KEYS), 1, 2, _copy_row, _copy_probe),
    "recall": Task("recall", _KEYS + _VALUES, len(_VALUES), 2, 2, _recall_row, _recall_probe),
    "brackets": Task("brackets", _OPENING + _CLOSING, len(_OPENING), 2, 1, _brackets_row, _brackets_probe),
}
