"""The one writer of files: whole or not at all, whatever happens in between."""

import errno
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from contextlib import suppress

import pytest

from talkgen.errors import ModelError
from talkgen.files import (
    ABANDONED,
    flushing,
    link_or_copy,
    new_file,
    new_folder,
    read_json,
    remove_unfinished,
    write_bytes,
    write_json,
    write_text,
)

STALE = ".deck.html-0123456789abcdef.tmp"


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def break_off(writing, name):
    """Stops in the middle of a file, or of a folder with `name` in it."""
    with writing as made:
        made.write(b"ne") if name is None else (made / name).touch()
        raise ValueError("halfway")


def test_what_is_written_is_there(tmp_path):
    """Bytes, text and JSON; folders on the way are made; the old content goes."""
    write_bytes(tmp_path / "a" / "b" / "bytes", b"\0\r\n")
    write_text(tmp_path / "text", "old")
    write_text(tmp_path / "text", "é\n")
    write_json(tmp_path / "json", {"é": [1, None]})

    assert (tmp_path / "a" / "b" / "bytes").read_bytes() == b"\0\r\n"
    assert (tmp_path / "text").read_bytes() == "é\n".encode()
    assert (tmp_path / "json").read_text(encoding="utf-8") == '{\n "é": [\n  1,\n  null\n ]\n}\n'
    assert names(tmp_path) == ["a", "json", "text"]


@pytest.mark.linux
def test_modes_and_links_are_kept(tmp_path):
    """A new file has the user's usual mode, an old one its own; what a link leads to is replaced, not the link."""
    file, link = tmp_path / "script.sh", tmp_path / "link"
    before = os.umask(0o027)
    try:
        write_text(file, "new")
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    file.chmod(0o751)
    link.symlink_to(file.name)
    write_text(link, "newer")

    assert link.is_symlink()
    assert file.read_text(encoding="utf-8") == "newer"
    assert stat.S_IMODE(file.stat().st_mode) == 0o751


def test_a_failure_leaves_the_old_file_alone(tmp_path):
    """An error halfway leaves the old content and nothing else."""
    write_text(tmp_path / "deck.html", "old")
    with pytest.raises(ValueError, match="halfway"):
        break_off(new_file(tmp_path / "deck.html"), None)

    assert (tmp_path / "deck.html").read_text(encoding="utf-8") == "old"
    assert names(tmp_path) == ["deck.html"]


LIMITED = """
import resource, sys
from pathlib import Path
from talkgen.files import write_bytes
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_bytes(Path(sys.argv[1]), b"x" * 5000)
except OSError as error:
    print(error.errno, error.filename)
"""


@pytest.mark.linux
def test_a_file_that_the_system_does_not_take_is_named_and_leaves_nothing(tmp_path):
    """A limit of the system met while writing: the error names the file that was wanted, and no half of it stays."""
    file = tmp_path / "big"
    done = subprocess.run([sys.executable, "-c", LIMITED, file], capture_output=True, text=True, check=True)

    assert done.stdout == f"{errno.EFBIG} {file}\n"
    assert names(tmp_path) == []


GROWN = """
import resource, signal, sys
from pathlib import Path
from talkgen.files import append_lines

resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
try:
    append_lines(Path(sys.argv[1]), ["x" * 100] * 40)
except OSError as error:
    print(error.errno)
"""


@pytest.mark.linux
def test_lines_that_do_not_fit_are_left_out_as_a_whole(tmp_path):
    """What the system did not take of them is not tried again when the file is closed."""
    file = tmp_path / "log"
    file.write_text("old\n")
    done = subprocess.run([sys.executable, "-c", GROWN, file], capture_output=True, text=True, check=True)

    assert done.stdout == f"{errno.EFBIG}\n"
    assert file.read_text() == "old\n"


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ("file/deck.html", errno.ENOTDIR),
        ("folder", errno.EISDIR),
        ("loop", errno.ELOOP),
        ("x" * 300, errno.ENAMETOOLONG),
    ],
)
def test_errors_name_what_was_to_be_written(tmp_path, place, code):
    """Not the temporary file, of which nobody knows."""
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OSError, match="Errno") as caught:
        write_bytes(tmp_path / place, b"")

    assert caught.value.errno == code
    assert caught.value.filename in {str(tmp_path / place), str(tmp_path / "file")}
    assert names(tmp_path) == ["file", "folder", "loop"]


@pytest.mark.linux
def test_a_device_is_written_to_not_replaced():
    """A full device says so, and is a device afterwards."""
    from pathlib import Path

    with pytest.raises(OSError, match="No space left") as caught:
        write_bytes(Path("/dev/full"), b"x" * 100_000)
    assert caught.value.errno == errno.ENOSPC
    assert stat.S_ISCHR(Path("/dev/full").stat().st_mode)


def test_a_folder_takes_the_place_of_the_old_one(tmp_path):
    """As a whole: what was in the old one is gone; after a failure it is as it was."""
    deck = tmp_path / "deck"
    for name in ("one", "two"):
        with new_folder(deck) as stage:
            assert stage.parent == tmp_path
            (stage / name).write_text(name, encoding="utf-8")
    assert names(deck) == ["two"]
    with pytest.raises(ValueError, match="halfway"):
        break_off(new_folder(deck), "three")

    assert names(deck) == ["two"]
    assert names(tmp_path) == ["deck"]


def test_what_killed_processes_left_is_removed_when_it_is_old(tmp_path):
    """Old temporaries go with the next writing; new ones, and other people's files, stay."""
    old, new, other = tmp_path / STALE, tmp_path / STALE.replace("deck", "page"), tmp_path / ".mine.tmp"
    for file, age in ((old, ABANDONED + 60), (new, 1), (other, ABANDONED + 60)):
        file.touch()
        os.utime(file, (time.time() - age,) * 2)
    write_text(tmp_path / "text", "")

    assert names(tmp_path) == sorted([new.name, other.name, "text"])


def test_who_holds_the_lock_removes_what_is_unfinished_at_once(tmp_path):
    """Of one name, or all; folders too."""
    (tmp_path / STALE).mkdir()
    (tmp_path / STALE.replace("deck", "page")).touch()
    with new_folder(tmp_path / "deck.html", alone=True):
        pass
    assert names(tmp_path) == [STALE.replace("deck", "page"), "deck.html"]
    remove_unfinished(tmp_path)
    assert names(tmp_path) == ["deck.html"]


WRITER = """
import sys
from pathlib import Path
from talkgen.files import write_bytes
for number in range(1_000_000):
    write_bytes(Path(sys.argv[1]), bytes([number % 256]) * 100_000)
    print("written", flush=True)
"""


@pytest.mark.linux
def test_a_killed_writer_leaves_a_whole_file(tmp_path):
    """Whenever it is killed, the file is one of those written, in full."""
    file = tmp_path / "deck.html"
    for delay in (0.02, 0.07, 0.11):
        process = subprocess.Popen([sys.executable, "-c", WRITER, file], stdout=subprocess.PIPE)
        assert process.stdout.readline() == b"written\n"
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()

        content = file.read_bytes()
        assert len(content) == 100_000
        assert len(set(content)) == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"{", "is no JSON"), (b"[]", "is no JSON object"), (b"\xff{}", "is no JSON"), (b"[" * 100_000, "is no JSON")],
)
def test_a_damaged_file_is_said(tmp_path, content, words):
    """Cut short, of another kind, no text, nested without end: named, with a hint, as the error that was asked for."""
    (tmp_path / "summary.json").write_bytes(content)
    with pytest.raises(ModelError, match=rf"summary\.json {words}\n  hint: "):
        read_json(tmp_path / "summary.json", ModelError)


def test_what_cannot_be_read_is_said(tmp_path):
    """A file that is not there, and a folder."""
    for path, words in ((tmp_path / "nowhere", "there is no"), (tmp_path, "is a folder")):
        with pytest.raises(ModelError, match=f"{words}.*\n  hint: "):
            read_json(path, ModelError)


FOLDERS = """\
import sys
from pathlib import Path
from talkgen.files import new_folder
for number in range(10_000):
    with new_folder(Path(sys.argv[1]), alone=True, flush=False) as stage:
        for name in ("a", "b"):
            (stage / name).write_text(str(number))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no call that swaps two folders")
def test_a_folder_is_there_at_every_moment(tmp_path):
    """While it is replaced, and when that is killed, the folder is there and is one of those written, in full."""
    folder = tmp_path / "deck"
    with new_folder(folder) as stage:
        (stage / "a").write_text("0", "utf-8")
        (stage / "b").write_text("0", "utf-8")
    seen = set()
    process = subprocess.Popen([sys.executable, "-c", FOLDERS, str(folder)])
    try:
        while len(seen) < 200 and process.poll() is None:
            handle = os.open(folder, os.O_RDONLY)  # raises in a moment without the folder
            with suppress(FileNotFoundError):  # an old one that is being removed
                one, other = (read_in(handle, name) for name in ("a", "b"))
                assert one == other
                seen.add(one)
            os.close(handle)
    finally:
        process.kill()
        process.wait()
    assert len(seen) == 200
    assert (folder / "a").read_text("utf-8") == (folder / "b").read_text("utf-8")


def read_in(folder: int, name: str) -> str:
    """The text of a file in an open folder, wherever that has gone."""
    with os.fdopen(os.open(name, os.O_RDONLY, dir_fd=folder), encoding="utf-8") as file:
        return file.read()


def test_what_is_flushed_beside_other_work_may_go_meanwhile(tmp_path):
    """Each file is opened and left as it is; one that is gone by then, or an error in the block, changes nothing."""
    for name in "abc":
        (tmp_path / name).write_text(name, encoding="utf-8")
    with suppress(ValueError), flushing(tmp_path):
        (tmp_path / "b").unlink()
        raise ValueError
    assert [(tmp_path / name).read_text(encoding="utf-8") for name in names(tmp_path)] == ["a", "c"]
    assert not [thread for thread in threading.enumerate() if "flush" in thread.name]


def test_a_file_gets_a_second_name_or_a_copy(tmp_path, monkeypatch):
    """Linked where the file system can, and copied where it cannot: the content is the same."""
    (tmp_path / "one").write_text("text", encoding="utf-8")
    link_or_copy(tmp_path / "one", tmp_path / "two")
    assert (tmp_path / "two").samefile(tmp_path / "one")

    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr(os, "link", refuse)
    link_or_copy(tmp_path / "one", tmp_path / "three")
    assert not (tmp_path / "three").samefile(tmp_path / "one")
    assert (tmp_path / "three").read_text(encoding="utf-8") == "text"
