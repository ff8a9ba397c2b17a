"""Work away from the GUI thread, with the answer delivered on it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QObject, QRunnable, Qt, QThreadPool, Signal, Slot

from blockstudio.errors import StudioError
from blockstudio.text import say

T = TypeVar("T")


class _Bridge(QObject):
    """Lives on the GUI thread; its signal carries an answer over from the worker."""

    done = Signal(object, object, object)


class _Task(QRunnable):
    def __init__(self, bridge: _Bridge, ticket: object, job: Callable[[], object]) -> None:
        super().__init__()
        self._bridge, self._ticket, self._job = bridge, ticket, job

    def run(self) -> None:
        try:
            answer = self._job()
        except (StudioError, OSError) as reason:
            self._tell(None, reason)
        except Exception as defect:
            # Whoever asked must not wait for ever; what it was goes on to the exception hook.
            self._tell(
                None, StudioError("window.defect", say("something went wrong ({name}).", name=type(defect).__name__))
            )
            raise
        else:
            self._tell(answer, None)

    def _tell(self, answer: object, error: StudioError | OSError | None) -> None:
        with contextlib.suppress(RuntimeError):  # the window is gone; nobody waits for the answer
            self._bridge.done.emit(self._ticket, answer, error)


class Work(QObject):
    """Runs jobs on the thread pool. Answers come back through the event loop, only as long as their asker
    lives and has not cancelled."""

    idle = Signal()
    """The last outstanding job has answered."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = _Bridge(self)
        self._bridge.done.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        self._waiting: dict[
            object, tuple[Callable[[object], None], Callable[[StudioError | OSError], None] | None]
        ] = {}

    @property
    def busy(self) -> bool:
        return bool(self._waiting)

    def run(
        self,
        job: Callable[[], T],
        then: Callable[[T], None],
        failed: Callable[[StudioError | OSError], None] | None = None,
    ) -> None:
        """Call ``job()`` in a worker, then ``then(answer)`` here; `StudioError` and `OSError` go to ``failed``.
        Any other exception is a defect: it reaches the exception hook, and ``failed`` hears that there was one."""
        ticket = object()
        self._waiting[ticket] = (then, failed)  # type: ignore[assignment]
        QThreadPool.globalInstance().start(_Task(self._bridge, ticket, job))

    def cancel(self) -> None:
        """Forget all outstanding jobs: they may finish, but nobody hears of it."""
        self._waiting.clear()

    @Slot(object, object, object)
    def _deliver(self, ticket: object, answer: object, error: StudioError | OSError | None) -> None:
        then, failed = self._waiting.pop(ticket, (None, None))
        if error is not None:
            if failed is not None:
                failed(error)
        elif then is not None:
            then(answer)
        if not self._waiting:
            self.idle.emit()
