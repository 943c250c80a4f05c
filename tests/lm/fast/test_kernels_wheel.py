"""The package talkgen-kernels: built from its own sources, it answers where there is no compiler."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from talkgen.lm.fast import building

ANSWER = """
import json, sys
import numpy as np
from talkgen.lm.fast import native
from talkgen.lm.fast.compiled_transformer import CompiledTransformer
from talkgen.lm.models.config import ModelConfig
from talkgen.lm.models.shapes import parameter_shapes
config, rng = ModelConfig(99, n_embd=64), np.random.default_rng(5)
arrays = {name: rng.standard_normal(shape, np.float32) for name, shape in parameter_shapes(config).items()}
logits = CompiledTransformer.from_arrays(config, arrays, "int4")([[1, 5, 9, 2]])[0]
print(json.dumps([native.describe(), logits.tolist(), "torch" in sys.modules]))
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory) -> Path:
    """The wheel, unpacked."""
    made = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", building.SOURCES, "--outdir", made], check=True, stdout=subprocess.DEVNULL
    )
    (wheel,) = made.glob("*.whl")
    assert "-py3-none-" in wheel.name, "one wheel for every Python"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(made / "package")
    return made / "package"


def answer(path: list[str], tmp_path: Path, **environment: str) -> list:
    """Which kernels a process finds, the logits that they give, and whether it loaded torch."""
    environment = {"PYTHONPATH": os.pathsep.join(path), "TALKGEN_CACHE": str(tmp_path), **environment}
    done = subprocess.run([sys.executable, "-c", ANSWER], env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.slow
@pytest.mark.linux
def test_it_answers_without_a_compiler(package, tmp_path):
    """The variant of this processor, by name; the logits of what is compiled here, to the last bit; and no torch."""
    here = [str(Path(building.__file__).parents[3])]
    packaged = answer([*here, str(package)], tmp_path, PATH=str(tmp_path))
    compiled = answer(here, tmp_path, PATH=os.environ["PATH"])
    variant = packaged[0].removesuffix(", of talkgen-kernels")
    assert variant in building.variants()
    assert compiled[0] == f"{variant}, compiled here"
    assert packaged[1] == compiled[1]
    assert not packaged[2]
