"""Beam search against trying every text."""

import itertools

import pytest
import torch

from talkgen.lm.answer.beam import penalty, search_beams
from talkgen.lm.fast.compiled_transformer import CompiledTransformer
from talkgen.lm.models.architectures import build_model
from talkgen.lm.models.config import ModelConfig
from talkgen.lm.models.transformer import Transformer

VOCABULARY, END = 5, 4
LLAMA = {"norm": "rms", "positions": "rotary", "activation": "swiglu", "bias": False}


def make_model(architecture="transformer", vocabulary=VOCABULARY, **parts):
    """A model whose next tokens are far from equally likely."""
    torch.manual_seed(8)
    model = build_model(ModelConfig(vocabulary, architecture, n_embd=32, n_head=2, block_size=64, **parts)).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(6)
    return model


def log_ps(model, prompt, texts):
    """The log-probability after `prompt` of each of `texts`, all of one length, by one full pass."""
    with torch.inference_mode():
        logits, _ = model(torch.tensor([[*prompt, *text] for text in texts]))
    rows = logits[:, len(prompt) - 1 : -1].log_softmax(-1)
    return rows.gather(-1, torch.tensor(texts)[..., None]).sum((1, 2)).tolist()


def every_text(model, prompt, longest, power):
    """All texts that end with END, or after `longest` tokens, with their scores, the best first."""
    found = []
    for length in range(1, longest + 1):
        texts = [
            text
            for text in itertools.product(range(VOCABULARY), repeat=length)
            if END not in text[:-1] and (text[-1] == END or length == longest)
        ]
        for text, p in zip(texts, log_ps(model, prompt, texts), strict=True):
            ids = text[:-1] if text[-1] == END else text
            found.append((p / penalty(length, power), ids))
    return sorted(found, reverse=True)


@pytest.mark.parametrize("power", [0.0, 0.6, 1.5])
@pytest.mark.parametrize("architecture", ["transformer", "lstm"])
def test_wide_enough_it_finds_the_best(architecture, power):
    """A beam that can hold every beginning gives the texts that trying all of them gives, in their order."""
    model = make_model(architecture)
    expected = every_text(model, [1, 2], 4, power)[:6]
    found = search_beams(model.reader(), [1, 2], width=256, max_tokens=4, length_penalty=power, end=END)[:6]
    assert [beam.ids for beam in found] == [ids for _, ids in expected]
    assert [beam.score for beam in found] == pytest.approx([score for score, _ in expected], abs=1e-4)


def test_a_beam_of_one_is_greedy():
    """Width 1 follows the likeliest token."""
    model = make_model(vocabulary=50)
    (beam,) = search_beams(model.reader(), [3], width=1, max_tokens=12)
    ids = [3]
    for _ in range(12):
        with torch.inference_mode():
            ids.append(int(model(torch.tensor([ids]))[0][0, -1].argmax()))
    assert list(beam.ids) == ids[1:]
    assert beam.log_p == pytest.approx(log_ps(model, [3], [ids[1:]])[0], abs=1e-4)


def test_the_decoder_searches_too():
    """The compiled decoder finds the same beams."""
    model = make_model(vocabulary=50, **LLAMA)
    assert isinstance(model, Transformer)
    expected = search_beams(model.reader(), [3, 4], width=5, max_tokens=10)
    found = search_beams(CompiledTransformer.from_transformer(model, "float32"), [3, 4], width=5, max_tokens=10)
    assert [beam.ids for beam in found] == [beam.ids for beam in expected]
    assert [beam.log_p for beam in found] == pytest.approx([beam.log_p for beam in expected], abs=1e-3)
