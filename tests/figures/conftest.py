"""Tiny models of fixed seeds for figures to look at, and for each figure the parameters it is tried with."""

import atexit
import csv
import json
import shutil
import tempfile
from functools import cache
from pathlib import Path

import pytest
import torch

from talkgen.figures import registry
from talkgen.figures.base import Canvas
from talkgen.lm.files.catalog import ModelFiles
from talkgen.lm.files.weights import Loaded, load_model
from talkgen.lm.models.architectures import build_model
from talkgen.lm.models.config import ModelConfig
from talkgen.lm.text.lexicon import english_words, french_words
from talkgen.lm.text.tasks import TASKS
from talkgen.lm.text.tokenizer import CharacterTokenizer, Tokenizer
from talkgen.lm.train.loop import train
from talkgen.lm.train.recipe import Recipe
from talkgen.lm.train.run import RunFolder
from talkgen.lm.train.sweep import SweepRecipe, sweep
from talkgen.lm.train.vocabulary import make_word_tokenizer
from talkgen.pipeline.sweeps import find_sweep_models, read_sweep
from talkgen.style import load_style

TABLES = Path(registry.__file__).parent / "data"
CASES = {
    "alignment": {"sentence": "the strange european agreement was not signed by the happy doctors"},
    "attention_map": {"sentence": "to be or not"},
    "checkpoint_film": {"run": "film", "prompt": "to be", "tokens": 12},
    "completions": {"prompts": ["to be or not to b", "a$b$ <i>&amp;"]},
    "compute_graph": {"tokens": 4},
    "gradient_flow": {"seeds": 3, "windows": 4},
    "lstm_cell": {"sentence": "to be or not"},
    "lstm_vs_transformer": {},
    "memory_bottleneck": {"rows": 32},
    "next_token": {"prompt": "to be or not to b", "bars": 5},
    "parameter_counts": {},
    "scaling_law": {},
    "sequence_latency": {"longest": 64, "repeats": 3},
    "token_loss_by_position": {},
    "training_curve": {},
}
RUNS = Path(__file__).parent / "runs"
FLOW = {
    "name": "flow",
    "tokenizer": {"kind": "characters"},
    "models": [
        {"architecture": name, "n_layer": 1, "n_embd": 16, "n_head": 2, "block_size": 24}
        for name in ("rnn", "lstm", "transformer")
    ],
    "rates": [0.01],
    "schedule": {"steps": 20, "warmup": 2, "evaluate_every": 20},
    "seeds": [1, 2],
}
FILM = {
    "name": "film",
    "tokenizer": {"kind": "characters"},
    "model": {"n_layer": 1, "n_embd": 16, "n_head": 2, "block_size": 16},
    "optimizer": {"rate": 0.02},
    "schedule": {"steps": 60, "warmup": 5, "evaluate_every": 60},
    "keep": {"count": 3, "first": 5},
}
RECALL = {"recall": "transformer", "recall-lstm": "lstm", "recall-rnn": "rnn"}


def tiny(name: str, tokenizer: Tokenizer, **shape) -> Loaded:
    """A model with fresh weights, large enough to have opinions."""
    with torch.random.fork_rng():
        torch.manual_seed(7)
        model = build_model(ModelConfig(tokenizer.vocab_size, n_embd=16, n_head=2, block_size=40, **shape)).eval()
        for parameter in model.parameters():
            parameter.data.normal_(std=0.4)
    return Loaded(name, f"{name} of the test", model, tokenizer, ModelFiles(name, "checkpoint", Path(name), name))


@cache
def film() -> Path:
    """The folder of a run that was trained for a second and kept checkpoints."""
    folder = Path(tempfile.mkdtemp(prefix="film-"))
    atexit.register(shutil.rmtree, folder)
    (folder / "text.txt").write_text("to be or not to be that is the question\n" * 40)
    train(Recipe.model_validate({**FILM, "data": f"text:{folder / 'text.txt'}"}), RunFolder(folder / "run"))
    return folder / "run"


@cache
def flow() -> Path:
    """The folder of a project in which a sweep of tiny models was trained for a moment."""
    folder = Path(tempfile.mkdtemp(prefix="flow-"))
    atexit.register(shutil.rmtree, folder)
    (folder / "text.txt").write_text("to be or not to be that is the question\n" * 40)
    recipe = SweepRecipe.model_validate({**FLOW, "data": f"text:{folder / 'text.txt'}"})
    sweep(recipe, folder / "runs" / "flow", lambda work: (train(cell, RunFolder(out)) for cell, out in work))
    return folder


class Tiny:
    """A figure's inputs: tiny models by name, and the shipped tables."""

    def model(self, name: str) -> Loaded:
        """A tiny model of the architecture and alphabet that the name stands for."""
        if name in RECALL:
            return tiny(name, CharacterTokenizer(TASKS["recall"].symbols), architecture=RECALL[name])
        if name == "translator":
            return tiny(name, make_word_tokenizer(english_words() | french_words()), architecture="encoder-decoder")
        architecture = "lstm" if name == "small-lstm" else "transformer"
        letters = CharacterTokenizer("abcdefghijklmnopqrstuvwxyz $<\n")
        return tiny(name or "tiny", letters, architecture=architecture)

    def run(self, name: str) -> Path:
        """The folder of a run that was logged but not trained; of `film`, which was."""
        return film() if name == "film" else RUNS / name

    def sweep_models(self, name: str) -> list[Loaded]:
        """The models of the sweep of tiny models."""
        return [load_model(files) for files in find_sweep_models(name, flow())]

    def sweep(self, name: str) -> dict:
        """The summary of a shipped sweep."""
        return read_sweep(name, Path(__file__).parent)

    def table(self, name: str) -> list[dict[str, str]]:
        """The rows of a shipped data file."""
        lines = (TABLES / name).read_text(encoding="utf-8").splitlines()
        return list(csv.DictReader(line for line in lines if not line.startswith("#")))


@pytest.fixture
def inputs() -> Tiny:
    return Tiny()


@pytest.fixture
def canvas(tmp_path) -> Canvas:
    """A figure's usual canvas in the dark theme."""
    return Canvas(load_style("night", tmp_path), 1152, 470)


@cache
def case_data(name: str) -> str:
    """A case's data, computed once for all tests."""
    module = registry.load_figure(name)
    return json.dumps(module.compute(module.Params(**CASES[name]), Tiny()))


@pytest.fixture
def data_of(inputs):
    """A figure's data with the parameters of its case, or computed with others."""

    def compute(name, **params):
        module = registry.load_figure(name)
        return module.compute(module.Params(**params), inputs) if params else json.loads(case_data(name))

    return compute
