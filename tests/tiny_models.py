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
        checkpoint = folder / "runs" / name / "checkpoints" / "step-000001"
        save_checkpoint(checkpoint, build_model(config), ByteTokenizer(), {"step": 1})
    return folder
