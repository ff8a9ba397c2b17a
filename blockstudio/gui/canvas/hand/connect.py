"""Whether two ports may be wired, and what the wire would do: told while the mouse still holds it."""

from __future__ import annotations

from dataclasses import dataclass

from blockstudio.blocks import Refusal, Shape, shape_text
from blockstudio.graph.diagram import Wire, port_order
from blockstudio.gui.canvas.scene.card_texts import CardTexts
from blockstudio.gui.kit.text import tr
from blockstudio.text import render


@dataclass(frozen=True, slots=True)
class Verdict:
    """``refused``: it cannot be. ``warned``: it can, but the shapes would not go together; a problem with its
    fixes will stand on the block. ``text`` says why, or what would come out."""

    wire: Wire
    text: str = ""
    refused: bool = False
    warned: bool = False


def judge(facts: CardTexts, wire: Wire, instead: Wire | None = None) -> Verdict:
    """Try a wire on what is known. ``instead`` is the wire that it would replace."""
    if wire == instead:
        return Verdict(wire)
    if wire.source == wire.target:
        return Verdict(wire, tr("A block cannot feed itself"), refused=True)
    definition = facts.definition
    for other in definition.wires_into(wire.target):
        if other.target_port == wire.target_port and other != instead:
            return Verdict(wire, tr("This input already comes from {0}", other.source), refused=True)
    circle = _way(facts, wire.target, wire.source, instead)
    if circle:
        way = " → ".join(circle if len(circle) <= 5 else [*circle[:2], "…", *circle[-2:]])
        return Verdict(wire, tr("Would close a circle: {0}", way), refused=True)
    return _preview(facts, wire, instead)


def _way(facts: CardTexts, start: str, goal: str, instead: Wire | None) -> list[str]:
    """Blocks on a way along the wires from ``start`` to ``goal``; empty if there is none."""
    graph = facts.definition.graph
    before: dict[str, str | None] = {start: None}
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name == goal:
            way = [name]
            while (step := before[way[-1]]) is not None:
                way.append(step)
            return way[::-1]
        for _, follower, key in graph.out_edges(name, keys=True):
            if instead is not None and Wire(name, key[0], follower, key[1]) == instead:
                continue
            if follower not in before:
                before[follower] = name
                waiting.append(follower)
    return []


def _preview(facts: CardTexts, wire: Wire, instead: Wire | None) -> Verdict:
    carried = facts.shape(wire.source, wire.source_port)
    if carried is None:
        return Verdict(wire)
    block, report = facts.definition.block(wire.target), facts.report(wire.target)
    kind = facts.diagram.kind(block.type)
    plain = Verdict(wire, shape_text(carried))
    if kind is None or not kind.installed or report is None or (not report.values and kind.parameters):
        return plain
    shapes: dict[str, Shape | None] = {
        other.target_port: facts.shape(other.source, other.source_port)
        for other in facts.definition.wires_into(wire.target)
        if other != instead
    }
    shapes[wire.target_port] = carried
    inputs = [shapes[port] for port in sorted(shapes, key=port_order if kind.variadic else kind.inputs.index)]
    known = [shape for shape in inputs if shape is not None]
    if len(known) != len(inputs) or (kind.variadic and len(known) < 2) or not kind.outputs:
        return plain
    if report.bypassed:
        return plain
    try:
        comes = kind.shape(report.values, known)
    except Refusal as refusal:
        return Verdict(wire, render(refusal.message), warned=True)
    return Verdict(wire, f"{shape_text(carried)} → {shape_text(comes)}")
