"""The numbers of the alignment figure against the translator asked directly."""

from pathlib import Path

import pytest
import torch

from talkgen.errors import ModelError
from talkgen.figures import alignment
from talkgen.lm.answer.translate import translate
from talkgen.lm.files.catalog import find_model
from talkgen.lm.files.weights import load_model

SENTENCE = "the black cat sleeps"


@pytest.mark.parametrize("layer", [None, 2])
@pytest.mark.parametrize("head", [None, 1])
def test_means_are_of_what_is_left_open(layer, head, data_of, inputs):
    """`choose: mean` averages all heads, a layer's, one head of all layers, or shows the one that is named."""
    weights = translate(inputs.model("translator"), SENTENCE).weights
    expected = weights[slice(layer and 1, layer)][:, slice(head and 0, head)].mean((0, 1))
    data = data_of("alignment", model="translator", sentence=SENTENCE, layer=layer, head=head, choose="mean")
    assert torch.allclose(torch.tensor(data["weights"]), expected, atol=1e-4)
    assert data["looks_at"] == expected.argmax(1).tolist()
    assert data["source"] == ["the", "black", "cat", "sleeps", "(end)"]
    assert (data["layer"], data["head"]) == (layer, head)


def test_the_clearest_head_leaves_the_fewest_words_unread(data_of, inputs):
    """No other head gives the words of the sentence larger weights, each at the word written that likes it best."""
    weights = translate(inputs.model("translator"), SENTENCE).weights
    read = {
        (layer, head): sum(max(column) for column in list(zip(*matrix.tolist(), strict=True))[:-1])
        for layer, heads in enumerate(weights, 1)
        for head, matrix in enumerate(heads, 1)
    }
    data = data_of("alignment", model="translator", sentence=SENTENCE)
    assert (data["layer"], data["head"]) == max(read, key=lambda pair: read[pair])
    assert torch.allclose(torch.tensor(data["weights"]), weights[data["layer"] - 1, data["head"] - 1], atol=1e-4)


@pytest.mark.parametrize(("name", "whose"), [("rnnsearch", "additive attention in %"), ("translator", "head ")])
def test_the_papers_reordering_is_seen(name, whose):
    """Of either model `zone économique européenne` looks at `area`, `economic`, `european`, in that order."""
    loaded = load_model(find_model(name, Path("nowhere")))
    data = alignment.align(loaded, alignment.Params())
    looks_at = dict(zip(data["target"], (data["source"][j] for j in data["looks_at"]), strict=True))
    assert [looks_at[word] for word in ("zone", "économique", "européenne")] == ["area", "economic", "european"]
    assert data["steps_back"] >= 2
    text = alignment.describe(data)
    assert "“zone” at “area”" in text
    assert whose in text


def texts(picture) -> list[str]:
    """All that is written in a picture."""
    return [text.get_text() for axes in picture.axes for text in axes.texts]


def test_a_word_order_it_never_saw_is_told(data_of, canvas):
    """In the picture and in its words, with the words; nothing is said of an order that it knows."""
    strange, usual = (data_of("alignment", sentence=sentence) for sentence in ("the cat black sleeps", SENTENCE))
    assert strange["strange"] == ["the", "cat", "black"]
    warning = "it never saw words in this order: “the cat black”"
    assert warning in texts(alignment.draw(strange, canvas))
    assert warning in alignment.describe(strange)
    assert usual["strange"] == []
    assert "never saw" not in alignment.describe(usual) + " ".join(texts(alignment.draw(usual, canvas)))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"layer": 9}, "no layer 9"),
        ({"head": 9}, "no head 9"),
        ({"model": "small"}, "does not translate"),
        ({"sentence": "the zebra sleeps"}, "not “zebra”"),
    ],
)
def test_what_is_missing_is_said(params, message, data_of):
    """A layer, a head, a model or a word that is not there is a message with a hint."""
    with pytest.raises(ModelError, match=message) as caught:
        data_of("alignment", **{"sentence": "the cat sleeps", **params})
    assert caught.value.problems[0].hint
