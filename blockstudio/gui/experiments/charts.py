"""Curves as mean ± deviation, and what is reached at which cost. Painted here, so that they can be saved."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from blockstudio.experiments.results import Row
from blockstudio.experiments.standing import Standing
from blockstudio.experiments.statistics import deviation, mean
from blockstudio.gui.experiments.looks import axis_name, figure, hue, mark, others
from blockstudio.gui.kit.parts import count_text
from blockstudio.gui.kit.plotting import ticks
from blockstudio.gui.kit.text import tr, tr_many
from blockstudio.gui.kit.theme import as_text, font, notifier, theme

MOST_PANELS = 4
LEFT, FOOT, TOP = 46, 22, 24


class Chart(QWidget):
    """A white ground, hairlines, no frame. Without figures it is one sentence."""

    nothing = ""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.standing: Standing | None = None
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(170)
        notifier.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(560, 300)

    def show_standing(self, standing: Standing | None) -> None:
        """Show how it stands."""
        self.standing = standing
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self.paint(painter, QRect(0, 0, self.width(), self.height()))

    def paint(self, painter: QPainter, room: QRect) -> None:
        """Paint into a rectangle of whatever device."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.standing is None or not self.draw(painter, room, self.standing):
            painter.setFont(font(12))
            painter.setPen(theme().secondary)
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.nothing)

    def draw(self, painter: QPainter, room: QRect, standing: Standing) -> bool:
        """False if there is nothing to draw."""
        raise NotImplementedError


class BandChart(Chart):
    """A panel for each setting of what is not compared, a curve with its band for each variant in it."""

    def __init__(self) -> None:
        super().__init__(tr("Curves over the seeds"))
        self.nothing = tr("Curves come with the first trials.")
        self.curve = ""

    def draw(self, painter: QPainter, room: QRect, standing: Standing) -> bool:
        panels: dict[str, list[Row]] = {}
        for row in standing.rows:
            if row.variant.index in standing.bands:
                panels.setdefault(others(standing.plan, row.variant), []).append(row)
        if not panels:
            return False
        bands = standing.bands.values()
        low = min(min(value - spread for value, spread in zip(b.mean, b.deviation, strict=True)) for b in bands)
        high = max(max(value + spread for value, spread in zip(b.mean, b.deviation, strict=True)) for b in bands)
        percent = self.curve.endswith("accuracy")
        low, high = (max(0.0, low) if low > 0.2 else 0.0, min(1.0, high)) if percent else (min(0.0, low), high)
        last = max(band.steps[-1] for band in bands)
        shown = list(panels.items())[:MOST_PANELS]
        wide = (room.width() - LEFT) / len(shown)
        marks = ticks(low, high)
        painter.setFont(font(11))
        for tick in marks:
            y = self._y(tick, low, high, room)
            painter.setPen(theme().secondary)
            painter.drawText(QRectF(0, y - 8, LEFT - 8, 16), Qt.AlignmentFlag.AlignRight,
                             f"{100 * tick:.0f} %" if percent else f"{tick:g}")  # fmt: skip
        for place, (name, rows) in enumerate(shown):
            left = room.left() + LEFT + place * wide
            self._panel(
                painter, QRectF(left, room.top(), wide - 18, room.height()), name, rows, (low, high, last), marks
            )
        return True

    def _y(self, value: float, low: float, high: float, room: QRect) -> float:
        return room.bottom() - FOOT - (room.height() - FOOT - TOP) * (value - low) / max(1e-12, high - low)

    def _panel(
        self, painter: QPainter, at: QRectF, name: str, rows: list[Row], span: tuple[float, float, float],
        marks: Sequence[float],
    ) -> None:  # fmt: skip
        standing, colours = self.standing, theme()
        assert standing is not None
        low, high, last = span
        room = at.toRect()
        painter.setFont(font(12, bold=True))
        painter.setPen(colours.text)
        painter.drawText(QRectF(at.left(), at.top(), at.width(), 18), Qt.AlignmentFlag.AlignLeft, name)
        painter.setPen(colours.hairline)
        for tick in marks:
            y = self._y(tick, low, high, room)
            painter.drawLine(QPointF(at.left(), y), QPointF(at.right(), y))
        painter.setFont(font(11))
        painter.setPen(colours.secondary)
        foot = QRectF(at.left(), at.bottom() - FOOT + 4, at.width(), 16)
        painter.drawText(foot, Qt.AlignmentFlag.AlignLeft, "0")
        painter.drawText(foot, Qt.AlignmentFlag.AlignRight, tr_many("{count} step", "{count:,} steps", round(last)))
        measure = standing.plan.experiment.measure
        if measure.target is not None and measure.curve == self.curve:
            painter.setPen(QPen(colours.secondary, 1, Qt.PenStyle.CustomDashLine))
            pen = painter.pen()
            pen.setDashPattern([3, 3])
            painter.setPen(pen)
            y = self._y(measure.target, low, high, room)
            painter.drawLine(QPointF(at.left(), y), QPointF(at.right(), y))

        def point(step: float, value: float) -> QPointF:
            return QPointF(at.left() + at.width() * step / max(1.0, last), self._y(value, low, high, room))

        for row in rows:
            band, colour = standing.bands[row.variant.index], hue(standing.plan, row.variant)
            up = [point(s, m + d) for s, m, d in zip(band.steps, band.mean, band.deviation, strict=True)]
            down = [point(s, m - d) for s, m, d in zip(band.steps, band.mean, band.deviation, strict=True)]
            veil = QColor(colour)
            veil.setAlphaF(0.18)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(veil)
            painter.drawPolygon(QPolygonF([*up, *reversed(down)]))
            painter.setPen(QPen(colour, 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPolyline(QPolygonF([point(s, m) for s, m in zip(band.steps, band.mean, strict=True)]))
        for place, row in enumerate(rows):
            # Where accuracy has nothing to show at its end, and loss at its beginning's height: clear of the curves.
            top = (
                at.bottom() - FOOT - 17 * (len(rows) - place)
                if self.curve.endswith("accuracy")
                else at.top() + 20 + 17 * place
            )
            painter.setPen(as_text(hue(standing.plan, row.variant)))
            name = axis_name(standing.plan, row.variant)
            painter.drawText(QRectF(at.left(), top, at.width() - 4, 15), Qt.AlignmentFlag.AlignRight, name)
            self._crossing(painter, row, point)

    def _crossing(self, painter: QPainter, row: Row, point: Callable[[float, float], QPointF]) -> None:
        """Steps at which the target is reached, in the mean over the seeds."""
        standing = self.standing
        assert standing is not None
        measure, found = standing.plan.experiment.measure, list(row.values().values())
        if measure.take == "steps_to" and measure.curve == self.curve and found and measure.target is not None:
            at = point(mean(found), measure.target)
            mark(painter, at.x(), at.y(), hue(standing.plan, row.variant), 4, hollow=True)


class FrontChart(Chart):
    """The measure against a cost, with those that no other beats in both."""

    def __init__(self) -> None:
        super().__init__(tr("Measure against cost"))
        self.nothing = tr("Points come with the first results.")
        self.cost = "parameters"

    def draw(self, painter: QPainter, room: QRect, standing: Standing) -> bool:
        costs = standing.costs[self.cost]
        rows = [row for row in standing.rows if row.values() and costs.get(row.variant.index)]
        if not rows:
            return False
        measure = standing.plan.experiment.measure
        percent = measure.rising and measure.target is None
        ends = [(mean(list(row.values().values())), deviation(list(row.values().values())) or 0.0) for row in rows]
        low, high = min(m - d for m, d in ends), max(m + d for m, d in ends)
        pad = (high - low) * 0.12 or abs(high) * 0.05 or 1.0
        low, high = low - pad, high + pad
        logs = [math.log10(costs[row.variant.index]) for row in rows]
        first, last = min(logs), max(logs)
        if last - first < 0.3:
            first, last = first - 0.2, last + 0.2
        inner = QRectF(room.left() + LEFT + 8, room.top() + 6, room.width() - LEFT - 30, room.height() - FOOT - 6)

        def point(row: Row, value: float) -> QPointF:
            share = (math.log10(costs[row.variant.index]) - first) / (last - first)
            return QPointF(inner.left() + inner.width() * (0.05 + 0.9 * share), height(value))

        def height(value: float) -> float:
            return inner.bottom() - inner.height() * (value - low) / (high - low)

        painter.setFont(font(11))
        for tick in ticks(low, high):
            painter.setPen(theme().secondary)
            painter.drawText(
                QRectF(0, height(tick) - 8, LEFT - 4, 16), Qt.AlignmentFlag.AlignRight, figure(tick, percent)
            )
            painter.setPen(theme().hairline)
            painter.drawLine(QPointF(inner.left(), height(tick)), QPointF(inner.right(), height(tick)))
        painter.setPen(theme().secondary)
        for share in (0.0, 0.5, 1.0):
            value = 10 ** (first + share * (last - first))
            x = inner.left() + inner.width() * (0.05 + 0.9 * share)
            unit = {"parameters": "", "macs": " MACs", "seconds": " s"}[self.cost]
            text = (count_text(value) if self.cost != "seconds" else f"{value:.3g}") + unit
            painter.drawText(QRectF(x - 60, inner.bottom() + 4, 120, 16), Qt.AlignmentFlag.AlignHCenter, text)
        self._staircase(painter, standing, rows, point, inner)
        for row in rows:
            values = list(row.values().values())
            at, spread, colour = point(row, mean(values)), deviation(values), hue(standing.plan, row.variant)
            if spread:
                painter.setPen(QPen(colour, 1))
                painter.drawLine(point(row, mean(values) - spread), point(row, mean(values) + spread))
            whole = len(row.ended()) == len(row.outcomes)
            mark(painter, at.x(), at.y(), colour, 5, hollow=not whole)
            painter.setFont(font(11, bold=row.variant.index in standing.fronts[self.cost]))
            painter.setPen(theme().text)
            label = (
                row.name
                if whole
                else tr("{name}, {done} of {all}", name=row.name, done=len(row.ended()), all=len(row.outcomes))
            )
            right = at.x() > inner.center().x()
            box = QRectF(at.x() - 250 if right else at.x() + 9, at.y() - 17, 241, 15)
            # The staircase and other marks stop at a name.
            wide = painter.fontMetrics().horizontalAdvance(label) + 4
            painter.fillRect(
                QRectF(box.right() - wide if right else box.left() - 2, box.top(), wide, 15), theme().panel
            )
            painter.drawText(box, Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft, label)
        return True

    def _staircase(
        self,
        painter: QPainter,
        standing: Standing,
        rows: list[Row],
        point: Callable[[Row, float], QPointF],
        inner: QRectF,
    ) -> None:
        order = {row.variant.index: row for row in rows}
        steps: list[QPointF] = []
        for index in standing.fronts[self.cost]:
            row = order.get(index)
            if row is None:
                continue
            at = point(row, mean(list(row.values().values())))
            if steps:
                steps.append(QPointF(at.x(), steps[-1].y()))
            steps.append(at)
        if not steps:
            return
        steps.append(QPointF(inner.right(), steps[-1].y()))
        pen = QPen(theme().accent, 1.4, Qt.PenStyle.CustomDashLine)
        pen.setDashPattern([4, 3])
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF(steps))
