"""What a model, a run or a sweep gives to something computed, as parts of its key: only what is used of it.

A checkpoint is digested by its content, the log of a run by itself, so that neither makes stale what reads the other.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from talkgen.digest import digest_bytes, digest_file
from talkgen.errors import ModelError
from talkgen.files import read_json
from talkgen.lm.files.catalog import ModelFiles, checkpoint_files, find_model, find_run
from talkgen.lm.files.run import Run
from talkgen.memo import remembered
from talkgen.pipeline.inputs import votes_file
from talkgen.pipeline.sweeps import find_sweep_models, find_sweep_summary, read_sweep, runs_of_others
from talkgen.store.code import source_digest
from talkgen.store.key import canonical

if TYPE_CHECKING:
    from talkgen.figures.uses import Part, Uses


@dataclass(frozen=True)
class Used:
    """Something that a thing is computed from: its kind and name, its files where it is a model or a run, key parts."""

    kind: str
    name: str
    files: ModelFiles | None
    parts: Mapping[str, Any]


def find_used(uses: Uses, name: str, model: ModelFiles, project: Path) -> Used:
    """What the parameter that `uses` marks names; the deck's own `model` where the name is empty.

    Raises:
        ModelError: there is nothing of that name, or a file of it that counts cannot be read.
    """
    if uses.kind == "sweep":
        return _use_sweep(uses, name, project)
    if uses.kind == "votes":
        results = votes_file(name, project)
        digest: Any = {"digest": digest_file(results)} if results.is_file() else "none yet"
        return Used("votes", name, None, {f"votes of {name or 'the talk'}": digest})
    if uses.kind == "model":
        return use_model(find_model(name, project) if name else model)
    run = find_run(name, project) if name else Run(model.run_folder)
    files = model if not name else find_model(name, project) if run.weights else None
    return use_run(uses.parts, files.name if files else name, run, files)


def use_model(files: ModelFiles) -> Used:
    """A model; its step is there to be named when it changes."""
    return Used("model", files.name, files, {f"model {files.name}": _weights(files)})


def use_run(wanted: Iterable[Part], name: str, run: Run, files: ModelFiles | None) -> Used:
    """Some parts of a run, and of its model where it has one."""
    parts = {f"{part} of run {name}": _part(part, run, files) for part in wanted}
    return Used("run", name, files, parts)


def _use_sweep(uses: Uses, name: str, project: Path) -> Used:
    parts: dict[str, Any] = {f"sweep {name}": {"digest": _sweep_digest(name, project)}}
    inside = tuple(part for part in uses.parts if part != "summary")
    for files in find_sweep_models(name, project) if inside else ():
        parts |= {f"{part} of {files.name}": _part(part, Run(files.path), files) for part in inside}
    return Used("sweep", name, None, parts)


def _sweep_digest(name: str, project: Path) -> str:
    """A digest of a sweep's summary, whatever its file looks like; read once, where it is a file."""

    def read() -> str:
        return digest_bytes(canonical(read_sweep(name, project)).encode())

    if runs_of_others(name, project):
        return read()
    which = f"{digest_file(find_sweep_summary(name, project))} {source_digest('talkgen')}"
    return str(remembered("sweeps", which, read))


def _part(name: Part, run: Run, files: ModelFiles | None) -> Any:
    if name == "weights":
        return _weights(files) if files else "missing"
    if name == "checkpoints":
        return _checkpoints(run)
    if name == "text" and run.recipe:
        return _text(run.recipe)
    if name == "config" and not run.recipe:
        return {"digest": digest_bytes(canonical([run.record, run.about]).encode())}
    if name in ("log", "text"):  # where it is not known what a run read, its own log is all there is of losses
        return _digest(run.log_files)
    return _digest([run.source / "summary.json"] if name == "summary" else [run.recipe] if run.recipe else [])


def _digest(files: Sequence[Path]) -> Any:
    digests = [digest_file(file) for file in files if file.is_file()]
    together = digests[0] if len(digests) == 1 else digest_bytes(canonical(digests).encode())
    return {"digest": together} if digests else "missing"


def _weights(files: ModelFiles) -> dict[str, Any]:
    return {"digest": files.digest(), "step": files.about()["step"]}


def _checkpoints(run: Run) -> dict[str, Any]:
    """All checkpoints of a run, each by its content."""
    digests = {path.name: checkpoint_files(run, step).digest() for step, path in run.weights.items()}
    return {"digest": digest_bytes(canonical(digests).encode()), "step": max(run.weights, default=None)}


def _text(recipe: Path) -> dict[str, Any]:
    """The text that a run was trained on, as its source has it today, and as its summary says it was."""
    summary = recipe.parent / "summary.json"
    was = read_json(summary, ModelError).get("data") if summary.is_file() else None
    today = _source(_data_of(recipe))
    return {"digest": digest_bytes(canonical([today, was]).encode()), "source": today}


def _data_of(config: Path) -> str:
    """The `data` of a recipe; read once, since a reader of recipes takes a while to load."""

    def read() -> str:
        from talkgen.lm.train.recipe_file import read_recipe

        return read_recipe(config).data

    which = f"{config.resolve()} {digest_file(config) if config.is_file() else ''}"
    return str(remembered("recipes", which, read))


def _source(data: str) -> str:
    """What a recipe's `data` stands for, with a digest where that is a file on this machine."""
    from importlib.util import find_spec

    if data == "python":
        topics = find_spec("pydoc_data.topics")
        return f"python {digest_file(Path(topics.origin))}" if topics and topics.origin else data
    if data == "library":
        return f"library of Python {sys.version}"
    if data.startswith("text:"):
        file = Path(data.removeprefix("text:"))
        return f"{data} {digest_file(file)}" if file.is_file() else data
    return data
