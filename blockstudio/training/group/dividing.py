"""One network divided among the processes that train it: PyTorch's FSDP2. Each holds a part of every weight, and brings
a block's weights together while it computes."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard


def divide(model: nn.Module, device: torch.device, size: int) -> None:
    """Divide ``model``, which all of ``size`` processes have alike in main memory, and bring it to the device block by
    block. Its optimiser is to be made after that."""
    mesh = init_device_mesh(device.type, (size,))
    for unit in units(model):
        fully_shard(unit, mesh=mesh)
    fully_shard(model, mesh=mesh)


def units(model: nn.Module) -> Iterator[nn.Module]:
    """What is brought together at a time: the blocks and modules of the network, of a repeated one each copy."""
    for child in model.children():
        if next(child.parameters(), None) is None:
            continue
        names = [name for name, _ in child.named_children()]
        if names and all(name.isdecimal() for name in names):
            yield from units(child)
        else:
            yield child


def evened(
    batches: Iterator[tuple[Tensor, Tensor]], rounds: int, shape: tuple[int, ...], device: torch.device
) -> Iterator[tuple[Tensor, Tensor]]:
    """Batches ``(images, labels)`` with empty ones behind them, ``rounds`` in all: bringing weights together is done by
    all processes, also by one that has no image left."""
    count = 0
    for batch in batches:
        count += 1
        yield batch
    for _ in range(count, rounds):
        yield torch.zeros(0, *shape, device=device), torch.zeros(0, dtype=torch.int64, device=device)
