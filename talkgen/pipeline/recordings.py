"""Recordings: what a live block answers when no server is there, asked of the real engines while a deck is built.

A recording holds the answer to its prompt (and what that owes to each token), to the prompt with each shown token
appended, to the greedy continuation, and to the prompt cut after each of its last tokens, so that on a page without a
server the bars can still be clicked and a text be rewound; of each, what every position of the dials makes of it. Knows
no server and no page.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from talkgen.elements.recording import record_answers
from talkgen.elements.registry import check_params, load_element, tag
from talkgen.errors import ModelError
from talkgen.lm.answer import wire
from talkgen.lm.files.catalog import ModelFiles
from talkgen.outline.blocks import Live

if TYPE_CHECKING:
    from talkgen.lm.answer.answering import Answering
    from talkgen.lm.answer.engine import Answer
    from talkgen.lm.answer.sample import Sampling

GREEDY_STEPS = 8
REWIND_STEPS = 12  # tokens
ELEMENT = "talkgen-live"


def record(block: Live, models: Sequence[ModelFiles], engines: Mapping[str, Answering]) -> wire.RecordingJSON:
    """The recording of `block`; every model answers every prompt that a click on any of them can lead to.

    Raises:
        ModelError: the prompt is nothing that a model can continue.
    """
    from talkgen.lm.answer.sample import Sampling

    sampling = Sampling(block.temperature, block.top_k, block.top_p)
    asked = {files.name: _Asked(engines[files.name], block.bars, sampling) for files in models}
    reachable = {prompt for one in asked.values() for prompt in one.reachable(block.prompt)}
    prompts = {block.prompt} | {prompt for prompt in reachable if all(one.fits(prompt) for one in asked.values())}
    made: wire.RecordingJSON = {
        "element": ELEMENT,
        "prompt": block.prompt,
        "models": [_describe(files) for files in models],
        "settings": wire.settings_json(block.bars, sampling),
        "dials": dict(block.dials or {}),
        "recorded": {"date": datetime.now(UTC).date().isoformat(), "device": "cpu"},
        "answers": {
            name: {prompt: one.recorded(prompt, leave_out=prompt == block.prompt) for prompt in sorted(prompts)}
            for name, one in asked.items()
        },
        "turned": {},
    }
    if block.dials:
        turns = list(_turns(made["settings"], block.dials))
        made["turned"] = {
            name: {prompt: one.turned(prompt, turns) for prompt in sorted(prompts)} for name, one in asked.items()
        }
    if block.answer is not None:
        made["answer"] = asked[models[0].name].truth(block.prompt, block.answer)
    return made


def record_element(
    block: Live, models: Sequence[ModelFiles], engines: Mapping[str, Answering]
) -> wire.ElementRecordingJSON:
    """The recording of a block that plays an element of `talkgen.elements`, whose settings are all there.

    Raises:
        ModelError: a model cannot answer it.
    """
    params, dials = check_params(block.live, block.params), block.dials or {}
    return {
        "element": tag(block.live),
        "name": block.live,
        "title": load_element(block.live).TITLE,
        "prompt": block.prompt,
        "models": [_describe(files) for files in models],
        "params": params.model_dump(mode="json"),
        "dials": dict(dials),
        "recorded": {"date": datetime.now(UTC).date().isoformat(), "device": "cpu"},
        "answers": {
            files.name: record_answers(block.live, block.prompt, params, dials, engines[files.name]) for files in models
        },
    }


def _turns(settings: Mapping[str, Any], dials: Mapping[str, Sequence[Any]]) -> Iterator[dict[str, Any]]:
    """What differs from `settings` at each position of the dials but the one they start at."""
    for values in itertools.product(*dials.values()):
        changed = {dial: value for dial, value in zip(dials, values, strict=True) if value != settings[dial]}
        if changed:
            yield changed


def _describe(files: ModelFiles) -> wire.ModelJSON:
    architecture = files.about().get("architecture")
    return {"name": files.name, "label": files.label, "digest": files.digest(), "architecture": architecture}


class _Asked:
    """The answers of one engine, each asked for once."""

    def __init__(self, engine: Answering, bars: int, sampling: Sampling) -> None:
        self._engine, self._bars, self._sampling = engine, bars, sampling
        self._answers: dict[str, Answer] = {}

    def answer(self, prompt: str) -> Answer:
        if prompt not in self._answers:
            self._answers[prompt] = self._engine.next_token(prompt, bars=self._bars, sampling=self._sampling)
        return self._answers[prompt]

    def reachable(self, prompt: str) -> Iterator[str]:
        """The prompt, its beginnings, what is one click away, and what always clicking the first bar leads to."""
        yield prompt
        yield from list(self._beginnings(prompt))[-REWIND_STEPS:]
        yield from (prompt + text for text in self._texts(prompt))
        for _ in range(GREEDY_STEPS):
            text = next(self._texts(prompt), None)
            if text is None or not self.fits(prompt + text):
                break
            prompt += text
            yield prompt

    def _beginnings(self, prompt: str) -> Iterator[str]:
        """The prompt up to each of its tokens but the last, as far as these are parts of it."""
        at = 0
        for piece in self.answer(prompt).pieces[:-1]:
            if not prompt.startswith(piece.text, at):
                return
            at += len(piece.text)
            yield prompt[:at]

    def fits(self, prompt: str) -> bool:
        """Whether the model can read all of a prompt."""
        try:
            self._engine.count(prompt)
        except ModelError:
            return False
        return True

    def _texts(self, prompt: str) -> Iterator[str]:
        return (item.text for item in self.answer(prompt).candidates if item.typed)

    def truth(self, prompt: str, answer: str) -> wire.TruthJSON:
        """The first token of what really comes next, with its probability."""
        from talkgen.lm.answer.engine import Engine

        if not isinstance(self._engine, Engine):
            known = {item.text: item.p for item in self.answer(prompt).candidates}
            return {"text": answer, "p": known.get(answer)}
        before, whole = self._engine.encode(prompt), self._engine.encode(prompt + answer)
        if whole[: len(before)] != before or len(whole) == len(before):
            raise ModelError(f"the answer {answer!r} joins the prompt's last token", "begin it with its space")
        ids = whole[: len(before) + 1]
        p = math.exp(self._engine.score(ids, top=0)[-1].log_p)
        return {"text": self._engine.tokenizer.pieces(ids)[-1], "p": round(p, 6)}

    def turned(self, prompt: str, turns: Sequence[dict[str, Any]]) -> list[wire.TurnedJSON]:
        """What each of `turns` makes of the answer to `prompt`."""
        return [
            wire.turned_json(
                turn,
                self._engine.next_token(prompt, bars=self._bars, sampling=dataclasses.replace(self._sampling, **turn)),
            )
            for turn in turns
        ]

    def recorded(self, prompt: str, *, leave_out: bool) -> wire.AnswerJSON:
        """The answer to `prompt`, as it is kept; with `leave_out` what it owes to each token too."""
        if not leave_out:
            return wire.recorded_json(self.answer(prompt))
        asked = self._engine.next_token(prompt, bars=self._bars, sampling=self._sampling, leave_out=True)
        return wire.recorded_json(asked)
