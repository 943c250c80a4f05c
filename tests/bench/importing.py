"""What it costs to import a deck, in seconds of a processor, beside what Marp needs to read it; the last line is JSON.

    python tests/bench/importing.py DECK [--times 5]

Both are whole processes, started one after the other: `talkgen import` of the deck, Node included, and Node reading it
once with Marp's engine. `growth` is what four copies of the deck take, over four times what one does: 1 is linear, less
is what a start costs.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from talkgen.export.node import find_node, npm_packages

_READ = (
    "const {Marp} = require(process.argv[1]); new Marp().render(require('fs').readFileSync(process.argv[2], 'utf-8'))"
)


def cpu_seconds(command: list[str]) -> float:
    """What a process and those that it starts take of a processor."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Imports, measures, prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("deck", type=Path)
    parser.add_argument("--times", type=int, default=5)
    given = parser.parse_args()
    engine = npm_packages("marp", print) / "node_modules" / "@marp-team" / "marp-core"
    with tempfile.TemporaryDirectory() as place:
        four = Path(place) / "four.md"
        text = given.deck.read_text(encoding="utf-8")
        four.write_text("\n\n---\n\n".join([text] * 4), encoding="utf-8")
        read = [str(find_node()), "-e", _READ, str(engine), str(given.deck)]

        def imported(deck: Path) -> list[str]:
            talk = str(Path(place) / "talk")
            return [sys.executable, "-m", "talkgen", "import", str(deck), "-o", talk, "--force", "--quiet"]

        rows = [
            (cpu_seconds(imported(given.deck)), cpu_seconds(read), cpu_seconds(imported(four)))
            for _ in range(given.times)
        ]
    one, marp, many = (statistics.median(column) for column in zip(*rows, strict=True))
    found = {"import_s": one, "marp_s": marp, "ratio": one / marp, "four_s": many, "growth": many / (4 * one)}
    print(json.dumps({name: round(value, 3) for name, value in found.items()}))


if __name__ == "__main__":
    main()
