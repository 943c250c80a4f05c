"""Translating with the shipped models: sentences of combinations it never saw, and what it says to unknown words."""

from pathlib import Path

import numpy as np
import pytest
import torch

from talkgen.errors import ModelError
from talkgen.lm.answer.engine import Engine
from talkgen.lm.answer.sample import Sampling
from talkgen.lm.answer.translate import translate
from talkgen.lm.files.catalog import find_model
from talkgen.lm.files.loaded import Loaded
from talkgen.lm.files.weights import load_model
from talkgen.lm.models.base import Taps
from talkgen.lm.text.lexicon import ADJECTIVES, NOUNS
from talkgen.lm.text.phrases import draw_pair, is_held_out

BAHDANAU = "the agreement on the european economic area was signed in august 1992"
FRENCH = "l'accord sur la zone économique européenne a été signé en août 1992"


@pytest.fixture(scope="module", params=["translator", "rnnsearch"])
def translator(request) -> Loaded:
    """Each shipped model that translates, whatever runs lie where the tests are started."""
    return load_model(find_model(request.param, Path("nowhere")))


@pytest.fixture(scope="module")
def unseen(translator) -> list:
    """Pairs of a stream that neither training nor its summary drew from, and what the model makes of them."""
    rng = np.random.default_rng(2**33)
    pairs = [draw_pair(rng, unseen=True) for _ in range(200)]
    return [(pair, translate(translator, " ".join(pair.english))) for pair in pairs]


def test_the_papers_sentence_is_translated(translator):
    """The sentence of Bahdanau et al. (2015), Fig. 3a, with a combination that training held out."""
    assert is_held_out("european", "area")
    assert translate(translator, BAHDANAU).text == FRENCH


def test_unseen_combinations_are_translated(unseen):
    """At least 95 of 100 sentences have not one wrong word."""
    exact = [made.target == pair.french for pair, made in unseen]
    assert np.mean(exact) >= 0.95


def test_attention_finds_the_words_that_are_translated(unseen):
    """For nouns and adjectives, the mean of all heads is strongest at the English word that they translate."""
    english: dict[str, set[str]] = {}
    for noun in NOUNS:
        for ours, theirs in zip(noun.english, noun.french, strict=True):
            english.setdefault(theirs, set()).add(ours)
    for each in ADJECTIVES:
        for form in (*each.french[0], *each.french[1], each.before_vowel):
            english.setdefault(form, set()).add(each.english)
    found = []
    for pair, made in unseen:
        looks_at = made.weights.mean((0, 1)).argmax(1).tolist()
        for word, column in zip(made.target, looks_at, strict=True):
            places = [i for i, other in enumerate(pair.english) if other in english.get(word, ())]
            if len(places) == 1:
                found.append(column == places[0])
    assert len(found) > 400
    assert np.mean(found) >= 0.95


def test_weights_are_those_of_one_full_pass(translator):
    """Written word by word, the weights are what the model shows when it reads the whole translation at once."""
    made, tokenizer = translate(translator, BAHDANAU), translator.tokenizer
    ids = tokenizer.encode(f"{BAHDANAU} → {' '.join(made.target)}")
    taps = Taps("cross")
    with torch.no_grad():
        translator.model(torch.tensor([ids]), taps=taps)
    full = torch.stack([layer[0, :, :-1] for layer in taps.values["cross"]])
    heads = translator.model.config.n_head
    assert made.weights.shape == full.shape == (1, heads, 13, 13)
    assert (made.weights - full).abs().max() < 1e-5
    assert torch.allclose(made.weights.sum(-1), torch.ones(1, heads, 13), atol=1e-5)


def test_the_engine_translates_too(translator):
    """A prompt that ends with the separator is continued by the translation, as live elements and figures ask."""
    made = Engine(translator).generate(f"{BAHDANAU} →", max_tokens=20, sampling=Sampling(temperature=0))
    assert (made.text, made.ended) == (FRENCH, "end")


@pytest.mark.parametrize(
    ("sentence", "message", "hint"),
    [
        ("The zebra sees Paris.", "not “zebra”, “Paris.”", "its nouns: man, woman"),
        ("the cat sleeps → le chat", "not “→”, “le”, “chat”", "its nouns"),
        ("the doktor sleeps", "not “doktor”", "did you mean doctor"),
        (" . ", "0 words", "1 to 16"),
        ("the cat " * 9, "18 words", "1 to 16"),
    ],
)
def test_what_cannot_be_translated_is_said(translator, sentence, message, hint):
    """Unknown words, French ones among them, and no words or too many, are messages with a hint."""
    with pytest.raises(ModelError) as caught:
        translate(translator, sentence)
    assert message in caught.value.problems[0].message
    assert hint in caught.value.problems[0].hint


def test_other_models_do_not_translate():
    """A decoder alone is refused by name."""
    with pytest.raises(ModelError, match="does not translate"):
        translate(load_model(find_model("small", Path("nowhere"))), "the cat sleeps")
