"""Opening a network costs what it must: each level laid out once, one drawing, and few frames until it stands."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication

from blockstudio.graph.presets import load_preset
from blockstudio.gui.canvas.scene import staging
from blockstudio.gui.canvas.scene.drawing import Drawing

NETWORKS = [
    ("googlenet", {}),
    ("inception_resnet_v2", {}),
    ("resnet152", {}),
    ("cifar_preact", {"n": 111, "bottleneck": True}),
    ("vgg19", {}),
]


class Paints(QObject):
    """Counts the frames of a widget."""

    count = 0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.count += event.type() == QEvent.Type.Paint
        return False


@pytest.mark.parametrize(("name", "values"), NETWORKS)
def test_a_preset_is_laid_out_once_and_drawn_at_once(open_window, qtbot, monkeypatch, name: str, values: dict) -> None:
    window = open_window()
    window.show_start()
    QApplication.processEvents()
    laid_out: list[str] = []
    built: list[str] = []
    arrange, rebuild = staging.arrange, Drawing.rebuild

    def counted_arrange(diagram, scope="", sizes=None):
        laid_out.append(scope)
        return arrange(diagram, scope, sizes)

    def counted_rebuild(drawing: Drawing) -> None:
        built.append(drawing.scope)
        rebuild(drawing)

    monkeypatch.setattr(staging, "arrange", counted_arrange)
    monkeypatch.setattr(Drawing, "rebuild", counted_rebuild)
    paints = Paints()
    window.canvas.installEventFilter(paints)
    window.documents.open(name, values)
    wanted = load_preset(name).name
    qtbot.waitUntil(lambda: window.session.diagram.name == wanted and paints.count > 0, timeout=60_000)
    canvas = window.canvas
    # The levels inside are laid out when somebody looks into them.
    assert laid_out == [""] and built == [""]
    assert not canvas.staging.busy and not canvas.root.drawing.unrouted
    assert len(canvas.drawing) == len(window.session.diagram.main.graph) < 80
    assert canvas.drawing.counts.rows == len(canvas.drawing)
    for _ in range(5):
        QApplication.processEvents()
    assert paints.count <= 3, "frames until everything stands"


def test_a_second_look_into_a_module_lays_nothing_out(open_window, monkeypatch) -> None:
    window = open_window("inception_resnet_v2")
    laid_out: list[str] = []
    arrange = staging.arrange
    monkeypatch.setattr(
        staging,
        "arrange",
        lambda diagram, scope="", sizes=None: (laid_out.append(scope), arrange(diagram, scope, sizes))[1],
    )
    for _ in range(2):
        window.session.enter("repeat")
        QApplication.processEvents()
        window.session.leave()
        QApplication.processEvents()
    assert len(laid_out) == len(set(laid_out)) == 1
