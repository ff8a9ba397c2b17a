"""The parts of the inspector that other features put there."""

from __future__ import annotations

from typing import Protocol, cast

from PySide6.QtWidgets import QVBoxLayout, QWidget

from blockstudio.gui.document.desk import Desk
from blockstudio.gui.document.places import About


class BlockSection(Protocol):
    """What a section of a block's page can do."""

    def refresh_block(self, name: str) -> None:
        """Show what is known now of the block, which may have another name."""


def add_sections(desk: Desk, column: QVBoxLayout, place: About, name: str) -> list[BlockSection]:
    """Put the sections of a page into its column; those that follow the block's name."""
    found = []
    for section in desk.sections:
        if section.place == place:
            widget = section.make(name)
            column.addWidget(widget)
            if hasattr(widget, "refresh_block"):
                found.append(cast(BlockSection, widget))
    return found


def add_rest(column: QVBoxLayout) -> tuple[QWidget, QVBoxLayout]:
    """Room at the end of a page for what is made after its fields, hidden until then, and the column in it."""
    room = QWidget()
    room.hide()
    inside = QVBoxLayout(room)
    inside.setContentsMargins(0, 0, 0, 0)
    inside.setSpacing(6)
    column.addWidget(room)
    column.addStretch(1)
    return room, inside
