"""A figure's parameters, checked once: a later process knows them without the figure's module, wrong ones it checks."""

import json
import subprocess
import sys

import pytest

from talkgen.errors import TalkgenError
from talkgen.figures.registry import FIGURES
from talkgen.pipeline.checking import check_figure

PROGRAM = """
import json, sys
from dataclasses import asdict
from talkgen.pipeline.checking import check_figure
found = check_figure("memory_bottleneck", "talkgen.figures.memory_bottleneck", json.loads(sys.argv[1]))
print(json.dumps([asdict(found), sorted({"numpy", "talkgen.figures.memory_bottleneck"} & sys.modules.keys())]))
"""


def checked_elsewhere(given):
    """What another process finds, and which of the modules that it could do without it loaded."""
    command = [sys.executable, "-c", PROGRAM, json.dumps(given)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def test_what_was_checked_needs_no_module_again(tmp_path, monkeypatch):
    """The second process says what the first said, and loads neither the figure nor what it computes with."""
    monkeypatch.setenv("TALKGEN_CACHE", str(tmp_path))
    first, loaded = checked_elsewhere({})
    assert loaded == ["numpy", "talkgen.figures.memory_bottleneck"]
    assert checked_elsewhere({}) == [first, []]
    assert first["uses"]


def test_other_parameters_are_checked_anew(tmp_path, monkeypatch):
    """Of one figure and one text, each value by itself; what is wrong is told every time."""
    monkeypatch.setenv("TALKGEN_CACHE", str(tmp_path))
    name, origin = "softmax_temperature", FIGURES["softmax_temperature"]
    assert [check_figure(name, origin, {"step": step}).params["step"] for step in (2, 3, 2)] == [2, 3, 2]
    assert check_figure(name, origin, {}).first_step == 1
    for _ in range(2):
        with pytest.raises(TalkgenError, match="has no parameter 'stepp'"):
            check_figure(name, origin, {"stepp": 2})
