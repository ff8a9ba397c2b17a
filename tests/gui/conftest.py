"""Every test has settings of its own, a window that is let go of, and leaves no timer or watched file behind."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from blockstudio.gui.app.application import application
from blockstudio.gui.kit import toasts
from blockstudio.gui.kit.theme import LIGHT, set_theme, theme
from blockstudio.gui.shell import statusbar
from blockstudio.gui.shell.window import StudioWindow
from blockstudio.gui.work import settings
from blockstudio.text import ENGLISH, language, use_language
from tests.support.leavings import end_qt, watch_timers

watch_timers()


NEVER_MS = 24 * 3_600_000
PATIENCE = 60_000
"""Milliseconds until a wait is given up: it ends as soon as there is what it waits for, on a slow machine too."""


class PatientBot(QtBot):
    def waitUntil(self, callback: Callable[[], object], *, timeout: int = PATIENCE) -> None:
        super().waitUntil(callback, timeout=timeout)


@pytest.fixture
def qtbot(qapp: QApplication, request: pytest.FixtureRequest) -> QtBot:
    return PatientBot(request)


@pytest.fixture(scope="session")
def qapp_cls() -> type[QApplication]:
    return QApplication


@pytest.fixture(scope="session")
def styled(qapp: QApplication) -> QApplication:
    app = application(dark=False)
    gc.collect()
    gc.freeze()  # what was imported lasts: not to be looked at after every window
    return app


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, styled: QApplication, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Settings, journals and runs of this test alone; light colours. Notes pass by themselves only where a test lets
    them: a slow machine reads no slower than a quick one."""
    monkeypatch.setattr(toasts, "SHOWN_MS", NEVER_MS)
    monkeypatch.setattr(statusbar, "SHOWN_MS", NEVER_MS)
    folder = tmp_path / "own"
    folder.mkdir()
    settings.use_folder(folder)
    if theme() is not LIGHT:
        set_theme(LIGHT)
    yield folder
    settings.use_folder(None)
    spoken = language()
    use_language(ENGLISH)
    assert spoken == ENGLISH, "it leaves the next test another language"


@pytest.fixture
def open_window(qtbot, own_folder: Path) -> Iterator[Callable[..., StudioWindow]]:
    """Open a window on a preset, a file or nothing. At the end it is closed, and nothing of it lives on."""
    windows: list[StudioWindow] = []

    def open_one(name: str | Path | None = None, **values: object) -> StudioWindow:
        window = StudioWindow()
        windows.append(window)
        window.resize(1440, 900)
        if name is not None:
            assert window.documents.open_now(name, values or None), window.toasts.texts
        window.show()
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow)
        return window

    yield open_one
    for window in windows:
        window.stop()
        timers = [timer for timer in window.findChildren(QTimer) if timer.isActive()]
        assert not timers, f"timers that outlive the window: {timers}"
        window.hide()
        window.deleteLater()
    end_qt()
    gc.collect()
