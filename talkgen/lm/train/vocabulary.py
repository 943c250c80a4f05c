"""Makes the tokenizer a recipe asks for, from the text it will be trained on; knows no models."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import tokenizers
from tokenizers import decoders, models, normalizers, pre_tokenizers, trainers

from talkgen.errors import ModelError
from talkgen.lm.text.tokenizer import ByteTokenizer, CharacterTokenizer, JsonTokenizer, Tokenizer, load_tokenizer
from talkgen.lm.train.recipe import TokenizerRecipe

_FIRST = ("<pad>", "→", "</s>", "<unk>")  # padding and separator have the ids that config.py gives them


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


def make_word_tokenizer(words: Iterable[str]) -> JsonTokenizer:
    """A token a word, for an encoder-decoder: `the doctor's cat → le chat du médecin`.

    `'s` is a word of its own, and so is what loses its vowel (`l'`); any other word becomes `<unk>`.
    """
    names = [*_FIRST, *sorted(words)]
    model = models.WordLevel({name: i for i, name in enumerate(names)}, unk_token=_FIRST[-1])
    tokenizer = tokenizers.Tokenizer(model)
    tokenizer.add_special_tokens([tokenizers.AddedToken(name, special=True) for name in _FIRST if name != "→"])
    replaced = [normalizers.Replace("’", "'"), normalizers.Replace("n't", " not")]
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase(), *replaced])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(tokenizers.Regex("[.,;:!?]"), "removed"),
            pre_tokenizers.Split(tokenizers.Regex(r"'s\b|\b[ldn]'|[<>]"), "isolated"),
            pre_tokenizers.WhitespaceSplit(),
        ]
    )
    spaces = [decoders.Replace("' ", "'"), decoders.Replace(" 's", "'s")]
    tokenizer.decoder = decoders.Sequence([decoders.WordPiece(cleanup=False), decoders.Fuse(), *spaces])
    return JsonTokenizer(tokenizer)
