"""The panel under the canvas: the run, the recipe of the next one, the problems, and pages that are added."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QTabBar, QToolButton, QVBoxLayout, QWidget

from blockstudio.gui.document.session import Session
from blockstudio.gui.kit.text import tr
from blockstudio.gui.panels.problems import ProblemsPanel
from blockstudio.gui.training.planning import Planner
from blockstudio.gui.training.recipe_form import RecipeForm
from blockstudio.gui.training.run_page import TrainingPanel
from blockstudio.gui.training.trainer import Trainer

PAGES = ("run", "recipe", "problems")
"""That are always there."""


class BottomPanel(QWidget):
    """Pages behind quiet tabs."""

    hide_wanted = Signal()

    def __init__(self, session: Session, trainer: Trainer) -> None:
        super().__init__()
        self.setObjectName("bottom")
        self._session = session
        self._pages = list(PAGES)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(0)
        self.tabs = QTabBar()
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setAccessibleName(tr("Pages under the canvas"))
        for title in (tr("Run"), tr("Recipe"), tr("Problems")):
            self.tabs.addTab(title)
        fold = QToolButton()
        fold.setText("▾")
        fold.setToolTip(tr("Hide this panel"))
        fold.setAccessibleName(fold.toolTip())
        fold.clicked.connect(self.hide_wanted)
        line = QHBoxLayout()
        line.setContentsMargins(8, 0, 8, 0)
        line.addWidget(self.tabs)
        line.addStretch(1)
        line.addWidget(fold)
        column.addLayout(line)
        self.training = TrainingPanel(trainer)
        self.planner = Planner(session, trainer)
        self.recipe = RecipeForm(trainer, self.planner)
        self.problems = ProblemsPanel(session)
        self.stack = QStackedWidget()
        for page in (self.training, self.recipe, self.problems):
            self.stack.addWidget(page)
        column.addWidget(self.stack, 1)
        self.tabs.currentChanged.connect(self.stack.setCurrentIndex)
        for signal in (session.edited, session.opened):
            signal.connect(self._count)
        self._count()

    def stop(self) -> None:
        """The window closes: nothing more is to arrive."""
        self.planner.stop()
        self.training.stop()

    def add_page(self, name: str, title: str, page: QWidget) -> None:
        """One more page, behind the others."""
        self._pages.append(name)
        self.stack.addWidget(page)
        self.tabs.addTab(title)

    def show_page(self, name: str) -> None:
        self.tabs.setCurrentIndex(self._pages.index(name))

    @property
    def page(self) -> str:
        return self._pages[self.tabs.currentIndex()]

    def _count(self, _: object = None) -> None:
        count = len(self._session.analysis.problems) if len(self._session.diagram.graph) else 0
        text = tr("Problems {count}").format(count=count) if count else tr("Problems")
        if self.tabs.tabText(2) != text:
            self.tabs.setTabText(2, text)
