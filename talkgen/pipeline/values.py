"""The values that `{{ … }}` may name: `vars`, `model`, `run`, `runs`, `figures`; so no number in prose goes stale."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from talkgen.lm.files.catalog import ModelFiles, find_model, list_models
from talkgen.outline.schema import Outline


class Runs(Mapping[str, Mapping[str, Any]]):
    """The summary of each training run by its name, read when it is asked for."""

    def __init__(self, project: Path) -> None:
        self._project = project

    def __getitem__(self, name: str) -> Mapping[str, Any]:
        return read_summary(find_model(name, self._project))

    def __iter__(self) -> Iterator[str]:
        return (files.name for files in list_models(self._project) if files.kind == "checkpoint")

    def __len__(self) -> int:
        return sum(1 for _ in self)


def read_summary(files: ModelFiles) -> Mapping[str, Any]:
    """What `talkgen train` measured of a model; empty for a model that talkgen did not train."""
    summary = files.path / "summary.json"
    return json.loads(summary.read_text(encoding="utf-8")) if summary.is_file() else {}


def values_before(outline: Outline, model: ModelFiles, project: Path) -> dict[str, Any]:
    """What is known before anything is computed."""
    return {"vars": outline.vars, "model": model.about(), "run": read_summary(model), "runs": Runs(project)}


def values_after(before: Mapping[str, Any], figures: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The same with each figure's data, by the block's id or else the figure's name."""
    return {**before, "figures": figures}
