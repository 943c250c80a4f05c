"""A talk as on the day: built, opened, exported and presented without network, for real."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from talkgen.check.apart import run_apart
from talkgen.cli.app import app
from talkgen.errors import ToolError
from talkgen.export.node import npm_packages

pytestmark = pytest.mark.slow


@pytest.fixture
def stage_talk(tmp_path, own_cache) -> Path:
    """The folder of a talk with a picture and a live block, on a machine that has fetched what it needs."""
    for packages in ("marp", "slidev", "browser"):
        npm_packages(packages, print)
    (tmp_path / "outline.yaml").write_text(
        "title: On the day\nmodel: small\nslides:\n"
        "  - title: A dot\n    body:\n      - image: dot.svg\n        alt: A dot\n"
        "  - title: Try it\n    body:\n      - live: next_token\n        prompt: The statement\n",
        encoding="utf-8",
    )
    dot = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><circle r="4" fill="red"/></svg>'
    (tmp_path / "dot.svg").write_text(dot, encoding="utf-8")
    return tmp_path


def doctor(talk: Path, *options: str) -> tuple[int, dict]:
    """What `talkgen doctor --talk` says, and its exit code."""
    command = [sys.executable, "-m", "talkgen", "doctor", "--talk", str(talk), *options, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    return done.returncode, json.loads(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has network namespaces")
def test_a_talk_is_ready_where_there_is_no_network(stage_talk):
    """Both decks, their exports, what is carried and the live answer; in there no host can be reached at all."""
    code, said = doctor(stage_talk, "--offline")
    assert (code, said["ready"]) == (0, True), said
    steps = {step["name"]: step["found"] for step in said["steps"]}
    assert len(steps) == 9
    assert steps["marp deck in a browser"].startswith("2 slides")
    assert "goes on with" in steps["small transformer, step 1,000 answers"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has network namespaces")
def test_nothing_but_the_machine_itself_is_there(tmp_path):
    """An outline whose model is asked for elsewhere fails in the namespace, with words and not with a wait."""
    outline = tmp_path / "outline.yaml"
    outline.write_text(
        "title: T\nmodel: small\nslides:\n  - title: T\n    body:\n      - image: https://192.0.2.1/x.png\n",
        encoding="utf-8",
    )
    code, said = doctor(tmp_path, "--offline", "--target", "marp")
    assert code == 1
    failed = [step for step in said["steps"] if not step["ok"]]
    assert [step["name"] for step in failed] == ["marp deck in a browser"]
    assert "192.0.2.1" in failed[0]["found"]


def test_a_system_without_namespaces_says_so(monkeypatch):
    """With what to do instead."""
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(ToolError, match="unshare and ip") as refused:
        run_apart(["doctor"])
    assert "--offline" in refused.value.problems[0].hint


def test_offline_goes_with_a_talk():
    """Alone it is wrong usage."""
    done = CliRunner().invoke(app, ["doctor", "--offline"])
    assert done.exit_code == 2
