"""The Mermaid diagrams of a talk, drawn in the browser; one that Mermaid cannot read is a problem with its line."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

from talkgen.errors import Problem
from talkgen.export.mermaid import Complaint, Diagram, draw_diagrams
from talkgen.pipeline.artifacts import DiagramArtifact
from talkgen.pipeline.talk import Talk
from talkgen.yamlfile import where_path

Outputs = Mapping[str, bytes]


def draw_all(
    diagrams: Sequence[DiagramArtifact], talk: Talk, report: Callable[[str], None]
) -> tuple[list[tuple[DiagramArtifact, Outputs]], list[Problem]]:
    """The outputs of each diagram that can be drawn, and a problem for each that cannot.

    Raises:
        ToolError: the browser or Mermaid failed.
    """
    themes = {diagram.theme: [each for each in diagrams if each.theme == diagram.theme] for diagram in diagrams}
    answers = {
        theme: draw_diagrams([diagram.source for diagram in those], talk.style_of(theme), report)
        for theme, those in themes.items()
    }
    drawn: list[tuple[DiagramArtifact, Outputs]] = []
    problems: list[Problem] = []
    pairs = (pair for theme, those in themes.items() for pair in zip(those, answers[theme], strict=True))
    for diagram, answer in pairs:
        match answer:
            case Diagram():
                size = json.dumps({"width": answer.width, "height": answer.height})
                drawn.append((diagram, {"svg": answer.svg, "words": answer.words.encode(), "size": size.encode()}))
            case Complaint():
                problems.append(_problem(diagram, answer, talk))
    return drawn, problems


def _problem(diagram: DiagramArtifact, complaint: Complaint, talk: Talk) -> Problem:
    path = (*diagram.path, "mermaid")
    lines = diagram.source.split("\n")[: (complaint.line or 1) - 1]
    place = talk.source.document.place_in(path, sum(len(line) + 1 for line in lines))
    hint = "the syntax of each kind of diagram is on mermaid.js.org"
    return Problem(f"Mermaid cannot read this diagram: {complaint.message}", hint, place, where_path(path))
