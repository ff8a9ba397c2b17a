"""Batch normalisation over the images of all processes. PyTorch has it for GPUs; here it is for the CPU too."""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

_BatchNorm = nn.modules.batchnorm._BatchNorm


def synchronise(model: nn.Module, device: torch.device) -> nn.Module:
    """``model`` with every batch normalisation made one over all processes; keys, weights and buffers stay."""
    if device.type == "cuda":
        found: nn.Module = nn.SyncBatchNorm.convert_sync_batchnorm(model)  # type: ignore[no-untyped-call]
        return found
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            module.__class__ = type(f"Synchronised{type(module).__name__}", (_Synchronised, type(module)), {})
    return model


class _Total(torch.autograd.Function):
    """The sum over all processes; the gradient is that of what all of them make of it."""

    @staticmethod
    def forward(context: Any, values: Tensor) -> Tensor:
        found = values.clone()
        dist.all_reduce(found)
        return found

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> Tensor:
        found = gradient.clone()
        dist.all_reduce(found)
        return found


class _Synchronised(_BatchNorm):
    """Mean and deviation of the images of all processes, in training mode."""

    def forward(self, input: Tensor) -> Tensor:
        """``(N, C, …)`` to the same shape."""
        if not self.training:
            return super().forward(input)
        axes = [axis for axis in range(input.dim()) if axis != 1]
        count = input.numel() / input.shape[1]
        parts = [input.sum(axes), input.new_full((1,), count)]
        sums: Tensor = _Total.apply(torch.cat(parts))
        total = sums[-1]
        view = [1, -1] + [1] * (input.dim() - 2)
        mean = sums[:-1] / total
        centred = input - mean.view(view)
        # In a second round: the mean of squares less the square of the mean would lose digits.
        spread: Tensor = _Total.apply((centred * centred).sum(axes))
        variance = spread / total
        if self.track_running_stats and self.running_mean is not None and self.running_var is not None:
            assert self.num_batches_tracked is not None
            self.num_batches_tracked.add_(1)
            momentum = 1 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
            with torch.no_grad():
                self.running_mean.lerp_(mean.to(self.running_mean.dtype), momentum)
                unbiased = variance * total / (total - 1)
                self.running_var.lerp_(unbiased.to(self.running_var.dtype), momentum)
        found: Tensor = centred * torch.rsqrt(variance + self.eps).view(view)
        if self.affine:
            found = found * self.weight.view(view) + self.bias.view(view)
        return found.to(input.dtype)
