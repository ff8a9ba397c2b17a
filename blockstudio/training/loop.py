"""The training loop: a bare PyTorch loop, and around it what happens at most ten times a second.

A step waits for nothing: sums stay on the device, the clock is looked at, and that is all. Only a *tick* reads the
sums (which waits for the device), appends an event and looks for commands.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

from blockstudio.errors import StudioError
from blockstudio.runs.events import EventWriter
from blockstudio.runs.lock import BEAT_EVERY, Lock
from blockstudio.runs.run import Run
from blockstudio.text import say
from blockstudio.training.augment import Batch
from blockstudio.training.averages import exact_statistics
from blockstudio.training.control import Control
from blockstudio.training.data.load import Source, skipped_notes
from blockstudio.training.device import used_memory
from blockstudio.training.evaluate import Measured, evaluate, figures
from blockstudio.training.facts import started_facts
from blockstudio.training.keeper import Keeper
from blockstudio.training.leaving import Leaving
from blockstudio.training.losses import Sums
from blockstudio.training.prepare import Prepared
from blockstudio.training.saving import read_weights
from blockstudio.training.share import ALL, Share
from blockstudio.training.standing import Standing
from blockstudio.training.step import WARM_UP, Measure
from blockstudio.training.stopping import Diverged

TICK = 0.1
"""Least seconds between two readings of the sums."""
PAUSE_POLL = 0.05


class Loop(Standing):
    """One training of a run, from its latest good checkpoint to its end or a stop."""

    def __init__(
        self, run: Run, prepared: Prepared, events: EventWriter, control: Control, lock: Lock, share: Share = ALL
    ) -> None:
        super().__init__(run, prepared, events, control, lock, share)
        self._told_of_averages = False
        self._told_of: set[str] = set()
        """Places of damaged images that the log tells of."""
        self._ticked = self._beaten = time.perf_counter()
        self._leaving: Leaving | None = None

    def leave_if_asked(self, leave: Callable[[], object]) -> None:
        """Let a stop end the whole process amid the first step, which of a large network takes a minute, and while
        steps are recorded; it has to be the trainer's own. ``leave`` says the last word."""
        self._leaving = Leaving(self._control, leave, WARM_UP + 1 if self._recorded else 1)

    # From start to end

    def run(self) -> None:
        """Train until the end, a stop, or a loss that is no number; says so in the log."""
        self._restore()
        self._say_started()
        try:
            done = self._listen() and self._train()  # It may have been told something while it was getting ready.
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
            if self._leaving is None:
                learn(batch, None if watch is None else watch.before_update)
            else:
                self._first(batch, None if watch is None else watch.before_update)
            self._step += 1
            if watch is not None:
                watching.end(watch, self._step, self._pace.step)
            if self._is_due() and not self._tick():
                return False
            if every and self._step % every == 0:
                self._save_if_possible()
            if self._step >= self._total:
                break
        return True

    def _first(self, batch: Batch, before_update: Measure | None) -> None:
        """One of the first steps, which may take minutes."""
        assert self._leaving is not None
        with self._leaving:
            self._learn(batch, before_update)
        if not self._leaving.steps:
            self._leaving = None

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
        self._pace.took(window.steps, spent)
        self._events.write(
            "step",
            step=self._step,
            epoch=(self._step - 1) // self._per_epoch + 1,
            loss=window.mean_loss,
            accuracy=window.accuracy,
            accuracy_top5=window.accuracy_top5,
            lr=self._rates.rate,
            images_per_second=round(self._feeder.batch_size / self._pace.step, 1),
            seconds_left=round(self._seconds_left(), 1),
            memory=used_memory(self._device),
            aux=window.mean_auxiliary,
        )
        self._read = sums

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
        wanted = self._recipe.averages.statistics
        young = {"exact": self._total, "moving": 0, "auto": self._young}[wanted] if self._young else 0
        return self._pace.left(self._step, self._total, self._per_epoch, self._evaluated, young)

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
            settled = time.perf_counter()
            measured = self._measure(self._splits.validation)
            if measured is None:
                return False
            self._pace.measured(measured.images, time.perf_counter() - settled)
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
        images, began = self._feeder.some_training(), time.perf_counter()
        if not exact_statistics(self._measured, images, self._laid, self._precision, self._listen):
            return False
        self._pace.settled(time.perf_counter() - began)
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

    def _say_started(self) -> None:
        facts = started_facts(self._model, self._splits, self._recipe, self._feeder, self._device)
        epochs = math.ceil(self._total / self._per_epoch)
        self._events.write("started", step=self._step, steps=self._total, epochs=epochs, **facts)
        self._watching.say(self._step)
