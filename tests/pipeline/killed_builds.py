"""Builds a talk in a process that is killed (SIGKILL) at random moments, and looks at what it leaves each time.

    python tests/pipeline/killed_builds.py FOLDER [--times 100]

The talk is another one each time, so that every build has something to compute, to draw, to render and to export.
Whatever the moment: the deck that is there is whole and as its manifest says, and of the store everything verifies.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import time
from pathlib import Path

from talkgen.digest import digest_bytes
from talkgen.store.cas import Store
from talkgen.store.key import Key
from talkgen.store.manifest import Manifest, find_damage

TALK = """\
title: Talk {number}
model: small
slides:
  - title: Figures
    body:
      - "{{{{ figures.next_token.candidates | length }}}} of {number}"
      - {{figure: next_token, params: {{prompt: "The {number}", bars: 4}}, height: 260}}
      - {{figure: softmax_temperature, params: {{prompt: "The {number}"}}, height: 380}}
      - {{figure: model_sizes, height: {height}}}
  - title: Live
    body: [{{live: next_token, prompt: "It is {number}", bars: 4}}, {{tokens: "Number {number}"}}]
"""


def main() -> None:
    """Kills builds, and says how many, and how many had ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--times", type=int, default=100)
    wanted = parser.parse_args()
    talk, cache = wanted.folder / "talk", wanted.folder / "cache"
    talk.mkdir(parents=True, exist_ok=True)
    os.environ["TALKGEN_CACHE"] = str(cache)
    load_code()
    finish(talk, 0)
    length = finish(talk, 1)
    moments, killed = random.Random(11), 0
    for number in range(2, wanted.times + 2):
        lived = let_live(start(talk, number), moments.uniform(0, length))
        killed, length = (killed + 1, length) if lived is None else (killed, lived)
        look_at(talk, cache)
        print(f"{number - 1}: {killed} killed", file=sys.stderr, flush=True)
    last = wanted.times + 2
    finish(talk, last)
    look_at(talk, cache)
    assert f"of {last}" in deck_of(talk).read_text(encoding="utf-8")
    rest = f"{wanted.times - killed} had ended, within {length:.1f} s each"
    print(f"{killed} killed, {rest}; every deck whole, every store verified")


def load_code() -> None:
    """Imports what builds need: each is a fork of this process, so that a hundred starts cost seconds."""
    import torch

    from talkgen.lm.answer import engine
    from talkgen.pipeline import build, drafting, making, resolve
    from talkgen.render import marp

    del engine, build, drafting, making, resolve, marp
    torch.set_num_threads(1)


def start(talk: Path, number: int) -> int:
    """A build of the talk of that number; its process."""
    (talk / "outline.yaml").write_text(TALK.format(number=number, height=380 + number % 90), encoding="utf-8")
    child = os.fork()
    if child == 0:
        from talkgen.pipeline.build import Request, build

        try:
            build(Request(talk), lambda _: None)
            os._exit(0)
        finally:
            os._exit(1)
    return child


def finish(talk: Path, number: int) -> float:
    """Builds without harm; the seconds that it takes."""
    began = time.monotonic()
    assert os.waitpid(start(talk, number), 0)[1] == 0
    return time.monotonic() - began


def let_live(child: int, moment: float) -> float | None:
    """Kills a build at a moment; the seconds that it took where it ended before."""
    began = time.monotonic()
    while time.monotonic() - began < moment:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            assert status == 0
            return time.monotonic() - began
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def deck_of(talk: Path) -> Path:
    """The page that is presented."""
    return talk / "dist" / "marp" / "deck.html"


def look_at(talk: Path, cache: Path) -> None:
    """The deck is whole, and its files are those of its manifest; everything in the store is what its name says."""
    page = deck_of(talk).read_text(encoding="utf-8")
    assert page.rstrip().endswith("</html>")
    assert page.count("<section") == 2
    manifest = Manifest.read(deck_of(talk).parent / "manifest.json")
    assert manifest.entries
    for name, entry in manifest.entries.items():
        assert find_damage(entry.files, deck_of(talk).parent) == (), name
    store = Store(cache / "store")
    for file in (store.root / "cas").iterdir():
        assert file.name.startswith(".") or digest_bytes(file.read_bytes()) == file.name
    for record in (store.root / "actions").glob("[!.]*.json"):
        assert store.lookup(Key(record.stem, "", {})) is not None, record


if __name__ == "__main__":
    main()
