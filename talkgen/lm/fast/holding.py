"""Holds a form of a model to float32.

A form's answers are compared with those of the float32 model at every position of a text, read at once and token by
token: the largest change of any token's probability, and how often the likeliest token is the same.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, cast

import numpy as np

from talkgen.lm.fast.forms import MOST_CHANGE, REFERENCE, Measured
from talkgen.lm.files.loaded import Loaded
from talkgen.lm.models.config import ModelConfig
from talkgen.lm.models.distribution import softmax
from talkgen.lm.models.reader import Floats, Readable, Reader

if TYPE_CHECKING:
    from talkgen.lm.models.base import LanguageModel

_LARGE = 20_000_000  # numbers, from which on a text read token by token takes many times as long
_FIRST = 16  # tokens after which a large model's form that is bad has mostly lost
_FEW = 8  # tokens that tell how quick a form is
_ALONE = 4  # of a large model's tokens that are read one by one, the last
_SHORT = _FIRST + _FEW + _ALONE
_PIECE = 64  # tokens that are read together; kernels differ in many and few
# A few hundred tokens, so that one in a hundred is seen.
_TEXT = """A language model reads a text one token after another and says, for every word it knows, how likely it is to
come next. In 1951 Claude Shannon asked people to guess the next letter of a page; they were right more often than
chance, because language repeats itself. The same question, asked a trillion times, is what a transformer learns from.

def softmax(logits):
    highest = max(logits)
    weights = [math.exp(x - highest) for x in logits]
    return [w / sum(weights) for w in weights]

Paris is the capital of France, Rome that of Italy, and Madrid that of Spain. 2 + 2 = 4; 7 * 8 = 56. "Who is there?"
she asked. Nobody answered, so she asked again, and this time a voice said: "It is only me." The quick brown fox jumps
over the lazy dog. Once upon a time there was a king who had three daughters, and the youngest was the wisest of them.
"""


@dataclass(frozen=True)
class Probe:
    """A text, and what float32 says after each of its tokens [n, V]; whether the model is a large one."""

    ids: list[int]
    expected: Floats
    large: bool

    def ways(self) -> list[list[int]]:
        """The ways in which a form reads it, each as the lengths of what it reads together.

        A small model's read it all at once, and token by token; a large one's once, some of it token by token.
        """
        n = len(self.ids)
        if not self.large:
            return [_pieces(n), [1] * n]
        return [[_FIRST, *[1] * _FEW, *_pieces(n - _SHORT), *[1] * _ALONE]]


def _pieces(n: int) -> list[int]:
    return [b - a for a, b in pairwise((*range(0, n, _PIECE), n))]


class _Deviation:
    """How far the answers to a probe's first tokens are from what is expected."""

    def __init__(self, probe: Probe) -> None:
        self._probe, self._at, self._same = probe, 0, 0
        self.change = 0.0  # the largest difference of a probability

    def add(self, p: Floats) -> None:
        """Takes the probabilities [n, V] after the next tokens."""
        wanted = self._probe.expected[self._at : self._at + len(p)]
        self.change = max(self.change, float(np.abs(p - wanted).max()))
        self._same += int((p.argmax(axis=-1) == wanted.argmax(axis=-1)).sum())
        self._at += len(p)

    @property
    def agreement(self) -> float:
        """The share of equal first choices."""
        return self._same / self._at


def read_reference(plain: Loaded[Readable], device: str, *, whole: bool) -> tuple[Probe, Measured]:
    """Float32's answers to the text, and its row; how quick it is only where it is in memory as a `whole`."""
    reader = plain.model.reader(device)
    ids = plain.tokenizer.encode(_TEXT)[: reader.config.block_size]
    large = size(reader.config) > _LARGE and len(ids) > _SHORT
    if not whole:
        lengths = [len(ids)]
    elif large:
        lengths = [_FIRST, *[1] * _FEW, *_pieces(len(ids) - _FIRST - _FEW)]
    else:
        few = min(_FEW, len(ids))
        lengths = [*_pieces(len(ids) - few), *[1] * few]
    read = list(_read(reader, ids, lengths))
    probe = Probe(ids, np.concatenate([p for p, _ in read]), large)
    milliseconds = _milliseconds([second for p, second in read if len(p) == 1]) if whole else None
    return probe, Measured(REFERENCE, 0.0, 1.0, milliseconds, _megabytes(plain.model))


def begin(model: Readable, device: str, probe: Probe) -> tuple[float, float]:
    """Of the text's first tokens alone: how much a probability changes, and the share of equal first choices."""
    way = _Deviation(probe)
    for p, _ in _read(model.reader(device), probe.ids, [_PIECE]):
        way.add(p)
    return way.change, way.agreement


def hold(model: Readable, form: str, device: str, probe: Probe, best: float) -> Measured:
    """Holds one form to float32; a large model's only until it has lost: to the rule, or by speed to `best` (ms)."""
    reader, ways, seconds = model.reader(device), list[_Deviation](), list[float]()
    for lengths in probe.ways():
        way = _Deviation(probe)
        ways.append(way)
        for p, second in _read(reader, probe.ids, lengths):
            way.add(p)
            if len(p) == 1:
                seconds.append(second)
            slower = len(seconds) >= _FEW and _milliseconds(seconds) > best
            if probe.large and len(seconds) >= _FEW and (slower or way.change > MOST_CHANGE):
                break
    change, same = max(way.change for way in ways), min(way.agreement for way in ways)
    return Measured(form, change, same, _milliseconds(seconds), _megabytes(model))


def _milliseconds(seconds: list[float]) -> float:
    """Of the quickest of the first tokens: what others do on the machine only adds."""
    return 1000 * min(seconds[:_FEW])


def _read(reader: Reader, ids: list[int], lengths: list[int]) -> Iterator[tuple[Floats, float]]:
    """Probabilities [n, V] after every token of `ids`, read in pieces, and the seconds that each took."""
    at, state = 0, None
    for length in lengths:
        began = time.perf_counter()
        logits, state = reader([ids[at : at + length]], state)
        seconds = time.perf_counter() - began
        at += length
        yield softmax(logits[0]), seconds


def size(config: ModelConfig) -> int:
    """About how many numbers a model's matrices hold."""
    each = config.n_embd * (4 * config.n_embd + 3 * config.n_inner)
    return config.vocab_size * config.n_embd + config.n_layer * each


def _megabytes(model: Readable) -> float:
    """Of weights that one token reads."""
    known = getattr(model, "bytes", None)
    if known is None:
        from talkgen.lm.fast.quantize import packed_bytes

        known = packed_bytes(cast("LanguageModel", model))
    return float(known) / 1e6
