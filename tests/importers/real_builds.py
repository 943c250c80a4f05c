"""Imports every deck below a folder and builds it with its own real tool; of one that fails, the original too.

`python tests/importers/real_builds.py DECKS PAGE [TOOL]` adds the decks that `PAGE` does not have yet to its table, one
by one, so that it can be stopped and run again.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from same_deck import decks_in
from typer.testing import CliRunner

from talkgen.cli.app import app
from talkgen.export.node import find_node, npm_packages
from talkgen.export.packages import pins_of, slidev_packages
from talkgen.importers.deck import read_deck
from talkgen.importers.tools import is_slidev

HEAD = """# Imported decks, built

Each deck of [imported decks](imported-decks.md), built for its own tool: a page of Marp, or a site of Slidev. Of one
that is not built the original is built by its tool alone, with the packages that it names. What neither builds
names themes, addons, icons or languages that are nowhere, or has tags that Vue refuses. Pictures that were not kept
with a deck are empty files in the imported one. Made by `python tests/importers/real_builds.py DECKS PAGE`.
"""
_ROW = re.compile(
    r"^\| (?P<name>\S+) \| (?P<tool>marp|slidev) \| (?P<built>yes|no) \| (?P<original>yes|no|) ?\|$", re.MULTILINE
)


def build_imported(deck: Path, root: Path, tool: str, talk: Path) -> str:
    """Why a deck is not imported or built; empty where it is."""
    for command in (["import", str(deck), "--root", str(root), "-o", str(talk)], ["build", str(talk), "-t", tool]):
        done = CliRunner().invoke(app, command)
        if done.exit_code:
            return " ".join(str(done.exception).split())
    made = talk / "dist" / tool / ("deck.html" if tool == "marp" else "site/index.html")
    return "" if made.is_file() else f"{made.name} is missing"


def build_original(deck: Path, root: Path, tool: str, folder: Path) -> str:
    """The same of the deck's own tool without talkgen, in a copy of its project, or of the deck where it has none."""
    folder.mkdir(exist_ok=True)
    shutil.copytree(root if root.parent.name == "folders" else _alone(deck, folder / "alone"), folder / "copy")
    copy = folder / "copy" / deck.relative_to(root)
    packages = _packages(tool, folder / "talk" / "dist" / tool)
    if tool == "marp":
        command = [
            packages / "@marp-team" / "marp-cli" / "marp-cli.js",
            "--no-config",
            "-o",
            "out.html",
            "--",
            copy.name,
        ]
    else:
        (copy.parent / "node_modules").symlink_to(packages, target_is_directory=True)
        command = [packages / "@slidev" / "cli" / "bin" / "slidev.mjs", "build", copy.name, "--out", "out"]
    done = subprocess.run(
        [find_node(), *command], cwd=copy.parent, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=300
    )
    said = [
        line
        for line in (done.stderr + done.stdout).splitlines()
        if re.search("error|cannot|not found", line, re.IGNORECASE)
    ]
    return "" if done.returncode == 0 else (said or [f"it ends with {done.returncode}"])[0]


def _packages(tool: str, built: Path) -> Path:
    """The tool's `node_modules`, with what a deck names that was built in the folder `built`."""
    if tool == "marp":
        return npm_packages("marp", print).resolve() / "node_modules"
    pins = pins_of(built) if (built / "package.json").is_file() else []
    return slidev_packages(pins, print).resolve() / "node_modules"


def _alone(deck: Path, folder: Path) -> Path:
    """A folder with nothing but the deck."""
    folder.mkdir()
    shutil.copy(deck, folder)
    return folder


def read_rows(page: Path) -> dict[str, tuple[str, str, str]]:
    """By the name of each deck on the page its tool, whether it is built, and whether its original is."""
    text = page.read_text(encoding="utf-8") if page.exists() else ""
    return {row["name"]: (row["tool"], row["built"], row["original"]) for row in _ROW.finditer(text)}


def write_rows(page: Path, rows: dict[str, tuple[str, str, str]]) -> None:
    """The page with a line for each tool and a row for each deck."""
    lines = [HEAD]
    for tool in ("marp", "slidev"):
        of = [(built, original) for each, built, original in rows.values() if each == tool]
        built, only = sum(built == "yes" for built, _ in of), sum(original == "yes" for _, original in of)
        lines.append(
            f"- {tool.capitalize()}: {built} of {len(of)} are built; of the others {only} are by their tool alone"
        )
    lines += ["", "| deck | tool | built | the original, where not |", "|---|---|---|---|"]
    lines += [f"| {name} | {' | '.join(row)} |" for name, row in sorted(rows.items())]
    page.write_text("\n".join([*lines, ""]), encoding="utf-8")


def main(decks: Path, page: Path, only: str = "") -> None:
    """Adds the decks to the table that it does not have yet."""
    for deck, root in decks_in(decks):
        name = deck.relative_to(decks).as_posix()
        tool = "slidev" if is_slidev(read_deck(deck)[0]) else "marp"
        rows = read_rows(page)
        if name in rows or only not in ("", tool):
            continue
        with tempfile.TemporaryDirectory() as scratch:
            failure = build_imported(deck, root, tool, Path(scratch, "talk"))
            original = build_original(deck, root, tool, Path(scratch)) if failure else ""
        verdict = "" if not failure else "no" if original else "yes"
        write_rows(page, rows | {name: (tool, "no" if failure else "yes", verdict)})
        print(name, failure, "| the original:", original, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
