"""What one client may ask for: the shape and size of a question, and how many in a while."""

from __future__ import annotations

import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from talkgen.serve.visitors import Rank, Visitor

if TYPE_CHECKING:
    from talkgen.lm.answer.sample import Sampling

PROMPT_CHARACTERS = 8_000
BODY_BYTES = 2_000_000
CLIENTS_REMEMBERED = 4_096
TOKENS_EACH, TOKENS_TOGETHER = 2_048, 8_192  # of prompts on their way; the latter take 400 MB with SmolLM2
SECONDS = {Rank.SPEAKER: 60, Rank.SLIDE: 20, Rank.VISITOR: 10}  # that an answer may take


class BusyError(Exception):
    """More is asked than can be answered in good time."""


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
    leave_out: bool = False

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


class Limits:
    """How often a browser may ask, and more widely how often all that come from one address may; the speaker always."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        # Who types fast asks ten times a second, of two models; a hundred phones may sit behind one address.
        self._browser = RateLimit(rate=25, burst=50, clock=clock)
        self._address = RateLimit(rate=500, burst=1000, clock=clock)

    def wait_for(self, visitor: Visitor) -> float:
        """Seconds this visitor has to wait; 0 when it may ask now, which is then counted."""
        if visitor.rank is Rank.SPEAKER:
            return 0
        return self._browser.wait_for(visitor.name) or self._address.wait_for(f"all of {visitor.address}")


class Budget:
    """How many tokens are read for visitors at a time, which is memory and time: of each one, and of all together."""

    def __init__(self, each: int = TOKENS_EACH, together: int = TOKENS_TOGETHER) -> None:
        self._each, self._together = each, together
        self._held: Counter[str] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def hold(self, visitor: Visitor, tokens: int) -> Iterator[None]:
        """Holds room for a prompt of `tokens` while it is answered; one prompt alone always has room for its visitor.

        Raises:
            BusyError: the visitor, or all of them, have too many on the way.
        """
        if visitor.rank is Rank.SPEAKER:
            yield
            return
        with self._lock:
            own, others = self._held[visitor.name], self._held.total()
            if (own and own + tokens > self._each) or (others and others + tokens > self._together):
                raise BusyError
            self._held[visitor.name] += tokens
        try:
            yield
        finally:
            with self._lock:
                self._held[visitor.name] -= tokens
                if not self._held[visitor.name]:
                    del self._held[visitor.name]
