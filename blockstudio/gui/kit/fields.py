"""Fields of the inspector and of forms: a value typed as text, checked while it is typed, applied when legal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import partial

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QStandardItemModel,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QStyle,
    QStyleOptionComboBox,
    QWidget,
)

from blockstudio.blocks import Parameter
from blockstudio.errors import StudioError
from blockstudio.gui.kit import value_text as values
from blockstudio.gui.kit.completing import NameCompleter
from blockstudio.gui.kit.scrub import ScrubLabel
from blockstudio.gui.kit.text import sentence, tr
from blockstudio.gui.kit.theme import font, theme

Check = Callable[[str], str]
"""From a typed text to what stands in grey behind it (``128``); raises `StudioError` if it is not legal."""


def goes_elsewhere(event: QKeyEvent) -> bool:
    """Whether a key moves the selection on the drawing, wherever it is pressed: Alt and an arrow up or down."""
    return event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down) and bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)


class ValueField(QLineEdit):
    """A line with its result in grey behind the text (``n3×3 = 128``). Emits `committed` with a legal new text
    on Enter or when left; Escape goes back, and on to whoever holds the field; Up and Down step a whole number."""

    committed = Signal(str)
    checked = Signal(str)
    """The error sentence of what stands there now, or an empty one."""

    def __init__(self, check: Check, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._check = check
        self._value = ""
        self._suffix = ""
        self.error = ""
        self.step: Callable[[str, int], str | None] | None = None
        self.completing: NameCompleter | None = None
        """Made when somebody comes to type: a page has many fields, and few are typed into."""
        self._names: Callable[[], Iterable[str]] | None = None
        self.textEdited.connect(self._recheck)

    def set_value(self, text: str, *, force: bool = False) -> None:
        """Show a value from the document; what is being typed stays unless ``force``."""
        typing = self.hasFocus() and self.text() != self._value
        self._value = text
        if force or not typing:
            if self.text() != text:
                self.setText(text)
                self.setCursorPosition(0)
            self._recheck()

    @property
    def value(self) -> str:
        """The text last shown or committed."""
        return self._value

    @property
    def suffix(self) -> str:
        return self._suffix

    def _recheck(self, _: str = "") -> None:
        try:
            self._suffix, error = self._check(self.text()), ""
        except StudioError as reason:
            self._suffix, error = "", _sentence(reason)
        if error != self.error:
            self.error = error
            self.setProperty("invalid", bool(error))
            self.style().unpolish(self)
            self.style().polish(self)
        self.setAccessibleDescription(error)
        self.checked.emit(error)
        self.update()

    def commit(self) -> bool:
        """Take over what is typed, if it is legal and new."""
        self._recheck()
        if self.error:
            return False
        if self.text() != self._value:
            self._value = self.text()
            self.committed.emit(self._value)
        return True

    def complete_names(self, names: Callable[[], Iterable[str]]) -> None:
        """Offer names that may stand in an expression while one is typed."""
        self._names, self.completing = names, None
        if self.hasFocus():
            self._complete()

    def _complete(self) -> None:
        if self.completing is None and self._names is not None:
            self.completing = NameCompleter(self, self._names)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._complete()

    def stepped(self, by: int) -> str | None:
        """The text so many steps on; ``None`` if it cannot be stepped."""
        return self.step(self.text(), by) if self.step is not None else None

    def show_text(self, text: str) -> None:
        """Show a text that is not applied yet."""
        self.setText(text)
        self._recheck()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        self._complete()
        if self.completing is not None and self.completing.takes(key):
            event.ignore()  # the list of names has it
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.commit()
            self.selectAll()
        elif key == Qt.Key.Key_Escape:
            if self.text() != self._value:
                self.setText(self._value)
                self._recheck()
            event.ignore()  # whoever holds the field gives the keyboard back
        elif goes_elsewhere(event):
            event.ignore()
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down) and self.step is not None:
            stepped = self.stepped(1 if key == Qt.Key.Key_Up else -1)
            if stepped is not None:
                self.setText(stepped)
                self.commit()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason and not self.commit():
            # What is not legal was never applied; the field goes back to what holds.
            self.setText(self._value)
            self._recheck()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._suffix:
            return
        metrics = self.fontMetrics()
        left = 11 + metrics.horizontalAdvance(self.text())
        room = QRectF(left, 0, self.width() - left - 6, self.height())
        text = metrics.elidedText(f" = {self._suffix}", Qt.TextElideMode.ElideRight, int(room.width()))
        painter = QPainter(self)
        painter.setFont(self.font())
        painter.setPen(theme().secondary)
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)


class Choice(QComboBox):
    """A list to choose from, with an arrow that says so. The wheel goes to what it stands in."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        # The wheel scrolls the form; it must not change values on its way.
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        arrow = self.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxArrow, self
        )
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font(9))
        painter.setPen(theme().faint)
        painter.drawText(arrow, Qt.AlignmentFlag.AlignCenter, "▾")


class ChoiceField(Choice):
    """Words to choose from; with ``free`` any other text (an expression) may be typed. Same signals as
    `ValueField`."""

    committed = Signal(str)
    checked = Signal(str)

    def __init__(self, words: list[str], check: Check | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.addItems(words)
        self._words = words
        self._value = ""
        self.error = ""
        self.suffix = ""
        self.line: ValueField | None = None
        """Where text can be typed."""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        if check is not None:
            self.setEditable(True)
            self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
            edit = self.line = ValueField(check)
            edit.setFrame(False)
            edit.setProperty("role", "inner")
            self.setLineEdit(edit)
            edit.committed.connect(self._take)
            edit.checked.connect(self._on_checked)
        self.textActivated.connect(self._take)

    def grey_out(self, words: Mapping[str, str]) -> None:
        """Words that cannot be chosen here, each with why."""
        model = self.model()
        for word, why in words.items():
            if word in self._words and isinstance(model, QStandardItemModel):
                item = model.item(self._words.index(word))
                item.setEnabled(False)
                item.setToolTip(why)

    def set_value(self, text: str, *, force: bool = False) -> None:
        self._value = text
        if self.line is not None:
            self.line.set_value(text, force=force)
            if text in self._words and self.line.text() == text:
                self.setCurrentIndex(self._words.index(text))  # arrow keys go on from here
        elif text in self._words:
            self.setCurrentText(text)

    @property
    def value(self) -> str:
        return self._value

    def _on_checked(self, error: str) -> None:
        self.error = error
        self.suffix = self.line.suffix if self.line is not None else ""
        self.checked.emit(error)

    def _take(self, text: str) -> None:
        if self.line is not None:
            self.line.set_value(text, force=True)
            if self.error:
                return
        if text != self._value:
            self.set_value(text)
            self.committed.emit(text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if goes_elsewhere(event):
            event.ignore()
        else:
            super().keyPressEvent(event)


class TitleField(ValueField):
    """A name that reads as a heading until it is clicked."""

    entered = Signal()
    """Enter was pressed on a name that is legal: whoever came from elsewhere to write it is done."""

    def __init__(self, check: Check, parent: QWidget | None = None) -> None:
        super().__init__(check, parent)
        self.setProperty("role", "title")
        self.setFont(font(15, bold=True))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        super().keyPressEvent(event)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not self.error:
            self.entered.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.selectAll()


class _Errors(dict[str, QLabel]):
    """What is wrong with the fields, each made when it is first asked for: mostly nothing is."""

    def __init__(self, form: Form) -> None:
        super().__init__()
        self._form = form

    def __missing__(self, key: str) -> QLabel:
        self[key] = self._form.error_line(key)
        return self[key]


class Form(QWidget):
    """Rows of a label, a field and, under the field, what is wrong with it."""

    def __init__(self, parent: QWidget | None = None, labels: int = 45) -> None:
        """``labels``: per cent of the width that is theirs; 0: as much as the longest needs."""
        super().__init__(parent)
        self._whole_labels = not labels
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(0, labels)
        self._grid.setColumnStretch(1, 100 - labels)
        self.fields: dict[str, QWidget] = {}
        self.errors = _Errors(self)
        self._places: dict[str, int] = {}
        """The rows of the grid in which what is wrong with a field would stand."""
        self.labels: dict[str, QLabel] = {}

    def add(self, key: str, title: str, field: QWidget, help: str = "", place: int | None = None) -> None:
        """Add a row, last or at a ``place`` kept for it; ``field`` should emit ``checked(str)`` to have its error
        shown."""
        row = max(self._places.values(), default=0) + 1 if place is None else 2 * place
        steps = isinstance(field, ValueField) and field.step is not None
        label = ScrubLabel(title, field) if isinstance(field, ValueField) and steps else QLabel(title)
        label.setBuddy(field)
        if not self._whole_labels:
            label.setMinimumWidth(60)
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        for widget in (label, field):
            widget.setToolTip(help)
        field.setAccessibleName(title)
        if hasattr(field, "checked"):
            field.checked.connect(partial(self.show_error, key))
        self._grid.addWidget(label, row, 0)
        self._grid.addWidget(field, row, 1)
        self.fields[key], self.labels[key], self._places[key] = field, label, row + 1

    def error_line(self, key: str) -> QLabel:
        """A place for what is wrong with a field, which nothing is yet."""
        error = QLabel()
        error.setProperty("role", "problem")
        error.setFont(font(11))
        error.setWordWrap(True)
        error.hide()
        self._grid.addWidget(error, self._places[key], 0, 1, 2)
        return error

    def show_error(self, key: str, text: str) -> None:
        """Say under a field what is wrong with it; nothing, if the text is empty."""
        if text or key in self.errors:
            self.errors[key].setText(text)
            self.errors[key].setVisible(bool(text))

    def show_row(self, key: str, shown: bool) -> None:
        for widget in (self.labels[key], self.fields[key]):
            widget.setVisible(shown)
        if key in self.errors:
            self.errors[key].setVisible(shown and bool(self.errors[key].text()))


def step_number(text: str, by: int) -> str | None:
    """The next whole number, of each part of ``3 × 3``; ``None`` if the text is an expression."""
    parts = [part.strip() for part in text.replace("x", "×").split("×")]
    if not all(part.lstrip("-").isdecimal() for part in parts):
        return None
    return " × ".join(str(int(part) + by) for part in parts)


def step_float(text: str, by: int) -> str | None:
    """A decimal number, so many units of its last digit on; ``None`` if the text is an expression."""
    try:
        number = Decimal(text.strip())
    except ArithmeticError:
        return None
    if not number.is_finite():
        return None
    unit = Decimal(1).scaleb(min(int(number.as_tuple().exponent), -1))
    return f"{float(number + by * unit):g}"


def _sentence(error: StudioError) -> str:
    text = sentence(error.message)
    return f"{text} {tr(error.hint)}" if error.hint else text


def settle(widget: QWidget | None) -> None:
    """Take over what is being typed in a widget's window, before something else is done with the document."""
    field = widget.window().focusWidget() if widget is not None else None
    if isinstance(field, ValueField):
        field.commit()


def parameter_field(parameter: Parameter, check: Check) -> ValueField | ChoiceField:
    """The field for a parameter's kind."""
    if parameter.kind == "bool":
        return ChoiceField([values.ON, values.OFF], check)
    if parameter.kind == "choice":
        return ChoiceField(list(parameter.choices), check)
    field = ValueField(check)
    if parameter.kind in ("int", "pair", "padding"):
        field.step = step_number
    elif parameter.kind == "float":
        field.step = step_float
    return field
