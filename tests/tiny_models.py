"""Two tiny models with random weights, in a project of their own: real models that answer within a millisecond."""

from pathlib import Path

import torch

from talkgen.lm.files.checkpoint import save_checkpoint
from talkgen.lm.models.architectures import build_model
from talkgen.lm.models.config import ModelConfig
from talkgen.lm.text.tokenizer import ByteTokenizer

CONTEXT = 64
NAMES = ("tiny", "tiny-lstm")


def make_project(folder: Path) -> Path:
    """Writes the models `tiny` (a transformer) and `tiny-lstm` as runs of the project `folder`."""
    for name, architecture in zip(NAMES, ("transformer", "lstm"), strict=True):
        torch.manual_seed(7)
        config = ModelConfig(257, architecture, n_layer=1, n_embd=16, n_head=2, block_size=CONTEXT)
        save_model(folder, name, config)
    return folder


def save_long_model(folder: Path) -> Path:
    """Writes `long`, a transformer that takes seconds for a page of text, as a run of the project `folder`."""
    torch.manual_seed(7)
    save_model(folder, "long", ModelConfig(257, n_layer=12, n_embd=192, n_head=3, block_size=8192))
    return folder


def save_model(folder: Path, name: str, config: ModelConfig) -> None:
    """Writes a model as the first checkpoint of a run."""
    checkpoint = folder / "runs" / name / "checkpoints" / "step-000001"
    save_checkpoint(checkpoint, build_model(config), ByteTokenizer(), {"step": 1})
