"""The recording of a live element: what it answers to its prompt at every position of its dials."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from talkgen.elements.base import Asked, Params
from talkgen.elements.registry import load_element
from talkgen.errors import ModelError
from talkgen.lm.answer.callers import Caller
from talkgen.lm.answer.wire import ElementAnswerJSON

if TYPE_CHECKING:
    from talkgen.lm.answer.answering import Answering
    from talkgen.lm.answer.engine import Engine


def record_answers(
    name: str, prompt: str, params: Params, dials: Mapping[str, Sequence[Any]], engine: Answering
) -> list[ElementAnswerJSON]:
    """The answers of a model, the first for `params` themselves; of the others what differs from that one.

    Raises:
        ModelError: the model cannot answer, or answers elsewhere.
    """
    module, here = load_element(name), find_here(engine)
    base = Asked(here, prompt, params, Caller())
    start = params.model_dump(mode="json")
    answers: list[ElementAnswerJSON] = []
    for wanted in _wanted(module, base, dials):
        values = wanted.model_dump(mode="json")
        changed = {key: value for key, value in values.items() if value != start[key]}
        made = module.answer(Asked(here, prompt, wanted, Caller()))
        first = answers[0]["answer"] if answers else {}
        answer = {key: value for key, value in made.items() if key not in first or value != first[key]}
        answers.append({"params": changed, "answer": answer})
    return answers


def find_here(engine: Answering) -> Engine:
    """An engine that can be looked into.

    Raises:
        ModelError: it answers elsewhere.
    """
    from talkgen.lm.answer.engine import Engine

    if not isinstance(engine, Engine):
        raise ModelError(f"{engine.files.label} shows nothing but its next tokens", "name a model that runs here")
    return engine


def _wanted(module: Any, base: Asked, dials: Mapping[str, Sequence[Any]]) -> Iterator[Params]:
    """The parameters as they are, then every combination of the dials, then what else the element wants."""
    yield base.params
    seen = [base.params]
    grid = itertools.product(*dials.values())
    more = getattr(module, "also_recorded", lambda _: ())
    start = base.params.model_dump(mode="json")
    turned = (type(base.params).model_validate(start | dict(zip(dials, values, strict=True))) for values in grid)
    for wanted in itertools.chain(turned, more(base)):
        if wanted not in seen:
            seen.append(wanted)
            yield wanted
