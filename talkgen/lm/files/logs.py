"""Reads what a training wrote down of itself, whoever trained: JSON lines, CSV, a Trainer's state, TensorBoard's.

A log is rows of numbers under the names that their writer gave them. Knows no run, and not what the numbers mean.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from talkgen.errors import ModelError
from talkgen.extras import extras_in_words
from talkgen.files import read_json

Row = dict[str, float]

STATE = "trainer_state.json"  # what transformers' Trainer writes into each of its checkpoints
EVENTS = "events.out.tfevents.*"  # as TensorBoard names its files


def find_log(folder: Path) -> list[Path]:
    """The files of the log in a folder; none where there is no log.

    Raises:
        ModelError: there are several of a kind, and which one it is cannot be told.
    """
    if (folder / "metrics.jsonl").is_file():
        return [folder / "metrics.jsonl"]
    if states := sorted(folder.glob(f"checkpoint-*/{STATE}"), key=lambda state: step_of(state.parent)):
        own = folder / STATE
        return [own if own.is_file() else states[-1]]
    for pattern in (STATE, "*.jsonl", "*.csv"):
        found = sorted(folder.glob(pattern))
        if len(found) > 1:
            raise ModelError(
                f"{folder} holds several logs: {', '.join(file.name for file in found)}",
                "name one of them instead of the folder",
            )
        if found:
            return found
    return sorted(folder.rglob(EVENTS))


def step_of(checkpoint: Path) -> int:
    """The step in the name of a checkpoint's folder; -1 where it names none."""
    number = checkpoint.name.rpartition("-")[2]
    return int(number) if number.isdecimal() else -1


def read_log(files: Iterable[Path]) -> list[Row]:
    """The rows of a log's files, one after the other; what is no finite number is left out.

    Raises:
        ModelError: one cannot be read, or is of no kind that is known here.
    """
    return [row for file in files for row in map(_numbers, _read(file)) if row]


def _read(file: Path) -> Iterable[Mapping[str, Any]]:
    if "tfevents" in file.name:
        return _read_events(file)
    try:
        match file.suffix:
            case ".jsonl":
                return read_lines(file)
            case ".csv":
                return _read_table(file)
            case ".json":
                rows = read_json(file, ModelError).get("log_history")
                return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    except (OSError, csv.Error) as error:
        raise ModelError(f"the log {file} cannot be read: {error}") from error
    raise ModelError(
        f"{file} is no log that talkgen reads", "JSON lines, CSV, trainer_state.json, TensorBoard's events"
    )


def _read_table(file: Path) -> list[dict[str, Any]]:
    """The rows of a CSV; where columns end with a semicolon, as spreadsheets write it, the decimal sign is a comma."""
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as opened:
        text = opened.read()
    names = text.partition("\n")[0]
    if ";" in names and "," not in names:
        text = text.replace(",", ".").replace(";", ",")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def read_lines(file: Path) -> list[dict[str, Any]]:
    """The objects in a file of JSON lines; a line torn by a kill or damaged is left out."""
    rows = []
    for line in file.read_text(encoding="utf-8", errors="replace").split("\n"):  # other line ends may stand in a text
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(row, dict):
            rows.append(row)
    return rows


def _numbers(row: Mapping[str, Any]) -> Row:
    found = ((str(name), _number(value)) for name, value in row.items())
    return {name: value for name, value in found if value is not None}


def _number(value: Any) -> float | None:
    """A finite number, a whole one as such."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    if not math.isfinite(number):
        return None
    return int(number) if number.is_integer() and not (isinstance(value, str) and "." in value) else number


def _read_events(file: Path) -> Iterator[Mapping[str, Any]]:
    """The scalars of a file of TensorBoard's, a row each, with the wall clock (s)."""
    with extras_in_words():
        from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
        from tensorboard.util.tensor_util import make_ndarray

    for event in EventFileLoader(str(file)).Load():  # which gives scalars of every age as tensors
        for value in event.summary.value:
            numbers = make_ndarray(value.tensor) if value.HasField("tensor") else None
            if numbers is not None and numbers.ndim == 0 and numbers.dtype.kind in "fiu":
                yield {"step": event.step, value.tag: numbers.item(), "wall_time": event.wall_time}
