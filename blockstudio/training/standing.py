"""What a training is made of and where it stands, in memory and in checkpoints."""

from __future__ import annotations

import math
import time
from typing import Any

from blockstudio.errors import StudioError
from blockstudio.runs.checkpoints import Checkpoint
from blockstudio.runs.events import EventWriter
from blockstudio.runs.lock import Lock
from blockstudio.runs.run import Run
from blockstudio.text import say
from blockstudio.training.averages import AveragedWeights, grown_after
from blockstudio.training.control import Control
from blockstudio.training.data.batches import Feeder
from blockstudio.training.device import Precision
from blockstudio.training.facts import check_same_data
from blockstudio.training.initial_weights import begin
from blockstudio.training.losses import Criterion, Meter, Sums, class_weights
from blockstudio.training.optimizers import Rates, build_optimizer
from blockstudio.training.pace import SAVING_SHARE, Pace
from blockstudio.training.prepare import Prepared
from blockstudio.training.saving import State, is_finite, read_state, state_size, take_state, write_state
from blockstudio.training.share import ALL, Share
from blockstudio.training.step import Layout, build_step
from blockstudio.training.stopping import Diverged, Patience
from blockstudio.training.watch import Watching


class Standing:
    """Network, optimiser, images, sums, and where the training stands; written to and read from checkpoints."""

    def __init__(
        self, run: Run, prepared: Prepared, events: EventWriter, control: Control, lock: Lock, share: Share = ALL
    ) -> None:
        self._run = run
        self._events = events
        self._control = control
        self._lock = lock
        self._model = prepared.model
        self._device = prepared.device
        self._splits = prepared.splits
        self._recipe = recipe = prepared.recipe
        self._averaged = AveragedWeights(prepared.model, recipe.averages.ema) if recipe.averages.ema else None
        self._measured = self._averaged.model if self._averaged is not None else prepared.model
        """What is measured and kept: the network as it is, or the average of its weights."""
        self._young = grown_after(prepared.model)
        """Steps up to which BatchNorm's moving averages say little."""
        self._feeder = Feeder(prepared.splits, recipe, prepared.device, share)
        self._per_epoch = self._feeder.steps_per_epoch
        self._total = recipe.steps or (recipe.epochs or 1) * self._per_epoch
        self._precision = Precision(recipe, prepared.device)
        self._optimizer = build_optimizer(self._model, recipe, prepared.device, prepared.recorded)
        self._rates = Rates(self._optimizer, recipe, self._total, self._per_epoch)
        weights = class_weights(recipe, prepared.splits.train.labels, len(prepared.splits.classes))
        self._criterion = Criterion(
            recipe, prepared.auxiliary, None if weights is None else weights.to(prepared.device)
        )
        self._patience = Patience(recipe.stopping)
        self._watching = Watching(self._model, prepared.device, recipe, control, events)
        self._meter = self._new_meter(len(prepared.auxiliary), prepared.recorded)
        self._recorded = prepared.recorded
        self._laid = Layout(prepared.flat, bool(recipe.channels_last))
        self._learn = build_step(
            prepared, self._laid, self._optimizer, self._criterion, self._meter, self._precision, self._averaged,
            lambda text: self._events.write("note", text=text),
        )  # fmt: skip
        self._step = 0
        self._evaluated = 0
        """Step after which the last finished epoch was measured."""
        self._saved: tuple[int, int] | None = None
        self._saved_at = self._saving_time = 0.0
        self._score: float | None = None
        self._learnt = self._model if self._averaged is not None else None
        """The weights that training goes on from, where others are measured."""
        self._seconds = 0.0
        """Spent by earlier trainers of this run."""
        self._window = Sums()
        self._read = Sums()
        splits = prepared.splits
        self._pace = Pace(
            self._feeder.batch_size,
            len(splits.validation) if splits.validation is not None else 0,
            len(splits.test) if splits.test is not None else 0,
        )
        self._began = time.perf_counter()

    def _new_meter(self, auxiliaries: int, recorded: bool) -> Meter:
        return Meter(self._device, auxiliaries, every_top=recorded)

    def _sums(self) -> Sums:
        """The epoch's sums; what came since the last reading goes to the window. Raises `Diverged`."""
        sums = self._meter.read()
        if not math.isfinite(sums.loss):
            raise Diverged(sums.loss)
        self._window = self._window.plus(sums.minus(self._read))
        self._read = sums
        return sums

    # Checkpoints

    def _saving_is_cheap(self) -> bool:
        """Whether the time since the last checkpoint dwarfs what that one took: epochs of a small network on few
        images last less than the disk needs to say that it has written."""
        return time.perf_counter() - self._saved_at >= self._saving_time / SAVING_SHARE

    def _save_if_possible(self) -> None:
        """Write a checkpoint; a disk that refuses (full, gone for a while) is told of and training goes on. The end
        of the run and a stop insist."""
        try:
            self._save()
        except StudioError as error:
            if error.code != "checkpoint.write" or self._step >= self._total:
                raise
            text = say("No checkpoint of step {step:,}: {reason}", step=self._step, reason=error.text)
            self._events.write("warning", code=error.code, text=text)

    def _save(self) -> None:
        """Write a checkpoint, unless there is this one, or nothing has been learnt. Raises `Diverged` rather than save
        what is no number."""
        if not self._step or self._saved == (self._step, self._evaluated):
            return
        began = time.perf_counter()
        sums = self._sums()
        if not is_finite(self._model) or not is_finite(self._measured):
            raise Diverged(math.nan)
        notes = {
            "step": self._step,
            "evaluated": self._evaluated,
            "sums": sums.as_list(),
            "window": self._window.as_list(),
            "seconds": self._seconds + time.perf_counter() - self._began,
            "scaler": self._precision.scaler.state_dict() if self._precision.scaler is not None else None,
            "data": self._splits.fingerprint(),
            "patience": self._patience.as_list(),
        }
        self._write(notes)
        self._saved = self._step, self._evaluated
        self._saved_at = time.perf_counter()
        self._saving_time = self._saved_at - began
        self._pace.saved(self._saving_time)

    def _write(self, notes: dict[str, Any]) -> None:
        self._write_state(take_state(self._measured, self._learnt, self._optimizer), notes)

    def _write_state(self, state: State, notes: dict[str, Any]) -> None:
        checkpoint = self._run.checkpoints.write(
            self._step,
            self._score,
            lambda folder: write_state(folder, state, self._device, notes),
            state_size(self._model, self._optimizer),
        )
        self._run.checkpoints.prune(self._recipe.checkpoints.keep, self._patience.best_step)
        path = checkpoint.path.relative_to(self._run.directory).as_posix()
        self._events.write("checkpoint", step=self._step, path=path)
        self._events.sync()

    def _restore(self) -> None:
        folder = self._run.checkpoints
        folder.sweep()
        checkpoint = folder.latest_good(self._say_damaged)
        if checkpoint is None:
            folder.discard_after(-1)
            note = begin(self._run, self._model, self._recipe, self._say_damaged)
            if self._averaged is not None:
                self._averaged.begin()
            if note:
                self._events.write("note", text=note)
            return
        folder.discard_after(checkpoint.step)
        notes = read_state(checkpoint, self._measured, self._learnt, self._optimizer, self._device)
        self._restored(checkpoint, notes)

    def _restored(self, checkpoint: Checkpoint, notes: dict[str, Any]) -> None:
        """Go on from what a checkpoint says beside weights and optimiser."""
        check_same_data(checkpoint, notes, self._splits)
        self._step, self._evaluated = checkpoint.step, notes["evaluated"]
        self._saved = self._step, self._evaluated
        self._seconds = notes["seconds"]
        self._read = Sums.from_list(notes["sums"])
        if "window" in notes:
            self._window = Sums.from_list(notes["window"])
        self._meter.restore(self._read)
        self._patience.restore(notes.get("patience", [None, None, 0]))
        if self._precision.scaler is not None and notes["scaler"]:
            self._precision.scaler.load_state_dict(notes["scaler"])

    def _say_damaged(self, error: StudioError) -> None:
        text = say("A checkpoint was passed over: {reason}", reason=error.text)
        self._events.write("warning", code=error.code, text=text)
