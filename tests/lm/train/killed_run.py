"""Trains in a child that is killed (SIGKILL) fifty times at random moments, then once to the end; prints the kills.

One process imports torch and forks a child an attempt, so that fifty starts cost seconds and not minutes.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

import torch

from talkgen.lm.files.checkpoint import load_checkpoint
from talkgen.lm.train.loop import train
from talkgen.lm.train.run import RunFolder
from tests.lm.train.test_train import TINY, _with

RECIPE = _with(TINY, steps=400)


def _attempt(run: RunFolder) -> None:
    train(RECIPE, run, resume=True)


def main() -> None:
    torch.set_num_threads(1)
    run, kills = RunFolder(Path(sys.argv[1])), 0
    moments = random.Random(7)
    while kills < 50:
        child = os.fork()
        if child == 0:
            while True:  # a run that ended is begun elsewhere, so that every kill hits a run
                _attempt(run)
                os._exit(0)
        time.sleep(moments.uniform(0.02, 0.25))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        kills += os.WIFSIGNALED(status)
        if run.steps():
            load_checkpoint(run.checkpoint(run.steps()[-1]))
        if os.WIFEXITED(status):
            break
    _attempt(run)
    print(kills)


if __name__ == "__main__":
    main()
