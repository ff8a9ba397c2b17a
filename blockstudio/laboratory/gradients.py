"""What gradient reaches the input along paths of each length.

Veit, Wilber and Belongie (arXiv 1605.06431), section 4.3: a batch goes forward through the whole network; on the way
back, k units are drawn, and the gradient goes through the branches of those k and the shortcuts of all others.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from blockstudio.analysis.path_lengths import path_lengths
from blockstudio.analysis.trunk import Unit
from blockstudio.errors import StudioError
from blockstudio.graph.expand import Port
from blockstudio.laboratory.subject import Subject
from blockstudio.text import say


@dataclass(frozen=True)
class Strength:
    """The gradient at the input along paths of one length."""

    length: int
    """Branches gone through."""
    log_norms: tuple[float, ...]
    """Natural logarithm of the gradient's norm, a draw each; −∞ where none arrives."""

    @property
    def mean_log(self) -> float:
        """Of those that arrive; the arithmetic mean of norms would be ruled by outliers."""
        known = [value for value in self.log_norms if value > -math.inf]
        return math.fsum(known) / len(known) if known else -math.inf


@dataclass
class _Halves:
    """A residual unit in parts: y = tail(shortcut(x) + Σ branch(x))."""

    shortcut: nn.Module
    branches: list[nn.Module]
    tail: nn.Module

    def __call__(self, values: Tensor, way: bool | None) -> Tensor:
        """``way``: through the branches only (``True``), the shortcut only (``False``), or both (``None``), as far as
        the gradient is concerned; the values are the same."""
        around, through = self.shortcut(values), sum(branch(values) for branch in self.branches)
        if way is True:
            around = around.detach()
        elif way is False:
            through = through.detach()
        found: Tensor = self.tail(around + through)
        return found


@dataclass
class PathGradients:
    """Sends gradients back along chosen paths of one batch.

    Args:
        subject: A network with residual units. Raises `StudioError` ``lab.paths`` for one without.
        images: ``(N, C, H, W)``, as `Subject.images` gives them.
        labels: ``(N,)``.
        go_on: Asked before each draw; ``False`` ends with `StudioError` ``lab.cancelled``.
    """

    subject: Subject
    images: Tensor
    labels: Tensor
    go_on: Callable[[], bool] = lambda: True
    _entering: list[Tensor] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        self.residual = [unit.name for unit in self.subject.trunk.residual_units]
        if not self.residual:
            text = (
                say("has no sum with a shortcut, so there is one path and no other.")
                if path_lengths(self.subject.trunk).total == 1 else
                say("has no sum with a shortcut; its paths meet where they cannot be followed one by one.")
            )  # fmt: skip
            raise StudioError("lab.paths", text, where=self.subject.diagram.name)
        self._units = [self._parts(unit) for unit in self.subject.trunk.units]
        values = self.images
        with torch.no_grad():
            for unit in self._units:
                self._entering.append(values)
                values = unit(values, None) if isinstance(unit, _Halves) else unit(values)
        values = values.flatten(1).requires_grad_()
        (self._last,) = torch.autograd.grad(F.cross_entropy(values, self.labels), values)
        self._last_shape = values.shape

    def along(self, branches: Collection[str] | None) -> tuple[Tensor, float]:
        """The gradient of the batch's mean loss at the input along the path through these branches.

        Args:
            branches: Names of residual units whose branch is taken; ``None``: all paths together.

        Returns:
            The gradient ``(N, C, H, W)`` over its norm, and that norm's natural logarithm: along long paths the norm
            itself would underflow.
        """
        gradient, log = self._last, 0.0
        for index in range(len(self._units) - 1, -1, -1):
            unit, name = self._units[index], self.subject.trunk.units[index].name
            values = self._entering[index].detach().requires_grad_()
            with torch.enable_grad():
                if isinstance(unit, _Halves):
                    found = unit(values, None if branches is None else name in branches)
                else:
                    found = unit(values)
            (gradient,) = torch.autograd.grad(found, values, gradient.view_as(found))
            norm = float(gradient.norm())
            if norm == 0:
                return torch.zeros_like(self.images), -math.inf
            gradient, log = gradient / norm, log + math.log(norm)
        return gradient, log

    def by_length(self, lengths: Sequence[int], draws: int, seed: int = 0) -> list[Strength]:
        """Strengths of paths of each length, ``draws`` paths drawn for each."""
        found: list[Strength] = []
        for length in lengths:
            chance, logs = random.Random(f"{seed}/{length}"), list[float]()
            for _ in range(draws if 0 < length < len(self.residual) else 1):
                if not self.go_on():
                    raise StudioError("lab.cancelled", say("was cancelled."))
                logs.append(self.along(set(chance.sample(self.residual, length)))[1])
            found.append(Strength(length, tuple(logs)))
        return found

    def _parts(self, unit: Unit) -> nn.Module | _Halves:
        if not unit.residual or unit.replaced is None or unit.shortcut is None:
            return self.subject.pieces[unit.name]
        before = [Port(wire.source, wire.source_port) for wire in self.subject.trunk.wires[unit.replaced.path]]
        place = unit.blocks.index(unit.replaced.path)
        front, behind = unit.blocks[:place], unit.blocks[place + 1 :]
        branches = [self.subject.stretch(front, unit.source, port) for port in before if port != unit.shortcut]
        return _Halves(
            self.subject.stretch(front, unit.source, unit.shortcut),
            branches,
            self.subject.stretch(behind, unit.replaced, unit.result),
        )


def contributions(strengths: Sequence[Strength], shares: Sequence[float]) -> list[float]:
    """How much all paths of each length together bring, as shares of the whole: how many there are times how strong
    each is.

    Args:
        strengths: By length.
        shares: The share of paths of each of these lengths.
    """
    logs = [
        strength.mean_log + math.log(share) if share > 0 else -math.inf
        for strength, share in zip(strengths, shares, strict=True)
    ]
    top = max(logs)
    if top == -math.inf:
        return [0.0] * len(logs)
    parts = [math.exp(value - top) for value in logs]
    return [part / math.fsum(parts) for part in parts]
