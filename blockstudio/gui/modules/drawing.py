"""A module's drawing, small, as a palette's tool tip shows it."""

from __future__ import annotations

from base64 import b64encode
from html import escape

from PySide6.QtCore import QObject, QSize, Qt
from PySide6.QtGui import QImage

from blockstudio.graph.diagram import Diagram
from blockstudio.gui.canvas.paint.picture import natural_size, picture
from blockstudio.gui.canvas.scene.staging import Staging
from blockstudio.gui.document.document import DEFINITION
from blockstudio.gui.document.session import Session
from blockstudio.gui.kit.pictures import pixels_of
from blockstudio.gui.kit.text import tr

WIDEST = QSize(420, 360)
"""Pixels of a drawing at most."""


def described(diagram: Diagram, module: str) -> str:
    """What a module is, and its drawing, as rich text."""
    image = drawn(diagram, module)
    text = escape(tr(diagram.modules[module].description))
    encoded = b64encode(pixels_of(image)).decode("ascii")
    inputs = escape(", ".join(diagram.modules[module].parameters))
    parts = [f"<b>{escape(module)}</b>", text, f"<span style='color:gray'>{inputs}</span>" if inputs else ""]
    lines = "<br>".join(part for part in parts if part)
    return f"<div>{lines}<br><img src='data:image/png;base64,{encoded}' width={image.width()}></div>"


def drawn(diagram: Diagram, module: str) -> QImage:
    """The inside of a module, laid out, at most as large as a tool tip may be."""
    owner = QObject()
    session = Session(diagram, parent=owner)
    session.go(DEFINITION + module)
    staging = Staging(session, lambda: None, owner)
    staging.at_once = 10_000
    stage = staging.stage(session.path, session.scope)
    size = natural_size(stage).scaled(WIDEST, Qt.AspectRatioMode.KeepAspectRatio)
    image = picture(stage, size.expandedTo(QSize(60, 40)))
    session.close()
    owner.deleteLater()
    return image
