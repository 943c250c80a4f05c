"""The numbers of figures that ask a model, against the model asked directly."""

import json
import re
from pathlib import Path

import pytest
import torch
from matplotlib.text import Text
from pydantic import ValidationError

from talkgen.assets import asset_dir
from talkgen.errors import ModelError
from talkgen.figures.measure.tokens import MARKS, show_piece, show_pieces
from talkgen.figures.registry import load_figure
from talkgen.lm.files.catalog import find_model
from talkgen.lm.files.weights import load_model
from talkgen.lm.models.base import Taps

TOKENS_IN = (
    "attention_map backprop_through_time bidirectional causal_mask logit_lens lstm_cell multi_head next_token qkv "
    "softmax_temperature train_vs_inference unrolled_rnn who_copies"
).split()
STRANGE = ["漢字", "👩\u200d🔬", r"\xe6", "·مرحبا"]


def attention_of(loaded, sentence):
    """All weights of a model over a sentence, [layer, head, T, T]."""
    taps = Taps("attention")
    loaded.model(torch.tensor([loaded.tokenizer.encode(sentence)]), taps=taps)
    return torch.stack([layer[0] for layer in taps.values["attention"]]).detach()


def test_attention_map_shows_the_models_weights(data_of, inputs):
    """A chosen layer and head gives that head's weights: rows sum to 1 and nothing looks ahead."""
    data = data_of("attention_map", sentence="to be", layer=2, head=1)
    weights = torch.tensor(data["weights"])
    assert torch.allclose(weights, attention_of(inputs.model(""), "to be")[1, 0], atol=1e-4)
    assert torch.allclose(weights.sum(1), torch.ones(5), atol=1e-3)
    assert torch.equal(weights, weights.tril())
    assert (data["layer"], data["head"], data["tokens"]) == (2, 1, ["t", "o", "·", "b", "e"])


def test_attention_map_takes_means_over_what_is_left_open(data_of, inputs):
    """`choose: mean` averages all heads, or those of a layer."""
    whole = attention_of(inputs.model(""), "to be")
    every = torch.tensor(data_of("attention_map", sentence="to be", choose="mean")["weights"])
    layer = torch.tensor(data_of("attention_map", sentence="to be", choose="mean", layer=1)["weights"])
    assert torch.allclose(every, whole.mean((0, 1)), atol=1e-4)
    assert torch.allclose(layer, whole[0].mean(0), atol=1e-4)


def test_attention_map_chooses_the_clearest_head(data_of, inputs):
    """No other head looks harder at single tokens that are neither first, just before, nor the token itself."""
    sentence = "to be or not"
    data = data_of("attention_map", sentence=sentence)
    clarity = {}
    for layer, heads in enumerate(attention_of(inputs.model(""), sentence), 1):
        for head, weights in enumerate(heads, 1):
            looks = [max([0.0, *row[1 : max(1, i - 1)].tolist()]) for i, row in enumerate(weights)]
            clarity[layer, head] = sum(looks) / len(looks)
    assert (data["layer"], data["head"]) == max(clarity, key=lambda pair: clarity[pair])


PAIR = {"sentence": "to be or not", "beside": "to be or bet", "between": ["to", "be"], "view": "arcs"}


def test_attention_map_of_a_pair_is_the_head_that_parts_it_most(data_of, inputs):
    """No other head looks more at the first word in the first sentence and at the second in the other."""

    def parts(both: list[torch.Tensor]) -> float:
        here, there = ((row[-1, :2].sum() - row[-1, 3:5].sum()).item() for row in both)
        return min(here, -there)

    first, second = (attention_of(inputs.model(""), PAIR[name]) for name in ("sentence", "beside"))
    score = {
        (layer + 1, head + 1): parts([first[layer, head], second[layer, head]])
        for layer in range(first.size(0))
        for head in range(first.size(1))
    }
    data = data_of("attention_map", **PAIR)
    chosen = data["layer"], data["head"]
    assert chosen == max(score, key=lambda pair: score[pair])
    assert [[each["tokens"] for each in words] for words in data["between"]] == [[[0, 2], [3, 5]]] * 2
    weights = second[chosen[0] - 1, chosen[1] - 1]
    assert data["between"][1][1]["weight"] == pytest.approx(float(weights[-1, 3:5].sum()), abs=1e-4)
    assert torch.allclose(torch.tensor(data["beside"]["weights"]), weights, atol=1e-4)


@pytest.mark.parametrize(("shares", "said"), [((3, 1, 1, 3), "looks at “to” above"), ((1, 3, 1, 3), "none of")])
def test_attention_map_says_whether_the_pair_is_parted(shares, said, data_of, canvas):
    """The headline says what is seen, whichever way it falls, and the picture draws both."""
    data = data_of("attention_map", **PAIR)
    for each, share in zip([each for words in data["between"] for each in words], shares, strict=True):
        each["weight"] = share / 10
    assert said in load_figure("attention_map").describe(data)
    load_figure("attention_map").draw(data, canvas)


@pytest.mark.parametrize(
    "params", [{"between": None}, {"beside": ""}, {"view": "map"}, {"choose": "mean"}, {"between": ["to"]}]
)
def test_attention_map_wants_a_whole_pair(params):
    """Two sentences and two words, as arcs of one head."""
    with pytest.raises(ValidationError):
        load_figure("attention_map").Params(**{**PAIR, **params})


def test_attention_map_wants_words_of_the_sentences(data_of):
    """A word that a sentence does not have is named."""
    with pytest.raises(ModelError, match="“not” is not in “to be or bet”"):
        data_of("attention_map", **{**PAIR, "between": ["to", "not"]})


@pytest.mark.parametrize(("share", "named"), [(0.9, True), (0.1, False)])
def test_where_a_head_rests_is_named(share, named, data_of, canvas):
    """A first token that gets most of the looks is said to be where the head rests, in the map and in words."""
    data = data_of("attention_map", sentence="to be", layer=1, head=1)
    data["weights"] = [[1.0, *[0.0] * 4], *([share, 1 - share, *[0.0] * 3] for _ in range(4))]
    figure = load_figure("attention_map")
    drawn = [text.get_text() for axes in figure.draw(data, canvas).axes for text in axes.texts]
    assert ("t: where it rests" in drawn) is named
    assert ("where it rests" in figure.describe(data)) is named


@pytest.mark.parametrize("view", ["map", "arcs"])
def test_attention_map_of_one_token(view, data_of, canvas):
    """A token alone looks at itself, whichever head it is."""
    data = data_of("attention_map", sentence="a", view=view)
    assert data["weights"] == [[1.0]]
    load_figure("attention_map").draw(data, canvas)
    assert "“a”" in load_figure("attention_map").describe(data)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"layer": 9}, "no layer 9"),
        ({"head": 9}, "no head 9"),
        ({"focus": 30}, "no token 30"),
        ({"model": "small-lstm"}, "no attention to show"),
        ({"sentence": "to be or not to be that is"}, "26 tokens"),
    ],
)
def test_attention_map_says_what_is_missing(params, message, data_of):
    """A layer, head, token or kind of model that is not there is a message with a hint."""
    with pytest.raises(ModelError, match=message) as caught:
        data_of("attention_map", **{"sentence": "to be", **params})
    assert caught.value.problems[0].hint


def test_next_token_shows_the_models_distribution(data_of, inputs):
    """Shares are the softmax of the last logits, the likeliest first, and with the rest they make 1."""
    loaded = inputs.model("")
    data = data_of("next_token", prompt="to b", bars=6)
    logits = loaded.model(torch.tensor([loaded.tokenizer.encode("to b")]))[0].detach()
    p = logits[0, -1].double().softmax(-1)
    shown = [item["p"] for item in data["candidates"]]
    assert shown == pytest.approx(p.topk(6).values.tolist(), rel=1e-3)
    assert [item["text"] for item in data["candidates"]] == loaded.tokenizer.pieces(p.topk(6).indices.tolist())
    assert sum(shown) + data["other"] == pytest.approx(1, abs=1e-3)
    assert data["entropy"] == pytest.approx(float(-(p * p.log2()).sum()), rel=1e-3)
    assert data["vocabulary"] == len(p)


def test_completions_are_next_tokens(data_of):
    """Each line's first answer is what `next_token` says after the same prompt."""
    lines = data_of("completions", prompts=["to b", "or n"])["lines"]
    for line in lines:
        assert line["candidates"] == data_of("next_token", prompt=line["prompt"], bars=3)["candidates"]


def test_lstm_cell_reads_its_gates_off_the_module(data_of, inputs):
    """Order and activations are torch's (i, f, g, o), and the formulas the paper's."""
    data = data_of("lstm_cell")
    order = [(gate["name"], gate["activation"]) for gate in data["gates"]]
    assert order == [("input", "sigmoid"), ("forget", "sigmoid"), ("cell", "tanh"), ("output", "sigmoid")]
    assert data["memory"] == "forget × c + input × cell"
    assert data["output"] == "output × tanh c′"


def test_lstm_gates_are_what_the_weights_give(data_of, inputs):
    """The first layer's gates, over all tokens and at each, from the weights and the fused kernel's states."""
    loaded = inputs.model("small-lstm")
    rnn = loaded.model.rnn
    with torch.no_grad():
        x = loaded.model.embed(torch.tensor(loaded.tokenizer.encode("to be")))
        single = torch.nn.LSTM(16, 16)
        single.load_state_dict({name: getattr(rnn, name) for name in single.state_dict()})
        h = torch.cat((torch.zeros(1, 16), single(x)[0][:-1]))
        total = x @ rnn.weight_ih_l0.T + h @ rnn.weight_hh_l0.T + rnn.bias_ih_l0 + rnn.bias_hh_l0
    i, f, g, o = total.chunk(4, dim=1)
    expected = [i.sigmoid().mean(), f.sigmoid().mean(), g.tanh().mean(), o.sigmoid().mean()]
    gates = data_of("lstm_cell", sentence="to be")["gates"]
    assert [gate["mean"] for gate in gates] == pytest.approx([float(value) for value in expected], rel=0.01)
    for gate, values in zip(gates, (i.sigmoid(), f.sigmoid(), g.tanh().abs(), o.sigmoid()), strict=True):
        assert gate["by_token"] == pytest.approx(values.mean(1).tolist(), rel=0.01)


@pytest.mark.parametrize(("gate", "seen"), [("forget", {"forget"}), ("input", {"input", "cell"}), (None, None)])
def test_a_gate_can_be_the_only_one_in_colour(gate, seen, data_of, canvas):
    """What belongs to the gate that is asked for is in ink, the others stand back; without one all are."""
    picture = load_figure("lstm_cell").draw(data_of("lstm_cell", sentence="to be", gate=gate), canvas)
    names = {"forget", "input", "cell", "output"}
    texts = [text for text in picture.findobj(Text) if text.get_text() in names]
    assert {text.get_text() for text in texts if text.get_color() == canvas.style.colors.ink} == (seen or names)


def test_lstm_cell_names_its_tokens_or_counts_them(data_of, canvas):
    """A sentence that has no room below the cell is not cut: its tokens are counted."""
    data = data_of("lstm_cell", sentence="to be")
    for tokens, note in ((["to", "·be"], "a bar a token: to·be"), (["·be"] * 40, "a bar for each of 40 tokens")):
        data["tokens"] = tokens
        picture = load_figure("lstm_cell").draw(data, canvas)
        assert note in {text.get_text() for axes in picture.axes for text in axes.texts}


def test_lstm_cell_refuses_a_transformer(data_of):
    """A model without gates is a message that names one with gates."""
    with pytest.raises(ModelError, match="no LSTM cell"):
        data_of("lstm_cell", model="")


def test_empty_text_is_a_message(data_of):
    """A prompt longer than the model's context is refused with its length."""
    with pytest.raises(ModelError, match="44 tokens"):
        data_of("next_token", prompt="to be or not" * 3 + "to be or")


@pytest.mark.parametrize(
    ("piece", "shown"),
    [
        (" dog", "·dog"),
        ("\n", "⏎"),
        ("  ", "··"),
        ("\t\t", "⇥⇥"),
        ("a b", "a·b"),
        ("$x$", "$x$"),
        ("\u00a0", "⍽"),
        ("\x1b", r"\x1b"),
        ("👩\u200d🔬", "👩\u200d🔬"),
    ],
)
def test_pieces_are_shown_as_people_read_them(piece, shown):
    """The space before a word is a dot, other white space has its mark, and what nobody can see is written out."""
    assert show_piece(piece) == shown
    assert show_piece(shown) == shown  # a token that is shown already stays as it is


def test_tokens_look_alike_in_figures_and_in_live_elements():
    """White space has one mark in both."""
    source = (asset_dir("templates") / "web" / "pieces.js").read_text(encoding="utf-8")
    found = re.findall(r'("[^"]+"): ("[^"]+")', re.search(r"const MARKS = \{(.*)\}", source)[1])
    assert {json.loads(sign): json.loads(mark) for sign, mark in found} == {**MARKS, "\r": "␍"}


def test_bytes_that_are_no_character_are_seen_as_such(inputs):
    """A part of a character, as byte-level BPE cuts it, is its bytes in hexadecimal; the whole is itself."""
    small = load_model(find_model("small", Path("nowhere")))
    ids = torch.tensor([small.tokenizer.encode(" 漢")])
    assert "".join(show_pieces(small, ids)) == r"·\xe6\xbc\xa2"
    assert show_pieces(small, torch.tensor([small.tokenizer.encode(" é")]))[-1] in ("é", r"\xa9")


@pytest.mark.parametrize("name", sorted(TOKENS_IN))
def test_tokens_of_every_script_are_drawn(name, data_of, canvas):
    """In each figure that shows tokens: Chinese, Arabic, emoji by bundled fonts, bytes that are no character."""
    data = json.loads(json.dumps(data_of(name)))
    tokens = data["line"]["tokens"] if name == "who_copies" else data["tokens"]
    shown = STRANGE[: len(tokens)]
    tokens[: len(shown)] = shown
    picture = load_figure(name).draw(data, canvas)
    drawn = " ".join(text.get_text() for axes in picture.axes for text in axes.texts)
    assert [token for token in shown if token not in drawn] == []
