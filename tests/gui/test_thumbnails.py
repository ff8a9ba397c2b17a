"""What a block gives, on its card while the mouse rests there."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPoint, QSize
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest

import blockstudio as bs
from blockstudio.analysis import analyze
from blockstudio.graph.definition import Wire
from blockstudio.graph.edits import AddWire, RemoveWire
from blockstudio.graph.presets import load_preset
from blockstudio.gui.canvas.canvas import Canvas
from blockstudio.gui.canvas.paint.thumbnail import thumbnail
from blockstudio.gui.document.session import Session
from blockstudio.gui.document.thumbnails import Thumbnails
from blockstudio.gui.kit.theme import LIGHT


def coloured(name: str) -> QImage:
    found = QImage(4, 4, QImage.Format.Format_RGB32)
    found.fill(QColor(name))
    return found


def test_a_card_shows_what_its_block_gives_while_the_mouse_rests_on_it(qtbot: Any) -> None:
    diagram = bs.load("cifar_resnet")
    session = Session(diagram)
    canvas = Canvas(session)
    qtbot.addWidget(canvas)
    canvas.resize(900, 700)
    canvas.show()
    canvas.fit()
    scene = canvas.scene

    def rest_on(name: str) -> QColor:
        rect = scene.root.drawing.rect(name)
        at = canvas.camera.to_view(rect.center())
        QTest.mouseMove(canvas, QPoint(int(at.x()), int(at.y())))
        assert scene.marks.hovered == name
        corner = canvas.camera.to_view(rect.topRight())
        scale = canvas.camera.scale
        return QColor(canvas.grab().toImage().pixel(int(corner.x() - 15 * scale), int(corner.y() + 15 * scale)))

    plain = rest_on("conv1")
    session.thumbnails = Thumbnails(
        bs.load("cifar_resnet", size=28, in_channels=1), {"conv1": coloured("#ff00ff"), "layer1.2": coloured("#00ff00")}
    )
    assert plain != QColor("#ff00ff") and rest_on("conv1") == QColor("#ff00ff")
    # A repeated block is one card: its last copy's. One of which nothing is known has none, another network neither.
    assert scene.session.thumbnails is not None and scene.session.thumbnails.of("layer1") is not None
    rest_on("bn1")
    assert scene.thumbnail() is None
    # Another network of the same name and with the same blocks, but for a wire.
    other = bs.load("cifar_resnet")
    wire = next(wire for wire in other.main.wires() if wire.source == "bn1")
    other.edit("Rewire", [RemoveWire(wire=wire), AddWire(wire=Wire("conv1", "out", wire.target, wire.target_port))])
    assert other.name == diagram.name
    session.thumbnails = Thumbnails(other, {"conv1": coloured("#ff00ff")})
    assert rest_on("conv1") == plain


def test_a_figure_is_not_broken_where_a_shortcut_runs(styled: Any) -> None:
    diagram = load_preset("module_residual_basic")
    size = QSize(900, 220)
    found = [len([*thumbnail(diagram, analyze(diagram), size, 1, LIGHT, figure=figure)]) for figure in (False, True)]
    assert found[1] < found[0], "as many pictures as columns"
