"""The JSON of an answer: one description, the same names in Python and in the page."""

import re
from typing import NotRequired, get_origin, get_type_hints

import pytest
from tiny_models import make_project

from talkgen.assets import asset_dir
from talkgen.lm.answer import wire
from talkgen.lm.answer.engine import Engine, stands_for_text
from talkgen.lm.files.catalog import find_model
from talkgen.lm.files.weights import load_model

TYPES = {name.removesuffix("JSON"): kind for name, kind in vars(wire).items() if name.endswith("JSON")}


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    return Engine(load_model(find_model("tiny", make_project(tmp_path_factory.mktemp("project")))))


def test_the_page_names_the_same_fields():
    """Each type of the wire stands in the elements' code with the same fields."""
    script = (asset_dir("templates") / "web" / "recording.js").read_text(encoding="utf-8")
    named = {name: fields for fields, name in re.findall(r"@typedef \{\{ (.+) \}\} (\w+)", script)}
    assert {name: fields.split(", ") for name, fields in named.items()} == {
        name: list(kind.__annotations__) for name, kind in TYPES.items()
    }


def required(kind) -> set[str]:
    """The fields that are always there."""
    hints = get_type_hints(kind, include_extras=True)
    return {name for name, hint in hints.items() if get_origin(hint) is not NotRequired}


def test_an_answer_has_the_fields_of_its_type(engine):
    """Nothing is sent that is not described, and nothing left out that is promised."""
    answer = engine.next_token("abc")
    made = wire.answer_json(answer)
    assert set(made) == set(wire.AnswerJSON.__annotations__) - {"model", "left_out"}
    asked = wire.recorded_json(engine.next_token("abc", leave_out=True))
    assert set(asked) == required(wire.AnswerJSON) | {"left_out"}
    assert len(asked["left_out"]) == len(asked["tokens"])
    assert set(wire.recorded_json(answer)) == required(wire.AnswerJSON)
    assert all(set(item) >= required(wire.CandidateJSON) for item in made["candidates"])


def test_what_cannot_be_typed_is_marked(engine):
    """A byte that is no character and a special token cannot be appended to a text; every other token says nothing."""
    tokenizer = engine.tokenizer
    assert [stands_for_text(token, tokenizer) for token in (97, 10, 200, 256)] == [True, True, False, False]
    made = wire.answer_json(engine.next_token("abc", bars=257))
    marked = {item["id"] for item in made["candidates"] if item.get("append") is False}
    assert marked == {*range(128, 257)}
    assert [item for item in made["candidates"] if item.get("append") is True] == []
