"""What elements show of a model's inside, against transformers' GPT-2 and Llama looked into with hooks."""

import pytest
import torch
from reference_models import REFERENCES, last_layers, save_reference
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


@torch.no_grad()
def test_neurons_are_what_the_reference_multiplies_and_adds(pair):
    """How active the most active ones are, and the logits they raise most through its last norm as it is, to 1e-3."""
    reference, engine = pair
    ids = torch.tensor([engine.encode(PROMPT)])
    norm, head = last_layers(reference)
    centred = hasattr(norm, "bias")
    active, [stream] = watch(second_matrices(reference), reference, ids), watch([norm], reference, ids)
    for layer, matrix in enumerate(second_matrices(reference)):
        directions = matrix.weight if centred else matrix.weight.T  # [n_inner, C]: GPT-2's lies the other way
        shown = ask(engine, "neurons", layer=layer + 1)["most"]
        for place, neurons in enumerate(shown):
            strongest = active[layer][place].abs().topk(len(neurons)).indices.tolist()
            assert [each["neuron"] - 1 for each in neurons] == strongest
            spread = stream[place].std(unbiased=False) if centred else stream[place].square().mean().sqrt()
            for each, which in zip(neurons, strongest, strict=True):
                assert (torch.tensor(each["active"]) - active[layer][:, which]).abs().max() < 1e-3
                added = active[layer][place, which] * directions[which]
                added = added - added.mean() if centred else added
                logits, tokens = (head.weight @ (added / spread * norm.weight)).topk(len(each["writes"]))
                assert [one["text"] for one in each["writes"]] == engine.tokenizer.pieces(tokens.tolist())
                assert [one["add"] for one in each["writes"]] == pytest.approx(logits.tolist(), abs=1e-3)


def second_matrices(reference):
    """The second matrix of each layer's MLP."""
    if hasattr(reference, "transformer"):
        return [block.mlp.c_proj for block in reference.transformer.h]
    return [block.mlp.down_proj for block in reference.model.layers]


def watch(modules, reference, ids):
    """What each of the modules is given while the reference reads."""
    seen = []
    hooks = [module.register_forward_pre_hook(lambda _module, given: seen.append(given[0][0])) for module in modules]
    reference(ids)
    for hook in hooks:
        hook.remove()
    return seen
