"""Fixtures: the shipped small models and two tiny ones, each with an engine, and a way to ask an element."""

import pytest
from tiny_models import NAMES, make_project

from talkgen.elements.base import Asked
from talkgen.elements.registry import check_params, load_element
from talkgen.lm.answer.callers import Caller
from talkgen.lm.answer.engine import Engine
from talkgen.lm.files.catalog import find_model
from talkgen.lm.files.weights import load_model

TEXT = "The name is bound"
OF_THEIR_OWN = {"translate": ("translator", "the black cat sees her")}  # elements with their model and text
QUICK = {"kv_cache": {"tokens": 4}, "race": {"longest": 32}, "training": {"steps": 10, "tokens": 4}}


@pytest.fixture(scope="session")
def engines(tmp_path_factory):
    """Engines by name: the shipped `small`, `small-lstm` and `translator`, `tiny` and `tiny-lstm`."""
    project = make_project(tmp_path_factory.mktemp("project"))
    return {
        name: Engine(load_model(find_model(name, project))) for name in ("small", "small-lstm", "translator", *NAMES)
    }


@pytest.fixture
def ask(engines):
    """A function that asks an element of a model; `parts` collects what it tells on the way."""

    def answer(name, model=None, prompt=None, parts=None, caller=None, **params):
        own_model, own_prompt = OF_THEIR_OWN.get(name, ("small", TEXT))
        tell = (lambda part: None) if parts is None else parts.append
        engine = engines[model or own_model]
        asked = Asked(engine, prompt or own_prompt, check_params(name, params), caller or Caller(), tell)
        return load_element(name).answer(asked)

    return answer
