"""Training on more than one device or host under `torchrun`: who we are, and the model wrapped for it.

DDP where the model fits on every device; FSDP2 (`fully_shard`) where it does not. Alone, nothing is wrapped.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor
from torch.nn.parallel import DistributedDataParallel

from talkgen.lm.models.base import LanguageModel


@dataclass(frozen=True)
class World:
    """The processes that train together; `rank` 0 writes the run folder."""

    rank: int
    size: int
    device: torch.device

    @property
    def leads(self) -> bool:
        """Whether this process writes and reports."""
        return self.rank == 0

    def wrap(self, model: LanguageModel, how: str) -> Callable[..., Any]:
        """What to call for the forward pass, so that gradients are averaged over all processes.

        With "fsdp" the model itself changes: its parameters become DTensors, each process holding a part.
        """
        if self.size == 1:
            return model
        if how == "ddp":
            return DistributedDataParallel(model)
        mesh = init_device_mesh(self.device.type, (self.size,))
        # Block by block, so that the weights of one are whole at a time; then what is left: embedding, norm, head.
        for block in getattr(model, "blocks", ()):
            fully_shard(block, mesh=mesh)
        fully_shard(model, mesh=mesh)
        return model

    def wait(self) -> None:
        """Returns when every process has come here."""
        if self.size > 1:
            dist.barrier()

    def mean(self, value: Tensor) -> Tensor:
        """The mean of a scalar over all processes."""
        if self.size > 1:
            dist.all_reduce(value)
            value = value / self.size
        return value

    def any(self, flag: bool) -> bool:
        """Whether any process says yes: all must stop at the same step."""
        if self.size == 1:
            return flag
        value = torch.tensor(float(flag), device=self.device)
        dist.all_reduce(value, op=dist.ReduceOp.MAX)
        return bool(value.item())


def join_world(device: str) -> World:
    """Joins the processes that `torchrun` started, or stands alone; `device` "auto" takes a GPU where there is one."""
    size, local = int(os.environ.get("WORLD_SIZE", "1")), int(os.environ.get("LOCAL_RANK", "0"))
    kind = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
    here = torch.device(f"{kind}:{local}" if kind == "cuda" and size > 1 else kind)
    if size == 1:
        return World(0, 1, here)
    if here.type == "cuda":
        torch.cuda.set_device(here)
    if not dist.is_initialized():
        dist.init_process_group("nccl" if here.type == "cuda" else "gloo")
    return World(dist.get_rank(), size, here)


def gather(tensor: Tensor) -> Tensor:
    """The whole of a tensor on the CPU, collected from all processes if it is in parts."""
    tensor = tensor.detach()
    return (tensor.full_tensor() if isinstance(tensor, DTensor) else tensor).cpu().contiguous()


def scatter(whole: Tensor, like: Tensor) -> Tensor:
    """`whole` where `like` is, in parts if `like` is."""
    if isinstance(like, DTensor):
        return distribute_tensor(whole.to(like.device), like.device_mesh, like.placements)
    return whole.to(like.device)


def leave_world(world: World) -> None:
    """Says goodbye to the other processes."""
    if world.size > 1:
        dist.destroy_process_group()
