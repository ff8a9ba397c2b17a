"""Notes and titles of frames written where they stand: Escape or Ctrl+Enter ends it, and so does a click elsewhere."""

from __future__ import annotations

import msgspec
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from blockstudio.graph.annotations import Annotation
from blockstudio.graph.diagram import MAIN
from blockstudio.graph.edits import SetFrame, SetNote
from blockstudio.gui.canvas.hand.annotating import add_note
from blockstudio.gui.canvas.hand.surface import Surface
from blockstudio.gui.canvas.scene.annotated import TITLE
from blockstudio.gui.document.document import Document
from blockstudio.gui.kit.text import phrase, tr
from blockstudio.gui.kit.theme import font

LEAST = (180, 72)
"""Pixels of the field, however far the drawing is away."""
NEW = (240.0, 72.0)
"""Of a note to come, on the drawing."""
MOST_PX = 40


class Writing(QPlainTextEdit):
    """The field in which a note, or the title of a frame, is written. It lies on the drawing."""

    def __init__(self, surface: Surface, parent: QWidget) -> None:
        super().__init__(parent)
        self._surface, self._scene, self._drawn_on = surface, surface.scene, parent
        self.mark: Annotation | None = None
        """What is written; ``None``: a note to come."""
        self._at = QPointF()
        """Of a note to come: its upper left corner, in the document's coordinates."""
        self._scope = MAIN
        """The definition in which it stands: the user may go elsewhere meanwhile."""
        self._open = False
        self.setObjectName("writing")
        self.hide()
        self._scene.followed.connect(self._on_followed)
        self._scene.session.leaving.connect(self._on_leaving)

    @property
    def is_open(self) -> bool:
        """Whether something is being written."""
        return self._open

    def begin_new(self, at: QPointF) -> None:
        """Write a note to come, its upper left corner at a point of the stage."""
        x, y = self._scene.drawing.origin
        self._begin(None, at - QPointF(x, y), "")

    def begin(self, mark: Annotation) -> None:
        """Write what is there anew."""
        definition = self._scene.session.definition
        text = definition.notes[mark.name].text if mark.kind == "note" else definition.frames[mark.name].title
        self._begin(mark, QPointF(), text)

    def _begin(self, mark: Annotation | None, at: QPointF, text: str) -> None:
        self.finish()
        self.mark, self._at, self._open = mark, at, True
        self._scope = self._scene.session.scope
        title = mark is not None and mark.kind == "frame"
        self.setAccessibleName(tr("Title of the frame") if title else tr("Text of the note, in Markdown"))
        self.setPlaceholderText(tr("Title") if title else tr("Markdown: **bold**, `code`, - list"))
        self.setPlainText(text)
        self.selectAll()
        self._surface.camera.reveal(self._rect().translated(self._scene.offset))
        self.place()
        self.show()
        self.raise_()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def _rect(self) -> QRectF:
        """Where it stands, on the stage."""
        if self.mark is None:
            x, y = self._scene.drawing.origin
            return QRectF(self._at.x() + x, self._at.y() + y, *NEW)
        rect = self._scene.drawing.rect_of(self.mark)
        return QRectF(rect.x(), rect.y(), rect.width(), TITLE) if self.mark.kind == "frame" else rect

    def place(self) -> None:
        """Stand where what is written stands: the view is another."""
        if not self._open:
            return
        seen = self._surface.camera.rect_to_view(self._rect().translated(self._scene.offset))
        title = self.mark is not None and self.mark.kind == "frame"
        height = 28.0 if title else max(float(LEAST[1]), seen.height())
        seen = QRectF(seen.x(), seen.y(), max(float(LEAST[0]), seen.width()), height)
        room = self._surface.view_rect()
        seen.moveLeft(max(0.0, min(seen.left(), room.width() - seen.width())))
        seen.moveTop(max(0.0, min(seen.top(), room.height() - seen.height())))
        self.setFont(font(max(11, min(MOST_PX, round(12 * self._surface.camera.scale)))))
        self.setGeometry(seen.toAlignedRect())

    def finish(self) -> None:
        """Take over what is written, as one step. A new note without a word does not come."""
        if not self._open:
            return
        self._open = False
        text, mark = self.toPlainText(), self.mark
        had = self.hasFocus()
        self.hide()
        if had:
            self._drawn_on.setFocus(Qt.FocusReason.OtherFocusReason)
        session, scope = self._scene.session, self._scope
        if not self._is_there():
            return
        definition = session.diagram.definition(scope)
        if mark is None:
            if text.strip():
                add_note(self._scene, text, self._at, scope)
        elif mark.kind == "note" and mark.name in definition.notes:
            note = msgspec.structs.replace(definition.notes[mark.name], text=text)
            session.do(phrase("Write the note"), SetNote(scope=scope, name=mark.name, note=note))
        elif mark.kind == "frame" and mark.name in definition.frames:
            title = " ".join(text.split())
            frame = msgspec.structs.replace(definition.frames[mark.name], title=title)
            session.do(phrase("Title {0}", title), SetFrame(scope=scope, name=mark.name, frame=frame))

    def _is_there(self) -> bool:
        """Whether the document has the definition still."""
        return self._scope == MAIN or self._scope in self._scene.session.diagram.modules

    def _on_leaving(self, document: Document) -> None:
        """What is written belongs to the document in view, and not to one that may have a note of the same name; the
        same file read again goes on with it."""
        if document.file is None or document.file != self._scene.session.file:
            self.finish()

    def _on_followed(self) -> None:
        """The document or the level is another: go on if what is written is still there."""
        if not self._open:
            return
        session = self._scene.session
        if not self._is_there():
            self._scope = session.scope  # a module was renamed; else there is nothing to write on
        if session.scope != self._scope:
            self.finish()
            return
        try:
            self.place()
        except KeyError:
            self._open = False
            self.hide()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._ends(event):
            event.accept()
            return True
        return super().event(event)

    def _ends(self, event: QKeyEvent) -> bool:
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        title = self.mark is not None and self.mark.kind == "frame"
        return event.key() == Qt.Key.Key_Escape or (
            enter and (title or bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier))
        )

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._ends(event):
            self.finish()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self.finish()
