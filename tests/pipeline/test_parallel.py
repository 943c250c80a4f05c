"""Figures that are computed in several processes are those that one process computes."""

import json
import os

import pytest
import torch

from talkgen.figures.registry import FIGURES as FIGURES_HERE
from talkgen.lm.files.catalog import find_model
from talkgen.pipeline import computing, processes
from talkgen.pipeline.build import Request, build
from talkgen.pipeline.inputs import ProjectInputs

FIGURES = """\
title: Many
model: small
slides:
  - title: Some
    body:
      - {figure: next_token, params: {prompt: The}}
      - {figure: softmax_temperature, params: {prompt: The}}
      - {figure: qkv, reveal: steps}
      - {figure: attention_map, params: {sentence: The name is bound}}
      - {figure: attention_map, id: again, params: {sentence: The name is bound}}
      - {figure: kv_cache, params: {repeats: 3}}
      - {figure: next_token, params: {prompt: no model, model: small-lstm}}
"""
BROKEN = FIGURES.replace("sentence: The name is bound}}\n", "sentence: The, layer: 99}}\n", 1)


@pytest.fixture
def threads():
    """Sets torch's threads for a test."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def written(folder):
    """The files of a deck but those of what a clock measured, and its source without these."""
    files = {file.name: file.read_bytes() for file in (folder / "figures").iterdir()}
    return {name: content for name, content in files.items() if not name.startswith("kv_cache")}


def test_numbers_are_the_same_however_many_threads_torch_has(threads, tmp_path, monkeypatch):
    """A head's numbers to eight digits; several threads would sum them in another order, and are there again after."""
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    inputs, origin = ProjectInputs(tmp_path, find_model("small", tmp_path)), FIGURES_HERE["qkv"]
    said = []
    for count in (1, 2):
        threads(count)
        said.append(computing.compute_numbers(origin, {}, inputs).content)
        assert (torch.get_num_threads(), os.environ["OMP_NUM_THREADS"]) == (count, "3")
    assert said[0] == said[1]


@pytest.mark.slow
def test_the_deck_is_the_same_byte_for_byte(talk, monkeypatch, tmp_path_factory):
    """Pictures and numbers, steps and doubles; each is computed once, and what is timed comes last."""
    (talk / "outline.yaml").write_text(FIGURES, encoding="utf-8")
    said: list[str] = []
    monkeypatch.setattr(processes, "cores", lambda: 2)
    monkeypatch.setattr(computing, "cores", lambda: 2)
    together = written(build(Request(talk, format="md"), said.append).deck.path)
    computed = [line for line in said if line.startswith("computed")]
    assert [line.rpartition(", ")[2] for line in computed] == [f"{n} of 11" for n in range(1, len(computed) + 1)]
    assert "kv_cache" in computed[-1]
    monkeypatch.setattr(computing, "cores", lambda: 1)
    monkeypatch.setenv("TALKGEN_CACHE", str(tmp_path_factory.mktemp("other")))
    alone = written(build(Request(talk, format="md", out=talk / "alone"), lambda _: None).deck.path)
    assert len(alone) == 2 * 11
    assert together == alone


@pytest.mark.slow
def test_a_failure_in_another_process_has_its_place(talk, monkeypatch):
    """The problem is the outline's, with its line; the others are computed and kept."""
    (talk / "outline.yaml").write_text(BROKEN, encoding="utf-8")
    monkeypatch.setattr(computing, "cores", lambda: 2)
    done = build(Request(talk, format="md", keep_going=True), lambda _: None)
    (problem,) = done.problems
    assert (problem.place.line, "layer" in problem.message) == (9, True)
    assert json.loads(json.dumps(done.to_json()))["problems"] == [str(problem)]
    assert len(done.computed) == 11
