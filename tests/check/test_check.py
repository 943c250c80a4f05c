"""`talkgen check`: what is wrong with a talk is found, each with its rule, its line and its weight."""

import json
from pathlib import Path

import pytest
from sarif import loader
from typer.testing import CliRunner

from talkgen.check.findings import RULES, SEVERITIES, Finding, is_as_bad
from talkgen.check.sarif import to_sarif
from talkgen.check.speaking import find_unsaid
from talkgen.check.talk import check_talk
from talkgen.cli.app import app
from talkgen.errors import Place, Problem
from talkgen.outline.load import load_outline
from talkgen.pipeline.build import build
from talkgen.pipeline.request import Request

TALK = """\
title: Before the stage
model: small
slot: 5
terms: [softmax]
style: ".faint { color: #333 } .tiny { font-size: 12px }"
slides:
  - title: Said
    duration: 4
    notes: Words.
    body:
      - The soft-max
      - bullets: [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r]
  - title: Unsaid
    body:
      - html: <p class="faint">hard to see</p>
      - html: <p class="tiny">hard to read</p>
      - html: <img src="dot.svg" width="40" height="40">
  - title: Long
    notes: Words.
    duration: 2.5
    body:
      - live: next_token
        prompt: The statement
        bars: 3
  - title: White on white
    duration: 1
    notes: Words.
    body: [{image: light.svg, background: true}, Cannot be read]
  - title: White on white under a scrim
    duration: 1
    notes: Words.
    body: [{image: light.svg, background: true, scrim: 0.9}, Can be read]
"""


@pytest.fixture
def flawed(tmp_path, own_cache) -> Path:
    """The folder of a talk with something of each rule in it."""
    (tmp_path / "outline.yaml").write_text(TALK, encoding="utf-8")
    dot = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><circle r="4" fill="red"/></svg>'
    (tmp_path / "dot.svg").write_text(dot, encoding="utf-8")
    light = dot.replace("9", "1280").replace(
        '<circle r="4" fill="red"/>', '<rect width="1280" height="1280" fill="#eee"/>'
    )
    (tmp_path / "light.svg").write_text(light, encoding="utf-8")
    return tmp_path


def test_times_and_notes_are_held_to_the_slot(flawed):
    """Minutes over the slot, a slide without them, a slide without notes; hidden slides count for nothing."""
    found = {(each.rule, each.problem.place.line) for each in find_unsaid(load_outline(flawed / "outline.yaml"))}
    assert found == {("duration", 3), ("no-duration", 13), ("no-notes", 13)}


def test_a_deck_that_was_never_built_is_stale(flawed):
    """With the command that builds it; words are checked all the same, no browser is asked."""
    found = check_talk(Request(flawed), [], print)
    stale = [(each.target, each.problem.hint) for each in found if each.rule == "stale"]
    assert stale == [(name, f"talkgen build {flawed} -t {name}") for name in ("marp", "slidev")]
    assert [each.problem.place.line for each in found if each.rule == "term"] == [11]
    weights = [SEVERITIES.index(each.severity) for each in found]
    assert weights == sorted(weights, reverse=True)


def test_a_deck_that_nobody_wanted_is_not_missed(flawed):
    """Of a talk that is built for one tool, the other's deck is none that is not fresh; but where it is asked for."""
    build(Request(flawed, format="md"), print)
    outline = flawed / "outline.yaml"
    outline.write_text(TALK.replace("title: Long", "title: Longer"), encoding="utf-8")  # no browser is needed then
    assert {each.target for each in check_talk(Request(flawed), [], print) if each.rule == "stale"} == {"marp"}
    asked = check_talk(Request(flawed), ["marp", "slidev"], print)
    assert {each.target for each in asked if each.rule == "stale"} == {"marp", "slidev"}


@pytest.mark.slow
@pytest.mark.parametrize("target", ["marp", "slidev"])
def test_what_a_browser_sees_has_its_rule_and_line(flawed, target):
    """Overflow, contrast, on pictures too, small text, pictures without words, in decks that the real tools built."""
    build(Request(flawed, target), print)
    found = check_talk(Request(flawed), [target], print)
    seen = {(each.rule, each.problem.place.line) for each in found if each.problem.place and each.target == target}
    assert {("overflow", 7), ("contrast", 13), ("small-text", 13), ("alt-text", 13)} <= seen
    assert {line for rule, line in seen if rule == "contrast"} == {13, 25}  # a scrim lets the text be read
    assert not {each.rule for each in found} & {"stale", "recording", "other-host"}


@pytest.mark.slow
def test_a_recording_that_is_gone_and_a_host_that_is_asked(flawed):
    """What would fail on stage is an error; so is a deck that was changed by hand."""
    build(Request(flawed, format="md"), print)
    outline = flawed / "outline.yaml"
    outline.write_text(TALK.replace("The statement", "The other statement"), encoding="utf-8")
    found = check_talk(Request(flawed), ["marp"], print)
    assert {"recording", "stale"} <= {each.rule for each in found if each.severity == "error"}
    outline.write_text(TALK.replace("dot.svg", "http://127.0.0.1:9/dot.svg"), encoding="utf-8")
    build(Request(flawed), print)
    hosts = [each.problem.message for each in check_talk(Request(flawed), ["marp"], print) if each.rule == "other-host"]
    assert hosts == ["the Marp deck asks 127.0.0.1:9"]


def test_exit_code_goes_by_severity(flawed):
    """An error fails, and with --fail-on whatever weighs that much; a report is one document."""
    run = CliRunner().invoke
    done = run(app, ["check", str(flawed), "--target", "marp", "--json", "--quiet"])
    assert done.exit_code == 1
    report = json.loads(done.stdout)
    assert {each["severity"] for each in report["findings"]} == {"error", "warning", "note"}
    assert report["failed"] == 1
    assert not is_as_bad(next(find_unsaid(load_outline(flawed / "outline.yaml"))), "warning")
    done = run(app, ["check", str(flawed), "--target", "marp", "--fail-on", "note", "--json", "--quiet"])
    assert json.loads(done.stdout)["failed"] == len(report["findings"])


def test_findings_are_sarif(flawed, monkeypatch):
    """Another program reads them, with each rule, level and line."""
    monkeypatch.chdir(flawed)
    CliRunner().invoke(app, ["check", ".", "--target", "marp", "--sarif", "findings.sarif"])
    run = loader.load_sarif_file("findings.sarif").runs[0]
    assert run.get_tool_name() == "talkgen"
    records = [
        (each["Code"].split()[0], each["Severity"], each["Location"], each["Line"]) for each in run.get_records()
    ]
    assert ("term", "warning", "outline.yaml", 11) in records
    assert {code for code, *_ in records} <= RULES.keys()


def test_files_in_sarif_are_addresses(tmp_path):
    """Whose spaces and letters are written as addresses write them."""
    place = Place(tmp_path / "mein Vortrag" / "größer.yaml", 1, 1)
    (result,) = to_sarif([Finding("term", Problem("m", place=place))], tmp_path)["runs"][0]["results"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "mein%20Vortrag/gr%C3%B6%C3%9Fer.yaml"
