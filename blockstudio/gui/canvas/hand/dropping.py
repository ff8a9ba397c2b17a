"""Blocks that come from the palette: dragged onto the canvas or a wire, or put in by a key."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QMimeData, QPointF, QRectF

from blockstudio.blocks import CATALOGUE, RawValue
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram, Wire
from blockstudio.graph.operations import inserting
from blockstudio.graph.operations.connecting import gather
from blockstudio.graph.operations.inserting import New, add, leading, passes, splice
from blockstudio.graph.operations.replacing import can_replace, stand_in
from blockstudio.gui.canvas.hand import connecting
from blockstudio.gui.canvas.hand.connect import judge
from blockstudio.gui.canvas.hand.gesture import Gesture
from blockstudio.gui.canvas.hand.surface import Surface, on_stage
from blockstudio.gui.canvas.scene import hits
from blockstudio.gui.canvas.scene.geometry import FAMILY_NAMES
from blockstudio.gui.canvas.scene.metrics import CARD_HEIGHT, card_width
from blockstudio.gui.canvas.scene.model import Scene
from blockstudio.gui.canvas.scene.overlay import Coming
from blockstudio.gui.canvas.scene.placing import snap
from blockstudio.gui.kit.text import phrase, tr
from blockstudio.text import say_many

MIME = "application/x-blockstudio-block"


@dataclass(frozen=True)
class Offer:
    """What a palette entry offers: a block type or module, and what it sets."""

    type: str
    parameters: Mapping[str, RawValue]
    kept: tuple[str, str] | None = None
    """Of a module that the diagram may not have yet: the preset that has it (none: the library), and its name."""


def offered(data: QMimeData, diagram: Diagram) -> Offer | None:
    """The block that dragged data holds; ``None`` if it holds none that this diagram can have."""
    if not data.hasFormat(MIME):
        return None
    try:
        found = json.loads(bytes(data.data(MIME).data()).decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or not isinstance(found.get("parameters", {}), dict):
        return None
    name, kept = found.get("type"), found.get("kept")
    if isinstance(kept, list) and len(kept) == 2 and all(isinstance(each, str) for each in kept):
        return Offer(kept[1], {}, (kept[0], kept[1]))
    if not isinstance(name, str) or (name not in CATALOGUE and name not in diagram.modules):
        return None
    return Offer(name, found.get("parameters", {}))


class Ghost(Gesture):
    """The block to come, under the mouse. ``wire``: the wire that it would be put into."""

    def __init__(self, surface: Surface, offer: Offer) -> None:
        super().__init__(surface)
        self.offer = offer
        self.name = self._free_name()
        self.view_at = QPointF()
        """Where the mouse is, in pixels of the view."""
        self.at = QPointF()
        """The middle of the card, on the stage."""
        self.wire: Wire | None = None
        self.onto: str | None = None
        """The block that it would replace."""
        session = self.scene.session
        self._home = session.path, session.selection, session.noted
        """Where the user stood: what is selected there a merge may read."""

    def _free_name(self) -> str:
        session = self.scene.session
        return session.diagram.free_name(self.offer.type, session.scope)

    def move(self, at: QPointF) -> None:
        """``at`` in pixels of the view."""
        scene = self.scene
        self.view_at = QPointF(at)
        level = hits.level_at(scene.root, self.surface.camera.to_scene(at))
        if level is not scene.stage:
            scene.go_to(level)
            self._come_home()
        self._aim()

    def _come_home(self) -> None:
        """On the level where the user stood the same is selected as before: a drag may pass over an open module."""
        path, selection, noted = self._home
        if self.scene.session.path == path:
            self.scene.session.select(selection, noted)

    def _aim(self) -> None:
        """The place and the wire that are meant on the stage as it is."""
        scene, camera = self.scene, self.surface.camera
        point = on_stage(self.surface, self.view_at)
        x, y = scene.drawing.origin
        self.at = QPointF(snap(point.x() - x) + x, snap(point.y() - y) + y)
        diagram = scene.session.diagram
        self.wire, self.onto = None, self._card_at(point)
        if self.onto is None and (self.offer.kept is not None or passes(diagram, self.offer.type)):
            self.wire = hits.wire_at(scene.stage, point, camera.scale, reach=14)
        scene.marks.drop_wire, scene.marks.drop_block = self.wire, self.onto
        scene.changed.emit()

    def _card_at(self, point: QPointF) -> str | None:
        """The block under a point of the stage whose place it could take."""
        stage, diagram = self.scene.stage, self.scene.session.diagram
        name = hits.block_at(stage, point)
        if name is None or name in stage.drawing.frames:
            return None
        old = stage.drawing.block(name).type
        if self.offer.kept is not None:  # what it has for ports is known once it is read
            return name if passes(diagram, old) else None
        return name if can_replace(diagram, old, self.offer.type) else None

    def rebase(self) -> bool:
        offer, diagram = self.offer, self.scene.session.diagram
        if offer.kept is None and offer.type not in CATALOGUE and offer.type not in diagram.modules:
            return False
        self.name = self._free_name()
        self._aim()
        return True

    def drop(self) -> str | None:
        """Put it there, into the wire if it is on one, in the place of the block if it is on one; its name."""
        self._unmark()
        x, y = self.scene.drawing.origin
        if self.offer.kept is not None:
            return self._bring((self.at.x() - x, self.at.y() - y))
        if self.onto is not None:
            return put_in_place(self.scene, self.offer, self.onto)
        return put(self.scene, self.offer, (self.at.x() - x, self.at.y() - y), self.wire)

    def _bring(self, at: tuple[float, float]) -> str | None:
        """Put a kept module there, or in the place of a block, with all that it needs."""
        commands, session = self.surface.commands, self.scene.session
        if commands is None or not commands.run("module.insert", (self.offer.kept, at, self.wire, self.onto)):
            return None
        return session.selection[0] if session.selection else None

    def cancel(self) -> None:
        self._unmark()
        if self.scene.session.path != self._home[0]:
            self.scene.session.go(self._home[0])
            self._come_home()

    def _unmark(self) -> None:
        self.scene.marks.drop_wire = self.scene.marks.drop_block = None
        self.scene.changed.emit()

    def overlay(self) -> Coming:
        width = card_width(self.name, False)
        rect = QRectF(self.at.x() - width / 2, self.at.y() - CARD_HEIGHT / 2, width, CARD_HEIGHT)
        kind = self.scene.session.diagram.kind(self.offer.type)
        family = FAMILY_NAMES.index(kind.family if kind is not None else "module")
        line = tr("into this wire") if self.wire is not None else self.offer.type
        read = joined(self.scene, self.offer) if self.wire is None else ()
        if read:
            line = tr("joins {0} blocks", len(read))
        if self.onto is not None:
            line = tr("replaces {0}", self.onto)
            rect = self.scene.drawing.rect(self.onto)
        return Coming(rect.translated(self.scene.offset), self.name, line, family, right=self.scene.drawing.right)


def put(
    scene: Scene,
    offer: Offer,
    at: tuple[float, float] | None,
    into: Wire | None = None,
    behind: str | None = None,
) -> str | None:
    """Add a block as one step and select it: ``into`` a wire, or wired ``behind`` a block if that can be, into the wire
    by which alone the signal leads on from there; a merge reads
    all blocks that are selected, if they are several. Without a place it stands where the drawing has room."""
    session = scene.session
    diagram, scope = session.diagram, session.scope
    new = New(offer.type, parameters=offer.parameters, at=at)
    into = leading(diagram, scope, behind) if behind is not None else into
    if into is not None and passes(diagram, offer.type):
        (name,), edits = splice(diagram, scope, into, [new])
    elif behind is None and (read := joined(scene, offer)):
        (name,), edits = gather(diagram, scope, new, read)
    else:
        (name,), edits = add(diagram, scope, new, behind=behind)
    if not session.do(phrase("Add {0}", name), *edits, at=at):
        return None
    session.select([name])
    return name


def joined(scene: Scene, offer: Offer) -> tuple[tuple[str, str], ...]:
    """The outputs that a merge to come would read: of the selected blocks, if they are several."""
    session = scene.session
    if len(session.selection) < 2 or not session.diagram.is_variadic(offer.type):
        return ()
    return connecting.outputs(scene, session.selection)


def put_in_place(scene: Scene, offer: Offer, name: str) -> str | None:
    """Put what is offered in the place of a block, as one step, and select it. It keeps name, wires and the parameters
    that both have."""
    session = scene.session
    act = partial(stand_in, session.diagram, session.scope, name, offer.type, offer.parameters)
    if not session.do_in_turn(phrase("Replace {0}", name), [act]):
        return None
    session.select([name])
    return name


def insert(surface: Surface, offer: Offer) -> str | None:
    """Put a block in without the mouse: below the one that is selected and wired to it, else in the middle of the
    view."""
    scene = surface.scene
    drawing, selection = scene.drawing, scene.session.selection
    x, y = drawing.origin
    if len(selection) == 1:
        return put(scene, offer, None, behind=selection[0])
    if joined(scene, offer):
        return put(scene, offer, None)
    middle = on_stage(surface, surface.view_rect().center()) - QPointF(x, y)
    return put(scene, offer, (snap(middle.x()), snap(middle.y())))


def wire_in_order(scene: Scene) -> bool:
    """Wire the selected blocks one to the next, in the order of their selection, as one step."""
    session = scene.session
    try:
        edits = inserting.wire_in_order(session.diagram, session.scope, session.selection)
    except StudioError as error:
        session.refused.emit(str(error))
        return False
    for edit in edits:
        verdict = judge(scene.stage.facts, edit.wire)
        if verdict.refused:
            session.refused.emit(verdict.text)
            return False
    return bool(edits) and session.do(
        say_many("Wire {count} block", "Wire {count} blocks", len(session.selection)), *edits
    )
