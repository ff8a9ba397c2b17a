"""Work away from the GUI thread, with the answer delivered on it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QCoreApplication, QObject, QRunnable, Qt, QThreadPool, Signal, Slot
from shiboken6 import isValid

from blockstudio.errors import StudioError
from blockstudio.text import say

T = TypeVar("T")


class _Post(QObject):
    """Lives on the GUI thread; its signal carries answers over from the workers. It also holds every job until it has
    answered: what a job refers to (a page, a model of Qt's) must not end in the worker, where Qt allows no end."""

    done = Signal(object, object, object)

    def __init__(self, parent: QObject | None) -> None:
        super().__init__(parent)
        self.jobs: dict[object, tuple[Work, Callable[[], object]]] = {}
        self.done.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    @Slot(object, object, object)
    def _deliver(self, ticket: object, answer: object, error: StudioError | OSError | None) -> None:
        work, _ = self.jobs.pop(ticket)
        if isValid(work):
            work.deliver(ticket, answer, error)


_posts: list[_Post] = []
"""The one of this process."""


def _post() -> _Post:
    if not _posts or not isValid(_posts[0]):
        _posts[:] = [_Post(QCoreApplication.instance())]
    return _posts[0]


class _Task(QRunnable):
    def __init__(self, post: _Post, ticket: object, job: Callable[[], object]) -> None:
        super().__init__()
        self._post, self._ticket = post, ticket
        self._job: Callable[[], object] | None = job

    def run(self) -> None:
        assert self._job is not None
        try:
            answer = self._job()
        except (StudioError, OSError) as reason:
            self._tell(None, _bare(reason))
        except Exception as defect:
            # Whoever asked must not wait for ever; what it was goes on to the exception hook.
            self._tell(
                None, StudioError("window.defect", say("something went wrong ({name}).", name=type(defect).__name__))
            )
            raise
        else:
            self._tell(answer, None)

    def _tell(self, answer: object, error: StudioError | OSError | None) -> None:
        self._job = None  # before the GUI thread lets go of it: it shall be the last that does
        with contextlib.suppress(RuntimeError):  # the application is gone; nobody waits for the answer
            self._post.done.emit(self._ticket, answer, error)


def _bare(error: StudioError | OSError) -> StudioError | OSError:
    """Without the frames that it came through: they refer to what the job did."""
    found: BaseException | None = error
    while found is not None:
        found.__traceback__ = None
        found = found.__cause__ or found.__context__
    return error


class Work(QObject):
    """Runs jobs on the thread pool. Answers come back through the event loop, only as long as their asker
    lives and has not cancelled."""

    idle = Signal()
    """The last outstanding job has answered."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
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
        ticket, post = object(), _post()
        self._waiting[ticket] = (then, failed)  # type: ignore[assignment]
        post.jobs[ticket] = (self, job)
        QThreadPool.globalInstance().start(_Task(post, ticket, job))

    def cancel(self) -> None:
        """Forget all outstanding jobs: they may finish, but nobody hears of it."""
        self._waiting.clear()

    def deliver(self, ticket: object, answer: object, error: StudioError | OSError | None) -> None:
        """Hand an answer, or why there is none, to whoever asked."""
        then, failed = self._waiting.pop(ticket, (None, None))
        if error is not None:
            if failed is not None:
                failed(error)
        elif then is not None:
            then(answer)
        if not self._waiting:
            self.idle.emit()
