"""The GitHub Action: its own steps, run here one after another as a runner would."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS = {step["name"]: step for step in ACTION["runs"]["steps"] if "name" in step}


def run(name: str, folder: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    """Runs a step in `folder`, its inputs as they are given or by default."""
    given = {key: about.get("default", "") for key, about in ACTION["inputs"].items()} | inputs
    files = {key: str(folder / key.lower()) for key in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    known = {f"inputs.{key}": value for key, value in given.items()}
    known |= {f"steps.place.outputs.{key}": value for key, value in said(folder).items()}
    asked = {
        key: re.sub(r"\$\{\{ ([\w.-]+) \}\}", lambda match: known[match[1]], value)
        for key, value in STEPS[name]["env"].items()
    }
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, **asked, **files, "PATH": path, "PYTHONPATH": str(ROOT)}
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", STEPS[name]["run"]]  # as the runner does
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=600)


def said(folder: Path) -> dict[str, str]:
    """What the steps so far gave out."""
    file = folder / "github_output"
    return dict(line.split("=", 1) for line in file.read_text(encoding="utf-8").splitlines()) if file.is_file() else {}


def test_every_input_is_used_and_every_expression_is_known():
    """What is written in double braces is an input, an output of a step, or the runner's own."""
    text = (ROOT / "action.yml").read_text(encoding="utf-8").split("runs:", 1)[1]
    used = set(re.findall(r"inputs\.([\w-]+)", text))
    assert used == ACTION["inputs"].keys()
    scripts = "".join(step.get("run", "") for step in ACTION["runs"]["steps"])
    assert "${{" not in scripts  # what others write is never pasted into a script
    assert set(re.findall(r"steps\.(\w+)", text)) <= {step.get("id") for step in ACTION["runs"]["steps"]}


@pytest.mark.parametrize("given", ["slides", "slides/outline.yaml"])
def test_a_talk_is_named_by_its_folder_or_its_outline(given, tmp_path):
    """Either way its decks are laid out."""
    deck = tmp_path / "slides" / "dist" / "marp" / "deck.html"
    deck.parent.mkdir(parents=True)
    for file in (deck, tmp_path / "slides" / "outline.yaml"):
        file.write_text("the deck", encoding="utf-8")
    steps = [run(name, tmp_path, talk=given, targets="marp") for name in ("place", "lay out")]
    assert [step.returncode for step in steps] == [0, 0], [step.stderr for step in steps]
    assert (tmp_path / "site" / "marp" / "index.html").read_text(encoding="utf-8") == "the deck"


@pytest.mark.slow
def test_a_talk_is_built_checked_and_laid_out(talk):
    """First everything is new, then nothing; a change is named with its cause; findings fail by severity."""
    folder, inputs = talk.parent.parent, {"talk": str(talk), "targets": "marp"}
    steps = [run(name, folder, **inputs) for name in ("place", "status", "build", "check", "lay out")]
    assert [step.returncode for step in steps] == [0] * 5, [step.stderr for step in steps]
    assert int(said(folder)["stale"]) > 3
    assert (folder / "site" / "marp" / "index.html").stat().st_size > 100_000
    assert json.loads((folder / "talkgen.sarif").read_text(encoding="utf-8"))["version"] == "2.1.0"

    (talk / "outline.yaml").write_text((talk / "outline.yaml").read_text().replace("[Thanks]", "[Thank you]"))
    assert run("status", folder, **inputs).returncode == 0
    assert "body of slide 4" in (folder / "talkgen-stale.md").read_text(encoding="utf-8")
    assert run("check", folder, **inputs).returncode == 1  # what is stale is an error
    assert run("build", folder, **inputs).returncode == 0
    assert run("check", folder, **{**inputs, "fail-on": "note"}).returncode == 1  # slides without notes
