"""What one client may ask for: the shape and size of a question, and how many in a while."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from talkgen.lm.answer.sample import Sampling

PROMPT_CHARACTERS = 8_000
BODY_BYTES = 2_000_000
CLIENTS_REMEMBERED = 4_096


def _check_text(text: str) -> str:
    if len(text) > PROMPT_CHARACTERS:
        raise ValueError(f"a text of {len(text):,} characters is too long: {PROMPT_CHARACTERS:,} is the limit")
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError("half a surrogate pair is no character")
    return text


Text = Annotated[str, AfterValidator(_check_text)]
"""A prompt, bounded in length and made of whole characters."""


class Question(BaseModel):
    """What comes next after a prompt; `model` is a name from `/api/health`, the first one where it is left out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str | None = Field(None, max_length=200)
    prompt: Text
    bars: int = Field(8, ge=1, le=20)
    temperature: float = Field(1.0, gt=0, le=5)
    top_k: int | None = Field(None, ge=1)
    top_p: float | None = Field(None, gt=0, le=1)

    @property
    def sampling(self) -> Sampling:
        """How the next token is chosen."""
        from talkgen.lm.answer.sample import Sampling

        return Sampling(self.temperature, self.top_k, self.top_p)


class RateLimit:
    """A token bucket a client: `burst` questions at once, `rate` a second after that."""

    def __init__(self, rate: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # client -> (tokens left, when)

    def wait_for(self, client: str) -> float:
        """Seconds this client has to wait; 0 when it may ask now, which is then counted."""
        now = self._clock()
        left, then = self._buckets.pop(client, (float(self._burst), now))
        left = min(float(self._burst), left + (now - then) * self._rate)
        wait = 0.0 if left >= 1 else (1 - left) / self._rate
        self._buckets[client] = (left if wait else left - 1, now)
        if len(self._buckets) > CLIENTS_REMEMBERED:
            self._buckets.popitem(last=False)
        return wait
