"""What comes out of a question: data as JSON, a table, a figure, a sentence."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from blockstudio.checked import checked
from blockstudio.formats import OUTLINES, PIXELS
from blockstudio.graph.files import folder_for, write_atomic
from blockstudio.report.pixels import png_of
from blockstudio.report.table import Table
from blockstudio.text import Text

Progress = Callable[[int, int], None]
"""Done, and of how many."""


class Figure(Protocol):
    """Something to be drawn."""

    def svg(self) -> str:
        """The file's text."""


@dataclass(frozen=True)
class Answer:
    """What came out."""

    question: str
    """Its name, which its files have."""
    data: dict[str, Any]
    table: Table
    figure: Figure
    sentence: Text

    @checked
    def save(self, folder: str | os.PathLike[str], *, png: bool = False) -> None:
        """Write ``QUESTION.json`` and ``QUESTION.svg`` into a folder.

        Args:
            folder: It is made if it is not there.
            png: Write ``QUESTION.png`` too.

        Raises:
            StudioError: ``file.*``; ``install.missing`` for a PNG without Qt.
        """
        folder, svg = Path(folder), self.figure.svg()
        pixels = png_of(svg) if png else None
        data = json.dumps(self.data, indent=1, ensure_ascii=False) + "\n"
        with folder_for(folder):
            write_atomic(folder / f"{self.question}.json", data.encode())
            write_atomic(folder / f"{self.question}{OUTLINES}", svg.encode())
            if pixels is not None:
                write_atomic(folder / f"{self.question}{PIXELS}", pixels)
