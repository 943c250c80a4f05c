"""`talkgen licenses`: what talkgen is made of and brings along, and under which licence each part is."""

from __future__ import annotations

import json as json_module
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from talkgen import __version__
from talkgen.assets import asset_dir
from talkgen.cli.console import Json, out, out_json
from talkgen.export.packages import known_themes

if TYPE_CHECKING:
    from importlib.metadata import Distribution

UNSTATED = "not stated in its package"
_NAME = re.compile(r"^[\w.-]+")


@dataclass(frozen=True)
class Part:
    """One thing under one licence, an SPDX expression where its authors give one; `kind` says what it belongs to."""

    kind: str
    name: str
    version: str
    license: str


def licenses(json: Json = False) -> None:
    """Lists the licences of talkgen, its fonts and models, and of the Python and npm packages it runs.

    Examples:
      talkgen licenses
      talkgen licenses --json
    """
    parts = [*_own(), *_models(), *_python_packages(), *_npm_packages()]
    if json:
        out_json([asdict(part) for part in parts])
        return
    for kind in dict.fromkeys(part.kind for part in parts):
        out(f"{kind}:")
        these = [part for part in parts if part.kind == kind]
        for name in sorted({part.license for part in these}):
            named = sorted(f"{part.name} {part.version}".strip() for part in these if part.license == name)
            out(f"  {name}: {', '.join(named)}")


def _own() -> Iterator[Part]:
    yield Part("talkgen", "talkgen", __version__, "Apache-2.0")
    for file in sorted((asset_dir("templates") / "fonts").glob("OFL-*.txt")):
        yield Part("fonts", file.stem.removeprefix("OFL-"), "", "OFL-1.1")
    yield Part("themes", "gaia, of @marp-team/marp-core", "4.4.0", "MIT")
    for theme in known_themes().values():
        yield Part("themes", theme["package"], theme["version"], theme["license"])


def _models() -> Iterator[Part]:
    from talkgen.assets import pretrained_dir
    from talkgen.lm.files.pullable import PULLABLE

    for folder in sorted(path for path in pretrained_dir().iterdir() if path.is_dir()):
        yield Part("models", folder.name, "shipped", "Apache-2.0")
    for name, model in PULLABLE.items():
        yield Part("models", name, f"{model.package} {model.version}", model.license)


def _python_packages() -> Iterator[Part]:
    """The packages that are installed because talkgen, one of its extras, or one that these need, asks for them."""
    from importlib.metadata import PackageNotFoundError, distribution

    waiting, seen = ["talkgen"], set[str]()
    while waiting:
        try:
            found = distribution(waiting.pop())
        except PackageNotFoundError:  # of another system, or an extra that was not asked for
            continue
        name = found.metadata["Name"]
        if name.lower() in seen:
            continue
        seen.add(name.lower())
        needs = (need for need in found.requires or () if name == "talkgen" or "extra ==" not in need)
        waiting += [match[0] for match in map(_NAME.match, needs) if match]
        if name != "talkgen":
            yield Part("Python packages", name, found.version, _license(found))


def _license(package: Distribution) -> str:
    """What a package says of itself: the expression, else the classifier, else the first line of the free text."""
    said = package.metadata.json
    if "license_expression" in said:
        return str(said["license_expression"])
    named = [line.split(" :: ")[-1] for line in said.get("classifier", ()) if line.startswith("License ::")]
    named = [name for name in named if name != "OSI Approved"]
    return " and ".join(named) or str(said.get("license", UNSTATED)).strip().split("\n")[0][:80]


def _npm_packages() -> Iterator[Part]:
    """The packages of the lock files, by the tool that they are installed for."""
    for lock in sorted((asset_dir("templates") / "node").glob("*/package-lock.json")):
        packages = json_module.loads(lock.read_text(encoding="utf-8"))["packages"]
        found = {
            (package.get("name", path.rpartition("node_modules/")[2]), package["version"]): package.get(
                "license", UNSTATED
            )
            for path, package in packages.items()
            if path
        }
        for name, version in sorted(found):
            yield Part(f"npm packages of {lock.parent.name}", name, version, found[name, version])
