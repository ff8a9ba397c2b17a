"""Optimisers and learning rates of a recipe."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from blockstudio.runs.optimizers import OPTIMIZERS
from blockstudio.runs.recipe import Recipe
from blockstudio.runs.schedules import SCHEDULES, Moment
from blockstudio.runs.structure import Schedule

FACTOR = "lr_factor"
"""The entry of an optimiser's group with the factor on its learning rate, where it has one."""


def build_optimizer(model: nn.Module, recipe: Recipe, device: torch.device, recorded: bool = False) -> Optimizer:
    """The recipe's optimiser over ``model``'s parameters. With ``spare_norm_and_bias`` vectors (biases, scale and
    shift of normalisation) are a group of their own without weight decay. For a ``recorded`` step the learning rate
    lies on the device, where each step finds it anew."""
    wanted = recipe.optimizer
    rate = wanted.lr
    decay = wanted.weight_decay
    assert rate is not None and decay is not None
    groups = _groups(model, wanted.bias_lr, 0.0 if wanted.spare_norm_and_bias and decay else None)
    rule = OPTIMIZERS[wanted.name]
    arguments: dict[str, Any] = {
        name: getattr(wanted, fields) if isinstance(fields, str) else tuple(getattr(wanted, field) for field in fields)
        for name, fields in rule.arguments.items()
    }
    if rule.fused:
        # One kernel over all parameters where there is one: less time between steps, the same arithmetic.
        arguments["fused"] = device.type in ("cpu", "cuda")
    lr: float | Tensor = rate
    if recorded:
        lr = torch.tensor(rate, dtype=torch.float32, device=device)
        if rule.capturable:
            arguments["capturable"] = True
    made: Optimizer = getattr(torch.optim, rule.torch)(groups, lr=lr, weight_decay=decay, **arguments)
    for group in made.param_groups:
        factor = group.get(FACTOR, 1.0)
        if isinstance(lr, Tensor) and factor != 1.0:
            group["lr"] = lr * factor  # a tensor of its own
    return made


def _groups(model: nn.Module, bias_lr: float, spared_decay: float | None) -> list[dict[str, Any]]:
    """Weights, then vectors with ``spared_decay`` where that is given, then biases where they have a rate of their
    own. Groups that would be empty are left out."""
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    biases: set[Tensor] = set()
    if bias_lr != 1.0:
        biases = {parameter for name, parameter in model.named_parameters() if name.rpartition(".")[2] == "bias"}
    spared: dict[str, Any] = {} if spared_decay is None else {"weight_decay": spared_decay}
    kinds: list[tuple[dict[str, Any], list[nn.Parameter]]] = [
        ({}, [p for p in parameters if p not in biases and (not spared or p.ndim > 1)]),
        (spared, [p for p in parameters if p not in biases and spared and p.ndim <= 1]),
        ({**spared, FACTOR: bias_lr}, [p for p in parameters if p in biases]),
    ]
    found: list[dict[str, Any]] = [{"params": members, **fields} for fields, members in kinds if members]
    return found or [{"params": parameters}]


def rate_factor(schedule: Schedule, step: int, total: int, steps_per_epoch: int) -> float:
    """Share of the peak learning rate at ``step`` (from 0) of ``total``: a pure function, so that nothing has to
    be restored when a run is continued."""
    curve = SCHEDULES[schedule.name]
    rise = schedule.warmup * total
    if step < rise:
        return schedule.warmup_rate or curve.rise((step + 1) / (rise + 1))
    gamma = schedule.gamma if schedule.gamma is not None else curve.gamma if curve.gamma is not None else 1.0
    at = Moment(step, total, steps_per_epoch, rise, schedule.milestones, gamma, schedule.final, schedule.every)
    return curve.share(at)


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
        self.put(self._peak * rate_factor(self._schedule, step, self._total, self._steps_per_epoch))

    def put(self, rate: float) -> None:
        """The rate ``rate``, whatever the schedule says."""
        self.rate = rate
        for group in self._optimizer.param_groups:
            own = rate * group[FACTOR] if FACTOR in group else rate
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(own)
            else:
                group["lr"] = own
