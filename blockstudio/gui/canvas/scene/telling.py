"""What the drawing tells in words: tips, and descriptions for screen readers."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF

from blockstudio.blocks import shape_text
from blockstudio.graph.annotations import Annotation
from blockstudio.graph.definition import Definition
from blockstudio.gui.canvas.scene import hits
from blockstudio.gui.canvas.scene.annotated import PAD
from blockstudio.gui.canvas.scene.card_texts import CardTexts
from blockstudio.gui.canvas.scene.metrics import NAMES
from blockstudio.gui.canvas.scene.stage import Stage
from blockstudio.gui.kit.markdown import laid_out
from blockstudio.gui.kit.text import tr, tr_many
from blockstudio.text import render

MOST_TIP = 600
"""Letters of a note that a tip shows."""


def describe(facts: CardTexts, name: str) -> list[str]:
    """What is known of a block, a sentence part a line."""
    content, report = facts.content(name), facts.report(name)
    lines = [f"{name} {content.badge}".rstrip(), content.line]
    if content.off:
        lines.append(tr("bypassed"))
    if content.frozen:
        lines.append(tr("frozen in training") if content.frozen == "all" else tr("frozen in part"))
    if content.pinned:
        lines.append(tr("pinned to its place"))
    if report is not None:
        if report.output_shape is not None and "shapes" not in facts.veiled:
            inputs = ", ".join(shape_text(shape) if shape else "?" for shape in report.input_shapes)
            out = shape_text(report.output_shape)
            lines.append(f"{inputs} → {out}" if inputs else out)
        if report.parameters and "parameters" not in facts.veiled:
            lines.append(tr_many("{count} parameter", "{count:,} parameters", report.parameters))
        if report.macs and "macs" not in facts.veiled:
            lines.append(tr("{0} MACs", short_number(report.macs)))
    note = facts.definition.block(name).note
    if note:
        lines.append(note)
    lines += [render(problem.message) for problem in facts.problems.get(name, [])[:3]]
    return lines


def tip(root: Stage, point: QPointF, scale: float) -> str:
    """The tip for a point of the scene, seen at a zoom."""
    found = hits.hit(root, point, scale)
    facts = found.stage.facts
    if found.block is not None:
        return "\n".join(describe(facts, found.block))
    if found.port is not None:
        return _port_tip(facts, found.port.block, found.port.port, found.port.side)
    if found.wire is not None:
        return f"{found.wire.source} → {found.wire.target}\n{facts.pill(found.wire)}"
    if found.annotation is not None and found.annotation.kind == "note" and scale < NAMES:
        return ", ".join(describe_annotation(facts.definition, found.annotation)[1:])[:MOST_TIP]
    return ""


def _port_tip(facts: CardTexts, block: str, port: str, side: str) -> str:
    if side == "out":
        shape = facts.shape(block, port) if "shapes" not in facts.veiled else None
        return tr("Output {0} of {1}: {2}", port, block, shape_text(shape) if shape else "?")
    feed = facts.definition.wire_into(block, port)
    if feed is None:
        return tr("Input {0} of {1}: not connected", port, block)
    return tr("Input {0} of {1}: from {2}", port, block, feed[0])


def short_number(value: float) -> str:
    """``86.7 M``, ``1.58 G``: three or four figures and a unit."""
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= limit:
            scaled = value / limit
            return f"{scaled:.2f} {unit}" if scaled < 10 else f"{scaled:.1f} {unit}"
    return f"{value:g}"


def describe_annotation(definition: Definition, mark: Annotation) -> list[str]:
    """What a note or frame says: what it is, then its words."""
    if mark.kind == "frame":
        frame = definition.frames[mark.name]
        count = tr_many("{count} block", "{count:,} blocks", len(frame.blocks))
        return [tr("Frame {title}", title=frame.title or mark.name), count]
    note = definition.notes[mark.name]
    words = laid_out(note.text, note.width - 2 * PAD).plain
    return [tr("Note"), words.strip()]


def selection_text(stage: Stage, selection: Sequence[str], noted: Sequence[Annotation] = ()) -> str:
    """What screen readers are told: the block, note or frame that is selected, or how many are."""
    if not selection and len(noted) == 1:
        return ", ".join(describe_annotation(stage.facts.definition, noted[0]))
    if len(selection) == 1 and selection[0] in stage.drawing.rows:
        return ", ".join(describe(stage.facts, selection[0]))
    if selection:
        return tr_many("{count} block selected", "{count} blocks selected", len(selection))
    return tr_many("{count} block", "{count:,} blocks", len(stage.drawing))
