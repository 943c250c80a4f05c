"""Finds what ships beside the code (templates, demos, pretrained models) and where computed things are kept.

The only module that knows how talkgen is installed: in a checkout the folders stand beside the package, in a wheel
they lie inside it. A user's own project folder goes before both.
"""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

_PACKAGE = Path(__file__).resolve().parent


def asset_dir(name: str) -> Path:
    """The shipped folder `name` ("templates" or "demos").

    Raises:
        FileNotFoundError: the installation lacks the folder.
    """
    for root in (_PACKAGE / "_bundled", _PACKAGE.parent):
        if (root / name).is_dir():
            return root / name
    raise FileNotFoundError(f"talkgen was installed without its {name}/ directory")


def asset_dirs(name: str, project: Path) -> list[Path]:
    """Where `name` is looked for, in order: the user's project, then what talkgen ships."""
    own = project / name
    shipped = asset_dir(name)
    return [own, shipped] if own.is_dir() and own.resolve() != shipped.resolve() else [shipped]


def theme_file(name: str, project: Path) -> Path | None:
    """The file of the theme `name`, the project's own before a shipped one; None where there is none."""
    files = (file for root in asset_dirs("templates", project) for file in (root / "themes").glob("*.yaml"))
    return next((file for file in files if file.stem == name), None)


def pretrained_dir() -> Path:
    """The folder of the small models that talkgen ships, one run folder each."""
    return _PACKAGE / "pretrained"


def sweeps_dir() -> Path:
    """The folder of the sweeps whose logs and summaries talkgen ships."""
    return _PACKAGE / "sweeps"


def cache_dir(name: str) -> Path:
    """The folder `name` of the user's cache ("models", "node", "store"); who writes there makes it.

    `TALKGEN_CACHE` moves the whole cache; otherwise the platform's rule (XDG_CACHE_HOME on Linux) holds.
    """
    root = os.environ.get("TALKGEN_CACHE") or platformdirs.user_cache_dir("talkgen")
    return Path(root) / name


def project_dir(outline: Path) -> Path:
    """The project an outline belongs to: the nearest folder above it that holds `slides/`, else its own folder."""
    folder = outline.resolve().parent
    for parent in (folder, *folder.parents):
        if (parent / "slides").is_dir():
            return parent
    return folder
