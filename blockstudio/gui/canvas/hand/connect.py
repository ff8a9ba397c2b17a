"""Whether two ports may be wired, and what the wire would do: told while the mouse still holds it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from blockstudio.blocks import Refusal, Shape, shape_text
from blockstudio.graph.diagram import Wire, port_order
from blockstudio.graph.operations.connecting import circle, path_text
from blockstudio.gui.canvas.scene.card_texts import CardTexts
from blockstudio.gui.kit.text import tr
from blockstudio.text import render


@dataclass(frozen=True, slots=True)
class Verdict:
    """``refused``: it cannot be. ``warned``: it can, but the shapes would not go together; a problem with its
    fixes will stand on the block. ``text`` says why, or what would come out. ``circle``: the blocks of the path that
    it would close. ``more``: further wires that come with it."""

    wire: Wire
    text: str = ""
    refused: bool = False
    warned: bool = False
    circle: tuple[str, ...] = ()
    more: tuple[Wire, ...] = ()


def judge(
    facts: CardTexts, wire: Wire, instead: Wire | None = None, more: Sequence[Wire] = (), open: bool = False
) -> Verdict:
    """Try a wire on what is known. ``instead`` is the wire that was pulled off for it; what comes into the input now
    goes. ``more``: wires that come with it, into other inputs of the same block. ``open``: it is known that none of
    them closes a circle."""
    if wire == instead:
        return Verdict(wire)
    for each in (wire, *more):
        if each.source == each.target:
            return Verdict(wire, tr("A block cannot feed itself"), refused=True)
        way = [] if open else circle(facts.definition, each, instead)
        if way:
            text = tr("Would close a circle: {0}", path_text(way))
            return Verdict(wire, text, refused=True, circle=tuple(way))
    if instead is not None and _is_order(facts, wire, instead):
        place = [each.target_port for each in facts.definition.wires_into(wire.target)].index(wire.target_port)
        return Verdict(wire, tr("Becomes input {0} of {1}", place + 1, wire.target))
    return _preview(facts, wire, instead, tuple(more))


def _is_order(facts: CardTexts, wire: Wire, instead: Wire) -> bool:
    """Whether a wire only changes its place among the inputs of a merge."""
    same = (wire.source, wire.source_port, wire.target) == (instead.source, instead.source_port, instead.target)
    return same and facts.definition.wire_into(wire.target, wire.target_port) is not None


def _preview(facts: CardTexts, wire: Wire, instead: Wire | None, more: tuple[Wire, ...]) -> Verdict:
    before = facts.definition.wire_into(wire.target, wire.target_port)
    if before == (wire.source, wire.source_port):
        return Verdict(wire, tr("Wired already"), more=more)
    replaced = before is not None and Wire(*before, wire.target, wire.target_port) != instead
    aside = tr(", in place of {0}", before[0]) if replaced and before is not None else ""
    carried = facts.shape(wire.source, wire.source_port)
    if carried is None:
        return Verdict(wire, tr("In place of {0}", before[0]) if replaced and before else "", more=more)
    block, report = facts.definition.block(wire.target), facts.report(wire.target)
    kind = facts.diagram.kind(block.type)
    plain = Verdict(wire, shape_text(carried) + aside, more=more)
    if kind is None or not kind.installed or report is None or (not report.values and kind.parameters):
        return plain
    shapes: dict[str, Shape | None] = {
        other.target_port: facts.shape(other.source, other.source_port)
        for other in facts.definition.wires_into(wire.target)
        if other != instead
    }
    for each in (wire, *more):
        shapes[each.target_port] = facts.shape(each.source, each.source_port)
    inputs = [shapes[port] for port in sorted(shapes, key=port_order if kind.variadic else kind.inputs.index)]
    known = [shape for shape in inputs if shape is not None]
    if len(known) != len(inputs) or (kind.variadic and len(known) < 2) or not kind.outputs:
        return plain
    if report.bypassed:
        return plain
    try:
        comes = kind.shape(report.values, known)
    except Refusal as refusal:
        return Verdict(wire, render(refusal.message), warned=True, more=more)
    coming = " + ".join(shape_text(shape) for shape in known) if more else shape_text(carried)
    return Verdict(wire, f"{coming} → {shape_text(comes)}{aside}", more=more)
