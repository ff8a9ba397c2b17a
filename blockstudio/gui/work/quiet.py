"""The moment when nobody does anything: for what can wait, and must not be met."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QTimer, Signal

QUIET_MS = 1_500
_INPUT = (QEvent.Type.MouseButtonPress, QEvent.Type.MouseMove, QEvent.Type.KeyPress, QEvent.Type.Wheel)


class Quiet(QObject):
    """Waits until the user has done nothing for a while."""

    came = Signal()
    """Nobody has done anything since `wait`, and for some time."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._tell)

    @property
    def waiting(self) -> bool:
        return self._timer.isActive()

    def wait(self, milliseconds: int = QUIET_MS) -> None:
        """Wait, if nobody does yet. ``milliseconds``: so long, where nothing is done meanwhile; what is done makes it
        the usual time again."""
        application = QCoreApplication.instance()
        if application is not None and not self.waiting:
            application.installEventFilter(self)
            self._timer.start(milliseconds)

    def stop(self) -> None:
        """Wait no longer."""
        self._timer.stop()
        application = QCoreApplication.instance()
        if application is not None:
            application.removeEventFilter(self)

    def _tell(self) -> None:
        self.stop()
        self.came.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _INPUT and self.waiting:
            self._timer.start(QUIET_MS)
        return False
