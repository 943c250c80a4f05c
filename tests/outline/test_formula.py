"""One expression: what it can do, and what it cannot."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkgen.outline.filters import human
from talkgen.outline.formula import Formula, FormulaError

VALUES = {
    "vars": {"n": 3, "names": ["a", "b"], "items": 4, "sentence": "a b", "long": "x" * 90_000, "none": None},
    "model": {"parameters": 134515008, "label": "SmolLM2-135M", "step": None},
    "figures": {"next_token": {"candidates": [{"text": " dog", "p": 0.8934}]}, "two words": {"depth": 6}},
}


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("vars.n", "3"),
        ("vars['n'] + 1", "4"),
        ("model.parameters | number", "134,515,008"),
        ("model.parameters | human", "135M"),
        ("(model.parameters / 1e6) | round(1)", "134.5"),
        ("2.5 | round", "3"),
        ("1234.5 | number(2)", "1,234.50"),
        ("figures.next_token.candidates[0].p | percent", "89%"),
        ("figures.next_token.candidates[0].p | percent(1)", "89.3%"),
        ("figures['two words'].depth * 2", "12"),
        ("vars.items", "4"),
        ("vars.names | join(' and ')", "a and b"),
        ("vars.names | length", "2"),
        ("vars.names[-1] | upper", "B"),
        ("[1, 5, 3] | max - [2] | first", "3"),
        ("model.step | default('no step')", "no step"),
        ("vars.missing | default(0)", "0"),
        ("'many' if vars.n > 2 else 'few'", "many"),
        ("vars.n == 3 and not vars.none", "True"),
        ("'a' in vars.names", "True"),
        ("vars.sentence + '!'", "a b!"),
        ("7 // 2 ** 2 - -1 % 2", "0"),
        ("'{{'", "{{"),
        ("'}}'", "}}"),
    ],
)
def test_values(source, text):
    """Data by name, arithmetic, choices and filters."""
    assert Formula(source).text(VALUES) == text


def test_a_value_of_the_talks_own_is_named_where_it_is_looked_for():
    """Its name alone is not defined: it is one of the `vars`."""
    with pytest.raises(FormulaError) as caught:
        Formula("sentence").text(VALUES)
    assert caught.value.hint == "did you mean 'vars.sentence'?"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("modl.label", "'modl' is not defined"),
        ("model.lable", "model has no 'lable'"),
        ("vars.names[2]", "vars.names has 2 items, no item 2"),
        ("model.step", "model.step is not known"),
        ("model.step.number", "model.step has no 'number': it is not known"),
        ("figures.next_token", "figures.next_token is a mapping, not text"),
        ("vars.names", "vars.names is a list, not text"),
        ("vars.n | humn", "there is no filter 'humn'"),
        ("vars.names | human", "the filter 'human' cannot be used here: takes a number"),
        ("vars.n +", "{{vars.n +}} is not an expression: unexpected the end"),
        ("", "{{}} is not an expression: expected an expression, got the end"),
        ("1 / 0", "{{ 1 / 0 }} cannot be computed: division by zero"),
        ("vars.n < 'a'", "{{ vars.n < 'a' }} cannot be computed"),
    ],
)
def test_mistakes_are_explained(source, message):
    """What is wrong is said in terms of the outline's names."""
    with pytest.raises(FormulaError) as caught:
        Formula(source).text(VALUES)

    assert caught.value.message.startswith(message)


def test_near_names_are_suggested():
    """A name that is almost right brings up the right one, at every level."""
    hints = []
    for source in ("modl.label", "model.lable", "vars.n | humn"):
        with pytest.raises(FormulaError) as caught:
            Formula(source).text(VALUES)
        hints.append(caught.value.hint)

    assert hints == ["did you mean 'model'?", "did you mean 'label'?", "did you mean 'human'?"]


@pytest.mark.parametrize(
    "source",
    [
        "range(10**9)", "lipsum(10000)", "cycler('a')", "vars.__class__", "''.__class__.__mro__[1].__subclasses__()",
        "vars.n.real", "vars.names.append", "vars['__class__']", "'a' * 10**9", "'%0999999999d' % 1",
        "vars.long ~ vars.long",
        "vars.long + vars.long", "2 ** (10**9)", "10 ** (10 ** (10 ** 10))", "9.9 ** 400",
        "(-8) ** 0.5",
        "'a' | center(10**9)", "'a' | replace('a', 'b' )", "vars.names | map('upper')", "self",
        "x is defined", "caller()",
        "(" * 450 + ")" * 450, "not " * 200 + "1", "1" + "+1" * 400, "'" + "a" * 2000 + "'", "1e400",
        "9" * 900 + "*" + "9",
        "vars.names | join(vars.long) | join", "[" * 300 + "]" * 300, "{'a': 1}", "1, 2", "a }}{{ b", "%}", "vars.n;1",
        "[1][0.5]", "vars[true]", "1 | round(10**9)", "1 | number(-1)", "1 | percent('a')", "vars.n | join",
    ],
)  # fmt: skip
def test_nothing_is_run_and_nothing_grows(source):
    """Calls, Python's attributes, repetition, huge powers, deep nesting: refused with a message, at once."""
    with pytest.raises(FormulaError):
        Formula(source).text(VALUES)


PIECES = [*".|()[]*+-", "**", "{{", "}}", " ", "1", "'a'", "vars", "n", "human", "if", "else", "not"]


@given(st.text(max_size=60) | st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
def test_any_text_is_a_value_or_a_message(source):
    """Whatever stands between the braces, the outcome is text or a FormulaError."""
    outcome = None
    try:
        outcome = Formula(source).text(VALUES)
    except FormulaError as error:
        outcome = error.message

    assert isinstance(outcome, str)


def test_names_are_what_the_build_has_to_bring():
    """The names an expression uses, with the steps into them as far as they are written out; a key may hold a dot."""
    formula = Formula("figures.a['b'].c + model.n if vars[model.key].x else 1 | default(runs['v1.5'].loss)")

    assert formula.chains == {
        ("figures", "a", "b", "c"),
        ("model", "n"),
        ("vars",),
        ("model", "key"),
        ("runs", "v1.5", "loss"),
    }
    assert formula.names == {"figures", "model", "vars", "runs"}


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.12345, "0.123"), (7, "7"), (999, "999"), (999.9, "1k"), (1234, "1.23k"), (999_999, "1M"),
     (134_515_008, "135M"), (1_500_000_000, "1.5B"), (-2_000, "-2k"), (3e12, "3T"), (1e-7, "1e-07")],
)  # fmt: skip
def test_human_numbers(value, text):
    """Three significant digits and a scale."""
    assert human(value) == text
