"""The training loop: a bare PyTorch loop, and around it what happens at most ten times a second.

A step waits for nothing: sums stay on the device, the clock is looked at, and that is all. Only a *tick* reads the
sums (which waits for the device), appends an event and looks for commands.
"""

from __future__ import annotations

import math
import time
from typing import Any

from blockstudio.errors import StudioError
from blockstudio.runs.checkpoints import Checkpoint
from blockstudio.runs.events import EventWriter
from blockstudio.runs.lock import BEAT_EVERY, Lock
from blockstudio.runs.run import Run
from blockstudio.text import say
from blockstudio.training.averages import AveragedWeights, exact_statistics, grown_after
from blockstudio.training.control import Control
from blockstudio.training.data.batches import Feeder
from blockstudio.training.data.load import Source, skipped_notes
from blockstudio.training.device import Precision, used_memory
from blockstudio.training.evaluate import Measured, evaluate, figures
from blockstudio.training.facts import check_same_data, started_facts
from blockstudio.training.initial_weights import begin
from blockstudio.training.keeper import Keeper
from blockstudio.training.losses import Criterion, Meter, Sums, class_weights
from blockstudio.training.optimizers import Rates, build_optimizer
from blockstudio.training.prepare import Prepared
from blockstudio.training.saving import State, is_finite, read_state, read_weights, state_size, take_state, write_state
from blockstudio.training.share import ALL, Share
from blockstudio.training.step import Layout, build_step
from blockstudio.training.stopping import Diverged, Patience
from blockstudio.training.watch import Watching

TICK = 0.1
"""Least seconds between two readings of the sums."""
PAUSE_POLL = 0.05
SAVING_SHARE = 0.04
"""Share of the time that checkpoints at ends of epochs may take; they come less often where it would be more."""
SMOOTHING = 0.7
"""Weight of the past in the time a step is said to take."""


class Loop:
    """One training of a run, from its latest good checkpoint to its end or a stop."""

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
        self._laid = Layout(prepared.flat, recipe.channels_last)
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
        self._told_of_averages = False
        self._told_of: set[str] = set()
        """Places of damaged images that the log tells of."""
        self._seconds = 0.0
        """Spent by earlier trainers of this run."""
        self._window = Sums()
        self._read = Sums()
        self._step_time = 0.0
        self._evaluation_time = 0.0
        self._began = self._ticked = self._beaten = time.perf_counter()

    # From start to end

    def run(self) -> None:
        """Train until the end, a stop, or a loss that is no number; says so in the log."""
        self._restore()
        self._say_started()
        try:
            done = self._train()
        except Diverged as error:
            self._events.write("diverged", step=self._step, loss=str(error.loss))
            return
        except StudioError as error:
            # An image that cannot be read: what was learnt so far is kept, so that the run can go on without it.
            if error.code.startswith("data.") and self._step:
                self._rescue()
            raise
        finally:
            self._say_skipped()
            self._feeder.close()
        if not done:
            self._save()
            self._events.write("stopped", step=self._step)

    def _rescue(self) -> None:
        self._save_if_possible()

    def _say_skipped(self) -> None:
        """Tell of images left out since the last time, each once."""
        new = [problem for where, problem in self._feeder.skipped.items() if where not in self._told_of]
        self._told_of |= set(self._feeder.skipped)
        for note in skipped_notes(new):
            self._events.write("warning", code="data.image", text=note)

    def _train(self) -> bool:
        """Returns whether the run came to its end."""
        self._restart_clock()
        while True:
            ended = self._step > 0 and (self._step % self._per_epoch == 0 or self._step >= self._total)
            if ended and self._evaluated < self._step and not self._end_epoch():
                return False
            if self._step >= self._total or self._patience.over:
                return self._finish()
            if not self._epoch():
                return False

    def _epoch(self) -> bool:
        """Steps up to the end of the epoch or run; returns whether it got there."""
        learn, rates, watching = self._learn, self._rates, self._watching
        every = self._recipe.checkpoints.steps
        epoch, first = divmod(self._step, self._per_epoch)
        self._begin_epoch()
        for batch in self._feeder.train(epoch, first):
            rates.set(self._step)
            watch = watching.begin(self._step)
            learn(batch, None if watch is None else watch.before_update)
            self._step += 1
            if watch is not None:
                watching.end(watch, self._step, self._step_time)
            if self._is_due() and not self._tick():
                return False
            if every and self._step % every == 0:
                self._save_if_possible()
            if self._step >= self._total:
                break
        return True

    def _new_meter(self, auxiliaries: int, recorded: bool) -> Meter:
        return Meter(self._device, auxiliaries, every_top=recorded)

    def _begin_epoch(self) -> None:
        """Before the first step of an epoch, or of what is left of it."""

    # At most ten times a second

    def _is_due(self) -> bool:
        report = self._recipe.report_steps
        return bool(report and self._step % report == 0) or time.perf_counter() - self._ticked >= TICK

    def _tick(self) -> bool:
        """Read the sums, tell, listen; returns whether to go on."""
        every = self._recipe.report_steps
        if not every or self._step % every == 0:
            self._report()
        going = self._listen()
        self._restart_clock()
        return going

    def _report(self) -> None:
        sums = self._sums()
        window, self._window = self._window, Sums()
        now = time.perf_counter()
        spent, self._ticked = max(now - self._ticked, 1e-9), now
        if not window.steps:
            return
        single = spent / window.steps
        self._step_time = SMOOTHING * self._step_time + (1 - SMOOTHING) * single if self._step_time else single
        self._events.write(
            "step",
            step=self._step,
            epoch=(self._step - 1) // self._per_epoch + 1,
            loss=window.mean_loss,
            accuracy=window.accuracy,
            accuracy_top5=window.accuracy_top5,
            lr=self._rates.rate,
            images_per_second=round(self._feeder.batch_size / self._step_time, 1),
            seconds_left=round(self._seconds_left(), 1),
            memory=used_memory(self._device),
            aux=window.mean_auxiliary,
        )
        self._read = sums

    def _sums(self) -> Sums:
        """The epoch's sums; what came since the last reading goes to the window. Raises `Diverged`."""
        sums = self._meter.read()
        if not math.isfinite(sums.loss):
            raise Diverged(sums.loss)
        self._window = self._window.plus(sums.minus(self._read))
        self._read = sums
        return sums

    def _listen(self) -> bool:
        """Look for commands and give a sign of life; waits here while paused. Returns whether to go on."""
        self._hear()
        self._watching.turn(self._step)
        if self._control.pausing and not self._control.stopping:
            self._pause()
        now = time.perf_counter()
        if now - self._beaten >= BEAT_EVERY:
            self._beaten = now
            self._lock.beat()
        return not self._control.stopping

    def _hear(self) -> None:
        self._control.poll()

    def _pause(self) -> None:
        self._save_if_possible()
        self._events.write("paused", step=self._step)
        while self._control.pausing and not self._control.stopping:
            time.sleep(PAUSE_POLL)
            self._hear()
            if time.perf_counter() - self._beaten >= BEAT_EVERY:
                self._beaten = time.perf_counter()
                self._lock.beat()
        if not self._control.stopping:
            self._events.write("resumed", step=self._step)
        self._restart_clock()

    def _restart_clock(self) -> None:
        """Time that was not spent on steps is none of theirs."""
        self._ticked = time.perf_counter()

    def _seconds_left(self) -> float:
        left = self._total - self._step
        evaluations = math.ceil(left / self._per_epoch) * (self._splits.validation is not None)
        return left * self._step_time + evaluations * self._evaluation_time

    # Ends of epochs and of the run

    def _end_epoch(self) -> bool:
        """Measure and save; returns whether to go on (a stop amid measuring leaves it for the next trainer)."""
        sums = self._sums()
        waited = not self._recipe.report_steps and time.perf_counter() - self._ticked >= TICK
        if self._step >= self._total or waited:
            self._report()
        began = time.perf_counter()
        measured = None
        if not self._settle():
            return False
        if self._splits.validation is not None:
            measured = self._measure(self._splits.validation)
            if measured is None:
                return False
        self._evaluation_time = time.perf_counter() - began
        self._evaluated = self._step
        self._score = measured.accuracy if measured is not None else None
        best = self._patience.take(measured, self._step)
        epoch = math.ceil(self._step / self._per_epoch)
        self._events.write(
            "epoch",
            epoch=epoch,
            step=self._step,
            train_loss=sums.mean_loss,
            train_accuracy=sums.accuracy,
            **figures("validation", measured),
            aux=sums.mean_auxiliary,
        )
        self._say_skipped()
        self._meter.restore(Sums())
        self._read = Sums()
        every = self._recipe.checkpoints.epochs
        if best or self._patience.over:
            self._save()  # Without these weights the run could not end as it says.
        elif self._step >= self._total or (every and epoch % every == 0 and self._saving_is_cheap()):
            self._save_if_possible()
        self._score = None
        # The clock goes on from where it was, measuring and saving left out.
        now = time.perf_counter()
        self._ticked = min(self._ticked + now - began, now)
        return self._listen()

    def _settle(self) -> bool:
        """Exact averages for BatchNorm where the recipe wants them; returns whether to go on."""
        wanted = self._recipe.averages.statistics
        needed = self._splits.validation is not None or self._step >= self._total
        if not (needed and self._young) or wanted == "moving" or (wanted == "auto" and self._step >= self._young):
            return True
        images = self._feeder.some_training()
        if not exact_statistics(self._measured, images, self._laid, self._precision, self._listen):
            return False
        if wanted == "auto" and not self._told_of_averages:
            self._told_of_averages = True
            text = say(
                "BatchNorm's moving averages are young until step {grown}: before measuring they are computed anew "
                "from training images (averages.statistics).", grown=self._young,
            )  # fmt: skip
            self._events.write("note", text=text)
        return True

    def _finish(self) -> bool:
        best = self._patience.best_step
        if self._patience.over and best is not None:
            self._events.write("note", text=self._patience.reason(math.ceil(best / self._per_epoch)))
        if best is not None and best != self._step:
            read_weights(self._run.checkpoints.at(best), self._measured)
        fields: dict[str, Any] = {**figures("test", None), "confusion": None}
        if self._splits.test is not None:
            keeper = Keeper(self._splits, len(self._splits.test))
            measured = self._measure(self._splits.test, keeper)
            if measured is None:
                return False
            self._keep(keeper, best or self._step)
            fields = {
                **figures("test", measured),
                "confusion": measured.confusion,
                "test_images": measured.images,
                "chance": measured.chance,
            }
        seconds = round(self._seconds + time.perf_counter() - self._began, 3)
        if self._patience.over:
            fields["patience"] = self._recipe.stopping.patience
        self._events.write("finished", step=self._step, **fields, seconds=seconds)
        self._events.sync()
        return True

    def _measure(self, part: Source, keeper: Keeper | None = None) -> Measured | None:
        batches, classes = self._feeder.evaluate(part), len(self._splits.classes)
        return evaluate(self._measured, batches, classes, self._precision, self._laid, self._listen, keeper)

    def _keep(self, keeper: Keeper, at: int) -> None:
        keeper.write(self._run, "test", "last" if at == self._step else "best", at, self._events)

    # State

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
            self._events.write("warning", code=error.code, text=f"No checkpoint of step {self._step:,}: {error}")

    def _save(self) -> None:
        """Write a checkpoint, unless there is this one. Raises `Diverged` rather than save what is no number."""
        if self._saved == (self._step, self._evaluated):
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
        self._events.write("warning", code=error.code, text=f"A checkpoint was passed over: {error}")

    def _say_started(self) -> None:
        facts = started_facts(self._model, self._splits, self._recipe, self._feeder, self._device)
        epochs = math.ceil(self._total / self._per_epoch)
        self._events.write("started", step=self._step, steps=self._total, epochs=epochs, **facts)
        self._watching.say(self._step)
