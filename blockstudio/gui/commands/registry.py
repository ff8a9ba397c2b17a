"""One declaration a command, behind menus, keys, buttons and the command palette alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from blockstudio.gui.kit.fields import ValueField
from blockstudio.gui.kit.text import tr

if TYPE_CHECKING:
    from blockstudio.gui.shell.window import StudioWindow


@dataclass(frozen=True)
class Command:
    """Something the user can do. ``text`` is what menus show, ``menu`` where it stands (``"Edit"``; empty: only
    in the command palette), ``keys`` its shortcuts, ``enabled`` and ``checked`` ask the window."""

    id: str
    text: str
    run: Callable[[StudioWindow], object]
    menu: str = ""
    keys: tuple[str | QKeySequence.StandardKey, ...] = ()
    enabled: Callable[[StudioWindow], bool] | None = None
    checked: Callable[[StudioWindow], bool] | None = None
    on_drawing: bool = False
    """It is about what the canvas shows, and cannot be done while another page is in view."""
    separator: bool = False
    """A line above it in its menu."""
    keywords: str = ""
    reason: str = ""
    """Why it cannot be done, where it is not enabled."""


def settle(window: QWidget) -> None:
    """Take over what is being typed, before something else is done with the document."""
    field = window.focusWidget()
    if isinstance(field, ValueField):
        field.commit()


class Commands(QObject):
    """The commands of one window as `QAction`, kept enabled and checked as their declarations say."""

    def __init__(self, window: StudioWindow, declared: Iterable[Command]) -> None:
        super().__init__(window)
        self._window = window
        self.declared: dict[str, Command] = {}
        self.actions: dict[str, QAction] = {}
        for command in declared:
            if command.id in self.declared:
                raise ValueError(f"two commands are called {command.id}")
            self.declared[command.id] = command
            self.actions[command.id] = self._action(command)
        window.pages.currentChanged.connect(lambda _: self.refresh())
        self.refresh()

    def _action(self, command: Command) -> QAction:
        action = QAction(tr(command.text), self._window)
        action.setObjectName(command.id)
        action.setShortcuts([QKeySequence(key) for key in command.keys])
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        action.setCheckable(command.checked is not None)
        action.triggered.connect(lambda _checked=False, id=command.id: self.run(id))
        self._window.addAction(action)
        return action

    def run(self, id: str) -> bool:
        """Do it, if it can be done now."""
        settle(self._window)
        command = self.declared[id]
        possible = self._is_possible(command)
        if possible:
            command.run(self._window)
        self.refresh()
        return possible

    def _is_possible(self, command: Command) -> bool:
        window = self._window
        if command.on_drawing and window.pages.currentWidget() is not window.split:
            return False
        return command.enabled is None or command.enabled(window)

    def refresh(self) -> None:
        """Bring what is enabled and checked up to date."""
        for id, command in self.declared.items():
            action = self.actions[id]
            if command.enabled is not None or command.on_drawing:
                able = self._is_possible(command)
                action.setEnabled(able)
                if command.reason:
                    action.setToolTip("" if able else tr(command.reason))
            if command.checked is not None:
                action.setChecked(command.checked(self._window))

    def fill(self, menu: QMenu, name: str, more: Mapping[str, Callable[[QMenu], None]] | None = None) -> None:
        """Put the commands of menu ``name`` into ``menu``; ``more`` adds submenus after the command it names."""
        for id, command in self.declared.items():
            if command.menu != name:
                continue
            if command.separator and not menu.isEmpty():
                menu.addSeparator()
            menu.addAction(self.actions[id])
            if more and id in more:
                more[id](menu)

    def shortcut_text(self, id: str) -> str:
        """``Ctrl+Z``, or nothing."""
        return self.actions[id].shortcut().toString(QKeySequence.SequenceFormat.NativeText)
