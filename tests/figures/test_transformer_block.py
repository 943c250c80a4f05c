"""What is traced of a block against the formulas of the architecture."""

import pytest
import torch

from talkgen.errors import ModelError
from talkgen.figures.measure.modules import trace_modules
from talkgen.figures.registry import load_figure
from talkgen.lm.models.config import ModelConfig
from talkgen.lm.models.transformer import Transformer


@pytest.mark.parametrize(("tokens", "layer"), [(1, 1), (12, 2)])
def test_a_block_is_what_the_paper_says(tokens, layer, data_of, canvas):
    """GPT-2's block of width 16: 3·16² and 16² of attention, 2·4·16² of the MLP, biases and norms; two FLOPs each."""
    data = data_of("transformer_block", tokens=tokens, layer=layer)
    attention, mlp = data["halves"]
    assert [part["parameters"] for part in attention["parts"]] == [32, 3 * 256 + 48, 0, 256 + 16]
    assert [part["parameters"] for part in mlp["parts"]] == [32, 4 * 256 + 64, 0, 4 * 256 + 16]
    scores = 2 * 2 * tokens**2 * 16  # QKᵀ and its product with V, over both heads
    assert [part["flops"] for part in attention["parts"]] == [0, tokens * 6 * 256, scores, tokens * 2 * 256]
    assert [part["flops"] for part in mlp["parts"]] == [0, tokens * 8 * 256, 0, tokens * 8 * 256]
    assert data["flops"] == attention["flops"] + mlp["flops"] == tokens * 24 * 256 + scores
    assert data["parameters"] == attention["parameters"] + mlp["parameters"] + 64
    assert [(part["in"], part["out"]) for part in mlp["parts"]] == [(16, 16), (16, 64), (64, 64), (64, 16)]
    load_figure("transformer_block").draw(data, canvas)


def test_parts_of_a_gated_block_with_shared_keys():
    """SwiGLU's first matrix is twice as wide, and two key/value heads serve four query heads."""
    config = ModelConfig(32, n_layer=1, n_embd=16, n_head=4, n_kv_head=2, n_inner=24, activation="swiglu", bias=False)
    found = trace_modules(Transformer(config).eval(), torch.arange(5)[None])
    assert found["blocks.0.attention.qkv"].width_out == 16 + 2 * 8
    assert (found["blocks.0.mlp.up"].width_out, found["blocks.0.mlp.down"].width_in) == (48, 24)
    assert found["blocks.0.mlp.up"].flops == 2 * 5 * 16 * 48


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"layer": 9}, "layer 9 is too much"),
        ({"tokens": 41}, "tokens 41 is too much"),
        ({"model": "small-lstm"}, "no transformer"),
    ],
)
def test_what_is_missing_is_said(params, message, data_of):
    """A block, room for the tokens or a transformer that is not there is a message with a hint."""
    with pytest.raises(ModelError, match=message) as caught:
        data_of("transformer_block", **params)
    assert caught.value.problems[0].hint
