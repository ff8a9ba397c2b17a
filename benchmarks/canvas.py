"""Frame times of the canvas with 5,000 blocks in view: ``QT_QPA_PLATFORM=offscreen python benchmarks/canvas.py``.

A diagram of 5,000 blocks in parallel columns, with skips over three blocks that merge, is painted into a raster
image of 1600×1000 pixels. A frame is one whole repaint of the widget. Prints the median, 95th percentile and
maximum for zooming and panning at full view, at zooms in between, for dragging a block, and the time an edit takes;
then of acts to which the drawing answers in ResNet-152, fully expanded.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import time
from collections.abc import Callable

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QPoint, QPointF
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from blockstudio.graph.diagram import Block, Definition, Diagram, Wire
from blockstudio.graph.edits import MoveBlocks, SetParameter
from blockstudio.graph.expand import flatten
from blockstudio.graph.presets import load_preset
from blockstudio.gui.canvas import Canvas
from blockstudio.gui.canvas.hand import dropping
from blockstudio.gui.canvas.paint.far import FarLayer
from blockstudio.gui.document.session import Session
from blockstudio.gui.kit.theme import LIGHT, set_theme
from blockstudio.gui.work.garbage import Sweeper

WIDTH, HEIGHT = 1600, 1000
LIMIT_MS = 16.0


def big_diagram(blocks: int) -> Diagram:
    """About ``blocks`` blocks in chains side by side, each with a skip to a merge after every three blocks."""
    diagram = Diagram("big")
    main: Definition = diagram.main
    main.insert("input", Block(type="Input", parameters={"shape": [16, 32, 32]}, at=(0, -112)))
    columns = max(1, round((blocks / 1.2) ** 0.5))
    rows = blocks // columns
    kinds = [
        ("Conv2d", {"out_channels": 16, "kernel_size": 3, "padding": 1}),
        ("BatchNorm2d", {}),
        ("ReLU", {}),
        ("Add", {}),
    ]
    for column in range(columns):
        chain = ["input"]
        for row in range(rows):
            kind, parameters = kinds[row % 4]
            name = f"c{column}_{kind.lower()}{row}"
            at = (column * 232.0 - columns * 116.0, row * 112.0)
            main.insert(name, Block(type=kind, parameters=parameters, at=at))
            main.join(Wire(chain[-1], "out", name, "0" if kind == "Add" else "in"))
            if kind == "Add":
                main.join(Wire(chain[-4], "out", name, "1"))
            chain.append(name)
    return diagram


Times = list[tuple[float, float]]


def frames(canvas: Canvas, image: QImage, count: int, step: Callable[[int], None]) -> Times:
    """Milliseconds of each of ``count`` repaints, ``step(index)`` included: by the clock, and of the processor (the
    better figure where other programs run)."""
    times = []
    for index in range(count):
        start, busy = time.perf_counter(), time.process_time()
        step(index)
        canvas.render(image, QPoint())
        times.append(((time.perf_counter() - start) * 1e3, (time.process_time() - busy) * 1e3))
    return times


def report(name: str, times: Times, extra: str = "") -> float:
    """Print one line; returns the median by the clock."""
    ordered = sorted(wall for wall, _ in times)
    median, late = statistics.median(ordered), ordered[int(len(ordered) * 0.95)]
    busy = sorted(cpu for _, cpu in times)
    print(
        f"{name:38} median {median:6.2f}   95 % {late:6.2f}   max {ordered[-1]:6.2f}   "
        f"CPU {statistics.median(busy):6.2f}, max {busy[-1]:6.2f}   {extra}"
    )
    return median


def sway(index: int, period: int, step: int) -> int:
    """There and back again."""
    return step if index % period < period // 2 else -step


def answers(count: int, image: QImage, app: QApplication) -> bool:
    """Blocks put into a wire, deleted and replaced in the middle of ResNet-152, fully expanded: from the edit to the
    repaint, what makes room or closes up included. Where all blocks stand is written down before, as the first edit
    does. Whether the medians are within the limit."""
    session = Session(flatten(load_preset("resnet152")))
    canvas = Canvas(session)
    canvas.resize(WIDTH, HEIGHT)
    while canvas.busy:
        app.processEvents()
    names = canvas.scene.drawing.names
    session.do("Place", MoveBlocks(to=canvas.scene.loose_places()))
    wires = session.definition.wires()
    wires = [wire for wire in wires[len(wires) // 2 :] if len(session.definition.wires_from(wire.source)) == 1][:8]
    offers = [dropping.Offer("BatchNorm2d", {}), dropping.Offer("Identity", {})]

    def put_in(index: int) -> None:
        dropping.put(canvas.scene, offers[0], None, wires[index % len(wires)])

    def take_out(index: int) -> None:
        session.select([wires[index % len(wires)].source])
        canvas.delete()

    def replace(index: int) -> None:
        dropping.put_in_place(canvas.scene, offers[1], wires[index % len(wires)].source)

    medians = []
    print(f"ResNet-152, fully expanded: {len(names):,} blocks")
    for zoom in (1.0, 0.5):
        canvas.camera.zoom_to(zoom)
        canvas.reveal(wires[0].source)
        for label, act in (("put into a wire", put_in), ("deleted, healed", take_out), ("replaced", replace)):
            times: Times = []
            for index in range(count):
                times += frames(canvas, image, 1, lambda _, i=index, act=act: act(i))
                session.undo()
                app.processEvents()
            medians.append(report(f"a block {label}, zoom {zoom:g}", times[1:]))
    session.close()
    return max(medians) <= LIMIT_MS


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--blocks", type=int, default=5000)
    arguments.add_argument("--frames", type=int, default=60)
    given = arguments.parse_args()
    app = QApplication.instance() or QApplication([])
    set_theme(LIGHT)
    diagram = big_diagram(given.blocks)
    session = Session(diagram)
    start = time.perf_counter()
    canvas = Canvas(session)
    scene, painter = canvas.scene, canvas.painter
    canvas.resize(WIDTH, HEIGHT)
    image = QImage(WIDTH, HEIGHT, QImage.Format.Format_RGB32)
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {len(scene.drawing):,} blocks, "
          f"{len(scene.drawing.wires):,} wires; milliseconds")  # fmt: skip
    print(f"drawing built in {(time.perf_counter() - start) * 1e3:.0f}")
    while scene.drawing.route(200):
        pass  # in the window this happens between events
    sweeper = Sweeper(app)  # as in the window
    sweeper.start()
    sweeper.look_at_all()
    canvas.fit()
    canvas.render(image, QPoint())
    whole = canvas.camera.scale
    middle = QPointF(WIDTH / 2, HEIGHT / 2)
    n = given.frames
    zooms = frames(canvas, image, n, lambda i: canvas.zoom_on(whole * (0.9 + 0.1 * (i % 20) / 20), middle))
    pans = frames(canvas, image, n, lambda i: canvas.camera.pan(sway(i, 20, 3), sway(i, 14, 2)))
    medians = [report("zooming, all in view", zooms), report("panning, all in view", pans)]

    def anew(index: int) -> None:
        painter.far = FarLayer()
        canvas.camera.zoom_to(whole * (0.9 + 0.1 * (index % 20) / 20), middle)

    report("the same with nothing kept", frames(canvas, image, n, anew))
    for zoom in (0.2, 0.35, 0.4, 0.5, 0.62, 0.75, 1.0, 2.0):
        canvas.camera.zoom_to(zoom, middle)
        times = frames(canvas, image, n, lambda i, z=zoom: canvas.zoom_on(z * 1.02 ** (i % 20), middle))
        seen = painter.painted
        report(f"zooming around {zoom:g}", times, f"{seen.cards} cards, {seen.outlines} outlines, {seen.curves} curves")
        canvas.camera.zoom_to(zoom, middle)
        painter.sprites.moving = False
        times = frames(canvas, image, n, lambda i: canvas.camera.pan(sway(i, 20, 5), 3))
        report(f"panning at {zoom:g}", times)
    canvas.fit()
    name = scene.drawing.names[len(scene.drawing) // 2]
    report(
        "dragging a block, all in view",
        frames(canvas, image, n, lambda i: scene.shift([name], sway(i, 8, 8), 0)),
    )
    scene.put_back(scene.drawing, [name])
    x, y = diagram.main.block(name).at or (0.0, 0.0)

    def move(index: int) -> None:
        session.do("Move", MoveBlocks(to={name: (x + index, y)}))

    def set_bias(index: int) -> None:
        session.do("Set", SetParameter(name=conv, key="bias", value=bool(index % 2)))

    conv = next(each for each in scene.drawing.names if "conv2d" in each)
    report("moving a block, with its frame", frames(canvas, image, n, move))
    report("a parameter, with analysis and frame", frames(canvas, image, n, set_bias))
    app.processEvents()
    quick = answers(given.frames // 3, image, app)
    print(f"insert, heal and replace, edit to repaint: {'within' if quick else 'over'} {LIMIT_MS:g} ms")
    passed = max(medians) <= LIMIT_MS
    print(f"zooming and panning with all in view: {'within' if passed else 'over'} {LIMIT_MS:g} ms")
    return 0 if passed else 1


if __name__ == "__main__":
    raise SystemExit(main())
