"""The kernels' threads: whatever a loop's size, each turn is taken once, and no two threads touch the same thing."""

import subprocess
from pathlib import Path

import pytest

from talkgen.lm.fast import building

PROGRAM = Path(__file__).with_name("pool.cpp")


@pytest.mark.slow
@pytest.mark.linux
@pytest.mark.parametrize("checked", [[], ["-fsanitize=thread"]], ids=["as it is", "looked at by ThreadSanitizer"])
def test_each_turn_of_a_loop_is_taken_once(tmp_path, checked):
    built = tmp_path / "pool"
    flags = ["-std=c++17", "-O1", "-pthread", *checked, "-I", str(building.SOURCES)]
    subprocess.run(["c++", *flags, str(PROGRAM), "-o", str(built)], check=True)
    ran = subprocess.run([str(built)], capture_output=True, text=True, timeout=120)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
