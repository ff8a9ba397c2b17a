"""One process of several that train a run together: the leader writes the log, all take the same steps."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable
from typing import Any, NoReturn

import msgspec

from blockstudio.answers import as_dict
from blockstudio.errors import StudioError
from blockstudio.runs.events import LAST, Event, EventWriter, whole_size
from blockstudio.runs.launched import restarts
from blockstudio.runs.lock import Lock
from blockstudio.runs.run import CONTROL, EVENTS, Run
from blockstudio.text import plain, say
from blockstudio.training.control import Control, stopped_by_signals
from blockstudio.training.group.group import Group, joined
from blockstudio.training.group.loop import GroupLoop
from blockstudio.training.prepare import Builder, Prepared, download_note, prepare, write_data, write_environment
from blockstudio.training.trainer import describe_crash


class Silent(EventWriter):
    """The log of a process that does not lead: nothing is written."""

    def __init__(self) -> None:
        """Opens no file."""

    def reserve(self) -> None:
        """Holds no room."""

    def write(self, type: str, **fields: Any) -> Event:
        return {"type": type, **fields}

    def sync(self) -> None:
        """Has nothing to force."""

    def close(self) -> None:
        """Has nothing to close."""


def train_member(
    run: Run,
    *,
    token: str = "",
    control_offset: int | None = None,
    on_event: Callable[[Event], None] | None = None,
    build: Builder | None = None,
) -> None:
    """Train or continue ``run`` as one of several processes, until it ends or is stopped.

    ``token``: the lock that the launcher's starter claimed; without, the leader claims it. A process that dies takes
    the others with it; the launcher starts all anew and they go on from the last checkpoint. Raises what goes wrong, so
    that it does so, but not what is in the log because a new start would not mend it.
    """
    count, _ = restarts()
    if count and _last(run).get("type") in LAST:
        return  # What was said at the end stands; starting anew would not mend it.
    with joined() as group:
        _train_with(group, run, token, control_offset, on_event, build)


def meet(directory: str) -> int:
    """Join the other processes of a launcher and train the run in ``directory``, which the leader has made by then; the
    leader prints what happens, an event a line. Returns an exit code."""
    count, _ = restarts()
    if count and _last(Run(directory)).get("type") in LAST:
        return 0
    with joined() as group:
        group.wait()
        run = Run(directory)
        _train_with(group, run, "", None, _print, None)
    return 0


def done(code: int = 0) -> NoReturn:
    """End this process, whose part is done and written, at once: a thread of the exchange that is still there when the
    interpreter ends aborts it now and then (once in some hundred ends), which a launcher takes for a death."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _print(event: Event) -> None:
    print(msgspec.json.encode(event, enc_hook=plain).decode(), flush=True)


def _train_with(
    group: Group,
    run: Run,
    token: str,
    control_offset: int | None,
    on_event: Callable[[Event], None] | None,
    build: Builder | None,
) -> None:
    count, most = restarts()
    begun = whole_size(run.directory / EVENTS)
    lock, events = Lock(run.directory), _events(run, group, on_event)
    if group.leads:
        _hold(lock, token)
    control = Control(run.directory / CONTROL, control_offset)
    told = False
    try:
        with stopped_by_signals(control, ("SIGINT", "SIGTERM")):
            if count:
                text = say(
                    "A process of this run died; all go on from the last checkpoint ({count} of {most} times).",
                    count=count, most=most,
                )  # fmt: skip
                events.write("warning", code="trainer.process", text=text)
            _train(run, group, events, control, lock, build)
        told = True
    except StudioError as error:
        told = True
        _say_failed(run, group, events, as_dict(error), begun)
        print(f"{error.code}: {error}", file=sys.stderr, flush=True)
        raise
    except Exception as error:
        if count >= most:
            _say_failed(run, group, events, describe_crash(error), begun)
        raise
    finally:
        events.close()
        if group.leads and (told or count >= most):
            lock.release()


def _train(run: Run, group: Group, events: EventWriter, control: Control, lock: Lock, build: Builder | None) -> None:
    if group.leads:
        run.check_unfinished()
        events.reserve()
        fetching = download_note(run)
        if fetching:
            events.write("note", text=fetching)
        prepared = prepare(run, build, shared=True)  # Downloads and unpacks what the others then find.
        _check_shares(prepared, group)
    group.wait()
    if not group.leads:
        prepared = prepare(run, build, shared=True)
    if group.leads:
        for note in prepared.splits.notes:
            events.write("note", text=note)
        write_environment(run, prepared)
        write_data(run, prepared.splits, prepared.brought)
    GroupLoop(run, prepared, events, control, lock, group).run()
    group.wait()  # Nobody leaves while others still read from it.


def _check_shares(prepared: Prepared, group: Group) -> None:
    if len(prepared.splits.train) < group.size or (prepared.recipe.batch_size or 0) < group.size:
        raise StudioError(
            "train.processes",
            say("{count} processes cannot share batches of {size}.", count=group.size, size=prepared.recipe.batch_size),
            where="batch_size",
            hint=say("Take larger batches, or fewer processes."),
        )


def _events(run: Run, group: Group, on_event: Callable[[Event], None] | None) -> EventWriter:
    return EventWriter(run.directory / EVENTS, on_event) if group.leads else Silent()


def _hold(lock: Lock, token: str) -> None:
    """Have the lock: as our own, or for the launcher, whose process stands in it and outlives ours."""
    holder = lock.holder()
    if token and holder is not None and holder.token == token and lock.alive(holder):
        lock.token = token
    else:
        lock.claim(token)


def _say_failed(run: Run, group: Group, events: EventWriter, fields: dict[str, Any], begun: int) -> None:
    """The last word, unless another process has said it since the log had ``begun`` bytes. One that does not lead
    writes it too: the leader waits for it in vain, and cannot say why."""
    if whole_size(run.directory / EVENTS) > begun and _last(run).get("type") == "failed":
        return
    if group.leads:
        events.write("failed", **fields)
        return
    with contextlib.suppress(StudioError):
        own = EventWriter(run.directory / EVENTS)
        own.write("failed", **fields)
        own.close()


def _last(run: Run) -> Event:
    """The last event of the log."""
    last: Event = {}
    offset = 0
    while True:
        found, offset = run.events(offset)
        if not found:
            return last
        last = found[-1]
