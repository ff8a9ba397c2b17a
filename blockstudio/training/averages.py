"""Averages over the steps: a moving one of the weights, and exact ones in place of BatchNorm's young moving ones."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim.swa_utils import get_ema_multi_avg_fn

from blockstudio.training.device import Precision

GROWN = 5
"""So many times 1 / momentum steps a moving average needs to forget what it began with: e⁻⁵ of it is left."""


class AveragedWeights:
    """A moving average of a network's weights and running statistics, by torch's own rule, in a network of its own.

    torch's `AveragedModel` asks the device in every step whether it is the first; this one knows.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.model = copy.deepcopy(model).requires_grad_(False)
        pairs = list(zip(self.model.state_dict().values(), model.state_dict().values(), strict=True))
        self._floats = [(mean, value) for mean, value in pairs if mean.is_floating_point()]
        self._others = [(mean, value) for mean, value in pairs if not mean.is_floating_point()]
        self._rule: Callable[..., None] = get_ema_multi_avg_fn(decay)  # type: ignore[no-untyped-call]

    @torch.no_grad()
    def update(self) -> None:
        """After a step of the optimiser."""
        self._rule([mean for mean, _ in self._floats], [value for _, value in self._floats], None)
        for mean, value in self._others:
            mean.copy_(value)

    @torch.no_grad()
    def begin(self) -> None:
        """From the weights as they are now."""
        for mean, value in (*self._floats, *self._others):
            mean.copy_(value)


def grown_after(model: nn.Module) -> int:
    """Steps after which the moving averages of ``model``'s normalisations have forgotten their beginning; 0 if it has
    none that move."""
    momenta = [norm.momentum for norm in _moving(model) if norm.momentum]
    return math.ceil(GROWN / min(momenta)) if momenta else 0


def exact_statistics(
    model: nn.Module,
    batches: Iterable[Tensor],
    layout: Callable[[Tensor], Tensor],
    precision: Precision,
    go_on: Callable[[], bool],
) -> bool:
    """Put the means over ``batches`` of normalised images in place of the running statistics; everything but the
    normalisations is in eval mode meanwhile. Asks ``go_on`` between batches and leaves all as it was where it says
    no; returns what it said."""
    norms = _moving(model)
    before = [(module, module.training) for module in model.modules()]
    kept = [(value, value.clone()) for norm in norms for value in norm.buffers(recurse=False)]
    momenta = [norm.momentum for norm in norms]
    done = True
    model.eval()
    try:
        for norm in norms:
            # Without a momentum the mean of all batches is taken, from the first one on.
            norm.momentum = None
            norm.train()
            assert norm.num_batches_tracked is not None
            norm.num_batches_tracked.zero_()
        with torch.no_grad():
            for images in batches:
                done = go_on()
                if not done:
                    break
                with precision.autocast():
                    model(layout(images))
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
        for module, training in before:
            module.training = training
        for value, old in kept:
            # What counts the steps of training goes on counting them.
            if not done or not value.is_floating_point():
                value.copy_(old)
    return done


def _moving(model: nn.Module) -> list[_BatchNorm]:
    """The normalisations whose running statistics follow the batches; frozen ones do not."""
    return [
        module
        for module in model.modules()
        if isinstance(module, _BatchNorm) and module.training and module.num_batches_tracked is not None
    ]
