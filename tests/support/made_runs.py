"""Run directories as a trainer leaves them, made without training."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from blockstudio.graph.diagram import Diagram
from blockstudio.graph.format import dumps
from blockstudio.graph.presets import load_preset
from blockstudio.runs.events import EventWriter
from blockstudio.runs.recipe import Recipe, with_fields
from blockstudio.runs.recipe_files import dumps_recipe
from blockstudio.runs.run import DIAGRAM, EVENTS, RECIPE, Run

SMALL = {"data.source": "digits", "steps": 100, "batch_size": 16, "optimizer.lr": 0.1}
_texts: dict[str, str] = {}


def made_run(
    directory: Path,
    *,
    network: str = "cifar_resnet",
    diagram: Diagram | None = None,
    recipe: Mapping[str, Any] | None = None,
    steps: int = 100,
    rise: float = 0.01,
    test: float | None = 0.9,
    confusion: list[list[int]] | None = None,
) -> Run:
    """A finished run whose training accuracy rises by ``rise`` a step; ``test=None``: it is still at it, or stopped."""
    directory.mkdir(parents=True)
    if diagram is None and network not in _texts:
        _texts[network] = dumps(load_preset(network, **({"n": 1} if network.startswith("cifar") else {})))
    (directory / DIAGRAM).write_text(_texts[network] if diagram is None else dumps(diagram))
    (directory / RECIPE).write_text(dumps_recipe(with_fields(Recipe(), {**SMALL, **(recipe or {})})))
    events = EventWriter(directory / EVENTS)
    events.write("started", device="cpu", images=1297, steps=steps, epochs=2, step=0, epoch=0, classes=10,
                 parameters=1234, steps_per_epoch=max(1, steps // 2))  # fmt: skip
    for step in range(1, steps + 1):
        events.write(
            "step", step=step, epoch=1 + step // (steps // 2 + 1), loss=2 / step, accuracy=min(1.0, rise * step),
            lr=0.05, images_per_second=300.0 + step, seconds_left=float(steps - step), aux=[],
        )  # fmt: skip
    for epoch in (1, 2):
        events.write(
            "epoch", epoch=epoch, step=steps // 2 * epoch, train_loss=1 / epoch, train_accuracy=0.4 * epoch,
            validation_loss=1.1 / epoch, validation_accuracy=0.45 * epoch,
        )  # fmt: skip
    if test is not None:
        events.write("finished", step=steps, test_accuracy=test, test_loss=0.3, seconds=12.5, confusion=confusion,
                     test_images=360, chance=0.1)  # fmt: skip
    else:
        events.write("stopped", step=steps)
    events.close()
    return Run(directory)
