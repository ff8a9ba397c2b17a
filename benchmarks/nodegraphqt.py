"""The same chain of 1,000 nodes in NodeGraphQt and in Block Studio: loading it, and a frame while zooming.

    QT_QPA_PLATFORM=offscreen python benchmarks/nodegraphqt.py [--nodes 1000] [--rounds 3]

NodeGraphQt is needed for this alone: ``pip install NodeGraphQt``, or into a folder of its own on ``PYTHONPATH``
(0.6.44 with Qt.py 2.0.7 was run with PySide6 6.11). Both load from plain data to the first painted frame and are
painted into a raster image of 1600×1000 pixels, in turn in one process; the figures are processor time, the better one
where other programs run. Our load reads types, analyses shapes and costs, and finds the ways of the wires.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QPoint, QPointF
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QWidget

from blockstudio.graph.diagram import Block, Diagram, Wire
from blockstudio.gui.canvas import Canvas
from blockstudio.gui.document.session import Session
from blockstudio.gui.kit.theme import LIGHT, set_theme

SIZE = 1600, 1000
COLUMNS = 25
FRAMES = 12
Timed = tuple[float, list[float]]
"""Seconds to load, and of each frame."""


def places(count: int) -> list[tuple[float, float]]:
    """Where the nodes of the chain stand: row by row."""
    return [(index % COLUMNS * 240.0, index // COLUMNS * 120.0) for index in range(count)]


def frames(widget: QWidget, image: QImage, zoom: Callable[[int], None]) -> list[float]:
    """Processor seconds of frames between which the zoom changes."""
    found = []
    for index in range(FRAMES):
        start = time.process_time()
        zoom(index)
        QWidget.render(widget, image, QPoint())
        found.append(time.process_time() - start)
    return found


def ours(count: int, app: QApplication, image: QImage) -> Timed:
    """Block Studio: a ReLU a node."""
    start = time.process_time()
    diagram = Diagram("chain")
    main, before = diagram.main, "input"
    main.insert("input", Block(type="Input", parameters={"shape": [16, 32, 32]}, at=(0.0, -120.0)))
    for index, at in enumerate(places(count - 1)):
        main.insert(f"n{index}", Block(type="ReLU", at=at))
        main.join(Wire(before, "out", f"n{index}", "in"))
        before = f"n{index}"
    session = Session(diagram)
    canvas = Canvas(session)
    canvas.resize(*SIZE)
    while canvas.scene.drawing.route(10_000):
        pass
    canvas.fit()
    canvas.render(image, QPoint())
    loaded = time.process_time() - start
    whole, middle = canvas.camera.scale, QPointF(SIZE[0] / 2, SIZE[1] / 2)
    found = frames(canvas, image, lambda index: canvas.zoom_on(whole * (1 + 0.02 * index), middle))
    session.close()
    canvas.deleteLater()
    app.processEvents()
    return loaded, found


def theirs(count: int, app: QApplication, image: QImage) -> Timed:
    """NodeGraphQt: a node with one input and one output."""
    from NodeGraphQt import BaseNode, NodeGraph

    class Relu(BaseNode):  # type: ignore[misc]
        __identifier__ = "benchmark"
        NODE_NAME = "relu"

        def __init__(self) -> None:
            super().__init__()
            self.add_input("in")
            self.add_output("out")

    start = time.process_time()
    graph = NodeGraph()
    graph.register_node(Relu)
    before = None
    for index, at in enumerate(places(count)):
        node = graph.create_node("benchmark.Relu", name=f"n{index}", pos=list(at), push_undo=False)
        if before is not None:
            before.set_output(0, node.input(0))
        before = node
    viewer = graph.viewer()
    viewer.resize(*SIZE)
    graph.select_all()
    graph.fit_to_selection()
    graph.clear_selection()
    QWidget.render(viewer, image, QPoint())
    loaded = time.process_time() - start
    found = frames(viewer, image, lambda index: viewer.scale(1.02, 1.02))
    graph.widget.close()
    app.processEvents()
    return loaded, found


def main() -> int:
    """Print what each takes, and how many times as long."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--nodes", type=int, default=1000)
    arguments.add_argument("--rounds", type=int, default=3)
    given = arguments.parse_args()
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    set_theme(LIGHT)
    image = QImage(*SIZE, QImage.Format.Format_RGB32)
    try:
        import NodeGraphQt  # noqa: F401
    except ImportError as error:
        print(f"NodeGraphQt cannot be imported ({error}): pip install NodeGraphQt")
        return 1
    taken: dict[str, list[Timed]] = {"NodeGraphQt": [], "Block Studio": []}
    for _ in range(given.rounds):
        for name, work in (("NodeGraphQt", theirs), ("Block Studio", ours)):
            taken[name].append(work(given.nodes, app, image))
    load = {name: statistics.median(each for each, _ in found) for name, found in taken.items()}
    frame = {name: statistics.median(each for _, many in found for each in many) for name, found in taken.items()}
    for name in taken:
        print(f"{name:14} load {load[name] * 1e3:8.1f} ms   zoom frame {frame[name] * 1e3:7.2f} ms (processor time)")
    print(
        f"{given.nodes:,} nodes, {given.rounds} rounds: load {load['NodeGraphQt'] / load['Block Studio']:.0f}×, "
        f"zoom frame {frame['NodeGraphQt'] / frame['Block Studio']:.0f}× (wanted: at least 25× and 90×)"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
