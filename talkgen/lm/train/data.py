"""Turns a recipe's data into batches of token ids, the same for the same seed and step; knows no models.

Nothing here has a position to save: the rows of step n are drawn from (seed, n) alone, which is what makes a resumed
run equal an uninterrupted one.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from talkgen.digest import digest_bytes
from talkgen.errors import ModelError
from talkgen.lm.models.config import PADDING, SEPARATOR
from talkgen.lm.text.lexicon import ADJECTIVES, NOUNS, english_words, french_words
from talkgen.lm.text.mqar import KEYS, VALUES, make_rows, row_length
from talkgen.lm.text.phrases import LONGEST, draw_pair, is_held_out
from talkgen.lm.text.tasks import TASKS, Ids, Task
from talkgen.lm.text.tokenizer import Tokenizer
from talkgen.lm.train.corpus import FILE_BREAK, read_corpus
from talkgen.lm.train.recipe import TASK_NAMES, PairsRecipe, Recipe, TokenizerRecipe
from talkgen.lm.train.vocabulary import make_tokenizer, make_word_tokenizer

IGNORED = -100  # a target that is neither learned nor scored; torch's cross_entropy default
_HELD_OUT_STREAM = 2**40  # a stream of random numbers that no training step reaches
# At most so many windows of a long held-out text are read: enough to see the curve, without slowing training; and
# enough that the summary's loss is good to about 0.01.
WHILE_TRAINING, AT_THE_END = 64, 1024

Batch = tuple[Ids, Ids]  # inputs [B, T] and targets [B, T]


class Data(Protocol):
    """What training draws from."""

    tokenizer: Tokenizer
    width: int
    """Tokens of a row, with what fills it up."""

    def batch(self, seed: int, step: int, rows: int, length: int) -> Batch:
        """The inputs and targets [rows, <= length] of training step `step`."""

    def held_out(self, length: int, most: int = WHILE_TRAINING) -> Iterator[Batch]:
        """Batches [<= 16, <= length] of at most `most` rows that are never trained on, the same at every call."""

    def about(self) -> dict[str, int | str]:
        """Sizes and digest, for the run's summary."""


def load_data(recipe: Recipe) -> Data:
    """The data of `recipe`.

    Raises:
        ModelError: the text cannot be read or is too short for the model's context.
    """
    if recipe.data in TASK_NAMES:
        return TaskData(TASKS[recipe.data], recipe)
    if recipe.data == "phrases":
        return PhraseData(recipe)
    if recipe.data == "mqar":
        return PairsData(recipe)
    return TextData(read_corpus(recipe.data), recipe)


def identify(data: Data) -> dict[str, int | str]:
    """What `data` is: equal for equal text, cut and tokenizer; a run that is gone on with must find it again."""
    return {**data.about(), "tokenizer": digest_bytes(data.tokenizer.to_json().encode())}


Side = tuple[str, NDArray[np.uint32]]


@lru_cache(maxsize=1)  # the runs of a sweep share their text, and its tokenizer takes longer to train than some of them
def _split(text: str, held_out: float, recipe: TokenizerRecipe) -> tuple[Tokenizer, tuple[Side, Side]]:
    """A tokenizer made from what is trained on, and both sides of the cut with their ids."""
    cut = place_cut(text, held_out)
    tokenizer = make_tokenizer(recipe, text[:cut])
    train, held = ((part, np.array(tokenizer.encode(part), dtype=np.uint32)) for part in (text[:cut], text[cut:]))
    return tokenizer, (train, held)


def place_cut(text: str, held_out: float) -> int:
    """Where the held-out end begins; in a text of several files, after the end of one."""
    cut = int(len(text) * (1 - held_out))
    return text.find(FILE_BREAK, cut) + 1 or cut


class TextData:
    """A text cut in two: its beginning is trained on, its end (`held_out` of the characters) is not."""

    def __init__(self, text: str, recipe: Recipe) -> None:
        self.tokenizer, sides = _split(text, recipe.held_out, recipe.tokenizer)
        (self.train_text, self.train_ids), (self.held_out_text, self.held_out_ids) = sides
        self.width = recipe.model.block_size
        shortest = self.width + 2
        for name, ids in (("training", self.train_ids), ("held-out", self.held_out_ids)):
            if len(ids) < shortest:
                raise ModelError(
                    f"the {name} text has {len(ids)} tokens; a context of {self.width} needs {shortest}",
                    "take more text or a smaller model.block_size",
                )

    def batch(self, seed: int, step: int, rows: int, length: int) -> Batch:
        """Windows that begin anywhere in the training text."""
        rng = np.random.default_rng((seed, step))
        starts = rng.integers(len(self.train_ids) - length, size=rows)
        windows = self.train_ids[starts[:, None] + np.arange(length + 1)].astype(np.int64)
        return windows[:, :-1], windows[:, 1:]

    def held_out(self, length: int, most: int = WHILE_TRAINING) -> Iterator[Batch]:
        """Windows side by side; of a long text, `most` spread evenly over it."""
        count = (len(self.held_out_ids) - 1) // length
        chosen = np.unique(np.linspace(0, count - 1, min(count, most)).astype(int))
        for part in np.array_split(chosen, -(-len(chosen) // 16)):
            windows = self.held_out_ids[part[:, None] * length + np.arange(length + 1)].astype(np.int64)
            yield windows[:, :-1], windows[:, 1:]

    def about(self) -> dict[str, int | str]:
        """Bytes and tokens on both sides of the cut, and the text's SHA-256."""
        return {
            "sha256": digest_bytes((self.train_text + self.held_out_text).encode()),
            "train_bytes": len(self.train_text.encode()),
            "train_tokens": len(self.train_ids),
            "held_out_bytes": len(self.held_out_text.encode()),
            "held_out_tokens": len(self.held_out_ids),
        }


class TaskData:
    """A synthetic task: every row is new, and the held-out rows come from a stream of their own."""

    def __init__(self, task: Task, recipe: Recipe) -> None:
        self.task, self.width = task, recipe.model.block_size
        self.distance = recipe.distance or (task.nearest + task.step, recipe.model.block_size // 2)
        self.tokenizer = make_tokenizer(TokenizerRecipe(kind="characters"), task.symbols)
        self._id_of = np.array([self.tokenizer.encode(symbol)[0] for symbol in task.symbols])

    def batch(self, seed: int, step: int, rows: int, length: int) -> Batch:
        """Fresh rows; targets that cannot be known are IGNORED."""
        ids, known = self.task.rows(np.random.default_rng((seed, step)), rows, length + 1, self.distance)
        ids = self._id_of[ids]
        return ids[:, :-1], np.where(known, ids, IGNORED)[:, 1:]

    def held_out(self, length: int, most: int = WHILE_TRAINING) -> Iterator[Batch]:
        """Batches of 16 rows."""
        for number in range(most // 16):
            yield self.batch(_HELD_OUT_STREAM, number, 16, length)

    def about(self) -> dict[str, int | str]:
        """The task and its distances."""
        return {"task": self.task.name, "nearest": self.distance[0], "farthest": self.distance[1]}


class PhraseData:
    """English sentences, the separator, their French translations: `the black cat → le chat noir </s>`.

    Every sentence of a batch is new. The held-out ones each have an adjective beside a noun that training never
    shows beside that noun. Only the French is learned and scored.
    """

    def __init__(self, recipe: Recipe) -> None:
        self.width = 2 * LONGEST + 1
        if recipe.model.block_size < self.width:
            raise ModelError(
                f"a context of {recipe.model.block_size} is too short for two sentences of {LONGEST} words",
                f"take model.block_size: {self.width}",
            )
        self.tokenizer: Tokenizer = make_word_tokenizer(english_words() | french_words())

    def batch(self, seed: int, step: int, rows: int, length: int) -> Batch:  # noqa: ARG002 – sentences have their own
        """Sources filled up on the left, so that all end in one column, and targets filled up on the right."""
        return self._rows(np.random.default_rng((seed, step)), rows, unseen=False)

    def held_out(self, length: int, most: int = WHILE_TRAINING) -> Iterator[Batch]:  # noqa: ARG002 – as above
        """Batches of 16 rows."""
        for number in range(most // 16):
            yield self._rows(np.random.default_rng((_HELD_OUT_STREAM, number)), 16, unseen=True)

    def _rows(self, rng: np.random.Generator, rows: int, *, unseen: bool) -> Batch:
        ids = np.full((rows, self.width + 1), PADDING, dtype=np.int64)
        ids[:, LONGEST] = SEPARATOR
        for row in ids:
            pair = draw_pair(rng, unseen)
            source, target = (self.tokenizer.encode(" ".join(words)) for words in (pair.english, pair.french))
            row[LONGEST - len(source) : LONGEST] = source
            row[LONGEST + 1 : LONGEST + 2 + len(target)] = [*target, self.tokenizer.special["</s>"]]
        scored = (ids != PADDING) & (np.arange(self.width + 1) > LONGEST)
        return ids[:, :-1], np.where(scored, ids, IGNORED)[:, 1:]

    def about(self) -> dict[str, int | str]:
        """Sizes of the two vocabularies, and how many combinations of adjective and noun there are and are held out."""
        suited = [(a.english, n.english[0]) for a in ADJECTIVES for n in NOUNS if n.kind in a.kinds]
        return {
            "english_words": len(english_words()),
            "french_words": len(french_words()),
            "combinations": len(suited),
            "held_out_combinations": sum(is_held_out(*each) for each in suited),
        }


class PairsData:
    """Recall of many pairs (`text.mqar`): every row is new, and all rows of a step store as many pairs."""

    def __init__(self, recipe: Recipe) -> None:
        self.pairs, self.steps = recipe.pairs or PairsRecipe(), recipe.schedule.steps
        self.width = recipe.model.block_size  # as many as these in all, in rows of other lengths
        self.tokenizer = make_tokenizer(TokenizerRecipe(kind="characters"), KEYS + VALUES)
        self._id_of = np.array([self.tokenizer.encode(symbol)[0] for symbol in KEYS + VALUES])

    def batch(self, seed: int, step: int, rows: int, length: int) -> Batch:
        """Rows of about `rows` times `length` tokens in all: a step costs the same however many pairs it stores."""
        rng = np.random.default_rng((seed, step))
        pairs = self._draw_pairs(rng, step)
        return self.rows(rng, max(1, round(rows * length / row_length(pairs))), pairs)

    def _draw_pairs(self, rng: np.random.Generator, step: int) -> int:
        """Any number alike; with a curriculum mostly the level that `step` has reached, or up to it."""
        most = self.pairs.most
        if not self.pairs.curriculum:
            return int(rng.integers(most)) + 1
        level = round(most ** min(1.0, step / (0.7 * self.steps)))
        # Of 20 mixtures tried, the one an LSTM learned most from: the level, what it would forget, what is to come.
        choice = rng.random()
        return level if choice < 0.55 else int(rng.integers(level if choice < 0.85 else most)) + 1

    def rows(self, rng: np.random.Generator, count: int, pairs: int) -> Batch:
        """Inputs and targets [count, length - 1]; targets that cannot be known are IGNORED."""
        ids, known = make_rows(rng, count, pairs)
        ids = self._id_of[ids]
        return ids[:, :-1], np.where(known, ids, IGNORED)[:, 1:]

    def held_out(self, length: int, most: int = WHILE_TRAINING) -> Iterator[Batch]:  # noqa: ARG002 – rows have their own
        """Batches of 16 rows, of numbers of pairs spread evenly up to the most."""
        numbers = np.linspace(1, self.pairs.most, most // 16).round().astype(int)
        for number, pairs in enumerate(numbers):
            yield self.rows(np.random.default_rng((_HELD_OUT_STREAM, number)), 16, int(pairs))

    def about(self) -> dict[str, int | str]:
        """The task and the most pairs."""
        return {"task": "mqar", "most_pairs": self.pairs.most}
