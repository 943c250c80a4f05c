"""What holds for every live element: its answer repeats, has the fields that the page names, refuses nonsense."""

import contextlib
import inspect
import json
import re
import subprocess
import sys
from typing import get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from talkgen.assets import asset_dir
from talkgen.elements.base import Asked
from talkgen.elements.recording import record_answers
from talkgen.elements.registry import ELEMENTS, check_dials, check_params, load_element, tag
from talkgen.errors import ModelError, TalkgenError
from talkgen.lm.answer.callers import Caller, GoneError

from .conftest import OF_THEIR_OWN, QUICK, TEXT

NAMES = sorted(ELEMENTS)


def script(name: str) -> str:
    """The module of the custom element that shows what `name` answers."""
    return (asset_dir("templates") / "web" / "elements" / f"{name}.js").read_text(encoding="utf-8")


def described(name: str) -> dict[str, list[str]]:
    """The fields of each type in the page's module, as its comment names them."""
    return {kind: fields.split(", ") for fields, kind in re.findall(r"@typedef \{\{ (.+) \}\} (\w+)", script(name))}


def answer_type(name: str):
    """The type of the element's answer."""
    return get_type_hints(load_element(name).answer)["return"]


def test_an_element_is_a_module_and_a_script():
    """Each module of the folder has a script of the same name, which defines its custom element, and no other."""
    scripts = {file.stem for file in (asset_dir("templates") / "web" / "elements").glob("*.js")}
    assert scripts == set(ELEMENTS)
    assert [name for name in NAMES if f'define("{tag(name)}"' not in script(name)] == []


def test_modules_bring_no_torch():
    """Planning reads every element's parameters and must not pay for torch."""
    code = (
        "import sys; from talkgen.elements.registry import ELEMENTS, load_element\n"
        "[load_element(name).Params() for name in ELEMENTS]\nprint('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("name", NAMES)
def test_the_page_names_the_same_fields(name):
    """Every typed dictionary of the module stands in the script with the same fields in the same order."""
    own = {
        kind.__name__: list(kind.__annotations__)
        for kind in vars(load_element(name)).values()
        if inspect.isclass(kind) and hasattr(kind, "__total__") and kind.__module__ == ELEMENTS[name]
    }
    assert described(name) == own
    assert answer_type(name).__name__ in own


@pytest.mark.parametrize("name", NAMES)
def test_it_answers_what_it_promises(name, ask):
    """The fields of its type, as JSON, and the same ones again, times excepted."""
    answer = ask(name, **QUICK.get(name, {}))
    assert set(answer) == set(answer_type(name).__annotations__)
    assert json.loads(json.dumps(answer)) == json.loads(json.dumps(answer, allow_nan=False))
    if not load_element(name).MEASURES_TIME:
        assert ask(name, **QUICK.get(name, {})) == answer


@pytest.mark.parametrize("name", NAMES)
def test_every_position_of_the_dials_is_recorded(name, engines):
    """The recording begins with the block's own parameters; each other one says what it changes, and none is twice."""
    model, prompt = OF_THEIR_OWN.get(name, ("small", TEXT))
    params = check_params(name, QUICK.get(name, {}))
    dials = {dial: values[:2] for dial, values in check_dials(name, params, None).items()}
    answers = record_answers(name, prompt, params, dials, engines[model])
    assert answers[0]["params"] == {}
    changed = [json.dumps(each["params"], sort_keys=True) for each in answers]
    assert len(set(changed)) == len(changed)
    turned = [each["params"] for each in answers if set(each["params"]) <= set(dials)]
    count = 1
    for values in dials.values():
        count *= len(values)
    assert len(turned) >= count
    assert set(answers[0]["answer"]) == set(answer_type(name).__annotations__)


@pytest.mark.parametrize("name", NAMES)
def test_it_refuses_what_it_does_not_know(name):
    """A parameter that is none gets a message with the element's name."""
    with pytest.raises(TalkgenError, match=f"the element '{name}' has no parameter 'colour'"):
        check_params(name, {"colour": "red"})


@pytest.mark.parametrize("name", NAMES)
def test_whoever_goes_is_not_waited_for(name, engines):
    """An answer to nobody ends early, or is small enough to be finished."""
    asked = Asked(engines["tiny"], TEXT, check_params(name, {}), Caller(gone=lambda: True))
    with contextlib.suppress(GoneError, ModelError):
        assert load_element(name).answer(asked)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=20)
@given(text=st.text(max_size=30))
def test_no_text_breaks_it(name, engines, text):
    """Any text is answered or refused with a message."""
    try:
        answer = load_element(name).answer(
            Asked(engines["tiny"], text, check_params(name, QUICK.get(name, {})), Caller())
        )
    except ModelError:
        return
    json.dumps(answer, allow_nan=False)


def test_a_misspelt_element_gets_a_hint():
    """The right name stands in the hint."""
    with pytest.raises(TalkgenError) as caught:
        load_element("atention")
    assert caught.value.problems[0].hint == "did you mean 'attention'?"


def test_a_wrong_setting_is_told_in_words():
    """As a figure's parameter is, in none of a library's own words."""
    with pytest.raises(TalkgenError) as caught:
        check_params("training", {"steps": "many"})
    assert str(caught.value) == "parameter steps of 'training' must be a whole number, not 'many'"


def test_too_many_combinations_are_refused():
    """What would take minutes to record is a message, not a long build."""
    params = check_params("attention", {})
    dials = {"layer": list(range(1, 40)), "bars": [1, 2, 3]}
    with pytest.raises(TalkgenError, match="combinations"):
        check_dials("attention", params, dials)


def test_a_dial_holds_the_value_it_starts_with():
    """An author's values come in their order, each once, and the start is among them."""
    assert check_dials("attention", check_params("attention", {"bars": 7}), {"bars": [3, 3, 5]}) == {"bars": [7, 3, 5]}
