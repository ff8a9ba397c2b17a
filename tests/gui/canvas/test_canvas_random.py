"""Gestures at random over presets: nothing comes to lie on anything, the canvas is the document, undo is exact."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from math import dist

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from blockstudio.graph.diagram import Wire
from blockstudio.graph.format import dumps, loads
from blockstudio.graph.presets import load_preset
from blockstudio.gui.canvas import Canvas
from blockstudio.gui.canvas.scene.model import Scene
from blockstudio.gui.document.session import Session
from tests.gui.canvas.test_canvas_answers import lying
from tests.support.canvas_driver import drag, drop, key, middle

PRESETS = ("resnet18", "googlenet", "module_inception", "module_residual_bottleneck", "inception_v3")
FEW, MANY = 24, 2000
AGAIN = 6
"""Every so many gestures it is looked whether the document, opened anew, gives the same picture."""
TYPES = ("ReLU", "BatchNorm2d", "Conv2d", "MaxPool2d", "Concat", "Add", "Flatten", "Input", "Output")
Mod = Qt.KeyboardModifier


class Hands:
    """What a hand may do next; each a gesture of its own."""

    def __init__(self, canvas: Canvas, dice: random.Random) -> None:
        self.canvas, self.dice = canvas, dice
        self.session = canvas.session
        self.acts: tuple[Callable[[], object], ...] = (
            self.drop_on_wire, self.drop_on_wire, self.drop_on_card, self.drop_on_paper, self.delete, self.cut_out,
            self.carry, self.pull, self.copy_and_paste, self.duplicate, self.behind, self.fix, self.undo,
            self.redo, self.open, self.wire, self.wire, self.ask, self.cut_wires, self.lead, self.replace,
            self.pull_out,
        )  # fmt: skip

    def names(self) -> list[str]:
        drawing = self.canvas.scene.drawing
        return [name for name in drawing.names if not drawing.is_hidden(name)]

    def some(self, count: int = 1) -> list[str]:
        names = self.names()
        return self.dice.sample(names, min(count, len(names)))

    def point_of(self, name: str) -> QPoint:
        self.canvas.reveal(name)
        return middle(self.canvas, name)

    def wire_point(self) -> QPointF | None:
        wires: list[Wire] = self.session.definition.wires()
        if not wires:
            return None
        wire = self.dice.choice(wires)
        self.canvas.reveal(wire.source)
        path = self.canvas.scene.drawing.path(wire)
        return self.canvas.camera.to_view(path.pointAtPercent(self.dice.uniform(0.2, 0.8)) + self.canvas.scene.offset)

    def drop_on_wire(self) -> None:
        at = self.wire_point()
        if at is not None and self.canvas.view_rect().contains(at):
            self.let_go(self.dice.choice(TYPES), at)

    def drop_on_card(self) -> None:
        for name in self.some():
            self.let_go(self.dice.choice(TYPES), QPointF(self.point_of(name)))

    def drop_on_paper(self) -> None:
        self.let_go(self.dice.choice(TYPES), QPointF(self.dice.randrange(900), self.dice.randrange(700)))

    def let_go(self, kind: str, at: QPointF) -> None:
        try:
            drop(self.canvas, kind, at)
        except (AssertionError, ValueError):  # the driver wants exactly one new name: a replacement has none
            self.canvas.cancel_gesture()

    def delete(self) -> None:
        self.session.select(self.some(self.dice.choice((1, 1, 2, 3))))
        key(self.canvas, Qt.Key.Key_Delete)

    def cut_out(self) -> None:
        self.session.select(self.some())
        key(self.canvas, Qt.Key.Key_Delete, Mod.ShiftModifier)

    def carry(self) -> None:
        for name in self.some():
            self.canvas.reveal(name)
            at = self.wire_point()
            if at is not None:
                drag(self.canvas, middle(self.canvas, name), at, steps=2)

    def pull(self) -> None:
        for name in self.some():
            start = self.point_of(name)
            aside = QPoint(self.dice.randrange(-200, 200), self.dice.randrange(-200, 200))
            drag(self.canvas, start, start + aside, Mod.AltModifier, steps=2)

    def copy_and_paste(self) -> None:
        self.session.select(self.some(2))
        self.canvas.run("edit.copy")
        self.canvas.run("edit.paste")

    def duplicate(self) -> None:
        self.session.select(self.some(2))
        self.canvas.run("edit.duplicate")

    def behind(self) -> None:
        self.session.select(self.some())
        self.canvas.insert_block(self.dice.choice(TYPES))

    def fix(self) -> None:
        problems = [problem for problem in self.session.analysis.problems if problem.scope == self.session.scope][:3]
        if problems and (fixes := self.dice.choice(problems).fixes):
            self.canvas.apply_fix(fixes[0])

    def open(self) -> None:
        root = self.canvas.scene.root
        modules = [name for name in root.drawing.names if root.drawing.is_module(name)]
        self.session.go("")
        if modules:
            self.canvas.toggle_frame(self.dice.choice(modules))

    def port(self, name: str, side: str) -> QPointF | None:
        kind, diagram = self.session.definition.block(name).type, self.session.diagram
        if side == "in" and diagram.is_variadic(kind):
            return self.canvas.camera.to_view(self.canvas.block_rect(name).center())
        ports = diagram.output_ports(kind) if side == "out" else diagram.input_ports(kind)
        return self.canvas.port_point(name, self.dice.choice(ports), side) if ports else None

    def wire(self) -> None:
        for source, target in [self.some(2)] if len(self.names()) > 1 else []:
            self.canvas.reveal(source)
            start, end = self.port(source, "out"), self.port(target, "in")
            if start is not None and end is not None:
                drag(self.canvas, start, end, steps=2)

    def anywhere(self) -> QPoint:
        return QPoint(self.dice.randrange(20, 880), self.dice.randrange(20, 680))

    def choose(self) -> None:
        """Answer the search, if it is open."""
        finder = self.canvas.finder
        if finder is not None and finder.isVisible():
            QTest.keyClicks(finder.line, self.dice.choice(("conv 3x3", "relu", "concat", "add", "gap", "basicblock")))
            key(finder.line, self.dice.choice((Qt.Key.Key_Return, Qt.Key.Key_Return, Qt.Key.Key_Escape)))

    def ask(self) -> None:
        for name in self.some():
            self.canvas.reveal(name)
            start = self.port(name, self.dice.choice(("in", "out")))
            if start is not None:
                drag(self.canvas, start, self.anywhere(), steps=2)
            self.choose()

    def replace(self) -> None:
        self.session.select(self.some())
        self.canvas.run("edit.replace")
        self.choose()

    def pull_out(self) -> None:
        self.session.select(self.some(self.dice.choice((1, 2))))
        self.canvas.run("edit.pull_out")

    def cut_wires(self) -> None:
        drag(self.canvas, self.anywhere(), self.anywhere(), Mod.ControlModifier, Qt.MouseButton.RightButton, steps=12)

    def lead(self) -> None:
        at = self.wire_point()
        if at is not None:
            drag(self.canvas, at, at + QPointF(self.dice.randrange(-120, 120), 0), steps=2)

    def undo(self) -> None:
        self.session.undo()

    def redo(self) -> None:
        self.session.redo()


ADDS_OR_REMOVES = {"AddBlock", "RemoveBlock"}


def drawn(canvas: Canvas) -> Iterator[tuple[str, tuple[float, float]]]:
    drawing = canvas.scene.root.drawing
    for name, block in drawing.definition.blocks():
        if block.at is not None and not drawing.frames:
            centre = drawing.rect(name).center()
            yield name, (centre.x() - block.at[0], centre.y() - block.at[1])


def elsewhere(canvas: Canvas) -> dict[str, object]:
    """Blocks of the main level that would stand elsewhere if the document were opened anew in the same window, with
    where they stand and where they would."""
    here = canvas.scene.staging
    session = Session(loads(dumps(canvas.session.diagram)))
    again = Scene(session).staging
    again.forget()
    again.at_once, again.paper = here.at_once, here.paper
    again.stage("", "")
    now, then = here.standing(""), again.standing("")
    session.close()
    return {name: (at, then[name]) for name, at in now.items() if dist(at, then[name]) > 0.5}


def run(canvas: Canvas, seed: int, count: int, start: str) -> int:
    """Gestures on a canvas whose document began as ``start``; how many of them changed it."""
    session, dice = canvas.session, random.Random(seed)
    hands, edits = Hands(canvas, dice), []
    session.edited.connect(edits.append)
    changed = 0
    for step in range(count):
        act = dice.choice(hands.acts)
        before, revision = lying(canvas), len(edits)
        act()
        QApplication.processEvents()
        told = (seed, step, act.__name__)
        made = [edit for group in edits[revision:] for edit in group]
        changed += bool(made)
        if act.__name__ not in ("undo", "redo") and any(type(edit).__name__ in ADDS_OR_REMOVES for edit in made):
            assert lying(canvas) <= before, (told, lying(canvas) - before)
        drawing = canvas.scene.root.drawing
        assert list(drawing.definition.graph) == [*sorted(drawing.names, key=list(drawing.definition.graph).index)], (
            told
        )
        assert set(drawing.wires) == set(drawing.definition.wires()), told
        assert all(abs(dx) + abs(dy) < 0.02 for _, (dx, dy) in drawn(canvas)), told
        if not step % AGAIN:
            assert elsewhere(canvas) == {}, told
    end, done = dumps(session.diagram), 0
    while session.diagram.history.undo_label is not None:
        session.undo()
        done += 1
    assert dumps(session.diagram) == start
    for _ in range(done):
        session.redo()
    assert dumps(session.diagram) == end
    return changed


@pytest.mark.parametrize("preset", PRESETS[:2])
def test_a_few_gestures(show, preset: str) -> None:
    diagram = load_preset(preset)
    assert run(show(diagram), 1, FEW, dumps(diagram)) > FEW // 3


@pytest.mark.slow
@pytest.mark.parametrize("preset", PRESETS)
def test_many_gestures(show, preset: str) -> None:
    diagram = load_preset(preset)
    canvas, start = show(diagram), dumps(diagram)
    for seed in range(10):
        run(canvas, seed, MANY // len(PRESETS) // 10, start)
