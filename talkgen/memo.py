"""What was once found out, kept in the user's cache under a digest of all that it depends on; knows not what it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from talkgen.assets import cache_dir
from talkgen.digest import digest_bytes
from talkgen.files import write_draft


def recall(kind: str, name: str) -> Any:
    """The JSON that was kept as `name` among those of a `kind`; None where there is none, or none that can be read."""
    try:
        return json.loads((cache_dir(kind) / _file(name)).read_bytes())
    except (OSError, ValueError, RecursionError):
        return None


def keep(kind: str, name: str, value: Any) -> None:
    """Keeps JSON; a cache that cannot be written costs time, never the build, which does not wait for the disk."""
    with suppress(OSError):
        folder = cache_dir(kind)
        folder.mkdir(parents=True, exist_ok=True)
        write_draft(folder / _file(name), json.dumps(value))


def remembered(kind: str, name: str, find: Callable[[], Any]) -> Any:
    """What `find` returns, JSON other than null; `name` holds a digest of all that this depends on."""
    value = recall(kind, name)
    if value is None:
        value = find()
        keep(kind, name, value)
    return value


def _file(name: str) -> str:
    return f"{digest_bytes(name.encode())[:32]}.json"
