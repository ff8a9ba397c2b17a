"""SVG that looks the same everywhere: texts as outlines, each letter once, lines and fills as plain attributes.

Qt's own generator writes texts that need the typeface where they are read, and a group around every stroke.
"""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QFontMetricsF,
    QPainterPath,
    QPen,
    QStaticText,
    QTextLayout,
    QTransform,
)

from blockstudio.report.markup import escape

Letter = tuple[str, str, float, float]
NONE = "none"
_CAPS = {Qt.PenCapStyle.RoundCap: "round", Qt.PenCapStyle.SquareCap: "square"}


class SvgPainter:
    """Stands in for a `QPainter` in the drawing of stages, with the calls that needs. The same calls give the same
    bytes."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._letters: dict[tuple[object, ...], tuple[str, str]] = {}
        """Name and outline of every letter in use, by face, size and index."""
        self._lines: dict[tuple[str, str], list[Letter]] = {}
        self._pen: QPen | None = None
        self._brush: QBrush | None = None
        self._font = QFont()
        self._opacity = 1.0
        self._x = self._y = 0.0

    def document(self, area: QRectF, width: str, height: str, title: str, ground: QColor) -> str:
        """The file: ``area`` of what was painted, shown ``width`` wide and ``height`` tall (with units)."""
        box = " ".join(number(value) for value in (area.x(), area.y(), area.width(), area.height()))
        place = " ".join(
            f'{key}="{number(value)}"'
            for key, value in (("x", area.x()), ("y", area.y()), ("width", area.width()), ("height", area.height()))
        )
        letters = "".join(f'<path id="{name}" d="{d}"/>\n' for name, d in self._letters.values() if d)
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
            f'width="{width}" height="{height}" viewBox="{box}">\n'
            f"<title>{escape(title)}</title>\n<defs>\n{letters}</defs>\n"
            f'<rect {place} fill="{ground.name()}"/>\n' + "\n".join(self._parts) + "\n</svg>\n"
        )

    # What the painting sets

    def setRenderHint(self, *_: object) -> None:
        """Lines are smooth anyway."""

    def setPen(self, pen: QPen | QColor | Qt.PenStyle) -> None:
        self._pen = None if pen is Qt.PenStyle.NoPen else QPen(pen)

    def setBrush(self, brush: QBrush | QColor | Qt.BrushStyle) -> None:
        self._brush = None if brush is Qt.BrushStyle.NoBrush else QBrush(brush)

    def setFont(self, font: QFont) -> None:
        self._font = font

    def font(self) -> QFont:
        return self._font

    def setOpacity(self, opacity: float) -> None:
        self._opacity = opacity

    def translate(self, by: QPointF | float, dy: float = 0.0) -> None:
        dx, dy = (by.x(), by.y()) if isinstance(by, QPointF) else (by, dy)
        self._x, self._y = self._x + dx, self._y + dy

    def transform(self) -> QTransform:
        return QTransform.fromTranslate(self._x, self._y)

    # What it draws

    def drawPath(self, path: QPainterPath) -> None:
        self._shape(f'path d="{self._d(path)}"')

    def drawRoundedRect(self, rect: QRectF, rx: float, ry: float) -> None:
        self._shape(f'rect {self._box(rect)} rx="{number(rx)}" ry="{number(ry)}"')

    def drawRect(self, rect: QRectF) -> None:
        self._shape(f"rect {self._box(rect)}")

    def drawEllipse(self, middle: QPointF, rx: float, ry: float) -> None:
        self._shape(
            f'ellipse cx="{number(middle.x() + self._x)}" cy="{number(middle.y() + self._y)}" '
            f'rx="{number(rx)}" ry="{number(ry)}"'
        )

    def drawLines(self, lines: Iterable[QLineF]) -> None:
        for line in lines:
            self._shape(f'path d="{self._points("M", (line.p1(), line.p2()))}"', filled=False)

    def drawPolyline(self, points: Iterable[QPointF]) -> None:
        self._shape(f'path d="{self._points("M", points)}"', filled=False)

    def drawPolygon(self, points: Iterable[QPointF]) -> None:
        self._shape(f'path d="{self._points("M", points)}Z"')

    def drawStaticText(self, at: QPointF, text: QStaticText) -> None:
        self._text(at.x(), at.y(), text.text())

    def drawText(self, rect: QRectF, flags: int, text: str) -> None:
        """One line in the middle of ``rect``, the only way in which cards write into rectangles."""
        if Qt.AlignmentFlag(flags) != Qt.AlignmentFlag.AlignCenter:
            raise NotImplementedError(f"drawText with {flags}")
        metrics = QFontMetricsF(self._font)
        middle = rect.center()
        self._text(middle.x() - metrics.horizontalAdvance(text) / 2, middle.y() - metrics.height() / 2, text)

    # As text

    def _laid_out(self, text: str) -> list[Letter]:
        """The letters of a line whose upper left corner is (0, 0): which, where their origin stands, their outline.
        Letters that the face lacks come from the system's, as on the screen."""
        key = (text, self._font.toString())
        if key in self._lines:
            return self._lines[key]
        layout = QTextLayout(text, self._font)
        layout.beginLayout()
        layout.createLine().setLineWidth(1e6)
        layout.endLayout()
        found = self._lines[key] = []
        for run in layout.glyphRuns():
            raw = run.rawFont()
            face = (raw.familyName(), raw.styleName(), raw.weight(), raw.pixelSize())
            for index, at in zip(run.glyphIndexes(), run.positions(), strict=True):
                letter = (*face, index)
                if letter not in self._letters:
                    self._letters[letter] = f"l{len(self._letters)}", commands(raw.pathForGlyph(index))
                found.append((*self._letters[letter], at.x(), at.y()))
        return found

    def _shape(self, text: str, filled: bool = True) -> None:
        brush, pen = self._brush if filled else None, self._pen
        text += f' fill="{NONE if brush is None else brush.color().name()}"'
        if brush is not None and brush.color().alpha() < 255:
            text += f' fill-opacity="{number(brush.color().alphaF())}"'
        if pen is not None:
            width = pen.widthF() or 1.0
            text += f' stroke="{pen.color().name()}" stroke-width="{number(width)}"'
            if pen.capStyle() in _CAPS:
                text += f' stroke-linecap="{_CAPS[pen.capStyle()]}"'
            if pen.color().alpha() < 255:
                text += f' stroke-opacity="{number(pen.color().alphaF())}"'
            if pen.style() == Qt.PenStyle.CustomDashLine:
                dashes = " ".join(number(part * width) for part in pen.dashPattern())
                text += f' stroke-dasharray="{dashes}"'
        self._parts.append(f"<{text}{self._faded()}/>")

    def _faded(self) -> str:
        return f' opacity="{number(self._opacity)}"' if self._opacity < 1 else ""

    def _text(self, x: float, y: float, text: str) -> None:
        if not text or self._pen is None:
            return
        letters = []
        for name, d, at_x, at_y in self._laid_out(text):
            if d:  # a blank has no outline
                place = f' x="{number(at_x)}"' * (at_x != 0) + f' y="{number(at_y)}"' * (at_y != 0)
                letters.append(f'<use xlink:href="#{name}"{place}/>')
        self._parts.append(
            f'<g transform="translate({number(x + self._x)} {number(y + self._y)})" '
            f'fill="{self._pen.color().name()}" aria-label="{escape(text)}"{self._faded()}>{"".join(letters)}</g>'
        )

    def _box(self, rect: QRectF) -> str:
        return (
            f'x="{number(rect.x() + self._x)}" y="{number(rect.y() + self._y)}" '
            f'width="{number(rect.width())}" height="{number(rect.height())}"'
        )

    def _points(self, first: str, points: Iterable[QPointF]) -> str:
        return first + " ".join(f"{number(at.x() + self._x)} {number(at.y() + self._y)}" for at in points)

    def _d(self, path: QPainterPath) -> str:
        return commands(path, self._x, self._y)


def number(value: float) -> str:
    """A hundredth of a pixel is finer than any print."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def commands(path: QPainterPath, dx: float = 0.0, dy: float = 0.0) -> str:
    """A path as the ``d`` of SVG."""
    found = []
    kind = QPainterPath.ElementType
    for index in range(path.elementCount()):
        element = path.elementAt(index)
        sign = {kind.MoveToElement: "M", kind.LineToElement: "L", kind.CurveToElement: "C"}.get(element.type, " ")
        found.append(f"{sign}{number(element.x + dx)} {number(element.y + dy)}")
    return "".join(found)
