"""The drawing follows the document: it always equals one made anew, and an edit touches only what it concerns."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule
from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainterPath

from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Block, Diagram, Wire
from blockstudio.graph.edits import AddBlock, AddWire, MoveBlocks, RemoveBlock, RemoveWire, SetParameter
from blockstudio.gui.canvas.scene import routes
from blockstudio.gui.canvas.scene.drawing import Drawing
from blockstudio.gui.canvas.scene.follow import follow
from tests.graph.test_edits import lines_run
from tests.support.canvas_samples import grid
from tests.support.properties import examples

KINDS = st.sampled_from(["Input", "Conv2d", "ReLU", "Add", "Concat", "Output"])
PLACES = st.tuples(st.integers(-20, 20), st.integers(-20, 20)).map(lambda p: (p[0] * 48.0, p[1] * 40.0))
NAMES = st.sampled_from([f"b{index}" for index in range(12)])


def picture(drawing: Drawing) -> tuple[object, ...]:
    """All of a drawing's geometry, whatever its rows' order."""
    boxes = {name: tuple(np.round(drawing.boxes[row], 6)) for name, row in drawing.rows.items()}
    curves = {wire: tuple(np.round(drawing.curves[row], 6)) for wire, row in drawing.wire_rows.items()}
    rectangles = {name: drawing.rectangles[row].getCoords() for name, row in drawing.rows.items()}
    families = {name: int(drawing.families[row]) for name, row in drawing.rows.items()}
    kinds = {name: drawing.kinds[row] for name, row in drawing.rows.items()}
    far = sorted(rect.getCoords() for family in drawing.far_rectangles() for rect in family)
    return boxes, curves, rectangles, families, kinds, far


def far_ends(drawing: Drawing) -> list[tuple[float, float, float, float]]:
    """Where the wires seen from far begin and end."""
    path = drawing.far_path()
    ends = []
    for start, count in drawing._starts:
        first, last = path.elementAt(start), path.elementAt(start + count - 1)
        ends.append((round(first.x, 6), round(first.y, 6), round(last.x, 6), round(last.y, 6)))
    return sorted(ends)


class Following(RuleBasedStateMachine):
    """Edits of all kinds, undone and redone, with a drawing that listens."""

    wires = Bundle("wires")

    def __init__(self) -> None:
        super().__init__()
        self.diagram = Diagram("machine")
        self.drawing = Drawing(self.diagram, "")
        self.diagram.history.listeners.append(self.hear)
        self.drawing.far_path()

    def hear(self, edits) -> None:
        assert follow(self.drawing, edits)

    def attempt(self, *edits) -> None:
        # Refused edits change nothing, and say nothing to listeners.
        with suppress(StudioError), self.diagram.history.gesture("try"):
            for edit in edits:
                self.diagram.history.do(edit)

    @rule(name=NAMES, kind=KINDS, at=PLACES)
    def add(self, name, kind, at) -> None:
        self.attempt(AddBlock(name=name, block=Block(type=kind, at=at)))

    @rule(name=NAMES)
    def remove(self, name) -> None:
        if name in self.diagram.main:
            self.diagram.remove(name)

    @rule(name=NAMES, to=NAMES)
    def rename(self, name, to) -> None:
        with suppress(StudioError):  # taken
            self.diagram.rename(name, to)

    @rule(a=NAMES, b=NAMES, port=st.sampled_from(["in", "0", "1", "3"]))
    def connect(self, a, b, port) -> None:
        self.attempt(AddWire(wire=Wire(a, "out", b, port)))

    @rule(index=st.integers(0, 30))
    def disconnect(self, index) -> None:
        wires = self.diagram.main.wires()
        if wires:
            self.attempt(RemoveWire(wire=wires[index % len(wires)]))

    @rule(to=st.dictionaries(NAMES, PLACES, max_size=4))
    def move(self, to) -> None:
        self.attempt(MoveBlocks(to={name: at for name, at in to.items() if name in self.diagram.main}))

    @rule(name=NAMES, at=PLACES)
    def replace(self, name, at) -> None:
        """Another block under the same name in one step."""
        if name in self.diagram.main and not self.diagram.main.graph.degree(name):
            self.attempt(RemoveBlock(name=name), AddBlock(name=name, block=Block(type="Concat", at=at)))

    @rule(steps=st.integers(1, 6))
    def undo(self, steps) -> None:
        for _ in range(steps):
            self.diagram.undo()

    @rule(steps=st.integers(1, 6))
    def redo(self, steps) -> None:
        for _ in range(steps):
            self.diagram.redo()

    @rule(name=NAMES, dx=st.integers(-80, 80), dy=st.integers(-80, 80))
    def drag_and_cancel(self, name, dx, dy) -> None:
        self.drawing.shift([name], dx, dy)
        self.drawing.moved([name])

    @invariant()
    def equals_a_new_drawing(self) -> None:
        fresh = Drawing(self.diagram, "")
        assert picture(self.drawing) == picture(fresh)
        assert far_ends(self.drawing) == far_ends(fresh)
        assert set(self.drawing.wires) == set(self.diagram.main.wires())


TestFollowing = Following.TestCase
TestFollowing.settings = examples(20, stateful_step_count=20)


def long_chain(blocks: int) -> Diagram:
    """A chain of ReLUs."""
    diagram = Diagram("long")
    main = diagram.main
    main.insert("input", Block(type="Input", parameters={"shape": [1, 4, 4]}, at=(0.0, 0.0)))
    before = "input"
    for index in range(blocks - 1):
        name = f"relu{index}"
        main.insert(name, Block(type="ReLU", at=(0.0, 112.0 * (index + 1))))
        main.join(Wire(before, "out", name, "in"))
        before = name
    return diagram


def test_an_edit_in_a_thousand_blocks_computes_only_what_it_concerns(show) -> None:
    diagram = long_chain(1000)
    canvas = show(diagram)
    drawing, counts = canvas.scene.drawing, canvas.scene.drawing.counts
    counts.rows = counts.wires = 0

    canvas.session.do("Move", MoveBlocks(to={"relu500": (200.0, 300.0)}))
    assert (counts.rows, counts.wires) == (1, 2)

    canvas.session.do("Set", SetParameter(name="relu500", key="inplace", value=False))
    assert (counts.rows, counts.wires) == (1, 2), "no geometry for a parameter"

    diagram.remove("relu600")
    assert (counts.rows, counts.wires) == (1, 2), "nor for what goes"

    canvas.session.undo()
    assert (counts.rows, counts.wires) == (3, 4), "a block and its two wires came back"
    assert canvas.scene.drawing is drawing


def test_an_edit_describes_only_the_cards_that_are_painted(show) -> None:
    canvas = show(long_chain(1000))
    canvas.zoom_to(1.0)
    canvas.grab()

    canvas.session.do("Set", SetParameter(name="relu500", key="inplace", value=False))
    canvas.grab()

    assert 0 < canvas.painter.painted.cards < 12
    assert len(canvas.scene.stage.facts._contents) == canvas.painter.painted.cards


def test_dragging_moves_the_rectangles_that_are_seen_from_far_in_place(show) -> None:
    canvas = show(long_chain(300))
    drawing = canvas.scene.drawing
    far, path = drawing.far_rectangles(), drawing.far_path()

    canvas.scene.shift(["relu7"], 40.0, 0.0)

    assert drawing.far_rectangles() is far and drawing.far_path() is path
    assert drawing.rectangles[drawing.rows["relu7"]] == QRectF(-36.0, 872.0, 152.0, 48.0)


def test_what_is_seen_from_far_stays_as_long_as_no_wire_comes_or_goes(show) -> None:
    canvas = show(long_chain(300))
    drawing, session = canvas.scene.drawing, canvas.session
    path = drawing.far_path()

    session.do("Set", SetParameter(name="relu7", key="inplace", value=False))
    assert drawing.far_path() is path

    session.do("Move", MoveBlocks(to={"relu7": (40.0, 896.0)}))
    assert drawing.far_path() is path
    fresh = Drawing(session.diagram, "").far_path()
    assert [path.elementAt(index).y for index in range(path.elementCount())] == [
        fresh.elementAt(index).y for index in range(fresh.elementCount())
    ]

    session.diagram.remove("relu9")
    assert drawing.far_path() is not path and drawing.far_path().elementCount() == fresh.elementCount() - 4


def test_a_block_that_is_brought_back_stands_where_it_stood(show) -> None:
    diagram = Diagram("unplaced")
    for name, kind in {"input": "Input", "conv": "Conv2d", "relu": "ReLU"}.items():
        diagram.add(kind, name)
    diagram.connect("input", "conv")
    diagram.connect("conv", "relu")
    canvas = show(diagram)
    stood = canvas.block_rect("conv")

    diagram.remove("conv")
    diagram.undo()

    assert canvas.block_rect("conv") == stood


def test_lines_read_as_one_path_are_those_drawn_one_by_one() -> None:
    lines = [[(0.0, 1.0), (2.5, -3.0)], [(4.0, 4.0), (4.0, 9.0), (7.25, 9.0)], [(1.0, 1.0), (0.0, 0.0)]]
    path, starts = QPainterPath(), []
    for line in lines:
        starts.append(path.elementCount())
        path.moveTo(*line[0])
        for point in line[1:]:
            path.lineTo(*point)
    assert routes.broken_lines([point for line in lines for point in line], starts) == path
    assert routes.broken_lines([], []).elementCount() == 0


def test_a_move_costs_the_same_in_a_drawing_of_thousands(show) -> None:
    """The edit, the analysis, the drawing and the commands: nothing goes through all blocks."""
    counts = []
    for blocks in (150, 3000):
        canvas = show(grid(blocks))
        canvas.zoom_to(1.0)
        session = canvas.session
        session.do("Move", MoveBlocks(to={"r7": (900.0, 30.0)}))
        counts.append(lines_run(lambda session=session: session.do("Move", MoveBlocks(to={"r7": (908.0, 30.0)}))))
    few, many = counts
    assert many <= 1.5 * few, f"{few} lines among 150 blocks, {many} among 3,000"
