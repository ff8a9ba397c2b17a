"""What a figure shows: a level of a diagram, whole or some of its blocks, modules shut or open in place."""

from __future__ import annotations

from collections.abc import Iterable

from blockstudio.analysis import Analysis
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import MAIN, Diagram
from blockstudio.graph.edits import Edit
from blockstudio.graph.names import suggestion
from blockstudio.gui.canvas.scene.card_texts import CardTexts
from blockstudio.gui.canvas.scene.drawing import Drawing
from blockstudio.gui.canvas.scene.geometry import Size
from blockstudio.gui.canvas.scene.insides import Frames
from blockstudio.gui.canvas.scene.opening import MOST, walk
from blockstudio.gui.canvas.scene.placing import Place, with_room
from blockstudio.gui.canvas.scene.stage import Stage
from blockstudio.gui.canvas.scene.staging import Staging, join
from blockstudio.gui.canvas.scene.still import StillDrawing, full_width
from blockstudio.gui.document.document import DEFINITION
from blockstudio.gui.document.session import Session
from blockstudio.gui.kit.text import tr


class FigureStaging(Staging):
    """Makes the stage of a figure: all at once, with the cost bars that are asked for."""

    at_once = 1_000_000

    def __init__(self, session: Session, bars: str, only: frozenset[str] | None, columns: int) -> None:
        super().__init__(session, lambda: None, session)
        self._bars, self._only, self._wanted_columns = bars, only, columns
        self._root: dict[str, str] = {}
        """The path of the level that fills the figure, by its definition."""

    def stage(self, path: str, scope: str, edits: Iterable[Edit] | None = None) -> Stage:
        self._root = {scope: path}
        self._insides.begin(None)
        self._keep_way()
        places, frames = self._centres(scope), self._frame_sizes(path, scope)
        roomy = self._roomy(path, scope)
        folds = self._wanted_columns > 1 and len(places) > 1
        # Wires that are led keep their points where the drawing makes the room itself.
        if roomy is None and frames and (folds or not self.session.diagram.definition(scope).routes):
            definition = self.session.diagram.definition(scope)
            roomy = with_room(definition, places, self.card_sizes(scope), frames, self.right)
        if folds:
            shown = {name: at for name, at in (roomy or places).items() if self._only is None or name in self._only}
            columns = self._columns(scope, shown, frames)
            roomy = self._fold(columns, columns.into(self._wanted_columns))
        return self._stage(scope, path, places, roomy=roomy)

    def card_sizes(self, scope: str) -> dict[str, Size]:
        path = self._root.get(scope, DEFINITION + scope if scope else "")
        definition, lines = self.session.diagram.definition(scope), self._lines(path, scope)
        sizes = super().card_sizes(scope).items()
        return {
            name: (max(width, full_width(name, definition.block(name), lines.get(name, ""))), tall)
            for name, (width, tall) in sizes
        }

    def _lines(self, path: str, scope: str) -> dict[str, str]:
        """What is said below the names of a level's blocks."""
        facts = self._facts(path, scope)
        contents = (facts.content(name) for name, _ in self.session.diagram.definition(scope).blocks())
        return {each.name: each.short if "·" in each.short else each.line for each in contents}

    def _facts(self, path: str, scope: str) -> CardTexts:
        session = self.session
        heat = session.measures.get(session.heat)
        return CardTexts(session.diagram, session.analysis, self._level(path, scope), self._bars, heat=heat)

    def _look(self, path: str, scope: str) -> str:
        return path  # what is said below names is of one place

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
        only, lines = None if framed else self._only, self._lines(path, scope)
        return StillDrawing(
            self.session.diagram, scope, places, frames, framed, origin, only=only, roomy=roomy, lines=lines,
            right=self.right,
        )  # fmt: skip


def stage_of(
    session: Session, inside: str, blocks: tuple[str, ...], expand: int | tuple[str, ...], bars: str, columns: int
) -> Stage:
    """The stage of a figure. Raises `StudioError` ``figure.*`` for what is not there."""
    diagram = session.diagram
    path, scope = level_at(diagram, inside, session.analysis)
    known = [name for name, _ in diagram.definition(scope).blocks()]
    for name in blocks:
        if name not in known:
            where = tr("{0} has no block '{1}'.", inside or diagram.name, name)
            raise StudioError("figure.blocks", where, hint=suggestion(name, known))
    only = frozenset(blocks) if blocks else None
    staging = FigureStaging(session, bars, only, columns)
    staging.opened = opened(diagram, path, scope, expand, only)
    return staging.stage(path, scope)


def level_at(diagram: Diagram, path: str, analysis: Analysis) -> tuple[str, str]:
    """Path and definition of a level: ``layer2``, ``layer2.1.downsample``, or a module by its own name."""
    if not path:
        return "", MAIN
    if path in diagram.modules:
        return DEFINITION + path, path
    here, scope, rest = "", MAIN, path
    while rest:
        instances = {name: block for name, block in diagram.definition(scope).blocks() if block.type in diagram.modules}
        name = next((name for name in instances if rest == name or rest.startswith(name + ".")), None)
        if name is None:
            known = [join(here, each) for each in instances] + list(diagram.modules)
            raise StudioError(
                "figure.inside", tr("there is no module at '{0}' to look into.", path), where=diagram.name,
                hint=suggestion(path, known) if known else tr("This network has no modules."),
            )  # fmt: skip
        here, rest = join(here, name), rest[len(name) + 1 :]
        if instances[name].repeat is not None:
            copy, _, after = rest.partition(".")
            counted = copy.isdecimal()
            copy, rest = (copy, after) if counted else ("0", rest)
            report = analysis.blocks.get(here)
            if counted and report is not None and report.copies is not None and not _is_below(copy, report.copies):
                raise StudioError(
                    "figure.inside", tr("{0} has {1} copies, counted from 0; there is no {2}.", here, report.copies,
                                        copy[:20]), where=diagram.name,
                )  # fmt: skip
            here = join(here, copy)
        scope = instances[name].type
    return here, scope


def _is_below(digits: str, count: int) -> bool:
    return len(digits) < 10 and int(digits) < count


def opened(
    diagram: Diagram, path: str, scope: str, expand: int | tuple[str, ...], only: frozenset[str] | None = None
) -> set[str]:
    """Paths of the instances to open in place: down to so many levels, or those named by their path from the level
    drawn (copies need not be counted) or by their module."""
    found: set[str] = set()
    named: dict[str, bool] = {} if isinstance(expand, int) else dict.fromkeys(expand, False)
    known: dict[str, None] = {}
    depth = expand if isinstance(expand, int) else None
    for where, plain, kind, around in walk(diagram, path, scope, depth, only):
        known |= {plain: None, kind: None}
        names = (plain, kind, where, where[len(path) + 1 :] if path else where)
        hit = [name for name in names if name in named]
        if depth is None and not hit:
            continue
        named |= dict.fromkeys(hit, True)
        # What is named deep inside is seen only if what is around it is open too.
        found |= {where, *around}
        if len(found) > MOST:
            raise StudioError(
                "figure.expand", tr("more than {0} modules would be open.", MOST), where=diagram.name,
                hint=tr("Expand fewer levels, or draw the inside of one of them."),
            )  # fmt: skip
    missing = [name for name, seen in named.items() if not seen]
    if missing:
        raise StudioError(
            "figure.expand", tr("there is no module '{0}' to expand.", missing[0]), where=diagram.name,
            hint=suggestion(missing[0], list(known)) if known else tr("Nothing here is made of modules."),
        )  # fmt: skip
    return found
