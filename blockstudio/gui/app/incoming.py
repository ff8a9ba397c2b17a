"""Files that come from outside while the window is open: the system asks for one (macOS), or a second start brings it.

A second start of the program with a file hands the file over to the window that is there, and ends. Only files of this
user's own programs are taken: the socket is the user's alone, and all that can be said over it is a file's name.
"""

from __future__ import annotations

import getpass
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QFileOpenEvent

from blockstudio.gui.work.settings import data_folder

if TYPE_CHECKING:
    from PySide6.QtNetwork import QLocalServer, QLocalSocket

PATIENCE_MS = 1_000
"""For so long the window that is there may take to answer; after it the second start opens one of its own."""
LONGEST = 1 << 16
TAKEN = b"taken\n"


def _name() -> str:
    """The socket of this user's windows with this folder of settings."""
    own = f"{getpass.getuser()}\0{data_folder().absolute()}"
    return f"blockstudio-{hashlib.sha256(own.encode(errors='surrogatepass')).hexdigest()[:16]}"


def hand_over(file: Path) -> bool:
    """Ask the window that is there to open ``file``; False if there is none that answers."""
    from PySide6.QtNetwork import QLocalSocket  # here and below: it takes time that the first frame is better used for

    socket = QLocalSocket()
    socket.connectToServer(_name())
    if not socket.waitForConnected(PATIENCE_MS):
        return False
    try:
        socket.write(json.dumps({"open": str(file.absolute())}).encode() + b"\n")
        socket.flush()
        return socket.waitForReadyRead(PATIENCE_MS) and bytes(socket.readAll().data()) == TAKEN
    finally:
        socket.abort()


class Incoming(QObject):
    """Calls ``open`` with each file that comes. Until `ready` they wait: a system asks before the window is there."""

    def __init__(self, app: QObject) -> None:
        super().__init__(app)
        self._open: Callable[[Path], object] | None = None
        self._waiting: list[Path] = []
        self._server: QLocalServer | None = None
        app.installEventFilter(self)

    def ready(self, open: Callable[[Path], object]) -> None:
        """There is a window now."""
        self._open = open
        waiting, self._waiting = self._waiting, []
        for file in waiting:
            open(file)

    def listen(self) -> bool:
        """Take what later starts hand over; False if another window does already."""
        from PySide6.QtNetwork import QLocalServer, QLocalSocket

        # Asked first: on some systems a second one would take the socket away without a word.
        probe = QLocalSocket()
        probe.connectToServer(_name())
        alive = probe.waitForConnected(PATIENCE_MS)
        probe.abort()
        if alive:
            return False
        QLocalServer.removeServer(_name())  # What a killed window has left behind is in the way.
        server = QLocalServer(self)
        server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        if not server.listen(_name()):
            server.deleteLater()
            return False
        server.newConnection.connect(self._connected)
        self._server = server
        return True

    def close(self) -> None:
        """Stop listening; the socket goes."""
        if self._server is not None:
            self._server.close()
            self._server.deleteLater()
            self._server = None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FileOpen and isinstance(event, QFileOpenEvent) and event.file():
            self._take(Path(event.file()))
            return True
        return super().eventFilter(watched, event)

    def _take(self, file: Path) -> None:
        if self._open is None:
            self._waiting.append(file)
        else:
            self._open(file)

    def _connected(self) -> None:
        while self._server is not None and (socket := self._server.nextPendingConnection()) is not None:
            socket.readyRead.connect(lambda socket=socket: self._read(socket))
            socket.disconnected.connect(socket.deleteLater)
            self._read(socket)  # It may have said all before anybody listened.

    def _read(self, socket: QLocalSocket) -> None:
        if socket.bytesAvailable() > LONGEST:
            socket.abort()
            return
        if not socket.canReadLine():
            return
        socket.readyRead.disconnect()
        try:
            asked = json.loads(bytes(socket.readLine(LONGEST).data()))
            file = Path(asked["open"])
        except (ValueError, TypeError, KeyError, RecursionError):
            socket.abort()
            return
        socket.write(TAKEN)
        socket.flush()
        self._take(file)
