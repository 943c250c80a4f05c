"""Translates a sentence with an encoder and a decoder, word by word, and keeps where each word was looked for."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

import torch
from torch import Tensor

from talkgen.errors import ModelError
from talkgen.lm.files.loaded import Loaded
from talkgen.lm.models.base import Taps
from talkgen.lm.models.config import SEPARATOR
from talkgen.lm.models.reader import Readable
from talkgen.lm.models.rnnsearch import RNNSearch
from talkgen.lm.models.translator import EncoderDecoder
from talkgen.lm.text.lexicon import NOUNS, english_words
from talkgen.lm.text.phrases import LONGEST
from talkgen.lm.text.word_order import strange_order


@dataclass(frozen=True)
class Translation:
    """The words read (the separator after them) and written, as a text too, and the cross-attention between them.

    `weights` [n_layer, n_head, T, S]: how much each of T written words owes to each of S that were read. `strange` are
    words whose order the model never saw, so that what it made of them is chance.
    """

    source: tuple[str, ...]
    target: tuple[str, ...]
    text: str
    weights: Tensor
    strange: tuple[str, ...] = ()


@torch.inference_mode()
def translate(loaded: Loaded[Readable], sentence: str) -> Translation:
    """The likeliest word after each word, from `sentence` on, up to the end or `LONGEST` words.

    Raises:
        ModelError: the model does not translate, or the sentence is empty, too long or has a word it never learned.
    """
    model, tokenizer = loaded.model, loaded.tokenizer
    if not isinstance(model, EncoderDecoder | RNNSearch):
        raise ModelError(f"{loaded.label} does not translate", "name an encoder-decoder: model: translator")
    check_words(loaded, sentence)
    source = [*tokenizer.encode(sentence), SEPARATOR]
    target: list[int] = []
    state, taps = model.new_state(1, LONGEST + 1), Taps("cross")
    logits, _ = model(torch.tensor([source], device=model.device), state, taps=taps, last_only=True)
    while (word := int(logits[0, -1].argmax())) != tokenizer.end and len(target) < LONGEST:
        target.append(word)
        logits, _ = model(torch.tensor([[word]], device=model.device), state, taps=taps, last_only=True)
    layers = model.config.n_layer
    # A step adds a layer after the other, so every n_layer-th value is the same layer's; the last step wrote no word.
    weights = [torch.cat(taps.values["cross"][layer::layers], dim=2)[0, :, : len(target)] for layer in range(layers)]
    read, written = tuple(tokenizer.pieces(source)), tuple(tokenizer.pieces(target))
    return Translation(read, written, tokenizer.decode(target), torch.stack(weights), strange_order(read[:-1]))


def check_words(loaded: Loaded[Readable], sentence: str) -> None:
    """Refuses what the grammar does not have.

    Raises:
        ModelError: the sentence is empty or too long, or a word is unknown; one message for each.
    """
    known, tokenizer = english_words(), loaded.tokenizer
    count = len(tokenizer.encode(sentence))
    if not 1 <= count <= LONGEST:
        raise ModelError(f"the sentence has {count} words", f"give it 1 to {LONGEST}")
    strange = [word for word in sentence.split() if not known.issuperset(tokenizer.pieces(tokenizer.encode(word)))]
    if strange:
        quoted = ", ".join(f"“{word}”" for word in strange)
        near = get_close_matches(strange[0].lower(), known, n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else f"its nouns: {', '.join(n.english[0] for n in NOUNS)}"
        raise ModelError(f"{loaded.label} knows {len(known)} English words, and not {quoted}", hint)
