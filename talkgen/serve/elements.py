"""Questions to the elements of `talkgen.elements`, as pages send them, and who answers them: the talk's engines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from talkgen.elements.base import JSON, Asked, Params
from talkgen.elements.registry import check_params, load_element
from talkgen.errors import TalkgenError
from talkgen.lm.answer.callers import Caller, FailedError
from talkgen.serve.engines import Engines
from talkgen.serve.limits import Text


class ElementBody(BaseModel):
    """A question to an element, as a page sends it; `model` is the first one where it is left out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str | None = Field(None, max_length=200)
    prompt: Text
    params: dict[str, JsonValue] = {}


@dataclass(frozen=True)
class ElementQuestion:
    """A question to an element, its parameters checked; equal ones are answered once."""

    element: str
    model: str | None
    prompt: str
    params: Params

    def answer(self, engines: Engines, caller: Caller, tell: Callable[[JSON], None]) -> dict[str, Any]:
        """What the element answers.

        Raises:
            TalkgenError: the model is not there, cannot be looked into, or cannot take the prompt.
            GoneError: the caller went.
            FailedError: the device failed; the model moves to the CPU and is not there meanwhile.
        """
        engine = engines.find_here(self.model)
        asked = Asked(engine, self.prompt, self.params, caller, tell)
        try:
            return dict(load_element(self.element).answer(asked))
        except TalkgenError:
            raise
        except (FailedError, RuntimeError) as error:
            engines.fail(engine, error)
            raise FailedError(f"the model's pass failed: {error}") from error


def read_question(name: str, body: ElementBody) -> ElementQuestion:
    """The question of a page to the element `name`.

    Raises:
        TalkgenError: its parameters are not valid.
    """
    return ElementQuestion(name, body.model, body.prompt, check_params(name, body.params))
