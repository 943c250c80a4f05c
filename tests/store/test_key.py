"""Keys: what they stand for, and what is said when they differ."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkgen.store.key import code_parts, explain, make_key

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)
PARTS = st.dictionaries(st.text(max_size=5), JSON, max_size=5)


@given(PARTS)
def test_key_is_of_the_content(parts):
    """The order of names does not matter, nor a way through JSON; the parts come back as they were."""
    turned = dict(reversed(parts.items()))
    key = make_key("figure", parts)

    assert key == make_key("figure", turned) == make_key("figure", json.loads(json.dumps(parts)))
    assert key.parts == json.loads(json.dumps(parts))
    assert len(str(key)) == 64


@given(PARTS, PARTS)
def test_different_parts_have_different_keys_and_a_reason(one, other):
    """Keys are equal just when all that counts is, and where they differ something is said."""
    same = make_key("figure", one).hexdigest == make_key("figure", other).hexdigest

    assert same == (explain(one, other) == ())
    assert make_key("figure", one).hexdigest != make_key("data", one).hexdigest


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {1, 2}, b"x"])
def test_only_json_can_be_a_part(value):
    """What cannot be written down exactly is refused, tensors and sets included."""
    with pytest.raises(ValueError, match="JSON"):
        make_key("figure", {"part": value})


def test_of_a_digest_only_the_digest_counts():
    """A step or a label beside a digest explains, and changes no key."""
    one = make_key("figure", {"weights of small": {"digest": "a", "step": 2000}})
    other = make_key("figure", {"weights of small": {"digest": "a", "step": 4000}})

    assert one.hexdigest == other.hexdigest
    assert explain(one.parts, other.parts) == ()


def test_reasons_are_words():
    """Each part that changed is told in a few words, with both values where they are short."""
    digests = ["a" * 64, "b" * 64]
    old, new = (
        {
            "code of talkgen.figures.attention_map:compute": digest,
            "parameter tokens": tokens,
            "parameter cells": ["a"] * (tokens // 2),
            "torch": torch,
            "weights of small": {"digest": digest, "step": step},
            "theme": {"colors": {"ink": ink}, "name": "night"},
            gone: 1,
            "same": 1,
        }
        for digest, tokens, torch, step, ink, gone in [
            (digests[0], 6, "2.13.0", 2000, "#fff", "seed"),
            (digests[1], 8, "2.14.0", 4000, "#eee", "table"),
        ]
    )

    assert explain(old, new) == (
        "code of talkgen.figures.attention_map:compute changed",
        'parameter cells: ["a", "a", "a"] → ["a", "a", "a", "a"]',
        "parameter tokens: 6 → 8",
        "seed is gone",
        "table is new (1)",
        "theme.colors.ink: #fff → #eee",
        "torch 2.13.0 → 2.14.0",
        "weights of small changed (step 2000 → 4000)",
    )


def test_code_brings_the_packages_that_it_runs():
    """A table asks no torch; a model's figure asks all that reads it; what is drawn asks matplotlib."""
    inputs = "talkgen.pipeline.inputs:ProjectInputs"
    table = code_parts("talkgen.figures.parameter_counts:compute", inputs)
    looked_into = code_parts("talkgen.figures.attention_map:compute", inputs)
    drawn = code_parts("talkgen.figures.attention_map:draw", "talkgen.pipeline.drawing:draw_picture")

    assert set(table) == {"code of talkgen.figures.parameter_counts:compute"}
    assert {"torch", "numpy", "safetensors", "gguf", "tokenizers"} <= set(looked_into)
    assert "matplotlib" not in looked_into
    assert "matplotlib" in drawn
    assert "torch" not in drawn
    assert "Python" in code_parts("talkgen.lm.train.corpus:read_corpus")
    assert "networkx" in code_parts("talkgen.figures.compute_graph:compute")
