"""What is compared, a row a pair: values, a strip with a dot a seed, the difference and how likely it is by chance."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from blockstudio.experiments.results import Row
from blockstudio.experiments.standing import Difference, Standing
from blockstudio.gui.experiments.looks import axis_name, figure, hue, mark, others
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import font, notifier, theme

ROW, HEAD, STRIP = 29, 26, 212


class ComparisonTable(QWidget):
    """See the module's text."""

    def __init__(self) -> None:
        super().__init__()
        self.standing: Standing | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Comparison"))
        notifier.changed.connect(self.update)

    def show_standing(self, standing: Standing | None) -> None:
        """Show how it stands."""
        before, self.standing = self.sizeHint(), standing
        if standing is not None:
            self.setAccessibleDescription(
                "; ".join(f"{each.row.name}: {self.p_text(each)}" for each in standing.differences)
            )
        if self.sizeHint() != before:
            self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        count = 0 if self.standing is None else len(self.standing.differences)
        return QSize(620, HEAD + ROW * count + 2)

    def p_text(self, found: Difference) -> str:
        """The last columns of a row."""
        if found.pairs < 2:
            return tr("one pair so far") if found.pairs else tr("no pair yet")
        p = found.row.p
        return "" if p is None else ("< 0.0001" if p < 0.0001 else f"{p:.2g}" if p < 0.1 else f"{p:.2f}")

    def _span(self) -> tuple[float, float]:
        assert self.standing is not None
        values = [value for row in self.standing.rows for value in row.values().values()]
        if not values:
            return 0.0, 1.0
        low, high = min(values), max(values)
        if self.standing.plan.experiment.measure.take in ("steps_to", "seconds_to"):
            low = 0.0
        return (low, high) if high > low else (low - 0.5, high + 0.5)

    def paintEvent(self, event: QPaintEvent) -> None:
        standing = self.standing
        if standing is None or not standing.differences:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = theme()
        percent = standing.plan.experiment.measure.rising and standing.plan.experiment.measure.target is None
        wide = self.width()
        p_left = wide - 78
        difference_left = p_left - 124
        strip = difference_left - STRIP - 10
        names = strip - 14
        low, high = self._span()

        def x(value: float) -> float:
            return strip + 6 + (STRIP - 22) * (value - low) / (high - low)

        painter.setFont(font(11))
        painter.setPen(colours.secondary)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRect(difference_left, 0, 116, HEAD), right, tr("difference ± 95 %"))
        painter.drawText(QRect(p_left, 0, 52, HEAD), right, tr("p"))
        for share in (0.0, 0.5, 1.0):
            at = low + share * (high - low)
            painter.setPen(colours.secondary)
            painter.drawText(QRect(round(x(at)) - 40, 0, 80, HEAD), Qt.AlignmentFlag.AlignCenter, figure(at, percent))
            painter.setPen(colours.hairline)
            painter.drawLine(round(x(at)), HEAD, round(x(at)), self.height())
        painter.drawLine(0, HEAD - 1, wide, HEAD - 1)
        for place, each in enumerate(standing.differences):
            top = HEAD + place * ROW
            self._paint_names(painter, each, QRect(0, top, names, ROW))
            for row, middle in ((each.reference, top + 9), (each.row, top + 20)):
                colour = hue(standing.plan, row.variant)
                for value in row.values().values():
                    mark(painter, x(value), middle, colour, 3)
                if len(row.ended()) > len(row.values()):
                    self._paint_never(painter, strip + STRIP - 8, middle, row)
            self._paint_difference(painter, each, QRect(difference_left, top, 116, ROW), percent)
            painter.setFont(font(12 if each.pairs > 1 else 11))
            painter.setPen(colours.text if each.pairs > 1 else colours.secondary)
            wide_text = QRect(p_left - (60 if each.pairs < 2 else 10), top, 62 if each.pairs > 1 else 112, ROW)
            painter.drawText(wide_text, right, self.p_text(each))
            if each.row.supported:
                mark(painter, wide - 8, top + ROW / 2, colours.accent, 4)
            painter.setPen(colours.hairline)
            painter.drawLine(0, top + ROW, wide, top + ROW)

    def _paint_names(self, painter: QPainter, each: Difference, at: QRect) -> None:
        standing, colours = self.standing, theme()
        assert standing is not None
        painter.setFont(font(12))
        painter.setPen(colours.text)
        rest = others(standing.plan, each.row.variant)
        text = tr("{name} against {other}", name=axis_name(standing.plan, each.row.variant),
                  other=axis_name(standing.plan, each.reference.variant))  # fmt: skip
        text = f"{rest}: {text}" if rest else text
        text = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, at.width())
        painter.drawText(at, Qt.AlignmentFlag.AlignVCenter, text)

    def _paint_never(self, painter: QPainter, x: float, y: float, row: Row) -> None:
        """▸: some never got there."""
        assert self.standing is not None
        painter.setPen(QPen(Qt.PenStyle.NoPen))
        painter.setBrush(hue(self.standing.plan, row.variant))
        painter.drawPolygon(QPolygonF([QPointF(x - 3, y - 4), QPointF(x + 4, y), QPointF(x - 3, y + 4)]))

    def _paint_difference(self, painter: QPainter, each: Difference, at: QRect, percent: bool) -> None:
        colours = theme()
        if each.mean is None or each.pairs < 2:
            if each.row.p is None:
                return
            got = tr("{mine} of {all}, not {theirs}", mine=len(each.row.values()), all=len(each.row.ended()),
                     theirs=len(each.reference.values()))  # fmt: skip
            painter.setFont(font(12, bold=True))
            painter.setPen(colours.text)
            painter.drawText(at, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, got)
            return
        main, spread = difference_texts(each.mean, each.half, percent)
        painter.setFont(font(12))
        painter.setPen(colours.secondary)
        width = painter.fontMetrics().horizontalAdvance(spread)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(at, right, spread)
        painter.setFont(font(12, bold=True))
        painter.setPen(colours.text)
        painter.drawText(at.adjusted(0, 0, -width, 0), right, main)


def difference_texts(mean: float, half: float | None, percent: bool) -> tuple[str, str]:
    """A mean difference and half its interval: ``−17.5`` and `` ± 3.2``; of shares in points, which are no per cent of
    anything: ``−0.8`` and `` ± 0.7 points``."""
    sign = "+" if mean > 0 else "−"
    if not percent:
        return sign + figure(abs(mean)), "" if half is None else f" ± {figure(half)}"
    if half is None:
        return tr("{points} points", points=f"{sign}{100 * abs(mean):.1f}"), ""
    return f"{sign}{100 * abs(mean):.1f}", " " + tr("{points} points", points=f"± {100 * half:.1f}")
