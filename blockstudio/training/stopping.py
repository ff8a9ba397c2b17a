"""Early stopping: whether the validation images still show progress."""

from __future__ import annotations

from blockstudio.runs.structure import Stopping
from blockstudio.text import Text, say_many
from blockstudio.training.evaluate import Measured


class Patience:
    """Counts epochs without progress. All of it is in `as_list`, so that a continued run counts on."""

    def __init__(self, wanted: Stopping) -> None:
        self._wanted = wanted
        self._best: float | None = None
        self.best_step: int | None = None
        """Step of the best epoch; ``None`` before the first, and where nobody asks."""
        self._waited = 0

    @property
    def over(self) -> bool:
        """Whether the run is to end."""
        return bool(self._wanted.patience) and self._waited >= self._wanted.patience

    def take(self, measured: Measured | None, step: int) -> bool:
        """Take in what an epoch measured; returns whether it is the best so far."""
        if not self._wanted.patience or measured is None:
            return False
        value = measured.accuracy if self._wanted.monitor == "accuracy" else -measured.loss
        if self._best is not None and value <= self._best + self._wanted.least:
            self._waited += 1
            return False
        self._best, self.best_step, self._waited = value, step, 0
        return True

    def reason(self, best_epoch: int) -> Text:
        """Why it ends early, in words."""
        accuracy = self._wanted.monitor == "accuracy"
        return say_many(
            "Stopped early: for {count} epoch the validation {figure} has not improved; the best epoch was {best}.",
            "Stopped early: for {count} epochs the validation {figure} has not improved; the best epoch was {best}.",
            self._waited, figure="accuracy" if accuracy else "loss", best=best_epoch,
        )  # fmt: skip

    def as_list(self) -> list[float | int | None]:
        """For a file."""
        return [self._best, self.best_step, self._waited]

    def restore(self, found: list[float | int | None]) -> None:
        """Go on from what `as_list` gave."""
        best, step, waited = found
        self._best = best
        self.best_step = None if step is None else int(step)
        self._waited = int(waited or 0)


class Diverged(Exception):
    """The loss or a weight is no longer a number."""

    def __init__(self, loss: float) -> None:
        super().__init__(loss)
        self.loss = loss
