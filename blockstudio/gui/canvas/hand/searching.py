"""The search on the drawing: a block is looked for, stands as a ghost where it would be put, and comes with its wires
as one step."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QPointF, QRectF

from blockstudio.analysis.offers import Fitter, Offer, Offers, Where, offers
from blockstudio.blocks import shape_text
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Wire
from blockstudio.graph.edits import AddWire, Edit, RemoveWire
from blockstudio.graph.library import Kept
from blockstudio.graph.operations.connecting import gather
from blockstudio.graph.operations.inserting import New, leading, passes, splice
from blockstudio.graph.operations.pasting import brought
from blockstudio.graph.operations.replacing import stand_in
from blockstudio.gui.canvas.hand import dropping
from blockstudio.gui.canvas.hand.connecting import outputs
from blockstudio.gui.canvas.hand.gesture import Gesture
from blockstudio.gui.canvas.hand.start import Start
from blockstudio.gui.canvas.hand.surface import Surface, on_stage
from blockstudio.gui.canvas.scene.geometry import FAMILY_NAMES
from blockstudio.gui.canvas.scene.metrics import CARD_HEIGHT, card_width
from blockstudio.gui.canvas.scene.overlay import Coming
from blockstudio.gui.canvas.scene.placing import beside, free_place, snap
from blockstudio.gui.kit.text import phrase, tr, tr_many
from blockstudio.layout.flow import ALONG

REMEMBERED = 8


class Adding(Gesture):
    """As long as the search is open. It shows what is chosen there; `choose` puts it in."""

    def __init__(self, surface: Surface, start: Start) -> None:
        super().__init__(surface)
        self.start = start
        self.offer: Offer | None = None
        self.branches = False
        """The signal is to branch off where it could be led through the new block."""
        self.name = ""
        self.at = QPointF()
        """The middle of the ghost, on the stage."""
        session = self.scene.session
        self._shelf = self.scene.shelf
        self._fitter = Fitter(session.diagram, self._where(), self._shelf.read if self._shelf is not None else None)
        self._places: dict[tuple[float, bool], tuple[float, float]] = {}
        self.show(None)

    # What the search asks

    def found(self, text: str) -> Offers:
        """What fits what was typed."""
        kept = [*self._shelf.library(), *self._shelf.known_presets] if self._shelf is not None else []
        return offers(text, self._fitter, self.scene.used, kept)

    def _where(self) -> Where:
        start, facts = self.start, self.scene.stage.facts
        sources = start.sources or ([(start.wire.source, start.wire.source_port)] if start.wire is not None else [])
        shapes = tuple(facts.shape(*each) for each in sources)
        reads = start.target is not None or start.wire is not None
        if start.instead:
            definition = self.scene.session.definition
            sources = [(wire.source, wire.source_port) for wire in definition.wires_into(start.instead)]
            shapes, reads = tuple(facts.shape(*each) for each in sources), bool(definition.wires_from(start.instead))
        return Where(shapes, reads, self.scene.session.scope)

    def target(self) -> str:
        """What the new block would be wired to: ``behind inception_4a · 512×14×14``."""
        start, facts = self.start, self.scene.stage.facts
        if start.instead:
            return tr("replaces {0}", start.instead)
        if (wire := self._wire) is not None:
            return tr("between {0} and {1}", wire.source, wire.target)
        if start.target is not None:
            return tr("before {0}", start.target[0])
        if len(start.sources) == 1:
            shape = facts.shape(*start.sources[0])
            name = start.sources[0][0]
            return tr("behind {0} · {1}", name, shape_text(shape)) if shape else tr("behind {0}", name)
        return tr_many("behind {count} block", "behind {count} blocks", len(start.sources)) if start.sources else ""

    def act(self) -> str:
        """What Enter does."""
        if self.start.instead:
            return tr("replace")
        return tr("insert and wire") if self.target() else tr("insert")

    @property
    def can_branch(self) -> bool:
        """Whether the signal could be led through the new block, or branch off to it."""
        return self.start.leads is not None and self._wire is not None

    def branch(self) -> None:
        """Have the signal branch off to it."""
        self.branches = True
        self.show(self.offer)

    @property
    def _wire(self) -> Wire | None:
        """The wire that what is chosen would stand in."""
        start, offer = self.start, self.offer
        if start.wire is not None or start.leads is None or self.branches:
            return start.wire
        diagram = self.scene.session.diagram
        # What a kept module has for ports is known once it is read.
        return start.leads if offer is None or offer.kept is not None or passes(diagram, offer.type) else None

    # The ghost

    def show(self, offer: Offer | None) -> None:
        """Show what is chosen."""
        self.offer = offer
        session, drawing = self.scene.session, self.scene.drawing
        free = session.diagram.free_name(offer.type, session.scope) if offer is not None else ""
        self.name = self.start.instead or free
        x, y = self._place()
        self.at = QPointF(x + drawing.origin[0], y + drawing.origin[1])
        self.scene.changed.emit()

    @property
    def size(self) -> tuple[float, float]:
        """Of the ghost."""
        if self.start.instead:
            return self.scene.drawing.card_size(self.start.instead)
        return card_width(self.name, False), float(CARD_HEIGHT)

    def _place(self) -> tuple[float, float]:
        """Its middle, in the document's coordinates; for cards of one width it is looked for once."""
        kind = self.size[0], self._wire is not None
        if kind not in self._places:
            self._places[kind] = self._find_place()
        return self._places[kind]

    def _find_place(self) -> tuple[float, float]:
        start, drawing = self.start, self.scene.drawing
        x0, y0 = drawing.origin
        if start.instead:
            middle = drawing.rect(start.instead).center()
            return middle.x() - x0, middle.y() - y0
        if start.at is not None:
            return free_place(drawing, (snap(start.at.x() - x0), snap(start.at.y() - y0)), self.size[0])
        if (wire := self._wire) is not None:
            curve = drawing.curves[drawing.wire_rows[wire]]
            return snap((curve[0] + curve[6]) / 2 - x0), snap((curve[1] + curve[7]) / 2 - y0)
        if start.target is not None:
            card = drawing.rect(start.target[0])
            x, y = card.center().x() - x0, card.center().y() - y0
            if drawing.right:
                at = x - (card.width() + self.size[0]) / 2 - 28 - ALONG, y
            else:
                at = x, y - card.height() / 2 - 28 - CARD_HEIGHT / 2
            return free_place(drawing, at, self.size[0])
        return beside(drawing, [name for name, _ in start.sources], self.size)

    @property
    def rect(self) -> QRectF:
        """The ghost, in scene coordinates; where it would stand, while nothing is chosen."""
        width, height = self.size
        rect = QRectF(self.at.x() - width / 2, self.at.y() - height / 2, width, height)
        return rect.translated(self.scene.offset)

    def overlay(self) -> Coming | None:
        rect, offer, right = self.rect, self.offer, self.scene.drawing.right
        wires = self._wires(rect)
        if offer is None:
            return Coming(rect, "…", "", FAMILY_NAMES.index("head"), True, wires, right)
        line = f"→ {offer.fit.text}" if offer.fit.shape else offer.note or offer.type
        return Coming(rect, self.name, line, FAMILY_NAMES.index(offer.family), True, wires, right)

    def _wires(self, rect: QRectF) -> tuple[tuple[QPointF, QPointF], ...]:
        start, drawing, offset = self.start, self.scene.drawing, self.scene.offset
        top, bottom = QPointF(rect.center().x(), rect.top()), QPointF(rect.center().x(), rect.bottom())
        if drawing.right:
            top, bottom = QPointF(rect.left(), rect.center().y()), QPointF(rect.right(), rect.center().y())
        sources = list(start.sources)
        targets = [start.target] if start.target is not None else []
        if (wire := self._wire) is not None:
            sources = [(wire.source, wire.source_port)]
            targets = [(wire.target, wire.target_port)]
        into = [(drawing.port(*each, "out").point + offset, top) for each in sources]
        return (*into, *((bottom, drawing.port(*each, "in").point + offset) for each in targets))

    # What becomes of it

    def choose(self) -> str | None:
        """Put in what is chosen, as one step, and select it; its name."""
        offer = self.offer
        if offer is None:
            return None
        self.cancel()
        scene, session = self.scene, self.scene.session
        if offer.kept is not None:
            return self._bring(offer, offer.kept)
        if self.start.instead:
            chosen = dropping.Offer(offer.type, offer.parameters)
            return self._used(dropping.put_in_place(scene, chosen, self.start.instead), offer)
        x0, y0 = scene.drawing.origin
        new = New(offer.type, parameters=offer.parameters, at=(self.at.x() - x0, self.at.y() - y0))
        try:
            name, edits = self._edits(new)
        except StudioError as error:
            session.refused.emit(str(error))
            return None
        if not session.do(phrase("Add {0}", name), *edits, at=new.at):
            return None
        session.select([name])
        return self._used(name, offer)

    def _bring(self, offer: Offer, kept: Kept) -> str | None:
        """Put in a module that is kept elsewhere, with all that it needs, as one step."""
        session, instead = self.scene.session, self.start.instead
        x0, y0 = self.scene.drawing.origin
        at, name = (self.at.x() - x0, self.at.y() - y0), self.name
        if self._shelf is None:
            return None
        try:
            block, modules = brought(session.diagram, self._shelf.read(kept))
        except StudioError as error:
            session.refused.emit(str(error))
            return None

        def put() -> Iterable[Edit]:
            if instead:
                return stand_in(session.diagram, session.scope, instead, block.type, block.parameters)
            return self._edits(New(block.type, name, block.parameters, at=at))[1]

        label = phrase("Replace {0}", instead) if instead else phrase("Add {0}", name)
        if not session.do_in_turn(label, [lambda: modules, put], at):
            return None
        session.select([name])
        return self._used(name, offer)

    def _used(self, name: str | None, offer: Offer) -> str | None:
        """The name of the block, if there is one; what was offered is then remembered."""
        if name is not None:
            others = (title for title in self.scene.used if title != offer.title)
            self.scene.used = [offer.title, *others][:REMEMBERED]
        return name

    def _edits(self, new: New) -> tuple[str, list[Edit]]:
        start, session = self.start, self.scene.session
        diagram, scope = session.diagram, session.scope
        if (wire := self._wire) is not None and (wire == start.wire or passes(diagram, new.type)):
            (name,), edits = splice(diagram, scope, wire, [new])
            return name, [*edits]
        (name,), edits = gather(diagram, scope, new, start.sources)
        found: list[Edit] = [*edits]
        outputs = diagram.output_ports(new.type)
        if start.target is not None and outputs:
            block, port = start.target
            feed = session.definition.wire_into(block, port)
            taken = None if feed is None else Wire(*feed, block, port)
            if taken is not None:
                found.append(RemoveWire(scope=scope, wire=taken))
            found.append(AddWire(scope=scope, wire=Wire(name, outputs[0], block, port)))
        return name, found

    def cancel(self) -> None:
        self.surface.hide_search()
        self.scene.changed.emit()


def start_of(surface: Surface, mouse: QPointF) -> Start:
    """Where a search begins that was called for what is selected: a wire, blocks, or else the place of the mouse (view
    coordinates)."""
    scene = surface.scene
    wires = scene.marks.wires
    if len(wires) == 1:
        return Start(wire=next(iter(wires)))
    session = scene.session
    sources = outputs(scene, session.selection)
    leads = leading(session.diagram, session.scope, session.selection[0]) if len(session.selection) == 1 else None
    return Start(sources, leads=leads) if sources else Start(at=on_stage(surface, mouse))
