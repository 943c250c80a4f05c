"""The tree of beam search against the model asked text by text."""

import itertools
import math

import pytest
import torch

from talkgen.figures.decoding_tree import best_path, describe, headline
from talkgen.figures.registry import load_figure


def probability(loaded, prompt: str, ids: tuple[int, ...]) -> float:
    """Of a continuation, by one pass over all of it."""
    start = loaded.tokenizer.encode(prompt)
    with torch.no_grad():
        logits, _ = loaded.model(torch.tensor([[*start, *ids]]))
    log_p = logits[0].double().log_softmax(-1)
    return math.exp(sum(float(log_p[len(start) - 1 + place, token]) for place, token in enumerate(ids)))


@pytest.mark.parametrize("width", [1, 2, 3])
def test_the_tree_is_of_the_likeliest_texts(width, data_of, inputs):
    """After two tokens: of all continuations of the kept first tokens, the likeliest are kept, the next are dropped."""
    loaded = inputs.model("")
    data = data_of("decoding_tree", prompt="to b", width=width, tokens=2)
    vocabulary = range(loaded.tokenizer.vocab_size)
    first = sorted(vocabulary, key=lambda token: -probability(loaded, "to b", (token,)))[: 2 * width]
    shown = [node["total"] for node in data["steps"][0]]
    assert shown == pytest.approx([probability(loaded, "to b", (token,)) for token in first], rel=1e-3)
    assert [node["kept"] for node in data["steps"][0]] == [True] * width + [False] * width
    totals = {pair: probability(loaded, "to b", pair) for pair in itertools.product(first[:width], vocabulary)}
    likeliest = sorted(totals.values(), reverse=True)[: 2 * width]
    assert sorted((node["total"] for node in data["steps"][1]), reverse=True) == pytest.approx(likeliest, rel=1e-3)
    assert sorted(node["total"] for node in data["steps"][1] if node["kept"]) == pytest.approx(
        sorted(likeliest[:width]), rel=1e-3
    )
    assert data["best"] == pytest.approx(likeliest[0], rel=1e-3)


def test_a_path_multiplies_to_the_whole(data_of):
    """The shares of the coloured tokens give the probability of the text, and each stands below its beginning."""
    data = data_of("decoding_tree")
    path = best_path(data)
    shares = [step[place]["p"] for step, place in zip(data["steps"], path, strict=True)]
    assert math.prod(shares) == pytest.approx(data["best"], rel=2e-3)
    assert all(data["steps"][n][path[n]]["parent"] == path[n - 1] for n in range(1, len(path)))
    assert all(data["steps"][n][path[n]]["kept"] for n in range(len(path)))
    assert f"{100 * data['best']:.3g}%" in describe(data)


def test_greedy_is_a_beam_of_one(data_of):
    """With one text kept both are the same, and the headline says so; a wider search finds no less likely a text."""
    one, three = (data_of("decoding_tree", prompt="to be", width=width, tokens=3) for width in (1, 3))
    assert one["best"] == one["greedy"] == three["greedy"]
    assert "greedy decoding finds" in headline(one)
    assert "times as likely" in headline({"width": 2, "best": 0.2, "greedy": 0.1})


@pytest.mark.parametrize(
    "params", [{"prompt": "a", "tokens": 1}, {"prompt": "to be or not " * 2, "tokens": 5, "width": 3}]
)
def test_short_and_long_prompts(params, data_of, canvas):
    """A prompt of one token and a tree of one step, and the largest tree, can be drawn."""
    load_figure("decoding_tree").draw(data_of("decoding_tree", **params), canvas)
