"""What a feature works with: the document in view, what the window has room for, and a way to say something.

A feature's folder has a module ``feature`` whose ``install(desk)`` puts its pages, panels, screens, sections of the
inspector, commands and its end here. Neither features nor the desk know the window: it reads what was put here and
follows the signals, and without one everything but the looks works as well.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QDialog, QFileDialog, QWidget

from blockstudio.gui.commands.registry import COMMAND, Act, Command, Commands
from blockstudio.gui.document.document import Document
from blockstudio.gui.document.documents import Documents, Request, Unwritten
from blockstudio.gui.document.places import LAST, About, Opener, Page, Panel, Question, Screen, Section, Step
from blockstudio.gui.document.recovering import Recovering
from blockstudio.gui.document.session import Session
from blockstudio.gui.document.shelf import Shelf
from blockstudio.gui.document.watched import Watched
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.toasts import Toast, ToastBar

REFUSED = "refused"
"""What a note is about that says why an edit was not done."""
Bar = Literal["top", "status", "drawing"]


class Desk(QObject):
    """See the module's text. ``window`` is what dialogs stand over, if there is one."""

    page_added = Signal(object)
    """A `Page`."""
    page_turned = Signal(str)
    """Another page is in front under the drawing, or has another title."""
    screen_turned = Signal(str)
    """Another screen is in view; an empty name: the drawing."""
    screen_added = Signal(str)
    crumbs_changed = Signal()
    """The way to what a screen shows is another."""
    panel_added = Signal(object)
    """A `Panel`."""
    item_added = Signal(str, object)
    """A widget for the bar ``"top"`` or ``"status"``."""
    section_added = Signal()
    room_wanted = Signal(float)
    """The page under the drawing needs this share of the height, at least."""
    preview_wanted = Signal(object)
    """What this `Fix` would leave of the level in view is to be seen, until ``None`` is."""
    frames_wanted = Signal(object)
    """The modules at these paths are to be open in place, and no others."""
    reveal_wanted = Signal(str)
    """This block of the level in view is to be seen."""
    retold = Signal()
    """Another language is in use: everything that is shown is to be said in it."""

    def __init__(self, window: QWidget | None = None, runs: Path | None = None) -> None:
        """``runs``: another folder of runs than the user's."""
        super().__init__(window)
        self.window, self.runs = window, runs
        self.toasts = ToastBar()
        self.session = Session(parent=self)
        self.commands: Commands[Desk] = Commands(self, self, lambda: not self.screen)
        self.documents = Documents(self.session, self, window)
        self.recovering = Recovering(self.documents)
        self.watched = Watched(self)
        self.shelf = Shelf(self)
        self.pages: dict[str, Page] = {}
        self.screens: dict[str, Screen] = {}
        self.panels: dict[str, Panel] = {}
        self.sections: list[Section] = []
        self.questions: list[Callable[[], Question | None]] = []
        self.openers: list[Opener] = []
        self.items: dict[Bar, list[tuple[int, QWidget]]] = {"top": [], "status": [], "drawing": []}
        self.key_hints: list[tuple[str, str]] = []
        """Keys that mean something in one place alone, each after what it does: for the sheet of shortcuts."""
        self.page = self.screen = ""
        self.drawing: QWidget | None = None
        self.dialog: QDialog | None = None
        self._made: dict[str, QWidget] = {}
        self._at_start: list[Callable[[], object]] = []
        self._at_close: list[Callable[[], object]] = []
        self._carried: dict[str, tuple[Callable[[], Any], Callable[[Any], object]]] = {}
        self.toasts.left.connect(self.focus)
        self.documents.note.connect(self._note)
        for signal in (self.documents.closed, self.documents.saved):
            signal.connect(self.toasts.forget)
        for shown in (self.documents.opened, self.documents.found):
            shown.connect(lambda _: self.show_drawing())
        session = self.session
        session.refused.connect(self._refuse)
        for signal in (session.edited, session.opened, session.path_changed):
            signal.connect(lambda *_: self.toasts.forget(REFUSED))
        session.opened.connect(self._on_opened)
        for signal in (session.edited, session.opened, session.selection_changed, session.path_changed):
            signal.connect(lambda *_: self.commands.refresh())

    # What features put here

    def add_commands(self, *commands: Command[Desk]) -> None:
        """Things that can be done. Raises `ValueError` if an id is taken."""
        self.commands.add(*commands)

    def add_page(self, name: str, title: str, widget: QWidget, order: int = LAST, tools: QWidget | None = None) -> Page:
        """A tab under the drawing; ``tools`` stand in the line of the tabs while it is in front."""
        page = self.pages[name] = Page(name, title, widget, order, tools)
        self.page_added.emit(page)
        return page

    def title_page(self, name: str, title: str) -> None:
        """Give a page another title."""
        if self.pages[name].title != title:
            self.pages[name].title = title
            self.page_turned.emit(self.page)

    def add_screen(
        self,
        name: str,
        make: Callable[[], QWidget],
        focus: Callable[[], object] | None = None,
        *,
        title: str = "",
        place: int = LAST,
        under: str = "",
        undo: Callable[[], Callable[[], object] | None] | None = None,
    ) -> None:
        """Something to be shown in place of the drawing; made when it is first looked at.

        Args:
            name: Its own; `show_screen` takes it.
            make: Makes its widget.
            focus: Puts the keyboard where it belongs; without it the widget has it.
            title: Gives it a tab in the bar over the window, and a command ``page.NAME``. Marked with `say`.
            place: Of the tab, 2 to 9, which is its key's digit too (Alt+3).
            under: The screen whose tab is lit while this one is in view.
            undo: Answers what Undo takes back on it; a page of the bar that has none has no Undo.
        """
        self.screens[name] = Screen(name, make, focus, title, place, under, undo)
        if title:
            self.add_commands(
                Command(f"page.{name}", title, lambda d: d.show_screen(name), "View", 10 + place, (f"Alt+{place}",),
                        checked=lambda d: d.tab == name, keywords="page tab"),
            )  # fmt: skip
        self.screen_added.emit(name)

    def set_crumbs(self, screen: str, *crumbs: Step) -> None:
        """Say where in a screen the user stands."""
        if self.screens[screen].crumbs != crumbs:
            self.screens[screen].crumbs = crumbs
            self.crumbs_changed.emit()

    def add_panel(self, panel: Panel) -> None:
        """Something beside the drawing, or below it."""
        self.panels[panel.name] = panel
        self.panel_added.emit(panel)

    def add_section(self, place: About, make: Callable[[str], QWidget], order: int = LAST) -> None:
        """A part of the inspector's pages of a block, of several, or of the network."""
        self.sections.append(Section(place, make, order))
        self.sections.sort(key=lambda section: section.order)
        self.section_added.emit()

    def add_item(self, bar: Bar, widget: QWidget, order: int = LAST) -> None:
        """A button or figure in the bar over the window, or in the one under it; a line over the drawing."""
        self.items[bar].append((order, widget))
        self.items[bar].sort(key=lambda item: item[0])
        self.item_added.emit(bar, widget)

    def add_question(self, question: Callable[[], Question | None]) -> None:
        """Asked before the window closes; ``None`` if there is nothing to decide."""
        self.questions.append(question)

    def add_opener(self, accepts: Callable[[Path], bool], open: Callable[[Path], object]) -> None:
        """Who opens dropped files of a kind."""
        self.openers.append(Opener(accepts, open))

    def set_drawing(self, drawing: QWidget) -> None:
        """The widget on which the user draws."""
        self.drawing = drawing

    def on_start(self, call: Callable[[], object]) -> None:
        """Called once the window has been drawn."""
        self._at_start.append(call)

    def on_close(self, call: Callable[[], object]) -> None:
        """Called when the window closes: nothing that was begun may outlive it."""
        self._at_close.append(call)

    # What is in view

    def turn_page(self, name: str) -> bool:
        """Put a page in front, whether it can be seen or not; False if no feature has put it here."""
        if name not in self.pages:
            return False
        self.page = name
        self.page_turned.emit(name)
        self.commands.refresh()
        return True

    def show_page(self, name: str) -> bool:
        """Bring a page into view under the drawing."""
        if name not in self.pages:
            return False
        self._turn_screen("")
        self.set_shown("bottom", True)
        return self.turn_page(name)

    def screen_widget(self, name: str) -> QWidget:
        """A screen's widget, made if it has not been shown yet. Raises `KeyError`."""
        if name not in self._made:
            widget = self._made[name] = self.screens[name].make()
            if widget.parentWidget() is None and self.window is not None:
                widget.setParent(self.window)  # it goes with the window, whether it comes into view or not
                widget.hide()
        return self._made[name]

    @property
    def tabs(self) -> list[Screen]:
        """The screens with a tab, in their order."""
        return sorted((screen for screen in self.screens.values() if screen.title), key=lambda screen: screen.place)

    @property
    def tab(self) -> str:
        """The screen whose tab is lit; an empty name: the drawing. A screen that has no tab lights none."""
        shown = self.screens.get(self.screen)
        return "" if shown is None else shown.under or shown.name

    def made_screens(self) -> list[QWidget]:
        """The screens that somebody has looked at."""
        return list(self._made.values())

    def show_screen(self, name: str) -> None:
        """Show a screen in place of the drawing. Raises `KeyError`."""
        self.screen_widget(name)
        self._turn_screen(name)
        self.focus()

    def show_drawing(self) -> None:
        """Back to the drawing, with the keyboard."""
        self._turn_screen("")
        self.focus()

    def _turn_screen(self, name: str) -> None:
        if name != self.screen:
            self.screen = name
            self.screen_turned.emit(name)
            self.commands.refresh()

    def show_block(self, path: str) -> None:
        """Go to a block by its full path, and bring it into view."""
        if self.session.go_to_block(path):
            self.reveal_wanted.emit(self.session.selection[0])

    def focus(self) -> None:
        """The keyboard goes to the drawing, or to what stands in its place."""
        if not self.screen:
            if self.drawing is not None:
                self.drawing.setFocus()
            return
        focus = self.screens[self.screen].focus
        if focus is not None:
            focus()
        else:
            self.screen_widget(self.screen).setFocus()

    def _on_opened(self) -> None:
        if self.drawing is not None:
            self.drawing.setFocus()

    def is_shown(self, panel: str) -> bool:
        """Whether a panel is not hidden."""
        return panel in self.panels and not self.panels[panel].widget.isHidden()

    def set_shown(self, panel: str, shown: bool) -> None:
        """Hide or show a panel, if there is one of that name."""
        if panel in self.panels and shown != self.is_shown(panel):
            self.panels[panel].widget.setVisible(shown)
            self.commands.refresh()

    # Saying and asking

    def _note(self, request: Request) -> None:
        """What is said of a document goes with its cause: once that is saved, or closed."""
        note = self.say(request.text, request.kind, *request.acts)
        values = [act.value for act in request.acts]
        documents = [value.document if isinstance(value, Unwritten) else value for value in values]
        note.about = next((each for each in documents if isinstance(each, Document)), None)

    def _refuse(self, text: str) -> None:
        """Why something was not done: true until something else is."""
        self.say(text, "warning").about = REFUSED

    def say(self, text: str, kind: str = "info", *acts: Act) -> Toast:
        """Show a sentence; ``kind`` is info, good, warning or problem; ``acts`` are what can be done about it."""
        note = self.toasts.show_toast(text, kind, *((act.title, self.commands.caller(act)) for act in acts))
        for button, act in zip(note.buttons, acts, strict=True):
            button.setProperty(COMMAND, act.id)
        return note

    def say_written(self, file: Path, text: str) -> Toast:
        """Say that a file was written, with the ways to it."""
        shown = Act(tr("Show in folder"), "file.show_in_folder", file)
        return self.say(text, "good", shown, Act(tr("Copy path"), "file.copy_path", file))

    def open_dialog(self, dialog: QDialog) -> None:
        """Show a dialog over the window; there is one at a time."""
        if self.dialog is not None:
            self.dialog.deleteLater()
        self.dialog = dialog
        if isinstance(dialog, QFileDialog):  # Qt's own Chinese lacks these
            dialog.setLabelText(QFileDialog.DialogLabel.LookIn, tr("Look in:"))
            dialog.setLabelText(QFileDialog.DialogLabel.FileType, tr("Files of type:"))
        dialog.open()

    # Beginning and end

    def carry(self, name: str, give: Callable[[], Any], take: Callable[[Any], object]) -> None:
        """Something that lives on in a window that takes this one's place: what ``give`` returns here is given to
        ``take`` there."""
        self._carried[name] = give, take

    def hand_over(self, other: Desk) -> None:
        """Documents with their histories and all that is carried go to the desk of another window, in which they are
        shown as they were here. This one can only be closed then."""
        documents, screen, page = self.documents, self.screen, self.page
        here = documents.current
        self.session.close()
        other.documents.take_over(documents.list, here)
        other.session.recipe.value = self.session.recipe.value
        other.session.recipe.changed.emit()
        for name, (give, _) in self._carried.items():
            if name in other._carried:
                other._carried[name][1](give())
        if page in other.pages:
            other.turn_page(page)
        if screen in other.screens:
            other.show_screen(screen)
        else:
            other.show_drawing()

    def start(self) -> None:
        """What can wait until the window is drawn."""
        self.recovering.look()
        for call in self._at_start:
            call()

    def close(self) -> None:
        """Let go of everything that would outlive the window: watchers, timers, work under way."""
        self.documents.stop()
        self.recovering.stop()
        for call in self._at_close:
            call()
        self.toasts.stop()
        self.session.close()
