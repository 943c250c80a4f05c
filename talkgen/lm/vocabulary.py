"""Makes the tokenizer a recipe asks for, from the text it will be trained on; knows no models."""

from __future__ import annotations

from pathlib import Path

import tokenizers
from tokenizers import decoders, models, pre_tokenizers, trainers

from talkgen.errors import ModelError
from talkgen.lm.recipe import TokenizerRecipe
from talkgen.lm.tokenizer import ByteTokenizer, CharacterTokenizer, JsonTokenizer, Tokenizer, load_tokenizer


def make_tokenizer(recipe: TokenizerRecipe, text: str) -> Tokenizer:
    """The tokenizer of `recipe`, made from the training `text` alone.

    Raises:
        ModelError: a tokenizer file is no tokenizer, or the text is too short for the vocabulary asked for.
    """
    if recipe.kind == "characters":
        return CharacterTokenizer(text)
    if recipe.kind == "bytes":
        return ByteTokenizer()
    if recipe.kind == "file":
        return load_tokenizer(Path(str(recipe.file)))
    return _train_bpe(text, recipe.vocabulary)


def _train_bpe(text: str, vocabulary: int) -> JsonTokenizer:
    """Byte-level BPE as in GPT-2 (Sennrich et al. 2016, Radford et al. 2019): any text can be encoded."""
    tokenizer = tokenizers.Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=vocabulary, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator([text], trainer)
    found = tokenizer.get_vocab_size()
    if found < vocabulary:
        raise ModelError(
            f"the text is too short for a vocabulary of {vocabulary}: only {found} tokens occur twice",
            f"take more text, or tokenizer.vocabulary: {found}",
        )
    return JsonTokenizer(tokenizer)
