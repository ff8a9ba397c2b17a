"""From a session to a stage: the level in view with modules opened in place, each with its places and facts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress

from PySide6.QtCore import QObject

from blockstudio.analysis import Level
from blockstudio.blocks import INPUT, OUTPUT
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import MAIN, Block, Diagram
from blockstudio.graph.edits import AddBlock, Edit, RemoveBlock
from blockstudio.graph.operations.noting import along, joining
from blockstudio.gui.canvas.scene.card_texts import CardTexts
from blockstudio.gui.canvas.scene.drawing import Drawing
from blockstudio.gui.canvas.scene.geometry import Size
from blockstudio.gui.canvas.scene.insides import BESIDE_TITLE, Frames, Insides, Room
from blockstudio.gui.canvas.scene.metrics import (
    CARD_HEIGHT,
    LINE_PX,
    NAME_PX,
    card_width,
    text_width,
)
from blockstudio.gui.canvas.scene.placing import AT_ONCE, Place, rough, settle, shifted_to, with_room
from blockstudio.gui.canvas.scene.stage import Stage
from blockstudio.gui.document.document import DEFINITION
from blockstudio.gui.document.lens import Lens
from blockstudio.gui.document.session import Session
from blockstudio.gui.work.worker import Work
from blockstudio.layout import arrange, arrangement, place
from blockstudio.layout.answering import SizeOf, answered
from blockstudio.layout.columns import WORTH, Columns, Cut
from blockstudio.layout.flow import direction_edits, flow_wanted, turned, turned_cards, turned_places

ROUTES = 500
"""So many wires of a module get their lanes before its frame has its size; of more the rest may run outside."""
FEW_NEW = 3
"""So many newcomers settle beside what stands, however small the level is."""
COLUMNS = "columns"
"""The fact of a document that says in how many columns it is drawn."""


def join(path: str, name: str) -> str:
    """The path of a block on a level."""
    return f"{path}.{name}" if path else name


class Staging:
    """Makes stages. It remembers, by definition, where blocks stand that have no place in the document: one below the
    other inside frames, in columns where the level fills the canvas."""

    at_once = AT_ONCE
    """Larger levels are laid out by a worker."""

    def __init__(self, session: Session, arranged: Callable[[], None], parent: QObject) -> None:
        self.session = session
        self.paper: tuple[float, float] | None = None
        """Width and height that the canvas shows at 100 %; without, levels are not put into columns."""
        self._arranged = arranged
        self._work = Work(parent)
        self._reads_right: bool | None = None
        """Whether the main level is easier to read from left to right; ``None`` until that is asked."""
        self._laid_right = False
        """Which way the places below are of."""
        self._places: dict[str, dict[str, Place]] = {}
        self._folded: dict[str, dict[str, Place]] = {}
        self._cuts: dict[str, frozenset[tuple[str, str]]] = {}
        """The wires that lead from one column to the next, by definition."""
        self._before: dict[
            tuple[str, frozenset[str]], tuple[dict[str, Place], dict[str, Place], frozenset[tuple[str, str]]]
        ] = {}
        """Places of levels before much of them was another, by definition and names."""
        self._insides = Insides()
        self._asked: set[str] = set()
        self.opened: set[str] = set()
        """Paths of the instances that are open in place."""

    def like(self, session: Session, parent: QObject) -> Staging:
        """Another one that shows the same of another session: what is open, and where blocks without a place stand."""
        found = Staging(session, lambda: None, parent)
        found.at_once = 1_000_000
        found.opened = set(self.opened)
        found._reads_right, found._laid_right = self._reads_right, self._laid_right
        found._places = {scope: dict(places) for scope, places in self._places.items()}
        return found

    @property
    def right(self) -> bool:
        """Whether the signal goes from left to right: as the document wants it, else if its main level, that nobody has
        moved a block of, then shows larger in the window."""
        wanted = flow_wanted(self.session.diagram)
        if wanted is not None:
            return wanted
        if self._reads_right is None and self.paper is not None:
            self._reads_right = False  # as it is asked below
            self._reads_right = self._shows_larger_to_the_right(self.paper)
        return bool(self._reads_right)

    def _shows_larger_to_the_right(self, paper: Size) -> bool:
        diagram = self.session.diagram
        if not self.is_loose(MAIN) or len(diagram.main) > AT_ONCE or columns_wanted(diagram) is not None:
            return False
        self._keep_way()
        columns = self._columns(MAIN, self.places(MAIN), {}, False)
        down = columns.scale(columns.for_room(*paper), *paper)
        if down * WORTH >= 1.0:
            return False
        columns = self._columns(MAIN, arrange(diagram, MAIN, self.card_sizes(MAIN), True), {}, True)
        room = turned(paper)
        return columns.scale(columns.for_room(*room), *room) > down * WORTH

    def _keep_way(self) -> None:
        """Forget places that are of a drawing the other way."""
        if self._laid_right != self.right:
            self._laid_right = self.right
            for known in (self._places, self._folded, self._cuts, self._before):
                known.clear()

    @property
    def busy(self) -> bool:
        """Whether a layout is still being computed."""
        return bool(self._asked)

    def forget(self) -> None:
        """Another document."""
        self._work.cancel()
        for known in (self._places, self._folded, self._cuts, self._before, self._asked, self.opened):
            known.clear()
        self._reads_right = None

    def stage(self, path: str, scope: str, edits: Iterable[Edit] | None = None) -> Stage:
        """The level of a path, which shows the definition ``scope``; drawn anew because of ``edits``, if these are all
        that has happened."""
        self._insides.begin(edits)
        self._keep_way()
        roomy = self._roomy(path, scope)
        if roomy is not None and self._cuts.get(scope):
            columns = self._columns(scope, roomy, self._frame_sizes(path, scope))
            cuts = columns.cut_at(self._cuts[scope])
            # What hangs beside may have grown past a cut: the columns stay, and make room themselves.
            roomy = self._fold(columns, cuts) if len(cuts) == len(self._cuts[scope]) else None
        places = self.folded(scope)
        if roomy is not None:  # what opens does so where it stands: nothing jumps once the user places a block
            frames, definition = self._frame_sizes(path, scope), self.session.diagram.definition(scope)
            like = with_room(definition, places, self.card_sizes(scope), frames, self.right)
            roomy = shifted_to(roomy, like, self.right)
        return self._stage(scope, path, places, roomy=roomy)

    def _stage(
        self,
        scope: str,
        path: str,
        places: dict[str, Place],
        roomy: dict[str, Place] | None = None,
    ) -> Stage:
        inside, frames = self._open_in(path, scope)
        drawing = self._draw(path, scope, places, frames, False, (0.0, 0.0), roomy)
        return Stage(drawing, self._facts(path, scope), path, inside)

    def _open_in(self, path: str, scope: str) -> tuple[dict[str, Stage], Frames]:
        """What is open in place on a level: the insides, and the frames that they make on it."""
        inside: dict[str, Stage] = {}
        frames: Frames = {}
        modules = self.session.diagram.modules
        for name, block in self.session.diagram.definition(scope).blocks() if self.opened else ():
            if block.type in modules and join(path, name) in self.opened:
                inside[name], size = self._inside(join(path, name), name, block)
                frames[name] = inside[name].drawing, size
        return inside, frames

    def _draw(
        self,
        path: str,
        scope: str,
        places: dict[str, Place],
        frames: Frames,
        framed: bool,
        origin: Place,
        roomy: dict[str, Place] | None,
    ) -> Drawing:
        return Drawing(self.session.diagram, scope, places, frames, framed, origin, roomy=roomy, right=self.right)

    def refresh(self, stage: Stage) -> None:
        """New facts for a stage whose drawing stands, and for what is open in it."""
        stage.facts = self._facts(stage.path, stage.drawing.scope)
        for inner in stage.inside.values():
            self.refresh(inner)

    def _facts(self, path: str, scope: str) -> CardTexts:
        session, starting = self.session, self.session.initial_weights
        shown, level = self._shown(path, scope)
        # A definition stands at no place in the network: what is frozen has one.
        frozen = None if path.startswith(DEFINITION) else lambda name: starting.state(join(path, name))
        hints = [hint for hint in session.hints if hint.scope == scope]
        return CardTexts(
            shown.diagram, shown.analysis, level, session.metric, frozen, session.measures.get(session.heat), hints,
            session.veiled, pins=True,
        )  # fmt: skip

    def _shown(self, path: str, scope: str) -> tuple[Session | Lens, Level]:
        """Whose shapes a level's cards have: the document's, or those that are trained."""
        lens = self.session.lens
        if lens is not None and not path.startswith(DEFINITION):
            with suppress(StudioError, KeyError):
                return lens, lens.analysis.level(path)
        return self.session, self._level(path, scope)

    def _level(self, path: str, scope: str) -> Level:
        if path == self.session.path:
            return self.session.level
        if not path.startswith(DEFINITION):
            with suppress(StudioError):  # an instance that is switched off has no inside: its definition has
                return self.session.analysis.level(path)
        return self.session.analyzer.level_of_definition(scope)

    def _inside(self, path: str, name: str, block: Block) -> tuple[Stage, Size]:
        """The inside of an instance with its upper left corner at (0, 0), and the size of its frame."""
        return self._insides.of(path, block, lambda: self._draw_inside(path, name, block), self.refresh)

    def _draw_inside(self, path: str, name: str, block: Block) -> tuple[Stage, Size]:
        scope, modules = block.type, self._insides
        if block.repeat is not None:
            path = join(path, "0")  # of several copies the first shows
        inside, frames = self._open_in(path, scope)
        look = self._look(path, scope), tuple(frames.items())
        room = modules.alike((look, "room"), scope, frames, lambda: self._room(path, scope, frames))
        title = text_width(name, NAME_PX, True) + text_width(scope, LINE_PX) + BESIDE_TITLE
        inset = room.inset(title)

        def draw() -> Drawing:
            places, roomy = room.places(inset)
            return self._draw(path, scope, places, frames, True, inset.shift, roomy)

        drawing = modules.alike((look, inset), scope, frames, draw)
        return Stage(drawing, self._facts(path, scope), path, inside), inset.size

    def _look(self, path: str, scope: str) -> str:
        """Instances of which this is the same are drawn alike, but for what is open in them and their title."""
        return scope

    def _room(self, path: str, scope: str, frames: Frames) -> Room:
        """How much room an inside takes: learnt from a first drawing."""
        definition, roomy = self.session.diagram.definition(scope), self._roomy(path, scope)
        centres = self._centres(scope)
        draft = self._draw(path, scope, centres, frames, True, (0.0, 0.0), roomy)
        draft.route(ROUTES)
        return Room.of(draft, centres, roomy, (definition.of_type(INPUT), definition.of_type(OUTPUT)))

    def _centres(self, scope: str) -> dict[str, Place]:
        """Where every block of a level stands before frames make room."""
        loose = self.places(scope)
        blocks = self.session.diagram.definition(scope).blocks()
        return {name: block.at or loose.get(name, (0.0, 0.0)) for name, block in blocks}

    # Places made up

    def places(self, scope: str) -> dict[str, Place]:
        """Centres, from top to bottom, of those blocks of a definition that have none in the document."""
        definition = self.session.diagram.definition(scope)
        loose = [name for name, block in definition.blocks() if block.at is None]
        if not loose:
            self._places.pop(scope, None)
            return {}
        known = self._places.get(scope, {})
        if self._settle(scope, known, loose):
            return known
        if len(definition) <= self.at_once:
            found = arrange(self.session.diagram, scope, self.card_sizes(scope), self.right)
        else:
            self._asked.add(scope)
            right = self.right
            plain = arrangement(self.session.diagram, scope, self.card_sizes(scope), right)
            self._work.run(lambda: turned_places(place(*plain), right), lambda found: self._place(scope, found, right))
            found = rough(definition, right)
        self._places[scope] = {name: found[name] for name in loose if name in found}
        return self._places[scope]

    def folded(self, scope: str) -> dict[str, Place]:
        """The same for a level that fills the canvas: in columns, if the user has put no block of it anywhere."""
        places = self.places(scope)
        if not self.is_loose(scope) or scope in self._asked:
            self._folded.pop(scope, None)
            self._cuts.pop(scope, None)
            return places
        known = self._folded.get(scope, {})
        if self._settle(scope, known, list(places)):
            return known
        columns = self._columns(scope, places, {})
        cuts = self._chosen(columns)
        self._cuts[scope] = frozenset(cut.wire for cut in cuts)
        self._folded[scope] = self._fold(columns, cuts)
        return self._folded[scope]

    def refold(self, scope: str, anyway: bool = False) -> bool:
        """The paper has another shape, or columns are asked for otherwise: forget the columns of a level that is to
        have others. ``anyway``: also if its blocks stand as they are to."""
        if scope == MAIN:
            self._reads_right = None
        if self._laid_right != self.right:
            return True
        if scope not in self._folded:
            return False
        cuts = self._chosen(self._columns(scope, self._places[scope], {}))
        if not anyway and self._cuts[scope] == {cut.wire for cut in cuts}:
            return False
        del self._folded[scope], self._cuts[scope]
        return True

    def standing(self, scope: str) -> dict[str, Place]:
        """Where every block of a definition stands with all modules shut, in the document's coordinates."""
        self._keep_way()
        loose = self._folded.get(scope) or self.places(scope)
        blocks = self.session.diagram.definition(scope).blocks()
        return {name: block.at or loose.get(name, (0.0, 0.0)) for name, block in blocks}

    def upset(self, scope: str) -> bool:
        """Whether so much of a level is new that it is to be laid out again rather than each newcomer beside the
        others; its places are forgotten then."""
        known = self._folded.get(scope) or self._places.get(scope)
        if not known or scope not in self.session.diagram.scopes():
            return False
        blocks = dict(self.session.diagram.definition(scope).blocks())
        new = sum(block.at is None and name not in known for name, block in blocks.items())
        before = self._before.get((scope, frozenset(blocks))) if new else None
        if before is None and (new < FEW_NEW or 3 * new < len(blocks)):
            return False
        # Undone, it is to look as it did.
        self._before[scope, frozenset(known)] = (
            self._places.pop(scope, {}), self._folded.pop(scope, {}), self._cuts.pop(scope, frozenset())
        )  # fmt: skip
        if before is not None:
            self._places[scope], self._folded[scope], self._cuts[scope] = before
        return True

    def is_loose(self, scope: str) -> bool:
        """Whether all blocks of a definition stand where the layout puts them."""
        return all(block.at is None for _, block in self.session.diagram.definition(scope).blocks())

    def _chosen(self, columns: Columns) -> list[Cut]:
        """Where the level is cut: as the document wants it, else as fits the window."""
        wanted = columns_wanted(self.session.diagram)
        if wanted is not None:
            return columns.into(min(wanted, len(columns.cuts) + 1))
        if self.paper is None:
            return []
        return columns.for_room(*(turned(self.paper) if self.right else self.paper))

    def _fold(self, columns: Columns, cuts: Sequence[Cut]) -> dict[str, Place]:
        """Centres of a level in its columns, or rows."""
        return turned_places(columns.folded(cuts), self.right)

    def _columns(
        self, scope: str, places: Mapping[str, Place], frames: Mapping[str, Size], right: bool | None = None
    ) -> Columns:
        right = self.right if right is None else right
        definition = self.session.diagram.definition(scope)
        # A block that has just gone, or has another name, may still have a place here.
        places = {name: at for name, at in places.items() if name in definition}
        wires = [(wire.source, wire.target) for wire in definition.wires()]
        there = [wire for wire in wires if wire[0] in places and wire[1] in places]
        sizes = self.card_sizes(scope) | dict(frames)
        cards = dict(zip(sizes, turned_cards(sizes.values(), right), strict=True))
        return Columns(turned_places(places, right), cards, there)

    def _settle(self, scope: str, known: dict[str, Place], loose: list[str]) -> bool:
        """Put those who are new beside their neighbours, if the others are laid out already."""
        if not known:
            return not loose
        new = [name for name in loose if name not in known]
        if new:
            drawing = Drawing(self.session.diagram, scope, known, right=self.right)
            known.update((name, settle(drawing, name)) for name in new)
        return True

    def _frame_sizes(self, path: str, scope: str) -> dict[str, Size]:
        """Of the instances on a level that are open in place."""
        return {name: size for name, (_, size) in self._open_in(path, scope)[1].items()}

    def _roomy(self, path: str, scope: str) -> dict[str, Place] | None:
        """Centres, from top to bottom, with room for what is open: laid out with the frames as they are, unless the
        user has put blocks somewhere or nothing is open."""
        if not self.opened or scope in self._asked or not self.is_loose(scope):
            return None
        frames = self._frame_sizes(path, scope)
        if not frames:
            return None
        return arrange(self.session.diagram, scope, self.card_sizes(scope) | frames, self.right)

    def card_sizes(self, scope: str) -> dict[str, Size]:
        """Of every block of a definition."""
        size = self._sizing()
        return {name: size(name, block) for name, block in self.session.diagram.definition(scope).blocks()}

    def _sizing(self) -> SizeOf:
        """What tells the size of a block's card."""
        modules, high = self.session.diagram.modules, float(CARD_HEIGHT)
        return lambda name, block: (card_width(name, block.repeat is not None, block.type in modules), high)

    def answer(self, edits: tuple[Edit, ...], at: Place | None, carried: Iterable[str]) -> tuple[Edit, ...]:
        """Edits with the drawing's answer, see `blockstudio.layout.answering`; ``at`` and ``carried`` are of the
        session's level. Levels whose layout is still being computed give none."""
        here, scopes, carried = self.session.scope, self.session.diagram.scopes(), tuple(carried)
        edits = (*edits, *joining(self.session.diagram, here, edits, carried))
        concerned = {edit.scope for edit in edits if isinstance(edit, AddBlock | RemoveBlock)}
        for scope in sorted((concerned | ({here} if carried else set())).intersection(scopes)):
            places = self.standing(scope)
            if scope not in self._asked:
                mine, before = scope == here, edits
                edits = answered(
                    self.session.diagram, scope, edits, places, self._sizing(),
                    at if mine else None, carried if mine else (), self.right,
                )  # fmt: skip
                edits = along(self.session.diagram, scope, before, edits, places)
        return (*edits, *direction_edits(self.session.diagram, edits, self.right))

    def _place(self, scope: str, answer: dict[str, Place], right: bool) -> None:
        self._asked.discard(scope)
        if scope not in self.session.diagram.scopes() or right != self.right:
            return
        definition = self.session.diagram.definition(scope)
        self._places[scope] = {name: answer[name] for name, _ in definition.blocks() if name in answer}
        self._folded.pop(scope, None)
        self._arranged()


def columns_wanted(diagram: Diagram) -> int | None:
    """In how many columns a document wants to be drawn; ``None``: as fits the window."""
    text = diagram.about.get(COLUMNS, "")
    return max(1, int(text)) if text.isdecimal() and len(text) < 4 else None
