"""Digests of code between processes: remembered while the source is what it was, and right whatever happens to it."""

import json
import os
import subprocess
import sys
import time

import pytest

from talkgen.store import code

SOURCE = "SIZE = 12\n\n\ndef compute():\n    return SIZE\n"
PROGRAM = """
import json, sys
from talkgen.store.code import read_code
digest = read_code("parcel.figure:compute").digest
print(json.dumps([digest, "talkgen.store.closure" in sys.modules]))
"""


@pytest.fixture
def place(tmp_path):
    """A folder with a small package in it."""
    write_package(tmp_path / "one")
    return tmp_path / "one"


def write_package(folder, source=SOURCE):
    (folder / "parcel").mkdir(parents=True, exist_ok=True)
    (folder / "parcel" / "__init__.py").touch()
    (folder / "parcel" / "figure.py").write_text(source)


def ask(folder, cache):
    """The digest as a process of its own finds it, and whether that process had to parse source."""
    path = os.pathsep.join([str(folder), *filter(None, sys.path)])
    environment = {**os.environ, "PYTHONPATH": path, "TALKGEN_CACHE": str(cache)}
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, env=environment, check=True)
    return tuple(json.loads(done.stdout))


def memo_in(cache):
    (file,) = (cache / "closures").glob("*.json")
    return file


def test_second_process_parses_no_source(place, tmp_path):
    """What one process found, the next one reads; a file that is only touched changes nothing."""
    digest, parsed = ask(place, tmp_path / "cache")
    assert (len(digest), parsed) == (64, True)
    assert ask(place, tmp_path / "cache") == (digest, False)
    os.utime(place / "parcel" / "figure.py", (1e9, 1e9))
    assert ask(place, tmp_path / "cache") == (digest, False)


def test_edit_is_seen_though_size_and_time_stay(place, tmp_path):
    """An edit of the same length, with the file's time set back: the digest is another one; undone, it is the first."""
    file = place / "parcel" / "figure.py"
    digest, _ = ask(place, tmp_path / "cache")
    times = file.stat().st_atime_ns, file.stat().st_mtime_ns
    file.write_text(SOURCE.replace("12", "13"))
    os.utime(file, ns=times)
    edited, parsed = ask(place, tmp_path / "cache")
    assert parsed
    assert edited != digest
    file.write_text(SOURCE)
    assert ask(place, tmp_path / "cache")[0] == digest


def test_new_file_is_seen(place, tmp_path):
    """A module that takes the place of another is no edit of any file."""
    write_package(place, "from parcel.table import SIZE\n\n\ndef compute():\n    return SIZE\n")
    (place / "parcel" / "table.py").write_text("SIZE = 1\n")
    digest, _ = ask(place, tmp_path / "cache")
    (place / "parcel" / "table").mkdir()
    (place / "parcel" / "table" / "__init__.py").write_text("SIZE = 2\n")
    assert ask(place, tmp_path / "cache")[0] != digest


def test_versions_side_by_side_have_memos_of_their_own(place, tmp_path):
    """The same package in another place with other code has another digest; with the same code, the same."""
    write_package(tmp_path / "two", SOURCE.replace("12", "99"))
    write_package(tmp_path / "three")
    first, second = ask(place, tmp_path / "cache"), ask(tmp_path / "two", tmp_path / "cache")
    assert first[0] != second[0]
    assert ask(place, tmp_path / "cache") == (first[0], False)
    assert ask(tmp_path / "two", tmp_path / "cache") == (second[0], False)
    assert ask(tmp_path / "three", tmp_path / "cache")[0] == first[0]


@pytest.mark.parametrize(
    "damage",
    [b"", b"{", b"[]", b"\xff", b'{"content": 1}', b'{"known": {"parcel.figure:compute": ["0", []]}}', b"[" * 100_000],
)
def test_damaged_memo_is_as_good_as_none(place, tmp_path, damage):
    """What cannot be read is found again, and the memo mended."""
    digest, _ = ask(place, tmp_path / "cache")
    memo_in(tmp_path / "cache").write_bytes(damage)
    assert ask(place, tmp_path / "cache") == (digest, True)
    assert ask(place, tmp_path / "cache") == (digest, False)


def test_damaged_entry_is_found_again(place, tmp_path):
    """A memo whose entries have another form is not believed."""
    digest, _ = ask(place, tmp_path / "cache")
    record = json.loads(memo_in(tmp_path / "cache").read_bytes())
    for known in ({"parcel.figure:compute": 3}, {"parcel.figure:compute": ["0" * 64, None]}, []):
        memo_in(tmp_path / "cache").write_text(json.dumps({**record, "known": known}))
        assert ask(place, tmp_path / "cache") == (digest, True)


def test_cache_that_cannot_be_written_only_costs_time(place, tmp_path):
    """The digest is the same where nothing can be kept."""
    digest, _ = ask(place, tmp_path / "cache")
    (tmp_path / "file").touch()
    assert ask(place, tmp_path / "file" / "cache") == (digest, True)


def test_settled_source_is_not_even_read(place, tmp_path, monkeypatch):
    """When sizes and times are what they were, and long past, they are enough; when they are fresh, they are not."""
    monkeypatch.setenv("TALKGEN_CACHE", str(tmp_path / "cache"))
    monkeypatch.syspath_prepend(str(place))
    digest = ask(place, tmp_path / "cache")[0]
    now = time.time()

    def look(later):
        monkeypatch.setattr(time, "time", lambda: now + later)
        code.read_code.cache_clear()
        code._memo.cache_clear()
        return code.read_code("parcel.figure:compute").digest

    reads = []
    read = code._digest
    monkeypatch.setattr(code, "_digest", lambda places: reads.append(places) or read(places))
    assert [look(later) for later in (0, 100, 200)] == [digest] * 3
    assert len(reads) == 2
    code.read_code.cache_clear()
    code._memo.cache_clear()
