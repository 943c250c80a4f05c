"""A model that answers in a page: the page's own JavaScript, run by Node, beside torch and the tokenizers library."""

import base64
import json
import random
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch

from talkgen.assets import asset_dir, pretrained_dir
from talkgen.errors import ModelError
from talkgen.export.node import find_node
from talkgen.lm.answer.engine import Engine
from talkgen.lm.answer.page import page_model
from talkgen.lm.answer.sample import Sampling
from talkgen.lm.answer.wire import answer_json
from talkgen.lm.files.catalog import find_model
from talkgen.lm.files.in_page import why_not_in_page
from talkgen.lm.files.loaded import Loaded
from talkgen.lm.files.weights import load_model
from talkgen.lm.models.architectures import build_model
from talkgen.lm.models.config import ModelConfig
from talkgen.lm.text.tokenizer import ByteTokenizer
from talkgen.lm.train.recipe import TokenizerRecipe
from talkgen.lm.train.vocabulary import make_tokenizer

HERE = Path(__file__).parent
PAIR = ("small", "small-lstm")
SHIPPED = (*PAIR, "code", "code-lstm")
TEXT = (
    "The `with` statement wraps a block: a context manager's methods, __enter__() and __exit__(), are called 2 times.\n"
)


def load(name: str) -> Loaded:
    """A shipped model."""
    return load_model(find_model(name, HERE))


def in_page(loaded: Loaded, folder: Path, texts=(), ids=(), questions=()) -> dict:
    """What the page's code makes of a model."""
    request = {"model": page_model(loaded), "texts": list(texts), "ids": list(ids), "questions": list(questions)}
    file = folder / "request.json"
    file.write_text(json.dumps(request), encoding="utf-8")
    code = asset_dir("templates") / "web" / "page" / "answer.js"
    command = [find_node(), HERE / "page_answers.mjs", code, file]
    done = subprocess.run(command, capture_output=True, text=True, check=True, encoding="utf-8")
    return json.loads(done.stdout)


def unpacked(loaded: Loaded) -> Loaded:
    """The same model with the weights that the page has: ten bits a number."""
    model = build_model(loaded.model.config)
    weights = {}
    for name, packed in page_model(loaded)["tensors"].items():
        parts = {part: base64.b64decode(packed[part]) for part in packed if part != "shape"}
        if "high" in packed:
            high, low = np.frombuffer(parts["high"], "<i1").astype(int), np.frombuffer(parts["low"], "<u1")
            pairs = np.stack([low >> shift & 3 for shift in (0, 2, 4, 6)], axis=1).reshape(-1)[: len(high)]
            scale = np.frombuffer(parts["scale"], "<f4")[:, None]
            weights[name] = torch.tensor((4 * high + pairs).reshape(packed["shape"]) * scale)
        else:
            weights[name] = torch.tensor(np.frombuffer(parts["data"], "<f4").copy())
    if loaded.model.config.tied_head:
        weights["head.weight"] = weights["embed.weight"]
    model.load_state_dict(weights)
    return Loaded(loaded.name, loaded.label, model.eval(), loaded.tokenizer, loaded.files)


def logits_of(loaded: Loaded, ids: list[int]) -> torch.Tensor:
    """Torch's logits [T, V], read in pieces that fit the context, as the page reads them."""
    size = loaded.model.config.block_size
    with torch.inference_mode():
        return torch.cat([loaded.model(torch.tensor([ids[at : at + size]]))[0][0] for at in range(0, len(ids), size)])


def long_text(loaded: Loaded, tokens: int) -> list[int]:
    """The first tokens of a text that no model here was trained on."""
    text = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
    return loaded.tokenizer.encode(text)[:tokens]


@pytest.mark.parametrize("name", SHIPPED)
def test_logits_are_torchs(name, tmp_path):
    """Over 500 positions, with the weights that the page has."""
    loaded = load(name)
    ids = long_text(loaded, 500)
    shown = torch.tensor(in_page(loaded, tmp_path, ids=ids)["logits"])
    assert (shown - logits_of(unpacked(loaded), ids)).abs().max() < 1e-3


@pytest.mark.parametrize("name", SHIPPED)
def test_ten_bits_move_no_bar_that_one_could_see(name, tmp_path):
    """Over 500 positions no probability is 0.02 off float32's."""
    loaded = load(name)
    ids = long_text(loaded, 500)
    shown = torch.tensor(in_page(loaded, tmp_path, ids=ids)["logits"]).softmax(-1)
    assert (shown - logits_of(loaded, ids).softmax(-1)).abs().max() <= 0.02


def odd_texts(count: int) -> list[str]:
    """Texts of words, code, spaces, several scripts, emoji, combining marks and control characters."""
    draw = random.Random(4)
    parts = ["the ", "don't", " 12", "345 ", "def f(x):\n", "    ", "\t", "\r\n", "é", "日本語", "مرحبا", "שלום"]
    parts += ["🚀", "👩‍🔬", "🇫🇷", "e\u0301", "\u200b", "\x00", "\u00a0", "ﬁ", "_x_", "!!", "'S", "…", "\U0010ffff", " "]
    return ["".join(draw.choices(parts, k=draw.randint(0, 12))) for _ in range(count)]


def test_ids_are_the_tokenizers(tmp_path):
    """500 strings: the same ids, the same pieces, the same text back."""
    loaded = load("small")
    texts = odd_texts(500)
    shown = in_page(loaded, tmp_path, texts=texts)
    ids = [loaded.tokenizer.encode(text) for text in texts]
    assert shown["encoded"] == ids
    assert shown["pieces"] == [loaded.tokenizer.pieces(each) for each in ids]
    assert shown["decoded"] == [loaded.tokenizer.decode(each) for each in ids]


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("how", [Sampling(), Sampling(0.5, top_k=3), Sampling(1.5, top_p=0.6), Sampling(1, 20, 0.9)])
def test_answers_are_the_engines(name, how, tmp_path):
    """The same JSON as the server's, for what is typed, appended to, deleted and not typed at all."""
    loaded = load(name)
    prompts = ["The statement", "The statement is", "The", "", "def f(x):\n    return", "naïve 日本"]
    settings = {"bars": 6, "temperature": how.temperature, "top_k": how.top_k, "top_p": how.top_p, "leave_out": True}
    shown = in_page(loaded, tmp_path, questions=[{"prompt": prompt, **settings} for prompt in prompts])
    engine = Engine(unpacked(loaded))
    for prompt, each in zip(prompts, shown["answers"], strict=True):
        expected = answer_json(engine.next_token(prompt, bars=6, sampling=how, leave_out=True))
        answer = each["answer"]
        assert answer["tokens"] == expected["tokens"]
        assert [{**bar, "p": 0, "p_sampled": 0} for bar in answer["candidates"]] == [
            {**bar, "p": 0, "p_sampled": 0} for bar in expected["candidates"]
        ]
        for field in ("p", "p_sampled"):
            found, wanted = ([bar[field] for bar in made["candidates"]] for made in (answer, expected))
            assert found == pytest.approx(wanted, abs=2e-4)
        assert answer["left_out"] == pytest.approx(expected["left_out"], abs=2e-4)
        for field in ("other", "entropy", "entropy_sampled"):
            assert answer[field] == pytest.approx(expected[field], abs=2e-3)
        assert answer["kept"] == pytest.approx(expected["kept"], rel=0.02)  # a tie at the edge of top-p is a token


def test_a_prompt_that_does_not_fit_is_refused(tmp_path):
    """With the number that fits."""
    loaded = load("small")
    (answer,) = in_page(loaded, tmp_path, questions=[{"prompt": "x y " * 400}])["answers"]
    assert "256 fit" in answer["refused"]


SHAPES = {
    "gpt-2": {"norm": "layer", "positions": "learned", "activation": "gelu_tanh", "bias": True},
    "llama": {"norm": "rms", "positions": "rotary", "activation": "swiglu", "bias": False, "n_kv_head": 2},
    "exact gelu": {"norm": "rms", "positions": "rotary", "activation": "gelu", "bias": False, "tied_head": False},
    "lstm": {"architecture": "lstm"},
    "shift": {"norm": "rms", "positions": "rotary", "activation": "gelu_tanh", "bias": False, "shift": True},
    "learned positions and shift": {"positions": "learned", "shift": True},
    "lstm with shift": {"architecture": "lstm", "shift": True},
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_answers_as_torch_does(shape, tmp_path):
    """All that a config can choose, with fresh weights."""
    torch.manual_seed(3)
    tokenizer = make_tokenizer(TokenizerRecipe(vocabulary=270), TEXT * 4)
    config = ModelConfig(270, n_layer=2, n_embd=32, n_head=4, block_size=64, init_std=0.2, **SHAPES[shape])
    loaded = Loaded("made", "made", build_model(config).eval(), tokenizer, find_model("small", HERE))
    ids = tokenizer.encode(TEXT)[:60]
    shown = torch.tensor(in_page(loaded, tmp_path, ids=ids)["logits"])
    assert (shown - logits_of(unpacked(loaded), ids)).abs().max() < 1e-3


def test_what_cannot_answer_in_a_page_says_why():
    """Another architecture, another tokenizer."""
    assert "transformers and LSTMs" in why_not_in_page(load("recall-rnn").files)
    small = load("small")
    other = Loaded("bytes", "bytes", small.model, ByteTokenizer(), small.files)
    with pytest.raises(ModelError, match="byte-level BPE"):
        page_model(other)


@pytest.mark.parametrize("damage", [b"{", b"[]", b"\xff"])
def test_a_damaged_tokenizer_is_a_message(damage, tmp_path):
    """Planning reads the file before anything is loaded."""
    shutil.copytree(pretrained_dir() / "small", tmp_path / "runs" / "small")
    for file in (tmp_path / "runs" / "small" / "checkpoints").glob("*/tokenizer.json"):
        file.write_bytes(damage)
    with pytest.raises(ModelError, match=r"tokenizer\.json"):
        why_not_in_page(find_model("small", tmp_path))
