"""A batch normalisation under the microscope.

Ioffe and Szegedy, *Batch Normalization* (arXiv 1502.03167), algorithms 1 and 2; what the moving averages are is
PyTorch's: running ← (1 − momentum)·running + momentum·batch, with the variance over m − 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod, sqrt

import torch
from torch import Tensor, nn

from blockstudio.blocks import CATALOGUE
from blockstudio.blocks.normalisation import BatchNorm2d
from blockstudio.errors import StudioError
from blockstudio.graph.expand import Port
from blockstudio.laboratory.measure import Measure, measure
from blockstudio.laboratory.places import shape_at
from blockstudio.laboratory.subject import Subject, rebatched
from blockstudio.text import say

Batches = Sequence[tuple[Tensor, Tensor]]
REACH, FLAT = 6.0, 0.1
"""How far an activation's slope is looked at, and what share of its steepest counts as flat."""


def norms(subject: Subject) -> list[str]:
    """Paths of the batch normalisations, from the input to the output. Raises `StudioError` ``lab.batchnorm`` if there
    is none."""
    order = [name for unit in subject.trunk.units for name in unit.blocks]
    blocks = dict(subject.trunk.flat.main.blocks())
    found = [
        name for name in order
        # Others, that normalise each image by itself, may keep averages too.
        if f"{name}.running_mean" in subject.weights and isinstance(CATALOGUE[blocks[name].type], BatchNorm2d)
    ]  # fmt: skip
    if not found:
        raise StudioError("lab.batchnorm", say("has no batch normalisation."), where=subject.diagram.name)
    return found


@dataclass(frozen=True)
class Averages:
    """What a channel's batches had, and what a moving average makes of it."""

    count: int
    """m: values of the channel in a batch, N·H·W."""
    means: tuple[float, ...]
    """Of each batch."""
    variances: tuple[float, ...]
    """Of each batch, over m (what the batch itself is normalised by)."""
    moving_mean: tuple[float, ...]
    """Behind each batch; in front of the first stands the start."""
    moving_variance: tuple[float, ...]
    exact_mean: float
    """The mean of the batches' means."""
    exact_variance: float
    """The mean of the batches' variances over m − 1, the paper's algorithm 2, step 10."""


@dataclass(frozen=True)
class Stages:
    """The values of one channel on their way."""

    before: Tensor
    """``(N·H·W,)``, as they come in."""
    normalised: Tensor
    """Less the batch's mean, over its deviation."""
    scaled: Tensor
    """Times γ, plus β."""
    mean: float
    deviation: float
    """√(variance + ε)."""
    gamma: float
    beta: float


@dataclass(frozen=True)
class Fed:
    """What the activation behind a normalisation makes of its values."""

    block: str
    """Its path."""
    at: tuple[float, ...]
    """Values from −`REACH` to `REACH`."""
    slopes: tuple[float, ...]
    """How steep the activation is there."""
    flat: float
    """The share of the batch's values at which its slope is below a tenth of its steepest: cut off, or saturated."""


class Microscope:
    """One batch normalisation of a trained network.

    Args:
        subject: Who is asked.
        block: Path of the normalisation; ``None``: the first. Raises `StudioError` ``lab.batchnorm``.
    """

    def __init__(self, subject: Subject, block: str | None = None) -> None:
        found = norms(subject)
        block = found[0] if block is None else block
        if block not in found:
            raise StudioError("lab.batchnorm", say("is no batch normalisation of this network."), where=block,
                              hint=say("There are: {names}.", names=", ".join(found)))  # fmt: skip
        self.subject, self.block = subject, block
        wire = subject.trunk.wires[block][0]
        self._place = Port(wire.source, wire.source_port)
        order = [name for unit in subject.trunk.units for name in unit.blocks]
        # The image itself is no value on the way: it is there already.
        self._tapped = subject.tapped(self._place) if self._place.path in order else None
        network = subject.tapped().module
        module = network.get_submodule(block)
        assert isinstance(module, nn.BatchNorm2d | nn.BatchNorm1d)
        self.module = module
        self.channels = shape_at(subject, self._place)[0]

    def values(self, images: Tensor) -> Tensor:
        """What comes in for a batch: ``(N, C, H, W)``."""
        with torch.inference_mode():
            found: Tensor = images if self._tapped is None else self._tapped(images)[1]
        return found

    def averages(
        self, batches: Batches, channel: int = 0, momentum: float | None = None,
        start: tuple[float, float] | None = None, go_on: Callable[[], bool] = lambda: True,
    ) -> Averages:  # fmt: skip
        """Batches go by, the weights stay: the statistics of each, and the moving averages behind it.

        Args:
            batches: In the order in which they go by.
            channel: Of the normalisation.
            momentum: The weight of the newest batch; without, the block's own.
            start: Mean and variance in front of the first batch; without, 0 and 1 as in a new network.
            go_on: Asked before each batch; ``False`` ends with `StudioError` ``lab.cancelled``.

        Raises:
            StudioError: ``lab.unit`` for a channel that is not there, ``lab.images`` without batches.
        """
        self._check(channel)
        if not batches:
            raise StudioError("lab.images", say("there are no images."), where=self.block)
        weight = self.momentum if momentum is None else momentum
        mean, variance = (0.0, 1.0) if start is None else start
        count, means, variances, moving, spread = 0, list[float](), list[float](), list[float](), list[float]()
        for images, _ in batches:
            if not go_on():
                raise StudioError("lab.cancelled", say("was cancelled."))
            values = self.values(images)[:, channel].double().flatten()
            count = len(values)
            means.append(float(values.mean()))
            variances.append(float(values.var(correction=0)))
            mean = (1 - weight) * mean + weight * means[-1]
            variance = (1 - weight) * variance + weight * variances[-1] * corrected(count)
            moving.append(mean)
            spread.append(variance)
        exact = sum(variances) / len(variances) * corrected(count)
        return Averages(count, tuple(means), tuple(variances), tuple(moving), tuple(spread),
                        sum(means) / len(means), exact)  # fmt: skip

    @property
    def momentum(self) -> float:
        """The weight of the newest batch."""
        return 0.1 if self.module.momentum is None else self.module.momentum

    def stages(self, images: Tensor, channel: int = 0) -> Stages:
        """The values of one channel before and after each step of the paper's algorithm 1, with the batch's own
        statistics. Raises `StudioError` ``lab.unit``."""
        self._check(channel)
        values = self.values(images)[:, channel].float().flatten()
        mean, variance = float(values.mean()), float(values.var(correction=0))
        deviation = sqrt(variance + self.module.eps)
        gamma = 1.0 if self.module.weight is None else float(self.module.weight[channel].detach())
        beta = 0.0 if self.module.bias is None else float(self.module.bias[channel].detach())
        normalised = (values - mean) / deviation
        return Stages(values, normalised, gamma * normalised + beta, mean, deviation, gamma, beta)

    def fed(self, images: Tensor, channel: int = 0) -> Fed | None:
        """What the activation behind the normalisation is fed with a batch's own statistics; ``None`` if no activation
        follows at once. Raises `StudioError` ``lab.unit``."""
        trunk, own = self.subject.trunk, Port(self.block, "out")
        shape = shape_at(self.subject, own)
        followers = [
            name for unit in trunk.units for name in unit.blocks
            if any(wire.source == self.block for wire in trunk.wires[name])
            and CATALOGUE[trunk.flat.main.block(name).type].family == "activation"
        ]  # fmt: skip
        if not followers or trunk.analysis.blocks[followers[0]].output_shapes["out"] != shape:
            return None
        activation = self.subject.stretch(followers[:1], own, Port(followers[0], "out"))
        grid = torch.linspace(-REACH, REACH, 201, device=self.subject.device)
        slopes = _slopes(activation, grid.view(-1, *(1 for _ in shape)).expand(-1, *shape).contiguous(), channel)
        at = slopes.reshape(len(grid), -1)[:, 0].abs()  # (N,) of vectors
        steepest = float(at.max())
        if not steepest > 0:
            return None  # It weighs values against each other, as softmax does.
        scaled = self.stages(images, channel).scaled
        found = torch.zeros(len(scaled) // prod(shape[1:]), *shape, device=scaled.device)
        found[:, channel] = scaled.view(-1, *shape[1:])
        flat = _slopes(activation, found, channel).abs() < FLAT * steepest
        return Fed(followers[0], tuple(grid.tolist()), tuple(at.tolist()), float(flat.float().mean()))

    def _check(self, channel: int) -> None:
        if not 0 <= channel < self.channels:
            text = say("has channels 0 to {last}, not {unit}.", last=self.channels - 1, unit=channel)
            raise StudioError("lab.unit", text, where=self.block)


def _slopes(activation: nn.Module, values: Tensor, channel: int) -> Tensor:
    """How steep an activation is at each value of a channel: ``(N, …)`` of ``(N, C, …)``."""
    leaf = values.detach().clone().requires_grad_()
    with torch.enable_grad():
        (found,) = torch.autograd.grad(activation(leaf).sum(), leaf)
    return found[:, channel]


def corrected(count: int) -> float:
    """m / (m − 1), by which the variance over m becomes the one that the moving average is fed."""
    return count / (count - 1) if count > 1 else 1.0


@contextmanager
def batch_statistics(network: nn.Module) -> Iterator[None]:
    """While it lasts, every batch normalisation uses the statistics of the batch; the moving averages stay.

    Raises:
        StudioError: ``lab.batchnorm`` where a batch leaves a channel a single value.
    """
    found = [module for module in network.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]
    before = [(module.training, module.momentum) for module in found]
    kept = [module.num_batches_tracked.clone() if module.num_batches_tracked is not None else None for module in found]
    try:
        for module in found:
            module.training, module.momentum = True, 0.0
        with _single_values_told():
            yield
    finally:
        for module, (training, momentum), count in zip(found, before, kept, strict=True):
            module.training, module.momentum = training, momentum
            if count is not None and module.num_batches_tracked is not None:
                module.num_batches_tracked.copy_(count)


@contextmanager
def _single_values_told() -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        if "more than 1 value per channel" not in str(error):
            raise
        text = say("a batch of one image leaves a channel a single value, whose deviation is 0.")
        hint = say("Take batches of another size, so that the last one is larger too.")
        raise StudioError("lab.batchnorm", text, hint=hint) from None


def re_estimate(network: nn.Module, batches: Batches, go_on: Callable[[], bool] = lambda: True) -> None:
    """Put the exact averages over these batches in place of the moving ones (the paper's algorithm 2). A last image
    that is a batch by itself says nothing of a deviation and is left out."""
    if len(batches) > 1 and len(batches[-1][1]) == 1:
        batches = batches[:-1]
    found = [module for module in network.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]
    for module in found:
        module.reset_running_stats()
        module.training, module.momentum = True, None  # None: the plain average over all batches.
    try:
        with torch.no_grad(), _single_values_told():
            for images, _ in batches:
                if not go_on():
                    raise StudioError("lab.cancelled", say("was cancelled."))
                network(images)
    finally:
        for module in found:
            module.training = False


def by_batch_size(
    subject: Subject, sizes: Sequence[int], batches: Batches,
    progress: Callable[[int, int], None] = lambda done, of: None, go_on: Callable[[], bool] = lambda: True,
) -> dict[int, Measure | StudioError]:  # fmt: skip
    """How good the network is if every batch is normalised by its own statistics, for several sizes of batch.

    Args:
        subject: Who is asked. Raises `StudioError` ``lab.batchnorm`` if it has no batch normalisation.
        sizes: Images in a batch.
        batches: Images with labels.
        progress: Called after each size.
        go_on: Asked before each batch.

    Returns:
        By size; for one at which a channel would have a single value, or of which there is no batch, why it cannot be.
    """
    norms(subject)
    network = subject.tapped()
    found: dict[int, Measure | StudioError] = {}
    for size in sizes:
        # The last batch is as large as the others.
        whole = [each for each in rebatched(batches, size) if len(each[1]) == size]
        try:
            if not whole:
                raise StudioError("lab.batchnorm", say("there are not so many images."))
            with torch.inference_mode(), batch_statistics(network):
                found[size] = measure(network, whole, go_on)
        except StudioError as error:
            if error.code != "lab.batchnorm":
                raise
            found[size] = error
        progress(len(found), len(sizes))
    return found
