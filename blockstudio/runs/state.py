"""How a run stands, folded from its events and its lock."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal, TypeAlias

import msgspec

from blockstudio.runs.chance import doubt
from blockstudio.runs.events import Event, sentence_of
from blockstudio.runs.lock import Holder
from blockstudio.text import join, say

Status: TypeAlias = Literal["new", "running", "paused", "stopped", "finished", "failed", "lost"]

ENDED = ("stopped", "finished", "failed", "diverged")
"""Types of the event with which a trainer ends."""


class RunState(msgspec.Struct, frozen=True, kw_only=True):
    """How a run stands at one moment."""

    status: Status
    """``lost``: the trainer died without a word; a ``failed`` run said why. Both can be resumed."""
    pid: int | None = None
    """Of the trainer, while there is one."""
    step: int = 0
    steps: int | None = None
    """Of the whole run; known once it has started."""
    epoch: int = 0
    epochs: int | None = None
    message: str = ""
    """Why it failed or was lost; of a finished run, why its result is none."""
    seconds_left: float | None = None
    at_chance: bool = False
    """It finished with an accuracy that guessing has too: no success."""
    active: bool = False
    """A trainer is at work on it (running, or paused and waiting)."""


class Folded:
    """Events folded into what `RunState` needs."""

    def __init__(self) -> None:
        self.status: Status = "new"
        self.status_offset = -1
        self.step = 0
        self.steps: int | None = None
        self.epoch = 0
        self.epochs: int | None = None
        self.message = ""
        self.seconds_left: float | None = None
        self.finished: dict[str, Any] | None = None
        self.trained: float | None = None
        """Accuracy on the training images in the last epoch."""

    def feed(self, placed: Iterable[tuple[int, Event]]) -> None:
        """Take in events of the log, each with its place."""
        for offset, event in placed:
            kind = event["type"]
            self.step = event.get("step", self.step)
            self.epoch = event.get("epoch", self.epoch)
            if kind == "step":
                self.seconds_left = event.get("seconds_left")
                continue
            status: Status | None = None
            if kind == "started":
                status, self.finished, self.message = "running", None, ""
                self.steps, self.epochs = event.get("steps"), event.get("epochs")
            elif kind == "paused":
                status = "paused"
            elif kind == "resumed":
                status = "running"
            elif kind == "stopped":
                status = "stopped"
            elif kind == "finished":
                status, self.finished = "finished", event
                self.message = doubt(event, self.trained) or ""
            elif kind == "epoch":
                self.trained = event.get("train_accuracy")
            elif kind == "failed":
                status, self.message = "failed", _sentence(event)
            elif kind == "diverged":
                loss = say("The loss became {loss} by step {step:,}.", loss=event.get("loss"), step=self.step)
                status, self.message = "failed", loss
            if status is not None:
                self.status, self.status_offset = status, offset

    def state(self, holder: Holder | None, alive: bool, last_words: Callable[[], str]) -> RunState:
        """The state, given who holds the lock and whether he lives."""
        # Events from before the lock was taken are of an earlier trainer: this one has said nothing yet.
        silent = holder is not None and self.status_offset < holder.offset
        status, message = self.status, self.message
        if alive and (silent or status == "new"):
            status, message = "running", ""
        elif holder is not None and not alive and (silent or status in ("new", "running", "paused")):
            status = "failed" if silent or status == "new" else "lost"
            message = last_words() or say("The trainer ended without a word; it was killed, or the machine went down.")
        elif holder is None and status in ("running", "paused"):
            status, message = "lost", say("The trainer is gone.")
        return RunState(
            status=status,
            pid=holder.pid if holder is not None and alive else None,
            step=self.step,
            steps=self.steps,
            epoch=self.epoch,
            epochs=self.epochs,
            message=message,
            seconds_left=self.seconds_left,
            at_chance=status == "finished" and doubt(self.finished) is not None,
            active=alive and status in ("running", "paused"),
        )


def _sentence(event: Event) -> str:
    where, message, hint = (sentence_of(event, key) for key in ("where", "message", "hint"))
    return join([f"{where}:" if where else "", message, hint])
