"""Trains the runs of a sweep as tasks of a Ray cluster that is there already; starts and stops no cluster.

The machines of the cluster have talkgen installed, and the sweep's folder and its texts lie on a path that all of them,
and this one, share: a task writes its run where the sweep then reads it.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from typing import Any

from talkgen.errors import ModelError
from talkgen.extras import extras_in_words
from talkgen.lm.train.run import RunFolder
from talkgen.lm.train.sweep import Cell, run_cell

_PATIENCE = 10.0  # seconds; Ray itself waits minutes for an address where nobody listens
_START = "start one with `ray start --head`, or name one in RAY_ADDRESS=HOST:PORT"


def run_on_ray(work: list[Cell], threads: int) -> Iterator[dict[str, Any]]:
    """Trains with `threads` CPUs a run, and a GPU each where the cluster has them; a lost task is an outcome as well.

    Raises:
        MissingExtraError: Ray is not installed.
        ModelError: no cluster can be reached.
    """
    if not work:
        return
    ray = _connect()
    threads = min(threads, _cpus_of_the_largest_machine(ray))
    gpus = 1 if ray.cluster_resources().get("GPU") else 0
    task = ray.remote(num_cpus=threads, num_gpus=gpus)(run_cell)
    cells = {task.remote(cell._replace(folder=cell.folder.resolve()), threads): cell for cell in work}
    while cells:
        ready, _ = ray.wait(list(cells))
        for done in ready:
            yield _outcome(ray, done, cells.pop(done))


def _connect() -> Any:
    """The ray module, connected."""
    with extras_in_words():
        import ray
    if not ray.is_initialized():
        try:
            _knock(os.environ.get("RAY_ADDRESS", ""))
            ray.init(address="auto", log_to_driver=False, logging_level="WARNING")
        except (OSError, ValueError, RuntimeError) as error:
            reason = str(error).partition(" Please ")[0]  # what follows speaks of an option of Ray's own command
            raise ModelError(f"no Ray cluster can be reached: {reason}", _START) from error
    return ray


def _knock(address: str) -> None:
    """Makes sure that somebody listens at HOST:PORT; other forms of address are Ray's to judge."""
    host, _, port = address.rpartition(":")
    if host and "/" not in host and port.isdigit():
        try:
            with contextlib.closing(socket.create_connection((host, int(port)), _PATIENCE)):
                pass
        except (OSError, OverflowError) as error:
            raise ConnectionError(f"{address} does not answer ({error})") from error


def _cpus_of_the_largest_machine(ray: Any) -> int:
    """More than that no task can have: it would wait for ever."""
    return max([1, *(int(node["Resources"].get("CPU", 0)) for node in ray.nodes() if node["Alive"])])


def _outcome(ray: Any, task: Any, cell: Cell) -> dict[str, Any]:
    """What the task returned, or why there is nothing to read."""
    try:
        outcome: dict[str, Any] = ray.get(task)
    except ray.exceptions.RayError as error:
        reason = str(error).strip().splitlines()
        return {"name": cell.recipe.name, "error": reason[-1] if reason else type(error).__name__}
    if "error" not in outcome and not RunFolder(cell.folder).summary.is_file():
        unseen = f"it was trained, but {cell.folder} is not to be seen here: name an --out on a path all machines share"
        return {"name": cell.recipe.name, "error": unseen}
    return outcome
