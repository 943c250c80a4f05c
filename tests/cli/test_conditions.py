"""What machines do to a user: every command says it in words, with a place and a hint, and exit code 1."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conditions import forbidden, full, read_only

pytestmark = pytest.mark.slow

OUTLINE = "title: T\nmodel: small\nslides:\n  - title: One\n    body: [Hello]\n"


def talkgen(*arguments: object, prefix=(), cwd: Path | None = None, **options) -> subprocess.CompletedProcess[str]:
    """Runs the real command."""
    command = [*prefix, sys.executable, "-m", "talkgen", *map(str, arguments)]
    options = {"stdout": subprocess.PIPE, "stdin": subprocess.DEVNULL, **options}
    return subprocess.run(command, cwd=cwd, stderr=subprocess.PIPE, text=True, timeout=120, **options)


@pytest.fixture
def talk(tmp_path, own_cache) -> Path:
    """A talk that can be built."""
    folder = tmp_path / "talk"
    folder.mkdir()
    (folder / "outline.yaml").write_text(OUTLINE, encoding="utf-8")
    return folder


def assert_told(done: subprocess.CompletedProcess[str], *words: object) -> None:
    """Exit code 1, the words on standard error, a hint, no traceback."""
    assert done.returncode == 1, done.stderr
    for word in words:
        assert str(word) in done.stderr
    assert "\n  hint: " in done.stderr
    assert "Traceback" not in done.stderr


def commands(talk: Path) -> dict[str, tuple[object, ...]]:
    """Commands that write into the folder `talk`."""
    deck = talk.parent / "deck.md"
    deck.write_text("# A\n", encoding="utf-8")
    return {
        "build": ("build", talk, "-f", "md"),
        "new": ("new", talk / "new"),
        "import": ("import", deck, "-o", talk / "imported"),
        "figures": ("figures", "show", "parameter_counts", "-o", talk / "a.svg"),
    }


@pytest.mark.parametrize("condition", [forbidden, read_only, full])
@pytest.mark.parametrize("name", ["build", "new", "import", "figures"])
def test_a_talk_folder_that_takes_nothing(talk, name, condition):
    """By its permissions, on a read-only file system, on a full disk: what was to be written is named; nothing is."""
    command = commands(talk)[name]
    with condition(talk) as prefix:
        if condition is full:  # an empty disk where the talk was
            command = tuple(talk.parent / "source" if part == talk else part for part in command)
            (talk.parent / "source").mkdir()
            (talk.parent / "source" / "outline.yaml").write_text(OUTLINE, encoding="utf-8")
            command += ("--out", talk / "deck") if name == "build" else ()
        done = talkgen(*command, prefix=prefix)
        left = [path for path in talk.rglob("*") if path.is_file() and path.name not in ("outline.yaml", "fill")]
    assert_told(done, talk)
    assert left == []


@pytest.mark.parametrize("condition", [forbidden, read_only])
def test_a_cache_that_takes_nothing(talk, tmp_path, monkeypatch, condition):
    """A build says what to set, a status goes on without remembering, the doctor names it."""
    cache = tmp_path / "own"
    cache.mkdir()
    monkeypatch.setenv("TALKGEN_CACHE", str(cache))
    (talk / "outline.yaml").write_text(OUTLINE.replace("Hello", "{tokens: Hello}"), encoding="utf-8")
    with condition(cache) as prefix:
        assert_told(talkgen("build", talk, "-f", "md", prefix=prefix), cache, "TALKGEN_CACHE=FOLDER")
        status = talkgen("status", talk, prefix=prefix)
        doctor = talkgen("doctor", prefix=prefix)
    assert "tokens slide 1" in status.stdout
    assert status.stderr == ""
    assert doctor.returncode == 1
    assert "missing  cache" in doctor.stdout
    assert "TALKGEN_CACHE=FOLDER" in doctor.stdout
    assert "Traceback" not in doctor.stderr


def test_a_cache_on_a_full_disk(talk, tmp_path, monkeypatch):
    """What is computed cannot be kept: said once, with the way out."""
    cache = tmp_path / "own"
    cache.mkdir()
    monkeypatch.setenv("TALKGEN_CACHE", str(cache))
    (talk / "outline.yaml").write_text(OUTLINE.replace("Hello", "{tokens: Hello}"), encoding="utf-8")
    with full(cache) as prefix:
        done = talkgen("build", talk, "-f", "md", prefix=prefix)
    assert_told(done, cache, "TALKGEN_CACHE=FOLDER")
    assert done.stderr.count("hint:") == 1


@pytest.mark.parametrize("format", ["pdf", "png"])
def test_a_full_disk_for_temporary_files(talk, tmp_path, monkeypatch, format):
    """Where Marp and its browser put theirs: told in our words, with what moves them."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    with full(scratch) as prefix:
        done = talkgen("build", talk, "-f", format, prefix=prefix)
    assert_told(done, "cannot write its files: the disk is full", "TMPDIR=FOLDER")
    assert "Protocol error" not in done.stderr


def test_a_picture_to_nowhere(tmp_path):
    """A folder that is not there is not made by a typing error."""
    assert_told(talkgen("figures", "show", "parameter_counts", "-o", tmp_path / "nope" / "x.svg"), tmp_path / "nope")
    assert not (tmp_path / "nope").exists()


@pytest.mark.parametrize("command", [("figures", "list"), ("schema",), ("--version",), ("--help",), ()])
def test_a_full_device_as_output(command):
    """What cannot be printed is an error, also where the last bytes fail at the end."""
    with Path("/dev/full").open("w") as device:
        done = talkgen(*command, stdout=device)
    assert_told(done, "the output cannot be written: the disk is full")


@pytest.mark.parametrize("command", ["figures list", "schema", "--help", "figures list --json"])
def test_output_that_nobody_reads(command):
    """A reader that has enough ends the command quietly, with the exit code that shells give a closed pipe."""
    program = f'"{sys.executable}" -m talkgen {command} | head -c 1 >/dev/null; echo "${{PIPESTATUS[0]}}"'
    done = subprocess.run(["bash", "-c", program], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() in {"0", "141"}
    assert done.stderr == ""


def test_messages_that_nobody_reads(talk):
    """Progress that cannot be shown stops nothing; an error that cannot be shown is told by the exit code."""
    with Path("/dev/full").open("w") as device:
        command = [sys.executable, "-m", "talkgen", "build"]
        done = subprocess.run([*command, talk, "-f", "md"], stderr=device, stdout=subprocess.PIPE, timeout=120)
        refused = subprocess.run([*command, talk / "nowhere"], stderr=device, timeout=120)
    assert done.returncode == 0
    assert b"deck.md" in done.stdout
    assert refused.returncode == 1


def test_importing_what_is_no_file(tmp_path):
    """A pipe that says nothing and a device that never ends are refused at once."""
    os.mkfifo(tmp_path / "pipe")
    for source in (tmp_path / "pipe", Path("/dev/zero")):
        assert_told(talkgen("import", source, "-o", tmp_path / "out"), source, "no file")
    assert_told(talkgen("import", tmp_path, "-o", tmp_path / "out"), tmp_path)
    assert not (tmp_path / "out").exists()


def test_a_deck_whose_picture_is_a_link_to_itself(tmp_path):
    """An import leaves the picture out and says so."""
    (tmp_path / "loop.png").symlink_to("loop.png")
    (tmp_path / "deck.md").write_text("# A\n\n![](loop.png)\n", encoding="utf-8")
    done = talkgen("import", tmp_path / "deck.md", "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "not copied: loop.png" in done.stderr


NO_FILES = {
    "image: loop.png": ("loop.png",),
    "markdown: '![](loop.png)'": ("loop.png",),
    "markdown: '![](/etc/passwd)'": ("/etc/passwd", "absolute"),
    "markdown: '<img src=\"/etc/passwd\">'": ("/etc/passwd", "absolute"),
    "markdown: '![bg](/etc/passwd)'": ("/etc/passwd", "absolute"),
    "image: ../../etc/passwd": ("outside",),
}


@pytest.mark.parametrize("block", NO_FILES)
def test_a_picture_that_is_none(talk, block):
    """A link to itself, a file of the system, one outside the project: told with the line, whatever names it."""
    (talk / "loop.png").symlink_to("loop.png")
    (talk / "outline.yaml").write_text(f"title: T\nslides:\n  - body:\n      - {block}\n", encoding="utf-8")
    assert_told(talkgen("build", talk, "-f", "md"), "outline.yaml:4:", "slides[0].body[0]", *NO_FILES[block])


def test_a_background_that_is_no_picture_of_the_talk(talk):
    """A file of the system is no background."""
    text = "title: T\nslides:\n  - background: /etc/passwd\n    body: [Hello]\n"
    (talk / "outline.yaml").write_text(text, encoding="utf-8")
    assert_told(talkgen("build", talk, "-f", "md"), "outline.yaml:3:", "/etc/passwd")


def test_a_new_talk_is_found_where_it_was_made(tmp_path, own_cache):
    """`talkgen new t1; talkgen build t1` finds the talk it just made."""
    assert talkgen("new", "t1", cwd=tmp_path).returncode == 0
    done = talkgen("build", "t1", "--check", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "nothing wrong" in done.stdout
