"""The command as a new user meets it: what it prints, with which exit code, and what it leaves alone."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from talkgen.cli.commands import COMMANDS

pytestmark = pytest.mark.slow

OUTLINE = "title: T\nmodel: small\nslides:\n  - title: One\n    body: [Hello]\n"


def talkgen(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Runs the real command."""
    command = [sys.executable, "-m", "talkgen", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300)


@pytest.fixture
def folder(tmp_path, own_cache) -> Path:
    """A talk that can be built."""
    (tmp_path / "outline.yaml").write_text(OUTLINE, encoding="utf-8")
    return tmp_path


def assert_refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """Exit code 1, every word said on standard error, a hint, no traceback, nothing on standard output."""
    assert done.returncode == 1, done.stderr
    for word in words:
        assert word in done.stderr
    assert "hint:" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert "\x1b[" not in done.stderr


def test_alone_it_prints_five_commands():
    """`talkgen` shows the commands that matter, each with an example."""
    done = talkgen()
    assert done.returncode == 0
    for command in ("new", "build", "present", "train", "status"):
        assert f"talkgen {command} " in done.stdout


def test_help_of_every_command():
    """--help works everywhere and prints no colour codes into a pipe."""
    for command in COMMANDS:
        done = talkgen(command, "--help")
        assert done.returncode == 0, command
        assert "Usage:" in done.stdout
        assert "\x1b[" not in done.stdout


@pytest.mark.parametrize("command", [["import"], ["figures", "list"]])
def test_examples_of_a_help_stand_on_lines_of_their_own(command):
    """They are to be copied: none runs on behind another."""
    lines = talkgen(*command, "--help").stdout.splitlines()
    first = lines.index("  Examples:") + 1
    examples = lines[first : lines.index("", first)]
    assert len(examples) > 1
    assert all(line.strip().startswith(f"talkgen {' '.join(command)}") for line in examples)


def test_a_mistyped_command_is_named():
    """A typo is wrong usage, with what was meant."""
    done = talkgen("biuld")
    assert done.returncode == 2
    assert "build" in done.stderr


def test_a_build_says_what_it_made(folder):
    """The deck's path goes to standard output, progress to standard error."""
    done = talkgen("build", folder, "--format", "md")
    assert done.returncode == 0, done.stderr
    assert str(folder / "dist" / "marp" / "deck.md") in done.stdout
    assert "model: small" in done.stderr


@pytest.mark.slow
def test_relative_paths_build_in_both_targets(folder):
    """From the talk's own folder, by relative names, the real Marp and the real Slidev find their way."""
    for target, page in (("marp", "deck.html"), ("slidev", "site/index.html")):
        done = talkgen("build", "outline.yaml", "--target", target, cwd=folder)
        assert done.returncode == 0, done.stderr
        assert (folder / "dist" / target / page).is_file()


def test_variables_can_be_given(folder):
    """`--var` goes before the outline's own for one build: its text changes, and back; a wrong name is told."""
    text = OUTLINE.replace("slides:", "vars: {course: One, n: 1}\nslides:")
    (folder / "outline.yaml").write_text(text.replace("Hello", "'{{ vars.course }}, {{ vars.n + 1 }}'"), "utf-8")
    deck = folder / "dist" / "marp" / "deck.md"
    shown = []
    for given in ([], ["--var", "course=Two", "--var", "n=41"], []):
        done = talkgen("build", folder, "--format", "md", *given)
        assert done.returncode == 0, done.stderr
        shown.append(next(line for line in deck.read_text(encoding="utf-8").splitlines() if ", " in line))
        assert talkgen("status", folder, *given).returncode == 0
    assert shown == ["One, 2", "Two, 42", "One, 2"]
    assert_refused(talkgen("build", folder, "--var", "cours=x"), "no variable 'cours'", "did you mean 'course'")
    assert talkgen("build", folder, "--var", "course").returncode == 2


def test_json_is_one_document(folder):
    """--json prints a report that a program can read."""
    report = json.loads(talkgen("build", folder, "--format", "md", "--json").stdout)
    assert report["outputs"] == [str(folder / "dist" / "marp" / "deck.md")]
    things = json.loads(talkgen("status", folder, "--json").stdout)
    assert things["stale"] == 0


def test_status_tells_by_its_exit_code(folder):
    """Stale is 1, fresh is 0."""
    text = OUTLINE.replace("[Hello]", "[{tokens: Hello}]")
    (folder / "outline.yaml").write_text(text, encoding="utf-8")
    before = talkgen("status", folder, "--why")
    assert before.returncode == 1
    assert "new" in before.stdout
    talkgen("build", folder, "--format", "md")
    assert talkgen("status", folder).returncode == 0


MISTAKES = {
    "title: T\nslides: [\n": ("outline.yaml:", "hint"),
    "title: T\nslidez: []\nslides: [{title: a}]\n": ("outline.yaml:2:1", "slidez", "did you mean 'slides'"),
    "title: T\nslides: [{body: [{figur: x}]}]\n": ("outline.yaml:2:", "slides[0].body[0]", "figure"),
    "title: T\nmodel: small\nslides: [{body: [{figure: next_tokn}]}]\n": ("outline.yaml:3:", "next_tokn", "next_token"),
    "title: T\nmodel: small\nslides: [{body: [{figure: next_token, params: {bras: 3}}]}]\n": (
        "bras",
        "did you mean 'bars'",
    ),
    "title: T\nslides: [{body: [{image: nowhere.png}]}]\n": ("outline.yaml:2:", "nowhere.png"),
    "title: T\nmodel: no-such\nslides: [{title: a}]\n": ("no-such", "small"),
    "title: T\nmodel: small\nslides: [{title: '{{ vars.nothing }}'}]\n": ("outline.yaml:3:", "nothing"),
}


@pytest.mark.parametrize("text", MISTAKES, ids=[words[-1] for words in MISTAKES.values()])
def test_a_mistake_has_a_place_and_a_hint(text, folder):
    """What is wrong in an outline is said with its line and what to do; the last deck stays."""
    talkgen("build", folder, "--format", "md")
    before = (folder / "dist" / "marp" / "deck.md").read_bytes()
    (folder / "outline.yaml").write_text(text, encoding="utf-8")
    assert_refused(talkgen("build", folder, "--format", "md"), *MISTAKES[text])
    assert (folder / "dist" / "marp" / "deck.md").read_bytes() == before


def test_a_missing_outline(tmp_path):
    """No outline there: what to do instead."""
    assert_refused(talkgen("build", tmp_path / "nowhere"), "no outline", "talkgen new")


def test_a_checkpoint_cut_short(folder):
    """A damaged model of the project's own is refused."""
    talkgen("build", folder, "--format", "md")
    import shutil

    from talkgen.assets import pretrained_dir

    shutil.copytree(pretrained_dir() / "small", folder / "runs" / "small")
    for file in (folder / "runs" / "small").rglob("model.safetensors"):
        file.write_bytes(file.read_bytes()[:1000])
    (folder / "outline.yaml").write_text(OUTLINE.replace("[Hello]", "[{tokens: Hello}]"), encoding="utf-8")
    (folder / "slides").mkdir()
    assert_refused(talkgen("build", folder, "--format", "md"), "cannot be read")


def test_a_port_in_use(folder):
    """The port that is taken is named, and a free one."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert_refused(talkgen("present", folder, "--port", port), f"port {port} is in use", "--port")


def test_nothing_is_overwritten_silently(folder):
    """`new` into a folder that is not empty, and a build over a folder that is no deck, are refused."""
    done = talkgen("new", folder)
    assert_refused(done, "not empty")
    other = folder / "precious"
    other.mkdir()
    (other / "thesis.txt").write_text("years", encoding="utf-8")
    assert_refused(talkgen("build", folder, "--format", "md", "--out", other), "no deck")
    assert (other / "thesis.txt").read_text(encoding="utf-8") == "years"


def test_new_makes_a_talk_that_builds(tmp_path, own_cache):
    """The talk that `new` makes has nothing wrong with it."""
    assert talkgen("new", tmp_path / "mine").returncode == 0
    done = talkgen("build", "slides/talk", "--check", cwd=tmp_path / "mine")
    assert done.returncode == 0, done.stderr


def test_figures_show_draws(tmp_path):
    """One figure by itself, with its alt text on standard output."""
    done = talkgen("figures", "show", "parameter_counts", "-o", tmp_path / "a.svg")
    assert done.returncode == 0, done.stderr
    assert "PaLM, 540B" in done.stdout
    assert (tmp_path / "a.svg").read_text(encoding="utf-8").startswith("<?xml")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("figures", "show", "parametr_counts", "-o", "a.svg"), ("did you mean 'parameter_counts'",)),
        (("figures", "show", "next_token", "-o", "a.jpg"), (".svg or .png",)),
        (("model", "show", "smal"), ("did you mean 'small'",)),
        (("model", "pull", "smolm2"), ("did you mean 'smollm2'",)),
    ],
    ids=lambda value: value[1] if isinstance(value, tuple) and len(value) > 1 else "",
)
def test_wrong_names_have_hints(arguments, words, tmp_path):
    """Wrong names anywhere on the command line say what was meant."""
    assert_refused(talkgen(*arguments, cwd=tmp_path), *words)


def test_model_show_describes(tmp_path):
    """What is known of a model, without loading it."""
    about = json.loads(talkgen("model", "show", "small", "--json", cwd=tmp_path).stdout)
    assert about["architecture"] == "transformer"
    assert about["parameters"] > 100_000


def test_schema_is_json():
    """The schema names the outline's keys."""
    assert "slides" in json.loads(talkgen("schema").stdout)["properties"]


def test_doctor_finds_what_the_tests_need():
    """Node and the models are there."""
    checks = json.loads(talkgen("doctor", "--json").stdout)
    assert checks["Node"]["ok"]
    assert checks["models"]["ok"]
