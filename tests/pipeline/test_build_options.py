"""Building past what fails, failing where a deck is not fresh, and measuring again."""

import json

import pytest
from typer.testing import CliRunner

from talkgen.cli.app import app
from talkgen.errors import OutlineError
from talkgen.pipeline.build import Request, build
from talkgen.pipeline.status import status
from talkgen.store.cas import open_store

BROKEN = """\
title: Half of a talk
model: small
slides:
  - title: Whole
    body:
      - "{{ figures.next_token.candidates | length }} bars, {{ figures.attention_map.tokens | length }} tokens"
      - figure: next_token
        params: {prompt: The, bars: 4}
  - title: Not at hand
    body: [{figure: attention_map, params: {model: small-lstm, sentence: to be}}]
  - title: Not there
    body: [{figure: next_tokens}, {live: next_token, model: no-such-model, prompt: a}]
"""
TIMED = """\
title: Times
model: small
slides:
  - title: One
    body:
      - "{{ figures.kv_cache.timings | length }}"
      - {figure: kv_cache, params: {repeats: 3}}
"""


def invoke(*words):
    return CliRunner().invoke(app, list(map(str, words)))


@pytest.mark.parametrize("target", ["marp", "slidev"])
def test_what_fails_is_told_in_its_place(target, talk):
    """The rest is built; each failure is on its slide and in the report; and nothing of it is taken for fresh."""
    (talk / "outline.yaml").write_text(BROKEN, encoding="utf-8")
    done = invoke("build", talk, "-t", target, "-f", "md", "--keep-going", "--json", "-q")
    assert done.exit_code == 1
    problems = json.loads(done.stdout)["problems"]
    assert [line for line in (6, 10, 12) if any(f"outline.yaml:{line}:" in each for each in problems)] == [6, 10, 12]
    deck = talk / "dist" / target / ("deck.md" if target == "marp" else "slides.md")
    slides = deck.read_text(encoding="utf-8").split("\n# ")[1:]
    assert "4 bars, \N{WARNING SIGN} tokens" in slides[0]
    assert [slide.count("tg-failed") for slide in slides] == [0, 1, 2]
    assert "figure attention&#95;map is missing</strong><br>small-lstm LSTM" in slides[1]
    with pytest.raises(OutlineError):
        build(Request(talk, target, "md"), lambda _: None)
    mended = (
        BROKEN.replace("model: small-lstm, ", "").replace("next_tokens", "numbers").replace("no-such-model", "small")
    )
    (talk / "outline.yaml").write_text(mended.replace("figure: numbers", "figure: model_sizes"), encoding="utf-8")
    built = build(Request(talk, target, "md"), lambda _: None)
    assert "tg-failed" not in deck.read_text(encoding="utf-8")
    assert built.problems == ()
    assert {change.state for change in status(Request(talk, target, "md"))} == {"fresh"}


def test_check_fails_where_the_deck_is_not_fresh(talk):
    """When something of it has changed since it was built; it builds nothing itself."""
    assert invoke("build", talk, "--check").exit_code == 0
    assert not (talk / "dist").exists()
    build(Request(talk, format="md"), lambda _: None)
    done = invoke("build", talk, "--check")
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, f"{talk}: 4 slides, nothing wrong")
    text = (talk / "outline.yaml").read_text(encoding="utf-8")
    (talk / "outline.yaml").write_text(text.replace("bars: 4}", "bars: 5}"), encoding="utf-8")
    done = invoke("build", talk, "--check", "--json")
    assert done.exit_code == 1
    assert {each["name"] for each in json.loads(done.stdout)["stale"]} >= {"figure next_token", "rendering marp"}


def test_times_are_taken_anew(talk):
    """Only when asked for, with the picture that shows them; what no clock said stays as it is."""
    (talk / "outline.yaml").write_text(TIMED, encoding="utf-8")
    first = build(Request(talk, format="md"), lambda _: None)
    (figure,) = first.plan.computed

    def seconds():
        return json.loads(open_store().read(open_store().lookup(figure.data_key), "data"))["timings"]

    before = seconds()
    assert build(Request(talk, format="md"), lambda _: None).computed == ()
    assert seconds() == before
    assert build(Request(talk, format="md", remeasure=True), lambda _: None).computed == ("figure kv_cache",)
    assert seconds() != before
    assert {change.state for change in status(Request(talk, format="md"))} == {"fresh"}
