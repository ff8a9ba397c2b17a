"""Cells of a paper's table beside what the diagram computes."""

from __future__ import annotations

from blockstudio.gui.kit.table_view import Cell
from blockstudio.gui.kit.text import tr
from blockstudio.report.paper import PaperTable, Row


def printed(row: Row, found: PaperTable, quiet: bool) -> list[Cell]:
    """What the paper prints; ``quiet``: without what is true where it is a misprint."""
    cells = []
    for column, cell in zip(found.columns, row.cells, strict=True):
        if cell.true is None or quiet:
            cells.append(Cell(cell.printed) if quiet else Cell(cell.text, tip=tr(row.why)))
            continue
        tip = tr("{column}: the paper prints {printed}, true is {true}.\n{why}").format(
            column=column, printed=cell.printed or tr("nothing"), true=cell.true, why=tr(row.why)
        )
        cells.append(Cell(cell.text, "misprint", tip))
    return cells


def computed(row: Row) -> list[Cell]:
    """What the diagram computes in its place."""
    if row.missing:
        gone = tr("This diagram has no {names}.").format(names=", ".join(row.missing))
        texts = row.now.texts if len(row.missing) < len(row.blocks) else (tr("not there"), "", "")
        return [Cell(text, "differs", gone) for text in texts]
    cells = []
    for text, expected in zip(row.now.texts, row.preset.texts, strict=True):
        differs = text != expected
        cells.append(
            Cell(
                text or ("–" if differs else ""), "differs" if differs else "", preset_tip(expected) if differs else ""
            )
        )
    return cells


def preset_tip(expected: str) -> str:
    """What stands there in the network of the table."""
    return tr("In the network that the table describes: {figure}").format(figure=expected or tr("nothing"))
