"""A build with nothing to do, beside marp-cli's own time on the same deck in the same run; the last line is JSON.

    python tests/bench/build.py [slides/attention] [--pairs 9]

Both are whole processes, started one after the other: `talkgen build` of a talk that is built, and Marp's command over
the `deck.md` that talkgen wrote, as `talkgen build` itself runs it. The talk is built first, into a folder of its own.
`--status` measures `talkgen status` instead.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from talkgen.export.node import find_node, npm_packages

MOST = 0.35  # s that a build with nothing to do may take on a quiet machine of two cores
UNWANTED = {"numpy", "torch", "matplotlib"}


def seconds(command: list[str], folder: Path | None = None) -> float:
    """How long a process takes, from its start to its end."""
    started = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return time.perf_counter() - started


def imported(command: list[str]) -> set[str]:
    """The packages that a `python -m …` command imports."""
    python, *rest = command
    done = subprocess.run([python, "-X", "importtime", *rest], check=True, capture_output=True, text=True)
    names = [line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {name.split(".")[0] for name in names}


def main() -> None:
    """Builds, measures, prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("talk", nargs="?", default="slides/attention")
    parser.add_argument("--pairs", type=int, default=9)
    parser.add_argument("--status", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        deck = Path(place) / "deck"
        build = [sys.executable, "-m", "talkgen", "build", given.talk, "--out", str(deck)]
        subprocess.run(build, check=True)
        ours = [*build[:3], "status", given.talk, "--out", str(deck)] if given.status else build
        beside = Path(shutil.copytree(deck, Path(place) / "marp"))
        cli = npm_packages("marp", print) / "node_modules" / "@marp-team" / "marp-cli" / "marp-cli.js"
        marp = [str(find_node()), str(cli), "--no-config-file", "--html", "--theme-set", "themes", "--", "deck.md"]
        before = (deck / "deck.html").stat().st_mtime_ns
        pairs = [(seconds(ours), seconds(marp, beside)) for _ in range(given.pairs)]
        untouched = (deck / "deck.html").stat().st_mtime_ns == before
        unwanted = sorted(UNWANTED & imported(ours))
    ratios = sorted(mine / theirs for mine, theirs in pairs)
    result = {
        "command": " ".join(ours[2:4]),
        "seconds": round(statistics.median(mine for mine, _ in pairs), 3),
        "marp_cli_seconds": round(statistics.median(theirs for _, theirs in pairs), 3),
        "ratio": round(statistics.median(ratios), 3),
        "ratio_least_to_most": [round(ratios[0], 3), round(ratios[-1], 3)],
        "pairs": len(pairs),
        "unwanted_imports": unwanted,
        "nothing_written": untouched,
        "meets": bool(statistics.median(ratios) <= 1 and not unwanted and untouched),
    }
    print(f"nothing to do: {result['seconds']} s (aim: {MOST} s, quiet); Marp: {result['marp_cli_seconds']} s")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
