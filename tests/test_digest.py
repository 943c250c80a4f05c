"""Digests of files, and when they are remembered."""

import hashlib
import os
import time

import pytest

from talkgen import digest
from talkgen.digest import digest_file


@pytest.fixture
def file(tmp_path, monkeypatch):
    """A file that is worth remembering, changed a while ago, and an empty cache."""
    monkeypatch.setattr(digest, "_known", {})
    monkeypatch.setenv("TALKGEN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(digest, "SETTLED", -1.0)
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"a" * 2_000_000)
    return path


def memos(tmp_path):
    return list((tmp_path / "cache" / "digests").glob("*.json"))


def test_digest_is_sha256(file, tmp_path):
    """The digest is the standard one, for small files and large, remembered or not."""
    small = tmp_path / "small"
    small.write_bytes(b"abc")

    assert digest_file(small) == hashlib.sha256(b"abc").hexdigest()
    assert digest_file(file) == digest_file(file) == hashlib.sha256(b"a" * 2_000_000).hexdigest()
    assert len(memos(tmp_path)) == 1


def test_large_file_is_read_once(file, monkeypatch):
    """The second digest reads no content, in another process neither."""
    known = digest_file(file)
    digest._known.clear()
    monkeypatch.setattr(hashlib, "file_digest", lambda *_: pytest.fail("read again"))

    assert digest_file(file) == known


def test_small_file_is_read_once_in_a_process(file, tmp_path, monkeypatch):
    """The fonts of a theme count for every figure, and are read for the first; nothing of it is kept on the disk."""
    small = tmp_path / "small"
    small.write_bytes(b"abc")
    known = digest_file(small)
    with monkeypatch.context() as patch:
        patch.setattr(hashlib, "file_digest", lambda *_: pytest.fail("read again"))
        assert digest_file(small) == known
    assert memos(tmp_path) == []
    small.write_bytes(b"abd")
    assert digest_file(small) == hashlib.sha256(b"abd").hexdigest()


@pytest.mark.parametrize("size", [1_000, 2_000_000])
def test_change_is_noticed_even_with_the_old_time(size, file):
    """New content of the same size, with its time set back, has a new digest; so has a replaced file."""
    file.write_bytes(b"a" * size)
    before, times = digest_file(file), (file.stat().st_atime_ns, file.stat().st_mtime_ns)
    file.write_bytes(b"b" * size)
    os.utime(file, ns=times)
    changed = digest_file(file)
    other = file.with_suffix(".new")
    other.write_bytes(b"c" * size)
    os.utime(other, ns=times)
    other.replace(file)

    assert [changed, digest_file(file)] == [hashlib.sha256(byte * size).hexdigest() for byte in (b"b", b"c")]
    assert before not in (changed, digest_file(file))


def test_file_just_written_is_not_remembered(file, tmp_path, monkeypatch):
    """A file may change again within the clock's grain, so that only one at rest is remembered."""
    monkeypatch.setattr(digest, "SETTLED", 3600.0)
    os.utime(file, (time.time(),) * 2)
    digest_file(file)

    assert memos(tmp_path) == []


@pytest.mark.parametrize("content", [b"", b"[]", b'{"mark": 1}', b'{"mark": [1, 2, 3], "sha256": 5}', b"\xff"])
def test_damaged_memo_is_passed_over(file, tmp_path, content):
    """What was remembered badly is worked out again."""
    known = digest_file(file)
    memos(tmp_path)[0].write_bytes(content)
    digest._known.clear()

    assert digest_file(file) == known


def test_missing_file_is_an_error(tmp_path):
    """There is no digest of nothing."""
    with pytest.raises(FileNotFoundError):
        digest_file(tmp_path / "nowhere")
