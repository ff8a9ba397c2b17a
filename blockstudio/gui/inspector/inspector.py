"""The inspector: what is selected, with typed fields for all that can be said of it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from blockstudio.gui.document.session import Session
from blockstudio.gui.inspector.block_page import BlockPage, ManyPage
from blockstudio.gui.inspector.diagram_page import DiagramPage
from blockstudio.gui.kit.text import tr


class Inspector(QScrollArea):
    """Shows one page for the selection and keeps it true: another page when the selection changes, the same
    page refreshed when the diagram does."""

    reveal = Signal(str)
    """A full block path that the user asks to see."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Inspector"))
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._session = session
        self._shown: object = None
        self.page: BlockPage | ManyPage | DiagramPage | None = None
        holder = QWidget()
        holder.setObjectName("panel")
        self._column = QVBoxLayout(holder)
        self._column.setContentsMargins(14, 10, 14, 14)
        self.setWidget(holder)
        session.selection_changed.connect(self._turn)
        session.path_changed.connect(self._turn)
        session.opened.connect(lambda: self._turn(force=True))
        session.edited.connect(self._on_edit)
        self._turn(force=True)

    def _turn(self, *, force: bool = False) -> None:
        """Show the page of what is selected now."""
        session = self._session
        wanted = (session.path, session.scope, session.selection)
        if not force and wanted == self._shown:
            return
        self._shown = wanted
        if self.page is not None:
            self._column.removeWidget(self.page)
            self.page.hide()
            self.page.deleteLater()
        if len(session.selection) == 1:
            self.page = BlockPage(session, session.selection[0])
        elif session.selection:
            self.page = ManyPage(session, session.selection)
        else:
            self.page = DiagramPage(session)
        self.page.reveal.connect(self.reveal)
        self._column.addWidget(self.page, 1)
        self.verticalScrollBar().setValue(0)

    def _on_edit(self, edits: object) -> None:
        session = self._session
        # Where the edit changes the selection too, another page comes after this.
        if self.page is not None and self._shown == (session.path, session.scope, session.selection):
            self.page.refresh()

    def field(self, key: str) -> QWidget:
        """The field of a parameter (or ``name``, ``bypass``, ``repeat``, ``note``) on the page in view."""
        return self.page.fields[key]

    def focus_first(self) -> None:
        """Put the keyboard into the first field."""
        for field in (self.page.fields if self.page else {}).values():
            if field.isVisibleTo(self):
                field.setFocus(Qt.FocusReason.ShortcutFocusReason)
                return
