"""Keys name what really runs: one of everything is computed while it is noted which functions of the package run."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from idle_code import IDLE

from talkgen import assets
from talkgen.elements.registry import ELEMENTS
from talkgen.figures.registry import FIGURES
from talkgen.store.closure import trace
from talkgen.store.modules import read_module

HERE = Path(__file__).parent
CARRIERS = {  # they bring what was computed from place to place, and change nothing of it
    "talkgen.digest": "digests files, as the store and the keys do",
    "talkgen.files": "writes files",
    "talkgen.store.cas": "keeps results under their keys",
    "talkgen.store.key": "makes the keys by which results are found, and the record of one",
    "talkgen.elements.registry": "finds an element's module by its name, and checks parameters, which are in the key",
    "talkgen.figures.registry": "finds a figure's module by its name, which is in the key",
    "talkgen.pipeline.artifacts:Artifact.name": "names a thing in what the build says",
    "talkgen.pipeline.making": "calls what makes a thing, and keeps what it returns",
    "talkgen.export.packages": "knows what is pinned, which is in the key",
    "talkgen.pipeline.packages": "finds what is pinned, which is in the key",
    "talkgen.pipeline.asking_fonts": "finds what fonts are asked of other hosts, which is in the key",
    "talkgen.pipeline.asking_themes": "finds what themes ask of other hosts, which is in the key",
    "talkgen.pipeline.remote": "finds what was fetched, whose digest is in the key",
    "talkgen.extras": "says which extra brings a package that is missing",
    "talkgen.pipeline.computing": "calls what computes, here or in other processes, and hands on what it returns",
    "talkgen.pipeline.processes:one_thread": "has figures computed in one thread, always",
    "talkgen.pipeline.provenance:git_revision": "is kept beside a result, not in it",
    "talkgen.pipeline.rendering:resolve_plan": "calls what resolves",
    "talkgen.pipeline.rendering:_complete": "adds what was fetched and pinned, whose digests are in the key",
    "talkgen.pipeline.rendering:render": "calls the renderer",
    "talkgen.pipeline.packages:known_pins": "reads what the plan has pinned",
    "talkgen.pipeline.targets": "finds the renderer by its name, which is in the key",
}


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    """For each thing: the functions that ran, and the closure of its key."""
    cache = tmp_path_factory.mktemp("cache")
    for name in ("node", "models"):
        (cache / name).symlink_to(assets.cache_dir(name))
    path = os.pathsep.join(map(str, [HERE, HERE.parent, *filter(None, sys.path)]))
    done = subprocess.run(
        [sys.executable, str(HERE / "what_runs.py"), str(tmp_path_factory.mktemp("project"))],
        env={**os.environ, "PYTHONPATH": path, "TALKGEN_CACHE": str(cache)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    return {name: (set(each["ran"]), set(trace(each["roots"]).code)) for name, each in found.items()}


def is_in(symbol, code):
    """Whether a function, or the class inside a class that it belongs to, is among the symbols of a closure."""
    module, name = symbol.split(":")
    steps = name.split(".")
    return symbol in code or (len(steps) > 2 and f"{module}:{steps[0]}" in code)


def is_function(symbol):
    """Whether a symbol can run: it is a function or a method."""
    module, name = symbol.split(":")
    nodes = read_module(module).definitions.get(name, [])
    return "." in name or any(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) for node in nodes)


@pytest.mark.slow
def test_every_kind_is_watched(watched):
    """All figures, both renderings, an export, recordings and splits; and something did run for each."""
    kinds = [name.split()[0] for name in watched]
    counts = {kind: kinds.count(kind) for kind in kinds}
    assert {name for name in FIGURES if f"figure {name}" not in watched} == set()
    assert counts.pop("figure") == counts.pop("numbers")
    assert counts == {"recording": 4 + len(ELEMENTS), "model": 2, "tokens": 2, "output": 1, "rendering": 2, "export": 1}
    assert all(ran & code for ran, code in watched.values())


@pytest.mark.slow
def test_all_that_runs_is_in_the_key(watched):
    """No code is missing from a key, but for what carries results from place to place."""
    missing = {
        symbol: name
        for name, (ran, code) in watched.items()
        for symbol in ran
        if not is_in(symbol, code) and not {symbol, symbol.split(":")[0]} & CARRIERS.keys()
    }
    assert missing == {}


@pytest.mark.slow
def test_all_that_is_in_a_key_runs(watched):
    """No code is in a key that cannot matter: what did not run here is listed, each with the reason why it is there."""
    ran = set().union(*(ran for ran, _ in watched.values()))
    idle = {symbol for _, code in watched.values() for symbol in code - ran if is_function(symbol)}
    listed = {f"{module}:{name}" for group in IDLE.values() for module in group for name in group[module].split()}
    assert (sorted(idle - listed), sorted(listed - idle)) == ([], [])
