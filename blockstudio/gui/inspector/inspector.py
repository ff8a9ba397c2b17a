"""The inspector: what is selected, with typed fields for all that can be said of it."""

from __future__ import annotations

import logging

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from blockstudio.errors import StudioError
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.inspector.annotation_page import AnnotationPage
from blockstudio.gui.inspector.block_page import BlockPage
from blockstudio.gui.inspector.diagram_page import DiagramPage
from blockstudio.gui.inspector.many_page import ManyPage
from blockstudio.gui.kit.fields import goes_elsewhere
from blockstudio.gui.kit.parts import quiet
from blockstudio.gui.kit.text import tr

log = logging.getLogger(__name__)
TURN, REST = QEvent.Type(QEvent.registerEventType()), QEvent.Type(QEvent.registerEventType())
AFTER_PAINTING = Qt.EventPriority.LowEventPriority.value - 1
IN_STEPS = (BlockPage, DiagramPage, ManyPage)
"""Pages of which the fields are made first, and what stands below them with the next event."""
Page = BlockPage | ManyPage | DiagramPage | AnnotationPage


class Inspector(QScrollArea):
    """Shows one page for the selection and keeps it true: another page when the selection changes, the same
    page refreshed when the diagram does. Of a page that cannot be made a sentence says so in its place."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Inspector"))
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._desk, self.session = desk, desk.session
        self._shown: object = None
        self._page: Page | None = None
        self._stale = True
        """The page is to be made when somebody looks: while the window is built much changes before that."""
        self._widget: QWidget | None = None
        self._holder = QWidget()
        self._holder.setObjectName("panel")
        self._column = QVBoxLayout(self._holder)
        self._column.setContentsMargins(14, 10, 14, 14)
        self.setWidget(self._holder)
        session = self.session
        session.selection_changed.connect(self._turn_soon)
        session.path_changed.connect(self._turn_soon)
        session.opened.connect(self._turn_when_seen)
        session.veiled_changed.connect(self._turn_when_seen)
        session.edited.connect(self._on_edit)
        desk.section_added.connect(self._turn_when_seen)

    @property
    def page(self) -> Page | None:
        """What is shown; ``None`` where it could not be made."""
        if self._stale:
            self._turn(force=True)
        self._complete()
        return self._page

    def _complete(self) -> None:
        """Make the rest of a page of which the fields are there already."""
        if isinstance(self._page, IN_STEPS) and not self._page.is_whole:
            try:
                self._page.complete()
            except Exception as error:  # noqa: BLE001 - as below
                self._give_up(error)

    def _turn_soon(self) -> None:
        """What is selected may be another. Making its page takes longer than the drawing's answer: that is painted
        first."""
        if self._stale or self._wanted() != self._shown:
            self._turn_when_seen()

    def _turn_when_seen(self) -> None:
        self._stale = True
        if self.isVisible():
            for step in (TURN, REST):
                QCoreApplication.postEvent(self, QEvent(step), AFTER_PAINTING)

    def event(self, event: QEvent) -> bool:
        """Also: the page is to be turned, or its rest to be made."""
        if event.type() == REST:
            self._complete()
            return True
        if event.type() != TURN:
            return super().event(event)
        if self._stale and self.isVisible():
            self._turn(force=True)
        return True

    def showEvent(self, event: QShowEvent) -> None:
        if self._stale:
            self._turn(force=True)
            self._complete()
        super().showEvent(event)

    def _turn(self, *, force: bool = False) -> None:
        """Show the page of what is selected now."""
        session = self.session
        wanted = self._wanted()
        if not force and wanted == self._shown:
            return
        self._shown, self._stale = wanted, False
        try:
            self._put(self._page_of(session.selection))
        except Exception as error:  # noqa: BLE001 - whatever a page trips over, the next selection must work
            self._give_up(error)
        self.verticalScrollBar().setValue(0)

    def _wanted(self) -> object:
        """What decides which page is shown."""
        session = self.session
        return session.path, session.scope, session.selection, session.noted

    def _page_of(self, selection: tuple[str, ...]) -> Page:
        if len(selection) == 1:
            return BlockPage(self._desk, selection[0], self._holder)
        if selection:
            return ManyPage(self._desk, selection, self._holder)
        if len(self.session.noted) == 1:
            return AnnotationPage(self._desk, self.session.noted[0], self._holder)
        return DiagramPage(self._desk, self._holder)

    def _put(self, page: Page) -> None:
        self._replace(page)
        self._page = page

    def _give_up(self, error: Exception) -> None:
        """Say in the page's place why there is none."""
        log.error("a page of the inspector", exc_info=error)
        reason = str(error) if isinstance(error, StudioError) else type(error).__name__
        self._replace(quiet(tr("This cannot be shown here: {reason}").format(reason=reason)))
        # What there is of the page: its fields call it, so that nobody else would ever let it go.
        for widget in self._holder.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly):
            if widget is not self._widget:
                widget.deleteLater()

    def _replace(self, widget: QWidget) -> None:
        before, self._widget, self._page = self._widget, widget, None
        if before is not None:
            self._column.removeWidget(before)
            before.hide()
            before.deleteLater()
        self._column.addWidget(widget, 1)
        widget.show()  # else with the next event only, and what is hidden takes no keys

    def _on_edit(self, edits: object) -> None:
        # Where the edit changes the selection too, another page comes after this.
        if self._stale or self._shown != self._wanted():
            return
        if self.page is None:
            self._turn(force=True)  # what could not be shown may be possible now
            self._complete()
            return
        try:
            if self.page.fits():
                self.page.refresh()
            else:  # another type of the same name, or another declaration of what is in it
                self._turn_when_seen()
        except Exception as error:  # noqa: BLE001 - as above
            self._give_up(error)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """What fields do not take: Escape leads back to the drawing; Alt and an arrow select the next block there, and
        the keyboard stays in the field of the same name."""
        if event.key() == Qt.Key.Key_Escape:
            self._desk.show_drawing()
        elif goes_elsewhere(event):
            fields = self.page.fields if self.page is not None else {}
            inside = self.focusWidget()
            key = next(
                (
                    key
                    for key, each in fields.items()
                    if inside is not None and (each is inside or each.isAncestorOf(inside))
                ),
                "",
            )
            self._desk.commands.run("go.up" if event.key() == Qt.Key.Key_Up else "go.down")
            self._keep(key)
        else:
            super().keyPressEvent(event)

    def _keep(self, key: str) -> None:
        """Put the keyboard into the field of the same name on another page, else into the drawing."""
        field = self.page.fields.get(key) if self.page is not None else None
        if field is not None and field.isVisibleTo(self):
            field.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self._desk.show_drawing()

    def field(self, key: str) -> QWidget:
        """The field of a parameter (or ``name``, ``bypass``, ``repeat``, ``note``) on the page in view."""
        assert self.page is not None
        return self.page.fields[key]

    def remove_parameter(self, key: str) -> None:
        """Take a parameter out of the declarations of the level in view."""
        if isinstance(self.page, DiagramPage):
            self.page.remove(key)

    def focus_first(self) -> None:
        """Put the keyboard into the first field."""
        for field in (self.page.fields if self.page else {}).values():
            if field.isVisibleTo(self):
                field.setFocus(Qt.FocusReason.ShortcutFocusReason)
                return
