"""A training run as it lies on the disk, ours or anybody's: its log in our columns, its checkpoints, what came of it.

    runs/NAME/metrics.jsonl, checkpoints/step-NNNNNN, summary.json, config.yaml      as `talkgen train` writes it
    runs/NAME/…            a log of another kind, and weights as transformers writes them, in the folder itself
    runs/NAME/run.json     or elsewhere: `source`, `log`, `columns` (ours: theirs), `about`; `talkgen run add` writes it

Nothing is loaded: of weights it says where they are. Imports neither torch nor a reader of YAML.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from talkgen.digest import digest_file
from talkgen.errors import ModelError
from talkgen.files import read_json
from talkgen.lm.files.headers import count_numbers
from talkgen.lm.files.logs import Row, find_log, read_log, step_of
from talkgen.memo import remembered

RECORD = "run.json"
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "step": ("step", "global_step", "trainer_global_step", "iteration", "iter"),
    "tokens": ("tokens", "tokens_seen", "num_tokens", "num_input_tokens_seen", "train_num_input_tokens_seen"),
    "loss": ("loss", "train_loss", "training_loss", "loss_train", "train_loss_step", "lm_loss"),
    "val_loss": ("val_loss", "eval_loss", "valid_loss", "validation_loss", "test_loss", "loss_val", "loss_eval"),
    "lr": ("lr", "learning_rate", "train_lr", "train_learning_rate"),
    "gradient_norm": ("gradient_norm", "grad_norm", "train_grad_norm"),
    "seconds": ("seconds", "elapsed", "wall_time"),
}
"""Our columns, and what others call them: in small letters, with `_` for all other signs."""

_TRANSFORMERS = {"gpt2", "llama"}


def is_run(folder: Path) -> bool:
    """Whether a folder holds a training run, its log or its weights."""
    return (folder / RECORD).is_file() or bool(Run(folder).weights) or bool(folder.is_dir() and find_log(folder))


def guess_columns(names: Sequence[str]) -> dict[str, str]:
    """Which of a log's columns is which of ours: {"val_loss": "eval/loss"}."""
    plain = {"".join(c if c.isalnum() else "_" for c in name.lower()): name for name in names}
    found = ((ours, [plain[name] for name in theirs if name in plain]) for ours, theirs in COLUMNS.items())
    return {ours: there[0] for ours, there in found if there}


@dataclass(frozen=True)
class Run:
    """The run in a folder."""

    folder: Path

    @cached_property
    def record(self) -> Mapping[str, Any]:
        """What run.json says; empty without one.

        Raises:
            ModelError: it is damaged.
        """
        file = self.folder / RECORD
        record = read_json(file, ModelError) if file.is_file() else {}
        kinds = {"source": str, "log": str, "columns": dict, "about": dict}
        if wrong := [name for name, value in record.items() if not isinstance(value, kinds.get(name, ()))]:
            raise ModelError(f"{file}: '{wrong[0]}' is not of a kind that a run has", "write it again: talkgen run add")
        return record

    @property
    def source(self) -> Path:
        """Where its files are."""
        return Path(os.path.normpath(self.folder / self.record.get("source", ".")))

    @property
    def recipe(self) -> Path | None:
        """What `talkgen train` made it by; None of a run that it did not make."""
        file = self.folder / "config.yaml"
        return file if file.is_file() and not self.record else None

    @cached_property
    def log_files(self) -> list[Path]:
        """The files of its log."""
        named = self.record.get("log")
        return [self.source / named] if named else find_log(self.source) if self.source.is_dir() else []

    @cached_property
    def _raw(self) -> list[Row]:
        """The rows as they were written; remembered, since some take a while to read."""
        state = [(str(file), digest_file(file)) for file in self.log_files if file.is_file()]
        if len(state) < len(self.log_files):
            raise ModelError(f"the log {self.log_files[0]} of the run in {self.folder} is gone")
        return list(remembered("logs", repr(state), lambda: read_log(self.log_files)))

    @cached_property
    def column_names(self) -> list[str]:
        """The columns of the log by its writer's names, in their order."""
        return list(dict.fromkeys(name for row in self._raw for name in row))

    @cached_property
    def columns(self) -> Mapping[str, str]:
        """Our columns by the log's: as run.json says, the rest as they are usually called."""
        return guess_columns(self.column_names) | dict(self.record.get("columns", {}))

    def log(self) -> list[dict[str, Any]]:
        """A row for each logged step, in order, with each of our `COLUMNS`; None where nothing was logged.

        Raises:
            ModelError: a file cannot be read, or the log has no steps.
        """
        columns = self.columns
        if self._raw and columns.get("step") not in self.column_names:
            hint = f"say which of {', '.join(self.column_names[:8])} is it: talkgen run add … --column step=NAME"
            raise ModelError(f"the log of the run in {self.folder} has no steps", hint)
        rows: dict[float, dict[str, Any]] = {}
        for raw in self._raw:
            if (step := raw.get(columns["step"])) is not None:
                row = rows.setdefault(step, dict.fromkeys(COLUMNS))
                row |= {ours: raw[theirs] for ours, theirs in columns.items() if theirs in raw}
        return list(self._completed(rows[step] for step in sorted(rows)))

    def _completed(self, rows: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Rows of a loss, with the tokens read so far where these are told, and seconds from the first row on."""
        each, began = self.record.get("about", {}).get("tokens_per_step"), None
        for row in rows:
            began = row["seconds"] if began is None else began
            if row["loss"] is None and row["val_loss"] is None:
                continue
            if each:
                row["tokens"] = round(row["step"] * float(each))
            if self.columns.get("seconds") == "wall_time" and row["seconds"] is not None:
                row["seconds"] = round(row["seconds"] - (began or 0), 3)
            yield row

    @cached_property
    def weights(self) -> dict[int, Path]:
        """The folder of each checkpoint by its step, the earliest first."""
        ours = {step_of(path): path for path in self.source.glob("checkpoints/step-*")}
        theirs = {step_of(path): path for path in self.source.glob("checkpoint-*") if holds_weights(path)}
        if not ours and holds_weights(self.source):
            theirs.setdefault(self._last_step(), self.source)
        return {step: path for step, path in sorted((ours or theirs).items()) if step >= 0}

    def _last_step(self) -> int:
        try:
            return int(max((row["step"] for row in self.log()), default=0))
        except ModelError:  # which reading the log itself will tell
            return 0

    def loss_at(self, step: int) -> float | None:
        """The held-out loss that was logged at a step."""
        return next((row["val_loss"] for row in self.log() if row["step"] == step), None)

    @property
    def about(self) -> dict[str, Any]:
        """What is known of its model: its name, its architecture, sizes."""
        if self.recipe:
            return {}
        found: dict[str, Any] = {"name": self.folder.name}
        newest = list(self.weights.values())[-1:]
        for folder in newest if self.source.is_dir() else []:
            found |= describe_weights(folder)
        return found | dict(self.record.get("about", {}))

    def summary(self) -> dict[str, Any]:
        """What came of it: its summary.json, or the last number of every column, theirs and ours, beside `about`.

        Raises:
            ModelError: a file is damaged.
        """
        file = self.source / "summary.json"
        if file.is_file():
            return {**read_json(file, ModelError), **self.record.get("about", {})}
        if not self.log_files:
            return self.about if self.record else {}
        last = {name: value for row in self._raw for name, value in row.items()}
        last |= {name: value for row in self.log() for name, value in row.items() if value is not None}
        return {**last, **self.about}


def describe_weights(folder: Path) -> dict[str, Any]:
    """What the config and the headers of a checkpoint in transformers' layout say of it; of others nothing."""
    try:
        config = json.loads((folder / "config.json").read_bytes())
        kind = config["model_type"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}
    total, embeddings = count_numbers(folder)
    return {
        "architecture": "transformer" if kind in _TRANSFORMERS else kind,
        "parameters": total,
        "parameters_without_embeddings": total - embeddings,
        "vocabulary": config.get("vocab_size"),
        "context": config.get("max_position_embeddings", config.get("n_positions")),
    }


def holds_weights(folder: Path) -> bool:
    """Whether a folder holds a model: its config and its weights, in one file or in several."""
    return (folder / "config.json").is_file() and any(folder.glob("*.safetensors"))
