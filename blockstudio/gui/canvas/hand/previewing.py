"""Making the preview of an act: it is done on a copy of the document, and drawn."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QObject, QRectF

from blockstudio.analysis import Analysis, Fix
from blockstudio.analysis.refactorings import Refactoring
from blockstudio.errors import StudioError
from blockstudio.graph.edits import AddBlock, RemoveBlock
from blockstudio.graph.operations.copying import copy_diagram
from blockstudio.gui.canvas.scene.metrics import CARD_HEIGHT, CARD_WIDTH
from blockstudio.gui.canvas.scene.model import Scene
from blockstudio.gui.canvas.scene.preview import NumberChange, Old, Preview, Swap
from blockstudio.gui.canvas.scene.stage import Stage
from blockstudio.gui.document.session import Session
from blockstudio.gui.kit.parts import change_text, count_text
from blockstudio.gui.kit.text import tr
from blockstudio.text import render

ASIDE = 96.0
"""Between the blocks to come and the one that they take the place of."""


def preview_of(scene: Scene, fix: Fix, owner: QObject) -> Preview | None:
    """What a fix would leave of the level in view; ``None`` if it cannot be applied. ``owner`` keeps what is made for
    it until the preview is left."""
    session = scene.session
    twin = copy_diagram(session.diagram)
    edits = session.answer(fix.edits, None, ()) if session.answer is not None else fix.edits
    try:
        for edit in edits:
            edit.apply(twin)
    except StudioError:
        return None
    other = Session(twin, parent=owner)
    other.metric = session.metric
    other.go(scene.root.path)
    staging = scene.staging.like(other, owner)
    stage = staging.stage(scene.root.path, scene.root.drawing.scope)
    scope = scene.root.drawing.scope
    added = tuple(edit.name for edit in edits if isinstance(edit, AddBlock) and edit.scope == scope)
    gone = tuple(edit.name for edit in edits if isinstance(edit, RemoveBlock) and edit.scope == scope)
    return Preview(
        stage, fix, *_arrow_text(fix), added, tuple(_swaps(scene, stage, fix, gone, added)),
        _figures(session.analysis, other.analysis),
    )  # fmt: skip


def _swaps(scene: Scene, stage: Stage, fix: Fix, gone: tuple[str, ...], added: tuple[str, ...]) -> Iterator[Swap]:
    """What comes in the place of what: of several blocks that are converted at once for each of them."""
    parts = fix.parts if isinstance(fix, Refactoring) else ()
    for went, came in [(part.removed, part.added) for part in parts] or [(gone, added)]:
        rects = [stage.drawing.rect(name) for name in came if name in stage.drawing.rows]
        there = [name for name in went if name in scene.root.drawing.rows][:3]
        if rects and there:
            yield Swap(tuple(_olds(scene, stage, there, rects)), tuple(rects))


def _arrow_text(fix: Fix) -> tuple[str, str]:
    """What stands at the arrow."""
    if not isinstance(fix, Refactoring):
        return "", ""
    return render(fix.title), change_text(fix.change)


def _olds(scene: Scene, stage: Stage, gone: list[str], came: list[QRectF]) -> list[Old]:
    """The cards that go, beside those that come: on the side that is free."""
    drawing = stage.drawing
    block = came[0]
    for rect in came[1:]:
        block = block.united(rect)
    if drawing.right:
        return _olds_beside(scene, stage, block, gone)
    height = len(gone) * (CARD_HEIGHT + 28) - 28
    y = block.center().y() - height / 2
    sides = (block.left() - ASIDE - CARD_WIDTH, block.right() + ASIDE)
    free = [x for x in sides if not _covers(stage, QRectF(x, y, CARD_WIDTH, height))]
    x = (free or list(sides))[0]
    found = []
    for index, name in enumerate(gone):
        found.append(_old(scene, QRectF(x, y + index * (CARD_HEIGHT + 28), CARD_WIDTH, CARD_HEIGHT), name))
    return found


def _olds_beside(scene: Scene, stage: Stage, block: QRectF, gone: list[str]) -> list[Old]:
    """The same where the signal goes to the right: in a row below those that come, or above."""
    step = CARD_WIDTH + 28
    width = len(gone) * step - 28
    x = block.center().x() - width / 2
    rows = (block.bottom() + ASIDE, block.top() - ASIDE - CARD_HEIGHT)
    free = [y for y in rows if not _covers(stage, QRectF(x, y, width, CARD_HEIGHT))]
    y = (free or list(rows))[0]
    cards = (QRectF(x + index * step, y, CARD_WIDTH, CARD_HEIGHT) for index in range(len(gone)))
    return [_old(scene, rect, name) for rect, name in zip(cards, gone, strict=True)]


def _old(scene: Scene, rect: QRectF, name: str) -> Old:
    before = scene.root
    family = int(before.drawing.families[before.drawing.rows[name]])
    return Old(rect, before.facts.content(name), family)


def _covers(stage: Stage, rect: QRectF) -> bool:
    return any(rect.intersects(stage.drawing.rect(name)) for name in stage.drawing.names)


def _figures(before: Analysis, after: Analysis) -> tuple[NumberChange, ...]:
    found = []
    for title, old, new, shown in (
        (tr("parameters"), before.parameters, after.parameters, "{:,}".format),
        (tr("MACs"), before.macs, after.macs, count_text),
    ):
        change = new / old - 1 if old else 0.0
        found.append(NumberChange(title, shown(old), shown(new), change_text(change), round(100 * change) < 0))
    found.append(NumberChange(tr("depth"), str(before.depth), str(after.depth)))
    return tuple(found)
