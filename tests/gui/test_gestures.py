"""How many keystrokes and gestures common things take: the figures of docs/gestures.md, counted on the real window."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from blockstudio.gui.shell.window import StudioWindow
from tests.support.mouse import drag, press_key

K, M = Qt.Key, Qt.KeyboardModifier
PAGE = Path(__file__).parents[2] / "docs" / "gestures.md"
INCEPTION = {
    "input -> conv2d", "input -> conv2d_2", "input -> conv2d_4", "input -> maxpool2d", "conv2d_2 -> conv2d_3",
    "conv2d_4 -> conv2d_5", "maxpool2d -> conv2d_6", "concat -> output",
}  # fmt: skip


def told(what: str) -> int:
    """The figure that the page tells for a row."""
    (row,) = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith(f"| {what} |")]
    return int(row.split("|")[2])


def check_inception(window: StudioWindow) -> None:
    """The module of stage 3a of GoogLeNet, with reductions, laid out without overlap."""
    session = window.session
    wires = {f"{wire.source} -> {wire.target}" for wire in session.diagram.main.wires()}
    assert wires >= INCEPTION
    assert [wire.source for wire in session.diagram.main.wires_into("concat")] == [
        "conv2d", "conv2d_3", "conv2d_5", "conv2d_6",
    ]  # fmt: skip
    assert session.level.shapes[("concat", "out")] == (256, 28, 28)
    assert session.analysis.parameters == 163_696
    assert session.analysis.problems == ()
    drawing = window.canvas.scene.drawing
    cards = [drawing.rect(name) for name in drawing.names]
    assert not any(a.intersects(b) for i, a in enumerate(cards) for b in cards[i + 1 :])


class Keys:
    """Presses keys on whatever has the keyboard, as a person without a mouse, and counts them; digits apart."""

    def __init__(self) -> None:
        self.strokes = self.digits = 0

    def press(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = M.NoModifier) -> None:
        """One keystroke, with what is held."""
        QTest.keyClick(QApplication.focusWidget(), key, modifiers)
        QApplication.processEvents()
        self.strokes += 1

    def type(self, text: str) -> None:
        """A keystroke a character."""
        QTest.keyClicks(QApplication.focusWidget(), text)
        QApplication.processEvents()
        self.digits += sum(letter.isdigit() for letter in text)
        self.strokes += sum(not letter.isdigit() for letter in text)

    def add(self, text: str, modifiers: Qt.KeyboardModifier = M.NoModifier) -> None:
        """Tab, what is looked for, Enter; with Shift it branches off."""
        self.press(K.Key_Tab)
        self.type(text)
        self.press(K.Key_Return, modifiers)


def test_an_inception_module_is_built_with_keys_alone(open_window) -> None:
    window = open_window()
    window.canvas.setFocus()
    keys = Keys()

    keys.add("in 192 28 28")
    keys.add("1x1 64")
    keys.type("[")
    keys.add("1x1 96", M.ShiftModifier)
    keys.add("3x3 128")
    keys.type("[[")
    keys.add("1x1 16")
    keys.add("5x5 32")
    keys.type("[[")
    keys.add("same")
    keys.add("1x1 32")
    keys.press(K.Key_E)
    keys.add("c")
    keys.add("ou")
    keys.press(K.Key_L, M.ControlModifier)

    check_inception(window)
    assert keys.strokes == told("Inception module by keys, beside its digits")
    assert keys.strokes <= 70
    # All of it is undone by keys too, to the first.
    while window.session.diagram.history.undo_label:
        keys.press(K.Key_Z, M.ControlModifier)
    assert len(window.session.diagram.main) == 0


class Mouse:
    """Drags and clicks on the drawing, counted: a press with what follows up to its release is one, and so is what is
    typed into the search with the Enter that ends it."""

    def __init__(self, window: StudioWindow) -> None:
        self.window, self.canvas, self.count = window, window.canvas, 0

    def choose(self, text: str) -> str:
        """Answer the search."""
        before = set(self.window.session.definition.graph)
        line = self.canvas.finder.line
        QTest.keyClicks(line, text)
        QTest.keyClick(line, K.Key_Return)
        QApplication.processEvents()
        self.count += 1
        (name,) = set(self.window.session.definition.graph) - before
        return name

    def double_click(self, at: QPoint) -> None:
        QTest.mouseDClick(self.canvas, Qt.MouseButton.LeftButton, M.NoModifier, at)
        QApplication.processEvents()
        self.count += 1

    def pull(self, block: str, to: QPoint) -> None:
        """Draw a wire from a block's output to a place of the canvas."""
        drag(self.canvas, self.canvas.port_point(block, "out"), to)
        self.count += 1

    def band(self, first: QPoint, last: QPoint) -> None:
        """Draw a rectangle."""
        drag(self.canvas, first, last)
        self.count += 1

    def below(self, block: str, dx: float = 0.0, dy: float = 60.0) -> QPoint:
        """A place below a block, on the canvas."""
        rect = self.canvas.block_rect(block)
        place = QPointF(rect.center().x() + dx, rect.bottom() + dy)
        return self.canvas.camera.to_view(place).toPoint()


def test_an_inception_module_is_built_by_mouse(open_window) -> None:
    window = open_window()
    window.resize(1500, 900)
    QApplication.processEvents()
    canvas, mouse = window.canvas, Mouse(window)

    mouse.double_click(QPoint(canvas.width() // 2, 60))
    source = mouse.choose("in 192 28 28")
    for column, (first, second) in enumerate((("1x1 64", ""), ("1x1 96", "3x3 128"), ("1x1 16", "5x5 32"),
                                              ("same", "1x1 32"))):  # fmt: skip
        mouse.pull(source, mouse.below(source, -264 + 176 * column))
        name = mouse.choose(first)
        if second:
            mouse.pull(name, mouse.below(name))
            mouse.choose(second)
    # The ends of the branches: the lowest of each column, two rectangles' worth; the second adds to the first.
    drawing = canvas.scene.drawing
    low = max(drawing.rect(name).top() for name in drawing.names)
    left, right = drawing.bounds.left() - 10, drawing.bounds.right() + 10
    to_view = canvas.camera.to_view
    mouse.band(to_view(QPointF(left, low + 24)).toPoint(), to_view(QPointF(right, low + 40)).toPoint())
    first = canvas.session.diagram.main.wires_from(source)[0].target
    QTest.mouseClick(
        canvas, Qt.MouseButton.LeftButton, M.ShiftModifier, to_view(drawing.rect(first).center()).toPoint()
    )
    mouse.count += 1
    assert len(window.session.selection) == 4
    mouse.pull("conv2d_3", mouse.below("conv2d_3", 60))
    concat = mouse.choose("c")
    mouse.pull(concat, mouse.below(concat))
    mouse.choose("ou")

    check_inception(window)
    assert mouse.count == told("Inception module with reductions by mouse")
    assert mouse.count <= 26


@pytest.mark.parametrize("what", ["Replace a block", "Remove a block and heal", "Group a selection"])
def test_one_gesture_is_one(open_window, what: str) -> None:
    window = open_window("alexnet")
    session, canvas = window.session, window.canvas
    steps = len(session.diagram.history._done)
    count = 0
    if what == "Replace a block":
        from tests.support.hands import on_window

        panel = window.features.panels.palette
        item = panel.item("Tanh")
        panel.list.scrollToItem(item)
        QApplication.processEvents()
        name = next(name for name, block in session.definition.blocks() if block.type == "ReLU")
        canvas.reveal(name)
        start = on_window(window, panel.list.viewport(), panel.list.visualItemRect(item).center())
        end = canvas.camera.to_view(canvas.block_rect(name).center()).toPoint()
        drag(window.windowHandle(), start, on_window(window, canvas, end))
        count += 1
        assert session.definition.block(name).type == "Tanh"
    elif what == "Remove a block and heal":
        name = next(name for name, block in session.definition.blocks() if block.type == "ReLU")
        (before,), (after,) = session.definition.wires_into(name), session.definition.wires_from(name)
        session.select([name])
        QTest.keyClick(canvas, K.Key_Delete)
        count += 1
        assert session.definition.wire_into(after.target, after.target_port) == (before.source, before.source_port)
    else:
        names = [name for name, block in session.definition.blocks() if block.type not in ("Input", "Output")][:3]
        session.select(names)
        QTest.keyClick(canvas, K.Key_G, M.ControlModifier)
        count += 1
        assert session.diagram.modules
    assert len(session.diagram.history._done) == steps + 1
    assert count == told(what)


def test_wire_mode_draws_a_wire_to_a_chosen_port(open_window) -> None:
    window = open_window()
    window.canvas.setFocus()
    keys = Keys()
    for text in ("in", "relu", "tanh"):
        keys.add(text)
    window.session.select(["input"])
    before = keys.strokes
    keys.press(K.Key_W)
    letters = window.canvas.gesture.overlay().shown
    (code,) = [code for code, (port, _) in window.canvas.gesture.codes.items() if port.block == "tanh"]
    assert len(letters) == 2
    window.canvas.grab()
    keys.type(code)
    assert window.session.diagram.main.wires_into("tanh")[0].source == "input"
    assert window.session.selection == ("tanh",)
    assert keys.strokes - before == told("Wire to a chosen port by keys")
    # Esc lets go, a port that would close a circle has no letter, a merge has one for a new input.
    keys.add("gelu")
    window.session.select(["gelu"])
    assert not window.canvas.run("edit.wire") or "tanh" not in {
        port.block for port, _ in window.canvas.gesture.codes.values()
    }
    keys.press(K.Key_Escape)
    assert window.canvas.gesture is None


def test_escape_leads_back_from_a_field_and_alt_up_moves_the_selection(open_window) -> None:
    window = open_window("alexnet")
    session = window.session
    convolutions = [name for name, block in session.definition.blocks() if block.type == "Conv2d"]
    session.select([convolutions[0]])
    field = window.features.inspector.field("out_channels")
    field.setFocus()
    before = field.text()
    QTest.keyClicks(field, "9")
    QTest.keyClick(field, K.Key_Escape)
    assert window.canvas.hasFocus()
    assert field.text() == before
    assert session.diagram.history.undo_label is None
    field.setFocus()
    QTest.keyClick(field, K.Key_Down, M.AltModifier)
    QApplication.processEvents()
    assert session.selection != (convolutions[0],)
    assert session.diagram.history.undo_label is None
    assert session.definition.block(convolutions[0]).parameters.get("out_channels") is not None
    # A word to choose from does not open on it either.
    session.select([convolutions[0]])
    name = window.features.inspector.field("name")
    name.setFocus()
    QTest.keyClick(name, K.Key_Down, M.AltModifier)
    assert window.features.inspector.field("name").hasFocus()
    QTest.keyClick(QApplication.focusWidget(), K.Key_Up, M.AltModifier)
    assert session.selection == (convolutions[0],)


@pytest.mark.slow
def test_enter_in_a_name_leads_back_to_the_drawing_unless_the_name_is_none(open_window) -> None:
    window = open_window("resnet18")
    window.canvas.setFocus()
    window.session.select(["relu"])
    for text, there in (("no name", "relu"), ("act", "act")):
        QTest.keyClick(window.canvas, K.Key_F2)
        field = QApplication.focusWidget()
        QTest.keyClicks(field, text)
        QTest.keyClick(field, K.Key_Return)
        QApplication.processEvents()
        assert there in window.session.definition
        assert window.canvas.hasFocus() == (there == "act")
        if there == "relu":
            QTest.keyClick(QApplication.focusWidget(), K.Key_Escape)
    QTest.keyClick(window.canvas, K.Key_Z, M.ControlModifier)
    assert "relu" in window.session.definition


def test_from_the_start_page_to_a_run_are_two_clicks(open_window, qtbot) -> None:
    window = open_window()
    window.desk.show_screen("start")
    page = window.desk.screen_widget("start")
    trainer, clicks = window.features.training.trainer, 0
    qtbot.waitUntil(lambda: page.detail.open_button.isVisible() and bool(page.detail.preset))
    for button in (page.detail.open_button, window.features.training.bar.train):
        qtbot.waitUntil(lambda button=button: button.isVisible() and button.isEnabled())
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        clicks += 1
        qtbot.waitUntil(lambda: not window.desk.screen and len(window.session.diagram.main) > 0)
    try:
        qtbot.waitUntil(lambda: trainer.state != "idle" and trainer.data is not None, timeout=60_000)
        assert trainer.data.run.directory.is_dir()
    finally:
        press_key(window, K.Key_F5, M.ShiftModifier)
        qtbot.waitUntil(lambda: trainer.data is None or not trainer.data.active, timeout=60_000)
    assert clicks == told("From start to training")
