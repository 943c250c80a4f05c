"""Makes a run of this project of one that another program made: writes `runs/NAME/run.json`, and copies nothing."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from talkgen.errors import ModelError, did_you_mean
from talkgen.files import write_json
from talkgen.lm.files.run import COLUMNS, RECORD, Run

_NAME = re.compile(r"[\w][\w.-]*(/[\w][\w.-]*)?")
_KEPT = ("source", "log", "columns", "about")


def add_run(name: str, path: Path, project: Path, columns: Mapping[str, str], about: Mapping[str, Any]) -> Run:
    """Adds the run in a folder, or one that is a log alone, as `runs/NAME`; `columns` are ours by theirs.

    `about` is what the files do not say: architecture, tokens_per_step, seed. Inside the project the place is kept
    relative to it.

    Raises:
        ModelError: there is a run of that name, no log and no weights at the place, or no such column.
    """
    folder = project / "runs" / name
    if not _NAME.fullmatch(name):
        raise ModelError(f"'{name}' is no name for a run", "letters, digits, - and _; SWEEP/NAME for one of a sweep")
    if folder.exists():
        raise ModelError(f"there is a run '{name}' already", f"choose another name, or mend {folder / RECORD}")
    if not path.exists():
        raise ModelError(f"there is no {path}", "name the folder of a run, or its log")
    if unknown := [ours for ours in columns if ours not in COLUMNS]:
        raise ModelError(f"there is no column '{unknown[0]}'", did_you_mean(unknown[0], COLUMNS) or ", ".join(COLUMNS))
    source = path.resolve() if path.is_dir() else path.resolve().parent
    record = {
        "source": _written(source, folder.resolve(), project.resolve()),
        **({} if path.is_dir() else {"log": path.name}),
        "columns": dict(columns),
        "about": dict(about),
    }
    _check(_Planned(folder.resolve(), record), columns, path)
    write_json(folder / RECORD, {key: record[key] for key in _KEPT if record.get(key)})
    return Run(folder)


def _written(source: Path, folder: Path, project: Path) -> str:
    return Path(os.path.relpath(source, folder)).as_posix() if source.is_relative_to(project) else str(source)


class _Planned(Run):
    """A run that has no file yet."""

    def __init__(self, folder: Path, record: Mapping[str, Any]) -> None:
        super().__init__(folder)
        self.__dict__["record"] = record


def _check(run: Run, columns: Mapping[str, str], path: Path) -> None:
    if not run.log_files and not run.weights:
        raise ModelError(
            f"{path} holds no log and no weights",
            "JSON lines, CSV, trainer_state.json, TensorBoard's events; safetensors",
        )
    names = run.column_names
    if wrong := [theirs for theirs in columns.values() if theirs not in names]:
        raise ModelError(f"the log has no column '{wrong[0]}'", did_you_mean(wrong[0], names) or ", ".join(names[:12]))
    if names and not run.log():
        raise ModelError(
            f"which column of the log of {path} is a loss cannot be told",
            f"--column loss=NAME, one of: {', '.join(names[:12])}",
        )
