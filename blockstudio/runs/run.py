"""A run: the directory that holds everything about one training, and what can be asked of it and told to it.

    diagram.blocks.json   the network, as it is trained
    recipe.json           everything else that was chosen
    environment.json      the machine and versions it ran on
    data.json             classes, counts and normalisation of the images
    events.jsonl          what happened; see `blockstudio.runs.events`
    control.jsonl         commands to the trainer
    start/                the starting weights fitted to the network, if it began with any
    checkpoints/          see `blockstudio.runs.checkpoints`
    lock                  who trains it now; see `blockstudio.runs.lock`
    trainer.log           what the trainer printed

The directory is the truth: whoever sees it can watch, and the trainer cares for nobody who does.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec

from blockstudio import folders
from blockstudio.errors import StudioError, file_errors
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.files import append_whole, folder_for, inside, read_bounded, read_tail, write_atomic
from blockstudio.graph.format import dumps
from blockstudio.graph.format import load as load_diagram
from blockstudio.needs import need
from blockstudio.runs.adapt import adapt
from blockstudio.runs.checkpoints import Checkpoint, CheckpointFolder
from blockstudio.runs.events import Event, EventWriter, RunLog, read_events, read_placed
from blockstudio.runs.lock import Lock
from blockstudio.runs.recipe import Recipe
from blockstudio.runs.recipe_files import dumps_recipe, load_recipe
from blockstudio.runs.state import ENDED, Folded, RunState
from blockstudio.text import say

DIAGRAM = "diagram.blocks.json"
RECIPE = "recipe.json"
EVENTS = "events.jsonl"
CONTROL = "control.jsonl"
LOG = "trainer.log"
LAB = "lab"
"""The folder for what was asked of the trained network."""

Command: TypeAlias = Literal["pause", "resume", "stop", "watch", "unwatch", "fetch"]


class Run:
    """A run directory. Raises `StudioError` ``run.missing`` if ``directory`` is none."""

    def __init__(self, directory: Path | str) -> None:
        self.directory = Path(directory)
        with file_errors():
            whole = (self.directory / RECIPE).is_file() and (self.directory / DIAGRAM).is_file()
        if not whole:
            raise StudioError(
                "run.missing",
                say("is no run: it has no recipe and diagram."),
                where=str(directory),
                hint=say("A run is the directory that training made."),
            )
        self.checkpoints = CheckpointFolder(self.directory / "checkpoints")
        self.start = CheckpointFolder(self.directory / "start")
        """The weights it began with, as the trainer fitted them; empty if it began with none."""
        self._folded = Folded()
        self._offset = 0

    def __repr__(self) -> str:
        return f"Run({str(self.directory)!r})"

    @property
    def name(self) -> str:
        return self.directory.name

    def diagram(self) -> Diagram:
        """The network as it is trained.

        Returns:
            A diagram of its own.

        Raises:
            StudioError: ``file.*``, ``format.*`` naming the place if the file is damaged.

        Example:
            >>> run.diagram().name
            'CIFAR ResNet (6n + 2)'
        """
        return load_diagram(self.directory / DIAGRAM)

    def recipe(self) -> Recipe:
        """The recipe with every value chosen.

        Returns:
            The recipe.

        Raises:
            StudioError: ``file.*``, ``recipe.*`` naming the field if the file is damaged.

        Example:
            >>> run.recipe().batch_size
            8
        """
        return load_recipe(self.directory / RECIPE)

    def environment(self) -> dict[str, Any]:
        """Machine and versions of the last trainer.

        Returns:
            Facts by name; empty before the first.

        Raises:
            StudioError: ``run.damaged``.

        Example:
            >>> run.environment()
            {}
        """
        return self._json("environment.json")

    def data(self) -> dict[str, Any]:
        """What the images were.

        Returns:
            ``classes`` (names), ``mean`` and ``std`` per channel, ``input`` shape and counts; empty before the first
            training.

        Raises:
            StudioError: ``run.damaged``.

        Example:
            >>> run.data()
            {}
        """
        return self._json("data.json")

    def events(self, offset: int = 0) -> tuple[list[Event], int]:
        """What happened, a piece of the log at a time.

        Args:
            offset: Byte of the log to begin at.

        Returns:
            Events, and the offset to go on from; at the end the list is empty.

        Example:
            >>> events, offset = run.events()
            >>> [event["type"] for event in events]
            ['note']
        """
        return read_events(self.directory / EVENTS, offset)

    def history(self) -> RunLog:
        """All events so far, folded into curves.

        Returns:
            Steps, epochs and notes, superseded ones gone.

        Example:
            >>> len(run.history().steps)
            0
        """
        history, offset = RunLog(), 0
        while True:
            events, offset = self.events(offset)
            if not events:
                return history
            history.feed(events)

    def send(self, command: Command, **values: int) -> None:
        """Tell the trainer what to do; it obeys within a step or a tenth of a second.

        Args:
            command: ``"pause"``, ``"resume"`` or ``"stop"``; ``"watch"`` begins to measure the blocks, ``"unwatch"``
                ends it.
            values: ``steps`` of ``"watch"``: measure every so many, 0 as often as costs little.

        Raises:
            StudioError: ``run.idle`` if nobody trains the run, ``run.write`` where it cannot be told.

        Example:
            >>> try:
            ...     run.send("pause")
            ... except bs.StudioError as error:
            ...     print(error.code)
            run.idle
        """
        if not self.state().active:
            raise StudioError("run.idle", say("is not being trained."), where=str(self.directory))
        line = msgspec.json.encode({"command": command, "time": time.time(), **values}) + b"\n"
        append_whole(self.directory / CONTROL, line, "run.write")

    def state(self) -> RunState:
        """How the run stands. Cheap enough to ask ten times a second: reads only what is new.

        Returns:
            Status, step, epoch and seconds left.

        Example:
            >>> run.state().status
            'new'
        """
        lock = Lock(self.directory)
        holder = lock.holder()
        alive = holder is not None and lock.alive(holder)
        # The log is read after the lock: a trainer that ended in between has written its last event by now.
        while True:
            placed, self._offset = read_placed(self.directory / EVENTS, self._offset)
            if not placed:
                break
            self._folded.feed(placed)
        return self._folded.state(holder, alive, self.last_words)

    def results(self) -> dict[str, Any] | None:
        """The ``finished`` event.

        Returns:
            ``test_accuracy`` (0 to 1), ``test_loss``, ``confusion``...; ``None`` until then.

        Example:
            >>> run.results() is None
            True
        """
        self.state()
        return self._folded.finished

    def check_unfinished(self) -> None:
        """Refuse if there is nothing left to train. A recipe that was given more epochs or steps since then goes on.

        Raises:
            StudioError: ``run.finished``.

        Example:
            >>> run.check_unfinished()
        """
        results = self.results()
        if results is None:
            return
        recipe, started = self.recipe(), self.history().started or {}
        wanted = recipe.steps or (recipe.epochs or 0) * int(started.get("steps_per_epoch", 0))
        ended_early = results.get("patience") and results["patience"] == recipe.stopping.patience
        if ended_early or results["step"] >= wanted:
            field = "stopping.patience" if ended_early else "epochs"
            raise StudioError(
                "run.finished",
                say("was finished at step {results:,}.", results=results["step"]),
                where=str(self.directory),
                hint=say("Raise {field} in its recipe.json to go on, or start a new run.", field=field),
            )

    def last_words(self) -> str:
        """The last line the trainer printed: what a crash leaves.

        Returns:
            The line; empty if none.

        Example:
            >>> run.last_words()
            ''
        """
        try:
            lines = read_tail(self.directory / LOG).split("\n")
        except OSError:
            return ""
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    def best(self) -> Checkpoint | None:
        """The checkpoint with the best validation accuracy, else the latest.

        Returns:
            The checkpoint, not yet verified; ``None`` before the first.

        Example:
            >>> run.best() is None
            True
        """
        return self.checkpoints.best() or next(reversed(self.checkpoints.all()), None)

    def follow(
        self, offset: int = 0, interval: float = 0.1, while_waiting: Callable[[], None] | None = None
    ) -> Iterator[Event]:
        """Events as they come, until the trainer has ended; at once after the last if none is at work.

        A trainer that died without a word appears as a ``failed`` event with code ``trainer.lost`` (which is not in
        the log).

        Args:
            offset: Byte of the log to begin at.
            interval: Seconds between looks at the log.
            while_waiting: Called in each pause.

        Returns:
            The events.

        Example:
            >>> [event["type"] for event in run.follow()]
            ['note']
        """
        last: Event = {}
        while True:
            events, offset = self.events(offset)
            for last in events:
                yield last
            if events:
                continue
            state = self.state()
            if not state.active:
                events, offset = self.events(offset)
                for last in events:
                    yield last
                if events:
                    continue
                if state.status in ("failed", "lost") and last.get("type") not in ENDED:
                    yield {
                        "type": "failed",
                        "time": time.time(),
                        "code": "trainer.lost",
                        "message": state.message,
                        "where": "",
                        "hint": "",
                    }
                return
            if while_waiting is not None:
                while_waiting()
            time.sleep(interval)

    def _json(self, name: str) -> dict[str, Any]:
        path = self.directory / name
        if not os.path.isfile(path):
            return {}
        try:
            found: dict[str, Any] = msgspec.json.decode(read_bounded(path, 1 << 24), type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise StudioError(
                "run.damaged", say("is not what was written: {error}.", error=error), where=str(path)
            ) from None
        return found


def create_run(diagram: Diagram, recipe: Recipe, directory: Path | str | None = None) -> Run:
    """Make a run's directory: the diagram fitted to the data, the recipe with every value chosen. What was fitted is
    told in ``note`` events.

    Args:
        diagram: The network; it is not changed.
        recipe: How to train it.
        directory: New or empty; ``None`` makes one named after the diagram and the time, under ``$BLOCKSTUDIO_RUNS`` or
            ``./runs``.

    Returns:
        The run, not started.

    Raises:
        StudioError: Everything that is wrong with diagram, data and recipe; ``run.exists``, ``file.write``,
            ``install.missing`` without torch.

    Example:
        >>> create_run(bs.load("cifar_resnet", n=1), Recipe(), folder / "mine").state().active
        False
    """
    need("torch", "training")
    need("PIL", "training")
    fitted, chosen, notes = adapt(diagram, recipe)
    folder = Path(directory) if directory is not None else _free_folder(diagram.name)
    with file_errors():
        is_run = (folder / RECIPE).exists()
    if is_run:
        raise StudioError(
            "run.exists",
            say("is a run already."),
            where=str(folder),
            hint=say("Continue it with --resume, or name another."),
        )
    with folder_for(folder):
        with file_errors():
            is_empty = not any(folder.iterdir())
        if not is_empty:
            raise StudioError("run.exists", say("is not empty."), where=str(folder), hint=say("Name a new directory."))
        try:
            write_atomic(folder / DIAGRAM, dumps(fitted).encode())
            events = EventWriter(folder / EVENTS)
            with contextlib.closing(events):
                for note in notes:
                    events.write("note", text=note)
            # Last: the recipe makes a directory a run.
            write_atomic(folder / RECIPE, dumps_recipe(chosen).encode())
        except StudioError:
            for name in (DIAGRAM, EVENTS):
                (folder / name).unlink(missing_ok=True)
            raise
    return Run(folder)


def list_runs(folder: Path | str = "runs") -> list[Run]:
    """The runs in a folder.

    Args:
        folder: Where they are; an absent one has none.

    Returns:
        The latest made first.

    Example:
        >>> len(list_runs(folder))
        1
    """
    entries = inside(Path(folder))
    found = [each for each in entries if os.path.isfile(each / RECIPE) and os.path.isfile(each / DIAGRAM)]
    return [Run(each) for each in sorted(found, key=lambda each: (each / RECIPE).stat().st_mtime_ns, reverse=True)]


def _free_folder(name: str) -> Path:
    stem = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "run"
    stem = f"{stem[:40]}-{time.strftime('%Y%m%d-%H%M%S')}"
    home = folders.runs() or Path("runs")
    folder, index = home / stem, 1
    while os.path.exists(folder):
        index += 1
        folder = home / f"{stem}-{index}"
    return folder
