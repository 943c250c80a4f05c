"""What every model's memory of a text can do, whatever computes; imports no torch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence


class State(ABC):
    """What a model remembers of the tokens it has read; `length` counts them."""

    length: int
    rolls_back = True  # to any token; a recurrent state does not

    @property
    @abstractmethod
    def room(self) -> int:
        """How many tokens it has memory for, read or not; 0 where it is of a fixed size."""

    def reserve(self, capacity: int) -> None:  # noqa: B027 – nothing to do where it is of a fixed size
        """Makes room for at least `capacity` tokens in all."""

    @property
    def bytes_a_token(self) -> int:
        """What each token of a text takes in memory; 0 where it is of a fixed size."""
        return 0

    @abstractmethod
    def truncate(self, length: int) -> None:
        """Forgets every token after the first `length`.

        Raises:
            ValueError: the state cannot go back (a recurrent one keeps no past).
        """

    @abstractmethod
    def clone(self, length: int | None = None) -> State:
        """A copy that shares no memory, of all tokens or of the first `length`; it has room for no more.

        Raises:
            ValueError: the state cannot go back.
        """

    @abstractmethod
    def select(self, rows: Sequence[int]) -> State:
        """The state of the batch rows `rows`, in that order."""
