"""YAML written so that it reads back as it was."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkgen.yamlfile import parse_yaml, write_yaml

TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]) | st.sampled_from("\n\t -:#'\"|>{}[]&*!%@`"))
DATA = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(DATA)
def test_data_comes_back(data):
    """Any JSON value, written and read, is equal to itself."""
    assert parse_yaml(write_yaml({"data": data}), Path("x")).data == {"data": data}


@pytest.mark.parametrize(
    "text", ["yes", "12:30", "2026-11-21", "0o17", "1e3", "017", "~", "null", "1_000", ".inf", "=", "<<"]
)
def test_text_that_looks_like_something_else_stays_text(text):
    """Words that some version of YAML takes for numbers, dates or truth are read as text."""
    assert parse_yaml(write_yaml([text, {text: text}]), Path("x")).data == [text, {text: text}]


def test_it_is_good_to_read():
    """Lines of text stand as lines, lists stand under their key, names keep their order, nothing is an alias."""
    shared = ["x"]
    data = {"title": "A talk: one", "slides": [{"notes": "one\ntwo\n", "body": shared}, {"body": shared}]}

    assert write_yaml(data).splitlines() == [
        "title: 'A talk: one'",
        "slides:",
        "  - notes: |",
        "      one",
        "      two",
        "    body:",
        "      - x",
        "  - body:",
        "      - x",
    ]
