"""Marp as a process that stays up: the one of this process, which can be started before it is asked for a deck.

Knows no deck, so that importing this takes next to nothing: Node then loads Marp beside all else that is imported.
"""

from __future__ import annotations

import functools
from pathlib import Path

from talkgen.assets import asset_dir, cache_dir
from talkgen.export.node import Report, installed_packages, npm_packages
from talkgen.export.worker import NodeWorker

PROGRAM = "marp.cjs"  # in templates/node


def start_marp(report: Report) -> None:
    """Lets Marp get ready beside what else there is to do, where it is installed; the next export waits less for it."""
    if installed_packages("marp"):
        marp_worker(marp_cli(report)).start()


def marp_cli(report: Report) -> Path:
    """The folder of Marp's command, installed if need be."""
    return npm_packages("marp", report).resolve() / "node_modules" / "@marp-team" / "marp-cli"


@functools.cache
def marp_worker(cli: Path) -> NodeWorker:
    """What converts decks with the command in the folder `cli`; what Node compiles of it is kept between processes."""
    compiled = cache_dir("marp") / "compiled"
    return NodeWorker(asset_dir("templates") / "node" / PROGRAM, str(cli), str(compiled))
