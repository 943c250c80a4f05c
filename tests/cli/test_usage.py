"""The command line as a stranger types it: help, typos, completion, colours, silence, reports for programs."""

import json
import os
import pty
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from talkgen.__main__ import main

pytestmark = pytest.mark.slow
OUTLINE = "title: T\nmodel: small\nslides:\n  - title: One\n    body: [Hello, {tokens: Hello}]\n"
ROOT = Path(__file__).resolve().parents[2]


def talkgen(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs the real command."""
    command = [sys.executable, "-m", "talkgen", *map(str, arguments)]
    return subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, timeout=120)


@pytest.fixture
def talk(tmp_path, own_cache) -> Path:
    """A talk that can be built."""
    (tmp_path / "outline.yaml").write_text(OUTLINE, encoding="utf-8")
    return tmp_path


def test_alone_it_shows_the_commands_that_matter_and_each_example_runs():
    """Five commands, each with an example whose usage the command accepts."""
    lines = [line.split("  ") for line in talkgen().stdout.splitlines() if line.startswith("  talkgen ")]
    examples = [shlex.split(next(part for part in parts if part)) for parts in lines]
    assert [example[1] for example in examples] == ["new", "build", "present", "train", "status"]
    for example in examples:
        assert talkgen(*example[1:], "--help").returncode == 0


def test_the_version_is_the_packages():
    """`--version` says one line."""
    from talkgen import __version__

    done = talkgen("--version")
    assert (done.returncode, done.stdout) == (0, f"talkgen {__version__}\n")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (["biuld"], "'build'"),
        (["figures", "lst"], "'list'"),
        (["model", "pul"], "'pull'"),
        (["build", "talk", "--taget", "marp"], "'--target'"),
        (["train", "--resumee"], "'--resume'"),
        (["--verson"], "'--version'"),
    ],
)
def test_typing_errors_are_wrong_usage_with_what_was_meant(typed, meant):
    """Mistyped commands and options exit with 2 and name the nearest."""
    done = talkgen(*typed)
    assert done.returncode == 2
    assert f"Did you mean {meant}?" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("option", ["--target", "--format"])
def test_a_choice_that_is_none_is_told_with_those_that_are(option):
    """In a sentence, without the words of the library that found it."""
    done = talkgen("build", "talk", option, "nonsense")
    assert done.returncode == 2
    assert re.search(rf"Error: Invalid value for '{option}' / '-.': 'nonsense' is not one of '", done.stderr)


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("talkgen bui", {"build"}),
        ("talkgen model ", {"list", "pull", "show"}),
        ("talkgen build --tar", {"--target"}),
        ("talkgen build --target ", {"marp", "slidev"}),
        ("talkgen build --model small", {"small", "small-lstm"}),
        ("talkgen figures show next", {"next_token"}),
        ("talkgen themes show rose", {"rose-pine"}),
        ("talkgen demo tok", {"tokenizer"}),
        ("talkgen build ", {"slides/one", "slides/two", "draft.yaml"}),
        ("talkgen check slides/t", {"slides/two"}),
        ("talkgen status ./slides/two/", {"./slides/two/outline.yaml", "./slides/two/part.yaml"}),
        ("talkgen figures list --talk dr", {"draft.yaml"}),
    ],
)
def test_bash_completes(words, wanted, tmp_path):
    """The script that `--show-completion` prints lets bash complete commands, options and values."""
    (tmp_path / "talkgen").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m talkgen "$@"\n', encoding="utf-8")
    (tmp_path / "talkgen").chmod(0o755)
    for name in ("draft", "slides/one/outline", "slides/two/outline", "slides/two/part", "slides/two/deep/er/no"):
        file = tmp_path / "project" / f"{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    parts = words.split(" ")
    program = f"""
        eval "$(_TALKGEN_COMPLETE=source_bash talkgen)"
        COMP_WORDS=({" ".join(map(shlex.quote, parts))}); COMP_CWORD={len(parts) - 1}
        _talkgen_completion talkgen; printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    env = os.environ | {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    place = tmp_path / "project"
    done = subprocess.run(["bash", "-c", program], cwd=place, env=env, capture_output=True, text=True, timeout=60)
    assert set(done.stdout.split()) == wanted, done.stderr


def test_an_interruption_while_it_starts_is_told_in_a_word(monkeypatch, capsys):
    """Before there is a command that could be interrupted, too, nobody is shown where in the program that was."""

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("talkgen.__main__.start_ahead", interrupt)
    assert main() == 130
    assert capsys.readouterr().err == "talkgen: interrupted\n"


def on_terminal(*arguments: object, **environment: str) -> str:
    """What the command writes to a terminal."""
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "talkgen", *map(str, arguments)]
    env = os.environ | {"TERM": "xterm-256color"} | environment
    process = subprocess.Popen(command, env=env, stdin=follower, stdout=follower, stderr=follower)
    os.close(follower)
    said = b""
    try:
        while chunk := os.read(leader, 65536):
            said += chunk
    except OSError:  # Linux's way to say that the other side is closed
        pass
    process.wait(timeout=60)
    os.close(leader)
    return said.decode()


@pytest.mark.parametrize("arguments", [["--help"], ["biuld"], ["figures", "list"], ["build", "nowhere"], ["doctor"]])
def test_no_colour_where_none_is_wanted(arguments):
    """No code of colour reaches a pipe, nor a terminal where NO_COLOR is set."""
    done = talkgen(*arguments, FORCE_COLOR="")
    assert "\x1b[" not in done.stdout + done.stderr
    assert "\x1b[" not in on_terminal(*arguments, NO_COLOR="1")


def test_quiet_leaves_the_result(talk):
    """With `--quiet` a build says where the deck is, and nothing on standard error."""
    done = talkgen("build", talk, "-f", "md", "--quiet")
    assert done.returncode == 0
    assert str(talk / "dist" / "marp" / "deck.md") in done.stdout
    assert done.stderr == ""


def test_quiet_hides_no_problem(talk):
    """What is wrong is said all the same."""
    (talk / "outline.yaml").write_text("title: [", encoding="utf-8")
    done = talkgen("build", talk, "-f", "md", "--quiet")
    assert done.returncode == 1
    assert "outline.yaml:" in done.stderr


def test_every_report_can_be_read_by_a_program(talk, tmp_path):
    """`--json` prints one document and nothing else on standard output."""
    (tmp_path / "deck.md").write_text("# A\n\n![](https://example.org/a.png)\n", encoding="utf-8")
    recipe = tmp_path / "tiny.yaml"
    recipe.write_text(
        "name: tiny\ndata: recall\nmodel: {architecture: rnn, n_embd: 8, n_layer: 1, block_size: 64}\n"
        "schedule: {steps: 2, warmup: 1, rows: 2}\nkeep: {count: 1}\n",
        encoding="utf-8",
    )
    reports = {
        ("build", talk, "-f", "md"): "outputs",
        ("status", talk): "artifacts",
        ("figures", "list"): "next_token",
        ("figures", "show", "votes", "-o", tmp_path / "votes.svg"): "alt",
        ("themes", "list"): "themes",
        ("run", "list"): "small",
        ("licenses",): None,
        ("check", talk, "-t", "marp"): "findings",
        ("import", tmp_path / "deck.md", "-o", tmp_path / "imported"): "addresses",
        ("doctor",): "Node",
        ("train", recipe, "--out", tmp_path / "runs"): None,
        ("model", "list"): None,
        ("model", "show", "small"): "forms",
    }
    for command, key in reports.items():
        done = talkgen(*command, "--json")
        assert done.returncode == 0, (command, done.stderr)
        document = json.loads(done.stdout)
        assert (key in document) if key else document[0], command


def test_exit_codes_are_documented():
    """README names every exit code that the command gives."""
    from talkgen.__main__ import BUG, INTERRUPTED, UNREAD

    text = (ROOT / "README.md").read_text(encoding="utf-8")
    said = text.split("Exit codes: ")[1].split("\n\n")[0]
    assert [code for code in (0, 1, 2, BUG, INTERRUPTED, UNREAD) if not re.search(rf"\b{code} \w", said)] == []


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["figures", "show", "hills", "-o", "x.png"], "--talk"),
        (["figures", "show", "next_tokn", "-o", "x.png"], "did you mean 'next_token'?"),
        (["train", "mien.yaml"], "did you mean 'mine.yaml'?"),
    ],
)
def test_a_name_of_ones_own_that_is_not_there_is_told_with_what_helps(words, hint, tmp_path, monkeypatch):
    """A figure of a talk's own needs to be told whose it is; a recipe is a file beside those that are shipped."""
    (tmp_path / "mine.yaml").write_text("name: mine\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    done = talkgen(*words)
    assert done.returncode == 1
    assert hint in done.stderr
