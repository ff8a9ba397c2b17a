"""One declaration a command, behind menus, context menus, keys, buttons, notes and the command palette alike.

The registry knows nothing of what its commands are about: it hands them the desk that it was made with. Whoever offers
an act (a menu, a button, a key on the drawing) holds the command's id and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QAbstractButton, QMenu, QPushButton, QWidget

from blockstudio.gui.kit.fields import settle
from blockstudio.gui.kit.parts import link_button
from blockstudio.gui.kit.text import plain, tr
from blockstudio.text import say

D = TypeVar("D")
MENUS = (say("File"), say("Edit"), say("View"), say("Run"), say("Help"))
"""The menus, in their order."""
COMMAND = "command"
"""The property under which actions and buttons hold their command's id."""


class Act(NamedTuple):
    """A command to be offered somewhere, under a title of its own; with an empty id it only puts the offer away."""

    title: str
    id: str
    value: object = None


class Choice(NamedTuple):
    """One value that a command can be given, as a menu offers it."""

    text: str
    value: object
    checked: bool | None = None
    tip: str = ""
    separator: bool = False
    """A line above it."""
    enabled: bool = True
    """Where not, ``tip`` says why."""


@dataclass(frozen=True)
class Command(Generic[D]):
    """Something the user can do. ``run`` gets the desk and, for a command that is given one, a value."""

    id: str
    text: str
    run: Callable[..., object]
    menu: str = ""
    """The menu in which it stands (``"Edit"``); empty: in none."""
    order: int = 0
    """Where in its menu: the hundreds are groups, divided by lines."""
    keys: tuple[str | QKeySequence.StandardKey, ...] = ()
    enabled: Callable[[D], bool] | None = None
    checked: Callable[[D], bool] | None = None
    label: Callable[[D], str] | None = None
    """What it is called now, where that changes: *Bypass*, *Switch on*."""
    choices: Callable[[D], Iterable[Choice]] | None = None
    """It needs a value; these are offered in a submenu."""
    lazy: bool = False
    """What can be chosen takes a moment to find: only for those who look."""
    value: bool = False
    """It needs a value that only the place where it is offered knows: it stands in no list."""
    on_drawing: bool = False
    """It is about what the canvas shows, and cannot be done while another page is in view."""
    keywords: str = ""
    reason: str = ""
    """Why it cannot be done, where it is not enabled."""

    @property
    def listed(self) -> bool:
        """Whether the command palette has it."""
        return not self.value and self.choices is None


class Commands(QObject, Generic[D]):
    """The commands of one desk as `QAction`, kept enabled, checked and called as their declarations say."""

    def __init__(self, desk: D, parent: QObject | None, drawing_in_view: Callable[[], bool]) -> None:
        super().__init__(parent)
        self._desk, self._drawing_in_view = desk, drawing_in_view
        self._hosts: list[QWidget] = []
        self.overrides: dict[str, tuple[str, ...]] = {}
        """Keys that the user gave commands instead of those declared."""
        self.declared: dict[str, Command[D]] = {}
        self.actions: dict[str, QAction] = {}

    def add(self, *commands: Command[D]) -> None:
        """Declare commands. Raises `ValueError` if an id is taken."""
        for command in commands:
            if command.id in self.declared:
                raise ValueError(f"two commands are called {command.id}")
            self.declared[command.id] = command
            self.actions[command.id] = self._action(command)

    def attach(self, widget: QWidget) -> None:
        """Let the shortcuts work in the window of a widget, those of commands yet to be added included."""
        self._hosts.append(widget)
        widget.addActions(list(self.actions.values()))

    def _action(self, command: Command[D]) -> QAction:
        action = QAction(tr(command.text), self)
        action.setObjectName(command.id)
        action.setProperty(COMMAND, command.id)
        action.setShortcuts([QKeySequence(key) for key in self.overrides.get(command.id, command.keys)])
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        action.setCheckable(command.checked is not None)
        action.triggered.connect(lambda _checked=False, id=command.id: self.run(id))
        for host in self._hosts:
            host.addAction(action)
        return action

    def rebind(self, id: str) -> None:
        """Give a command that is there the keys that hold for it now: those of `overrides`, or its own."""
        if id in self.declared:
            keys = self.overrides.get(id, self.declared[id].keys)
            self.actions[id].setShortcuts([QKeySequence(key) for key in keys])

    # Doing

    def run(self, id: str, value: object = None) -> bool:
        """Do it, if it can be done now; False if it cannot, or says so itself."""
        for host in self._hosts:
            settle(host)
        command = self.declared[id]
        done: object = False
        if self.is_possible(id):
            given = value is not None or command.choices is not None  # one of the choices may be None
            done = command.run(self._desk, value) if given else command.run(self._desk)
        self.refresh()
        return done is not False

    def is_possible(self, id: str) -> bool:
        """Whether it can be done now."""
        command = self.declared[id]
        if command.on_drawing and not self._drawing_in_view():
            return False
        return command.enabled is None or command.enabled(self._desk)

    def refresh(self) -> None:
        """Bring what is enabled, checked and said up to date."""
        for id, command in self.declared.items():
            action = self.actions[id]
            if command.enabled is not None or command.on_drawing:
                able = self.is_possible(id)
                action.setEnabled(able)
                if command.reason:
                    action.setToolTip("" if able else tr(command.reason))
            if command.checked is not None:
                action.setChecked(command.checked(self._desk))
            if command.label is not None:
                action.setText(command.label(self._desk))

    # Offering

    def listed(self) -> list[tuple[str, Command[D]]]:
        """What the command palette shows, menu by menu; what stands in none comes last."""
        menus = dict.fromkeys(command.menu for command in self.declared.values() if command.menu)
        found = [command for name in [*MENUS, *menus.keys() - set(MENUS), ""] for command in self.of_menu(name)]
        return [(command.id, command) for command in found if command.listed]

    def choosing(self) -> list[tuple[str, Command[D]]]:
        """The commands of menus that are given one of several values; not those whose values take long to find."""
        return [
            (id, each) for id, each in self.declared.items()
            if each.choices is not None and not each.value and not each.lazy and each.menu
        ]  # fmt: skip

    def choices(self, id: str) -> list[Choice]:
        """What a command can be given now."""
        found = self.declared[id].choices
        return [] if found is None else list(found(self._desk))

    def of_menu(self, name: str) -> list[Command[D]]:
        """The commands of a menu in their order."""
        return sorted((each for each in self.declared.values() if each.menu == name), key=lambda each: each.order)

    def fill(self, menu: QMenu, name: str) -> None:
        """Put the commands of menu ``name`` into ``menu``, with lines between groups."""
        group = None
        for command in self.of_menu(name):
            if group is not None and command.order // 100 != group:
                menu.addSeparator()
            group = command.order // 100
            if command.choices is None:
                menu.addAction(self.actions[command.id])
            else:
                self.fill_choices(menu.addMenu(tr(command.text)), command.id)

    def fill_choices(self, menu: QMenu, id: str) -> None:
        """Put what a command can be given into ``menu``."""
        choices = self.choices(id)
        menu.menuAction().setEnabled(bool(choices))
        menu.setToolTipsVisible(True)
        for choice in choices:
            if choice.separator:
                menu.addSeparator()
            action = self.offer(menu, id, choice.value, choice.text)
            action.setToolTip(plain(choice.tip))
            action.setCheckable(choice.checked is not None)
            action.setChecked(bool(choice.checked))
            action.setEnabled(action.isEnabled() and choice.enabled)

    def offer(self, menu: QMenu, id: str, value: object = None, text: str = "") -> QAction:
        """Put one command into a menu, with a value or under a text of its own."""
        if value is None and not text:
            menu.addAction(self.actions[id])
            return self.actions[id]
        action = QAction(text or self.actions[id].text(), menu)
        action.setProperty(COMMAND, id)
        action.setEnabled(self.is_possible(id))
        action.triggered.connect(lambda _checked=False: self.run(id, value))
        menu.addAction(action)
        return action

    def bind(self, button: QAbstractButton, *ids: str, value: object = None) -> None:
        """Let a button do a command: the first of ``ids`` that can be done."""
        button.setProperty(COMMAND, ids[0])
        button.clicked.connect(lambda _checked=False: any(self.run(id, value) for id in ids))

    def link(self, text: str, id: str, value: object = None) -> QPushButton:
        """A button that reads as a link and does a command."""
        button = link_button(text)
        self.bind(button, id, value=value)
        return button

    def caller(self, act: Act) -> Callable[[], object]:
        """What to call for an offer."""
        return (lambda: self.run(act.id, act.value)) if act.id else (lambda: None)

    def shortcut_text(self, id: str) -> str:
        """``Ctrl+Z``, or nothing."""
        return self.actions[id].shortcut().toString(QKeySequence.SequenceFormat.NativeText)
