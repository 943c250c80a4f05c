"""The values that `{{ … }}` may name: `vars`, `model`, `run`, `runs`, `figures`; so no number in prose goes stale.

Those that a talk's texts do name are a thing of the deck for each of these namespaces, with a key.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from talkgen.errors import TalkgenError
from talkgen.lm.files.catalog import ModelFiles, find_run, list_runs
from talkgen.lm.files.run import Run
from talkgen.pipeline.artifacts import ValuesArtifact
from talkgen.pipeline.draft import Chain
from talkgen.store.key import Key, make_key


class Runs(Mapping[str, Mapping[str, Any]]):
    """The summary of each training run by its name, read when it is first asked for."""

    def __init__(self, project: Path) -> None:
        self._project = project
        self._found: dict[str, Mapping[str, Any]] = {}

    def __getitem__(self, name: str) -> Mapping[str, Any]:
        if name not in self._found:
            self._found[name] = find_run(name, self._project).summary()
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(list_runs(self._project))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def read_summary(files: ModelFiles) -> Mapping[str, Any]:
    """What is known of a model's training; empty where nothing is."""
    return Run(files.run_folder).summary() if files.run or files.kind == "checkpoint" else {}


def known_values(variables: Mapping[str, Any], model: ModelFiles, project: Path) -> dict[str, Any]:
    """What is known before anything is computed."""
    return {"vars": variables, "model": model.about(), "run": read_summary(model), "runs": Runs(project)}


def plan_values(
    chains: Iterable[Chain], values: Mapping[str, Any], figures: Mapping[str, Key]
) -> tuple[ValuesArtifact, ...]:
    """The namespaces that `chains` name, each with a key of the values it names there.

    Of `figures` the keys of their numbers stand for these, which may not be computed yet.
    """
    known = {**values, "figures": {label: {"digest": key.hexdigest} for label, key in figures.items()}}
    spaces: dict[str, dict[str, Any]] = {}
    for chain in sorted(chains, key=repr):
        steps = chain[:2] if chain[0] == "figures" else chain
        spaces.setdefault(str(chain[0]), {})[".".join(map(str, steps))] = value_at(known, steps)
    return tuple(ValuesArtifact(name, make_key("values", parts)) for name, parts in spaces.items())


def value_at(values: Mapping[str, Any], chain: Sequence[Any]) -> Any:
    """The value that a chain leads to, as JSON; None where there is none, which evaluating will tell."""
    found: Any = values
    try:
        for step in chain:
            found = found[step]
    except (TalkgenError, LookupError, TypeError):
        return None
    return _plain(found)


def _plain(value: Any) -> Any:
    """A value as JSON; numbers that JSON lacks as text."""
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return repr(value) if isinstance(value, float) and not math.isfinite(value) else value
