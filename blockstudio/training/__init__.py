"""Recipe and diagram to trained weights: data, augmentation, loop, checkpoints. torch is imported on first use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from blockstudio.training.trainer import train, train_run

__all__ = ["train", "train_run"]


def __getattr__(name: str) -> Any:
    # Late, so that a trainer whose torch cannot be imported can still say so in its run's log.
    if name not in __all__:
        raise AttributeError(f"module 'blockstudio.training' has no attribute {name!r}")
    from blockstudio.training import trainer

    return getattr(trainer, name)
