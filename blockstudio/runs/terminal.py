"""A run in the terminal: progress while it trains, accuracy and confusion matrix at the end."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from blockstudio.answers import error_line, from_dict
from blockstudio.errors import StudioError
from blockstudio.runs.chance import doubt
from blockstudio.runs.events import Event, sentence_of, whole_size
from blockstudio.runs.forecast import read_forecast
from blockstudio.runs.run import EVENTS, Run
from blockstudio.runs.start import start_run
from blockstudio.text import join, plain, render, say, say_many

PLAIN_EVERY = 10.0
"""Seconds between two lines of progress where the output is no terminal."""
WIDEST_MATRIX = 20
"""Classes up to which the confusion matrix is printed whole."""


def watch(
    run: Run,
    console: Console | None = None,
    *,
    json: bool = False,
    quiet: bool = False,
    processes: int = 1,
    start: bool = True,
) -> int:
    """Train ``run`` in a process of its own, show it until it ends, and return an exit code: 0 finished, 1 failed,
    130 stopped. A run that a trainer is at work on already is only watched. ``json`` prints its events, one object a
    line, after one of the type ``run`` that names its directory; ``quiet`` prints only what goes wrong; ``processes``
    train it together; without ``start`` one that nobody trains is only shown.

    Ctrl-C stops with a checkpoint, a second one at once. Raises `StudioError` if it cannot be started.
    """
    view = JsonView(run) if json else TerminalView(run, console or Console(quiet=quiet))
    state = run.state()
    log = run.directory / EVENTS
    offset = whole_size(log) if start and state.status != "new" else 0
    child: subprocess.Popen[bytes] | None = None
    if state.active and start:
        for event in _known(run):
            view.catch_up(event)
    elif start:
        child = start_run(run, processes)
    with _interrupts() as caught, view:
        told = 0

        def obey() -> None:
            nonlocal told
            if len(caught) <= told:
                return
            told = len(caught)
            if told == 1:
                view.say(say("Stopping with a checkpoint; Ctrl-C again ends it at once."))
                _ask_to_stop(run)
            elif child is not None:
                child.kill()

        for event in run.follow(offset, while_waiting=obey):
            view.show(event)
    if child is not None:
        child.wait()
    return view.close()


def _ask_to_stop(run: Run) -> None:
    try:
        run.send("stop")
    except StudioError as error:
        if error.code != "run.idle":  # It ended by itself just now; there is nothing to stop.
            raise


def _known(run: Run) -> Iterator[Event]:
    offset = 0
    while True:
        events, offset = run.events(offset)
        if not events:
            return
        yield from events


@contextmanager
def _interrupts() -> Iterator[list[int]]:
    """Collect Ctrl-C and requests to end instead of dying of them: the trainer has to be told first."""
    caught: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield caught
        return

    def note(number: int, frame: FrameType | None) -> None:
        caught.append(number)

    names = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
    before = {getattr(signal, name): signal.getsignal(getattr(signal, name)) for name in names if hasattr(signal, name)}
    for number in before:
        signal.signal(number, note)
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class TerminalView:
    """Shows events. A context manager: the bar is live within it."""

    def __init__(self, run: Run, console: Console) -> None:
        self.run = run
        self.console = console
        self._live = console.is_terminal
        self._started: Event = {}
        self._last: Event = {}
        self._trained: float | None = None
        self._said = time.monotonic()
        self._bar = Progress(
            TextColumn("{task.fields[epoch]}"),
            BarColumn(bar_width=None),
            TextColumn("{task.percentage:>3.0f}%"),
            TextColumn("{task.fields[figures]}"),
            TextColumn("{task.fields[left]}"),
            console=console,
            expand=True,
            refresh_per_second=5,
            disable=not self._live,
        )
        self._task = self._bar.add_task("", total=None, epoch="starting", figures="", left="")

    def __enter__(self) -> TerminalView:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def say(self, text: str, style: str = "") -> None:
        """A line of text above the bar."""
        self.console.print(escape(render(text)), style=style, highlight=False, soft_wrap=not self._live)

    def catch_up(self, event: Event) -> None:
        """Take in an event of the past, without a word."""
        if event["type"] == "started":
            self._begin(event)

    def show(self, event: Event) -> None:
        """Show one event of the run."""
        match event["type"]:
            case "note" | "warning":
                self.say(render(sentence_of(event, "text")), "yellow" if event["type"] == "warning" else "")
            case "started":
                self._begin(event)
                self.say(self._opening(event))
                self._expect()
            case "step":
                self._step(event)
            case "epoch":
                self._trained = event.get("train_accuracy")
                self.say(self._epoch(event))
            case "paused":
                self._bar.update(self._task, epoch="paused")
                self.say(say("Paused."))
            case "resumed":
                self.say(say("Resumed."))
        if event["type"] in ("stopped", "finished", "failed", "diverged"):
            self._last = event

    def close(self) -> int:
        """The result, or what went wrong; returns the exit code."""
        event = self._last
        match event.get("type"):
            case "finished":
                self._results(event)
                return 0
            case "stopped":
                self.say(say("Stopped after step {step:,}.", step=event.get("step", 0)))
                self.say(say("Go on with: {command}", command=f"blockstudio train --resume {self.run.directory}"))
                return 130
            case "diverged":
                self._fail(
                    say(
                        "The loss became {loss} by step {step:,}; training stopped. The last good checkpoint is kept. "
                        "A lower learning rate may help.",
                        loss=event.get("loss"),
                        step=event.get("step", 0),
                    )
                )
                return 1
        where, hint = str(event.get("where") or ""), str(event.get("hint") or "")
        text = event.get("message") or say("The trainer ended without a word.")
        self._fail(join([f"{where}:" if where else "", text, hint]))
        return 1

    def _fail(self, text: str) -> None:
        print(f"blockstudio: {render(text)}", file=sys.stderr)

    def _begin(self, event: Event) -> None:
        self._started = event
        self._bar.update(self._task, total=event.get("steps"), completed=event.get("step", 0), epoch="epoch 1")

    def _opening(self, event: Event) -> str:
        # What `parameters`, `images` and `steps` are is the trainer's to say; the sentence is ours.
        parameters, trainable = event.get("parameters", 0), event.get("trainable")
        whole = trainable in (None, parameters)
        text = say_many(
            "{network}: {parameters:,} parameters{frozen}, {images:,} images, {count} step on {device}.",
            "{network}: {parameters:,} parameters{frozen}, {images:,} images, {count:,} steps on {device}.",
            event.get("steps", 0),
            network=self.run.diagram().name,
            parameters=parameters,
            frozen="" if whole else say(" ({count:,} of them trained)", count=trainable),
            images=event.get("images", 0),
            device=event.get("device", "?"),
        )
        return join([text, say("Going on from step {step:,}.", step=event["step"]) if event.get("step") else ""])

    def _expect(self) -> None:
        """What it was said to take, where somebody worked that out."""
        expected = read_forecast(self.run.directory)
        if expected is None:
            return
        size = f"{expected.memory.total / 1e9:.1f} GB"
        if expected.time is None:
            self.say(say("It takes about {size} of memory.", size=size))
        else:
            time_text = _duration(expected.time.seconds)
            self.say(
                say(
                    "It takes about {size} of memory and {time}, by the run {run} on this machine.",
                    size=size,
                    time=time_text,
                    run=expected.time.by,
                )
            )

    def _place(self, event: Event) -> str:
        epochs = self._started.get("epochs")
        return say("epoch {epoch}", epoch=f"{event.get('epoch', 1)}" + (f"/{epochs}" if epochs else ""))

    def _step(self, event: Event) -> None:
        left = event.get("seconds_left")
        figures = say(
            "loss {loss}  accuracy {accuracy}  {rate:,.0f} images/s",
            loss=_number(event.get("loss")),
            accuracy=_percent(event.get("accuracy")),
            rate=event.get("images_per_second") or 0,
        )
        time_left = say("{time} left", time=_duration(left)) if left is not None else ""
        place, words, left_words = render(self._place(event)), render(figures), render(time_left)
        self._bar.update(self._task, completed=event["step"], epoch=place, figures=words, left=left_words)
        if not self._live and time.monotonic() - self._said >= PLAIN_EVERY:
            self._said = time.monotonic()
            steps = self._started.get("steps") or 0
            step = say("step {step:,}/{steps:,}", step=event["step"], steps=steps)
            self.say(join([self._place(event), step, figures, time_left], "  "))

    def _epoch(self, event: Event) -> str:
        self._said = time.monotonic()
        values = {"loss": _number(event.get("train_loss")), "accuracy": _percent(event.get("train_accuracy"))}
        parts = [self._place(event), say("train loss {loss}, accuracy {accuracy}", **values)]
        if event.get("validation_loss") is not None:
            values = {"loss": _number(event["validation_loss"]), "accuracy": _percent(event["validation_accuracy"])}
            parts.append(say("validation loss {loss}, accuracy {accuracy}", **values))
        return join(parts, "  ")

    def _results(self, event: Event) -> None:
        self._bar.stop()
        if event.get("test_accuracy") is not None:
            self.say(
                say_many(
                    "Test accuracy {accuracy}, loss {loss}, after {count} step in {time}.",
                    "Test accuracy {accuracy}, loss {loss}, after {count:,} steps in {time}.",
                    event["step"],
                    accuracy=_percent(event["test_accuracy"]),
                    loss=_number(event["test_loss"]),
                    time=_duration(event["seconds"]),
                ),
                "bold",
            )
        confusion = event.get("confusion")
        if confusion:
            classes = [str(name) for name in self.run.data().get("classes", range(len(confusion)))]
            self.console.print(confusion_table(confusion, classes))
        unsure = doubt(event, self._trained)
        if unsure is not None:
            self.say(unsure, "yellow")
        self.say(say("Run: {directory}", directory=self.run.directory))


class JsonView(TerminalView):
    """Prints the events themselves, for a program."""

    def __init__(self, run: Run) -> None:
        super().__init__(run, Console(quiet=True))
        self._print({"type": "run", "directory": str(run.directory)})

    def show(self, event: Event) -> None:
        self._print(event)
        super().show(event)

    def _print(self, event: Event) -> None:
        print(msgspec.json.encode(event, enc_hook=plain).decode(), flush=True)

    def _fail(self, text: str) -> None:
        event = self._last if self._last.get("message") else {"code": "run.failed", "message": text}
        print(error_line(from_dict(event)), file=sys.stderr)


def confusion_table(confusion: Sequence[Sequence[int]], classes: Sequence[str]) -> Table:
    """Rows are true classes, columns predicted ones; of many classes only the pairs most often confused."""
    if len(classes) > WIDEST_MATRIX:
        pairs = [
            (count, true, predicted)
            for true, row in enumerate(confusion)
            for predicted, count in enumerate(row)
            if count and true != predicted
        ]
        table = Table(
            *map(render, (say("true"), say("predicted"), say("images"))), title=render(say("Most often confused"))
        )
        for count, true, predicted in sorted(pairs, reverse=True)[:15]:
            table.add_row(escape(classes[true]), escape(classes[predicted]), f"{count:,}")
        return table
    # Eighty columns hold ten classes of five letters.
    table = Table(
        title=render(say("Confusion: rows are true classes, columns predicted")), title_justify="left", box=None
    )
    table.padding = (0, 1, 0, 0)
    table.add_column("", justify="right", style="bold", no_wrap=True)
    for name in classes:
        table.add_column(escape(name[:5]), justify="right", no_wrap=True, overflow="crop")
    table.add_column(render(say("right")), justify="right", no_wrap=True)
    for true, row in enumerate(confusion):
        cells = [
            f"[bold]{count:,}[/]" if true == predicted else f"{count:,}" if count else "[dim]·[/]"
            for predicted, count in enumerate(row)
        ]
        share = row[true] / sum(row) if sum(row) else None
        table.add_row(escape(classes[true][:12]), *cells, _percent(share))
    return table


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}" if abs(value) < 10 else f"{value:.1f}"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f}%"


def _duration(seconds: float) -> str:
    whole = round(seconds)
    if whole < 60:
        return say("{seconds} s", seconds=whole)
    hours, rest = divmod(whole, 3600)
    if hours:
        return say("{hours} h {minutes} min", hours=hours, minutes=f"{rest // 60:02d}")
    return say("{minutes} min {seconds} s", minutes=rest // 60, seconds=f"{rest % 60:02d}")
