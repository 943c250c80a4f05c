"""Computes figures' numbers, here or in several processes at once: the same numbers either way. Knows no store."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from talkgen.extras import extras_in_words
from talkgen.figures.registry import load_origin
from talkgen.lm.files.catalog import ModelFiles
from talkgen.pipeline.inputs import ProjectInputs
from talkgen.pipeline.processes import cores, make_pool, one_thread

if TYPE_CHECKING:
    from talkgen.pipeline.artifacts import FigureArtifact

_WORTH = 3  # figures from which on starting processes, which load torch each, takes less time than it saves
_MOST = 8  # processes: each holds the models that its figures ask


@dataclass(frozen=True)
class Numbers:
    """A figure's numbers as JSON, and the seconds that they took."""

    content: bytes
    seconds: float


def compute_numbers(origin: str, params: Any, inputs: ProjectInputs) -> Numbers:
    """The numbers of the figure whose code is at `origin`.

    Raises:
        TalkgenError: it cannot be computed.
    """
    started = time.perf_counter()
    with extras_in_words(), one_thread():
        module = load_origin(origin)
        data = module.compute(module.Params.model_validate(params), inputs)
    return Numbers(to_json(data), time.perf_counter() - started)


def to_json(value: Any) -> bytes:
    """A result as it is kept."""
    return json.dumps(value, ensure_ascii=False).encode()


@dataclass
class Computer:
    """Processes that compute figures of a project whose talk is about `model`; none for a few figures."""

    project: Path
    model: ModelFiles
    _pools: list[ProcessPoolExecutor] = field(default_factory=list)

    def submit(self, figures: Sequence[FigureArtifact]) -> dict[Future[Numbers], FigureArtifact]:
        """Begins with figures; nothing where they are too few, or there is one core."""
        count = min(cores(), _MOST, len(figures))
        if count < 2 or len(figures) < _WORTH:
            return {}
        pool = make_pool(count)
        self._pools.append(pool)
        return {pool.submit(_compute, each.origin, each.params, self.project, self.model): each for each in figures}

    def close(self) -> None:
        """Ends the processes."""
        for pool in self._pools:
            pool.shutdown(cancel_futures=True)


def _compute(origin: str, params: Any, project: Path, model: ModelFiles) -> Numbers:
    return compute_numbers(origin, params, _inputs(project, model))


@lru_cache(maxsize=1)
def _inputs(project: Path, model: ModelFiles) -> ProjectInputs:
    """What figures ask for, with the models that were opened once in this process."""
    return ProjectInputs(project, model)
