"""Finds a finished sweep and its models by name: the project's own in `runs/` goes before what talkgen ships.

A folder of runs that others made, `runs/SWEEP/RUN` each, is a sweep too.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from talkgen.assets import sweeps_dir
from talkgen.errors import ModelError, did_you_mean
from talkgen.files import read_json
from talkgen.lm.files.catalog import ModelFiles
from talkgen.lm.files.run import Run, is_run

SUMMARY = "sweep.json"
_WANTED = ("architecture", "parameters_without_embeddings", "tokens", "val_loss")


def find_sweep_summary(name: str, project: Path) -> Path:
    """The sweep.json of the sweep `name`.

    Raises:
        ModelError: there is no finished sweep of that name.
    """
    roots = (project / "runs", sweeps_dir())
    if Path(name).name == name:
        for file in (root / name / SUMMARY for root in roots):
            if file.is_file():
                return file
    found = {file.parent.name for root in roots for file in root.glob(f"*/{SUMMARY}")}
    hints = (did_you_mean(name, found), "talkgen sweep makes it")
    raise ModelError(f"there is no finished sweep '{name}'", "; ".join(hint for hint in hints if hint))


def read_sweep(name: str, project: Path) -> dict[str, Any]:
    """The summary of the sweep `name`, as `talkgen.lm.train.sweep.sweep` returned it, or gathered from its runs.

    Raises:
        ModelError: there is none, its file is damaged, or a run does not tell what sweeps are made of.
    """
    if runs := runs_of_others(name, project):
        return {"name": name, "runs": [_summary(run) for run in runs]}
    file = find_sweep_summary(name, project)
    return read_json(file, ModelError)


def runs_of_others(name: str, project: Path) -> list[Run]:
    """The runs that a sweep is gathered from; none where it is one of ours."""
    folder = project / "runs" / name
    if not folder.is_dir() or (folder / SUMMARY).is_file():
        return []
    inside = sorted(path for path in folder.iterdir() if path.is_dir() and path.name != "checkpoints")
    return [Run(path) for path in inside if is_run(path)]


def _summary(run: Run) -> dict[str, Any]:
    summary = {"seed": 0, **run.summary()}
    if missing := [name for name in _WANTED if summary.get(name) is None]:
        raise ModelError(
            f"the run in {run.folder} does not tell its {missing[0]}", f"talkgen run add … --about {missing[0]}=VALUE"
        )
    return summary


def find_sweep_models(name: str, project: Path) -> list[ModelFiles]:
    """The models that the sweep `name` trained, in the order of its summary.

    Raises:
        ModelError: there is no such sweep, or its weights were not kept.
    """
    folder = find_sweep_summary(name, project).parent
    runs = [run["name"] for run in read_sweep(name, project)["runs"]]
    missing = [run for run in runs if not (folder / run / "checkpoints").is_dir()]
    if missing:
        raise ModelError(f"the sweep '{name}' is without the weights of {missing[0]}", "make it again: talkgen sweep")
    return [ModelFiles(f"{name}/{run}", "checkpoint", folder / run, f"{name}/{run}") for run in runs]
