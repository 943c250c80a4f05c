"""Finds models by name, describes them from what is readable beside their weights, digests them; imports no torch.

A name is, in this order: a run in the project's `runs/` (ours or anybody's), a model that talkgen ships, one that was
pulled, a path,
`hf:ORG/NAME` of the Hugging Face hub, or `openai:URL#NAME`, a server that speaks OpenAI's completions.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from talkgen.assets import cache_dir, pretrained_dir, sweeps_dir
from talkgen.digest import digest_file
from talkgen.errors import ModelError, Problem, TalkgenError, did_you_mean
from talkgen.files import read_json, write_json
from talkgen.lm.files.headers import count_numbers
from talkgen.lm.files.logs import step_of
from talkgen.lm.files.pullable import PULLABLE
from talkgen.lm.files.run import Run, is_run

Kind = Literal["checkpoint", "gguf", "hf", "openai"]


@dataclass(frozen=True)
class ModelFiles:
    """A model at hand: its name in talks, and where it lies (of a training run of ours, the run's folder)."""

    name: str
    kind: Kind
    path: Path
    label: str
    run: Path | None = None  # the folder of the run that another program made it in

    @property
    def run_folder(self) -> Path:
        """Where its training is written down, if it is."""
        return self.run or self.path

    @property
    def weights(self) -> Path:
        """The folder or file that holds the weights: of a run, its newest checkpoint."""
        return newest_checkpoint(self.path) if self.kind == "checkpoint" else self.path

    def digest(self) -> str:
        """A SHA-256 over the content of all files that make the model what it is."""
        if self.kind == "openai":  # what a server runs is its own affair: the name is all there is to know
            return hashlib.sha256(self.name.encode()).hexdigest()
        weights = self.weights
        files = [weights] if weights.is_file() else sorted(p for p in weights.iterdir() if _defines_model(p))
        tokenizer = find_tokenizer(weights)
        digest = hashlib.sha256()
        for file in files if tokenizer.parent == weights else [*files, tokenizer]:
            digest.update(f"{file.name}\0{digest_file(file)}\n".encode())
        return digest.hexdigest()

    def about(self) -> dict[str, Any]:
        """What can be said without loading it; None where it is not known."""
        known: dict[str, Any] = dict.fromkeys(
            ("architecture", "shift", "parameters", "context", "vocabulary", "bytes", "step", "run")
        )
        if self.kind == "checkpoint":
            known |= _about_checkpoint(self.weights)
        elif self.kind == "gguf":
            known |= _about_gguf(self.path, self.digest())
        elif self.kind == "hf":
            known |= _about_hf(self.path)
        if self.run:
            steps = {path: step for step, path in Run(self.run).weights.items()}
            known |= {"step": steps.get(self.weights), "run": self.run.name}
        return {"name": self.name, "label": self.label, "kind": self.kind, **known}


def _defines_model(file: Path) -> bool:
    return file.suffix in (".safetensors", ".json") and not file.name.startswith(("state", "trainer_state", "."))


def find_tokenizer(folder: Path) -> Path:
    """The tokenizer.json of a model; that above a run's checkpoint which holds none."""
    own, above = folder / "tokenizer.json", folder.parent / "tokenizer.json"
    return above if above.is_file() and not own.is_file() and folder.name.startswith("checkpoint-") else own


def newest_checkpoint(folder: Path) -> Path:
    """The newest checkpoint of a run folder; the folder itself where it is a checkpoint.

    Raises:
        ModelError: there is none.
    """
    if (folder / "model.safetensors").is_file():
        return folder
    steps = list((folder / "checkpoints").glob("step-*"))
    if not steps:
        raise ModelError(f"{folder} holds no checkpoint", "train it again: talkgen train")
    return max(steps, key=step_of)


def _about_checkpoint(folder: Path) -> dict[str, Any]:
    try:
        record = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        config = record["config"]
        found = {
            "architecture": config["architecture"],
            "shift": config.get("shift", False),
            "context": config["block_size"],
            "vocabulary": config["vocab_size"],
            "parameters": record.get("parameters"),
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelError(f"{folder / 'config.json'} is damaged or missing", "train the model again") from error
    found |= {"step": record.get("step"), "run": record.get("run")}
    return {**found, "bytes": (folder / "model.safetensors").stat().st_size}


@lru_cache(maxsize=8)
def _about_gguf(file: Path, digest: str) -> dict[str, Any]:
    """What a GGUF's header says; remembered by digest, since its token list takes a while to read."""
    memo = cache_dir("digests") / f"gguf-{digest}.json"
    try:
        return dict(json.loads(memo.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        pass
    from talkgen.lm.files.gguf_file import GGUFFile

    opened = GGUFFile(file)
    embed = opened.tensors.get("token_embd.weight")
    about = {
        "architecture": opened.metadata.get("general.architecture"),
        "parameters": opened.parameters,
        "context": opened.metadata.get(f"{opened.metadata.get('general.architecture')}.context_length"),
        "vocabulary": embed.shape[0] if embed and embed.shape else None,
        "bytes": file.stat().st_size,
    }
    with suppress(OSError):  # a cache that cannot be written costs time, never the model
        write_json(memo, about)
    return about


def _about_hf(folder: Path) -> dict[str, Any]:
    try:
        config = dict(json.loads((folder / "config.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise ModelError(f"{folder / 'config.json'} is damaged or missing") from error
    return {
        "architecture": config.get("model_type"),
        "context": config.get("max_position_embeddings", config.get("n_positions")),
        "vocabulary": config.get("vocab_size"),
        "parameters": count_numbers(folder)[0] or None,
        "bytes": sum(file.stat().st_size for file in folder.glob("*.safetensors")),
    }


def find_model(name: str, project: Path) -> ModelFiles:
    """The model that `name` names.

    Raises:
        ModelError: there is none, with what to do about it.
    """
    if name.startswith("openai:"):
        url, _, model = name.removeprefix("openai:").partition("#")
        if not url.startswith(("http://", "https://")):
            raise ModelError(f"'{name}' names no server", "write openai:http://127.0.0.1:8080/v1#NAME")
        return ModelFiles(name, "openai", Path(), f"{model or 'the model'} at {url.split('/')[2]}")
    if name.startswith("hf:"):
        from talkgen.lm.files.huggingface import fetch_snapshot

        return ModelFiles(name, "hf", fetch_snapshot(name.removeprefix("hf:")), name.removeprefix("hf:"))
    for folder in (project / "runs" / name, pretrained_dir() / name):
        if _plain(name) and (folder / "checkpoints").is_dir():
            return ModelFiles(name, "checkpoint", folder, _label_of_run(name, folder))
    if _plain(name) and is_run(folder := project / "runs" / name):
        return _model_of_run(name, folder)
    if name in PULLABLE:
        file = cache_dir("models") / name / PULLABLE[name].file
        if file.is_file():
            return ModelFiles(name, "gguf", file, PULLABLE[name].label)
        raise ModelError(f"the model '{name}' is not on this machine", f"fetch it: talkgen model pull {name}")
    return _find_path(name, project)


def _plain(name: str) -> bool:
    return bool(name) and "/" not in name and "\\" not in name and not name.startswith(".")


def _model_of_run(name: str, folder: Path) -> ModelFiles:
    """The newest model of a run that another program made.

    Raises:
        ModelError: it has none.
    """
    run = Run(folder)
    if not run.weights:
        raise ModelError(f"the run '{name}' has a log and no weights", "figures of its log can be drawn, no other")
    step, weights = list(run.weights.items())[-1]
    if weights.parent.name == "checkpoints":
        return ModelFiles(name, "checkpoint", run.source, _label_of_run(name, run.source), folder)
    ours = _is_ours(weights)
    label = f"{name} {'model' if ours else _about_hf(weights)['architecture']}, step {step:,}"
    return ModelFiles(name, "checkpoint" if ours else "hf", weights, label, folder)


def checkpoint_files(run: Run, step: int) -> ModelFiles:
    """The model that a run had after a step of its `weights`."""
    folder = run.weights[step]
    return ModelFiles(
        f"{run.folder.name} {folder.name}", "checkpoint" if _is_ours(folder) else "hf", folder, folder.name
    )


def _is_ours(weights: Path) -> bool:
    with suppress(ModelError):
        return "talkgen" in read_json(weights / "config.json", ModelError)
    return False


def find_run(name: str, project: Path) -> Run:
    """The training run that `name` names, with or without weights; `SWEEP/RUN` is one of a sweep that talkgen ships.

    Raises:
        ModelError: there is none.
    """
    for folder in (project / "runs" / name, pretrained_dir() / name, sweeps_dir() / name):
        if name and not name.startswith((".", "/")) and is_run(folder):
            return Run(folder)
    if _plain(name) and ":" not in name and name not in PULLABLE and not (project / name).exists():
        raise ModelError(f"there is no run '{name}'", did_you_mean(name, list_runs(project)))
    files = find_model(name, project)
    if files.kind == "openai":
        raise ModelError(f"{files.label} has no training run here", "name a run: runs/NAME")
    return Run(files.run_folder)


def list_runs(project: Path) -> list[str]:
    """The names of the runs of a project and of those that talkgen ships."""
    roots = [root for root in (project / "runs", pretrained_dir()) if root.is_dir()]
    return list(dict.fromkeys(path.name for root in roots for path in sorted(root.iterdir()) if _holds_run(path)))


def _holds_run(folder: Path) -> bool:
    with suppress(TalkgenError):
        return is_run(folder)
    return False


def _label_of_run(name: str, folder: Path) -> str:
    about = _about_checkpoint(newest_checkpoint(folder))
    architecture = {"lstm": "LSTM", "rnn": "RNN"}.get(about["architecture"], about["architecture"])
    architecture += " with shift" if about["shift"] else ""
    whole = name if name == architecture else f"{name} {architecture}"
    return whole if about["step"] is None else f"{whole}, step {about['step']:,}"


def _find_path(name: str, project: Path) -> ModelFiles:
    for path in (_at_home(name), project / name):
        if path.suffix == ".gguf" and path.is_file():
            return ModelFiles(name, "gguf", path.resolve(), path.stem)
        if path.suffix in (".bin", ".pt", ".pth", ".ckpt", ".pkl") and path.exists():
            raise ModelError(
                f"{path} is a pickle, and a pickle can run any code", "talkgen reads .safetensors and .gguf only"
            )
        if (path / "checkpoints").is_dir():
            return ModelFiles(name, "checkpoint", path.resolve(), _label_of_run(path.name, path))
        if (path / "config.json").is_file():
            return ModelFiles(name, "checkpoint" if _is_ours(path) else "hf", path.resolve(), path.name)
    known = {*model_names(project), *PULLABLE}
    raise ModelError(f"there is no model '{name}'", did_you_mean(name, known))


def _at_home(name: str) -> Path:
    with suppress(RuntimeError):  # there is no such user
        return Path(name).expanduser()
    return Path(name)


def first_available(names: str | Sequence[str], project: Path) -> ModelFiles:
    """The first of `names` that is at hand.

    Raises:
        ModelError: none is; one reason for each.
    """
    problems: list[Problem] = []
    for name in [names] if isinstance(names, str) else names:
        try:
            return find_model(name, project)
        except TalkgenError as error:
            problems += error.problems
    raise ModelError(problems)


def _holds_model(folder: Path) -> bool:
    """Whether a folder is a run with weights, of any kind."""
    with suppress(TalkgenError):
        return bool(Run(folder).weights)
    return False


def list_models(project: Path) -> list[ModelFiles]:
    """The models at hand: the project's runs, those that talkgen ships, those that were pulled."""
    return [find_model(name, project) for name in model_names(project)]


def model_names(project: Path) -> list[str]:
    """The names of these."""
    names: dict[str, None] = {}
    for root in (project / "runs", pretrained_dir()):
        if root.is_dir():
            names |= dict.fromkeys(sorted(path.name for path in root.iterdir() if _holds_model(path)))
    names |= {name: None for name in PULLABLE if (cache_dir("models") / name / PULLABLE[name].file).is_file()}
    return list(names)
