"""The search on the drawing: where it opens, what it shows, and what becomes of the choice."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from blockstudio.graph.diagram import Wire
from blockstudio.graph.format import dumps
from blockstudio.gui.canvas.hand.searching import Adding
from tests.support.canvas_driver import click, double_click, drag, drop, key, middle, press, release, wire_ends

K, M = Qt.Key, Qt.KeyboardModifier


def ask(canvas, text: str) -> list[str]:
    """Type into the search that is open; what it shows."""
    assert canvas.finder is not None and canvas.finder.isVisible()
    canvas.finder.line.clear()
    QTest.keyClicks(canvas.finder.line, text)
    return [canvas.finder.list.item(row).text() for row in range(canvas.finder.list.count())]


def take(canvas) -> str:
    """Enter; the name of the block that came."""
    before = set(canvas.session.definition.graph)
    key(canvas.finder.line, K.Key_Return)
    (name,) = set(canvas.session.definition.graph) - before
    return name


def covered(canvas) -> list[tuple[str, str]]:
    """Pairs of cards that lie on one another."""
    drawing = canvas.scene.drawing
    cards = [(name, drawing.rect(name)) for name in drawing.names]
    return [(a, b) for i, (a, one) in enumerate(cards) for b, two in cards[i + 1 :] if one.intersects(two)]


def test_a_wire_let_go_over_nothing_asks_what_comes_there(show, simple) -> None:
    canvas = show(simple)
    before = dumps(simple)
    start = canvas.port_point("relu", "out")

    drag(canvas, start, start + QPoint(200, 60))
    assert isinstance(canvas.gesture, Adding)
    assert ask(canvas, "gap")[0] == "GlobalAvgPool"
    assert canvas.gesture.overlay().line == "→ 64×1×1"
    name = take(canvas)

    assert f"relu -> {name}" in wire_ends(canvas)
    assert canvas.session.selection == (name,)
    assert canvas.hasFocus() and not canvas.finder.isVisible() and canvas.gesture is None
    assert covered(canvas) == []
    canvas.session.undo()
    assert dumps(simple) == before


def test_a_wire_pulled_from_an_input_asks_what_feeds_it(show, simple) -> None:
    simple.disconnect("conv2d", "relu")
    canvas = show(simple)
    start = canvas.port_point("relu", "in", "in")
    drag(canvas, start, start - QPoint(250, 30))
    rows = ask(canvas, "out")
    assert rows.index("Output") > rows.index("Does not fit this wire")
    ask(canvas, "tanh")
    name = take(canvas)
    assert f"{name} -> relu" in wire_ends(canvas)


@pytest.mark.parametrize("way", ["tab", "space", "double click", "command"])
def test_every_way_to_the_search(show, simple, way) -> None:
    canvas = show(simple)
    canvas.session.select(["relu"])
    empty = QPoint(160, 160)
    meant = canvas.camera.to_scene(empty.toPointF())
    if way == "tab":
        QTest.keyClick(canvas, K.Key_Tab)
    elif way == "space":
        key(canvas, K.Key_Space)
    elif way == "double click":
        double_click(canvas, empty)
    else:
        assert canvas.run("edit.search")
    assert canvas.finder.isVisible() and canvas.finder.line.hasFocus()
    ask(canvas, "sigmoid")
    name = take(canvas)
    if way == "double click":
        assert not canvas.session.definition.wired(name)
        assert canvas.block_rect(name).contains(meant)
    else:
        assert f"relu -> {name}" in wire_ends(canvas)
    assert covered(canvas) == []


def test_escape_and_a_click_elsewhere_let_go_of_it(show, simple) -> None:
    canvas = show(simple)
    before = dumps(simple)
    canvas.session.select(["relu"])
    canvas.run("edit.search")
    key(canvas.finder.line, K.Key_Escape)
    assert canvas.gesture is None and not canvas.finder.isVisible() and canvas.hasFocus()
    assert canvas.session.selection == ("relu",)
    canvas.run("edit.search")
    click(canvas, QPoint(20, 20))
    canvas.setFocus()
    assert canvas.gesture is None and not canvas.finder.isVisible()
    assert dumps(simple) == before


def test_space_and_drag_still_moves_the_view(show, simple) -> None:
    canvas = show(simple)
    QTest.keyPress(canvas, K.Key_Space)
    drag(canvas, (100, 100), (160, 130))
    QTest.keyRelease(canvas, K.Key_Space)
    assert canvas.gesture is None
    assert canvas.finder is None


def test_with_a_wire_selected_the_choice_stands_in_it(show, simple) -> None:
    canvas = show(simple)
    wire = simple.main.wires_into("relu")[0]
    canvas.scene.select_wires([wire])
    canvas.run("edit.search")
    ask(canvas, "bn")
    name = take(canvas)
    assert {f"conv2d -> {name}", f"{name} -> relu"} <= wire_ends(canvas)


def test_a_double_click_on_a_wire_looks_for_what_comes_into_it(show, simple) -> None:
    canvas = show(simple)
    wire = simple.main.wires_into("relu")[0]
    at = canvas.camera.to_view(canvas.scene.drawing.path(wire).pointAtPercent(0.5)).toPoint()
    double_click(canvas, at)
    assert canvas.finder.about.text() == "between conv2d and relu"
    ask(canvas, "bn")
    name = take(canvas)
    assert {f"conv2d -> {name}", f"{name} -> relu"} <= wire_ends(canvas)


def test_several_selected_are_wired_in_the_order_of_the_drawing(show, simple) -> None:
    for name, x in (("right_1", 400.0), ("left_1", -400.0)):
        simple.add("ReLU", name, at=(x, 112.0))
        simple.connect("input", name)
    canvas = show(simple)
    canvas.session.select(["right_1", "conv2d", "left_1"])
    canvas.run("edit.search")
    assert ask(canvas, "")[0] == "Concat"
    name = take(canvas)
    assert [wire.source for wire in simple.main.wires_into(name)] == ["left_1", "conv2d", "right_1"]
    assert covered(canvas) == []


def test_what_does_not_fit_stands_last_and_nothing_found_offers_ways_on(show, simple) -> None:
    canvas = show(simple)
    canvas.session.select(["input"])
    canvas.run("edit.search")
    rows = ask(canvas, "")
    assert "Does not fit this wire" in rows
    assert rows.index("Does not fit this wire") > rows.index("Conv2d")
    assert rows.index("Input") > rows.index("Does not fit this wire")
    assert ask(canvas, "gapx") == []
    assert canvas.finder.nothing.isVisible()
    assert "gapx" in canvas.finder.sorry.text()
    key(canvas.finder.line, K.Key_Return)
    assert canvas.finder.isVisible()
    key(canvas.finder.line, K.Key_Escape)


def test_the_arrows_choose_and_pass_over_headings(show, simple) -> None:
    canvas = show(simple)
    canvas.session.select(["input"])
    canvas.run("edit.search")
    rows = ask(canvas, "")
    for _ in range(len(rows) + 3):
        key(canvas.finder.line, K.Key_Down)
    assert canvas.finder.current().title == rows[-1]
    for _ in range(len(rows) + 3):
        key(canvas.finder.line, K.Key_Up)
    assert canvas.finder.current().title in rows[:2]
    key(canvas.finder.line, K.Key_Escape)


def test_an_undo_behind_its_back_closes_it(show, simple) -> None:
    canvas = show(simple)
    canvas.session.do("Add", *[])
    simple.add("ReLU", "extra", at=(300, 300))
    canvas.session.select(["extra"])
    canvas.run("edit.search")
    canvas.session.undo()
    assert canvas.gesture is None and not canvas.finder.isVisible()


def test_wires_are_drawn_from_all_that_is_selected_at_once(show, simple) -> None:
    for name, x in (("right_1", 400.0), ("left_1", -400.0)):
        simple.add("ReLU", name, at=(x, 112.0))
        simple.connect("input", name)
    simple.add("Concat", "cat", at=(0.0, 560.0))
    canvas = show(simple)
    canvas.fit()
    canvas.session.select(["right_1", "left_1"])
    press(canvas, canvas.port_point("right_1", "out"))
    for step in (20, 40):
        QTest.mouseMove(canvas, middle(canvas, "cat") - QPoint(0, 60 - step))
    assert len(canvas.gesture.overlay().more) == 1
    release(canvas, middle(canvas, "cat"))
    assert [wire.source for wire in simple.main.wires_into("cat")] == ["left_1", "right_1"]
    assert simple.history.undo_label == "Wire 2 blocks to cat"


def test_connect_wires_what_is_selected_to_the_last(show, simple) -> None:
    simple.add("ReLU", "aside", at=(-400.0, 112.0))
    simple.add("Concat", "cat", at=(0.0, 560.0))
    simple.connect("input", "aside")
    canvas = show(simple)
    canvas.session.select(["relu", "aside", "cat"])
    assert canvas.run("edit.connect")
    assert [wire.source for wire in simple.main.wires_into("cat")] == ["aside", "relu"]
    # The order changes by keyboard, and stays with the wire.
    canvas.scene.select_wires([simple.main.wires_into("cat")[0]])
    key(canvas, K.Key_Right)
    assert [wire.source for wire in simple.main.wires_into("cat")] == ["relu", "aside"]
    assert canvas.scene.marks.wires == {simple.main.wires_into("cat")[1]}
    key(canvas, K.Key_Left)
    assert [wire.source for wire in simple.main.wires_into("cat")] == ["aside", "relu"]
    # And by the mouse: a wire pulled from one input to the next.
    drag(canvas, canvas.port_point("cat", "0", "in"), canvas.port_point("cat", "1", "in"), steps=8)
    assert [wire.source for wire in simple.main.wires_into("cat")] == ["relu", "aside"]


def test_ports_that_cannot_take_it_dim_and_the_nearest_that_can_draws_it_on(show, simple) -> None:
    simple.add("Concat", "cat", at=(300.0, 224.0))
    simple.add("Linear", "fc", at=(600.0, 224.0))
    canvas = show(simple)
    canvas.fit()
    refused = []
    canvas.session.refused.connect(refused.append)
    drawing = canvas.scene.drawing
    press(canvas, canvas.port_point("relu", "out"))
    near = canvas.port_point("cat", "0", "in") + QPoint(-14, -12)
    QTest.mouseMove(canvas, near.toPoint() - QPoint(40, 40))
    QTest.mouseMove(canvas, near.toPoint())
    assert canvas.gesture.target.block == "cat"
    able = {port.block: canvas.gesture.able(port) for name in drawing.names for port in drawing.ports(name)
            if port.side == "in"}  # fmt: skip
    assert able == {"conv2d": False, "relu": False, "output": True, "cat": True, "fc": False}
    # The circle is shown as the path it would close, though the input is taken as well.
    at = canvas.port_point("conv2d", "in", "in").toPoint()
    QTest.mouseMove(canvas, at - QPoint(3, 3))
    QTest.mouseMove(canvas, at)
    assert canvas.gesture.verdict.circle == ("conv2d", "relu")
    canvas.grab()
    assert canvas.scene.marks.way == ("conv2d", "relu")
    release(canvas, at)
    assert refused == ["Would close a circle: conv2d → relu"]
    assert canvas.scene.marks.able is None


@pytest.mark.parametrize("way", ["palette", "drag"])
def test_a_merge_from_the_palette_reads_what_is_selected(show, simple, way) -> None:
    for name, x in (("right_1", 400.0), ("left_1", -400.0)):
        simple.add("ReLU", name, at=(x, 112.0))
        simple.connect("input", name)
    canvas = show(simple)
    before = dumps(simple)
    canvas.session.select(["right_1", "left_1"])
    name = canvas.insert_block("Add") if way == "palette" else drop(canvas, "Add", (300, 600))
    assert [wire.source for wire in simple.main.wires_into(name)] == ["left_1", "right_1"]
    assert covered(canvas) == []
    canvas.session.undo()
    assert dumps(simple) == before


def test_a_wire_is_selected_by_key_and_moved_among_the_inputs(show, simple) -> None:
    simple.add("ReLU", "aside", at=(-400.0, 112.0))
    simple.add("Concat", "cat", at=(0.0, 560.0))
    for source, target in (("input", "aside"), ("aside", "cat:0"), ("relu", "cat:1")):
        simple.connect(source, target)
    canvas = show(simple)
    canvas.session.select(["cat"])
    chosen = []
    for _ in range(3):
        key(canvas, K.Key_I)
        chosen += [wire.source for wire in canvas.scene.marks.wires]
    assert chosen == ["aside", "relu", "aside"]
    key(canvas, K.Key_Right)
    assert [wire.source for wire in simple.main.wires_into("cat")] == ["relu", "aside"]


def test_a_block_is_replaced_and_pulled_out_by_keys(show, simple) -> None:
    canvas = show(simple)
    before = dumps(simple)
    canvas.session.select(["relu"])
    key(canvas, K.Key_H, M.ControlModifier)
    assert canvas.gesture.rect == canvas.block_rect("relu")
    assert ask(canvas, "tanh")[0] == "Tanh" and canvas.gesture.overlay().line == "→ 64×32×32"
    canvas.grab()
    key(canvas.finder.line, K.Key_Return)
    assert canvas.session.definition.block("relu").type == "Tanh" and canvas.session.selection == ("relu",)
    assert wire_ends(canvas) == {"input -> conv2d", "conv2d -> relu", "relu -> output"}
    assert simple.history.undo_label == "Replace relu"
    canvas.session.undo()
    assert dumps(simple) == before
    # What has no input cannot stand there: it says so, and nothing changes.
    said: list[str] = []
    canvas.session.refused.connect(said.append)
    key(canvas, K.Key_H, M.ControlModifier)
    assert ask(canvas, "auxoutput")[-1] == "AuxOutput"
    key(canvas.finder.line, K.Key_Return)
    assert dumps(simple) == before and len(said) == 1
    canvas.session.select(["input"])
    assert not canvas.run("edit.replace")

    canvas.session.select(["relu"])
    assert canvas.run("edit.pull_out")
    assert wire_ends(canvas) == {"input -> conv2d", "conv2d -> output"} and "relu" in simple.main
    assert covered(canvas) == [] and simple.history.undo_label == "Pull out relu"
    canvas.session.undo()
    assert dumps(simple) == before


def test_modules_of_the_library_are_found_and_come_with_what_they_need(show, simple) -> None:
    canvas = show(simple)
    canvas.scene.shelf.presets()
    before = dumps(simple)
    canvas.scene.select_wires([Wire("conv2d", "out", "relu", "in")])
    canvas.run("edit.search")
    rows = ask(canvas, "auxiliaryhead")
    assert rows[0] == "AuxiliaryHead"
    name = next(each for each in ask(canvas, "basicblock") if each == "BasicBlock")
    assert canvas.finder.current().title == name and canvas.finder.current().fit.shape[1:] == (32, 32)
    canvas.grab()
    came = take(canvas)
    assert simple.main.block(came).type == "BasicBlock" and f"conv2d -> {came}:input" in wire_ends(canvas)
    assert canvas.session.analysis.problems == () and covered(canvas) == []
    canvas.session.undo()
    assert dumps(simple) == before
