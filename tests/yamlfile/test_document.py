"""YAML as data with places."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkgen.errors import OutlineError, TalkgenError
from talkgen.yamlfile import parse_yaml, read_yaml
from talkgen.yamlfile.document import MAX_BYTES

FILE = Path("talk.yaml")


def parse(text):
    return parse_yaml(text, FILE)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("yes", "yes"), ("on", "on"), ("12:30", "12:30"), ("2026-11-21", "2026-11-21"), ("1_000", "1_000"),
        ("true", True), ("False", False), ("~", None), ("", None), ("12", 12), ("-3", -3), ("0x1F", 31), ("0o17", 15),
        ("017", 17), ("3.5", 3.5), ("1e3", 1000.0), (".5", 0.5), (".inf", ".inf"), (".nan", ".nan"), ("1e999", "1e999"),
        ("'12'", "12"), ('"true"', "true"), ("!!str 12", "12"), ("9" * 500, "9" * 500),
    ],
)  # fmt: skip
def test_scalars_are_those_of_yaml_1_2(written, value):
    """Only true, false, null and numbers are not text."""
    found = parse(f"a: {written}").data["a"]

    assert (found, type(found)) == (value, type(value))


def test_keys_are_text():
    """A key is what is written, whatever it would be as a value."""
    assert parse("2017: a\ntrue: b\n3.10: c\n~: d").data == {"2017": "a", "true": "b", "3.10": "c", "~": "d"}


def test_places_are_those_of_keys_and_items():
    """A value's place is its key, an item's is itself, a missing value's is what is around it; lines count from 1."""
    document = parse(
        "title: x\nslides:\n  - title: One\n    body:\n      - text\n      - {figure: a, params: {n: 1}}\n"
    )
    at = {path: (place.line, place.column) for path in [
        (), ("title",), ("slides", 0), ("slides", 0, "body"), ("slides", 0, "body", 0),
        ("slides", 0, "body", 1, "params", "n"), ("slides", 0, "nothing", "here"),
    ] if (place := document.place(path))}  # fmt: skip

    assert list(at.values()) == [(1, 1), (1, 1), (3, 5), (4, 5), (5, 9), (6, 30), (3, 5)]


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("a: some HERE\n", 1, 9),
        ("a: 'it''s HERE'\n", 1, 11),
        ('a: "\\u00e9\\t\\"x\\" HERE"\n', 1, 19),
        ("a: |\n  one\n\n  two HERE\n", 4, 7),
        ("a: |2-\n    one\n   HERE\n", 3, 4),
        ("a: >\n  one\n  two\n\n  HERE\n", 5, 3),
        ("a: one\n  two\n  HERE\n", 3, 3),
        ('a: "one\n  two \\\n  HERE"\n', 3, 3),
        ("a: &name !!str HERE\n", 1, 16),
        ("b: &x >\n  one\n  HERE\na: *x\n", 3, 3),
        ("a: é注🦊 HERE\n", 1, 8),
    ],
)
def test_place_inside_a_text(text, line, column):
    """The place of a character inside a text is the line and column it is written at, in every style of YAML."""
    document = parse(text)
    place = document.place_in(("a",), document.data["a"].index("HERE"))

    assert (place.line, place.column) == (line, column)


@given(st.text(st.characters(exclude_categories=["C", "Z"]) | st.sampled_from(" \n"), min_size=1), st.data())
def test_place_inside_a_literal_block_is_exact(text, data):
    """In a literal block every character but white space is found where it was written."""
    text = "x" + "\n".join(line.strip() for line in text.splitlines())
    written = "a: |\n" + "".join(f"  {line}\n" for line in text.split("\n"))
    document = parse(written)
    inked = [index for index, character in enumerate(text) if not character.isspace()]
    index = data.draw(st.sampled_from(inked))
    place = document.place_in(("a",), index)

    assert written.split("\n")[place.line - 1][place.column - 1] == text[index]


PLAIN = st.text(st.characters(min_codepoint=32, exclude_categories=["C", "Zl", "Zp"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | PLAIN,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", min_size=1), inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_json_comes_back(value):
    """What JSON writes is read as it was (JSON is YAML)."""
    document = parse(json.dumps({"value": value}, ensure_ascii=False))

    assert document.data == {"value": value}
    assert document.problems == ()


def test_duplicate_keys_are_all_told():
    """Each key that stands twice is a problem of its own; the last value holds."""
    document = parse("a: 1\nb: {c: 1, c: 2}\na: 3\n")

    assert [str(problem) for problem in document.problems] == [
        "talk.yaml:2:11: 'c' stands here twice (first on line 2)\n  hint: take one out",
        "talk.yaml:3:1: 'a' stands here twice (first on line 1)\n  hint: take one out",
    ]
    assert document.data == {"a": 3, "b": {"c": 2}}


@pytest.mark.parametrize(
    "text",
    [
        "[" * 1_000_000,
        "a: &a [" + "1," * 1000 + "]\nb: &b [" + "*a," * 1000 + "]\nc: [" + "*b," * 1000 + "]",
        "a: &a " + "[" * 30 + "]" * 30 + "\nb: " + "[" * 30 + "*a" + "]" * 30,
        "{" * 100_000,
        "- " * 100_000,
        "? " * 100_000,
        "a: &a [*a]",
    ],
    ids=["brackets", "aliases", "deep aliases", "braces", "dashes", "questions", "itself"],
)
def test_bombs_are_refused(text):
    """A small file that would become something huge or endlessly deep is refused."""
    with pytest.raises(TalkgenError):
        parse(text)


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x1b", "\x7f"])
def test_control_characters_are_refused(character):
    """Control characters are a problem with a place, raw or escaped."""
    with pytest.raises(TalkgenError, match=r"talk\.yaml:1:5: a control character"):
        parse(f"a: x{character}")
    with pytest.raises(TalkgenError, match=r"talk\.yaml:2:6: a control character"):
        parse(f"ä: öü\nß: éx{character}\n\nc: d\n")
    assert "control character" in parse(f'a: "\\x{ord(character):02x}"').problems[0].message


def test_file_is_read_with_its_byte_order_mark_and_line_ends(tmp_path):
    """A file from Windows reads as any other."""
    (tmp_path / "a.yaml").write_bytes(b"\xef\xbb\xbftitle: |\r\n  one\r\n  two\r\n")

    assert read_yaml(tmp_path / "a.yaml").data == {"title": "one\ntwo\n"}


def test_file_too_large_is_refused(tmp_path):
    """A file over the bound is refused unread."""
    (tmp_path / "a.yaml").write_bytes(b"a" * (MAX_BYTES + 1))
    with pytest.raises(OutlineError, match=rf"a\.yaml:1:1: the file is larger than {MAX_BYTES:,} bytes"):
        read_yaml(tmp_path / "a.yaml", OutlineError)


def test_missing_file_is_named(tmp_path):
    """A file that is not there, and a folder, are said to be just that."""
    with pytest.raises(TalkgenError, match="there is no file"):
        read_yaml(tmp_path / "a.yaml")
    with pytest.raises(TalkgenError, match="is a folder, not a file"):
        read_yaml(tmp_path)
