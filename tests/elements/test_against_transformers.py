"""What elements show of a model's inside, against transformers' GPT-2 and Llama looked into with hooks."""

import pytest
import torch
from reference_models import REFERENCES, save_reference
from transformers.models.gpt2 import modeling_gpt2
from transformers.models.llama import modeling_llama

from talkgen.elements.base import Asked
from talkgen.elements.registry import check_params, load_element
from talkgen.lm.answer.callers import Caller
from talkgen.lm.answer.engine import Engine
from talkgen.lm.files.catalog import find_model
from talkgen.lm.files.weights import load_model

pytestmark = pytest.mark.slow

PROMPT = "to be"


@pytest.fixture(params=REFERENCES)
def pair(request, tmp_path):
    """A reference with random weights, and an engine over the same weights."""
    reference = save_reference(request.param, tmp_path)
    return reference, Engine(load_model(find_model(str(tmp_path), tmp_path)))


def ask(engine, name, **params):
    """The element's answer to the prompt."""
    return load_element(name).answer(Asked(engine, PROMPT, check_params(name, params), Caller()))


@torch.no_grad()
def test_what_is_multiplied_is_what_the_reference_multiplies(pair, monkeypatch):
    """Each query and key of a head, rotated where positions are; their products, scores and weights, to 1e-3."""
    reference, engine = pair
    multiplied = []
    for module in (modeling_gpt2, modeling_llama):
        own = module.eager_attention_forward

        def keep(layer, query, key, *rest, own=own, **more):
            multiplied.append((query[0], key[0]))
            return own(layer, query, key, *rest, **more)

        monkeypatch.setattr(module, "eager_attention_forward", keep)
    reference.set_attn_implementation("eager")
    weights = reference(torch.tensor([engine.encode(PROMPT)]), output_attentions=True).attentions
    for layer, (queries, keys) in enumerate(multiplied):
        for head, query in enumerate(queries):
            key = keys[head * len(keys) // len(queries)]  # a key head may serve several query heads
            shown = ask(engine, "qkv", layer=layer + 1, head=head + 1)
            q, k = (torch.tensor(shown[name]) for name in ("q", "k"))
            assert (q - query).abs().max() < 1e-3
            assert (k - key).abs().max() < 1e-3
            assert (q[:, None] * k - query[:, None] * key).abs().max() < 1e-3
            assert (torch.tensor(shown["scores"]) - query @ key.T).abs().max() < 1e-3
            assert shown["width"] == query.size(1)
            assert (torch.tensor(shown["weights"]) - weights[layer][0, head]).abs().max() < 1e-3
