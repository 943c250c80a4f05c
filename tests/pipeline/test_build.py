"""The build: what it writes, what it does again and what it leaves alone, on the committed small model."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest

from talkgen.assets import pretrained_dir
from talkgen.errors import OutlineError, TalkgenError, ToolError
from talkgen.pipeline.build import Request, build
from talkgen.pipeline.request import open_store
from talkgen.pipeline.status import status


def quiet(line: str) -> None:
    """Progress nobody reads."""


@pytest.fixture
def request_(talk) -> Request:
    """A request for the source of the small talk; no Node is needed for it."""
    return Request(talk, format="md")


def test_build_writes_a_deck_with_its_figures(request_, talk):
    """The source, the figures it shows and a manifest are written; expressions have values."""
    done = build(request_, quiet)
    deck = (talk / "dist" / "marp" / "deck.md").read_text(encoding="utf-8")
    assert "4 bars" in deck
    assert "{{" not in deck
    assert "<talkgen-live" in deck
    assert list((talk / "dist" / "marp" / "figures").glob("next_token-*.svg"))
    named = {"tokens slide 1", "figure next_token", "recording slide 3", "model in the page small"}
    assert set(done.computed) == named
    assert done.reused == ()


def test_second_build_computes_nothing(request_):
    """A build of an unchanged talk reuses all."""
    build(request_, quiet)
    again = build(request_, quiet)
    assert again.computed == ()
    assert len(again.reused) == 4


def test_a_picture_that_stays_is_not_written_again(request_, talk):
    """It has its place on the disk in the next deck too; one that somebody changed there is the build's own again."""
    outline, deck = talk / "outline.yaml", talk / "dist" / "marp"
    build(request_, quiet)
    picture = min((deck / "figures").glob("*.svg"))
    content, place = picture.read_bytes(), picture.stat().st_ino
    with outline.open("a", encoding="utf-8") as file:
        file.write("  - title: One more\n")
    build(request_, quiet)
    assert "One more" in (deck / "deck.md").read_text(encoding="utf-8")
    assert picture.stat().st_ino == place
    assert {path.stat().st_nlink for path in deck.rglob("*") if path.is_file()} == {1}
    picture.write_text("somebody's", encoding="utf-8")
    build(request_, quiet)
    assert picture.read_bytes() == content


UNWANTED = {
    "torch",
    "numpy",
    "matplotlib",
    "gradio",
    "pydantic",
    "yaml",
    "jinja2",
    "markdown_it",
    "talkgen.store.closure",
}
"""Packages that take a while to load, and the module that parses source."""

WATCHED = """\
import sys
started = []
programs = ("subprocess.Popen", "os.posix_spawn", "os.fork", "os.exec", "os.system")
sys.addaudithook(lambda event, arguments: started.append(event) if event in programs else None)
from pathlib import Path
from talkgen.pipeline.build import Request, build
from talkgen.pipeline.request import open_store
from talkgen.pipeline.status import status
request = Request(Path(sys.argv[1]), format="md")
done = build(request, lambda line: None)
changes = status(request)
print(sorted(name for name in sys.argv[2:] if name in sys.modules), started, done.computed, done.exported)
print({change.state for change in changes})
"""


def test_a_build_with_nothing_to_do_loads_and_starts_nothing(talk):
    """Neither a build nor a status of a built talk loads a heavy package, parses source or starts a program."""
    command = [sys.executable, "-c", WATCHED, str(talk), *UNWANTED]
    first, done = (subprocess.run(command, capture_output=True, text=True, check=True) for _ in range(2))
    assert "torch" in first.stdout
    assert done.stdout.splitlines() == ["[] [] () False", "{'fresh'}"]


def test_only_what_depends_on_a_change_is_made_again(request_, talk):
    """Another prompt of the figure redraws the figure, and nothing else."""
    build(request_, quiet)
    outline = talk / "outline.yaml"
    outline.write_text(outline.read_text(encoding="utf-8").replace("bars: 4}", "bars: 3}"), encoding="utf-8")
    stale = {change.name: change.why for change in status(request_) if change.state != "fresh"}
    assert list(stale) == ["figure next_token", "values figures", "rendering marp"]
    assert any("bars" in reason and "4" in reason and "3" in reason for reason in stale["figure next_token"])
    assert build(request_, quiet).computed == ("figure next_token",)
    assert all(change.state == "fresh" for change in status(request_))


def test_going_back_is_a_hit(request_, talk):
    """What was computed before is found again when the talk goes back to it."""
    outline = talk / "outline.yaml"
    first = outline.read_text(encoding="utf-8")
    build(request_, quiet)
    outline.write_text(first.replace("bars: 4}", "bars: 3}"), encoding="utf-8")
    build(request_, quiet)
    outline.write_text(first, encoding="utf-8")
    assert build(request_, quiet).computed == ()


def test_going_back_to_an_earlier_checkpoint_is_a_hit(request_, talk):
    """Weights that were there before give what was computed from them, without asking the model again."""
    run = talk.parents[1] / "runs" / "small"
    shutil.copytree(pretrained_dir() / "small", run)
    weights, earlier = (run / "checkpoints" / step / "model.safetensors" for step in ("step-001000", "step-000222"))
    newest = weights.read_bytes()
    before = build(request_, quiet).outputs[0].read_bytes()
    weights.write_bytes(earlier.read_bytes())
    assert {"figure next_token", "recording slide 3"} <= set(build(request_, quiet).computed)
    weights.write_bytes(newest)
    done = build(request_, quiet)
    assert done.computed == ()
    assert done.outputs[0].read_bytes() == before


def test_a_second_build_waits_for_the_first(request_, talk):
    """While a deck is being built another build of it waits, says so, and goes on when the first has ended."""
    folder = (talk / "dist" / "marp").resolve()
    command = [sys.executable, "-m", "talkgen", "build", str(talk), "--format", "md"]
    with open_store().lock(f"build {folder}"):
        second = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert "waiting for another talkgen" in second.stderr.readline()
        assert not folder.exists()
    out, _ = second.communicate(timeout=120)
    assert second.returncode == 0
    assert str(talk / "dist" / "marp" / "deck.md") in out


@pytest.mark.slow
def test_a_theme_redraws_but_does_not_ask_the_model(request_, talk):
    """Another theme draws the figure's stored numbers again; recordings stay."""
    build(request_, quiet)
    outline = talk / "outline.yaml"
    outline.write_text("theme: paper\n" + outline.read_text(encoding="utf-8"), encoding="utf-8")
    said = []
    done = build(request_, said.append)
    assert done.computed == ("figure next_token",)
    assert not [line for line in said if line.startswith("computed")]


@pytest.mark.slow
def test_a_damaged_result_is_made_again(request_, own_cache):
    """A file of the store that was cut short does not reach a deck."""
    build(request_, quiet)
    for file in (own_cache / "store" / "cas").rglob("*"):
        if file.is_file():
            file.chmod(0o644)
            file.write_bytes(file.read_bytes()[:-1])
    assert len(build(request_, quiet).computed) == 4


def test_a_failing_build_leaves_the_last_deck(request_, talk):
    """An outline with a mistake reports it and changes nothing on disk."""
    build(request_, quiet)
    before = {path: path.read_bytes() for path in (talk / "dist").rglob("*") if path.is_file()}
    outline = talk / "outline.yaml"
    outline.write_text(
        outline.read_text(encoding="utf-8").replace("figure: next_token", "figure: next_tokn"), encoding="utf-8"
    )
    with pytest.raises(
        OutlineError, match=r"(?s)outline.yaml:12:\d+: slides\[1\].body\[1\].*did you mean 'next_token'"
    ):
        build(request_, quiet)
    assert {path: path.read_bytes() for path in (talk / "dist").rglob("*") if path.is_file()} == before


def test_all_mistakes_of_all_layers_are_reported(request_, talk):
    """An unknown figure, an unknown parameter and an unknown live element come in one report, each with its line."""
    (talk / "outline.yaml").write_text(
        "title: t\nmodel: small\nslides:\n  - body:\n    - figure: nothing_like_it\n"
        "    - figure: next_token\n      params: {brs: 3}\n    - live: nxt_token\n",
        encoding="utf-8",
    )
    with pytest.raises(OutlineError) as caught:
        build(request_, quiet)
    problems = caught.value.problems
    assert [problem.place.line for problem in problems if problem.place] == [5, 6, 8]
    assert "did you mean 'bars'?" in problems[1].hint
    assert "did you mean 'next_token'?" in problems[2].hint


def test_a_missing_model_has_a_hint(request_):
    """A model that is not there is named, with what to do."""
    with pytest.raises(TalkgenError, match="small"):
        build(replace(request_, model="smal"), quiet)


def test_manifest_says_what_the_deck_is_made_of(request_, talk):
    """The manifest holds each key and its parts."""
    build(request_, quiet)
    manifest = json.loads((talk / "dist" / "marp" / "manifest.json").read_text(encoding="utf-8"))
    parts = manifest["entries"]["figure next_token"]["parts"]
    assert parts["parameter prompt"] == "The statement"
    assert len(parts["model small"]["digest"]) == 64


def test_a_failing_exporter_leaves_the_last_deck(request_, talk, monkeypatch):
    """No browser for a PDF: one message, and the deck that was there is still there."""
    build(request_, quiet)
    monkeypatch.setenv("PATH", str(talk))
    monkeypatch.setenv("TALKGEN_BROWSER", str(talk / "no-browser"))
    with pytest.raises(ToolError, match="browser"):
        build(replace(request_, format="pdf"), quiet)
    assert (talk / "dist" / "marp" / "deck.md").is_file()
    assert [path.name for path in (talk / "dist").iterdir()] == ["marp"]


def test_what_was_exported_of_the_deck_before_is_told_to_be_gone(request_, talk, monkeypatch):
    """A page that no longer says what the outline says is not kept; one that does is, and nothing is told then."""
    pages = {"html": "page.html", "pdf": "page.pdf"}

    def export(target, folder, name, report):
        (folder / pages[name]).write_text(name, encoding="utf-8")
        return [folder / pages[name]]

    monkeypatch.setattr("talkgen.pipeline.targets.Target.export", export)
    lines = []
    for name in pages:
        build(replace(request_, format=name), lines.append)
    assert not [line for line in lines if "removed" in line]
    outline = talk / "outline.yaml"
    outline.write_text(outline.read_text(encoding="utf-8").replace("title: ", "title: New ", 1), encoding="utf-8")
    build(replace(request_, format="html"), lines.append)
    assert [line for line in lines if "removed" in line] == [
        "of the deck before this change, so removed: pdf; make it again with --format"
    ]
    assert not (talk / "dist" / "marp" / "page.pdf").exists()
