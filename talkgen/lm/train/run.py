"""The folder a training run lives in, readable at every moment: files appear whole or not at all; needs no torch.

config.yaml      the recipe           metrics.jsonl   one line a logged step
summary.json     what came out        checkpoints/step-NNNNNN/   weights, readable by everyone
state.safetensors   weights and optimizer in full precision: what `--resume` goes on from
trunk.safetensors   the same where a constant rate began to fall: what a longer run of the same kind begins from
"""

from __future__ import annotations

import errno
import json
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import yaml

from talkgen.errors import ModelError
from talkgen.files import remove_unfinished, write_bytes, write_json, write_text
from talkgen.lm.files.logs import read_lines
from talkgen.lm.train.recipe import KeepRecipe, Recipe
from talkgen.lock import hold_lock
from talkgen.machine import in_words
from talkgen.yamlfile import read_yaml, validate

_FULL = (errno.ENOSPC, errno.EDQUOT)


class RunFolder:
    """Reads and writes one run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.metrics = path / "metrics.jsonl"
        self.summary = path / "summary.json"
        self.state = path / "state.safetensors"
        self.trunk = path / "trunk.safetensors"
        self.config = path / "config.yaml"

    @contextmanager
    def held(self, leads: bool = True) -> Iterator[None]:
        """Keeps a second training out of the folder; turns a full disk into words. Only who `leads` takes the lock.

        Raises:
            TalkgenError: another training holds the folder.
            MachineError: it cannot be written.
        """
        try:
            lock = hold_lock(self.path / ".lock", f"the run in {self.path}", timeout=0)
            with lock if leads else nullcontext():
                if leads:
                    for folder in (self.path, self.path / "checkpoints"):
                        remove_unfinished(folder)
                yield
        except OSError as error:
            steps = self.steps() if error.errno in _FULL else []
            kept = f"the checkpoint of step {steps[-1]} is kept: free some space, then --resume" if steps else ""
            said = in_words(error, kept)
            if said:
                raise said from error
            raise

    def begin(self, recipe: Recipe, *, again: bool) -> None:
        """Writes the recipe of a run, new or gone on with.

        Raises:
            ModelError: the folder of a new run holds one already.
        """
        if self.config.exists() and not again:
            raise ModelError(
                f"{self.path} holds a run already",
                "go on with --resume, choose another --out, or move the folder away",
            )
        write_text(self.config, yaml.safe_dump(recipe.model_dump(mode="json"), sort_keys=False))

    def begin_as(self, other: RunFolder, recipe: Recipe) -> None:
        """Begins a run, where it is not begun, with all that `other` made of the same recipe under another name."""
        if self.config.is_file():
            return
        its_own = shutil.ignore_patterns(other.config.name, other.summary.name, ".lock*")
        shutil.copytree(other.path, self.path, ignore=its_own, dirs_exist_ok=True)
        self.begin(recipe, again=False)  # last: what was copied in part is copied again

    def check_recipe(self, recipe: Recipe) -> None:
        """Makes sure that a resumed run goes on with what it began with; only the number of steps may change.

        Raises:
            ModelError: a value differs.
        """
        begun = validate(read_yaml(self.config, ModelError), Recipe, ModelError)
        before = _flat(begun.model_dump(mode="json"))
        now = _flat(recipe.model_dump(mode="json"))
        changed = [key for key in sorted({*before, *now} - {"schedule.steps"}) if before.get(key) != now.get(key)]
        if changed:
            what = "; ".join(f"{key} was {before.get(key)!r}, is {now.get(key)!r}" for key in changed)
            raise ModelError(f"the run in {self.path} was begun differently: {what}", "give the new run another name")

    def log(self, row: Mapping[str, Any]) -> None:
        """Appends one line to metrics.jsonl."""
        with self.metrics.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    def forget_after(self, step: int) -> None:
        """Drops log lines, whole or torn, that a killed run wrote after its last saved `step`."""
        if self.metrics.is_file():
            rows = [row for row in read_metrics(self.path) if row["step"] <= step]
            write_text(self.metrics, "".join(json.dumps(row) + "\n" for row in rows))
        for later in (number for number in self.steps() if number > step):
            shutil.rmtree(self.checkpoint(later))

    def write_state(self, content: bytes) -> None:
        """Replaces what `--resume` goes on from."""
        write_bytes(self.state, content)

    def write_trunk(self, content: bytes) -> None:
        """Keeps what a longer run of the same kind may begin from."""
        write_bytes(self.trunk, content)

    def find_trunk(self, recipe: Recipe) -> RunFolder | None:
        """The run beside this one that went farthest with what `recipe` begins with: its rate falls before ours does.

        Up to there the two are the same run, step by step: it differs in its name and in how many steps it has.
        """
        found: list[tuple[int, RunFolder]] = []
        for trunk in self.path.parent.glob("*/trunk.safetensors"):
            run = RunFolder(trunk.parent)
            shorter = validate(read_yaml(run.config, ModelError), Recipe, ModelError)
            schedule = recipe.schedule.model_copy(update={"steps": shorter.schedule.steps})
            same = shorter == recipe.model_copy(update={"name": shorter.name, "schedule": schedule})
            if same and shorter.schedule.steps < recipe.schedule.steps:
                found.append((shorter.schedule.steps, run))
        return max(found, key=lambda each: each[0])[1] if found else None

    def checkpoint(self, step: int) -> Path:
        """The folder of the checkpoint after `step` steps."""
        return self.path / "checkpoints" / f"step-{step:06d}"

    def steps(self) -> list[int]:
        """The steps of the checkpoints that are there, in order."""
        folders = (self.path / "checkpoints").glob("step-*")
        return sorted(int(f.name[5:]) for f in folders if f.name[5:].isdigit())

    def prune(self, keep: Collection[int]) -> None:
        """Removes every checkpoint whose step is not in `keep`."""
        for step in set(self.steps()) - set(keep):
            shutil.rmtree(self.checkpoint(step))

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Writes summary.json."""
        write_json(self.summary, summary)


def kept_steps(keep: KeepRecipe, steps: int) -> set[int]:
    """`keep.count` steps from `keep.first` to `steps`, evenly spaced in log(step + 1)."""
    if keep.count == 1:
        return {steps}
    first, ratio = min(keep.first, steps) + 1, (steps + 1) / (min(keep.first, steps) + 1)
    return {round(first * ratio ** (k / (keep.count - 1))) - 1 for k in range(keep.count)}


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """The logged rows of the run in folder `path`; a line torn by a kill or damaged is left out."""
    return read_lines(path / "metrics.jsonl")


def _flat(value: Any, prefix: str = "") -> dict[str, Any]:
    if not isinstance(value, dict):
        return {prefix: value}
    return {k: v for key, part in value.items() for k, v in _flat(part, f"{prefix}.{key}".lstrip(".")).items()}
