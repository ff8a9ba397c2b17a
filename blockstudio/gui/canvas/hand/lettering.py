"""Wiring by keys: every port that can take the wire shows letters; typing them draws it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import QPointF

from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Wire
from blockstudio.graph.edits import Edit
from blockstudio.graph.operations.connecting import attach, closing
from blockstudio.gui.canvas.hand import connecting
from blockstudio.gui.canvas.hand.connect import Verdict, judge
from blockstudio.gui.canvas.hand.gesture import Gesture
from blockstudio.gui.canvas.hand.surface import Surface
from blockstudio.gui.canvas.scene.overlay import Letters
from blockstudio.gui.canvas.scene.ports import Port, free_port
from blockstudio.gui.kit.text import phrase
from blockstudio.text import say_many

LETTERS = "asdfghjklqwertyuiopzxcvbnm"
"""The nearest ports get the first."""
MOST = len(LETTERS) ** 2


class Lettering(Gesture):
    """From the selected blocks to the port whose letters are typed: one step. With a block selected that has no output,
    letters stand on outputs instead. Ports that are not in view have none. A digit takes another output of a single
    block."""

    def __init__(self, surface: Surface) -> None:
        super().__init__(surface)
        self.sources: tuple[tuple[str, str], ...] = connecting.outputs(self.scene, self.scene.session.selection)
        self.target = "" if self.sources else self._reader()
        self.typed = ""
        self.codes: dict[str, tuple[Port, Verdict]] = {}
        self._assign()

    def _reader(self) -> str:
        session = self.scene.session
        (name,) = session.selection[-1:] or ("",)
        kind = session.definition.block(name).type if name else ""
        takes = bool(name) and (session.diagram.is_variadic(kind) or bool(session.diagram.input_ports(kind)))
        return name if takes else ""

    @property
    def empty(self) -> bool:
        """Whether there is no port to go to."""
        return not self.codes

    def _assign(self) -> None:
        """Give letters to the ports that can take the wire, the nearest first."""
        drawing = self.scene.drawing
        ends = [name for name, _ in self.sources] or [self.target] * bool(self.target)
        if not ends:
            self.codes = {}
            return
        middle = drawing.rect(ends[0]).center()
        found = []
        for port in self._ports():
            verdict = self._judge(port)
            if not verdict.refused:
                aside = port.point - middle
                found.append((verdict.warned, aside.manhattanLength(), port, verdict))
        found.sort(key=lambda each: each[:2])
        chosen = found[:MOST]
        self.codes = {
            code: (port, verdict) for code, (_, _, port, verdict) in zip(codes(len(chosen)), chosen, strict=True)
        }

    def _ports(self) -> Iterator[Port]:
        """The ports that could be meant: inputs, of a merge a new one; or outputs."""
        drawing, diagram = self.scene.drawing, self.scene.session.diagram
        names = [name for name, _ in self.sources] or [self.target]
        shut = closing(drawing.definition, names, bool(self.sources))
        view = self.surface.camera.rect_to_scene(self.surface.view_rect()).translated(-self.scene.offset)
        for row in drawing.rows_in(view):
            name = drawing.names[row]
            if drawing.is_hidden(name) or name in shut:
                continue
            if self.sources and diagram.is_variadic(drawing.block(name).type):
                yield drawing.port(name, free_port(drawing.definition, name), "in")
            else:
                yield from (port for port in drawing.ports(name) if port.side == ("in" if self.sources else "out"))

    def _wires(self, port: Port) -> list[Wire]:
        if not self.sources:
            definition, diagram = self.scene.drawing.definition, self.scene.session.diagram
            kind = definition.block(self.target).type
            if diagram.is_variadic(kind):
                return [Wire(port.block, port.port, self.target, free_port(definition, self.target))]
            taken = {wire.target_port for wire in definition.wires_into(self.target)}
            inputs = diagram.input_ports(kind)
            free = next((each for each in inputs if each not in taken), inputs[0])
            return [Wire(port.block, port.port, self.target, free)]
        starts = [each for each in self.sources if each[0] != port.block]
        if self.scene.session.diagram.is_variadic(self.scene.drawing.block(port.block).type):
            first = int(port.port)
            return [Wire(*start, port.block, str(first + index)) for index, start in enumerate(starts)]
        return [Wire(*start, port.block, port.port) for start in starts]

    def _judge(self, port: Port) -> Verdict:
        wires = self._wires(port)
        several = len(wires) > 1 and len({wire.target_port for wire in wires}) < len(wires)
        if not wires or several:
            return Verdict(Wire(port.block, port.port, port.block, port.port), refused=True)
        return judge(self.scene.stage.facts, wires[0], None, wires[1:], open=True)

    # Typing

    def press(self, letter: str) -> bool:
        """A letter or digit was typed; True when that is the end of it: it has wired, or there is no such port."""
        letter = letter.lower()
        if letter.isdigit():
            self._take_output(int(letter) - 1)
            return False
        self.typed += letter
        found = self.codes.get(self.typed)
        if found is None:
            if not any(code.startswith(self.typed) for code in self.codes):
                self.typed = ""
            self.scene.changed.emit()
            return False
        self._wire(*found)
        return True

    def _take_output(self, index: int) -> None:
        """Another output of the one block that is selected."""
        session = self.scene.session
        if len(self.sources) == 1:
            name = self.sources[0][0]
            ports = session.diagram.output_ports(session.definition.block(name).type)
            if 0 <= index < len(ports):
                self.sources = ((name, ports[index]),)
                self._assign()
                self.scene.changed.emit()

    def _wire(self, port: Port, verdict: Verdict) -> None:
        self.cancel()
        session = self.scene.session
        edits: list[Edit] = []
        try:
            for wire in (verdict.wire, *verdict.more):
                edits += attach(session.diagram, session.scope, wire)
        except StudioError as error:
            session.refused.emit(str(error))
            return
        if edits:
            count = 1 + len(verdict.more)
            what = verdict.wire.source if count == 1 else say_many("{count} block", "{count:,} blocks", count)
            session.do(phrase("Wire {0} to {1}", what, verdict.wire.target), *edits)
        session.select([verdict.wire.target])

    def cancel(self) -> None:
        self.scene.show_free_port(None)
        self.scene.changed.emit()

    def overlay(self) -> Letters:
        offset = self.scene.offset
        starts: list[QPointF] = [self.scene.drawing.port(*each, "out").point + offset for each in self.sources]
        shown = [
            (port.point + offset, code, verdict.warned)
            for code, (port, verdict) in self.codes.items()
            if code.startswith(self.typed)
        ]
        return Letters(tuple(shown), len(self.typed), tuple(starts))


def codes(count: int) -> Sequence[str]:
    """So many codes, none of them the beginning of another: single letters while they are enough."""
    if count <= len(LETTERS):
        return LETTERS[:count]
    pairs = -(-(count - len(LETTERS)) // (len(LETTERS) - 1))
    single = len(LETTERS) - pairs
    double = [first + second for first in LETTERS[single:] for second in LETTERS]
    return [*LETTERS[:single], *double][:count]
