"""Themes and addons for Slidev from npm: each pinned to a version and its content when it is first asked for.

What talkgen knows is pinned in `templates/slidev/themes.json`; what else a talk names is asked of npm once and
remembered in the cache. They are installed beside Slidev's own packages, which all such folders share by hard links;
no script of theirs is run.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from talkgen.assets import asset_dir
from talkgen.errors import ToolError, did_you_mean
from talkgen.export.node import Report, installing, npm_packages, run_npm
from talkgen.memo import keep, recall

_MEMO = "pins"
_LOCK = "package-lock.json"
_OWN = ("package.json", _LOCK, "node_modules/.package-lock.json")  # of each folder: npm writes into them
_ASK_SECONDS = 120
_CODE = re.compile(r"\bE[A-Z0-9_]{3,}\b")  # what npm and Node call an error


@dataclass(frozen=True)
class Pin:
    """One version of a package, with the digest of its content as npm states it."""

    package: str
    version: str
    integrity: str


@cache
def known_themes() -> Mapping[str, Mapping[str, str]]:
    """The themes that talkgen knows, by the name that people use: `package`, `version`, `integrity`, `license`."""
    themes: dict[str, dict[str, str]] = json.loads((asset_dir("templates") / "slidev" / "themes.json").read_bytes())
    return themes


def known_pin(kind: str, name: str, version: str) -> Pin | None:
    """The pin of a theme or an addon, as far as it is known without asking npm; any version where none is named."""
    known = known_themes().get(name) if kind == "theme" else None
    if known and version in ("", known["version"]):
        return Pin(known["package"], known["version"], known["integrity"])
    try:
        return Pin(**recall(_MEMO, _memo(kind, name, version)))
    except TypeError:  # nothing, or not what we wrote
        return None


def find_pin(kind: str, name: str, version: str, report: Report) -> Pin:
    """The pin of a theme or an addon; of what is new the newest version, where none is named.

    Raises:
        ToolError: npm has no such package, or cannot be asked.
    """
    if pin := known_pin(kind, name, version):
        return pin
    report(f"asking npm for the {kind} {name}")
    for package in _packages(kind, name):
        pin = _ask(package, version, f"the Slidev {kind} '{name}' is not here yet, and npm cannot be asked")
        if pin:
            keep(_MEMO, _memo(kind, name, version), asdict(pin))
            report(f"{name} is {pin.package} {pin.version} from now on; {name}@{pin.version} keeps it anywhere")
            return pin
    which = f"version {version} of the" if version else "Slidev"
    hint = did_you_mean(name, known_themes()) if kind == "theme" else "addons are called slidev-addon-NAME on npm"
    raise ToolError(f"npm has no {which} {kind} '{name}'", hint)


def _memo(kind: str, name: str, version: str) -> str:
    return f"{kind} {name}@{version}"


def _packages(kind: str, name: str) -> list[str]:
    """The packages that a name can stand for, as Slidev reads it; never one that is not called a theme or an addon."""
    if name.startswith(("@", f"slidev-{kind}-")):
        return [name]
    known = known_themes().get(name) if kind == "theme" else None
    return [known["package"]] if known else [f"slidev-{kind}-{name}", f"@slidev/{kind}-{name}"]


def _ask(package: str, version: str, what: str) -> Pin | None:
    """What npm says of a package; None where it has none."""
    spec = f"{package}@{version}" if version else package
    try:
        answer = run_npm(
            ["view", spec, "version", "dist.integrity", "--json"],
            cwd=Path.cwd(),
            timeout=_ASK_SECONDS,
            hint="is the network there?",
        )
        said = json.loads(answer) if answer.strip() else None
        return Pin(package, said["version"], said["dist.integrity"]) if said else None
    except ToolError as error:
        codes = _CODE.findall(str(error))
        if "E404" in codes:
            return None
        raise ToolError(f"{what} ({codes[0] if codes else error})", "is the network there?") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ToolError(f"{what} (its answer is no use)", "is the network there?") from error


def pins_of(folder: Path) -> list[Pin]:
    """What the deck in a folder asks for, as its renderer wrote it."""
    return [Pin(**pin) for pin in json.loads((folder / "package.json").read_bytes()).get("talkgen", ())]


def slidev_packages(pins: Iterable[Pin], report: Report) -> Path:
    """The folder that holds Slidev's `node_modules` with more packages in it, installed if need be.

    Raises:
        ToolError: npm failed, or brought something else than what is pinned; nothing half-installed is left.
    """
    base = npm_packages("slidev", report)
    wanted = sorted({f"{pin.package}@{pin.version}": pin for pin in pins}.items())
    if not wanted:
        return base
    key = hashlib.sha256(json.dumps([asdict(pin) for _, pin in wanted]).encode()).hexdigest()[:12]
    folder = base.with_name(f"{base.name}-{key}")
    names = ", ".join(name for name, _ in wanted)
    with installing(folder, names, report) as stage:
        if stage:
            _share(base, stage)
            arguments = ["install", "--ignore-scripts", "--save-exact", *(name for name, _ in wanted)]
            run_npm(arguments, cwd=stage, hint="is the network there? packages are fetched once")
            _check(stage, [pin for _, pin in wanted])
    return folder


def _share(base: Path, folder: Path) -> None:
    """The files of `base` in `folder` as hard links: 600 MB are there once."""
    ignored = shutil.ignore_patterns(".vite*", ".slidev*")
    shutil.copytree(base, folder, symlinks=True, copy_function=_link, ignore=ignored, dirs_exist_ok=True)
    for name in _OWN:
        (folder / name).unlink()
        shutil.copyfile(base / name, folder / name)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:  # a file system without them
        shutil.copy2(source, target, follow_symlinks=False)


def _check(folder: Path, pins: Iterable[Pin]) -> None:
    packages = json.loads((folder / _LOCK).read_bytes())["packages"]
    for pin in pins:
        came = packages.get(f"node_modules/{pin.package}", {})
        if (came.get("version"), came.get("integrity")) != (pin.version, pin.integrity):
            message = f"{pin.package} {pin.version} is not what it was: npm brought {came.get('integrity')}"
            raise ToolError(message, f"it was pinned with {pin.integrity}; name another version if that is meant")
