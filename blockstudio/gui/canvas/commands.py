"""Everything that can be done on the drawing without the mouse, and its keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from PySide6.QtGui import QKeySequence

from blockstudio.analysis import Fix
from blockstudio.analysis.costs import COSTS
from blockstudio.blocks import RawValue
from blockstudio.graph.operations.inserting import passes
from blockstudio.gui.canvas.canvas import Canvas
from blockstudio.gui.canvas.hand import acts, connecting, dropping, keys, leading, tidying
from blockstudio.gui.canvas.hand.start import Start
from blockstudio.gui.commands.registry import Choice, Command
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.kit.text import tr
from blockstudio.layout.aligning import Axis, Edge
from blockstudio.text import say

_Key = QKeySequence.StandardKey
ARROWS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
WAYS = {
    "left": (say("Block to the left"), say("Move left"), say("Move far left")),
    "right": (say("Block to the right"), say("Move right"), say("Move far right")),
    "up": (say("Block further up"), say("Move up"), say("Move far up")),
    "down": (say("Block further down"), say("Move down"), say("Move far down")),
}
"""What going and moving in each direction is called."""
ANYWHERE = ("edit.add", "problem.fix", "view.go", "view.metric", "view.colour")
"""What can be done while another screen is in view."""


def _selected(desk: Desk) -> bool:
    return bool(desk.session.selection)


def _anything(desk: Desk) -> bool:
    """Blocks, notes or frames."""
    return bool(desk.session.selection or desk.session.noted)


def _several(desk: Desk) -> bool:
    return len(desk.session.selection) > 1


def _one_block(desk: Desk) -> bool:
    return len(desk.session.selection) == 1


def _one_passing(desk: Desk) -> bool:
    """One block is selected, and a signal passes through it."""
    session = desk.session
    return _one_block(desk) and passes(session.diagram, session.definition.block(session.selection[0]).type)


def _one_module(desk: Desk) -> bool:
    session = desk.session
    return _one_block(desk) and session.definition.block(session.selection[0]).type in session.diagram.modules


def _bypass_label(desk: Desk) -> str:
    return tr("Switch on") if desk.session.is_bypassed() else tr("Bypass")


def _enter_label(desk: Desk) -> str:
    return tr("Enter {0}", desk.session.selection[0]) if _one_module(desk) else tr("Open module")


def _leave_label(desk: Desk) -> str:
    return tr("Leave {0}", desk.session.scope) if desk.session.path else tr("Up one level")


def _metrics(desk: Desk) -> Iterable[Choice]:
    return (Choice(tr(cost.title), metric, metric == desk.session.metric) for metric, cost in COSTS.items())


def _set_metric(desk: Desk, metric: str) -> None:
    desk.session.metric = metric


def _heats(desk: Desk) -> Iterable[Choice]:
    session = desk.session
    yield Choice(tr("Bars only"), "", not session.heat)
    for row, (name, measure) in enumerate(session.measures.items()):
        yield Choice(measure.title, name, name == session.heat, measure.about, separator=not row)


def _set_heat(desk: Desk, name: str) -> None:
    desk.session.heat = name


def commands(canvas: Canvas) -> tuple[Command[Desk], ...]:
    """The commands of one drawing."""

    def any_marked(desk: Desk) -> bool:
        return _anything(desk) or canvas.selects_wires

    def delete_label(_: Desk) -> str:
        return tr("Delete wire") if canvas.selects_wires else tr("Delete")

    def frame_label(desk: Desk) -> str:
        is_open = _one_module(desk) and canvas.scene.is_open(desk.session.selection[0])
        return tr("Close in place") if is_open else tr("Open in place")

    def connect_label(desk: Desk) -> str:
        return tr("Connect to {0}", desk.session.selection[-1]) if _several(desk) else tr("Connect")

    def orders(_: Desk) -> bool:
        return connecting.ordered_wire(canvas.scene) is not None

    def add(desk: Desk, wanted: tuple[str, Mapping[str, RawValue]]) -> None:
        kind, parameters = wanted
        desk.show_drawing()
        canvas.insert_block(kind, parameters)

    def fix(_: Desk, fix: Fix) -> None:
        canvas.apply_fix(fix)

    def paste(desk: Desk, at: tuple[float, float] | None = None) -> None:
        acts.paste(canvas, at, canvas.hand.pointer)

    def select_none(desk: Desk) -> None:
        canvas.scene.select_wires(())
        desk.session.select(())

    def replace_selected(desk: Desk) -> None:
        canvas.search(Start(instead=desk.session.selection[0]))

    def toggle_frame(desk: Desk) -> None:
        canvas.toggle_frame(desk.session.selection[0])

    found: list[Command[Desk]] = [
        Command("edit.cut", say("Cut"), lambda d: acts.cut(canvas.scene), "Edit", 200, (_Key.Cut,), enabled=_anything),
        Command("edit.copy", say("Copy"), lambda d: d.session.copy(), "Edit", 210, (_Key.Copy,), enabled=_anything),
        Command("edit.paste", say("Paste"), paste, "Edit", 220, (_Key.Paste,)),
        Command("edit.duplicate", say("Duplicate"), lambda d: acts.duplicate(canvas), "Edit", 230, ("Ctrl+D",),
                enabled=_anything),
        Command("edit.delete", say("Delete"), lambda d: canvas.delete(), "Edit", 240, ("Del",), enabled=any_marked,
                label=delete_label, keywords="remove heal"),
        Command("edit.delete_cut", say("Delete and leave the gap"), lambda d: canvas.delete(keep_cut=True), "Edit", 241,
                ("Ctrl+Del",), enabled=_selected, keywords="remove cut open"),
        Command("edit.select_all", say("Select all"), lambda d: canvas.select_all(), "Edit", 300, (_Key.SelectAll,)),
        Command("edit.select_none", say("Select nothing"), select_none, "Edit", 305, enabled=any_marked),
        Command("edit.bypass", say("Bypass"), lambda d: d.session.toggle_bypass(), "Edit", 310, ("Ctrl+B",),
                enabled=_selected, label=_bypass_label, keywords="off lesion ablation bypass"),
        Command("edit.wire", say("Wire by letters"), lambda d: canvas.wire_by_keys(), "Edit", 313, enabled=_selected,
                keywords="connect ports keyboard letters hint w"),
        Command("select.wire", say("Select a wire into the block"), lambda d: connecting.next_wire(canvas.scene),
                "Edit", 304, enabled=any_marked, keywords="input next order i"),
        Command("select.ends", say("Select open ends"), lambda d: acts.select_ends(canvas.scene), "Edit", 303,
                keywords="outputs unread loose leaves e"),
        Command("edit.connect", say("Connect"), lambda d: connecting.connect_selected(canvas.scene), "Edit", 314,
                ("Ctrl+Shift+W",), enabled=_several, label=connect_label,
                keywords="wire join sources target merge concat add",
                reason=say("Select the sources, then the block that is to read them.")),
        Command("wire.earlier", say("Input further left"), lambda d: connecting.move_input(canvas.scene, -1),
                enabled=orders, keywords="order inputs concat add"),
        Command("wire.later", say("Input further right"), lambda d: connecting.move_input(canvas.scene, 1),
                enabled=orders, keywords="order inputs concat add"),
        Command("edit.wire_in_order", say("Wire in this order"), lambda d: dropping.wire_in_order(canvas.scene),
                "Edit", 315,
                enabled=_several, keywords="connect chain"),
        Command("edit.add", say("Add a block"), add, value=True),
        Command("edit.search", say("Add a block…"), lambda d, start=None: canvas.search(start), "Edit", 312,
                keywords="insert new search tab space"),
        Command("edit.replace", say("Replace…"), replace_selected, "Edit", 311, ("Ctrl+H",), enabled=_one_passing,
                keywords="swap exchange change type other instead", reason=say("Select one block.")),
        Command("edit.pull_out", say("Pull out of its chain"), lambda d: acts.pull_out(canvas.scene), "Edit", 318,
                ("Ctrl+Shift+X",), enabled=_selected, keywords="detach extract unhook disconnect heal"),
        Command("problem.fix", say("Do what a problem offers"), fix, value=True),
        Command("edit.cancel", say("Take back what is being dragged"), lambda d: canvas.cancel_gesture(),
                enabled=lambda d: canvas.gesture is not None),
        Command("view.fit", say("Show everything"), lambda d: canvas.fit(), "View", 100, ("Ctrl+0",)),
        Command("view.actual", say("Actual size"), lambda d: canvas.zoom_to(1.0), "View", 110, ("Ctrl+1",)),
        Command("view.zoom_in", say("Zoom in"), lambda d: canvas.zoom_in(), "View", 120, ("Ctrl++", "Ctrl+=")),
        Command("view.zoom_out", say("Zoom out"), lambda d: canvas.zoom_out(), "View", 130, ("Ctrl+-",)),
        Command("view.metric", say("What the bars on the blocks show"), _set_metric, "View", 150, choices=_metrics),
        Command("view.colour", say("Colour the blocks by"), _set_heat, "View", 151, choices=_heats,
                keywords="heat map legend"),
        Command("view.enter", say("Open module"), lambda d: d.session.enter(d.session.selection[0]), "View", 200,
                ("Ctrl+Return",), enabled=_one_module, label=_enter_label, keywords="open module inside"),
        Command("view.frame", say("Open in place"), toggle_frame, "View", 205, enabled=_one_module, label=frame_label,
                keywords="expand fold module"),
        Command("view.leave", say("Up one level"), lambda d: d.session.leave(), "View", 210, ("Ctrl+Up",),
                enabled=lambda d: len(d.session.crumbs) > 1, label=_leave_label, keywords="leave up level"),
        Command("view.go", say("Go to a level"), lambda d, path: d.session.go(path), value=True),
        Command("view.open", say("Open or edit"), lambda d: canvas.open(d.session.selection[0]), enabled=_one_block),
        Command("go.out", say("Next part of the window"), lambda d: canvas.leave_by_key(True), keys=("Ctrl+F6",),
                keywords="focus leave panel"),
        Command("go.out_back", say("Part of the window before"), lambda d: canvas.leave_by_key(False),
                keys=("Ctrl+Shift+F6",), keywords="focus leave panel"),
        Command("go.next", say("Next block"), lambda d: keys.step(canvas, 1)),
        Command("go.previous", say("Previous block"), lambda d: keys.step(canvas, -1)),
        Command("go.first", say("First block"), lambda d: keys.step(canvas, 0, absolute=True)),
        Command("go.last", say("Last block"), lambda d: keys.step(canvas, -1, absolute=True)),
    ]  # fmt: skip
    found += _in_order(canvas)
    for way, (dx, dy) in ARROWS.items():
        to, move, far = WAYS[way]
        found += [
            Command(f"go.{way}", to, lambda d, dx=dx, dy=dy: keys.toward(canvas, dx, dy)),
            Command(f"move.{way}", move, lambda d, dx=dx, dy=dy: canvas.nudge_by(dx, dy), enabled=_anything),
            Command(f"move.{way}_far", far, lambda d, dx=dx, dy=dy: canvas.nudge_by(4 * dx, 4 * dy),
                    enabled=_anything),
        ]  # fmt: skip
    return tuple(_on_drawing(command) for command in found)


ALIGNED: dict[Edge, tuple[str, str]] = {
    "left": (say("Align left edges"), "Ctrl+Alt+Left"),
    "centre": (say("Align centres"), "Ctrl+Alt+C"),
    "right": (say("Align right edges"), "Ctrl+Alt+Right"),
    "top": (say("Align upper edges"), "Ctrl+Alt+Up"),
    "middle": (say("Align middles"), "Ctrl+Alt+M"),
    "bottom": (say("Align lower edges"), "Ctrl+Alt+Down"),
}
DISTRIBUTED: dict[Axis, tuple[str, str]] = {
    "across": (say("Equal gaps across"), "Ctrl+Alt+H"),
    "down": (say("Equal gaps down"), "Ctrl+Alt+V"),
}


def _in_order(canvas: Canvas) -> list[Command[Desk]]:
    """Commands that set what is selected in order."""

    def choices(_: Desk) -> Iterable[Choice]:
        yield from (Choice(tr(named[0]), edge) for edge, named in ALIGNED.items())
        for index, (axis, named) in enumerate(DISTRIBUTED.items()):
            yield Choice(tr(named[0]), axis, separator=not index)

    def chosen(_: Desk, what: Edge | Axis) -> bool:
        if what == "across" or what == "down":
            return tidying.distribute(canvas.scene, what)
        return tidying.align(canvas.scene, what)

    found: list[Command[Desk]] = [
        Command("edit.align", say("Align and distribute"), chosen, "Edit", 316, enabled=_several, choices=choices),
        Command("edit.straighten", say("Straighten wires"), lambda d: tidying.straighten(canvas.scene), "Edit", 317,
                ("Ctrl+Alt+S",), keywords="align under tidy straight"),
        Command("edit.swap", say("Swap two blocks"), lambda d: tidying.swap_selected(canvas.scene), "Edit", 318,
                ("Ctrl+Alt+X",), enabled=lambda d: len(d.session.selection) == 2, keywords="exchange order",
                reason=say("Select two blocks.")),
        Command("wire.free", say("Let the wire go its own way"), lambda d: leading.set_free(canvas.scene),
                enabled=lambda d: leading.any_led(canvas.scene), keywords="route points reroute reset"),
    ]  # fmt: skip
    for edge, (text, key) in ALIGNED.items():
        found.append(Command(f"align.{edge}", text, lambda d, edge=edge: tidying.align(canvas.scene, edge),
                             keys=(key,), enabled=_several))  # fmt: skip
    for line, (text, key) in DISTRIBUTED.items():
        found.append(Command(f"align.{line}", text, lambda d, line=line: tidying.distribute(canvas.scene, line),
                             keys=(key,), enabled=lambda d: len(d.session.selection) > 2,
                             keywords="distribute space evenly"))  # fmt: skip
    return found


def _on_drawing(command: Command[Desk]) -> Command[Desk]:
    return command if command.id in ANYWHERE else replace(command, on_drawing=True)
