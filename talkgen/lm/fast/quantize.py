"""A transformer whose matrices are packed for torch's own kernels: on a GPU, and on a CPU without a compiler.

    float16    fbgemm's packed half precision; activations stay float32 (CPUs that have it)
    int8       a scale for every row, activations in bfloat16
    int4       a scale and a least value for every 32 weights of a row, activations in bfloat16

What activations lose in bfloat16 decides how exact the last two are; whoever uses them measures it (`fast.comparing`).

The operations are torch's own and partly private, as torchao's are underneath. torchao itself is no better road here:
its int8 weights are widened as a whole at every call unless compiled (0.18, int8_tensor.py), which is slower than
float32, and its int4 for CPUs lies in `prototype` under names that change with each release.
"""

from __future__ import annotations

import copy
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from talkgen.lm.models.base import LanguageModel
from talkgen.lm.models.transformer import Transformer

_AT_A_TIME = 1 << 18  # numbers that are packed together: what is made on the way stays in the cache
_GROUP = 32  # weights that share a scale: ggml's, and the smallest that torch's kernels take
TORCH_FORMS = ("float16", "int8", "int4")
ROUNDED_FORMS = ("int8", "int4")  # whose products take and give bfloat16


class PackedLinear(nn.Module, ABC):
    """A linear layer with packed weights, `bytes` of them."""

    bytes: int

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.n = linear.out_features
        self.bias = linear.bias

    @abstractmethod
    def product(self, x: Tensor) -> Tensor:
        """[M, K] times the weights; [M, N]."""

    def forward(self, x: Tensor) -> Tensor:
        """[…, K] to […, N], in the type of `x`."""
        y = self.product(x.reshape(-1, x.size(-1))).to(x.dtype).view(*x.shape[:-1], self.n)
        return y if self.bias is None else y + self.bias


class HalfLinear(PackedLinear):
    """Weights in half precision, widened in the CPU's registers."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__(linear)
        self.bytes = 2 * linear.weight.numel()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # values that half precision cannot hold are clipped, and measured
            self.packed = torch.ops.quantized.linear_prepack_fp16(linear.weight.detach().float(), None)

    def product(self, x: Tensor) -> Tensor:
        """See `PackedLinear.product`."""
        return torch.ops.quantized.linear_dynamic_fp16(x.float(), self.packed)


class Int8Linear(PackedLinear):
    """Weights as 8-bit integers, a scale a row."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__(linear)
        weight = linear.weight.detach().float()
        least, most = weight.aminmax(dim=1)
        scale = torch.maximum(-least, most).clamp_min(1e-12) / 127
        q, rows = torch.empty_like(weight, dtype=torch.int8), max(1, _AT_A_TIME // weight.size(1))
        for at in range(0, len(q), rows):
            some = slice(at, at + rows)
            q[some] = (weight[some] / scale[some, None]).round_()
        self.register_buffer("weight", q)
        self.register_buffer("scale", scale.bfloat16())
        self.bytes = weight.numel() + 2 * len(weight)

    def product(self, x: Tensor) -> Tensor:
        """See `PackedLinear.product`."""
        return torch.ops.aten._weight_int8pack_mm(x.bfloat16(), self.weight, self.scale)


class Int4Linear(PackedLinear):
    """Weights as 4-bit integers, w = scale (q - 8) + middle, both for every 32 of a row."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__(linear)
        weight = linear.weight.detach().float()
        n, k = weight.shape
        groups = weight.view(n, k // _GROUP, _GROUP)
        least, most = groups.amin(dim=-1), groups.amax(dim=-1)
        scale = ((most - least) / 15).clamp_min(1e-12)
        q = ((groups - least[..., None]) / scale[..., None]).round().clamp(0, 15).to(torch.int32).view(n, k)
        if weight.is_cuda:
            pairs = (q[:, ::2] << 4 | q[:, 1::2]).to(torch.uint8)
            packed = torch.ops.aten._convert_weight_to_int4pack(pairs, _inner_tiles(k))
        else:
            packed = torch.ops.aten._convert_weight_to_int4pack_for_cpu(q, 1)
        both = torch.stack((scale, least + 8 * scale), dim=2).transpose(0, 1)  # [K / 32, N, 2]
        self.register_buffer("packed", packed)
        self.register_buffer("scale_middle", both.contiguous().bfloat16())
        self.bytes = weight.numel() // 2 + 2 * both.numel()

    def product(self, x: Tensor) -> Tensor:
        """See `PackedLinear.product`."""
        if x.is_cuda:
            return torch.ops.aten._weight_int4pack_mm(x.bfloat16(), self.packed, _GROUP, self.scale_middle)
        return torch.ops.aten._weight_int4pack_mm_for_cpu(x.bfloat16(), self.packed, _GROUP, self.scale_middle)


def _inner_tiles(k: int) -> int:
    """How many tiles of 16 the GPU's layout puts side by side: as many of 8, 4 and 2 as divide the row."""
    return next(tiles for tiles in (8, 4, 2) if k % (16 * tiles) == 0)


def quantize(model: Transformer, form: str) -> Transformer:
    """A copy of `model` with its matrices packed, see `pack_matrices`; what is not packed they share."""
    return pack_matrices(copy.deepcopy(model, {id(weight): weight for weight in model.parameters()}), form)


def pack_matrices(model: Transformer, form: str) -> Transformer:
    """Packs the matrices of `model` in place; the head in no less than 8 bits, rows of odd widths stay as they are."""
    kinds: dict[str, Callable[[nn.Linear], PackedLinear]] = {
        "float16": HalfLinear,
        "int8": Int8Linear,
        "int4": Int4Linear,
    }
    # Names, not modules, which would keep what is packed in float32 until the end.
    for name in [name for name, module in model.named_modules() if isinstance(module, nn.Linear)]:
        module = model.get_submodule(name)
        if isinstance(module, nn.Linear) and not (form == "int4" and module.in_features % _GROUP):
            kind = kinds["int8" if form == "int4" and name == "head" else form]
            parent, _, leaf = name.rpartition(".")
            setattr(model.get_submodule(parent), leaf, kind(module))
    return model


@contextmanager
def rounded(model: LanguageModel) -> Iterator[LanguageModel]:
    """The model, whose products take and give bfloat16 meanwhile: all that forms with exact weights would change."""
    hooks = []
    for module in model.modules():
        if isinstance(module, nn.Linear):
            hooks.append(module.register_forward_pre_hook(lambda _, given: (given[0].bfloat16().float(),)))
            hooks.append(module.register_forward_hook(_round))
    try:
        yield model
    finally:
        for hook in hooks:
            hook.remove()


def _round(linear: nn.Linear, _: object, y: Tensor) -> Tensor:
    bias = y.new_zeros(1) if linear.bias is None else linear.bias
    return (y - bias).bfloat16() + bias


def packed_bytes(model: LanguageModel) -> int:
    """Bytes of weights that one token reads, packed or not; a head tied to the embedding counts once."""
    packed = sum(module.bytes for module in model.modules() if isinstance(module, PackedLinear))
    whole = {name: p.numel() * p.element_size() for name, p in model.named_parameters()}
    if isinstance(model.head, PackedLinear) or "head.weight" in whole:
        whole.pop("embed.weight")  # of which a token reads one row
    return packed + sum(whole.values())
