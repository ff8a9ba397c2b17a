"""Dragging inside the window: the mouse stays with the widget that it was pressed on, and the widgets it passes get
the same events as in a drag of the system's. The canvas thus draws its own ghost, at its own scale, without the
system's picture on top; and it works alike on every platform."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, QMimeData, QObject, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent, QKeyEvent, QPixmap
from PySide6.QtWidgets import QApplication, QLabel, QWidget


class Drag(QObject):
    """One drag, from the move that begins it to the release or Escape."""

    def __init__(self, source: QWidget, data: QMimeData, pixmap: QPixmap, hot: QPoint) -> None:
        super().__init__(source)
        self._window = source.window()
        self._data, self._hot = data, hot
        self._over: QWidget | None = None
        self._accepted = False
        self.active = True
        self._picture = QLabel(self._window)
        self._picture.setPixmap(pixmap)
        self._picture.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._picture.adjustSize()
        QApplication.setOverrideCursor(Qt.CursorShape.ClosedHandCursor)
        app = QApplication.instance()
        assert app is not None
        app.installEventFilter(self)

    def move(self, at: QPoint, modifiers: Qt.KeyboardModifier) -> None:
        """The mouse is at ``at``, in the window's coordinates."""
        if not self.active:
            return
        target = self._target(at)
        if target is not self._over:
            self._leave()
            if target is not None:
                self._enter(target, at, modifiers)
        elif target is not None and self._accepted:
            event = QDragMoveEvent(
                target.mapFrom(self._window, at),
                Qt.DropAction.CopyAction,
                self._data,
                Qt.MouseButton.LeftButton,
                modifiers,
            )
            QCoreApplication.sendEvent(target, event)
        # Where something draws its own ghost, ours would only be in the way.
        self._picture.setVisible(not self._accepted)
        self._picture.move(at - self._hot)
        self._picture.raise_()

    def drop(self, at: QPoint, modifiers: Qt.KeyboardModifier) -> bool:
        """The button was released; True if something took what was dragged."""
        if not self.active:
            return False
        self.move(at, modifiers)
        target, accepted = self._over, self._accepted
        self._over = None
        self._end()
        if target is None or not accepted:
            return False
        event = QDropEvent(
            QPointF(target.mapFrom(self._window, at)),
            Qt.DropAction.CopyAction,
            self._data,
            Qt.MouseButton.LeftButton,
            modifiers,
        )
        QCoreApplication.sendEvent(target, event)
        return event.isAccepted()

    def cancel(self) -> None:
        """Let go without a drop."""
        if self.active:
            self._leave()
            self._end()

    def _target(self, at: QPoint) -> QWidget | None:
        widget = self._window.childAt(at)
        while widget is not None and not widget.acceptDrops():
            widget = widget.parentWidget()
        return None if widget is self._window else widget

    def _enter(self, target: QWidget, at: QPoint, modifiers: Qt.KeyboardModifier) -> None:
        event = QDragEnterEvent(
            target.mapFrom(self._window, at),
            Qt.DropAction.CopyAction,
            self._data,
            Qt.MouseButton.LeftButton,
            modifiers,
        )
        QCoreApplication.sendEvent(target, event)
        self._over, self._accepted = target, event.isAccepted()

    def _leave(self) -> None:
        if self._over is not None and self._accepted:
            QCoreApplication.sendEvent(self._over, QDragLeaveEvent())
        self._over, self._accepted = None, False

    def _end(self) -> None:
        self.active = False
        app = QApplication.instance()
        if app is not None:
            app.removeEventFilter(self)
        QApplication.restoreOverrideCursor()
        self._picture.hide()
        self._picture.deleteLater()
        self.deleteLater()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            self.cancel()
            return True
        return False
