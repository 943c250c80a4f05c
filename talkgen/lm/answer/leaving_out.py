"""What the likeliest next token owes to each token before it: how likely it still is where that one is left out.

Erasure (Li, Monroe & Jurafsky 2016) asks the model itself, whatever it is made of: nothing is linearized, as gradients
are, and a recurrent model is asked the same as a transformer. Each text with one token less shares its beginning with
the whole one, whose state is kept; the rests are read together. Knows no text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from talkgen.lm.models.distribution import softmax

if TYPE_CHECKING:
    from talkgen.lm.answer.batch import Batch
    from talkgen.lm.answer.callers import Caller
    from talkgen.lm.answer.prefix import PrefixCache

MOST = 24  # tokens: their rests are 276 to read, a second of SmolLM2 on 2 cores


def leave_each_out(
    ids: list[int], start: int, token: int, batch: Batch, cache: PrefixCache, caller: Caller
) -> tuple[float, ...]:
    """The probability of `token` after `ids` without the first of them, without the second, and so on.

    Where nothing is left, after `start`.

    Raises:
        GoneError: the caller went.
        FailedError: the device did.
    """
    rests = [ids[:left_out] + ids[left_out + 1 :] or [start] for left_out in range(len(ids))]
    taken = [cache.take(rest, copy=True) for rest in rests]
    unread = [rest[kept:] for rest, (_, kept) in zip(rests, taken, strict=True)]
    rows = batch.read_together(unread, [state for state, _ in taken], caller)
    return tuple(float(softmax(logits)[token]) for logits in rows)
