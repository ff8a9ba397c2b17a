"""What comes out of a question: data as JSON, a table, a figure, a sentence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

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
