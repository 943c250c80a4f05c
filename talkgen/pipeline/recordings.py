"""Recordings: what a live block answers when no server is there, asked of the real engines while a deck is built.

A recording holds the answer to its prompt, to the prompt with each shown token appended, and to the greedy
continuation, so that on a page without a server the bars can still be clicked. Knows no server and no page.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from talkgen.errors import ModelError
from talkgen.lm.files.catalog import ModelFiles
from talkgen.outline.schema import Live

if TYPE_CHECKING:
    from talkgen.lm.answer.engine import Answer, Engine
    from talkgen.lm.text.tokenizer import Tokenizer

GREEDY_STEPS = 8
ELEMENT = "talkgen-live"


def record(block: Live, models: Sequence[ModelFiles], engines: Mapping[str, Engine]) -> dict[str, Any]:
    """The recording of `block`, as plain JSON values.

    `answers` maps each model's name to prompt -> answer; every model answers every prompt that a click on any of them
    can lead to.

    Raises:
        ModelError: the prompt is nothing that a model can continue.
    """
    settings = {"bars": block.bars, "temperature": block.temperature, "top_k": block.top_k, "top_p": block.top_p}
    asked = {files.name: _Asked(engines[files.name], settings) for files in models}
    reachable = {prompt for one in asked.values() for prompt in one.reachable(block.prompt)}
    prompts = {block.prompt} | {prompt for prompt in reachable if all(one.fits(prompt) for one in asked.values())}
    return {
        "element": ELEMENT,
        "prompt": block.prompt,
        "models": [_describe(files) for files in models],
        "settings": settings,
        "recorded": {"date": datetime.now(UTC).date().isoformat(), "device": "cpu"},
        "answers": {name: {prompt: one.recorded(prompt) for prompt in sorted(prompts)} for name, one in asked.items()},
    }


def _describe(files: ModelFiles) -> dict[str, Any]:
    architecture = files.about().get("architecture")
    return {"name": files.name, "label": files.label, "digest": files.digest(), "architecture": architecture}


class _Asked:
    """The answers of one engine, each asked for once."""

    def __init__(self, engine: Engine, settings: Mapping[str, Any]) -> None:
        self._engine, self._settings = engine, settings
        self._answers: dict[str, Answer] = {}

    def answer(self, prompt: str) -> Answer:
        if prompt not in self._answers:
            self._answers[prompt] = self._engine.next_token(prompt, **self._settings)
        return self._answers[prompt]

    def reachable(self, prompt: str) -> Iterator[str]:
        """The prompt, those one click away, and those on the way of always clicking the first bar that can be."""
        yield prompt
        yield from (prompt + text for text in self._texts(prompt))
        for _ in range(GREEDY_STEPS):
            text = next(self._texts(prompt), None)
            if text is None or not self.fits(prompt + text):
                break
            prompt += text
            yield prompt

    def fits(self, prompt: str) -> bool:
        """Whether the model can read all of a prompt."""
        try:
            self._engine.encode(prompt)
        except ModelError:
            return False
        return True

    def _texts(self, prompt: str) -> Iterator[str]:
        tokenizer = self._engine.tokenizer
        return (item.text for item in self.answer(prompt).candidates if stands_for_text(item.id, tokenizer))

    def recorded(self, prompt: str) -> dict[str, Any]:
        """The answer to `prompt` without what differs from one run to the next."""
        answer = answer_json(self.answer(prompt), self._engine.tokenizer)
        return {name: value for name, value in answer.items() if name not in ("reused", "milliseconds")}


def answer_json(answer: Answer, tokenizer: Tokenizer) -> dict[str, Any]:
    """An answer as the elements read it: a candidate that no text can be continued with says `"append": false`."""
    data = answer.to_json()
    for candidate in data["candidates"]:
        if not stands_for_text(candidate["id"], tokenizer):
            candidate["append"] = False
    return data


def stands_for_text(token: int, tokenizer: Tokenizer) -> bool:
    """Whether a token can be appended to a prompt: special tokens and fragments of a character cannot be typed."""
    return token not in tokenizer.special.values() and "\ufffd" not in tokenizer.decode([token])
