"""The processes that train one run together: who this one is, and what it exchanges with the others."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.distributed_c10d import PrefixStore
from torch.distributed.rendezvous import rendezvous

from blockstudio.errors import StudioError
from blockstudio.runs.launched import restarts
from blockstudio.text import say

PATIENCE = timedelta(hours=1)
"""How long a process waits for the others: one of them may have to fetch the data first."""


@dataclass(frozen=True)
class Group:
    """A member of a group of ``size`` processes. What it exchanges are small tensors on the CPU."""

    rank: int
    size: int

    @property
    def leads(self) -> bool:
        """Whether this is the one that writes the log and the checkpoints."""
        return self.rank == 0

    def tell(self, numbers: Sequence[int]) -> list[int]:
        """The leader's ``numbers``, in every process."""
        shared = torch.tensor(list(numbers), dtype=torch.int64)
        dist.broadcast(shared, 0)
        return [int(number) for number in shared]

    def total(self, values: Tensor) -> Tensor:
        """The sum of every process's ``values``, float64 or int64, any shape, on the CPU."""
        found = values.detach().to("cpu", copy=True)
        dist.all_reduce(found)
        return found

    def wait(self) -> None:
        """Go on when all have come here."""
        dist.all_reduce(torch.zeros(1))

    def same_buffers(self, model: nn.Module) -> None:
        """Give every process the leader's running statistics."""
        for buffer in model.buffers():
            dist.broadcast(buffer, 0)


@contextmanager
def joined() -> Iterator[Group]:
    """Meet the other processes, and leave them at the end.

    Raises `StudioError` ``train.processes`` where there are fewer GPUs than processes on this machine, but some.
    """
    local = int(os.environ.get("LOCAL_RANK", "0"))
    here = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    cards = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if 0 < cards < here:
        raise StudioError(
            "train.processes",
            say("{here} processes were started on this machine, which has {cards} GPUs.", here=here, cards=cards),
            hint=say("Start one process for each GPU."),
        )
    if cards:
        torch.cuda.set_device(local)
    store, rank, size = next(iter(rendezvous("env://", timeout=PATIENCE)))
    if os.environ.get("GROUP_WORLD_SIZE") == "1":
        # torchrun hands the same store to those it starts anew: they would call on the dead.
        store = PrefixStore(f"start{restarts()[0]}", store)
    backend = "cpu:gloo,cuda:nccl" if cards else "gloo"
    dist.init_process_group(backend, store=store, rank=rank, world_size=size, timeout=PATIENCE)
    try:
        yield Group(dist.get_rank(), dist.get_world_size())
    finally:
        dist.destroy_process_group()
