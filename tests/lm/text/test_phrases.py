"""The grammar of sentence pairs: its French, its split, and the batches made of it."""

import numpy as np
import pytest

from talkgen.errors import ModelError
from talkgen.lm.models.config import PADDING, SEPARATOR
from talkgen.lm.text import lexicon
from talkgen.lm.text.phrases import LONGEST, choose_articles, draw_pair, elide, is_held_out, merge
from talkgen.lm.train.data import IGNORED, PhraseData, load_data
from talkgen.lm.train.recipe import ModelRecipe, Recipe


def draw(count: int, unseen: bool = False, seed: int = 0) -> list:
    """Some pairs of the grammar."""
    rng = np.random.default_rng(seed)
    return [draw_pair(rng, unseen) for _ in range(count)]


@pytest.fixture(scope="module")
def pairs():
    return draw(3000) + draw(500, unseen=True)


def test_an_english_sentence_has_one_translation(pairs):
    """Most sentences are different, and the same English always comes with the same French."""
    french: dict = {}
    for pair in pairs:
        assert french.setdefault(pair.english, pair.french) == pair.french
    assert len(french) > 0.9 * len(pairs)


def test_sentences_are_short_and_of_known_words(pairs):
    """No side is longer than `LONGEST`, no word is unknown, and no word of the vocabulary is never used."""
    assert max(max(len(pair.english), len(pair.french)) for pair in pairs) == LONGEST
    assert {word for pair in pairs for word in pair.english} == lexicon.english_words()
    assert {word for pair in pairs for word in pair.french} == lexicon.french_words()


def test_held_out_combinations_are_never_trained_on(pairs):
    """Looked for in the English words themselves: every held-out sentence has a new pair, no training sentence has."""
    noun_of = {form: noun.english[0] for noun in lexicon.NOUNS for form in noun.english}
    adjectives = {each.english for each in lexicon.ADJECTIVES}
    found = []
    for pair in pairs:
        new, open_adjectives = False, []
        for word in pair.english:
            if word in adjectives:
                open_adjectives.append(word)
            else:
                new |= any(is_held_out(each, noun_of[word]) for each in open_adjectives)
                open_adjectives = []
        found.append(new)
    assert found == [False] * 3000 + [True] * 500


def test_training_sees_every_word_of_the_held_out_sentences(pairs):
    """What is new in a held-out sentence is the combination, not a word."""
    seen, held_out = (
        {word for pair in part for word in (*pair.english, *pair.french)} for part in (pairs[:3000], pairs[3000:])
    )
    assert held_out <= seen


def test_small_words_merge_and_lose_their_vowels():
    """Elision, contraction and English articles, as grammars give them."""
    assert merge(elide(tuple("le ami de le médecin parle à les enfants".split()))) == tuple(
        "l' ami du médecin parle aux enfants".split()
    )
    assert elide(tuple("ma école ne aime ce homme".split())) == tuple("mon école n' aime cet homme".split())
    assert choose_articles(tuple("a old man in a european city".split())) == tuple(
        "an old man in a european city".split()
    )


def test_french_agrees(pairs):
    """Between article and noun, gender and number agree wherever the article shows them."""
    gender = {form: noun.feminine for noun in lexicon.NOUNS for form in noun.french}
    plural = {noun.french[1]: True for noun in lexicon.NOUNS} | {noun.french[0]: False for noun in lexicon.NOUNS}
    plural.pop("pays")  # one form for both
    articles = {"le": (False, False), "un": (False, False), "une": (True, False), "cette": (True, False)}
    articles |= {"ma": (True, False), "du": (False, False), "au": (False, False)}
    checked = 0
    for pair in pairs:
        for article, word in zip(pair.french, pair.french[1:], strict=False):
            if article in articles and word in gender and word in plural:
                assert (gender[word], plural[word]) == articles[article], " ".join(pair.french)
                checked += 1
        assert not {("de", "le"), ("de", "les"), ("à", "le"), ("à", "les")} & set(
            zip(pair.french, pair.french[1:], strict=False)
        )
    assert checked > 1000


RECIPE = Recipe(name="t", data="phrases", model=ModelRecipe(architecture="encoder-decoder", block_size=40))


def test_batches_line_sentences_up_at_the_separator():
    """Sources end in one column, targets begin there, and the French with its end is all that is scored."""
    data = load_data(RECIPE)
    assert isinstance(data, PhraseData)
    x, y = data.batch(1, 7, 5, 40)
    assert np.array_equal(data.batch(1, 7, 5, 40)[0], x)
    assert not np.array_equal(data.batch(1, 8, 5, 40)[0], x)
    rng = np.random.default_rng((1, 7))
    for row, targets in zip(x, y, strict=True):
        pair = draw_pair(rng, unseen=False)
        assert row[LONGEST] == SEPARATOR
        source = [i for i in row[:LONGEST].tolist() if i != PADDING]
        assert data.tokenizer.pieces(source) == list(pair.english)
        scored = targets[targets != IGNORED].tolist()
        assert data.tokenizer.pieces(scored) == [*pair.french, "</s>"]
        assert targets[LONGEST] == scored[0]


def test_held_out_batches_repeat():
    """At most as many rows as asked, the same at every call."""
    data = load_data(RECIPE)
    first, again = (list(data.held_out(40, 32)) for _ in range(2))
    assert [x.shape[0] for x, _ in first] == [16, 16]
    assert all(np.array_equal(a[0], b[0]) for a, b in zip(first, again, strict=True))


def test_words_are_told_apart_as_they_are_typed():
    """Capitals, full stops, contractions and apostrophes are read; what is no word of the grammar is unknown."""
    tokenizer = load_data(RECIPE).tokenizer
    ids = tokenizer.encode("The doctor’s cat doesn't sleep.")
    assert tokenizer.pieces(ids) == ["the", "doctor", "'s", "cat", "does", "not", "sleep"]
    assert tokenizer.pieces(tokenizer.encode("la clé d'une école")) == ["la", "clé", "d'", "une", "école"]
    assert tokenizer.decode(tokenizer.encode("n'a pas l'accord")) == "n'a pas l'accord"
    assert set(tokenizer.pieces(tokenizer.encode("zebra <pad>"))) == {"<unk>"}


def test_what_cannot_be_trained_is_refused():
    """A context too short for two sentences, and an encoder-decoder on running text."""
    with pytest.raises(ModelError, match="too short"):
        PhraseData(RECIPE.model_copy(update={"model": RECIPE.model.model_copy(update={"block_size": 16})}))
    with pytest.raises(ValueError, match="pairs of sentences"):
        Recipe(name="t", data="python", model=RECIPE.model)
