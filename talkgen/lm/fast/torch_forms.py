"""The forms of a model that torch computes: all of them on a GPU, and on a CPU without kernels."""

from __future__ import annotations

import torch

from talkgen.lm.fast.cuda_graphs import GraphedTransformer
from talkgen.lm.fast.quantize import TORCH_FORMS, pack_matrices
from talkgen.lm.files.catalog import ModelFiles
from talkgen.lm.files.loaded import Loaded
from talkgen.lm.files.weights import load_model
from talkgen.lm.models.reader import Readable
from talkgen.lm.models.transformer import Transformer

_ON_A_GPU = ("bfloat16", "float16", "float32", "int8", "int4")


def torch_forms(loaded: Loaded, device: str) -> tuple[str, ...]:
    """The names of a model's forms on `device`, besides float32 as the model itself computes it."""
    if not isinstance(loaded.model, Transformer):
        return ()
    if device.startswith("cuda"):
        return _ON_A_GPU
    return TORCH_FORMS if device == "cpu" else ()


def load_torch_form(files: ModelFiles, form: str, device: str) -> Loaded[Readable]:
    """A model in the form of that name; the model itself for any other name.

    Raises:
        ModelError: as `load_model` does.
    """
    loaded = load_model(files, device)
    if form not in torch_forms(loaded, device):
        return loaded
    model = loaded.model
    assert isinstance(model, Transformer)  # noqa: S101 – the others have no forms
    if device.startswith("cuda"):
        model = model.to(dtype=getattr(torch, form, torch.bfloat16))
    if form in ("int8", "int4") or device == "cpu":
        pack_matrices(model, form)
    reads = GraphedTransformer(model) if device.startswith("cuda") else model
    return Loaded(files.name, files.label, reads, loaded.tokenizer, files)
