"""The system's clipboard, as far as it holds blocks: the text of a fragment, which any program may hold."""

from __future__ import annotations

import atexit
from functools import cache

from PySide6.QtCore import QMimeData
from PySide6.QtGui import QGuiApplication

from blockstudio.graph.diagram import Diagram
from blockstudio.graph.operations.fragments import from_text, to_text
from blockstudio.graph.operations.torch_text import Reading, looks_like_torch, read_torch

MIME = "application/x-blockstudio-fragment"


def put(fragment: Diagram) -> None:
    """Set the system clipboard."""
    text = to_text(fragment)
    data = QMimeData()
    data.setData(MIME, text.encode())
    data.setText(text)
    QGuiApplication.clipboard().setMimeData(data)
    if QGuiApplication.platformName() in ("offscreen", "minimal", "vnc"):
        _empty_at_end()


@cache
def _empty_at_end() -> None:
    """Platforms without a clipboard of their own keep what was copied in a static of Qt's, which goes after Python has
    ended and would then call into it."""

    def empty() -> None:
        if QGuiApplication.instance() is not None:
            QGuiApplication.clipboard().clear()

    atexit.register(empty)


def holds_fragment() -> bool:
    """Whether `take` would find something to read."""
    data = QGuiApplication.clipboard().mimeData()
    return data is not None and (data.hasFormat(MIME) or data.text().lstrip().startswith("{"))


def take() -> Reading | None:
    """The fragment on the clipboard, lines of PyTorch read as one, with what of them is not understood; ``None`` if it
    holds none. Raises `StudioError` if the text looks like a diagram or PyTorch and is not."""
    data = QGuiApplication.clipboard().mimeData()
    if not holds_fragment():
        return read_torch(data.text()) if data is not None and looks_like_torch(data.text()) else None
    return Reading(_fragment(data))


def _fragment(data: QMimeData) -> Diagram:
    return from_text(bytes(data.data(MIME).data()).decode("utf-8", "replace") if data.hasFormat(MIME) else data.text())
