"""Opening a network costs what it must: its level is laid out once and built once, nothing else is drawn beside it, and
every frame shows the whole."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication

from blockstudio.graph.diagram import Diagram
from blockstudio.graph.presets import load_preset
from blockstudio.gui.browser import preset_facts as facts
from blockstudio.gui.canvas.canvas import Canvas
from blockstudio.gui.canvas.scene import staging
from blockstudio.gui.canvas.scene.drawing import Drawing

NETWORKS = [
    ("googlenet", {}),
    ("inception_resnet_v2", {}),
    ("resnet152", {}),
    ("cifar_preact", {"n": 111, "bottleneck": True}),
    ("vgg19", {}),
]


class Done:
    """Which levels were laid out for the canvas, and which were built for whomever: diagram and definition."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.laid_out: list[tuple[Diagram, str]] = []
        self.built: list[tuple[Diagram, str]] = []
        arrange, rebuild = staging.arrange, Drawing.rebuild

        def counted_arrange(diagram, scope="", sizes=None, right=False):
            if not right:  # a level too large for the window is tried to the right as well, once
                self.laid_out.append((diagram, scope))
            return arrange(diagram, scope, sizes, right)

        def counted_rebuild(drawing: Drawing) -> None:
            self.built.append((drawing.diagram, drawing.scope))
            rebuild(drawing)

        monkeypatch.setattr(staging, "arrange", counted_arrange)
        monkeypatch.setattr(Drawing, "rebuild", counted_rebuild)


class Frames(QObject):
    """What stands on a canvas whenever it is painted: blocks, wires that wait for their lane, the scale."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__()
        self._canvas = canvas
        self.shown: list[tuple[str, int, int, float]] = []
        canvas.installEventFilter(self)

    def now(self) -> tuple[str, int, int, float]:
        drawing = self._canvas.scene.drawing
        return drawing.diagram.name, len(drawing), len(drawing.unrouted), self._canvas.camera.scale

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self.shown.append(self.now())
        return False


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], object]]:
    """What the start page asked to have read; it gets each answer when that is called."""
    held: list[Callable[[], object]] = []

    def hold(store: facts.FactsStore, preset: str, values: dict, then: Callable, failed: Callable) -> None:
        held.append(lambda: then(facts.read(preset, values)))

    monkeypatch.setattr(facts.FactsStore, "ask", hold)
    return held


@pytest.mark.parametrize(("name", "values"), NETWORKS)
def test_a_preset_is_laid_out_once_and_drawn_at_once(open_window, qtbot, monkeypatch, name: str, values: dict) -> None:
    window = open_window()
    window.desk.show_screen("start")
    QApplication.processEvents()
    done, frames = Done(monkeypatch), Frames(window.canvas)
    window.documents.open(name, values)
    wanted = load_preset(name).name
    qtbot.waitUntil(lambda: window.session.diagram.name == wanted and bool(frames.shown), timeout=60_000)
    canvas, diagram = window.canvas, window.session.diagram
    # The levels inside are laid out when somebody looks into them.
    assert done.laid_out == [(diagram, "")] and done.built.count((diagram, "")) == 1
    assert done.built[-1] == (diagram, ""), "something else was drawn when the network was in view"
    assert not canvas.busy and not canvas.scene.root.drawing.unrouted
    assert len(canvas.scene.drawing) == len(window.session.diagram.main.graph) < 80
    assert canvas.scene.drawing.counts.rows == len(canvas.scene.drawing)
    assert set(frames.shown) == {frames.now()}, "a frame before everything stands"


@pytest.mark.parametrize("first", ["picture", "network"])
def test_the_start_page_draws_nothing_once_a_network_is_in_view(
    open_window, qtbot, monkeypatch, answers, first: str
) -> None:
    """Whichever comes first: the start page's network, whose picture it then begins to draw, or the one opened."""
    window = open_window()
    window.desk.show_screen("start")
    page = window.features.browser.page
    (answer,) = answers
    done = Done(monkeypatch)
    if first == "picture":
        answer()
        assert page.detail.picture.busy
    assert window.documents.open_now("vgg19")
    if first == "network":
        answer()
    assert not page.isVisible() and not page.detail.picture.busy
    QApplication.processEvents()
    assert done.laid_out == done.built == [(window.session.diagram, "")]
    window.desk.show_screen("start")
    qtbot.waitUntil(lambda: page.detail.picture.image is not None and not page.detail.picture.busy)
    assert len(done.built) == 2, "the picture is drawn when the page is there again"


def test_the_start_page_reads_no_further_network_once_one_is_in_view(open_window, qtbot, monkeypatch, answers) -> None:
    window = open_window()
    jobs: list[str] = []
    read = facts.read
    monkeypatch.setattr(facts, "read", lambda preset, values=None: (jobs.append(preset), read(preset, values))[1])
    window.desk.show_screen("start")
    page = window.features.browser.page
    page.facts.arrived.connect(lambda _: len(page.facts.figures) == 3 and window.documents.open_now("vgg19"))
    qtbot.waitUntil(lambda: window.session.diagram.name == "VGG-19", timeout=60_000)
    assert len(jobs) == 3 and not page.facts.busy
    window.desk.show_screen("start")
    qtbot.waitUntil(lambda: len(page.facts.figures) == len(page.tree.shown), timeout=60_000)
    assert sorted(jobs) == sorted(page.tree.shown)


def test_a_second_look_into_a_module_lays_nothing_out(open_window, monkeypatch) -> None:
    window = open_window("inception_resnet_v2")
    laid_out: list[str] = []
    arrange = staging.arrange
    monkeypatch.setattr(
        staging,
        "arrange",
        lambda diagram, scope="", sizes=None, right=False: (
            laid_out.append(scope),
            arrange(diagram, scope, sizes, right),
        )[1],
    )
    for _ in range(2):
        window.session.enter("repeat")
        QApplication.processEvents()
        window.session.leave()
        QApplication.processEvents()
    assert len(laid_out) == len(set(laid_out)) == 1
