"""*Save picture…*: the dialog, the file, and what is in it."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPen, QStaticText
from PySide6.QtWidgets import QApplication, QFileDialog

from blockstudio.gui.canvas.paint.vector import SvgPainter
from blockstudio.gui.figure.dialog import FigureDialog
from blockstudio.gui.kit.theme import font
from blockstudio.gui.shell.window import StudioWindow
from tests.support.hands import click, press_key


def asked(window: StudioWindow) -> FigureDialog:
    """The dialog, as the command opens it."""
    assert window.commands.run("file.picture")
    assert isinstance(window.desk.dialog, FigureDialog)
    return window.desk.dialog


def saved(qtbot, window: StudioWindow, target: Path) -> str:
    """Answer the dialog in view and the one for the file; what the note says of the picture."""
    said: list[str] = []
    window.session.message.connect(said.append)
    click(window.desk.dialog.ok)
    assert isinstance(window.desk.dialog, QFileDialog)
    window.desk.dialog.fileSelected.emit(str(target))
    window.desk.dialog.close()
    qtbot.waitUntil(lambda: not window.features.figure.busy, timeout=60_000)
    return said[-1]


def labels(svg: str) -> list[str]:
    return re.findall(r'aria-label="([^"]*)"', svg)


def test_the_whole_network_is_saved_as_it_stands(open_window, qtbot, tmp_path: Path) -> None:
    window = open_window("resnet18")
    dialog = asked(window)
    assert not dialog.selected.isEnabled() and not dialog.as_shown.isEnabled()

    words = saved(qtbot, window, tmp_path / "net.svg")

    svg = (tmp_path / "net.svg").read_text(encoding="utf-8")
    assert {"conv1", "layer1", "×2", "64×112×112", "fc"} <= set(labels(svg))
    assert re.fullmatch(r"Saved net\.svg: \d+ blocks, \d+ × \d+ mm, texts of 8\.2 pt", words)


@pytest.mark.slow
def test_only_what_is_selected_and_in_the_dark(open_window, qtbot, tmp_path: Path) -> None:
    window = open_window("resnet18")
    window.session.select(["conv1", "bn1"])
    dialog = asked(window)
    assert dialog.selected.text() == "2 selected blocks"
    click(dialog.selected)
    click(dialog.dark)

    saved(qtbot, window, tmp_path / "two.png")

    image = QImage(str(tmp_path / "two.png"))
    assert image.width() < 420 and image.height() < 420
    assert QColor(image.pixel(0, 0)).lightness() < 40


@pytest.mark.slow
def test_what_is_open_on_the_screen_is_open_in_the_picture(open_window, qtbot, tmp_path: Path) -> None:
    window = open_window("resnet18")
    window.canvas.toggle_frame("layer1")
    dialog = asked(window)
    assert dialog.as_shown.isChecked()
    saved(qtbot, window, tmp_path / "open.svg")
    asked(window)
    click(window.desk.dialog.shut)
    saved(qtbot, window, tmp_path / "shut.svg")

    opened, shut = ((tmp_path / f"{name}.svg").read_text(encoding="utf-8") for name in ("open", "shut"))
    assert "conv2" in labels(opened) and "layer1 ×2" in labels(opened)
    assert "conv2" not in labels(shut)


@pytest.mark.slow
def test_a_level_inside_with_columns_and_bars(open_window, qtbot, tmp_path: Path) -> None:
    window = open_window("resnet18")
    window.session.enter("layer2")
    dialog = asked(window)
    assert dialog.whole.text() == "All of layer2.0"
    click(dialog.bars)
    dialog.columns.setValue(2)

    saved(qtbot, window, tmp_path / "inside.svg")

    svg = (tmp_path / "inside.svg").read_text(encoding="utf-8")
    assert "conv2" in labels(svg) and "layer1" not in labels(svg)
    assert 'rx="1.25"' in svg, "a cost bar"


def test_blocks_stand_in_the_picture_where_they_stand_on_the_screen(open_window, qtbot, tmp_path: Path) -> None:
    window = open_window("resnet18")
    window.canvas.arranging.whole()
    qtbot.waitUntil(lambda: not window.canvas.busy)
    name = window.canvas.insert_block("ReLU")
    before, conv = window.canvas.scene.drawing.rect(name), window.canvas.scene.drawing.rect("conv1")
    asked(window)

    saved(qtbot, window, tmp_path / "net.svg")

    svg = (tmp_path / "net.svg").read_text(encoding="utf-8")
    at = {label: (float(x), float(y)) for x, y, label in re.findall(
        r'translate\(([-\d.]+) ([-\d.]+)\)"[^>]*aria-label="([^"]*)"', svg)}  # fmt: skip
    moved = at[name][0] - at["conv1"][0], at[name][1] - at["conv1"][1]
    assert moved == pytest.approx((before.x() - conv.x(), before.y() - conv.y()), abs=0.1)


@pytest.mark.slow
def test_a_definition_that_is_looked_at_by_itself(open_window, qtbot, tmp_path: Path) -> None:
    window = open_window("resnet18")
    window.session.go("@BasicBlock")
    assert asked(window).whole.text() == "All of BasicBlock"

    assert saved(qtbot, window, tmp_path / "module.svg").startswith("Saved module.svg: ")

    assert {"conv2", "add"} <= set(labels((tmp_path / "module.svg").read_text(encoding="utf-8")))


@pytest.mark.slow
def test_two_pictures_at_once_and_another_document_meanwhile(open_window, qtbot, tmp_path: Path) -> None:
    window = open_window("resnet18")
    window.features.figure.write(tmp_path / "first.svg", [])
    window.documents.new()
    window.features.figure.write(tmp_path / "second.svg", [])
    qtbot.waitUntil(lambda: not window.features.figure.busy, timeout=60_000)

    assert "layer1" in labels((tmp_path / "first.svg").read_text(encoding="utf-8"))
    assert labels((tmp_path / "second.svg").read_text(encoding="utf-8")) == []


def test_closing_meanwhile_leaves_no_half_file(open_window, tmp_path: Path) -> None:
    window = open_window("resnet18")
    window.features.figure.write(tmp_path / "net.svg", [])
    window.close()
    assert not window.features.figure.busy and list(tmp_path.glob("*.svg*")) == []


def test_what_cannot_be_written_is_told_in_a_note(open_window, qtbot, tmp_path: Path) -> None:
    window = open_window("resnet18")
    asked(window)
    saved(qtbot, window, tmp_path / "no folder" / "net.png")
    assert "there is no folder" in window.toasts.texts[0]


def test_the_dialog_is_worked_by_keyboard(open_window, qtbot) -> None:
    window = open_window("resnet18")
    window.session.select(["conv1"])
    dialog = asked(window)
    qtbot.waitUntil(dialog.whole.hasFocus)
    press_key(dialog.whole, Qt.Key.Key_Right)
    assert dialog.selected.isChecked() and dialog.selected.hasFocus()
    way = []
    for _ in range(5):
        press_key(QApplication.focusWidget(), Qt.Key.Key_Tab)
        way.append(QApplication.focusWidget())
    assert way == [dialog.light, dialog.no_bars, dialog.columns, dialog.cancel, dialog.ok]
    press_key(QApplication.focusWidget(), Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_a_figure_is_xml_whatever_its_blocks_are_called(qtbot) -> None:
    painter = SvgPainter()
    painter.setFont(font(11))
    painter.setPen(QPen(QColor("black")))
    painter.drawStaticText(QPointF(0, 0), QStaticText("note \x1b[31m\x07\uffff"))
    svg = painter.document(QRectF(0, 0, 9, 9), "9mm", "9mm", "title \x00\x0b", QColor("white"))
    assert "note" in svg and ElementTree.fromstring(svg.encode()).tag.endswith("svg")
