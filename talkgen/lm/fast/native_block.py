"""One of a transformer's blocks in training, run by `cpp/block.cpp`: what torch's operations give, sooner.

It knows the block's parts, and nothing of what lies around it. A block in float32 on a CPU can be run so; for all else,
and wherever someone looks inside, there are torch's own operations.
"""

from __future__ import annotations

import ctypes
from collections import defaultdict
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from talkgen.lm.fast.native import load_library

if TYPE_CHECKING:
    from talkgen.lm.models.transformer import Block

_ACTIVATION = {"gelu": 0, "gelu_tanh": 1, "swiglu": 2}
_PARTS = ("norm_1", "attention.qkv", "attention.proj", "norm_2", "mlp.up", "mlp.down")
_PARAMETERS = tuple(f"{part}.{kind}" for part in _PARTS for kind in ("weight", "bias"))

Numbers = tuple[int | float, ...]
"""Heads, key heads, a head's size, the MLP's width, whether RMSNorm, the activation, epsilon."""


class _Parameters(ctypes.Structure):
    _fields_ = tuple((name.replace(".", "_"), ctypes.c_void_p) for name in _PARAMETERS)


class _Block(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_int32) for name in ("rows", "length", "n_embd")),
        *(
            (name, ctypes.c_int32)
            for name in ("n_head", "n_kv_head", "head_dim", "n_inner", "rms", "activation", "threads")
        ),
        ("eps", ctypes.c_float),
        *((name, ctypes.c_void_p) for name in ("cos", "sin")),
        ("parameters", _Parameters),
    )


def can_run(block: Block, x: Tensor) -> bool:
    """Whether `run_block` gives what `block` would of `x` [B, T, C], which nobody looks into."""
    if torch.compiler.is_compiling() or not (block.training and torch.is_grad_enabled() and _is_plain(x)):
        return False
    if block.drop.p > 0 or x.numel() == 0 or torch.is_autocast_enabled("cpu"):
        return False
    if torch._C._are_functorch_transforms_active() or any(_is_hooked(part) for part in block.modules()):
        return False
    return all(map(_is_plain, block.parameters())) and load_library() is not None


def _is_plain(tensor: Tensor) -> bool:
    """Float32 in this process's memory, in order: neither a part of something nor a promise."""
    here = type(tensor) in (Tensor, nn.Parameter) and tensor.device.type == "cpu" and tensor.dtype == torch.float32
    return here and tensor.is_contiguous()


def _is_hooked(part: nn.Module) -> bool:
    return bool(part._forward_hooks or part._forward_pre_hooks or part._backward_hooks or part._backward_pre_hooks)


def run_block(block: Block, x: Tensor, rotary: tuple[Tensor, Tensor] | None) -> Tensor:
    """The block's output [B, T, C] of `x`, and on the way back all gradients; `can_run` must have said yes."""
    attention, mlp = block.attention, block.mlp
    activation = "swiglu" if mlp.gated else "gelu" if mlp.approximate == "none" else "gelu_tanh"
    numbers = (
        *(attention.n_head, attention.n_kv_head, attention.head_dim, mlp.down.in_features),
        *(isinstance(block.norm_1, nn.RMSNorm), _ACTIVATION[activation]),
        block.norm_1.eps,
    )
    modules = (block.norm_1, attention.qkv, attention.proj, block.norm_2, mlp.up, mlp.down)
    parameters = [getattr(module, kind, None) for module in modules for kind in ("weight", "bias")]
    cos, sin = rotary if rotary is not None else (None, None)
    y: Tensor = _NativeBlock.apply(load_library(), numbers, x, cos, sin, *parameters)  # type: ignore[no-untyped-call]
    return y


class _Room:
    """Memory for one pass, which goes back to where it came from: new memory costs the system more than its use."""

    _spare: ClassVar[dict[str, list[Tensor]]] = defaultdict(list)

    def __init__(self, purpose: str, size: int) -> None:
        self._purpose = purpose
        spare = self._spare[purpose]
        if spare and spare[-1].numel() != size:
            spare.clear()  # of another batch
        self.memory = spare.pop() if spare else torch.empty(size)

    def __del__(self) -> None:
        self._spare[self._purpose].append(self.memory)


def _describe(numbers: Numbers, x: Tensor, cos: Tensor | None, sin: Tensor | None, parameters: Any) -> _Block:
    *sizes, eps = numbers
    threads = torch.get_num_threads()
    return _Block(*x.shape, *sizes, threads, eps, _address(cos), _address(sin), _addresses(parameters))


def _addresses(tensors: Any) -> _Parameters:
    return _Parameters(*map(_address, tensors))


def _address(tensor: Tensor | None) -> int | None:
    return tensor.data_ptr() if tensor is not None else None


class _NativeBlock(torch.autograd.Function):
    """What torch calls on the way there and on the way back."""

    @staticmethod
    def forward(ctx: Any, library: ctypes.CDLL, numbers: Numbers, x: Tensor, *rest: Tensor | None) -> Tensor:
        """`rest`: cosines and sines or None, then weight and bias of each part."""
        cos, sin, *parameters = rest
        block = _describe(numbers, x, cos, sin, parameters)
        ctx.kept = _Room("kept", library.block_keeps(ctypes.byref(block)))
        y = torch.empty_like(x)
        library.block_forward(ctypes.byref(block), x.data_ptr(), y.data_ptr(), ctx.kept.memory.data_ptr())
        ctx.save_for_backward(x, *rest)
        ctx.library, ctx.numbers = library, numbers
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor | None, ...]:
        """Every gradient, whoever wants it: they are made together."""
        x, cos, sin, *parameters = ctx.saved_tensors
        dy, dx = dy.contiguous(), torch.empty_like(x)
        gradients = [torch.empty_like(p) if p is not None else None for p in parameters]
        block, into = _describe(ctx.numbers, x, cos, sin, parameters), _addresses(gradients)
        room = _Room("way back", ctx.library.block_needs(ctypes.byref(block)))
        memory = (tensor.data_ptr() for tensor in (x, dy, ctx.kept.memory, room.memory, dx))
        ctx.library.block_backward(ctypes.byref(block), *memory, ctypes.byref(into))
        return None, None, dx, None, None, *gradients
