"""A model that was loaded, with its tokenizer and where both come from; imports no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic

from typing_extensions import TypeVar

from talkgen.lm.files.catalog import ModelFiles
from talkgen.lm.models.reader import Readable
from talkgen.lm.text.tokenizer import Tokenizer

if TYPE_CHECKING:
    from talkgen.lm.models.base import LanguageModel

M_co = TypeVar("M_co", bound=Readable, covariant=True, default="LanguageModel")


@dataclass(frozen=True)
class Loaded(Generic[M_co]):
    """A model in evaluation mode: torch's modules, or a form of it that only reads."""

    name: str
    label: str
    model: M_co
    tokenizer: Tokenizer
    files: ModelFiles
