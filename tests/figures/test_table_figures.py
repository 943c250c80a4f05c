"""Figures of published tables: their arithmetic, and what our own layers add to them."""

import numpy as np
import pytest
import torch

from talkgen.errors import TalkgenError
from talkgen.figures import complexity_table, compute_optimal, model_sizes
from talkgen.figures.measure import layers


@pytest.mark.parametrize(("name", "expected"), [
    ("self-attention", lambda n, d: 4 * n * n * d),
    ("recurrent", lambda n, d: 2 * (n - 1) * d * d),
    ("convolution", lambda n, d: 2 * layers.KERNEL * n * d * d),
    ("restricted attention", lambda n, d: 4 * layers.NEIGHBOURHOOD * n * d),
], ids=["attention", "recurrent", "convolution", "restricted"])  # fmt: skip
def test_flops_of_layers_are_their_products(name, expected):
    """Two a multiplication and addition, of the matrix products alone."""
    assert layers.count_flops(name, 32, 16) == expected(32, 16)


@pytest.mark.parametrize("name", ["self-attention", "recurrent", "convolution", "restricted attention"])
def test_layers_look_back_only_where_they_should(name):
    """A change of the last position leaves earlier ones alone; that of the first reaches what its path says."""
    layer, x = layers.layer_of(name, 8), torch.randn(20, 8, generator=torch.Generator().manual_seed(3))
    other = x.clone()
    other[0] += 1
    changed = ((layer(other) - layer(x)).abs().amax(1) > 0).tolist()
    reach = {"convolution": layers.KERNEL, "restricted attention": layers.NEIGHBOURHOOD}.get(name, 20)
    assert changed[:reach] == [True] * reach
    assert not any(changed[reach:])


def test_counted_exponents_are_the_printed_ones(data_of, canvas):
    """All four rows, within what a recurrent layer's first state takes off."""
    data = data_of("complexity_table")
    for row in data["rows"]:
        assert row["counted"] == pytest.approx(row["printed"], abs=0.01)
        first, last = row["traced"]
        assert (last == 2 * first + 1) if row["steps"] == "O(n)" else (last == first)
    for step in (1, 2):
        complexity_table.draw(data | {"step": step}, canvas)
    assert "15 steps for 16 tokens" in complexity_table.headline(data)


@pytest.mark.parametrize("budget", [1e20, 5.76e23])
def test_the_optimum_is_where_the_loss_is_least(budget):
    """A search along the budget finds no better size."""
    a, alpha, b, beta = 482.01, 0.3478, 2085.43, 0.3658

    every = np.exp(np.linspace(15, 32, 1_000_001))
    found = every[(a / every**alpha + b / (budget / 6 / every) ** beta).argmin()]
    sizes, tokens = compute_optimal.optimum(a, alpha, b, beta, np.array([budget]))
    assert sizes[0] == pytest.approx(found, rel=1e-3)
    assert 6 * sizes[0] * tokens[0] == pytest.approx(budget)


def test_models_are_told_with_their_tokens(data_of, canvas):
    """The headline names the two ends, each a quotient of the table."""
    data = data_of("compute_optimal")
    text = compute_optimal.headline(data)
    assert "Megatron-Turing saw 0.51 tokens a parameter, SmolLM2 15k" in text
    assert round(270e9 / 530e9, 2) == 0.51
    assert "22 tokens a parameter" in compute_optimal.headline(data | {"step": 1})
    for shown in (1, 8):
        compute_optimal.draw(data | {"models": data["models"][:shown]}, canvas)


def test_bytes_of_models_and_what_fits(data_of, canvas):
    """Bits over eight; the largest model under the memory, for each number of bits."""
    data = data_of("model_sizes", models=["GPT-3", "SmolLM2", "Chinchilla"])
    assert [model["name"] for model in data["models"]] == ["SmolLM2", "Chinchilla", "GPT-3"]
    assert data["models"][2]["bytes"] == [7e11, 3.5e11, 1.75e11, 8.75e10]
    h200 = data["memories"][2]
    fits = [(model_sizes.largest_that_fits(data, h200, bits) or {"name": None})["name"] for bits in (32, 16, 4)]
    assert fits == ["SmolLM2", "Chinchilla", "GPT-3"]
    assert model_sizes.headline(data) == "141 GB hold SmolLM2 in 32 bits, GPT-3 in 4"
    assert model_sizes.headline(data | {"step": 1}) == "141 GB hold SmolLM2 in 32 bits"
    alone = data_of("model_sizes", models=["Switch-C"])
    assert "None of these" in model_sizes.headline(alone)
    for step in range(1, 5):
        model_sizes.draw(data | {"step": step}, canvas)
    with pytest.raises(TalkgenError, match="no model 'GPT3'") as caught:
        data_of("model_sizes", models=["GPT3"])
    assert "GPT-3" in caught.value.problems[0].hint
