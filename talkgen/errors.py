"""What a user can cause, said with a place and a hint; knows nothing of outlines, models or decks.

Everything raised on purpose is a :class:`TalkgenError`. The command line prints one as

    slides/attention/outline.yaml:12:9: slides[3].body[0].figure: there is no figure 'compte_graph'
      hint: did you mean 'compute_graph'?

and exits with 1. Any other exception is a bug in talkgen and exits with 3.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

MOST = 200  # problems that are told at once


@dataclass(frozen=True)
class Place:
    """A position in a file; `line` and `column` count from 1."""

    path: Path
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: what, where in the file, where in the document, and what to do about it."""

    message: str
    hint: str = ""
    place: Place | None = None
    where: str = ""

    def __str__(self) -> str:
        head = ": ".join(str(part) for part in (self.place, self.where, self.message) if part)
        return f"{head}\n  hint: {self.hint}" if self.hint else head


class TalkgenError(Exception):
    """The outline, the deck or the machine is at fault; carries every problem found, not only the first."""

    exit_code = 1

    def __init__(self, message: str | Iterable[Problem], hint: str = "", place: Place | None = None) -> None:
        given = (Problem(message, hint, place),) if isinstance(message, str) else message
        self.problems: tuple[Problem, ...] = _at_most(list(dict.fromkeys(given)))
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self) -> tuple[type[TalkgenError], tuple[tuple[Problem, ...]]]:
        """Handed on to another process it keeps its problems."""
        return TalkgenError, (self.problems,)

    def at(self, place: Place | None, where: str) -> list[Problem]:
        """Its problems, placed there as far as they have no place of their own."""
        return [
            replace(problem, place=problem.place or place, where=problem.where or where) for problem in self.problems
        ]


def _at_most(problems: list[Problem]) -> tuple[Problem, ...]:
    """As many problems as anybody reads, each once."""
    if len(problems) <= MOST:
        return tuple(problems)
    return (*problems[: MOST - 1], Problem(f"and {len(problems) - MOST + 1:,} more"))


class OutlineError(TalkgenError):
    """An outline that cannot be read, parsed, validated or planned."""


class ModelError(TalkgenError):
    """A model that cannot be found, read or trusted."""


class ToolError(TalkgenError):
    """A program talkgen drives (Node, Marp, Slidev, a browser) is missing or failed."""


def did_you_mean(name: str, candidates: Iterable[str]) -> str:
    """A hint naming the nearest of `candidates`, or all of them where none is near."""
    known = sorted(set(candidates))
    return nearest(name, known) or (f"known: {', '.join(known)}" if known else "")


def nearest(name: str, candidates: Iterable[str]) -> str:
    """A hint naming the nearest of `candidates`; nothing where none is near."""
    near = difflib.get_close_matches(name, sorted(set(candidates)), n=1, cutoff=0.65)
    return f"did you mean '{near[0]}'?" if near else ""
