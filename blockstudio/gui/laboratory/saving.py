"""An answer into a file: its data as JSON, its figure as SVG or PNG; beside the run unless told otherwise."""

from __future__ import annotations

import json
import os
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Literal

from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QPushButton

from blockstudio.errors import StudioError
from blockstudio.formats import OUTLINES, PIXELS
from blockstudio.graph.files import folder_for, write_atomic
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.kit.figure_view import png_of
from blockstudio.gui.kit.parts import link_button
from blockstudio.gui.kit.text import tr
from blockstudio.runs.run import LAB

DATA = ".json"
Kind = Literal["figure", "data"]


def save_links(desk: Desk) -> tuple[QHBoxLayout, list[QPushButton]]:
    """*Save figure…* and *Save data…* at the right end of a row: of what the laboratory has in view."""
    row, links = QHBoxLayout(), [link_button(text) for text in (tr("Save figure…"), tr("Save data…"))]
    row.addStretch(1)
    for button, command in zip(links, ("laboratory.save_figure", "laboratory.save_data"), strict=True):
        desk.commands.bind(button, command)
        row.addWidget(button)
    return row, links


def ask_where(desk: Desk, kind: Kind, run: Path | None, name: str, svg: str, data: Any) -> None:
    """Ask for a file and write it.

    Args:
        desk: Says what was written, or why not.
        kind: The figure or the data.
        run: Its folder ``lab`` is offered, as the command line uses it, or its own where there is no such folder yet.
        name: Of the question.
        svg: The figure.
        data: What goes into JSON.
    """
    forms = f"SVG (*{OUTLINES});;PNG (*{PIXELS})" if kind == "figure" else f"JSON (*{DATA})"
    ending = OUTLINES if kind == "figure" else DATA
    folder = Path() if run is None else run / LAB
    begin = folder if os.path.isdir(folder) else folder.parent  # Opening a dialog makes no folder.
    dialog = QFileDialog(desk.window, tr("Save"), str(begin / f"{name}{ending}"), forms)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix(ending[1:])
    dialog.filterSelected.connect(lambda chosen: dialog.setDefaultSuffix((PIXELS if PIXELS in chosen else ending)[1:]))
    dialog.fileSelected.connect(lambda chosen: write(desk, Path(chosen), svg, data))
    desk.open_dialog(dialog)


def write(desk: Desk, path: Path, svg: str, data: Any) -> None:
    """Write what the file's ending says, and say so."""
    ending = path.suffix.lower()
    if ending == DATA:
        content = json.dumps(data, indent=1, ensure_ascii=False).encode()
    else:
        content = png_of(svg) if ending == PIXELS else svg.encode()
    try:
        with folder_for(path.parent) if path.parent.name == LAB else nullcontext():
            write_atomic(path, content)
    except StudioError as error:
        desk.say(str(error), "problem")
        return
    desk.say_written(path, tr("Saved {name}.", name=path.name))
