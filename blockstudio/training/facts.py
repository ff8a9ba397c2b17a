"""What a trainer says of itself as it starts, and what has to be as it was when it goes on."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from blockstudio.errors import StudioError
from blockstudio.runs.checkpoints import Checkpoint
from blockstudio.runs.recipe import Recipe
from blockstudio.text import say
from blockstudio.training.data.batches import Feeder
from blockstudio.training.data.load import DataSplits
from blockstudio.training.device import device_name


def started_facts(
    model: nn.Module, splits: DataSplits, recipe: Recipe, feeder: Feeder, device: torch.device
) -> dict[str, Any]:
    """Fields of a ``started`` event that do not change while it trains."""
    return {
        "device": device_name(device),
        "images": feeder.images,
        "validation_images": len(splits.validation) if splits.validation is not None else 0,
        "test_images": len(splits.test) if splits.test is not None else 0,
        "steps_per_epoch": feeder.steps_per_epoch,
        "batch_size": feeder.batch_size,
        "processes": feeder.processes,
        "classes": list(splits.classes),
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "trainable": sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad),
        "input": list(splits.shape),
        "precision": recipe.precision,
    }


def check_same_data(checkpoint: Checkpoint, notes: dict[str, Any], splits: DataSplits) -> None:
    """Raises `StudioError` ``run.data`` where the images are others than those the checkpoint was trained on."""
    if notes["data"] != splits.fingerprint():
        raise StudioError(
            "run.data",
            say("the images are not those it was trained on so far."),
            where=str(checkpoint.path),
            hint=say("Bring them back as they were, or start a new run."),
        )
