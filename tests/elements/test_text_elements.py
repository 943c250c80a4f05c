"""The elements about text (`tokenizer`, `sampling`, `decoding`) and about logits, against other ways to them."""

import math

import pytest
import tokenizers
import torch

from talkgen.errors import ModelError
from talkgen.lm.answer.callers import Caller, GoneError
from talkgen.lm.answer.sample import Sampling
from talkgen.lm.models.base import Taps

from .conftest import TEXT


def test_tokens_are_the_tokenizers(ask, engines):
    """Ids and texts are those that the model reads."""
    answer = ask("tokenizer", prompt="naïve 🙂 dog")
    ids = engines["small"].encode("naïve 🙂 dog")
    assert [token["id"] for token in answer["tokens"]] == ids
    assert answer["characters"] == 11
    assert answer["bytes"] == len("naïve 🙂 dog".encode())


def test_without_merges_a_token_is_a_byte(ask):
    """None of the merges leaves bytes, and each more merge at most as many tokens."""
    counts = [len(ask("tokenizer", prompt=TEXT, merges=merges)["tokens"]) for merges in (0, 50, 200, None)]
    assert counts[0] == len(TEXT.encode())
    assert counts == sorted(counts, reverse=True)
    assert len(set(counts)) == 4


def test_some_merges_are_the_libraries_own(ask, engines):
    """What the library makes of the same tokenizer with fewer merges."""
    import json

    known = json.loads(engines["small"].tokenizer.to_json())
    known["model"]["merges"] = known["model"]["merges"][:100]
    other = tokenizers.Tokenizer.from_str(json.dumps(known))
    answer = ask("tokenizer", prompt=TEXT, merges=100)
    assert [token["id"] for token in answer["tokens"]] == other.encode(TEXT, add_special_tokens=False).ids


def test_what_learned_no_merges_says_so(ask):
    """A tokenizer of bytes has none."""
    with pytest.raises(ModelError, match="no merges"):
        ask("tokenizer", model="tiny", merges=3)


def test_continuations_are_the_engines(ask, engines):
    """Each text is what the engine generates with its seed; its tokens come one after the other."""
    parts = []
    answer = ask("sampling", parts=parts, tokens=5, texts=2, seed=4, temperature=0.9)
    for which, text in enumerate(answer["texts"]):
        alone = engines["small"].generate(
            TEXT, max_tokens=5, seed=4000 + which, top=1, sampling=Sampling(temperature=0.9)
        )
        assert "".join(token["text"] for token in text["tokens"]) == alone.text
        bits = [-odds.log_p / math.log(2) for odds in alone.odds]
        assert text["surprise"] == pytest.approx(sum(bits) / len(bits), abs=1e-3)
    grown = [sum(len(text["tokens"]) for text in part["texts"]) for part in parts]
    assert grown == list(range(1, 11))


def test_without_temperature_all_are_the_greedy_text(ask):
    """There is one likeliest text."""
    texts = ask("sampling", tokens=6, temperature=0)["texts"]
    assert all(text == texts[0] for text in texts)


def test_who_leaves_ends_the_drawing(ask):
    """The texts are not finished for nobody."""
    parts = []
    with pytest.raises(GoneError):
        ask("sampling", parts=parts, tokens=64, caller=Caller(gone=lambda: len(parts) > 4))
    assert len(parts) < 20


def test_the_tree_leads_to_the_beams_text(ask, engines):
    """The best path spells the text that beam search finds; every beginning hangs on one that was kept."""
    answer = ask("decoding", width=3, tokens=5)
    text, beam = engines["small"].beams(TEXT, width=3, max_tokens=5, length_penalty=0.0)[0]
    path = [step[place]["text"] for step, place in zip(answer["steps"], answer["best"], strict=True)]
    assert "".join(path) == text == answer["beam_text"]
    assert answer["beam_p"] == pytest.approx(math.exp(beam.log_p), rel=1e-3)
    assert answer["beam_p"] >= answer["greedy_p"]
    for before, step in zip(answer["steps"], answer["steps"][1:], strict=False):
        assert {before[beginning["parent"]]["fate"] for beginning in step} == {"kept"}


def test_a_beam_of_one_is_greedy(ask):
    """One beginning is kept: both texts are the same."""
    answer = ask("decoding", width=1, tokens=4)
    assert answer["beam_text"] == answer["greedy_text"]
    assert answer["best"] == answer["greedy"] == [0, 0, 0, 0]


def test_the_last_layer_says_what_the_model_says(ask, engines):
    """On the last row stand the model's own likeliest tokens; its answer has rank 1 there."""
    answer, engine = ask("logit_lens"), engines["small"]
    p = engine.model(torch.tensor([engine.encode(TEXT)]))[0][0].softmax(-1)
    last = answer["layers"][-1]
    assert [guess["text"] for guess in last["guesses"]] == engine.tokenizer.pieces(p.argmax(-1).tolist())
    assert [guess["p"] for guess in last["guesses"]] == pytest.approx(p.max(-1).values.tolist(), abs=1e-3)
    assert (last["rank"], last["guesses"][-1]["text"]) == (1, answer["says"])


def test_a_layer_is_read_through_the_last_norm(ask, engines):
    """The first layer's rank of the answer is that of its hidden state through norm and head."""
    answer, model = ask("logit_lens"), engines["small"].model
    taps = Taps("hidden")
    logits = model(torch.tensor([engines["small"].encode(TEXT)]), taps=taps)[0][0, -1]
    early = model.head(model.norm(taps.values["hidden"][0][0, -1]))
    order = early.argsort(descending=True).tolist()
    assert answer["layers"][0]["rank"] == order.index(int(logits.argmax())) + 1


def test_what_layers_add_is_the_logit(ask, engines):
    """What comes in and all layers' parts add up to the model's own logits of its likeliest tokens."""
    answer, engine = ask("logit_attribution", answers=3), engines["small"]
    logits = engine.model(torch.tensor([engine.encode(TEXT)]))[0][0, -1]
    best = logits.topk(3)
    assert [each["text"] for each in answer["candidates"]] == engine.tokenizer.pieces(best.indices.tolist())
    for each, logit in zip(answer["candidates"], best.values.tolist(), strict=True):
        total = each["embedding"] + sum(each["attention"]) + sum(each["mlp"]) + each["bias"]
        assert (total, each["logit"]) == pytest.approx((logit, logit), abs=1e-3)
        assert len(each["attention"]) == len(each["mlp"]) == engine.model.config.n_layer


def test_the_most_active_neurons_are_numbered_from_one(ask, engines):
    """At each token the largest in either direction of what the layer's second matrix is multiplied with, in order."""
    answer, model = ask("neurons", layer=2), engines["small"].model
    taps, seen = Taps("hidden"), []
    model.blocks[1].mlp.down.register_forward_pre_hook(lambda _module, given: seen.append(given[0][0]))
    model(torch.tensor([engines["small"].encode(TEXT)]), taps=taps)
    for place, neurons in enumerate(answer["most"]):
        order = seen[0][place].abs().argsort(descending=True)[: len(neurons)]
        assert [each["neuron"] - 1 for each in neurons] == order.tolist()
        for each in neurons:
            assert each["active"] == pytest.approx(seen[0][:, each["neuron"] - 1].tolist(), abs=1e-3)
    assert (answer["layers"], answer["width"]) == (3, 512)
    with pytest.raises(ModelError, match="there is no layer 4"):
        ask("neurons", layer=4)
    with pytest.raises(ModelError, match="no MLP"):
        ask("neurons", model="small-lstm")


def test_a_model_without_a_stream_has_nothing_that_adds_up(ask):
    """A recurrent model is refused in words."""
    with pytest.raises(ModelError, match="no stream"):
        ask("logit_attribution", model="small-lstm")
