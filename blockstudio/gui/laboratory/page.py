"""The page *Laboratory*: one run, and questions to its network."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QLabel,
    QMenu,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from blockstudio.analysis.trunk import Trunk, trunk
from blockstudio.errors import StudioError
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.document.places import Step
from blockstudio.gui.document.watched import name_and_time
from blockstudio.gui.kit.chip import Chip
from blockstudio.gui.kit.page import PageHead
from blockstudio.gui.kit.text import sentence, tr
from blockstudio.gui.laboratory.asking import AskingPage
from blockstudio.gui.laboratory.checkpoint import AskedCheckpoint
from blockstudio.gui.laboratory.empty import EmptyPart
from blockstudio.gui.laboratory.lesion import LesionPage
from blockstudio.gui.laboratory.look import SeeingPage
from blockstudio.gui.laboratory.paths import PathsPage
from blockstudio.gui.laboratory.process import LabProcess
from blockstudio.gui.laboratory.saving import Kind
from blockstudio.gui.work.settings import runs_folder
from blockstudio.gui.work.worker import Work
from blockstudio.runs import Run, list_runs
from blockstudio.runs.folder_tree import IMAGE_ENDINGS
from blockstudio.runs.questions import GROUPS, Group
from blockstudio.runs.run import DIAGRAM, RECIPE
from blockstudio.text import say

HAND = "hand"
"""The page on which units are taken away by hand."""
LOOK = "look"
"""That with a picture, its maps and the features; the others are the groups of questions."""
LISTED = 40
PICTURES = IMAGE_ENDINGS


class MadeWhenAsked(dict[str, AskingPage]):
    """The pages of the groups that somebody has looked at; another is made when it is asked for."""

    def __init__(self, make: Callable[[Group], AskingPage]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, group: str) -> AskingPage:
        if group not in GROUPS:
            raise KeyError(group)
        self[group] = self._make(group)
        return self[group]


class LaboratoryPage(QWidget):
    """See the module's text. A picture dropped here is asked about."""

    def __init__(self, desk: Desk, process: LabProcess) -> None:
        super().__init__()
        self._desk, self.process = desk, process
        self._work = Work(self)
        self.run: Run | None = None
        self.setAccessibleName(tr("Laboratory"))
        self.setAcceptDrops(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(32, 20, 32, 20)
        column.setSpacing(12)
        column.addLayout(self._head())
        self.trouble = QLabel()
        self.trouble.setProperty("role", "problem")
        self.trouble.setWordWrap(True)
        column.addWidget(self.trouble)
        self.stack = QStackedWidget()
        self.by_hand = LesionPage(desk, process, partial(self._fill_runs, others=True))
        self.pages: dict[str, QWidget] = {HAND: self.by_hand}
        self.stack.addWidget(self.by_hand)
        self.seeing = SeeingPage(desk, process)
        self.pages[LOOK] = self.seeing
        self.stack.addWidget(self.seeing)
        self.asking = MadeWhenAsked(self._make)
        self._trunk: Trunk | None = None
        column.addWidget(self.stack, 1)
        self.empty = EmptyPart(desk)
        self.empty.chosen.connect(self.show_run)
        column.addWidget(self.empty, 1)
        process.failed.connect(self._failed)
        process.ready.connect(self._ready)
        self.turn_to(HAND)
        self.show_run(None)

    def _head(self) -> PageHead:
        row = PageHead(tr("Laboratory"))
        self._tabs = QButtonGroup(self)
        self.tabs: dict[str, QPushButton] = {}
        titles: dict[str, str] = {HAND: tr("By hand"), LOOK: tr("Seeing")}
        titles |= {group: tr(text) for group, text in GROUPS.items()}
        for name, text in titles.items():
            button = self.tabs[name] = QPushButton(text)
            button.setCheckable(True)
            button.setProperty("role", "tab")
            button.clicked.connect(lambda _=False, name=name: self.turn_to(name))
            self._tabs.addButton(button)
            row.add(button)
        self.chip = Chip(tr("The run that is asked"), lambda menu: self._fill_runs(menu, self.show_run))
        self.checkpoint = AskedCheckpoint()
        self.checkpoint.renewed.connect(self.renew)
        row.add_tools(self.checkpoint, self.chip)
        return row

    def _fill_runs(self, menu: QMenu, choose: Callable[[Run], object], others: bool = False) -> None:
        folder = self._desk.runs or runs_folder()
        for run in list_runs(folder)[:LISTED]:
            own = self.run is not None and run.directory == self.run.directory
            if own and others:
                continue
            name, made = name_and_time(run.name)
            action = menu.addAction(f"{name}    {made}")
            action.setCheckable(True)
            action.setChecked(own)
            action.triggered.connect(lambda _=False, run=run: choose(run))
        if menu.isEmpty():
            menu.addAction(tr("No other runs yet") if others else tr("No runs yet")).setEnabled(False)

    def _make(self, group: Group) -> AskingPage:
        """A group's page, for the network in view."""
        page = AskingPage(self._desk, self.process, group)
        page.received.connect(self._take)
        whole = self.pages[group] = PathsPage(page) if group == "paths" else page
        self.stack.addWidget(whole)
        if self._trunk is not None:
            whole.show_network(self._trunk)
            page.show_network(self._trunk)
        return page

    @property
    def paths(self) -> PathsPage:
        """The page on paths, made if it has not been looked at yet."""
        page = self._page("paths")
        assert isinstance(page, PathsPage)
        return page

    def _page(self, name: str) -> QWidget:
        if name in GROUPS:
            self.asking[name]
        return self.pages[name]

    # The run

    def show_run(self, run: Run | None) -> None:
        """Ask another run; its network is made ready."""
        self.run = run
        self.trouble.hide()
        self.stack.setVisible(run is not None)
        if run is not None and self.empty.isVisible():
            self.by_hand.cards.setFocus()  # What was clicked goes, and the keyboard would be anywhere.
        self.empty.setVisible(run is None)
        for button in self.tabs.values():
            button.setVisible(run is not None)
        self.checkpoint.show_step(None, None)
        self.chip.set_text(tr("Choose a run") if run is None else name_and_time(run.name)[0])
        self._trunk = None
        for page in self.asking.values():
            page.forget()
        if run is None:
            return
        self.by_hand.show_network("", None)
        if "paths" in self.asking:
            self.paths.show_network(None)
        self.seeing.forget()
        self._crumb()
        self._work.cancel()  # What was asked of another run before.
        self._work.run(lambda: trunk(run.diagram()), self._cut, self._failed)
        self.process.turn_to(run.directory)
        if self.process.is_ready:
            self._ready()

    def renew(self) -> None:
        """Ask the weights that the run has by now."""
        self.process.stop()
        self.show_run(self.run)

    def _cut(self, found: object) -> None:
        assert isinstance(found, Trunk)
        self.by_hand.show_network("" if self.run is None else name_and_time(self.run.name)[0], found)
        self._trunk = found
        if "paths" in self.asking:
            self.paths.show_network(found)
        for page in self.asking.values():
            page.show_network(found)
        self.by_hand.ask()
        self.by_hand.sweep()

    def _ready(self) -> None:
        self.trouble.hide()
        self.checkpoint.show_step(self.run, self.process.step)
        self.seeing.begin()

    def _failed(self, error: Exception) -> None:
        self.trouble.setText(sentence(str(error)))
        self.trouble.show()
        self.stack.hide()
        self.empty.show()
        for button in self.tabs.values():
            button.hide()

    def open_run(self, folder: str) -> None:
        """Ask the run in a folder, whoever's it is."""
        place = Path(folder)
        if os.path.isfile(place / RECIPE) and os.path.isfile(place / DIAGRAM):
            self.show_run(Run(place))
        else:
            self._failed(StudioError("run.directory", say("holds no run."), where=folder,
                                     hint=say("A run is a folder with {recipe} and {diagram}.", recipe=RECIPE,
                                              diagram=DIAGRAM)))  # fmt: skip

    def turn_to(self, name: str) -> None:
        """Another of the laboratory's own tabs."""
        self.tabs[name].setChecked(True)
        self.stack.setCurrentWidget(self._page(name))
        self._crumb()

    @property
    def tab(self) -> str:
        return next(name for name, page in self.pages.items() if page is self.stack.currentWidget())

    def _crumb(self) -> None:
        if "laboratory" in self._desk.screens and self.run is not None:
            name = name_and_time(self.run.name)[0]
            self._desk.set_crumbs("laboratory", Step(name), Step(self.tabs[self.tab].text()))

    def _take(self, found: dict[str, Any]) -> None:
        """What was told about every unit stands on the cards too."""
        if found["question"] == "lesion":
            self.by_hand.take({name: each["accuracy"] for name, each in found["answer"]["without"].items()})

    def take_keyboard(self) -> None:
        """To the cards, or to the questions in view."""
        (self.by_hand.cards if self.tab == HAND else self.pages[self.tab]).setFocus()

    @property
    def can_undo(self) -> bool:
        """Whether a unit was clicked, and can be seen."""
        return self.tab == HAND and self.by_hand.can_undo

    def save(self, kind: Kind) -> None:
        """Save what the tab in view has to say, its figure or its data."""
        (self.by_hand if self.tab == HAND else self.seeing if self.tab == LOOK else self.asking[self.tab]).save(kind)

    # Pictures

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(Path(url.toLocalFile()).suffix.lower() in PICTURES for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        path = next(
            (
                url.toLocalFile()
                for url in event.mimeData().urls()
                if Path(url.toLocalFile()).suffix.lower() in PICTURES
            ),
            "",
        )
        if path and self.run is not None:
            self.ask_about(path)
            event.acceptProposedAction()

    def choose_picture(self) -> None:
        """Ask for a file with a picture: for the question in view where it takes one, else to look at it."""
        if self.run is None:
            return
        if self.tab in GROUPS and self.asking[self.tab].takes_picture:
            self.asking[self.tab].choose_picture()
        else:
            self.turn_to(LOOK)
            self.seeing.choose_picture()

    def ask_about(self, picture: str) -> None:
        """What speaks for a picture's class."""
        self.turn_to(LOOK)
        self.seeing.look({"picture": picture})
