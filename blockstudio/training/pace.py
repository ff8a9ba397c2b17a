"""How long the rest of a run will take, from what its steps, evaluations and checkpoints have taken so far."""

from __future__ import annotations

import math

SMOOTHING = 0.7
"""Weight of the past in the time a step is said to take now."""
MEMORY = 120.0
"""Seconds of training over which the time of a step is averaged for the time left."""
OTHER, SURE = 2.0, 5
"""A pace that is so much quicker or slower, so many times in a row, is another one: what was before is forgotten."""
SAVING_SHARE = 0.04
"""Share of the time that checkpoints at ends of epochs may take; they come less often where it would be more."""
FORWARD = 0.3
"""Share of a step's time for an image that measuring one takes, before it has been measured."""


class Pace:
    """Fed with what things took; says what is left. It knows no clock."""

    def __init__(self, batch: int, validation: int, test: int) -> None:
        """``batch``: images a step; images of the two parts that are measured."""
        self._batch, self._validation, self._test = batch, validation, test
        self.step = 0.0
        """Seconds that a step takes now; 0 before the first."""
        self._steps = self._seconds = 0.0
        self._strange = self._told = 0
        self._image: float | None = None
        """Seconds of measuring one image."""
        self._saving = self._settling = 0.0

    def took(self, steps: int, seconds: float) -> None:
        """So many steps took so long together."""
        single = seconds / steps
        self.step = SMOOTHING * self.step + (1 - SMOOTHING) * single if self.step else single
        kept = math.exp(-seconds / MEMORY)
        mean = self._seconds / self._steps if self._steps else single
        self._strange = self._strange + 1 if not mean / OTHER <= self.step <= mean * OTHER else 0
        self._told += 1
        # The very first steps compile, allocate, choose kernels.
        if self._strange >= SURE or (self._told <= SURE and mean > OTHER * single):
            kept, self._strange = 0.0, 0
        self._steps = kept * self._steps + steps
        self._seconds = kept * self._seconds + seconds

    def measured(self, images: int, seconds: float) -> None:
        """So many images were measured in so long."""
        if images:
            self._image = seconds / images

    def settled(self, seconds: float) -> None:
        """Computing averages anew took so long."""
        self._settling = seconds

    def saved(self, seconds: float) -> None:
        """A checkpoint took so long."""
        self._saving = seconds

    def left(self, step: int, total: int, per_epoch: int, evaluated: int, young: int = 0) -> float:
        """Seconds from ``step`` to the end of a run of ``total``: its steps, the measuring at the end of each of its
        epochs and of the test, a checkpoint for each. ``evaluated``: the last step after which was measured; ``young``:
        the step up to which averages are computed anew."""
        if not self._steps:
            return 0.0
        single = self._seconds / self._steps
        image = self._image if self._image is not None else FORWARD * single / self._batch
        ends = math.ceil(total / per_epoch) - math.ceil(evaluated / per_epoch)
        settled = max(0, min(ends, young // per_epoch - evaluated // per_epoch))
        rest = (total - step) * single + image * (ends * self._validation + self._test) + settled * self._settling
        # Where epochs are short not each of them is followed by a checkpoint.
        return rest + min(ends * self._saving, SAVING_SHARE * rest + self._saving)
