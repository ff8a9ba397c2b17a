"""Where a block that is dragged would go beside its new place: into a wire, or in the place of another block."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QPointF

from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Wire
from blockstudio.graph.edits import Edit, MoveBlocks, RemoveBlock
from blockstudio.graph.operations.inserting import carry_into, chain
from blockstudio.graph.operations.removing import detach_where_it_fits
from blockstudio.graph.operations.replacing import can_replace, stand_in
from blockstudio.gui.canvas.hand.acts import fitting
from blockstudio.gui.canvas.scene import hits
from blockstudio.gui.canvas.scene.model import Scene
from blockstudio.gui.kit.text import phrase, tr
from blockstudio.text import say_many

REACH = 8.0
"""How near to a wire, in pixels, the mouse puts into it what it drags."""


class Carrying:
    """Blocks that are dragged on the stage. ``wire`` and ``onto``: what they would be put into, or replace; ``pulled``:
    they leave their chain."""

    def __init__(self, scene: Scene, names: tuple[str, ...]) -> None:
        self.scene, self.names = scene, names
        session = scene.session
        definition = session.definition
        there = all(name in definition for name in names)
        self._chain = chain(session.diagram, session.scope, names) if there else ()
        self._wired = any(
            {wire.source, wire.target} - set(names)
            for name in (names if there else ())
            for wire in (*definition.wires_into(name), *definition.wires_from(name))
        )
        self.wire: Wire | None = None
        self.onto: str | None = None
        self.pulled = False

    def aim(self, point: QPointF, scale: float, pull: bool) -> None:
        """What is meant with the mouse at a point of the stage; ``pull``: the blocks are to leave their chain."""
        scene = self.scene
        self.pulled = pull and self._wired
        self.wire = self.onto = None
        if self._chain:
            self.onto = self._card_at(point) if len(self.names) == 1 and not self._wired else None
            if self.onto is None:
                self.wire = hits.wire_at(scene.stage, point, scale, REACH, self.names)
        scene.marks.drop_wire, scene.marks.drop_block = self.wire, self.onto

    def _card_at(self, point: QPointF) -> str | None:
        drawing, diagram = self.scene.drawing, self.scene.session.diagram
        kind = drawing.block(self.names[0]).type
        for row in drawing.rows_in(hits.around(point, 0)):
            name = drawing.names[row]
            if name in self.names or name in drawing.frames:
                continue
            if can_replace(diagram, drawing.block(name).type, kind):
                return name
        return None

    def told(self) -> str:
        """What would become of them, in a few words; nothing where they would only be moved."""
        if self.onto is not None:
            return tr("replaces {0}", self.onto)
        if self.wire is not None:
            return tr("between {0} and {1}", self.wire.source, self.wire.target)
        return tr("out of its chain") if self.pulled else ""

    def leave(self) -> None:
        """They are not carried anywhere."""
        self.wire, self.onto, self.pulled = None, None, False
        self.clear()

    def clear(self) -> None:
        """Nothing is meant any more."""
        self.scene.marks.drop_wire = self.scene.marks.drop_block = None

    def drop(self, to: Mapping[str, tuple[float, float]]) -> bool:
        """Do what is meant, the blocks being at ``to``, as one step; False if they are only to be moved."""
        self.clear()
        session = self.scene.session
        name = self.names[0] if len(self.names) == 1 else say_many("{count} block", "{count:,} blocks", len(self.names))
        try:
            if self.onto is not None:
                edits, label = self._replacing(self.onto), phrase("Replace {0}", self.onto)
            elif self.wire is not None:
                fits = fitting(self.scene)
                edits = [*carry_into(session.diagram, session.scope, self.wire, self.names, fits)]
                label = phrase("Put {0} between {1} and {2}", name, self.wire.source, self.wire.target)
            elif self.pulled:
                edits = [*detach_where_it_fits(session.diagram, session.scope, self.names, fitting(self.scene))]
                label = phrase("Pull out {0}", name)
            else:
                return False
        except StudioError as error:
            session.refused.emit(str(error))
            return False
        if self.onto is not None:
            done = session.do(label, *edits)
            if done:
                session.select([self.onto])
            return done
        places: dict[str, tuple[float, float] | None] = dict(to)
        moves = MoveBlocks(scope=session.scope, to=places)
        return session.do(label, *edits, moves, at=to[self.names[0]], carried=self.names)

    def _replacing(self, onto: str) -> list[Edit]:
        session, name = self.scene.session, self.names[0]
        block = session.definition.block(name)
        edits = stand_in(session.diagram, session.scope, onto, block.type, block.parameters)
        return [*edits, RemoveBlock(scope=session.scope, name=name)]
