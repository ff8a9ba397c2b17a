"""What the drawing tells in words: tips, hints on an empty canvas, and names for screen readers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QAccessible, QAccessibleEvent, QPainter

from blockstudio.blocks import shape_text
from blockstudio.gui.canvas.paint.frames import short_number
from blockstudio.gui.canvas.paint.style import Style
from blockstudio.gui.canvas.scene import hits
from blockstudio.gui.canvas.scene.facts import Facts
from blockstudio.gui.kit.text import tr

if TYPE_CHECKING:
    from blockstudio.gui.canvas.levels import Levels
    from blockstudio.gui.canvas.surface import Surface


def describe(facts: Facts, name: str) -> list[str]:
    """What is known of a block, a sentence part a line."""
    content, report = facts.content(name), facts.report(name)
    lines = [f"{name} {content.badge}".rstrip(), content.line]
    if content.off:
        lines.append(tr("bypassed"))
    if content.frozen:
        lines.append(tr("frozen in training") if content.frozen == "all" else tr("frozen in part"))
    if report is not None:
        if report.output_shape is not None:
            inputs = ", ".join(shape_text(shape) if shape else "?" for shape in report.input_shapes)
            out = shape_text(report.output_shape)
            lines.append(f"{inputs} → {out}" if inputs else out)
        if report.parameters:
            lines.append(tr("{0} parameters", f"{report.parameters:,}"))
        if report.macs:
            lines.append(tr("{0} MACs", short_number(report.macs)))
    note = facts.definition.block(name).note
    if note:
        lines.append(note)
    lines += [problem.message for problem in facts.problems.get(name, [])[:3]]
    return lines


def tip(surface: Levels, at: QPointF) -> str:
    """The tip for a point of the view."""
    found = hits.hit(surface.root, surface.camera.to_scene(at), surface.camera.scale)
    facts = found.stage.facts
    if found.block is not None:
        return "\n".join(describe(facts, found.block))
    if found.port is not None:
        return _port_tip(facts, found.port.block, found.port.port, found.port.side)
    if found.wire is not None:
        return f"{found.wire.source} → {found.wire.target}\n{facts.pill(found.wire)}"
    return ""


def _port_tip(facts: Facts, block: str, port: str, side: str) -> str:
    if side == "out":
        shape = facts.shape(block, port)
        return tr("Output {0} of {1}: {2}", port, block, shape_text(shape) if shape else "?")
    feed = facts.definition.wire_into(block, port)
    if feed is None:
        return tr("Input {0} of {1}: not connected", port, block)
    return tr("Input {0} of {1}: from {2}", port, block, feed[0])


def announce(surface: Levels) -> None:
    """Tell screen readers what is selected."""
    selection = surface.session.selection
    if len(selection) == 1 and selection[0] in surface.drawing.rows:
        text = ", ".join(describe(surface.stage.facts, selection[0]))
    elif selection:
        text = tr("{0} blocks selected", len(selection))
    else:
        text = tr("{0} blocks", len(surface.drawing))
    if text != surface.accessibleDescription():
        surface.setAccessibleDescription(text)
        QAccessible.updateAccessibility(QAccessibleEvent(surface, QAccessible.Event.DescriptionChanged))


def paint_hints(painter: QPainter, surface: Surface, style: Style) -> None:
    """What stands on the canvas when there is nothing on it, or nothing yet."""
    if surface.staging.busy:
        text = tr("Arranging…")
    elif not len(surface.drawing) and surface.ghost is None:
        text = tr("Drag blocks here from the palette")
    else:
        return
    painter.setFont(style.line_font)
    painter.setPen(style.secondary)
    place = Qt.AlignmentFlag.AlignHCenter | (
        Qt.AlignmentFlag.AlignVCenter if not len(surface.drawing) else Qt.AlignmentFlag.AlignTop
    )
    painter.drawText(QRectF(surface.rect()).adjusted(8, 8, -8, -8), int(place), text)
