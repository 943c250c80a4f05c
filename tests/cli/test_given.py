"""Values on a command line: what is one word of a shell is one value."""

import pytest
import typer

from talkgen.cli.given import variables


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ("7", 7),
        ("0.5", 0.5),
        ("true", True),
        ("[rnn, attention]", ["rnn", "attention"]),
        ('"7"', "7"),
        ("", ""),
        ("STAT 3494W", "STAT 3494W"),
        ("The cat: sat", "The cat: sat"),
        ("*x* and # y", "*x* and # y"),
        ("2026-11-29", "2026-11-29"),
        ("a=b", "a=b"),
    ],
)
def test_a_text_is_taken_as_it_is(given, value):
    """Numbers, lists and what is in quotes are YAML's; a colon, a star or a date make no text anything else."""
    assert variables([f"name={given}"]) == {"name": value}


@pytest.mark.parametrize("given", ["name", "=x", ""])
def test_what_names_nothing_is_wrong_usage(given):
    """The option and what was given are named."""
    with pytest.raises(typer.BadParameter, match="not of the form name=value") as caught:
        variables([given], "--param")
    assert caught.value.param_hint == "--param"
