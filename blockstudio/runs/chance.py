"""Whether a result says that nothing was learnt."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from blockstudio.text import Text, say

SURE = 2.0
"""Standard deviations by which an accuracy must be above that of guessing."""
BY_HEART = 0.9
"""Accuracy on the training images from which on it is not learning that failed."""


def at_chance(accuracy: float, chance: float, images: int) -> bool:
    """Whether ``accuracy`` on ``images`` is what an answer that is always the same class may reach, which is right on
    the share ``chance``."""
    return accuracy <= chance + SURE * math.sqrt(chance * (1 - chance) / max(1, images))


def doubt(finished: Mapping[str, Any] | None, trained: float | None = None) -> Text | None:
    """What to say of a ``finished`` event whose accuracy is that of guessing, with what to try; else ``None``.
    ``trained``: the accuracy on the training images in the last epoch, where it is known."""
    accuracy, chance = (finished or {}).get("test_accuracy"), (finished or {}).get("chance")
    images = (finished or {}).get("test_images")
    if not isinstance(accuracy, int | float) or not isinstance(chance, int | float) or not isinstance(images, int):
        return None
    if not 0 <= chance < 1 or not at_chance(accuracy, chance, images):
        return None
    if isinstance(trained, int | float) and trained >= BY_HEART:
        return say(
            "The network knows its training images by heart ({trained:.1%} are right), but nothing of it holds for "
            "others: {accuracy:.1%} of the test images are right, and always answering the most frequent class would "
            "be right for {chance:.1%}. Try augmentation (mirrored, shifted, in other colours), more images, a smaller "
            "network or one that begins with trained weights.",
            trained=trained, accuracy=accuracy, chance=chance,
        )  # fmt: skip
    return say(
        "The network has learnt nothing that shows: {accuracy:.1%} of the test images are right, and always answering "
        "the most frequent class would be right for {chance:.1%}. Try more epochs, another learning rate, or "
        "normalisation after the convolutions; look whether the images are in the folders of their classes.",
        accuracy=accuracy, chance=chance,
    )  # fmt: skip
