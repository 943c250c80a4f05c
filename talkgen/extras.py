"""What only an extra of talkgen brings, and the words for it where that is not installed.

A deck without a model needs none of these packages: whoever imports one does so when it is first used. The list is held
to pyproject.toml by a test.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from talkgen.errors import TalkgenError

EXTRAS = {
    "torch": "train",
    "safetensors": "train",
    "tokenizers": "train",
    "huggingface_hub": "train",
    "gguf": "train",
    "networkx": "train",
    "gradio": "demos",
    "ray": "ray",
    "tensorboard": "tensorboard",
}
"""Top-level modules, each with the extra that brings it."""


class MissingExtraError(TalkgenError):
    """A package that an extra brings is used and not there."""


def missing_extra(error: ImportError) -> MissingExtraError | None:
    """What to install where `error` says that a package of an extra is missing; None where it says anything else."""
    package = (error.name or "").partition(".")[0]
    if package not in EXTRAS:
        return None
    return MissingExtraError(f"{package} is not installed", f"pip install 'talkgen[{EXTRAS[package]}]'")


@contextmanager
def extras_in_words() -> Iterator[None]:
    """Turns a missing package of an extra into a message.

    Raises:
        MissingExtraError: instead of the ImportError.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if said := missing_extra(error):
            raise said from error
        raise
