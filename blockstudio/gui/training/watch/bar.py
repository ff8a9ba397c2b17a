"""The strip over the drawing while it shows the network as a run trains it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from blockstudio.gui.commands.registry import Commands
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.kit.parts import Elided, strong
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import notifier, theme
from blockstudio.gui.training.watch.trained import Trained

HEIGHT = 32


class AsTrained(QWidget):
    """What is trained beside what is drawn, with the ways from one to the other."""

    def __init__(self, commands: Commands[Desk], trained: Trained) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(HEIGHT)
        self._trained = trained
        line = QHBoxLayout(self)
        line.setContentsMargins(16, 0, 16, 0)
        line.setSpacing(16)
        self.title = QLabel()
        self.title.setTextFormat(Qt.TextFormat.RichText)
        self.text = Elided()
        line.addWidget(self.title)
        line.addWidget(self.text, 1)
        self.apply = commands.link(tr("Apply to the diagram"), "run.apply_trained")
        self.back = commands.link(tr("Back to the diagram"), "view.as_drawn")
        self.show_trained = commands.link(tr("Show as trained"), "view.as_trained")
        for button in (self.apply, self.back, self.show_trained):
            line.addWidget(button)
        trained.changed.connect(self.refresh)
        notifier.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show it where the run trains the drawing at other sizes."""
        trained = self._trained
        ends = trained.ends() if trained.differs else None
        self.setVisible(ends is not None)
        if ends is None:
            return
        (sees, gives), (drawn, drawn_gives) = ends
        shown = trained.is_shown
        dot = theme().accent if shown else theme().secondary
        title = strong(tr("As trained") if shown else tr("As drawn"))
        self.title.setText(f"<span style='color:{dot.name()}'>●</span> {title}")
        self.text.setText(
            tr("{input} in, {output} out · the diagram is drawn for {drawn}, {drawn_output}",
               input=sees, output=gives, drawn=drawn, drawn_output=drawn_gives)
        )  # fmt: skip
        for button, on in ((self.apply, True), (self.back, shown), (self.show_trained, not shown)):
            button.setVisible(on)
