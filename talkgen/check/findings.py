"""Findings, and the rules that they go by; knows nothing of how anything is found out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from talkgen.errors import Problem

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("note", "warning", "error")


@dataclass(frozen=True)
class Rule:
    """What is held to, and how much it weighs where it is not."""

    severity: Severity
    says: str


RULES = {
    "overflow": Rule("error", "A slide holds all that is on it."),
    "other-host": Rule("error", "A deck asks no host but its own."),
    "lost": Rule("error", "All that a deck asks for is there."),
    "contrast": Rule("error", "Text stands out from what is behind it, as WCAG's level AA asks."),
    "alt-text": Rule("error", "Each picture has words for those who do not see it."),
    "accessibility": Rule("error", "axe-core finds nothing serious on a slide."),
    "recording": Rule("error", "Each live block has its recorded answer in the deck."),
    "stale": Rule("error", "A deck is as it would be built now, on the disk too."),
    "old-picture": Rule("warning", "A picture of a Gradio app shows it as it is now."),
    "dead-link": Rule("warning", "A link leads somewhere."),
    "small-text": Rule("warning", "The last row can read what is on a slide."),
    "comment": Rule("warning", "No words of a text are a comment."),
    "term": Rule("warning", "A key term is spelled one way."),
    "duration": Rule("warning", "The planned minutes fit into the slot."),
    "degraded": Rule("note", "A target shows a block in a simpler form."),
    "no-duration": Rule("note", "A slide has its planned minutes, where others have."),
    "no-notes": Rule("note", "A slide has notes for who speaks."),
}


@dataclass(frozen=True)
class Finding:
    """One thing that a rule speaks against, with its place; `target` where only one of the decks has it."""

    rule: str
    problem: Problem
    target: str | None = None

    @property
    def severity(self) -> Severity:
        """How much it weighs."""
        return RULES[self.rule].severity

    def __str__(self) -> str:
        return f"{self.severity:7}  {self.rule}: {self.problem}"

    def to_json(self) -> dict[str, Any]:
        """The finding as plain JSON values."""
        place = self.problem.place
        return {
            "rule": self.rule,
            "severity": self.severity,
            "target": self.target,
            "message": self.problem.message,
            "hint": self.problem.hint,
            "where": self.problem.where,
            "file": str(place.path) if place else None,
            "line": place.line if place else None,
            "column": place.column if place else None,
        }


def is_as_bad(finding: Finding, least: Severity) -> bool:
    """Whether a finding weighs at least that much."""
    return SEVERITIES.index(finding.severity) >= SEVERITIES.index(least)
