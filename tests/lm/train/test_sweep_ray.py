"""`talkgen sweep --executor ray` on a real Ray cluster of two CPUs, which a test starts as its user would."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from talkgen.extras import MissingExtraError
from talkgen.lm.train.cluster import run_on_ray
from talkgen.lm.train.recipe import Recipe
from talkgen.lm.train.sweep import Cell

pytestmark = pytest.mark.slow

GRID = """\
name: grid
tokenizer: {kind: bytes}
models:
  - {n_layer: 1, n_embd: 8, n_head: 2, block_size: 16}
  - {architecture: lstm, n_layer: 1, n_embd: 8, n_head: 1, block_size: 16}
rates: [1.0e-5, 1.0e-2]
pilot: 0.5
schedule: {steps: 20, warmup: 2, rows: 4, evaluate_every: 10}
seeds: [1, 2]
"""


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture(scope="module")
def cluster() -> Iterator[dict[str, str]]:
    """The environment in which a cluster is found that only this test may use; it is gone afterwards."""
    address = f"127.0.0.1:{_free_port()}"
    token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    environment = {**os.environ, **token, "RAY_USAGE_STATS_ENABLED": "0"}
    environment["RAY_raylet_start_wait_time_s"] = "120"  # 30 are too few where other tests use the cores
    command = [Path(sys.executable).with_name("ray"), "start", "--head", "--block", "--num-cpus=2"]
    command += ["--include-dashboard=false", f"--port={address.rpartition(':')[2]}", "--object-store-memory=100000000"]
    with tempfile.TemporaryDirectory(prefix="ray") as folder:  # short, for its sockets
        log = Path(folder) / "start.log"
        with log.open("w") as output:
            # A session of its own: Ray's workers would otherwise be stopped for touching a terminal.
            head = subprocess.Popen(
                [*command, f"--temp-dir={folder}"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=environment,
                start_new_session=True,
            )
        try:
            while "Ray runtime started" not in log.read_text():
                assert head.poll() is None, log.read_text()
                time.sleep(0.1)
            yield {**environment, "RAY_ADDRESS": address}
        finally:
            head.terminate()
            head.wait(60)


def _sweep(folder: Path, executor: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """The real command on the grid, in `folder`."""
    (folder / "grid.yaml").write_text(GRID)
    command = [
        sys.executable,
        "-m",
        "talkgen",
        "sweep",
        "grid.yaml",
        "--executor",
        executor,
        "--workers",
        "2",
        "--json",
    ]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def _runs(done: subprocess.CompletedProcess[str]) -> dict[str, tuple[float, float]]:
    """The chosen rate and the held-out loss of each run of a sweep that succeeded."""
    assert done.returncode == 0, done.stderr
    return {run["name"]: (run["rate"], run["val_loss"]) for run in json.loads(done.stdout)["runs"]}


def test_a_cluster_trains_what_this_machine_trains(tmp_path, cluster):
    """Same rates, same losses; and run again, only what is missing is trained."""
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    here = _runs(_sweep(tmp_path / "here", "local", cluster))
    there = _runs(_sweep(tmp_path / "there", "ray", cluster))
    assert list(here) == list(there)
    assert {rate for rate, _ in there.values()} == {1e-2}
    for name, (_, loss) in there.items():
        assert loss == pytest.approx(here[name][1], rel=1e-5), name

    (tmp_path / "there/runs/grid/lstm-1x8-seed2/summary.json").unlink()
    again = _sweep(tmp_path / "there", "ray", cluster)
    assert _runs(again) == there
    assert [line for line in again.stderr.splitlines() if " of " in line] == [
        f"1 of 1: lstm-1x8-seed2: held-out loss {there['lstm-1x8-seed2'][1]:.3f}"
    ]


def test_a_cell_that_fails_is_reported_and_the_others_are_finished(tmp_path, cluster):
    """A file stands where one run's folder should be; three runs are trained and the fourth is named."""
    runs = tmp_path / "runs" / "grid"
    runs.mkdir(parents=True)
    (runs / "transformer-1x8-seed1").write_text("a file where a folder should be")
    done = _sweep(tmp_path, "ray", cluster)

    assert done.returncode == 1
    assert "1 of 4 runs failed: transformer-1x8-seed1: " in done.stderr
    assert "a file stands in its place" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(list(runs.glob("*/summary.json"))) == 3


def test_without_a_cluster_the_sweep_says_how_to_get_one(tmp_path):
    """At once, with the address that does not answer."""
    address = f"127.0.0.1:{_free_port()}"
    done = _sweep(tmp_path, "ray", {**os.environ, "RAY_ADDRESS": address})
    assert done.returncode == 1
    assert f"no Ray cluster can be reached: {address} does not answer" in done.stderr
    assert "hint: start one with `ray start --head`" in done.stderr
    assert done.stdout == ""


def test_without_ray_the_sweep_says_what_to_install(tmp_path, monkeypatch):
    """Python takes None among the loaded modules for a package that is not there."""
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'talkgen\[ray\]'"):
        list(run_on_ray([Cell(Recipe(name="one"), tmp_path)], 1))
