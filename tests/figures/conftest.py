"""Tiny models of fixed seeds for figures to look at, and for each figure the parameters it is tried with."""

import atexit
import json
import shutil
import tempfile
from functools import cache
from pathlib import Path

import matplotlib as mpl
import pytest
import torch

from talkgen.figures import registry
from talkgen.figures.base import Canvas
from talkgen.figures.draw.lettering import SPACING
from talkgen.lm.files.catalog import find_model
from talkgen.lm.files.checkpoint import save_checkpoint
from talkgen.lm.models.architectures import build_model
from talkgen.lm.models.base import LanguageModel
from talkgen.lm.models.config import ModelConfig
from talkgen.lm.text.lexicon import english_words, french_words
from talkgen.lm.text.tasks import TASKS
from talkgen.lm.text.tokenizer import CharacterTokenizer, Tokenizer
from talkgen.lm.train.loop import train
from talkgen.lm.train.recipe import Recipe
from talkgen.lm.train.run import RunFolder
from talkgen.lm.train.sweep import SweepRecipe, sweep
from talkgen.lm.train.vocabulary import make_word_tokenizer
from talkgen.pipeline.checking import uses
from talkgen.pipeline.draft import FigureDraft
from talkgen.pipeline.inputs import ProjectInputs
from talkgen.pipeline.keys import data_key
from talkgen.pipeline.used import find_used
from talkgen.store.key import Key
from talkgen.style import load_style

TABLES = Path(registry.__file__).parent / "data"
CASES: dict[str, dict] = {name: {} for name in registry.FIGURES} | {
    "alignment": {"sentence": "the strange european agreement was not signed by the happy doctors"},
    "attention_map": {"sentence": "to be or not"},
    "backprop_through_time": {"sentence": "to be or not"},
    "bidirectional": {"sentence": "to be"},
    "causal_mask": {"sentence": "to be or not"},
    "checkpoint_film": {"run": "film", "prompt": "to be", "tokens": 12},
    "completions": {"prompts": ["to be or not to b", "a$b$ <i>&amp;"]},
    "compute_graph": {"tokens": 4},
    "decoder_only": {"tokens": 12},
    "decoding_tree": {"prompt": "to be or"},
    "embeddings": {"words": ["a", "b", "c", "d", "e"]},
    "gradient_flow": {"seeds": 3, "windows": 4},
    "kv_cache": {"repeats": 3},
    "layer_norm": {"text": "to be or not to be"},
    "logit_lens": {"sentence": "to be or"},
    "lora": {"ranks": [1, 2], "steps": 4},
    "lstm_cell": {"sentence": "to be or not"},
    "multi_head": {"sentence": "to be", "text": "to be or not to be that is"},
    "next_token": {"prompt": "to be or not to b", "bars": 5},
    "positional_encoding": {"model": "rotary", "text": "to be or not to be"},
    "qkv": {"sentence": "to be", "layer": 1, "head": 2},
    "sequence_latency": {"sizes": 2, "tokens": 8, "longest": 64, "repeats": 3},
    "quantization": {"text": "to be or not to be that is", "repeats": 3},
    "softmax_temperature": {"prompt": "to be or not to b"},
    "train_vs_inference": {"text": "to be or not", "repeats": 3},
    "transformer_block": {"tokens": 12},
    "who_copies": {"attention": "tiny", "recurrent": "small-lstm", "before": "to be or ", "line": "not to be"},
    "unrolled_rnn": {"sentence": "to be or not"},
}
"""What each figure is tried with: its defaults, or what is quick and what the tiny models know."""

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
VOTES = {
    "round": 1,
    "date": "2026-01-01T10:00:00+00:00",
    "prompt": "to be or not to",
    "model": "tiny",
    "label": "tiny",
    "choices": [{"text": " be", "p": 0.5}, {"text": " a$b$", "p": 0.2}, {"text": " see", "p": 0.0625}],
    "answer": {"text": " be", "p": 0.5},
    "voters": 16,
    "votes": [{"text": " <i>&amp;", "votes": 10}, {"text": " be", "votes": 4}, {"text": " see", "votes": 2}],
}
LETTERS = CharacterTokenizer("abcdefghijklmnopqrstuvwxyz $<\n")
RECALL = CharacterTokenizer(TASKS["recall"].symbols)
WORDS = make_word_tokenizer(english_words() | french_words())
MODELS = {
    "tiny": ("transformer", LETTERS),
    "small": ("transformer", LETTERS),
    "rotary": ("transformer", LETTERS),
    "small-lstm": ("lstm", LETTERS),
    "recall": ("transformer", RECALL),
    "recall-lstm": ("lstm", RECALL),
    "recall-rnn": ("rnn", RECALL),
    "translator": ("encoder-decoder", WORDS),
    "rnnsearch": ("rnnsearch", WORDS),
}


@cache
def project() -> Path:
    """A folder of models, runs and a sweep made here, found by the names of the shipped ones."""
    folder = Path(tempfile.mkdtemp(prefix="figures-"))
    atexit.register(shutil.rmtree, folder)
    shutil.copytree(RUNS, folder / "runs")
    for name, (architecture, tokenizer) in MODELS.items():
        shape = {"n_layer": 1} if architecture == "rnnsearch" else {}
        model = tiny(architecture, tokenizer, positions="rotary" if name == "rotary" else "learned", **shape)
        save_checkpoint(folder / "runs" / name / "checkpoints" / "step-000001", model, tokenizer, {"step": 1})
    (folder / "text.txt").write_text("to be or not to be that is the question\n" * 40)
    text = {"data": f"text:{folder / 'text.txt'}"}
    train(Recipe.model_validate(FILM | text), RunFolder(folder / "runs" / "film"))
    (folder / "votes").mkdir()
    (folder / "votes" / "votes.json").write_text(json.dumps({"rounds": [VOTES]}), encoding="utf-8")
    recipe = SweepRecipe.model_validate(FLOW | text)
    sweep(recipe, folder / "runs" / "flow", lambda work: (train(cell.recipe, RunFolder(cell.folder)) for cell in work))
    return folder


def film() -> Path:
    """The folder of a run that was trained for a second and kept checkpoints."""
    return project() / "runs" / "film"


def tiny(architecture: str, tokenizer: Tokenizer, **shape) -> LanguageModel:
    """A model with fresh weights, large enough to have opinions."""
    with torch.random.fork_rng():
        torch.manual_seed(7)
        config = ModelConfig(tokenizer.vocab_size, architecture, n_embd=16, n_head=2, block_size=40, **shape)
        model = build_model(config)
        for parameter in model.parameters():
            parameter.data.normal_(std=0.4)
    return model


@cache
def project_inputs() -> ProjectInputs:
    """What figures are given in a build of that project, whose talk is about the model `tiny`."""
    return ProjectInputs(project(), find_model("tiny", project()))


def figure_key(name: str, where: Path) -> Key:
    """The key of the numbers of a figure with its defaults, in a build of the project `where`."""
    module = registry.load_figure(name)
    params = module.Params()
    marks, values = uses(params), params.model_dump(mode="json")
    timed = bool(getattr(module, "MEASURES_TIME", False))
    draft = FigureDraft(
        name, (), name, registry.FIGURES[name], None, values, marks, tuple(module.TABLES), timed, 1152, 470
    )
    model = find_model("small", where)
    return data_key(draft, [find_used(mark, values[each], model, where) for each, mark in marks.items()])


@pytest.fixture(autouse=True)
def spacing():
    """Where a test asks a picture how much room its text takes, letters are as far apart as a browser puts them."""
    with mpl.rc_context(SPACING):
        yield


@pytest.fixture
def inputs() -> ProjectInputs:
    return project_inputs()


@pytest.fixture
def canvas(tmp_path) -> Canvas:
    """A figure's usual canvas in the dark theme."""
    return Canvas(load_style("night", tmp_path), 1152, 470)


@cache
def case_data(name: str) -> str:
    """A case's data, computed once for all tests."""
    module = registry.load_figure(name)
    return json.dumps(module.compute(module.Params(**CASES[name]), project_inputs()))


@pytest.fixture
def data_of(inputs):
    """A figure's data with the parameters of its case, or computed with others."""

    def compute(name, **params):
        module = registry.load_figure(name)
        return module.compute(module.Params(**params), inputs) if params else json.loads(case_data(name))

    return compute
