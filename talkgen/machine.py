"""What the machine refuses, in words: a full disk, a folder that may not be written, a link that leads to itself.

The one place that turns the system's errors into messages with a hint. Whoever knows more (that the checkpoint of
step 40 is kept) says that and asks here for the rest. Knows neither decks nor models.
"""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

from talkgen.assets import cache_dir
from talkgen.errors import TalkgenError

_ELSEWHERE = "change its rights, or name another place: most commands take --out, and TALKGEN_CACHE moves the cache"
_SPACE = "free some space, or name a place on another disk"
_WORDS = {
    "EACCES": ("{file} may not be used by you: permission denied", _ELSEWHERE),
    "EPERM": ("{file} may not be changed: the system does not permit it", _ELSEWHERE),
    "EROFS": ("{file} cannot be written: it lies on a read-only file system", "name another place"),
    "ENOSPC": ("{file} cannot be written: the disk is full", _SPACE),
    "EDQUOT": ("{file} cannot be written: your share of the disk is used up", _SPACE),
    "EFBIG": ("{file} cannot be written: the system takes no file so large", "raise the limit: ulimit -f"),
    "EIO": ("{file}: the disk failed to read or write", "look into the system's log; the disk may be broken"),
    "ENOENT": ("there is no {file}", "is the name right, and is its folder there?"),
    "ENOTDIR": ("{file} cannot be: a file stands where one of its folders should", "name another place"),
    "EEXIST": ("{file} cannot be: a file stands in its place", "move it away, or name another place"),
    "EISDIR": ("{file} is a folder, not a file", "name a file in it"),
    "ELOOP": ("{file} is a link that leads to itself", "remove the link, or let it lead to a file"),
    "ENAMETOOLONG": ("the system takes no name so long: {file}", "choose a shorter name"),
    "EMFILE": ("too many files are open, the last one {file}", "raise the limit: ulimit -n 4096"),
    "ENFILE": ("the whole system has too many files open, the last one {file}", "close other programs"),
    "EBUSY": ("{file} is in use by another program", "close what uses it"),
    "ETXTBSY": ("{file} is in use by another program", "close what uses it"),
    "ESTALE": ("{file} is gone from its file server", "mount it again"),
    "ENOMEM": ("{file}: the memory is used up", "close other programs"),
    "EAGAIN": ("the system starts no more processes or threads", "close other programs, or raise the limit: ulimit -u"),
}
_OR = {_SPACE: ", or free some space"}
# By number; some do not exist on every system.
_BY_NUMBER = {getattr(errno, name): words for name, words in _WORDS.items() if hasattr(errno, name)}
_PACKAGE = Path(__file__).resolve().parent


class MachineError(TalkgenError):
    """What the system refused."""


def in_words(error: OSError, hint: str = "") -> MachineError | None:
    """The system's refusal as a message; None where it is none that a user can mend. `hint` goes before ours."""
    if isinstance(error, shutil.Error):  # of a folder's copy: what failed first, already in the system's words
        _, target, why = error.args[0][0]
        return MachineError(f"{target} cannot be written: {why}", hint or _ELSEWHERE)
    words = _BY_NUMBER.get(error.errno or 0)
    file = _file(error)
    if words is None or (error.errno == errno.ENOENT and (file is None or file.is_relative_to(_PACKAGE))):
        return None
    message, usual = words
    if file and file.absolute().is_relative_to(cache_dir("").absolute()):
        usual = f"talkgen keeps there what it computes; TALKGEN_CACHE=FOLDER moves it{_OR.get(usual, '')}"
    return MachineError(message.format(file=file or "the output"), hint or usual)


def _file(error: OSError) -> Path | None:
    name = error.filename if error.filename2 is None else error.filename2  # of a copy's, the one that is written
    return Path(os.fsdecode(name)) if isinstance(name, str | bytes | os.PathLike) else None
