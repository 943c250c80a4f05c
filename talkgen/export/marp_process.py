"""Marp as a process that stays up: the one of this process, which can be started before it is asked for a deck.

Importing this takes next to nothing: Node then loads Marp beside all else that is imported.
"""

from __future__ import annotations

import functools
from pathlib import Path

from talkgen.assets import asset_dir, cache_dir
from talkgen.export.marp_command import NATIVE, SHOWS, SOURCE, marp_cli, marp_command
from talkgen.export.node import Report, installed_packages
from talkgen.export.worker import NodeWorker

PROGRAM = "marp.cjs"  # in templates/node


def start_marp(deck: Path, report: Report) -> None:
    """Lets Marp get ready beside what else there is to do, where it is installed; the next export waits less for it.

    Where there is a `deck` in its folder, it gets ready by converting that for nobody: the next needs nearly the same.
    """
    if not installed_packages("marp"):
        return
    worker = marp_worker(marp_cli(report))
    if (deck / SOURCE).is_file() and not (deck / NATIVE).is_file():
        worker.start({"folder": str(deck.resolve()), "arguments": marp_command(deck, ["--output", "-"], SHOWS)})
    else:
        worker.start()


@functools.cache
def marp_worker(cli: Path) -> NodeWorker:
    """What converts decks with the command in the folder `cli`; what Node compiles of it is kept between processes."""
    return NodeWorker(asset_dir("templates") / "node" / PROGRAM, str(cli), str(compiled_marp()))


def compiled_marp() -> Path:
    """The folder where Node keeps what it compiled of Marp."""
    return cache_dir("marp") / "compiled"
