"""Roles of heads counted token by token, and heads cut out of the weights themselves."""

import copy

import pytest
import torch

from talkgen.errors import ModelError
from talkgen.figures import multi_head
from talkgen.lm.models.base import Taps

TEXT = "to be or not to be that is"


def test_shares_of_roles_are_those_counted_token_by_token(inputs):
    """A loop over tokens that asks of each where its role looks."""
    loaded = inputs.model("tiny")
    ids = loaded.tokenizer.encode(TEXT)
    taps = Taps("attention")
    with torch.no_grad():
        loaded.model(torch.tensor([ids]), taps=taps)
    weights = torch.stack([layer[0].double() for layer in taps.values["attention"]])
    shares = multi_head.role_shares(weights, torch.tensor(ids))

    def places(role, t):
        twins = [j for j in range(t) if ids[j] == ids[t]]
        return [[j + 1 for j in twins if j + 1 < t], twins, [t - 1] * (t > 0), [0] * (t > 1), [t]][role]

    for role in range(5):
        for layer, head in ((0, 0), (1, 1)):
            found = [
                sum(float(weights[layer, head, t, j]) for j in places(role, t))
                for t in range(len(ids))
                if places(role, t)
            ]
            assert float(shares[role, layer, head]) == pytest.approx(sum(found) / len(found)), role


def test_a_head_is_cut_out_as_if_it_had_no_weights(inputs, data_of):
    """Its columns of the projection set to zero in a copy of the model give the same change of the loss."""
    loaded = inputs.model("tiny")
    ids = torch.tensor([loaded.tokenizer.encode(TEXT)])
    for found in data_of("multi_head", text=TEXT, sentence="to be")["heads"]:
        without = copy.deepcopy(loaded.model)
        size = without.config.head_dim
        columns = slice((found["head"] - 1) * size, found["head"] * size)
        with torch.no_grad():
            without.blocks[found["layer"] - 1].attention.proj.weight[:, columns] = 0
            losses = [
                torch.nn.functional.cross_entropy(model(ids)[0][0, :-1], ids[0, 1:])
                for model in (without, loaded.model)
            ]
        assert found["change"] == pytest.approx(float(losses[0] - losses[1]), abs=2e-3)


def test_each_head_and_each_role_is_chosen_once(inputs, data_of):
    """Role by role the head that looks hardest there, of those that are left; the first is the best of all."""
    heads = data_of("multi_head", text=TEXT, sentence="to be")["heads"]
    assert len({(head["layer"], head["head"]) for head in heads}) == len({head["role"] for head in heads}) == 4
    assert [head["role"] for head in heads] == list(multi_head.ROLES)[:4]


@pytest.mark.parametrize(("sentence", "text"), [("a", "ab"), ("to be or no", "to be or not to be that is a b c d e")])
def test_short_and_long_texts(sentence, text, data_of, canvas):
    """A text in which nothing comes twice has no such roles; a map of one token can be drawn."""
    data = data_of("multi_head", sentence=sentence, text=text)
    multi_head.draw(data, canvas)
    assert ("same" in multi_head.describe(data) or "like it" in multi_head.describe(data)) == (len(text) > 2)


def test_headline_follows_the_loss(data_of):
    """What is missed is named; where nothing is, that is said."""
    data = data_of("multi_head", text=TEXT, sentence="to be")
    for change, expected in ((0.4, "rises 0.40 nats"), (0.01, "No one of")):
        data["heads"] = [head | {"change": change} for head in data["heads"]]
        assert expected in multi_head.headline(data)


@pytest.mark.parametrize(
    ("params", "message"),
    [({"model": "small-lstm", "text": TEXT}, "no heads"), ({"text": "a", "sentence": "a"}, "one token")],
)
def test_what_is_missing_is_said(params, message, data_of):
    """A model without heads or a text without two tokens is a message with a hint."""
    with pytest.raises(ModelError, match=message) as caught:
        data_of("multi_head", **params)
    assert caught.value.problems[0].hint
