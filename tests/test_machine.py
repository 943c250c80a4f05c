"""The system's errors in words: each has a message that names the file, and a hint."""

import errno
import os
import shutil
from pathlib import Path

import pytest
from conditions import full

from talkgen import machine
from talkgen.machine import in_words

resource = pytest.importorskip("resource", reason="Windows has no such limits")


def refusal(act) -> OSError:
    """The error that the system really raises."""
    with pytest.raises(OSError, match=".") as caught:  # noqa: RUF043 – any
        act()
    return caught.value


def said(act) -> str:
    return str(in_words(refusal(act)))


def test_every_refusal_has_words(tmp_path):
    """Message, file and hint, for what the system says when it is really asked."""
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    told = {
        "a file stands where": said((tmp_path / "file" / "x").mkdir),
        "is a folder, not a file": said(tmp_path.read_bytes),
        "leads to itself": said((tmp_path / "loop").read_bytes),
        "no name so long": said((tmp_path / ("x" * 300)).touch),
        "there is no": said((tmp_path / "nowhere").read_bytes),
    }
    for words, text in told.items():
        assert words in text
        assert str(tmp_path) in text
        assert "\n  hint: " in text


@pytest.mark.linux
def test_too_many_open_files():
    """The limit is named with the command that raises it."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    opened = [os.open(__file__, os.O_RDONLY)]
    resource.setrlimit(resource.RLIMIT_NOFILE, (opened[0] + 3, before[1]))

    def open_many():
        for _ in range(100):
            opened.append(os.open(__file__, os.O_RDONLY))  # noqa: PERF401 – those opened before the error are closed

    try:
        error = refusal(open_many)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
        for file in opened:
            os.close(file)
    assert error.errno == errno.EMFILE
    assert "ulimit -n" in str(in_words(error))


def test_what_talkgen_keeps_can_be_moved(tmp_path, monkeypatch):
    """In the cache the hint is the variable that moves it."""
    monkeypatch.setenv("TALKGEN_CACHE", str(tmp_path / "file" / "cache"))
    (tmp_path / "file").touch()
    text = said((tmp_path / "file" / "cache").mkdir)
    assert text.endswith("\n  hint: talkgen keeps there what it computes; TALKGEN_CACHE=FOLDER moves it")


def test_a_caller_that_knows_more_is_heard(tmp_path):
    """A hint given goes before the usual one."""
    error = refusal((tmp_path / "nowhere").read_bytes)
    assert str(in_words(error, "train first")).endswith("\n  hint: train first")


@pytest.mark.linux
def test_a_copy_of_a_folder_names_where_it_could_not_be_written(tmp_path):
    """Copying a folder says what failed first."""
    (tmp_path / "from").mkdir()
    (tmp_path / "from" / "a").write_bytes(b"x" * 100_000)
    (tmp_path / "disk").mkdir()
    with full(tmp_path / "disk"):
        if not (tmp_path / "disk" / "fill").exists():
            (tmp_path / "disk" / "to" / "a").mkdir(parents=True)
        text = said(lambda: shutil.copytree(tmp_path / "from", tmp_path / "disk" / "to", dirs_exist_ok=True))
    assert f"{tmp_path / 'disk' / 'to' / 'a'} cannot be written" in text


def test_what_is_no_users_fault_stays_a_bug():
    """A file of the package that is missing, an error without a number, a network's error: none are explained."""
    assert in_words(refusal((Path(machine.__file__).parent / "nowhere").read_bytes)) is None
    assert in_words(OSError("something")) is None
    assert in_words(ConnectionRefusedError(errno.ECONNREFUSED, "refused")) is None
