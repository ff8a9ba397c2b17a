"""Files from outside: asked for by the system, or brought by a second start."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QObject
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtNetwork import QLocalServer, QLocalSocket
from PySide6.QtWidgets import QApplication

import blockstudio as bs
from blockstudio.graph.format import save
from blockstudio.gui.app import incoming as module
from blockstudio.gui.app.incoming import Incoming


@pytest.fixture
def incoming(qtbot, own_folder: Path) -> Iterator[Incoming]:
    app = QApplication.instance()
    assert isinstance(app, QObject)
    found = Incoming(app)
    yield found
    found.close()
    app.removeEventFilter(found)
    found.deleteLater()


@pytest.fixture
def net(tmp_path: Path) -> Path:
    save(bs.load("cifar_resnet", n=1), tmp_path / "my net.blocks.json")
    return tmp_path / "my net.blocks.json"


def test_a_file_that_the_system_asks_for_opens_in_a_tab(open_window, qtbot, incoming: Incoming, net: Path) -> None:
    QApplication.sendEvent(QApplication.instance(), QFileOpenEvent(str(net)))  # before the window is there
    window = open_window()
    incoming.ready(window.open_file)
    qtbot.waitUntil(lambda: window.documents.current.file == net)
    other = net.with_name("other.blocks.json")
    save(bs.load("cifar_resnet", n=2), other)
    QApplication.sendEvent(QApplication.instance(), QFileOpenEvent(str(other)))
    qtbot.waitUntil(lambda: window.documents.current.file == other)


SECOND = """
import pathlib, sys
from blockstudio.gui.work import settings
settings.use_folder(pathlib.Path(sys.argv[1]))
from blockstudio.cli import main
sys.exit(main(sys.argv[2:]))
"""


def test_a_second_start_hands_its_file_over_and_ends(open_window, qtbot, incoming, own_folder: Path, net: Path) -> None:
    window = open_window("nin_cifar10")
    incoming.ready(window.open_file)
    assert incoming.listen()
    second = subprocess.Popen(
        [sys.executable, "-c", SECOND, str(own_folder), net.name],
        cwd=net.parent,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": os.pathsep.join(sys.path)},
        stderr=subprocess.PIPE,
    )
    try:
        qtbot.waitUntil(lambda: window.documents.current.file == net or second.poll() is not None, timeout=15_000)
        _, err = second.communicate(timeout=60)
    finally:
        second.kill()
    assert (second.returncode, err) == (0, b"")
    again = Incoming(incoming.parent())
    assert not again.listen(), "the first window keeps listening"
    again.deleteLater()


def test_what_a_killed_window_left_is_no_obstacle_and_rubbish_no_file(
    qtbot, incoming: Incoming, tmp_path: Path
) -> None:
    asked: list[Path] = []
    incoming.ready(asked.append)
    stale = QLocalServer()
    assert stale.listen(module._name())
    path = stale.fullServerName()
    stale.close()
    if os.name != "nt":
        Path(path).touch()
    assert incoming.listen()
    for text in (b"[1]\n", b"{}\n", b"\xff\n", b'{"open": 3}\n', b"[" * 3000 + b"\n", b"x" * (module.LONGEST + 9)):
        socket = QLocalSocket()
        socket.connectToServer(module._name())
        assert socket.waitForConnected(5000)
        socket.write(text)
        socket.flush()
        qtbot.waitUntil(lambda socket=socket: socket.state() == QLocalSocket.LocalSocketState.UnconnectedState)
    assert asked == []
