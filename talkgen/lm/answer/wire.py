"""The JSON of an answer, as types: what recordings hold, `/api/next` sends and the elements in a page read.

The elements name the same fields in `templates/web/recording.js`; a test holds the two together. Knows no server, no
page and no outline.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NotRequired, TypedDict

if TYPE_CHECKING:
    from talkgen.lm.answer.engine import Answer, Candidate
    from talkgen.lm.answer.sample import Sampling


class TokenJSON(TypedDict):
    """A token of the prompt; a server may keep ids to itself."""

    id: int | None
    text: str


class CandidateJSON(TypedDict):
    """A possible next token; `append` is there, and false, where no text can be continued with it."""

    id: int | None
    text: str
    p: float
    p_sampled: float
    append: NotRequired[bool]


class AnswerJSON(TypedDict):
    """The distribution after a prompt, and of what is drawn from: how many tokens, and its entropy in bits.

    `left_out` is how likely the first candidate is where each of `tokens` is left out, where that was asked for.
    `reused` and `milliseconds` differ from run to run, and are in no recording.
    """

    tokens: list[TokenJSON]
    candidates: list[CandidateJSON]
    other: float
    entropy: float
    kept: int | None
    entropy_sampled: float
    left_out: NotRequired[list[float]]
    reused: NotRequired[int]
    milliseconds: NotRequired[float]
    model: NotRequired[ModelJSON]


class ModelJSON(TypedDict):
    """Who answers; a recording also says of what kind it is, by which the bars are coloured."""

    name: str
    label: str
    digest: str
    architecture: NotRequired[str | None]


class SettingsJSON(TypedDict):
    """What is asked beside the prompt."""

    bars: int
    temperature: float
    top_k: int | None
    top_p: float | None


class TurnedJSON(TypedDict):
    """What other settings make of a recorded answer: `settings` are those that differ, `p_sampled` one a candidate."""

    settings: dict[str, Any]
    p_sampled: list[float]
    kept: int | None
    entropy_sampled: float


class RecordedJSON(TypedDict):
    """When and where a recording was made."""

    date: str
    device: str


class TruthJSON(TypedDict):
    """The token that really comes next, and how likely the model finds it; none where a server does not tell."""

    text: str
    p: float | None


class RecordingJSON(TypedDict):
    """All that a live block can show by itself; `answers` maps each model's name to prompt -> answer.

    `dials` are the settings that stand on the slide, each with its values; `turned` has, as `answers` does, what every
    combination of these makes of an answer.
    """

    element: str
    prompt: str
    models: list[ModelJSON]
    settings: SettingsJSON
    dials: dict[str, list[Any]]
    recorded: RecordedJSON
    answers: dict[str, dict[str, AnswerJSON]]
    turned: dict[str, dict[str, list[TurnedJSON]]]
    answer: NotRequired[TruthJSON]


class ElementAnswerJSON(TypedDict):
    """What an element answers where its parameters differ by `params` from its recording's own."""

    params: dict[str, Any]
    answer: dict[str, Any]


class ElementRecordingJSON(TypedDict):
    """All that a block of `talkgen.elements` can show by itself; `answers` maps each model's name to its answers.

    `dials` are the parameters that stand on the slide, each with the values that can be chosen there.
    """

    element: str
    name: str
    title: str
    prompt: str
    models: list[ModelJSON]
    params: dict[str, Any]
    dials: dict[str, list[Any]]
    recorded: RecordedJSON
    answers: dict[str, list[ElementAnswerJSON]]


def answer_json(answer: Answer) -> AnswerJSON:
    """An answer whose probabilities are rounded to 6 digits, so that they repeat."""
    made: AnswerJSON = {
        "tokens": [{"id": piece.id, "text": piece.text} for piece in answer.pieces],
        "candidates": [_candidate(candidate) for candidate in answer.candidates],
        "other": round(answer.other, 6),
        "entropy": round(answer.entropy, 4),
        "kept": answer.kept,
        "entropy_sampled": round(answer.entropy_sampled, 4),
        "reused": answer.reused,
        "milliseconds": round(1000 * answer.seconds, 1),
    }
    if answer.left_out is not None:
        made["left_out"] = [round(p, 6) for p in answer.left_out]
    return made


def _candidate(candidate: Candidate) -> CandidateJSON:
    p, sampled = round(candidate.p, 6), round(candidate.p_sampled, 6)
    found: CandidateJSON = {"id": candidate.id, "text": candidate.text, "p": p, "p_sampled": sampled}
    if not candidate.typed:
        found["append"] = False
    return found


def recorded_json(answer: Answer) -> AnswerJSON:
    """An answer without what differs from one run to the next."""
    made = answer_json(answer)
    del made["reused"], made["milliseconds"]
    return made


def settings_json(bars: int, sampling: Sampling) -> SettingsJSON:
    """The settings of a question, as a page sends them back with every prompt."""
    return {"bars": bars, "temperature": sampling.temperature, "top_k": sampling.top_k, "top_p": sampling.top_p}


def turned_json(settings: dict[str, Any], answer: Answer) -> TurnedJSON:
    """What is different in an answer to the same prompt under other settings."""
    made = answer_json(answer)
    return {
        "settings": settings,
        "p_sampled": [candidate["p_sampled"] for candidate in made["candidates"]],
        "kept": made["kept"],
        "entropy_sampled": made["entropy_sampled"],
    }
