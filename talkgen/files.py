"""The one writer of files: what it writes appears whole or not at all, also after a kill or a power cut.

A file or folder is made under a temporary name beside its place, brought to the disk and renamed; what killed
processes left behind goes with the next writing. What is not so is damaged, and reading says it. Knows nothing of what
is written.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import stat
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from talkgen.errors import TalkgenError
from talkgen.machine import in_words

ABANDONED = 3600.0  # s after which a temporary file belongs to a process that was killed
_TEMPORARY = re.compile(r"\.(?P<name>.{1,40})-[0-9a-f]{16}\.tmp", re.DOTALL)
_DAMAGED = "it was changed, or cut short; remove it, or let what wrote it write it again"
_SHOWN = 40  # characters of the place's name in the temporary one, which may be no longer than 255 bytes


def write_bytes(path: Path, content: bytes) -> None:
    """Replaces `path` by `content`; a reader sees the old file or the new one.

    Raises:
        OSError: it cannot be written; it names `path`, which is as it was.
    """
    with new_file(path) as file:
        file.write(content)


def write_text(path: Path, text: str) -> None:
    """Replaces `path` by `text` in UTF-8, lines ended as they are in it; raises as `write_bytes` does."""
    write_bytes(path, text.encode())


def write_json(path: Path, value: Any) -> None:
    """Replaces `path` by `value` as JSON that people can read; raises as `write_bytes` does.

    Raises:
        TypeError: `value` is not JSON.
    """
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False) + "\n")


def write_draft(path: Path, text: str) -> None:
    """Replaces `path` by `text` in UTF-8; a reader sees the old file or the new one, a power cut may leave neither.

    Nobody waits for the disk: that suits what is made anew again and again.
    """
    temporary = _temporary(path)
    try:
        temporary.write_text(text, encoding="utf-8", newline="")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read_json(path: Path, error: type[TalkgenError] = TalkgenError) -> dict[str, Any]:
    """The object in a JSON file.

    Raises:
        TalkgenError: `error`, for a file that is missing, is no UTF-8 text, or holds no JSON object.
    """
    try:
        data = json.loads(path.read_bytes())
    except OSError as reason:
        said = in_words(reason)
        raise error(said.problems if said else f"{path} cannot be read: {reason.strerror}") from reason
    except (ValueError, RecursionError) as reason:
        raise error(f"{path} is no JSON", _DAMAGED) from reason
    if not isinstance(data, dict):
        raise error(f"{path} is no JSON object", _DAMAGED)
    return data


def append_lines(path: Path, lines: Sequence[str]) -> None:
    """Adds lines to the end of a file, all of them or none; they are on the disk when this returns.

    A line that a power cut left unfinished is ended first, so that it spoils no other.

    Raises:
        OSError: they cannot be written; the file is as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    is_new = not path.exists()
    end = 0 if is_new else path.stat().st_size
    try:
        with path.open("a+b") as file:
            file.seek(max(0, end - 1))
            text = "".join(f"{line}\n" for line in lines)
            file.write(("" if file.read() in (b"", b"\n") else "\n").encode() + text.encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        with suppress(OSError):  # only once it is closed, which tries again to write what was left
            os.truncate(path, end)
        raise
    if is_new:
        _sync_folder(path.parent)


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write that takes the place of `path` when the block ends well, and is gone when not.

    Missing folders are made, a link stays a link, an older file's mode is kept. A device or a pipe is written to.

    Raises:
        OSError: it cannot be written; it names `path`, which is as it was.
    """
    mode = _mode(path)
    if mode is not None and not stat.S_ISREG(mode):
        with path.open("wb") as device:  # raises for a folder
            yield device
        return
    place = Path(os.path.realpath(path))
    temporary = _temporary(place)
    try:
        with _naming(path, temporary):
            place.parent.mkdir(parents=True, exist_ok=True)
            _remove_abandoned(place.parent)
            with temporary.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            if mode is not None:
                temporary.chmod(stat.S_IMODE(mode))
            temporary.replace(place)
            _sync_folder(place.parent)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextmanager
def new_folder(path: Path, *, alone: bool = False, flush: bool = True) -> Iterator[Path]:
    """An empty folder to fill that takes the place of `path` when the block ends well, and is gone when not.

    Who is `alone` holds a lock: every other temporary folder for `path` is a killed process's. Without `flush` the
    files are left to the system, which suits what is large and can be had again.

    Raises:
        OSError: it cannot be written; it names `path`, which is as it was.
    """
    path = path.absolute()
    stage = _temporary(path)
    try:
        with _naming(path, stage):
            path.parent.mkdir(parents=True, exist_ok=True)
            _remove_abandoned(path.parent)
            if alone:
                remove_unfinished(path.parent, path.name)
            stage.mkdir()
            yield stage
            if flush:
                _sync_tree(stage)
            _take_place(stage, path)
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def link_or_copy(source: Path, place: Path) -> None:
    """Puts at `place` what is in `source`, a file that nobody writes to again: by a second name for it where that goes.

    What has two names is on the disk already, so that nobody waits for the disk to write it or to be rid of it.
    """
    try:
        place.hardlink_to(source)
    except OSError:  # not on every file system, nor between two
        shutil.copyfile(source, place)


@contextmanager
def flushing(folder: Path) -> Iterator[None]:
    """Brings what is in a folder to the disk beside what the block does, so that nobody has to wait for it later."""
    files, is_over = [path for path in folder.rglob("*") if _is_own_file(path)], threading.Event()

    def flush() -> None:
        for path in files:
            if is_over.is_set():
                return  # what is left is flushed when the folder takes its place
            with suppress(OSError):  # the block may move it
                _sync_file(path)

    beside = threading.Thread(target=flush)
    beside.start()
    try:
        yield
    finally:
        is_over.set()
        beside.join()


def remove_unfinished(folder: Path, name: str = "") -> None:
    """Removes what killed processes left in `folder` (for `name`, or all), however new; for who holds a lock on it."""
    for path in _temporaries(folder):
        if path.name[1:].startswith(f"{name[:_SHOWN]}-" if name else ""):
            _remove(path)


def _mode(path: Path) -> int | None:
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return None


def _temporary(place: Path) -> Path:
    return place.with_name(f".{place.name[:_SHOWN]}-{secrets.token_hex(8)}.tmp")


def _temporaries(folder: Path) -> list[Path]:
    return [path for path in folder.glob(".*.tmp") if _TEMPORARY.fullmatch(path.name)]


def _remove_abandoned(folder: Path) -> None:
    for path in _temporaries(folder):
        with suppress(OSError):  # another process may have renamed it by now
            if time.time() - path.stat().st_mtime > ABANDONED:
                _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def _naming(path: Path, temporary: Path) -> Iterator[None]:
    """Lets an error name what was to be written, not the temporary file nobody asked for."""
    try:
        yield
    except OSError as error:
        names = [str(name) for name in (error.filename, error.filename2) if name is not None]
        ours = next((name for name in names if name.startswith(str(temporary))), None if names else str(temporary))
        if ours is not None:
            error.filename, error.filename2 = ours.replace(str(temporary), str(path), 1), None
        raise


def _take_place(stage: Path, path: Path) -> None:
    """Puts one folder in another's place; what was there is then in the stage, or gone."""
    if path.exists() and _exchange(stage, path):
        _sync_folder(path.parent)
        return
    old = _temporary(path)
    moved = path.exists()
    if moved:
        path.rename(old)
    try:
        stage.rename(path)
    except OSError:
        if moved:
            old.rename(path)
        raise
    _sync_folder(path.parent)
    shutil.rmtree(old, ignore_errors=True)


def _exchange(one: Path, other: Path) -> bool:
    """Swaps two folders in one step, so that there is no moment without either; False where the system cannot."""
    if os.name == "nt":
        return False
    import ctypes

    system, here, swap = ctypes.CDLL(None), -100, 2  # AT_FDCWD; RENAME_EXCHANGE, RENAME_SWAP
    a, b = os.fsencode(one), os.fsencode(other)
    if hasattr(system, "renameat2"):
        return bool(system.renameat2(here, a, here, b, swap) == 0)
    if hasattr(system, "renamex_np"):
        return bool(system.renamex_np(a, b, swap) == 0)
    return False


def _sync_tree(folder: Path) -> None:
    for path in folder.rglob("*"):
        if _is_own_file(path):
            _sync_file(path)
        elif path.is_dir() and not path.is_symlink():
            _sync_folder(path)
    _sync_folder(folder)


def _is_own_file(path: Path) -> bool:
    """Whether it is a file with no other name."""
    state = path.lstat()
    return stat.S_ISREG(state.st_mode) and state.st_nlink == 1


def _sync_file(path: Path) -> None:
    with path.open("rb+") as file:  # Windows flushes only what is open for writing
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Brings the names in a folder to the disk; Windows does that itself and opens no folder."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
