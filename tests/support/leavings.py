"""What a test may not leave behind: threads, processes, files, timers, widgets. And it may not reach the network.

Looked at after every test, when its fixtures have ended; what is left fails the test that left it.
"""

from __future__ import annotations

import gc
import os
import select
import shutil
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from weakref import WeakSet

HELPERS = ("multiprocessing.resource_tracker", "multiprocessing.forkserver")
"""Processes that Python starts once and ends itself."""
PATIENCE = 10.0
"""Seconds that threads and processes which are ending already get to end."""


class Leavings:
    """What is there now, by kind; `new` says what has come since."""

    def __init__(self) -> None:
        self._known = _everything()

    def new(self, forget: Callable[[], object]) -> list[str]:
        """What came since this was made, one sentence each. Threads and processes that end by themselves are waited
        for, and what nobody refers to any more after ``forget`` is collected."""
        found = self._came()
        if found:
            forget()
            self._let_end()
            found = self._came()
        if any(kind == "processes" for kind, _ in found):
            self._let_end()  # one that was just being ended, or begun, had no name yet
            found = self._came()
        return [f"{kind}: {name}" for kind, name in found]

    def _came(self) -> list[tuple[str, str]]:
        now = _everything()
        return sorted((kind, name) for (kind, key), name in now.items() if (kind, key) not in self._known)

    def _let_end(self) -> None:
        """Wait for what came and is ending already, and collect what is only held in circles."""
        for thread, _ in _threads():
            if ("threads", thread) not in self._known:
                thread.join(PATIENCE)
        for child, _ in _processes():
            if ("processes", child) not in self._known:
                with suppress(OSError):  # it has just ended
                    handle = os.pidfd_open(int(child))
                    select.select([handle], [], [], PATIENCE)
                    os.close(handle)
        # What Qt deletes frees objects of Python, and these again some of Qt.
        for _ in range(2):
            gc.collect()
            if "PySide6.QtCore" in sys.modules:
                end_qt()


def _everything() -> dict[tuple[str, object], str]:
    found: dict[tuple[str, object], str] = {}
    for look in LOOKS:
        kind = look.__name__.strip("_")
        found.update(((kind, key), name) for key, name in look())
    return found


def _threads() -> Iterator[tuple[threading.Thread, str]]:
    for thread in threading.enumerate():
        # Threads of pools, of Qt's and torch's, that once ran Python are not ours to end.
        # Libraries' own watchers live as long as the process: tqdm's looks after its progress bars.
        if not isinstance(thread, threading._DummyThread) and type(thread).__module__.split(".")[0] not in ("tqdm",):
            yield thread, repr(thread)  # not its number, which the next one may get


def _processes() -> Iterator[tuple[str, str]]:
    for task in Path("/proc/self/task").glob("*/children"):
        try:
            children = task.read_text().split()
        except OSError:  # that thread has just ended
            continue
        for child in children:
            command = _command(child)
            if command is not None and not any(helper in command for helper in HELPERS):
                yield child, f"{child} {command}"


def _command(process: str) -> str | None:
    """What a process was started with; ``None`` if it has ended, be it waited for or not."""
    try:
        state = Path(f"/proc/{process}/stat").read_text(errors="replace").rpartition(")")[2].split()[0]
        command = Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return None
    return None if state in "ZX" else command.replace(b"\0", b" ").decode(errors="replace").strip()


def _files() -> Iterator[tuple[object, str]]:
    """In the folders where something that was not told where to write would write."""
    for entry in os.scandir():
        if not entry.name.startswith((".", *NOT_OURS)):  # caches of tools, which may be at work beside the tests
            yield entry.name, entry.path
    for folder in WATCHED:
        for where, folders, names in os.walk(folder):
            folders[:] = [name for name in folders if not name.startswith(NOT_OURS)]
            left = [name for name in names if not name.startswith(NOT_OURS)]
            if left or (not names and not folders and where != str(folder)):
                yield where, f"{where}: {', '.join(left) or 'an empty folder'}"


def _timers() -> Iterator[tuple[object, str]]:
    is_valid = _is_valid()
    for timer in list(_TIMERS):
        if is_valid(timer) and timer.isActive():
            yield id(timer), f"of {timer.parent()!r}, every {timer.interval()} ms"


def _widgets() -> Iterator[tuple[object, str]]:
    """Windows and whatever else has no parent: Qt shows it as one, or would."""
    widgets = sys.modules.get("PySide6.QtWidgets")
    if widgets is not None and widgets.QApplication.instance() is not None:
        for widget in widgets.QApplication.topLevelWidgets():
            if widget.parent() is None:
                # Not the object of Python: that may be another each time Qt is asked.
                pointer = sys.modules["shiboken6"].getCppPointer(widget)[0]
                yield pointer, f"{widget!r} {widget.windowTitle()!r} of {[type(c).__name__ for c in widget.children()]}"


LOOKS = (_threads, _processes, _files, _timers, _widgets)
_TIMERS: WeakSet[Any] = WeakSet()
"""All that were ever started."""
WATCHED: list[Path] = []
"""Folders that belong to this run alone."""
NOT_OURS = ("__pycache__", ".cache", ".rustup", "torchinductor_", "QtProject.conf", ".ses")
"""Names that begin so are the tools': caches, what Qt's file dialog remembers, what pip asks rustc for."""


def _is_valid() -> Callable[[object], bool]:
    shiboken = sys.modules.get("shiboken6")
    return shiboken.isValid if shiboken is not None else lambda _: False


def watch_timers() -> None:
    """Know of every timer that Python starts from now on."""
    from PySide6.QtCore import QTimer

    start = QTimer.start

    def started(timer: QTimer, *interval: object) -> None:
        _TIMERS.add(timer)
        start(timer, *interval)

    QTimer.start = started


def end_qt() -> None:
    """Let workers finish, what they answered be delivered, and what is to be deleted go."""
    from PySide6.QtCore import QCoreApplication, QEvent, QThreadPool

    assert QThreadPool.globalInstance().waitForDone(60_000)
    QCoreApplication.processEvents()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def own_folders() -> Callable[[], None]:
    """Give this process and its children a home and a place for temporary files of their own, to be watched, and
    nothing else that a machine's owner may have set; returns what takes them away again."""
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", tempfile.gettempdir())  # pytest's own folders are not looked at
    root = Path(tempfile.mkdtemp(prefix="blockstudio-tests-"))
    for name, variable in (("home", "HOME"), ("tmp", "TMPDIR")):
        folder = root / name
        folder.mkdir()
        os.environ[variable] = str(folder)
        WATCHED.append(folder)
    # Where it is set, a child that forgets to flush what others wait for does no harm; elsewhere they wait for ever.
    for variable in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "PYTHONUNBUFFERED"):
        os.environ.pop(variable, None)
    tempfile.tempdir = None
    return lambda: shutil.rmtree(root, ignore_errors=True)


# The network


class Reached(RuntimeError):
    """A test tried to reach the network."""


REACHED: list[str] = []
"""What was to be reached since somebody looked."""
_LOCAL = ("127.", "::1", "localhost", "0.0.0.0")


def forbid_network() -> None:
    """Refuse connections to other machines and look-ups of their names, and remember them; for children that ask for
    a proxy there is none."""
    for scheme in ("http", "https", "all"):
        os.environ[f"{scheme}_proxy"] = "http://127.0.0.1:9"
    sys.addaudithook(_audit)


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect":
        sock, address = arguments
        if sock.family == socket.AF_UNIX:
            return
        host = address[0]
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    if host and not str(host).startswith(_LOCAL):
        REACHED.append(f"{event} {host!r}")
        raise Reached(f"a test reaches for {host!r}")
