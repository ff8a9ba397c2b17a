"""Training a run in this process: lock, log, signals, and a last word whatever happens."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

import torch

from blockstudio.answers import FIELDS, as_dict
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.runs.events import Event, EventWriter
from blockstudio.runs.lock import Lock
from blockstudio.runs.recipe import Recipe, with_fields
from blockstudio.runs.run import CONTROL, EVENTS, Run, create_run
from blockstudio.runs.tensorboard import FOLDER, TensorBoardFile
from blockstudio.text import say
from blockstudio.training.control import Control, stopped_by_signals
from blockstudio.training.device import library_settings
from blockstudio.training.leaving import Leaving
from blockstudio.training.loop import Loop
from blockstudio.training.prepare import Builder, Prepared, download_note, prepare, write_data, write_environment


def train(
    diagram: Diagram,
    data: str = "digits",
    run: str | os.PathLike[str] | None = None,
    on_event: Callable[[Event], None] | None = None,
    **recipe: Any,
) -> Run:
    """Train ``diagram`` in this process and return the run when it has ended.

    ``data``: ``"digits"``, ``"shapes"``, the name of a torchvision set or a folder. ``run``: the run's directory, a
    new one under ``./runs`` by default. ``recipe``: its fields by path (``epochs=2``, ``lr=0.1``,
    ``optimizer__weight_decay=0``); ``weights="resnet18.pth", freeze=["conv1", "layer1"]`` starts from trained weights
    and keeps some of them as they are. ``on_event`` is called with every event. Ctrl-C stops with a checkpoint and
    then raises `KeyboardInterrupt`.

    Raises `StudioError` with everything that is wrong before the first step, and ``run.diverged`` if the loss
    became NaN or infinite.
    """
    wanted = with_fields(Recipe(), {"data.source": data, **recipe})
    made = create_run(diagram, wanted, Path(run) if run is not None else None)
    interrupted = train_run(made, on_event=on_event)
    state = made.state()
    if state.status == "failed":
        raise StudioError("run.diverged", state.message, where=str(made.directory))
    if interrupted:
        raise KeyboardInterrupt
    return made


def train_run(
    run: Run,
    *,
    token: str = "",
    control_offset: int | None = None,
    on_event: Callable[[Event], None] | None = None,
    build: Builder | None = None,
    signals: tuple[str, ...] = ("SIGINT",),
    own_process: bool = False,
) -> bool:
    """Train or continue ``run`` until it ends or is stopped; returns whether a signal stopped it.

    ``token`` takes over a lock that another process claimed for this one; in its ``own_process`` a stop while
    images are read or the network is compiled ends the process. Raises `StudioError` ``run.locked`` if
    another trainer is at work, ``run.finished`` if there is nothing left to do, or whatever is wrong with the run; that
    is in the log too, as a ``failed`` event.
    """
    lock = Lock(run.directory)
    lock.claim(token)
    threads = torch.get_num_threads()
    try:
        run.check_unfinished()
        board = TensorBoardFile(run.directory / FOLDER) if run.recipe().watch.tensorboard else None
        events = EventWriter(run.directory / EVENTS, on_event if board is None else _both(board, on_event))
        control = Control(run.directory / CONTROL, control_offset)
        leave = partial(_leave, run, events, lock)
        with _LastWord(events), ExitStack() as listening:
            if own_process:
                listening.enter_context(stopped_by_signals(control, signals))
                with Leaving(control, leave, 1):
                    prepared = _prepared(run, events, build)
            else:  # Until something is learnt Ctrl-C ends the program as it ends any other.
                prepared = _prepared(run, events, build)
                listening.enter_context(stopped_by_signals(control, signals))
            with library_settings(prepared.recipe, prepared.device):
                loop = Loop(run, prepared, events, control, lock)
                if own_process:
                    loop.leave_if_asked(leave)
                loop.run()
        if board is not None:
            board.close()
        return control.interrupted
    finally:
        lock.release()
        torch.set_num_threads(threads)


def _prepared(run: Run, events: EventWriter, build: Builder | None) -> Prepared:
    """Everything up to the first step, and what the log and the run's files say of it."""
    events.reserve()
    fetching = download_note(run)
    if fetching:
        events.write("note", text=fetching)
    prepared = prepare(run, build)
    for note in prepared.splits.notes:
        events.write("note", text=note)
    write_environment(run, prepared)
    write_data(run, prepared.splits, prepared.brought)
    return prepared


def _leave(run: Run, events: EventWriter, lock: Lock) -> None:
    """The last word of a process that ends before it has learnt anything that is not kept."""
    kept = next(reversed(run.checkpoints.all()), None)
    events.write("stopped", step=0 if kept is None else kept.step)
    events.sync()
    events.close()
    lock.release()


def _both(board: TensorBoardFile, on_event: Callable[[Event], None] | None) -> Callable[[Event], None]:
    """What listens to the log: TensorBoard's file, and whoever else wants to."""

    def listen(event: Event) -> None:
        # A disk that is full or gone stops no training: the log itself is what says so.
        with suppress(OSError):
            board.take(event)
        if on_event is not None:
            on_event(event)

    return listen


class _LastWord:
    """Writes a ``failed`` event for any exception that ends training, and lets it pass."""

    def __init__(self, events: EventWriter) -> None:
        self._events = events

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, StudioError):
            self._events.write("failed", **(as_dict(error) | {name: getattr(error, name) for name in FIELDS}))
        elif error is not None:
            self._events.write("failed", **describe_crash(error))
        self._events.close()


def describe_crash(error: BaseException) -> dict[str, object]:
    """Fields of a ``failed`` event for an exception that nobody foresaw."""
    first = (str(error).strip() or "no message").splitlines()[0]
    hint = say("The whole report is in trainer.log.")
    if isinstance(error, torch.cuda.OutOfMemoryError | MemoryError):
        hint = say("Use a smaller batch_size or data.input_size, or precision bf16.")
    elif isinstance(error, KeyboardInterrupt):
        first, hint = "interrupted", say("Continue from the last checkpoint with --resume.")
    return {"code": "trainer.crash", "message": f"{type(error).__name__}: {first}", "where": "", "hint": hint}
