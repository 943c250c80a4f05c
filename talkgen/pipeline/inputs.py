"""What figures and recordings are computed from, found by name in a project: models, runs, sweeps, data files."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

from talkgen.files import read_json
from talkgen.lm.files.catalog import ModelFiles, find_model, find_run
from talkgen.pipeline.sweeps import find_sweep_models, read_sweep

if TYPE_CHECKING:
    from talkgen.figures.base import Data
    from talkgen.lm.answer.answering import Answering
    from talkgen.lm.files.loaded import Loaded

TABLES = Path(__file__).parents[1] / "figures" / "data"


class ProjectInputs:
    """What figures ask for, by name; models and engines are opened at most once in a build."""

    def __init__(self, project: Path, model: ModelFiles) -> None:
        self._project, self._model = project, model
        self._loaded: dict[str, Loaded] = {}
        self._engines: dict[str, Answering] = {}

    def open_model(self, files: ModelFiles) -> Loaded:
        """The model in `files`, in float32 on the CPU."""
        from talkgen.lm.files.weights import load_model

        if files.name not in self._loaded:
            self._loaded[files.name] = load_model(files)
        return self._loaded[files.name]

    def engine(self, files: ModelFiles) -> Answering:
        """An exact engine over that model, or the server that has it."""
        from talkgen.lm.answer.engine import Engine
        from talkgen.lm.answer.remote import RemoteEngine

        if files.name not in self._engines:
            self._engines[files.name] = (
                RemoteEngine(files) if files.kind == "openai" else Engine(self.open_model(files))
            )
        return self._engines[files.name]

    def model(self, name: str) -> Loaded:
        """The model named `name`; the deck's own where it is empty."""
        return self.open_model(find_model(name, self._project) if name else self._model)

    def run(self, name: str) -> Path:
        """The folder of the run named `name`; of the deck's own model where it is empty."""
        return find_run(name, self._project).folder if name else self._model.run_folder

    def sweep(self, name: str) -> Data:
        """The summary of the sweep named `name`."""
        return read_sweep(name, self._project)

    def sweep_models(self, name: str) -> list[Loaded]:
        """The models of the sweep named `name`."""
        return [self.open_model(files) for files in find_sweep_models(name, self._project)]

    def votes(self, name: str) -> list[Data]:
        """The rounds of votes of the talk `name`."""
        file = votes_file(name, self._project)
        return list(read_json(file)["rounds"]) if file.is_file() else []

    def table(self, name: str) -> list[dict[str, str]]:
        """The rows of the data file `name`."""
        return read_table(name)


def votes_file(name: str, project: Path) -> Path:
    """Where the votes of a talk are kept, as `talkgen present --audience` writes them."""
    return (project / "slides" / name if name else project) / "votes" / "votes.json"


def read_table(name: str) -> list[dict[str, str]]:
    """The rows of the data file `name` of `talkgen/figures/data`; lines that start with # are comments."""
    lines = (TABLES / name).read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))
