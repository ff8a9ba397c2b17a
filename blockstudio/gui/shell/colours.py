"""Light, dark, or as the system has it."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QGuiApplication

from blockstudio.gui.kit.theme import DARK, LIGHT, set_theme, theme
from blockstudio.gui.work.settings import settings


class Colours(QObject):
    """What the user chose. ``chosen`` may be set without being remembered."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.chosen = str(settings().value("view/colours", "system"))
        QGuiApplication.styleHints().colorSchemeChanged.connect(self.follow)

    def choose(self, colours: str) -> None:
        """``light``, ``dark`` or ``system``."""
        self.chosen = colours
        settings().setValue("view/colours", colours)
        self.follow()

    def follow(self) -> None:
        """Show what is chosen."""
        dark = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
        wanted = {"light": LIGHT, "dark": DARK}.get(self.chosen, DARK if dark else LIGHT)
        if theme() is not wanted:
            set_theme(wanted)
