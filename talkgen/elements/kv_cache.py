"""What remembering keys and values saves: a text is written twice, with the cache and reading all again each time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TypedDict

from pydantic import Field

from talkgen.elements import base
from talkgen.elements.base import Asked
from talkgen.errors import ModelError

if TYPE_CHECKING:
    from talkgen.lm.models.reader import Floats
    from talkgen.lm.models.state import State

TITLE = "Key-value cache"
DIALS: dict[str, tuple[Any, ...]] = {}
IN_PAGE, MEASURES_TIME = False, True
_REPEATS = 3  # of a reading, the quickest of which counts: somebody else may want the processor


class Params(base.Params):
    """How many tokens are written; `run` counts how often, so that another measurement is another question."""

    tokens: int = Field(32, ge=4, le=128)
    run: int = Field(0, ge=0, le=1_000_000)


class KvCacheAnswer(TypedDict):
    """Milliseconds of each token that was written, and the tokens; `read` were there before.

    `bytes` is what a token takes in the cache: keys and values of `heads` heads of `width` numbers in `layers` layers.
    """

    tokens: list[str]
    read: int
    cached: list[float]
    again: list[float]
    bytes: int
    layers: int
    heads: int
    width: int
    done: bool


def answer(asked: Asked) -> KvCacheAnswer:
    """The times, each token as it comes.

    Raises:
        ModelError: the model keeps no keys, or the text leaves no room in its context.
    """
    reader, config = asked.engine.reader, asked.engine.reader.config
    if config.architecture != "transformer":
        raise ModelError("a recurrent model keeps no keys and values", "name a transformer: model: small")
    ids = asked.ids(max(1, asked.engine.context - asked.params.tokens))
    state, unread = reader.new_state(1, len(ids) + asked.params.tokens), ids
    made = KvCacheAnswer(
        tokens=[],
        read=len(ids),
        cached=[],
        again=[],
        bytes=state.bytes_a_token,
        layers=config.n_layer,
        heads=config.n_kv_head,
        width=config.head_dim,
        done=False,
    )
    for _ in range(asked.params.tokens):
        asked.go_on()
        logits, cached = min((_timed(asked, unread, state) for _ in range(_REPEATS)), key=lambda row: row[1])
        again = min(_timed(asked, ids, reader.new_state(1, len(ids)))[1] for _ in range(_REPEATS))
        state.length += len(unread)  # their keys are still where they were written
        unread = [int(logits[0, -1].argmax())]
        ids = ids + unread
        made["tokens"] += asked.engine.tokenizer.pieces(unread)
        made["cached"].append(cached)
        made["again"].append(again)
        asked.tell({**made, "tokens": list(made["tokens"])})
    return {**made, "done": True}


def _timed(asked: Asked, ids: list[int], state: State) -> tuple[Floats, float]:
    """The logits after `ids`, read on after a state, which is left as it was; and the milliseconds that it took."""
    before = state.length
    with asked.engine.batch.turn:
        started = time.perf_counter()
        logits, _ = asked.engine.reader([ids], state, last_only=True)
        taken = time.perf_counter() - started
    state.truncate(before)
    return logits, round(1000 * taken, 3)
