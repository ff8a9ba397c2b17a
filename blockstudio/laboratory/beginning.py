"""What a network begins with: signal and gradient of every block in the very first step, for several initialisations.

Glorot and Bengio, *Understanding the difficulty of training deep feedforward neural networks* (2010), section 4; He et
al. (arXiv 1502.01852), section 2.2. The weights are drawn as a run with this seed draws them, the batch is the first
of that run, the mode is that of training; nothing is updated.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from blockstudio.analysis.trunk import trunk
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.runs.adapt import adapt, image_shape, input_shape, needs_initial
from blockstudio.runs.datasets import describe
from blockstudio.runs.recipe import Recipe, with_fields
from blockstudio.text import say
from blockstudio.training.data import load_data
from blockstudio.training.data.batches import Feeder
from blockstudio.training.device import choose_device
from blockstudio.training.losses import Criterion, auxiliary_weights, class_weights
from blockstudio.training.prepare import build_network
from blockstudio.training.watch import Watch


@dataclass(frozen=True)
class Begun:
    """One block in the first step; norms are Euclidean, geometric means over the seeds, 0 where one of them is."""

    path: str
    gradient: float
    """Of its weights' gradient."""
    weight: float
    """Of its weights."""
    deviation: float
    """Of what it gives, on the first 32 images of the batch."""
    gradients: tuple[float, ...]
    """The gradient's norm, a seed each."""
    aside: bool
    """It leads to an auxiliary output alone."""


@dataclass(frozen=True)
class Beginning:
    """A network in its first step."""

    initial: str
    """How its weights were drawn: a value of the recipe's ``start.initial``; ``auto`` is told as what it comes to."""
    loss: float
    """Mean over the seeds."""
    even: float
    """The loss of a network that finds every class as likely: ln of their number, and that of each auxiliary output by
    its weight."""
    blocks: tuple[Begun, ...]
    """Those with weights, in the order of the signal."""


def fitted(diagram: Diagram, source: str = "digits") -> tuple[Diagram, Recipe]:
    """A diagram as a run on these data would have it, with that run's recipe.

    Args:
        diagram: Any; it is not changed.
        source: As ``data.source`` of a recipe.

    Raises:
        StudioError: Everything that is wrong with diagram and data.
    """
    found, recipe, _ = adapt(diagram, with_fields(Recipe(), {"data.source": source}))
    return found, recipe


def beginning(
    diagram: Diagram, recipe: Recipe, initials: Sequence[str] = (), seeds: Sequence[int] = (0, 1, 2),
    batch_size: int | None = None, progress: Callable[[int, int], None] = lambda done, of: None,
    go_on: Callable[[], bool] = lambda: True,
) -> list[Beginning]:  # fmt: skip
    """The first step of a network, for each of several initialisations.

    Args:
        diagram: Fitted to the data, as a run's is; see `fitted`.
        recipe: Of a run.
        initials: Values of ``start.initial``; the recipe's own without.
        seeds: Of weights and order of the images.
        batch_size: Images in the batch; the recipe's without.
        progress: Called after each seed.
        go_on: Asked before each seed; ``False`` ends with `StudioError` ``lab.cancelled``.

    Raises:
        StudioError: ``data.*``, ``recipe.value``.
    """
    device = choose_device(recipe.device)
    shape = input_shape(diagram)
    splits = load_data(recipe.data, image_shape(shape, describe(recipe.data).channels))
    wanted = [_plain(name, diagram) for name in (initials or (recipe.start.initial,))]
    size = min(batch_size or recipe.batch_size or 64, len(splits.train))
    classes = class_weights(recipe, splits.train.labels, len(splits.classes))
    auxiliary = auxiliary_weights(diagram)
    criterion = Criterion(recipe, auxiliary, None if classes is None else classes.to(device))
    even = math.log(len(splits.classes)) * (1 + recipe.auxiliary * math.fsum(auxiliary))
    onward = {name for unit in trunk(diagram).units for name in unit.blocks}
    found, done = list[Beginning](), 0
    for initial in wanted:
        losses, measured = list[float](), list[dict[str, tuple[float, float, float]]]()
        for seed in seeds:
            if not go_on():
                raise StudioError("lab.cancelled", say("was cancelled."))
            own = with_fields(recipe, {"start.initial": initial, "seed": seed, "batch_size": size})
            loss, figures = _first_step(diagram, own, Feeder(splits, own, device), criterion, len(shape) == 1)
            losses.append(loss)
            measured.append(figures)
            done += 1
            progress(done, len(wanted) * len(seeds))
        blocks = tuple(_over_seeds(path, [each[path] for each in measured], path not in onward) for path in measured[0])
        found.append(Beginning(initial, math.fsum(losses) / len(losses), even, blocks))
    return found


def _first_step(
    diagram: Diagram, recipe: Recipe, feeder: Feeder, criterion: Criterion, flat: bool
) -> tuple[float, dict[str, tuple[float, float, float]]]:
    """Loss, and by path the norms of gradient and weight and the deviation of the output."""
    device = choose_device(recipe.device)
    model = build_network(diagram, recipe, device)
    watch = Watch(model, device, 1)
    try:
        batch = next(feeder.train(1, 0))
    finally:
        feeder.close()
    watch.begin()
    with torch.enable_grad():
        loss, _, _ = criterion(model(batch.images.flatten(1) if flat else batch.images), batch)
        loss.backward()  # type: ignore[no-untyped-call]
    watch.before_update()
    figures = watch.after_update(0.0)
    rows = zip(watch.paths, figures["gradient"], figures["weight"], figures["deviation"], strict=True)
    return float(loss.detach()), {
        path: (gradient, weight or 0.0, deviation or 0.0)
        for path, gradient, weight, deviation in rows if gradient is not None
    }  # fmt: skip


def _plain(initial: str, diagram: Diagram) -> str:
    """What ``auto`` comes to."""
    return initial if initial != "auto" else "he" if needs_initial(diagram) else "torch"


def _over_seeds(path: str, values: Sequence[tuple[float, float, float]], aside: bool) -> Begun:
    gradient, weight, deviation = (_geometric(column) for column in zip(*values, strict=True))
    return Begun(path, gradient, weight, deviation, tuple(value[0] for value in values), aside)


def _geometric(values: Sequence[float]) -> float:
    return math.exp(math.fsum(map(math.log, values)) / len(values)) if min(values) > 0 else 0.0
