"""Tries the mutations on a copy of the installation, which stands first on the path: prints what each makes stale.

    python mutate.py FOLDER all|quick

One process plans the same talk again and again, as `talkgen status` does, and forgets what it knew of sources before.
"""

import functools
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from everything import make_project
from mutations import MUTATIONS, Mutation

from talkgen import assets
from talkgen.pipeline import plan as planning
from talkgen.pipeline.rendering import plan_export, plan_rendering
from talkgen.pipeline.talk import Talk
from talkgen.pipeline.targets import TARGETS
from talkgen.store import code, looks, modules, packages, pieces
from talkgen.store.key import Key

SOURCES = (
    code.read_code,
    code._memo,
    modules.read_module,
    modules.find_module,
    pieces.read_piece,
    pieces._called_by_bases,
)
COPIED = ["dot.png", "film.mp4"]


def plan_all(outline: Path) -> dict[str, Key]:
    """The key of everything that a deck for Marp is made of, as `status` compares it."""
    packages._installed.cache_clear()
    plan, target = planning.make_plan(Talk(outline)), TARGETS["marp"]
    rendering = plan_rendering(plan, target, COPIED)
    artifacts = [*plan.artifacts, rendering, plan_export(target, "html", "as it was")]
    return {artifact.name: artifact.full_key for artifact in artifacts}


def find(file: str, folder: Path) -> Path:
    """A file of the installation or of the project."""
    root = folder / "installed" if file.split("/", maxsplit=1)[0] in ("talkgen", "templates") else folder / "project"
    return root / "slides" / file if file.startswith("talk/") else root / file


def forget_sources() -> None:
    """Nothing is known of the package's code any more."""
    for cached in SOURCES:
        cached.cache_clear()


@contextmanager
def changed(mutation: Mutation, folder: Path) -> Iterator[None]:
    """The world with a change; as it was afterwards."""
    if mutation.file == "version":
        with changed_version(mutation.old, mutation.new, folder / "installed"):
            yield
        return
    path = find(mutation.file, folder)
    before = path.read_bytes() if path.is_file() else None
    if mutation.old == "touch":
        os.utime(path, (1e9, 1e9))
    elif mutation.old in ("", "+"):
        path.write_bytes((before or b"") + mutation.new.encode())
    else:
        text = path.read_text(encoding="utf-8")
        assert mutation.old in text, f"{mutation.what}: {mutation.old!r} is not in {path}"
        path.write_text(text.replace(mutation.old, mutation.new, 1), encoding="utf-8")
    if path.suffix == ".py":
        forget_sources()
    try:
        yield
    finally:
        if path.suffix == ".py":
            forget_sources()
        path.unlink() if before is None else path.write_bytes(before)


@contextmanager
def changed_version(package: str, version: str, place: Path) -> Iterator[None]:
    """Another version of a package, found before the installed one; of Python, the interpreter says another."""
    if package == "Python":
        real, sys.version_info = sys.version_info, (*sys.version_info[:2], 99)
        yield
        sys.version_info = real
        return
    folder = place / f"{package.replace('-', '_')}-{version}.dist-info"
    folder.mkdir()
    yield
    folder.rmdir()


def main(folder: Path, which: str) -> None:
    """Plans the talk unchanged, then with each mutation."""
    assert assets.asset_dir("templates").is_relative_to(folder)
    looks.parse = functools.cache(looks.parse)  # of the same bytes, the same tree
    outline = make_project(folder / "project", elements=("training", "logit_lens"))
    before, found = plan_all(outline), {}
    for mutation in MUTATIONS:
        if which == "all" or mutation.quick:
            with changed(mutation, folder):
                after = plan_all(outline)
            names = {*before, *after}
            found[mutation.what] = sorted(name for name in names if before.get(name) != after.get(name))
    forget_sources()
    assert plan_all(outline) == before, "what was changed is as it was"
    print(json.dumps({"things": sorted(before), "stale": found}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
