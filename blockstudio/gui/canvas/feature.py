"""The drawing on the desk: its commands, and what it shows in the bars."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QMenu, QPushButton

from blockstudio.analysis.costs import COSTS
from blockstudio.gui.canvas import annotation_commands, layout_commands
from blockstudio.gui.canvas.canvas import Canvas
from blockstudio.gui.canvas.commands import commands
from blockstudio.gui.canvas.hand import keys
from blockstudio.gui.canvas.scene.camera import Seen
from blockstudio.gui.canvas.tools import Corner
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.kit.chip import Chip
from blockstudio.gui.kit.text import tr


def install(desk: Desk) -> Canvas:
    """Put a drawing of the session on the desk."""
    canvas = Canvas(desk.session)
    canvas.commands, canvas.scene.shelf = desk.commands, desk.shelf
    desk.set_drawing(canvas)
    desk.add_commands(*commands(canvas), *layout_commands.commands(canvas), *annotation_commands.commands(canvas))
    desk.key_hints += _key_hints(desk)
    desk.reveal_wanted.connect(canvas.reveal)
    desk.preview_wanted.connect(canvas.show_preview)
    desk.frames_wanted.connect(lambda paths: _open_frames(canvas, paths))
    canvas.activated.connect(lambda _: canvas.run("edit.rename"))
    desk.carry("drawing", lambda: _give(canvas), lambda seen: _take(canvas, seen))
    Corner(desk, canvas)
    desk.add_item("top", _metric_chip(desk), 100)
    desk.add_item("status", _zoom_button(desk, canvas), 200)
    return canvas


def _open_frames(canvas: Canvas, paths: Iterable[str]) -> None:
    """Open these modules in place and no others, and show the whole level."""
    canvas.scene.open_all(paths)
    canvas.fit()


def _give(canvas: Canvas) -> tuple[str, str, frozenset[str], Seen]:
    """Colours, bars, modules open in place and the place in view, for the window that takes this one's place."""
    session = canvas.session
    return session.heat, session.metric, frozenset(canvas.scene.staging.opened), canvas.camera.give()


def _take(canvas: Canvas, given: tuple[str, str, frozenset[str], Seen]) -> None:
    """Show the drawing as another window did."""
    heat, metric, opened, seen = given
    canvas.session.heat, canvas.session.metric = heat, metric
    if opened:
        canvas.scene.open_all(opened)
    canvas.camera.take(seen)


def _metric_chip(desk: Desk) -> Chip:
    session = desk.session

    def fill(menu: QMenu) -> None:
        desk.commands.fill_choices(menu, "view.colour")
        menu.addSeparator()
        bars = menu.addMenu(tr("Bars show"))
        desk.commands.fill_choices(bars, "view.metric")

    chip = Chip(tr("What colours and bars of the blocks show"), fill)

    def show() -> None:
        heat = session.measures.get(session.heat)
        chip.set_text(tr("Colour: {metric}", metric=heat.title) if heat is not None else tr("Colour: off"))
        bars = tr(COSTS[session.metric].title)
        chip.setToolTip(tr("What colours and bars of the blocks show; the bars: {metric}", metric=bars))

    session.metric_changed.connect(show)
    desk.screen_turned.connect(lambda screen: chip.setVisible(not screen))
    show()
    return chip


def _key_hints(desk: Desk) -> list[tuple[str, str]]:
    """What keys mean on the drawing beside the shortcuts."""
    hints = []
    for key, ids in keys.KEYS.items():
        titles = [tr(desk.commands.declared[id].text).rstrip("…") for id in ids if id in desk.commands.declared]
        hints.append((", ".join(titles), QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)))
    return [
        *hints,
        (tr("Move the selection, with Shift far"), tr("arrows")),
        (tr("Go to the block in a direction"), tr("Alt+arrows")),
        (tr("Add a block…").rstrip("…"), tr("Tab, Space")),
        (tr("Previous block"), QKeySequence("Shift+Tab").toString(QKeySequence.SequenceFormat.NativeText)),
    ]


def _zoom_button(desk: Desk, canvas: Canvas) -> QPushButton:
    button = QPushButton("100 %")
    button.setProperty("role", "status")
    button.setFixedWidth(button.fontMetrics().horizontalAdvance("100 %") + 14)  # whatever the zoom: nothing jumps
    button.setToolTip(tr("Show everything"))
    desk.commands.bind(button, "view.fit")
    canvas.zoom_changed.connect(lambda zoom: button.setText(f"{zoom * 100:.0f} %"))
    return button
