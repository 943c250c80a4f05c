"""Outlines changed at random, each of which loads or is refused with words: `python mutate_outlines.py 10000`.

Prints one JSON line: how many loaded, how many were refused, the longest that one took, the most memory.
"""

import json
import random
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from talkgen.errors import TalkgenError
from talkgen.outline.load import load_outline

HERE = Path(__file__).parent
SEEDS = [
    *sorted((HERE / "valid").glob("*.yaml")) * 5,
    *sorted((HERE / "invalid").glob("*.yaml")),
    *sorted((HERE.parents[1] / "slides").glob("*/outline.yaml")),
]
SIGNS = [
    *":-#[]{}'\"|>&*!%@`,?\\\t\n ",
    "  ",
    "- ",
    ": ",
    "\n\n",
    "\0",
    "\ufeff",
    "\u2028",
    "é",
    "🎉",
    "{{",
    "}}",
    "$",
    "[@",
    "[^1]",
    "<!--",
]
VALUES = [
    "null",
    "[]",
    "{}",
    "1e999",
    "-1",
    "true",
    "''",
    "[[[]]]",
    "{a: b}",
    "*a",
    "&a x",
    "!!python/name:os x",
    "9" * 400,
    "~",
    ".inf",
]
Words = list[str]


def mutated(text: str, chance: random.Random) -> str:
    """A text after a few changes."""
    for _ in range(chance.choice([1, 1, 1, 2, 3, 8])):
        text = chance.choice(CHANGES)(text, chance)
    return text


def insert(text: str, chance: random.Random) -> str:
    at = chance.randrange(len(text) + 1)
    return text[:at] + chance.choice(SIGNS) * chance.choice([1, 1, 3]) + text[at:]


def delete(text: str, chance: random.Random) -> str:
    at = chance.randrange(len(text) + 1)
    return text[:at] + text[at + chance.choice([1, 1, 5, 40]) :]


def on_lines(change: Callable[[Words, random.Random], None]) -> Callable[[str, random.Random], str]:
    def changed(text: str, chance: random.Random) -> str:
        lines = text.split("\n")
        change(lines, chance)
        return "\n".join(lines)

    return changed


def shift(lines: Words, chance: random.Random) -> None:
    at = chance.randrange(len(lines))
    lines[at] = lines[at][2:] if chance.random() < 0.5 else "  " + lines[at]


def repeat(lines: Words, chance: random.Random) -> None:
    at = chance.randrange(len(lines))
    lines[at:at] = lines[at : at + chance.choice([1, 3, 10])] * chance.choice([1, 2, 5])


def swap(lines: Words, chance: random.Random) -> None:
    one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]


def replace(lines: Words, chance: random.Random) -> None:
    at = chance.randrange(len(lines))
    key, sign, _ = lines[at].partition(": ")
    lines[at] = f"{key}: {chance.choice(VALUES)}" if sign else chance.choice(VALUES)


def borrow(text: str, chance: random.Random) -> str:
    """Lines of another outline."""
    other = chance.choice(SEEDS).read_text(encoding="utf-8", errors="replace").split("\n")
    lines, at = text.split("\n"), chance.randrange(len(other))
    to = chance.randrange(len(lines))
    lines[to:to] = other[at : at + chance.choice([1, 4, 12])]
    return "\n".join(lines)


CHANGES = [insert, delete, borrow, *map(on_lines, (shift, repeat, swap, replace))]


def outcomes(count: int, seed: int = 0) -> Iterator[tuple[str, str, float]]:
    """Of each of `count` outlines: "loaded", "refused" or "wrong", its text or what went wrong, and its seconds.

    What is written is looked for as well: reading an outline writes nothing.
    """
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        for source in ("valid", "invalid"):
            shutil.copytree(HERE / source, Path(folder, source))
        shutil.copytree(HERE.parents[1] / "slides", Path(folder, "slides"), ignore=shutil.ignore_patterns("dist"))
        for _ in range(count):
            start = chance.choice(SEEDS)
            place = (
                Path(folder, "slides", start.parent.name)
                if start.name == "outline.yaml"
                else Path(folder, start.parent.name)
            )
            text = mutated(start.read_text(encoding="utf-8", errors="replace"), chance)
            file = place / "mutated.yaml"
            file.write_text(text, encoding="utf-8", errors="replace")
            before, began = sorted(place.rglob("*")), time.perf_counter()
            outcome, said = attempt(file)
            if sorted(place.rglob("*")) != before:
                outcome, said = "wrong", "something was written"
            yield outcome, said or text, time.perf_counter() - began


def attempt(file: Path) -> tuple[str, str]:
    """What comes of loading an outline."""
    try:
        load_outline(file)
    except TalkgenError as error:
        return ("refused", "") if str(error).strip() else ("wrong", "refused without a word")
    except BaseException as error:  # whatever it is: a traceback is what a user must not see
        return "wrong", f"{type(error).__name__}: {error}\n{file.read_text(encoding='utf-8', errors='replace')}"
    return "loaded", ""


def main(count: int) -> int:
    """Tries `count` of them; 1 if any went wrong."""
    found = list(outcomes(count))
    counts = {name: sum(outcome == name for outcome, _, _ in found) for name in ("loaded", "refused", "wrong")}
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    for outcome, said, _ in found:
        if outcome == "wrong":
            print(said[:2000], file=sys.stderr)
    print(json.dumps({**counts, "slowest_s": round(max(seconds for _, _, seconds in found), 2), "memory_mb": memory}))
    return min(counts["wrong"], 1)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
