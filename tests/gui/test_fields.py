"""Fields: sizes as people write them, names completed in expressions, numbers scrubbed by their label."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from blockstudio.blocks import CATALOGUE
from blockstudio.errors import StudioError
from blockstudio.gui.kit.fields import step_float
from blockstudio.gui.kit.scrub import ScrubLabel
from blockstudio.gui.kit.value_text import read
from tests.support.hands import press_key
from tests.support.mouse import move, press, release

PAIR, SHAPE = CATALOGUE["Conv2d"].parameters["kernel_size"], CATALOGUE["Input"].parameters["shape"]
PADDING, WIDTH = CATALOGUE["Conv2d"].parameters["padding"], CATALOGUE["Conv2d"].parameters["out_channels"]


@pytest.mark.parametrize("text", ["3 3", "3x3", "3×3", "3 × 3", "3X3", "(3, 3)", "3, 3", " 3  3 ", "（3，3）"])
def test_two_numbers_are_a_pair(text: str) -> None:
    assert read(PAIR, text) == 3


def test_sizes_as_people_write_them() -> None:
    for text in (
        "192 28 28",
        "192×28×28",
        "192x28x28",
        "192, 28, 28",
        "(192, 28, 28)",
        "[192, 28, 28]",
        "192 x 28 X 28",
        "192*28*28",
        "192 * 28 * 28",
        "１９２，２８，２８",
    ):
        assert read(SHAPE, text) == [192, 28, 28], text
    assert read(PAIR, "1 7") == [1, 7] and read(PADDING, "0 3") == [0, 3] and read(PADDING, "1 2 3 4") == [1, 2, 3, 4]
    assert read(SHAPE, "3, 2*16, 32") == [3, "2*16", 32]
    assert read(PAIR, "3*width") == "3*width" and read(WIDTH, "4 * width") == "4 * width"
    for text in ("3 3", "3x3"):
        with pytest.raises(StudioError):
            read(WIDTH, text)


def test_decimal_steps() -> None:
    assert [step_float(text, 1) for text in ("0.5", "0.05", "1e-05", "2", "a*b")] == [
        "0.6",
        "0.06",
        "2e-05",
        "2.1",
        None,
    ]


def test_a_label_is_dragged_and_undone_as_one_step(open_window) -> None:
    window = open_window()
    session = window.session
    name = session.diagram.add("Conv2d", "conv1", out_channels=64)
    session.select([name])
    inspector = window.features.inspector
    QApplication.processEvents()
    page = inspector.field("out_channels")
    label = next(label for label in inspector.findChildren(ScrubLabel) if label.text() == "out_channels")
    before = session.definition.block(name).parameters.get("out_channels")
    start = page.text()
    at = label.rect().center()
    steps = len(session.diagram.history._done)
    press(label, at)
    for x in (8, 24, 41):
        move(label, (at.x() + x, at.y()))
    assert (
        page.text() == str(int(start) + 5) and session.definition.block(name).parameters.get("out_channels") == before
    )
    release(label, (at.x() + 41, at.y()))
    assert session.definition.block(name).parameters["out_channels"] == int(start) + 5
    assert len(session.diagram.history._done) == steps + 1
    session.undo()
    assert page.text() == start
    press(label, at)
    move(label, (at.x() - 100_000, at.y()))
    assert not page.error, "no further than is legal"
    QTest.keyClick(label, Qt.Key.Key_Escape)
    release(label, at)
    assert page.text() == start and len(session.diagram.history._done) == steps


def test_names_are_completed_inside_an_expression(open_window) -> None:
    window = open_window("googlenet")
    session = window.session
    session.go("inception_3a")
    session.select(["conv1x1"])
    QApplication.processEvents()
    field = window.features.inspector.field("out_channels")
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, "2 * ch1")
    popup = field.completing.completer.popup()
    assert popup.isVisible() and popup.model().rowCount() >= 1
    first = popup.model().index(0, 0).data()
    press_key(popup, Qt.Key.Key_Return)
    assert field.text() == f"2 * {first}" and not field.error and field.suffix
