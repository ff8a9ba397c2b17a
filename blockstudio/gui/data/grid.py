"""Counts and samples in one grid: a row a class, its bar on the left, tiles as the network sees them on the right."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QSizePolicy, QToolTip

from blockstudio.gui.data.survey import COUNT, SurveyControl, Tile
from blockstudio.gui.kit.parts import strong
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import font, mix, notifier, theme

PITCH, TILE = 66, 64
NAMES, BAR, FIGURES = 92, 182, 56
LEFT = NAMES + BAR + FIGURES + 32
"""Width of counts; tiles begin here."""
TOP = 18
"""Room for the word over the dotted mean."""
BAR_HEIGHT = 14
FEWER = 3.0
"""From so many times fewer images than the largest class on, it is said."""


def part_colours() -> tuple[QColor, QColor, QColor]:
    """Of train, validation and test."""
    return theme().series[0], theme().series[1], mix(theme().secondary, theme().panel, 0.4)


class ClassGrid(QAbstractScrollArea):
    """See the module's text. Arrows move the chosen tile, R draws again."""

    weigh_wanted = Signal()
    """Classes are to be weighed by their size."""

    def __init__(self, control: SurveyControl) -> None:
        super().__init__()
        self.control = control
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName(tr("Classes and samples"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self._hovered: tuple[int, int] | None = None
        self._links: dict[int, QRect] = {}
        """Where a class says that it is to be weighed."""
        self.verticalScrollBar().setSingleStep(PITCH)
        self.verticalScrollBar().valueChanged.connect(lambda _: self._look())
        control.changed.connect(self._refresh)
        control.tiles_changed.connect(self._look)
        notifier.changed.connect(self.viewport().update)

    def sizeHint(self) -> QSize:
        rows = min(10, max(1, len(self.control.known.classes)))
        return QSize(LEFT + 12 * PITCH, TOP + rows * PITCH)

    def minimumSizeHint(self) -> QSize:
        return QSize(LEFT + 3 * PITCH, TOP + 2 * PITCH)

    @property
    def columns(self) -> int:
        """Tiles for which there is room in a row."""
        return max(1, min(COUNT, (self.viewport().width() - LEFT + 2) // PITCH))

    def rows_in_view(self) -> range:
        """Classes of which something can be seen."""
        top = self.verticalScrollBar().value()
        first = max(0, (top - TOP) // PITCH)
        last = (top + self.viewport().height() - TOP + PITCH - 1) // PITCH
        return range(first, min(len(self.control.known.classes), last))

    def tile_rect(self, label: int, place: int) -> QRect:
        """Where a tile is, in the viewport."""
        top = TOP + label * PITCH - self.verticalScrollBar().value()
        return QRect(LEFT + place * PITCH, top, TILE, TILE)

    def tile_at(self, at: QPoint) -> Tile | None:
        """The tile under a point."""
        label = (at.y() + self.verticalScrollBar().value() - TOP) // PITCH
        place = (at.x() - LEFT) // PITCH if at.x() >= LEFT else -1
        tiles = self.control.known.tiles.get(label, [])
        return tiles[place] if 0 <= place < min(len(tiles), self.columns) else None

    def _refresh(self) -> None:
        height = TOP + len(self.control.known.classes) * PITCH
        self.setMaximumHeight(max(height, self.minimumSizeHint().height()))
        self.verticalScrollBar().setPageStep(self.viewport().height())
        self.verticalScrollBar().setRange(0, max(0, height - self.viewport().height()))
        self.updateGeometry()
        self._look()

    def _look(self) -> None:
        if self.isVisible():
            self.control.want(list(self.rows_in_view()))
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._refresh()

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        known, colours = self.control.known, theme()
        totals = known.totals()
        if not totals:
            return
        most, mean = max(1, *totals), sum(totals) / len(totals)
        self._links.clear()
        line = NAMES + round(BAR * mean / most)
        painter.setPen(QPen(colours.secondary, 1, Qt.PenStyle.DotLine))
        rows = self.rows_in_view()
        painter.drawLine(line, max(TOP, 0), line, min(self.viewport().height(), TOP + len(totals) * PITCH))
        if self.verticalScrollBar().value() < TOP:
            painter.setFont(font(11))
            painter.setPen(colours.secondary)
            mean_at = QRect(line + 5, -self.verticalScrollBar().value(), 120, 14)
            painter.drawText(mean_at, Qt.AlignmentFlag.AlignVCenter, tr("mean {count}", count=f"{mean:,.0f}"))
        for label in rows:
            self._paint_counts(painter, label, totals[label], most)
            self._paint_tiles(painter, label)
        if self.hasFocus() and known.chosen is None:
            painter.setPen(colours.accent)
            painter.drawRect(self.viewport().rect().adjusted(0, 0, -1, -1))

    def _paint_counts(self, painter: QPainter, label: int, total: int, most: int) -> None:
        known, colours = self.control.known, theme()
        top = TOP + label * PITCH - self.verticalScrollBar().value()
        middle = top + TILE // 2
        chosen = known.chosen is not None and known.chosen[0] == label
        painter.setFont(font(12, bold=chosen))
        painter.setPen(colours.text)
        name = painter.fontMetrics().elidedText(known.classes[label], Qt.TextElideMode.ElideRight, NAMES - 10)
        painter.drawText(QRect(0, middle - 9, NAMES - 8, 18), Qt.AlignmentFlag.AlignVCenter, name)
        left = float(NAMES)
        for count, colour in zip(known.of_class(label), part_colours(), strict=True):
            width = BAR * count / most
            if width > 0:
                painter.fillRect(QRectF(left, middle - BAR_HEIGHT / 2, max(width - 1, 0.75), BAR_HEIGHT), colour)
            left += width
        painter.setFont(font(12, bold=True))
        painter.setPen(colours.text)
        figures = QRect(NAMES + BAR + 4, middle - 9, FIGURES, 18)
        painter.drawText(figures, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{total:,}")
        if total * FEWER <= most and self.control.recipe.balance == "none" and total:
            self._paint_warning(painter, label, most / total, middle + BAR_HEIGHT // 2 + 4)

    def _paint_warning(self, painter: QPainter, label: int, times: float, top: int) -> None:
        known, colours = self.control.known, theme()
        totals = known.totals()
        painter.setFont(font(11))
        largest = known.classes[totals.index(max(totals))]
        text = tr("{times} × fewer than {name}", times=f"{times:.1f}", name=largest)
        link = tr("weigh classes")
        metrics = painter.fontMetrics()
        room = BAR + FIGURES - metrics.horizontalAdvance(link) - 6
        text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)
        painter.setPen(colours.warning)
        painter.drawText(QRect(NAMES, top, room, 16), Qt.AlignmentFlag.AlignVCenter, text)
        at = QRect(NAMES + metrics.horizontalAdvance(text) + 6, top, metrics.horizontalAdvance(link), 16)
        painter.setPen(colours.link)
        painter.drawText(at, Qt.AlignmentFlag.AlignVCenter, link)
        self._links[label] = at

    def _paint_tiles(self, painter: QPainter, label: int) -> None:
        known, colours = self.control.known, theme()
        tiles = known.tiles.get(label)
        if tiles is None:
            for place in range(self.columns):
                painter.fillRect(self.tile_rect(label, place), colours.field)
            return
        for place, tile in enumerate(tiles[: self.columns]):
            rect = self.tile_rect(label, place)
            paint_picture(painter, tile.image, rect)
            if known.chosen == (label, tile.index):
                painter.setPen(QPen(colours.accent, 2))
                painter.drawRect(rect.adjusted(0, 0, -1, -1))
            elif self._hovered == (label, place):
                painter.setPen(QPen(colours.secondary, 1))
                painter.drawRect(rect.adjusted(0, 0, -1, -1))

    # Hand and keys

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = event.position().toPoint()
        if self._link_at(at):
            self.weigh_wanted.emit()
        elif (tile := self.tile_at(at)) is not None:
            self.control.explain(tile)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position().toPoint()
        tile = self.tile_at(at)
        hovered = None if tile is None else (tile.label, (at.x() - LEFT) // PITCH)
        hand = tile is not None or self._link_at(at)
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if hand else Qt.CursorShape.ArrowCursor)
        if hovered != self._hovered:
            self._hovered = hovered
            self.viewport().update()

    def links(self) -> dict[int, QRect]:
        """Of the classes in view those that can be weighed, and where that stands in the viewport."""
        return dict(self._links)

    def _link_at(self, at: QPoint) -> bool:
        return any(rect.contains(at) for rect in self._links.values())

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.verticalScrollBar().event(event)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            tile = self.tile_at(event.pos())
            lines = [] if tile is None else [strong(tile.file), tile.stored, tile.drawn]
            QToolTip.showText(event.globalPos(), "<br>".join(line for line in lines if line), self.viewport())
            return True
        return super().viewportEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0),
        }  # fmt: skip
        step = steps.get(Qt.Key(event.key()))
        if event.key() == Qt.Key.Key_R and not event.modifiers():
            self.control.draw_again()
        elif step is not None:
            self.move_choice(*step)
        else:
            super().keyPressEvent(event)

    def move_choice(self, down: int, right: int) -> None:
        """Explain the tile beside the chosen one."""
        known = self.control.known
        label, index = known.chosen or (0, -1)
        row = known.tiles.get(label, [])
        place = next((place for place, tile in enumerate(row) if tile.index == index), 0)
        label = max(0, min(len(known.classes) - 1, label + down))
        tiles = known.tiles.get(label, [])[: self.columns]
        if tiles:
            self.control.explain(tiles[max(0, min(len(tiles) - 1, place + right))])
            top, bar = TOP + label * PITCH, self.verticalScrollBar()
            bar.setValue(max(min(bar.value(), top - TOP), top + PITCH - self.viewport().height()))


def paint_picture(painter: QPainter, image: QImage, rect: QRect) -> None:
    """A picture in the middle of a square: small ones a whole number of times as large, not smoothed."""
    side, longest = rect.width(), max(image.width(), image.height())
    factor = float(max(1, side // longest)) if longest <= side else side / longest
    width, height = image.width() * factor, image.height() * factor
    at = QRectF(rect.center().x() + 0.5 - width / 2, rect.center().y() + 0.5 - height / 2, width, height)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, longest > side)
    painter.drawImage(at, image)
