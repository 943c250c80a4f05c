"""Problems of documents, in words."""

from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from talkgen.errors import ModelError, TalkgenError
from talkgen.yamlfile import parse_yaml, validate, where_path


class Optimizer(BaseModel):
    """A part of a recipe."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: Literal["adamw", "muon"] = "adamw"
    rate: float = Field(gt=0, description="Learning rate.")
    betas: tuple[float, float] = (0.9, 0.95)


class Recipe(BaseModel):
    """A training recipe, as another user of this module writes one."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    title: str
    steps: Annotated[int, Field(ge=1)] = 1
    optimizer: Optimizer | None = None
    stages: dict[str, Optimizer] = {}
    sizes: list[int] | int = 1


def problems(text):
    with pytest.raises(ModelError) as caught:
        validate(parse_yaml(text, Path("recipe.yaml")), Recipe, ModelError)
    return [str(problem) for problem in caught.value.problems]


def test_valid_document_is_a_model():
    """A document that fits becomes the model, texts spelled as written."""
    recipe = validate(parse_yaml("title: 1.10\nsteps: 3\noptimizer: {rate: 1e-3}", Path("r.yaml")), Recipe)

    assert recipe == Recipe(title="1.10", steps=3, optimizer=Optimizer(rate=0.001))


def test_all_problems_are_told_in_the_order_of_the_file():
    """One run tells everything, sorted by place."""
    text = "titel: x\nsteps: 0\noptimizer:\n  name: adam\n  rte: 1\nstages:\n  warm up: {rate: -1}\n"

    assert problems(text) == [
        "recipe.yaml:1:1: 'title' is missing",
        "recipe.yaml:1:1: unknown key 'titel'\n  hint: did you mean 'title'?",
        "recipe.yaml:2:1: steps: must be at least 1, not 0",
        "recipe.yaml:3:1: optimizer: 'rate' is missing\n  hint: Learning rate.",
        "recipe.yaml:4:3: optimizer.name: 'adam' is not one of adamw, muon\n  hint: did you mean 'adamw'?",
        "recipe.yaml:5:3: optimizer: unknown key 'rte'\n  hint: did you mean 'rate'?",
        "recipe.yaml:7:13: stages['warm up'].rate: must be greater than 0, not -1\n  hint: Learning rate.",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title: [x]", "recipe.yaml:1:1: title: must be text, not a list"),
        ("title: x\nsteps: many", "recipe.yaml:2:1: steps: must be a whole number, not 'many'"),
        ("title: x\nsteps: 1.5", "recipe.yaml:2:1: steps: must be a whole number, not 1.5"),
        ("title: x\nsteps:", "recipe.yaml:2:1: steps: must be a whole number, not nothing"),
        ("title: x\noptimizer: adamw", "recipe.yaml:2:1: optimizer: must be a mapping, not 'adamw'"),
        ("title: x\nsizes: {a: 1}", "recipe.yaml:2:1: sizes: must be a list or a whole number, not a mapping"),
        ("title: x\nsizes: [1, b]", "recipe.yaml:2:12: sizes[1]: must be a whole number, not 'b'"),
        ("title: x\noptimizer: {rate: 1, betas: [1]}", "recipe.yaml:2:22: optimizer.betas: '1' is missing"),
        ("- title: x", "recipe.yaml:1:1: must be a mapping, not a list"),
    ],
)
def test_wrong_kinds_are_named_as_in_yaml(text, message):
    """Messages speak of text, lists and mappings, not of types, and a union's branches are one problem."""
    assert [problem.split("\n")[0] for problem in problems(text)] == [message]


def test_problems_of_reading_are_told_too():
    """A key that stands twice is told together with what is wrong with the values."""
    assert [problem.split("\n")[0] for problem in problems("title: x\ntitle: y\nsteps: -1")] == [
        "recipe.yaml:2:1: 'title' stands here twice (first on line 1)",
        "recipe.yaml:3:1: steps: must be at least 1, not -1",
    ]


def test_any_type_can_be_asked_for():
    """Not only models: any type pydantic knows."""
    assert validate(parse_yaml("[1, 2]", Path("x")), list[int]) == [1, 2]
    with pytest.raises(TalkgenError, match=r"x:1:5: \[1\]: must be a whole number, not 'b'"):
        validate(parse_yaml("[1, b]", Path("x")), list[int])


def test_paths_are_written_as_people_do():
    """Names by dots, numbers and odd names in brackets."""
    assert where_path(("slides", 3, "body", 0, "two-cols", "a b")) == "slides[3].body[0].two-cols['a b']"
    assert where_path(()) == ""
