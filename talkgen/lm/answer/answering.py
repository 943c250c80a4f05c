"""What is asked of whoever answers prompts, a model here or one behind a server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from talkgen.lm.answer.callers import Caller
    from talkgen.lm.answer.engine import Answer
    from talkgen.lm.answer.sample import Sampling
    from talkgen.lm.files.catalog import ModelFiles


class Answering(Protocol):
    """Answers prompts; the errors are those of `Engine.next_token`."""

    @property
    def files(self) -> ModelFiles:
        """Which model answers."""

    def count(self, prompt: str) -> int:
        """How many tokens a prompt has, as nearly as that is known."""

    def next_token(
        self,
        prompt: str,
        *,
        bars: int = ...,
        sampling: Sampling = ...,
        leave_out: bool = ...,
        caller: Caller | None = None,
    ) -> Answer:
        """The distribution after `prompt`; with `leave_out` what the likeliest owes to each token, where known."""
