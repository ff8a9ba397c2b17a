"""What lays the drawing out, opens and shuts all modules, and puts it into columns."""

from __future__ import annotations

from collections.abc import Iterable

from blockstudio.graph.operations.copying import unrolled
from blockstudio.gui.canvas.canvas import Canvas
from blockstudio.gui.canvas.scene.opening import instances
from blockstudio.gui.canvas.scene.staging import columns_wanted
from blockstudio.gui.commands.registry import Choice, Command
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.document.document import Document
from blockstudio.gui.kit.text import phrase, tr
from blockstudio.layout.flow import flow_wanted
from blockstudio.text import say

MOST_COLUMNS = 8
"""Offered in the menu; a file may want more."""


def commands(canvas: Canvas) -> tuple[Command[Desk], ...]:
    """The commands of one drawing."""
    arranging, scene = canvas.arranging, canvas.scene

    def several(desk: Desk) -> bool:
        return len(desk.session.selection) > 1

    def one_module(desk: Desk) -> bool:
        chosen = desk.session.selection
        return len(chosen) == 1 and scene.is_module(chosen[0])

    def inside_label(desk: Desk) -> str:
        return tr("Arrange inside {0}", desk.session.selection[0]) if one_module(desk) else tr("Arrange inside")

    def pin_label(_: Desk) -> str:
        return tr("Let go of its place") if arranging.is_pinned else tr("Pin to its place")

    def columns(_: Desk) -> Iterable[Choice]:
        wanted = columns_wanted(canvas.session.diagram)
        yield Choice(tr("As fits the window"), None, wanted is None)
        yield Choice(tr("One column"), 1, wanted == 1, separator=True)
        for count in range(2, MOST_COLUMNS + 1):
            yield Choice(tr("{0} columns", count), count, wanted == count)

    def set_columns(_: Desk, count: int | None) -> None:
        arranging.set_columns(count)
        canvas.camera.restart()

    def directions(_: Desk) -> Iterable[Choice]:
        wanted = flow_wanted(canvas.session.diagram)
        yield Choice(tr("As reads better"), None, wanted is None)
        yield Choice(tr("Top to bottom"), False, wanted is False, separator=True)
        yield Choice(tr("Left to right"), True, wanted is True)

    def set_direction(_: Desk, right: bool | None) -> None:
        arranging.set_right(right)
        canvas.camera.restart()

    def set_shape(_: Desk, wanted: tuple[int | None, bool | None]) -> None:
        arranging.set_shape(*wanted, phrase("Layout"))
        canvas.camera.restart()

    def open_all(_: Desk) -> None:
        drawing = scene.root
        scene.open_all(instances(canvas.session.diagram, drawing.path, drawing.drawing.scope))
        canvas.fit()

    def close_all(_: Desk) -> None:
        canvas.session.go(scene.root.path)
        scene.open_all(())
        canvas.fit()

    def modules_here(_: Desk) -> bool:
        diagram, scope = canvas.session.diagram, scene.root.drawing.scope
        return scope in diagram.scopes() and not diagram.definition(scope).types().isdisjoint(diagram.modules)

    def unroll(_: Desk) -> None:
        arranging.unroll()

    def show_unrolled(desk: Desk) -> None:
        found = unrolled(canvas.session.diagram)
        found.name = tr("{name}, unrolled", name=found.name)
        desk.documents.add(Document(found))
        open_all(desk)

    def repeats_anywhere(desk: Desk) -> bool:
        diagram = desk.session.diagram
        return any(diagram.definition(scope).repeated() for scope in diagram.scopes())

    return (
        Command("view.arrange", say("Arrange"), lambda d: arranging.whole(), "View", 140, ("Ctrl+L",),
                on_drawing=True, keywords="layout tidy"),
        Command("view.arrange_selection", say("Arrange the selection"), lambda d: arranging.selected(), "View", 141,
                ("Ctrl+Shift+L",), enabled=several, on_drawing=True, keywords="layout tidy",
                reason=say("Select the blocks that are to be laid out.")),
        Command("view.arrange_inside", say("Arrange inside"),
                lambda d: arranging.module(d.session.selection[0]), "View", 142, enabled=one_module,
                label=inside_label, on_drawing=True, keywords="layout tidy module",
                reason=say("Select a module.")),
        Command("view.arrange_stop", say("Stop arranging"), lambda d: arranging.cancel(), "View", 143,
                enabled=lambda d: arranging.busy, on_drawing=True, keywords="cancel layout"),
        Command("view.pin", say("Pin to its place"), lambda d: arranging.toggle_pin(), "View", 144,
                enabled=lambda d: bool(d.session.selection), label=pin_label, on_drawing=True,
                keywords="fix hold stay layout"),
        Command("view.columns", say("Columns"), set_columns, "View", 145, choices=columns, on_drawing=True,
                keywords="layout fold wrap page"),
        Command("view.direction", say("Direction"), set_direction, "View", 146, choices=directions, on_drawing=True,
                keywords="layout orientation horizontal vertical left right flow turn"),
        Command("view.shape", say("Columns and direction"), set_shape, on_drawing=True, value=True),
        Command("view.open_all", say("Open all modules"), open_all, "View", 206, ("Ctrl+]",),
                enabled=modules_here, on_drawing=True, keywords="expand unfold"),
        Command("view.close_all", say("Close all modules"), close_all, "View", 207, ("Ctrl+[",),
                enabled=lambda d: bool(scene.staging.opened), on_drawing=True, keywords="collapse fold"),
        Command("view.unrolled", say("Show it unrolled"), show_unrolled, "View", 208, enabled=repeats_anywhere,
                on_drawing=True, keywords="repeat copies expand times whole flat",
                reason=say("There is no repeated block in this network.")),
        Command("edit.unroll", say("Unroll repeats"), unroll, "Edit", 319,
                enabled=lambda d: bool(arranging.repeats()), on_drawing=True, keywords="repeat copies expand times",
                reason=say("There is no repeated block here.")),
    )  # fmt: skip
