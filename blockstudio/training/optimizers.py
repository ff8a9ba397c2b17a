"""Optimisers and learning rates of a recipe."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.optim import Optimizer

from blockstudio.runs.adapt import GAMMAS
from blockstudio.runs.recipe import Recipe
from blockstudio.runs.structure import Schedule

ONE_CYCLE_START = 1 / 25
"""Share of the peak rate with which one-cycle begins."""


def build_optimizer(model: nn.Module, recipe: Recipe, device: torch.device) -> Optimizer:
    """The recipe's optimiser over ``model``'s parameters. With ``spare_norm_and_bias`` vectors (biases, scale and
    shift of normalisation) are a group of their own without weight decay."""
    wanted = recipe.optimizer
    rate = wanted.lr
    decay = wanted.weight_decay
    assert rate is not None and decay is not None
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups: list[dict[str, object]] = [{"params": parameters}]
    if wanted.spare_norm_and_bias and decay:
        groups = [
            {"params": [p for p in parameters if p.ndim > 1]},
            {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
        ]
        groups = [group for group in groups if group["params"]]
    # One kernel over all parameters where there is one: less time between steps, the same arithmetic.
    fused = device.type in ("cpu", "cuda")
    match wanted.name:
        case "sgd":
            nesterov = wanted.nesterov
            return torch.optim.SGD(
                groups, rate, momentum=wanted.momentum, nesterov=nesterov, weight_decay=decay, fused=fused
            )
        case "adam":
            betas = (wanted.beta1, wanted.beta2)
            return torch.optim.Adam(groups, rate, betas=betas, eps=wanted.eps, weight_decay=decay, fused=fused)
        case "adamw":
            betas = (wanted.beta1, wanted.beta2)
            return torch.optim.AdamW(groups, rate, betas=betas, eps=wanted.eps, weight_decay=decay, fused=fused)
        case "rmsprop":
            return torch.optim.RMSprop(
                groups, rate, alpha=wanted.alpha, eps=wanted.eps, momentum=wanted.momentum, weight_decay=decay
            )


def rate_factor(schedule: Schedule, step: int, total: int, steps_per_epoch: int) -> float:
    """Share of the peak learning rate at ``step`` (from 0) of ``total``: a pure function, so that nothing has to
    be restored when a run is continued."""
    gamma = GAMMAS.get(schedule.name, 1.0) if schedule.gamma is None else schedule.gamma
    rise = schedule.warmup * total
    if step < rise:
        share = (step + 1) / (rise + 1)
        if schedule.name != "one_cycle":
            return share
        return ONE_CYCLE_START + (1 - ONE_CYCLE_START) * (1 - math.cos(math.pi * share)) / 2
    match schedule.name:
        case "constant":
            return 1.0
        case "step":
            passed = sum(step >= place * total for place in schedule.milestones)
            return float(gamma**passed)
        case "exponential":
            return float(gamma ** (step // steps_per_epoch))
    # Cosine, and the fall of one-cycle.
    share = (step - rise) / max(1.0, total - rise)
    return schedule.final + (1 - schedule.final) * (1 + math.cos(math.pi * share)) / 2


class Rates:
    """Sets the learning rate of a run's optimiser before each step."""

    def __init__(self, optimizer: Optimizer, recipe: Recipe, total: int, steps_per_epoch: int) -> None:
        assert recipe.optimizer.lr is not None
        # Not its groups: restoring a checkpoint puts others in their place.
        self._optimizer = optimizer
        self._peak = recipe.optimizer.lr
        self._schedule = recipe.schedule
        self._total = total
        self._steps_per_epoch = steps_per_epoch
        self.rate = 0.0

    def set(self, step: int) -> None:
        """Before the step number ``step``, from 0."""
        self.rate = self._peak * rate_factor(self._schedule, step, self._total, self._steps_per_epoch)
        for group in self._optimizer.param_groups:
            group["lr"] = self.rate
