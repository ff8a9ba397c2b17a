"""Pictures of the laboratory's pages in the real window, in both themes.

QT_QPA_PLATFORM=offscreen python docs/pictures/laboratory.py RUN [--beside RUN] [--to FOLDER]
"""

from __future__ import annotations

import argparse
import io
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PIL import Image
from PySide6.QtCore import QBuffer
from PySide6.QtWidgets import QWidget

from blockstudio.gui.app.application import application
from blockstudio.gui.kit.theme import DARK, LIGHT, set_theme
from blockstudio.gui.laboratory.page import LaboratoryPage
from blockstudio.gui.shell.window import StudioWindow
from blockstudio.gui.work import settings
from blockstudio.runs import Run
from blockstudio.runs.run import DIAGRAM

SIZE, COLOURS, MOST = (1600, 1000), 200, 200_000
PAGES = ("hand", "seeing", "lesion", "paths", "batchnorm", "evaluation")
PATIENCE = 900.0
"""Seconds for an answer."""


def main() -> None:
    """Ask, and take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--beside", type=Path)
    parser.add_argument("--image", type=int, default=0)
    parser.add_argument("--pages", nargs="+", choices=PAGES, default=PAGES)
    parser.add_argument("--to", type=Path, default=Path(__file__).parent)
    options = parser.parse_args()
    run = Run(options.run)
    app = application(dark=False)
    own = tempfile.TemporaryDirectory()
    settings.use_folder(Path(own.name))
    window = StudioWindow(options.run.parent, remember=False)
    window.resize(*SIZE)
    window.show()
    desk = window.desk
    desk.documents.open_now(run.directory / DIAGRAM)
    desk.show_screen("laboratory")
    page = desk.screen_widget("laboratory")
    assert isinstance(page, LaboratoryPage)

    def wait(known: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE
        while not known():
            if time.monotonic() > end:
                raise TimeoutError("the laboratory does not answer")
            app.processEvents()

    def shoot(name: str) -> None:
        if name not in options.pages:
            return
        for chosen in (LIGHT, DARK):
            set_theme(chosen)
            for _ in range(5):
                app.processEvents()
            _save(window, options.to / f"laboratory-{name}{'-dark' if chosen is DARK else ''}.png")

    page.show_run(run)
    hand = page.by_hand
    wait(lambda: hand.whole is not None)
    if "hand" in options.pages:
        wait(lambda: bool(hand.images_of) and not page.process.busy)
        names = [unit.name for unit in hand.cards.units if unit.refusal is None]
        wait(lambda: set(names) == set(hand.images_of) and len(set(hand.images_of.values())) == 1)
        if options.beside is not None:
            hand.put_beside(Run(options.beside))
            wait(lambda: hand.beside is not None)
        charts = hand.drawn.charts.values()
        wait(lambda: all(len(chart.series) == 1 + (options.beside is not None) for chart in charts))
        wait(lambda: not page.process.measuring)
        hand.toggle(names[len(names) // 2])
        wait(lambda: not page.process.busy)
        shoot("hand")
    if "seeing" in options.pages:
        page.turn_to("look")
        page.seeing.look({"image": options.image})
        wait(lambda: not page.process.busy and page.seeing.found is not None)
        shoot("seeing")
    if "lesion" in options.pages:
        beside = "" if options.beside is None else options.beside.name  # of the run's own folder
        _ask(page, wait, "lesion", "several", images="500", draws="6", counts="1 2 4 6 8 10", beside=beside)
        shoot("lesion")
    if "paths" in options.pages:
        _ask(page, wait, "paths", "gradients", images="32")
        page.paths.tree.light(2 ** len(page.paths.tree.units) - 3)
        page.paths.lengths.mark(max(page.paths.lengths.paths) // 2)
        shoot("paths")
    for group, name in (("batchnorm", "batchnorm"), ("evaluation", "evaluate")):
        if group in options.pages:
            _ask(page, wait, group, name)
            shoot(group)
    window.stop()
    window.hide()
    QWidget.deleteLater(window)
    app.processEvents()
    settings.use_folder(None)
    own.cleanup()


def _ask(
    page: LaboratoryPage, wait: Callable[[Callable[[], bool]], None], group: str, name: str, **fields: str
) -> None:
    page.turn_to(group)
    asking = page.asking[group]
    asking.turn_to(name)
    for option, text in fields.items():
        asking.write(option, text)
    asking.ask()
    wait(lambda: asking.found is not None or asking.trouble.isVisible())
    if asking.found is None:
        raise ValueError(asking.trouble.text())


def _save(window: QWidget, file: Path) -> None:
    """A PNG file with a palette; raises `ValueError` if it is too large."""
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.ReadWrite)
    window.grab().save(buffer, "PNG")
    image = Image.open(io.BytesIO(bytes(buffer.data().data()))).convert("RGB")
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)
    print(f"{file.name}: {file.stat().st_size / 1000:,.0f} kB")
    if file.stat().st_size > MOST:
        raise ValueError(f"{file} is larger than {MOST:,} bytes")


if __name__ == "__main__":
    main()
