"""Freshness, measured: changes that matter are seen, all of them, and those that do not make nothing stale."""

import json
import os
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest
from mutations import MUTATIONS

from talkgen import assets

HERE = Path(__file__).parent
LEAST = 80


def try_mutations(folder: Path, which: str) -> dict:
    """What each mutation makes stale, tried on a copy of the installation."""
    package, installed = assets.pretrained_dir().parent, folder / "installed"
    kept = shutil.ignore_patterns("__pycache__")
    shutil.copytree(package, installed / "talkgen", ignore=kept)
    for name in ("templates", "demos"):
        shutil.copytree(assets.asset_dir(name), installed / name, ignore=shutil.ignore_patterns("node_modules"))
    path = os.pathsep.join(map(str, [installed, HERE, HERE.parent, *filter(None, sys.path)]))
    done = subprocess.run(
        [sys.executable, str(HERE / "mutate.py"), str(folder), which],
        env={**os.environ, "PYTHONPATH": path, "TALKGEN_CACHE": str(folder / "cache")},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def judge(found: dict) -> dict:
    """Which things were seen as they should, which were missed, which were stale for nothing: (change, thing) pairs."""
    counts = {"seen": [], "missed": [], "for nothing": []}
    for mutation in MUTATIONS:
        if mutation.what not in found["stale"]:
            continue
        stale = set(found["stale"][mutation.what])
        expected = {name for name in found["things"] if any(matches(name, pattern) for pattern in mutation.stale)}
        if expected and mutation.stale != ("export",):
            expected |= {"rendering marp"}  # it is made of all the others
        counts["seen"] += [(mutation.what, name) for name in sorted(stale & expected)]
        counts["missed"] += [(mutation.what, name) for name in sorted(expected - stale)]
        counts["for nothing"] += [(mutation.what, name) for name in sorted(stale - expected)]
    return counts


def matches(name: str, pattern: str) -> bool:
    """Whether a pattern stands for a thing; a kind alone for all of the kind."""
    return fnmatch(name, pattern if " " in pattern else f"{pattern}*")


def report(counts: dict) -> tuple[float, float]:
    """Recall and precision, printed."""
    seen, missed, nothing = (len(counts[name]) for name in ("seen", "missed", "for nothing"))
    recall, precision = seen / (seen + missed), seen / (seen + nothing)
    print(f"recall {recall:.3f}, precision {precision:.3f}: {seen} seen, {missed} missed, {nothing} for nothing")
    for name in ("missed", "for nothing"):
        print(name, *(f"  {what}: {thing}" for what, thing in counts[name]), sep="\n")
    return recall, precision


def test_table_is_enough_to_judge_by():
    """At least eighty changes, none twice; about as many that must be seen as not; a part for the quick loop."""
    assert len({mutation.what for mutation in MUTATIONS}) == len(MUTATIONS) >= LEAST
    assert 25 <= sum(not mutation.stale for mutation in MUTATIONS) <= LEAST // 2
    assert sum(mutation.quick for mutation in MUTATIONS) >= 25


def test_changes_that_matter_are_seen_and_no_others(tmp_path):
    """The part for the quick loop: everything that must become stale does, and nearly nothing else."""
    recall, precision = report(judge(try_mutations(tmp_path, "quick")))
    assert recall == 1
    assert precision >= 0.95


@pytest.mark.slow
def test_all_changes_that_matter_are_seen_and_no_others(tmp_path):
    """The whole table."""
    recall, precision = report(judge(try_mutations(tmp_path, "all")))
    assert recall == 1
    assert precision >= 0.95
