"""From a session to a stage: the level in view with modules opened in place, each with its places and facts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress

from PySide6.QtCore import QObject

from blockstudio.analysis import Level
from blockstudio.blocks import INPUT, OUTPUT
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Block
from blockstudio.graph.edits import AddBlock, Edit, RemoveBlock
from blockstudio.gui.canvas.scene.card_texts import CardTexts
from blockstudio.gui.canvas.scene.drawing import Drawing
from blockstudio.gui.canvas.scene.geometry import Size
from blockstudio.gui.canvas.scene.metrics import (
    CARD_HEIGHT,
    FRAME_BOTTOM,
    FRAME_SIDE,
    FRAME_TOP,
    LINE_PX,
    NAME_PX,
    STUB,
    card_width,
    text_width,
)
from blockstudio.gui.canvas.scene.placing import AT_ONCE, Place, rough, settle
from blockstudio.gui.canvas.scene.ports import port_offset
from blockstudio.gui.canvas.scene.stage import Stage
from blockstudio.gui.document.document import DEFINITION
from blockstudio.gui.document.session import Session
from blockstudio.gui.work.worker import Work
from blockstudio.layout import arrange, arrangement, place
from blockstudio.layout.answering import answered


def join(path: str, name: str) -> str:
    """The path of a block on a level."""
    return f"{path}.{name}" if path else name


class Staging:
    """Makes stages. It remembers, by definition, where blocks stand that have no place in the document."""

    at_once = AT_ONCE
    """Larger levels are laid out by a worker."""

    def __init__(self, session: Session, arranged: Callable[[], None], parent: QObject) -> None:
        self.session = session
        self._arranged = arranged
        self._work = Work(parent)
        self._places: dict[str, dict[str, Place]] = {}
        self._asked: set[str] = set()
        self.opened: set[str] = set()
        """Paths of the instances that are open in place."""

    @property
    def busy(self) -> bool:
        """Whether a layout is still being computed."""
        return bool(self._asked)

    def forget(self) -> None:
        """Another document."""
        self._work.cancel()
        self._places.clear()
        self._asked.clear()
        self.opened.clear()

    def stage(self, path: str, scope: str) -> Stage:
        """The level of a path, which shows the definition ``scope``."""
        return self._stage(scope, path, self.places(scope))

    def _stage(
        self, scope: str, path: str, places: dict[str, Place], framed: bool = False, origin: Place = (0.0, 0.0)
    ) -> Stage:
        session = self.session
        inside: dict[str, Stage] = {}
        frames: dict[str, tuple[Drawing, Size]] = {}
        for name, block in session.diagram.definition(scope).blocks() if self.opened else ():
            if block.type in session.diagram.modules and join(path, name) in self.opened:
                inside[name], size = self._inside(join(path, name), name, block)
                frames[name] = inside[name].drawing, size
        drawing = self._draw(path, scope, places, frames, framed, origin)
        return Stage(drawing, self._facts(path, scope), path, inside)

    def _draw(
        self,
        path: str,
        scope: str,
        places: dict[str, Place],
        frames: dict[str, tuple[Drawing, Size]],
        framed: bool,
        origin: Place,
    ) -> Drawing:
        return Drawing(self.session.diagram, scope, places, frames, framed, origin)

    def refresh(self, stage: Stage) -> None:
        """New facts for a stage whose drawing stands, and for what is open in it."""
        stage.facts = self._facts(stage.path, stage.drawing.scope)
        for inner in stage.inside.values():
            self.refresh(inner)

    def _facts(self, path: str, scope: str) -> CardTexts:
        session = self.session
        level, starting = self._level(path, scope), session.initial_weights
        # A definition stands at no place in the network: what is frozen has one.
        frozen = None if path.startswith(DEFINITION) else lambda name: starting.state(join(path, name))
        return CardTexts(session.diagram, session.analysis, level, session.metric, frozen)

    def _level(self, path: str, scope: str) -> Level:
        if path == self.session.path:
            return self.session.level
        if not path.startswith(DEFINITION):
            with suppress(StudioError):  # an instance that is switched off has no inside: its definition has
                return self.session.analysis.level(path)
        return self.session.analyzer.level_of_definition(scope)

    def _inside(self, path: str, name: str, block: Block) -> tuple[Stage, Size]:
        """The inside of an instance with its upper left corner at (0, 0), and the size of its frame."""
        definition = self.session.diagram.definition(block.type)
        if block.repeat is not None:
            path = join(path, "0")  # of several copies the first shows
        centres = self._centres(path, block.type)
        ends = {INPUT: definition.of_type(INPUT), OUTPUT: definition.of_type(OUTPUT)}
        hidden = {*ends[INPUT], *ends[OUTPUT]}
        # A first drawing only to learn how much room the inside takes, modules open in it included.
        draft = self._stage(block.type, path, centres, framed=True).drawing
        boxes = [draft.rect(each) for each in centres if each not in hidden]
        left = min((box.left() for box in boxes), default=0.0)
        right = max((box.right() for box in boxes), default=float(card_width(name, False)))
        top = min((box.top() for box in boxes), default=0.0)
        bottom = max((box.bottom() for box in boxes), default=float(CARD_HEIGHT))
        title = text_width(name, NAME_PX, True) + text_width(block.type, LINE_PX) + 240
        width = max(right - left + 2 * FRAME_SIDE, title)
        height = bottom - top + FRAME_TOP + FRAME_BOTTOM
        dx, dy = (width - (right - left)) / 2 - left, FRAME_TOP - top
        places = {each: (x + dx, y + dy) for each, (x, y) in centres.items()}
        for kind, y in ((INPUT, float(STUB)), (OUTPUT, height)):
            for index, each in enumerate(ends[kind]):
                places[each] = (width / 2 + port_offset(index, len(ends[kind]), width), y)
        return self._stage(block.type, path, places, True, (dx, dy)), (width, height)

    def _centres(self, path: str, scope: str) -> dict[str, Place]:
        """Where every block of a level stands before frames make room."""
        loose = self.places(scope)
        blocks = self.session.diagram.definition(scope).blocks()
        return {name: block.at or loose.get(name, (0.0, 0.0)) for name, block in blocks}

    def places(self, scope: str) -> dict[str, Place]:
        """Centres of those blocks of a definition that have none in the document."""
        definition = self.session.diagram.definition(scope)
        loose = [name for name, block in definition.blocks() if block.at is None]
        if not loose:
            self._places.pop(scope, None)
            return {}
        known = self._places.get(scope, {})
        if not any(name not in known for name in loose):
            return known
        if known:
            # Most is laid out already: who is new settles beside its neighbours.
            drawing = Drawing(self.session.diagram, scope, known)
            for name in loose:
                if name not in known:
                    known[name] = settle(drawing, name)
            return known
        if len(definition) <= self.at_once:
            found = arrange(self.session.diagram, scope, self._sizes(scope))
        else:
            self._asked.add(scope)
            plain = arrangement(self.session.diagram, scope, self._sizes(scope))
            self._work.run(lambda: place(*plain), lambda answer: self._place(scope, answer))
            found = rough(definition)
        self._places[scope] = {name: found[name] for name in loose if name in found}
        return self._places[scope]

    def _sizes(self, scope: str) -> dict[str, Size]:
        return {name: self._size(name, block) for name, block in self.session.diagram.definition(scope).blocks()}

    def _size(self, name: str, block: Block) -> Size:
        is_module = block.type in self.session.diagram.modules
        return card_width(name, block.repeat is not None, is_module), float(CARD_HEIGHT)

    def answer(self, edits: tuple[Edit, ...], at: Place | None, carried: Iterable[str]) -> tuple[Edit, ...]:
        """Edits with the drawing's answer, see `blockstudio.layout.answering`; ``at`` and ``carried`` are of the
        session's level. Levels whose layout is still being computed give none."""
        here, scopes = self.session.scope, self.session.diagram.scopes()
        concerned = {edit.scope for edit in edits if isinstance(edit, AddBlock | RemoveBlock)}
        for scope in sorted((concerned | ({here} if carried else set())).intersection(scopes)):
            places = self._centres("", scope)
            if scope not in self._asked:
                mine = scope == here
                edits = answered(
                    self.session.diagram, scope, edits, places, self._size,
                    at if mine else None, carried if mine else (),
                )  # fmt: skip
        return edits

    def _place(self, scope: str, answer: dict[str, Place]) -> None:
        self._asked.discard(scope)
        if scope not in self.session.diagram.scopes():
            return
        definition = self.session.diagram.definition(scope)
        self._places[scope] = {name: answer[name] for name, _ in definition.blocks() if name in answer}
        self._arranged()
