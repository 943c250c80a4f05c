"""What a model, a run or a sweep gives to something computed, as parts of its key: only what is used of it.

A checkpoint is digested by its content, the log of a run by itself, so that neither makes stale what reads the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from talkgen.digest import digest_bytes, digest_file
from talkgen.errors import ModelError
from talkgen.files import read_json
from talkgen.lm.files.catalog import ModelFiles, find_model
from talkgen.memo import remembered
from talkgen.pipeline.inputs import votes_file
from talkgen.pipeline.sweeps import find_sweep_models, find_sweep_summary
from talkgen.store.key import canonical

if TYPE_CHECKING:
    from talkgen.figures.uses import Part, Uses

_FILES: Mapping[str, str] = {"log": "metrics.jsonl", "config": "config.yaml", "summary": "summary.json"}


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
    files = find_model(name, project) if name else model
    return use_model(files) if uses.kind == "model" else _use_run(uses, files)


def use_model(files: ModelFiles) -> Used:
    """A model; its step is there to be named when it changes."""
    return Used("model", files.name, files, {f"model {files.name}": _weights(files)})


def _use_run(uses: Uses, files: ModelFiles) -> Used:
    parts = _parts(uses.parts, files)
    return Used("run", files.name, files, {f"{part} of run {files.name}": value for part, value in parts.items()})


def _use_sweep(uses: Uses, name: str, project: Path) -> Used:
    parts: dict[str, Any] = {f"sweep {name}": {"digest": digest_file(find_sweep_summary(name, project))}}
    inside = tuple(part for part in uses.parts if part != "summary")
    for files in find_sweep_models(name, project) if inside else ():
        parts |= {f"{part} of {files.name}": value for part, value in _parts(inside, files).items()}
    return Used("sweep", name, None, parts)


def _parts(names: Iterable[Part], files: ModelFiles) -> dict[str, Any]:
    return {name: _part(name, files) for name in names}


def _part(name: Part, files: ModelFiles) -> Any:
    if name == "weights":
        return _weights(files)
    if name == "checkpoints":
        return _checkpoints(files)
    if name == "text":
        return _text(files.path)
    file = files.path / _FILES[name]
    return {"digest": digest_file(file)} if file.is_file() else "missing"


def _weights(files: ModelFiles) -> dict[str, Any]:
    return {"digest": files.digest(), "step": files.about()["step"]}


def _checkpoints(files: ModelFiles) -> dict[str, Any]:
    """All checkpoints of a run, each by its content."""
    folders = sorted((files.path / "checkpoints").glob("step-*"))
    digests = {folder.name: ModelFiles(folder.name, "checkpoint", folder, "").digest() for folder in folders}
    return {"digest": digest_bytes(canonical(digests).encode()), "step": files.about()["step"]}


def _text(run: Path) -> dict[str, Any]:
    """The text that a run was trained on, as its source has it today, and as its summary says it was."""
    summary = run / "summary.json"
    was = read_json(summary, ModelError).get("data") if summary.is_file() else None
    today = _source(_data_of(run / "config.yaml"))
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
    if data.startswith("text:"):
        file = Path(data.removeprefix("text:"))
        return f"{data} {digest_file(file)}" if file.is_file() else data
    return data
