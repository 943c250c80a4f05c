"""What a live element's module supplies, and what it is given; knows no outline, no store and no server.

An element is a function of a prompt and parameters that a real model answers as JSON, and a custom element that shows
the answer. The same function makes the recording that a deck carries and, while it is presented, the live answers:

    answer(asked) -> JSON    what is shown; on the way `asked.tell` may be given what there is so far
    DIALS                    the parameters that stand on the slide, each with the values that can be chosen there

Every combination of the dials' values is recorded, so that a recorded element answers them too. A module imports torch
inside its functions only: planning a build reads `Params` and must not pay for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from pydantic import BaseModel, ConfigDict

from talkgen.errors import ModelError
from talkgen.lm.answer.callers import Caller, GoneError

if TYPE_CHECKING:
    from talkgen.lm.answer.engine import Engine

JSON = dict[str, Any]


class Params(BaseModel):
    """What an element is asked beside the prompt: frozen, with a default each, and an unknown one is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @property
    def own_work(self) -> bool:
        """Whether it is no question to the model: that it takes long says nothing of that."""
        return False


def _tell_nobody(_: JSON) -> None:
    pass


@dataclass(frozen=True)
class Asked:
    """A question to an element; `tell` is given what there is of the answer so far."""

    engine: Engine
    prompt: str
    params: Any
    caller: Caller
    tell: Callable[[JSON], None] = _tell_nobody

    def go_on(self) -> None:
        """Makes sure that somebody still waits.

        Raises:
            GoneError: nobody does.
        """
        if self.caller.gone():
            raise GoneError

    def ids(self, most: int, least: int = 1) -> list[int]:
        """The ids of the prompt's tokens.

        Raises:
            ModelError: there are more than `most`, or fewer than `least`.
        """
        ids = self.engine.encode(self.prompt)
        if len(ids) > most:
            raise ModelError(f"the text has {len(ids)} tokens; {most} fit here", "shorten it")
        if len(ids) < least:
            raise ModelError(f"this takes {least} tokens or more", "type some text")
        return ids


class ElementModule(Protocol):
    """The protocol of a module in `talkgen.elements`."""

    TITLE: ClassVar[str]
    """What it is called, for people."""

    Params: type[Params]
    """The parameters, with defaults that make a good slide."""

    DIALS: ClassVar[Mapping[str, Sequence[Any]]]
    """The parameters that stand on the slide where the author chooses none, each with its values."""

    IN_PAGE: ClassVar[bool]
    """Whether templates/web/page answers it too."""

    MEASURES_TIME: ClassVar[bool]
    """Whether an answer holds times, so that a recording is of one machine."""

    def answer(self, asked: Asked) -> Mapping[str, Any]:
        """What is shown.

        Raises:
            ModelError: the model cannot answer that.
        """


# A module may also have `also_recorded(asked) -> Iterable[Params]`: what else is recorded, since a click leads there;
# and `RUN_PARTS`: what it reads of its model's run beside the weights, as talkgen.figures.uses names the parts of one.
