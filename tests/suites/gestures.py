"""Gestures at random through the real window: whatever a hand does, the drawing is the document, undo and redo are
exact, and how long the window's thread is busy with each event is measured."""

from __future__ import annotations

import gc
import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from blockstudio.graph.format import dumps
from tests.suites.outcome import Outcome

PRESETS = ("resnet18", "googlenet", "module_inception", "module_residual_bottleneck", "inception_v3")
LONGEST = 0.05
"""Seconds of processor time that a step of the window's thread may take."""
WALK = 40
"""Gestures on one document before all is undone and redone."""
COMMANDS = (
    "edit.group", "edit.ungroup", "edit.make_unique", "edit.bypass", "edit.frame", "edit.swap", "edit.straighten",
    "edit.connect", "edit.unroll", "align.centre", "align.down", "view.arrange", "view.arrange_selection", "view.pin",
    "go.onward", "go.back", "move.left", "move.down_far", "refactor.stack_3x3", "refactor.separable",
    "refactor.residual", "refactor.batch_norm", "refactor.bottleneck", "select.type", "select.upstream", "view.leave",
    "view.fit", "view.zoom_in", "problem.next", "edit.wire_in_order", "wire.later", "view.open_all", "view.close_all",
)  # fmt: skip
"""Beside the gestures of mouse and keys."""
BRING_BACK = frozenset({"undo", "redo", "open"})
"""After every other act that adds or removes a block, commands too, nothing new may lie on anything."""


def walks(count: int, begin: int = 0) -> Outcome:
    """So many gestures in all, from a seed of ``begin`` on, over five networks, down and to the right, with a training
    under way."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication

    from blockstudio.gui.app.application import application
    from blockstudio.gui.work import settings

    outcome = Outcome("random gestures through the real window: undo-all, redo-all, canvas and overlaps after each")
    steps: list[float] = []
    times: dict[str, list[float]] = {}

    class Timed(QApplication):
        """Tells of each event how long the window's thread was busy with it, those that it sends meanwhile included."""

        depth = 0

        def notify(self, receiver: Any, event: Any) -> bool:
            begun, Timed.depth = time.thread_time(), Timed.depth + 1
            try:
                return super().notify(receiver, event)
            finally:
                Timed.depth -= 1
                if not Timed.depth:
                    steps.append(time.thread_time() - begun)

    app = QApplication.instance() or Timed(["blockstudio"])
    application(dark=False)
    with tempfile.TemporaryDirectory() as folder:
        settings.use_folder(Path(folder))
        try:
            seed = -(-begin // WALK)
            while outcome.times < count and len(outcome.faults) < 10:
                _walk(app, seed, min(WALK, count - outcome.times), outcome, times, steps)
                seed += 1
        finally:
            settings.use_folder(None)
    slow = Counter({act: sum(each > LONGEST for each in taken) for act, taken in times.items()})
    every = sorted(each for taken in times.values() for each in taken)
    if every:
        outcome.greatest = {"99 % {:.0f} ms": every[int(len(every) * 0.99)] * 1e3, "worst {:.0f} ms": every[-1] * 1e3}
        outcome.totals |= {
            "of {:,} events and calls with processor time": len(every),
            "over 50 ms: {:,}": sum(slow.values()),
            **{f"{act} {{:,}}×": number for act, number in slow.most_common(4) if number},
        }
    return outcome


def _walk(app: Any, seed: int, count: int, outcome: Outcome, times: dict[str, list[float]], steps: list[float]) -> None:
    from PySide6.QtCore import QPoint

    from blockstudio.gui.shell.window import StudioWindow
    from tests.gui.canvas.test_canvas_answers import lying
    from tests.gui.canvas.test_canvas_random import ADDS_OR_REMOVES, Hands
    from tests.suites.training_gestures import Training
    from tests.support.hands import on_window
    from tests.support.mouse import drag

    preset, right, dice = PRESETS[seed % len(PRESETS)], seed // len(PRESETS) % 2 == 1, random.Random(seed)
    window = StudioWindow()
    window.resize(1280, 860)
    training = Training(window, app, dice)
    try:
        window.documents.open_now(preset)
        window.show()
        for _ in range(5):
            app.processEvents()
        canvas, session = window.canvas, window.session
        if right:
            window.commands.run("view.direction", True)
        trained = 0
        if not training.begin(own=preset == "resnet18"):
            outcome.add(f"{preset}, seed {seed}: no training begins: {window.toasts.texts} {training.failure}")
            return
        session.diagram.history.clear()
        acted: list[str] = []
        hands, groups, start = Hands(canvas, dice), [], dumps(session.diagram)
        session.edited.connect(groups.append)

        def command() -> None:
            session.select(hands.some(dice.choice((1, 1, 2, 3))))
            chosen = dice.choice(COMMANDS)
            acted[:] = [f"command {chosen}"]
            window.commands.run(chosen)

        def palette() -> None:
            lines = window.features.panels.palette.list
            item = dice.choice(list(window.features.panels.palette.visible_items()))
            lines.scrollToItem(item)
            app.processEvents()
            start = on_window(window, lines.viewport(), lines.visualItemRect(item).center())
            place = QPoint(dice.randrange(canvas.width()), dice.randrange(canvas.height()))
            drag(window.windowHandle(), start, on_window(window, canvas, place))

        for step in range(count):
            act: Callable[[], object] = dice.choice((*hands.acts, *[command] * 8, *[palette] * 2, *training.acts))
            acted[:] = [act.__name__]
            where = f"{preset}{' to the right' if right else ''}, seed {seed}, step {step}"
            before, made = lying(canvas), len(groups)
            steps.clear()
            try:
                act()
                app.processEvents()
            except Exception as error:  # noqa: BLE001 - whatever comes is a fault
                outcome.add(f"{where}, {acted[0]}: {type(error).__name__}: {error}")
                return
            told = f"{where}, {acted[0]}"
            times.setdefault(acted[0], []).extend(steps)
            outcome.times += 1
            trained += training.active
            if training.failure:
                outcome.add(f"{told}: {training.failure}")
                return
            edits = [edit for group in groups[made:] for edit in group]
            kinds = {type(edit).__name__ for edit in edits}
            if act.__name__ not in BRING_BACK and kinds & ADDS_OR_REMOVES and lying(canvas) - before:
                outcome.add(f"{told}: cards lie on one another: {sorted(lying(canvas) - before)[:2]}")
            drawing = canvas.scene.root.drawing
            if set(drawing.names) != set(drawing.definition.graph) or set(drawing.wires) != set(
                drawing.definition.wires()
            ):
                outcome.add(f"{told}: the canvas is not the document")
        under_way = "with a training under way: {:,}"
        outcome.totals[under_way] = outcome.totals.get(under_way, 0) + trained
        if not training.end():
            outcome.add(f"{preset}, seed {seed}: the training does not end")
        _there_and_back(session, start, outcome, f"{preset}, seed {seed}")
    finally:
        training.end()
        window.stop()
        window.hide()
        window.deleteLater()
        app.processEvents()
        gc.collect()


def _there_and_back(session: Any, start: str, outcome: Outcome, told: str) -> None:
    end, done = dumps(session.diagram), 0
    while session.diagram.history.undo_label is not None:
        session.undo()
        done += 1
    if dumps(session.diagram) != start:
        outcome.add(f"{told}: undoing everything gives another document")
    for _ in range(done):
        session.redo()
    if dumps(session.diagram) != end:
        outcome.add(f"{told}: redoing everything gives another document")
