"""Inspector pages of notes and frames."""

from __future__ import annotations

import msgspec
from PySide6.QtCore import Signal
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QPlainTextEdit, QVBoxLayout, QWidget

from blockstudio.errors import StudioError
from blockstudio.graph.annotation_edits import NARROW, WIDE
from blockstudio.graph.annotations import COLOURS, Annotation, Frame, Note
from blockstudio.graph.edits import SetFrame, SetNote
from blockstudio.graph.names import check_text
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.kit.fields import ChoiceField, Form, TitleField, ValueField, step_number
from blockstudio.gui.kit.parts import heading, link, quiet
from blockstudio.gui.kit.text import phrase, tr, tr_many
from blockstudio.text import say


class TextField(QPlainTextEdit):
    """Some lines of text; what is written counts when the keyboard goes elsewhere."""

    committed = Signal(str)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.committed.emit(self.toPlainText())


class AnnotationPage(QWidget):
    """A note with its text, colour and width, or a frame with its title, colour and blocks."""

    def __init__(self, desk: Desk, mark: Annotation, parent: QWidget) -> None:
        super().__init__(parent)
        self._desk, self._session, self.mark = desk, desk.session, mark
        self._place = (desk.session.document, desk.session.scope)
        self.fields: dict[str, QWidget] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self.form = Form()
        if mark.kind == "note":
            self._build_note(column)
        else:
            self._build_frame(column)
        column.addWidget(self.form)
        self.colour = ChoiceField(list(COLOURS), lambda _: "")
        self.colour.committed.connect(self._set_colour)
        self.fields["colour"] = self.colour
        self.form.add("colour", tr("colour"), self.colour)
        self._told = quiet("")
        column.addWidget(self._told)
        if mark.kind == "frame":
            column.addWidget(link(tr("Select its blocks"), self._select))
        column.addStretch(1)
        self.refresh()

    def _build_note(self, column: QVBoxLayout) -> None:
        column.addWidget(heading(tr("Note")))
        self.text = TextField()
        self.text.setAccessibleName(tr("Text of the note, in Markdown"))
        self.text.setMinimumHeight(140)
        self.text.committed.connect(lambda text: self._change(text=text))
        self.fields["text"] = self.text
        column.addWidget(self.text, 1)
        self.width_field = ValueField(_check_width)
        self.width_field.step = step_number
        self.width_field.committed.connect(lambda text: self._change(width=float(text)))
        self.fields["width"] = self.width_field
        self.form.add("width", tr("width"), self.width_field, tr("In pixels of the drawing at 100 %"))

    def _build_frame(self, column: QVBoxLayout) -> None:
        column.addWidget(heading(tr("Frame")))
        self.title = TitleField(_check_title)
        self.title.setAccessibleName(tr("Title of the frame"))
        self.title.committed.connect(lambda text: self._change(title=text.strip()))
        self.fields["title"] = self.title
        column.addWidget(self.title)

    @property
    def _now(self) -> Note | Frame | None:
        """What the document has, if this is still what is in view."""
        session = self._session
        if self._place != (session.document, session.scope):
            return None
        definition = session.definition
        return (definition.notes if self.mark.kind == "note" else definition.frames).get(self.mark.name)

    def _change(self, **what: object) -> None:
        now, session = self._now, self._session
        if now is None:
            return
        new = msgspec.structs.replace(now, **what)
        if new == now:
            return
        key = next(iter(what))
        edit = (
            SetNote(scope=session.scope, name=self.mark.name, note=new)
            if isinstance(new, Note)
            else SetFrame(scope=session.scope, name=self.mark.name, frame=new)
        )
        session.do(phrase("Set {key}", key=key), edit)

    def _set_colour(self, name: str) -> None:
        self._change(colour=name)

    def _select(self) -> None:
        now = self._now
        if isinstance(now, Frame):
            self._session.select(now.blocks)
            self._desk.show_drawing()

    def fits(self) -> bool:
        """A note stays a note, a frame a frame."""
        return True

    def refresh(self) -> None:
        """Show what the document says now."""
        now = self._now
        if now is None:
            return
        self.colour.set_value(now.colour)
        if isinstance(now, Note):
            if not self.text.hasFocus() and self.text.toPlainText() != now.text:
                self.text.setPlainText(now.text)
            self.width_field.set_value(f"{now.width:g}")
            self._told.setText(tr("Double-click the note, or press Enter, to write on the drawing."))
            return
        self.title.set_value(now.title)
        count = tr_many("around {count} block", "around {count} blocks", len(now.blocks))
        self._told.setText(tr("{count}; it goes where they go.", count=count))


def _check_width(text: str) -> str:
    try:
        width = float(text)
    except ValueError:
        width = 0.0
    if not NARROW <= width <= WIDE:
        raise StudioError("parameter.limit", say("expected a number from {low:g} to {high:g}.", low=NARROW, high=WIDE))
    return ""


def _check_title(text: str) -> str:
    check_text(text, "title", 200)
    return ""
