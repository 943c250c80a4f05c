"""Models that wait for their weights: of every architecture, without what only drawing first weights would need."""

import subprocess
import sys

import torch

from talkgen.lm.models.architectures import build_empty_model, build_model
from talkgen.lm.models.config import ModelConfig

CODE = """
import sys
from talkgen.lm.models.architectures import build_empty_model
from talkgen.lm.models.config import ModelConfig
for kind in ("transformer", "lstm", "encoder-decoder"):
    build_empty_model(ModelConfig(99, kind))
print("torch._dynamo" in sys.modules)
"""


def test_it_has_the_parameters_of_a_model():
    """The same names and shapes, none of them in memory."""
    config = ModelConfig(99, norm="rms", positions="rotary", activation="swiglu", bias=False)
    empty, drawn = build_empty_model(config), build_model(config)
    assert {name: p.shape for name, p in empty.named_parameters()} == {n: p.shape for n, p in drawn.named_parameters()}
    assert {p.device for p in empty.parameters()} == {torch.device("meta")}


def test_it_needs_no_compiler_of_torch():
    """Torch's compiler takes seconds to import, and to load a model nothing of it is wanted."""
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
