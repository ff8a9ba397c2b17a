"""The training loop of one process of several.

All take the same steps on parts of the same batches; the gradients are averaged by `DistributedDataParallel`. What
depends on the clock or on commands is decided by the leader, at steps that all agree on: each says when to look next.
"""

from __future__ import annotations

import math
import os
import sys
import time
from dataclasses import replace

import torch
from msgspec import structs

from blockstudio.errors import StudioError
from blockstudio.runs.checkpoints import Checkpoint
from blockstudio.runs.events import EventWriter
from blockstudio.runs.lock import Lock
from blockstudio.runs.run import Run
from blockstudio.text import say
from blockstudio.training.control import Control
from blockstudio.training.data.load import Source
from blockstudio.training.evaluate import Counted, Measured, evaluate
from blockstudio.training.group.group import Group
from blockstudio.training.group.norm import synchronise
from blockstudio.training.initial_weights import begin
from blockstudio.training.keeper import Keeper
from blockstudio.training.loop import TICK, Loop
from blockstudio.training.losses import Meter, Sums
from blockstudio.training.prepare import Prepared
from blockstudio.training.random import DROPOUT, mixed
from blockstudio.training.saving import is_finite, read_state, take_state
from blockstudio.training.share import Share
from blockstudio.training.stopping import Diverged

MOST_STEPS = 1000
"""Between two looks at the log and the commands."""


class GroupMeter(Meter):
    """Sums over the steps of all processes. Reading them is done by all at the same step."""

    def __init__(self, device: torch.device, auxiliaries: int, group: Group) -> None:
        super().__init__(device, auxiliaries)
        self._group = group
        self._before = Sums()
        """What stood in a checkpoint: it is of all processes already."""
        self._known: Sums | None = None

    def count(self, images: int) -> None:
        super().count(images)
        self._known = None

    def read(self) -> Sums:
        if self._known is None:
            own = super().read()
            totals = self._group.total(torch.tensor([own.loss, *own.auxiliary], dtype=torch.float64)) / self._group.size
            counts = torch.tensor([own.images, own.right, own.top, own.top_images])
            images, right, top, top_images = self._group.total(counts).tolist()
            loss, *auxiliary = totals.tolist()
            self._known = self._before.plus(Sums(own.steps, images, loss, right, tuple(auxiliary), top, top_images))
        return self._known

    def restore(self, sums: Sums) -> None:
        super().restore(Sums())
        self._before, self._known = sums, None


class GroupLoop(Loop):
    """One process's part of a training."""

    def __init__(
        self, run: Run, prepared: Prepared, events: EventWriter, control: Control, lock: Lock, group: Group
    ) -> None:
        self._group = group
        self._next = 0
        """The step after which all look at the log and the commands."""
        self._looked = (0, time.perf_counter())
        self._parent = os.getppid()
        if prepared.recipe.sync_batchnorm:
            synchronise(prepared.model, prepared.device)
        self._divided = prepared.recipe.sharding != "none"
        if self._divided:
            prepared = self._divide(run, prepared, events)
        # A recorded step would play back what the processes exchange.
        alone = replace(prepared, recorded=False)
        super().__init__(run, alone, events, control, lock, Share(group.rank, group.size))

    def _new_meter(self, auxiliaries: int, recorded: bool) -> Meter:
        return GroupMeter(self._device, auxiliaries, self._group)

    def _divide(self, run: Run, prepared: Prepared, events: EventWriter) -> Prepared:
        """The network with its starting weights, divided; what has hooks in blocks is not measured then."""
        from blockstudio.training.group.dividing import divide

        def passed_over(error: StudioError) -> None:
            events.write("warning", code=error.code, text=str(error))

        for turn in (True, False):  # the leader writes into the run what the others then read
            if self._group.leads == turn:
                begin(run, prepared.model, prepared.recipe, passed_over)
            self._group.wait()
        divide(prepared.model, prepared.device, self._group.size)
        recipe = prepared.recipe
        return replace(prepared, recipe=structs.replace(recipe, watch=structs.replace(recipe.watch, blocks=False)))

    # Decisions

    def _is_due(self) -> bool:
        report = self._recipe.report_steps
        return self._step >= self._next or bool(report and self._step % report == 0)

    def _hear(self) -> None:
        """Take in what the leader has been told; agree on when to look again."""
        if os.getppid() != self._parent:
            # Nobody holds the run any more, and another may train it by now.
            print("the launcher has died", file=sys.stderr, flush=True)
            os._exit(3)
        control, now = self._control, time.perf_counter()
        step, since = self._looked
        if self._group.leads:
            control.poll()
        single = (now - since) / max(1, self._step - step)
        after = max(1, min(MOST_STEPS, int(TICK / max(single, 1e-6))))
        watching = -2 if control.watching is None else control.watching
        told = self._group.tell([control.stopping, control.pausing, watching, after])
        control.stopping, control.pausing = bool(told[0]), bool(told[1])
        control.watching = None if told[2] == -2 or self._divided else told[2]
        self._next = self._step + told[3]
        self._looked = (self._step, now)

    def _saving_is_cheap(self) -> bool:
        return bool(self._group.tell([super()._saving_is_cheap()])[0])

    # Measuring

    def _measure(self, part: Source, keeper: Keeper | None = None) -> Measured | None:
        self._group.same_buffers(self._measured)
        asked = 0

        def go_on() -> bool:
            # Only as often as every process has a batch: the last round is not everybody's.
            nonlocal asked
            asked += 1
            return self._listen() if asked <= rounds else True

        # What is kept of every image has to be in one place: then the leader measures all of them.
        rounds = self._feeder.rounds(part, whole=keeper is not None)
        if keeper is not None and not self._group.leads and not self._divided:
            return Measured(0.0, 0.0, 0, None) if all(self._listen() for _ in range(rounds)) else None
        batches = self._feeder.evaluate(part, whole=keeper is not None)
        if self._divided:
            from blockstudio.training.group.dividing import evened

            most = rounds if keeper is not None else self._feeder.rounds(part, most=True)
            batches = evened(batches, most, self._splits.shape, self._device)
        combine = self._combined if keeper is None else None
        classes = len(self._splits.classes)
        took = keeper if self._group.leads else None
        return evaluate(self._measured, batches, classes, self._precision, self._laid, go_on, took, combine)

    def _keep(self, keeper: Keeper, at: int) -> None:
        if self._group.leads:
            super()._keep(keeper, at)

    def _combined(self, counted: Counted) -> Counted:
        loss = self._group.total(counted.loss.double().reshape(1))
        total = self._group.total
        return Counted(loss, total(counted.confusion).to(counted.confusion.device), total(counted.top.reshape(1)))

    # State

    def _restore(self) -> None:
        if self._group.leads:
            super()._restore()
        (saved,) = self._group.tell([self._step if self._saved is not None else -1])
        if not self._group.leads and saved >= 0:
            self._take(self._run.checkpoints.at(saved))
        if not self._divided:
            self._learn.share()
        if saved < 0 and self._averaged is not None:
            self._averaged.begin()
        self._begin_epoch()

    def _take(self, checkpoint: Checkpoint) -> None:
        state = read_state(checkpoint, self._measured, self._learnt, self._optimizer, self._device)
        self._restored(checkpoint, state)

    def _begin_epoch(self) -> None:
        """Other processes drop other values than the leader, and the same again when they go on from here."""
        if not self._group.leads:
            torch.manual_seed(mixed(self._recipe.seed, DROPOUT, self._group.rank, self._step))

    def _save(self) -> None:
        fresh = self._saved != (self._step, self._evaluated)
        if fresh:
            self._group.same_buffers(self._model)
            if self._divided and self._group.total(torch.tensor([not is_finite(self._model)]).long()).item():
                raise Diverged(math.nan)
        super()._save()
        if fresh:
            self._begin_epoch()

    def _write(self, notes: dict[str, object]) -> None:
        problem: StudioError | None = None
        if self._group.leads or self._divided:
            # Of a divided network every process has a part to give.
            state = take_state(self._measured, self._learnt, self._optimizer)
        if self._group.leads:
            try:
                self._write_state(state, notes)
            except StudioError as error:
                problem = error
        (failed,) = self._group.tell([problem is not None])
        if failed:
            raise problem or StudioError("checkpoint.write", say("the leader could not write the checkpoint."))

    def _rescue(self) -> None:
        """The others are amid a step: what there is are the checkpoints so far."""
