"""Why a question was not answered, in words for who asked it in a page, as the apps of `demos/` show them."""

from __future__ import annotations

from pydantic import ValidationError

from talkgen.errors import TalkgenError
from talkgen.lm.answer.callers import FailedError, GoneError
from talkgen.serve.said import reasons

REFUSED = (TalkgenError, ValueError, GoneError, FailedError)
"""What an answer may end with that is no bug."""


def in_words(error: BaseException) -> str:
    """What `error`, one of REFUSED, says."""
    if isinstance(error, TalkgenError):
        return "; ".join(f"{one.message}: {one.hint}" if one.hint else one.message for one in error.problems)
    if isinstance(error, ValidationError):
        return reasons(error, "the question")
    if isinstance(error, GoneError):
        return "the answer took too long"
    if isinstance(error, FailedError):
        return "the model's device failed: ask again in a moment"
    return str(error)
