"""Variants by seeds: a chip a trial. What state it is in is said by its words and its outline, not by colour alone."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from blockstudio.experiments import Outcome
from blockstudio.experiments.definition import plain_value, short
from blockstudio.experiments.results import Row
from blockstudio.experiments.standing import Standing
from blockstudio.experiments.statistics import deviation, mean
from blockstudio.gui.experiments.looks import figure, hue, mark
from blockstudio.gui.kit.text import plain, tr
from blockstudio.gui.kit.theme import font, mix, notifier, theme

ROW, CHIP, CHIP_HEIGHT, HEAD = 26, 76, 20, 26
KEY, SUM, DONE = 84, 128, 60


class TrialMatrix(QWidget):
    """See the module's text. A click on a chip asks for its run."""

    picked = Signal(int, int)
    """A variant's index and a seed."""

    def __init__(self) -> None:
        super().__init__()
        self.standing: Standing | None = None
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Trials by seed"))
        notifier.changed.connect(self.update)

    def show_standing(self, standing: Standing | None) -> None:
        """Show how it stands."""
        before = self.sizeHint()
        self.standing = standing
        if standing is not None:
            self.setAccessibleDescription("; ".join(self._words(row) for row in standing.rows))
        if self.sizeHint() != before:
            self.updateGeometry()
        self.update()

    def _words(self, row: Row) -> str:
        return f"{row.name}: " + ", ".join(self.chip_text(outcome) for outcome in row.outcomes.values())

    def sizeHint(self) -> QSize:
        standing = self.standing
        if standing is None:
            return QSize(400, HEAD)
        keys, seeds = len(standing.plan.varied), len(standing.plan.experiment.seeds)
        return QSize(keys * KEY + seeds * (CHIP + 6) + SUM + self._done, HEAD + len(standing.rows) * ROW + 4)

    def minimumSizeHint(self) -> QSize:
        return QSize(300, self.sizeHint().height())

    def chip_text(self, outcome: Outcome) -> str:
        """What stands on a chip."""
        match outcome.status:
            case "finished" | "diverged":
                return tr("never") if outcome.value is None else figure(outcome.value, self._percent)
            case "running" | "paused" | "stopped" | "lost" | "asked":
                share = outcome.step / outcome.steps if outcome.steps else 0.0
                return f"{100 * share:.0f} %"
            case "failed":
                return tr("failed")
        return tr("queued")

    @property
    def _percent(self) -> bool:
        assert self.standing is not None
        measure = self.standing.plan.experiment.measure
        return measure.rising and measure.take in ("final", "best")

    @property
    def _done(self) -> int:
        """Width of the last column, in any language."""
        seeds = 0 if self.standing is None else len(self.standing.plan.experiment.seeds)
        return max(DONE, QFontMetrics(font(11)).horizontalAdvance(tr("{done} of {all}", done=seeds, all=seeds)) + 8)

    def _columns(self) -> tuple[int, int, int, int]:
        """Width of a key, left of the chips, distance of chips, left of the sums."""
        standing = self.standing
        assert standing is not None
        keys, seeds = max(1, len(standing.plan.varied)), len(standing.plan.experiment.seeds)
        room = self.width() - SUM - self._done
        key = min(KEY + 20, max(44, (room - seeds * (CHIP + 6)) // keys))
        pitch = min(CHIP + 6, max(44, (room - keys * key) // max(1, seeds)))
        return key, keys * key, pitch, keys * key + seeds * pitch

    def chip_rect(self, index: int, place: int) -> QRect:
        """Where a chip is."""
        _, left, pitch, _ = self._columns()
        return QRect(left + place * pitch, HEAD + index * ROW + (ROW - CHIP_HEIGHT) // 2, pitch - 6, CHIP_HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        standing = self.standing
        if standing is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours, plan = theme(), standing.plan
        key, _, _, sums = self._columns()
        painter.setFont(font(11))
        painter.setPen(colours.secondary)
        for place, name in enumerate(plan.varied):
            painter.drawText(QRect(place * key, 0, key - 6, HEAD), Qt.AlignmentFlag.AlignVCenter, short(name))
        for place, seed in enumerate(plan.experiment.seeds):
            rect = self.chip_rect(0, place)
            rect.moveTop(3)
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, tr("seed {seed}", seed=seed))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRect(sums, 0, SUM - 8, HEAD), right, tr("mean ± deviation"))
        painter.drawText(QRect(self.width() - self._done, 0, self._done, HEAD), right, tr("done"))
        painter.setPen(colours.hairline)
        painter.drawLine(0, HEAD - 1, self.width(), HEAD - 1)
        for index, row in enumerate(standing.rows):
            self._paint_row(painter, index, row, key, sums)

    def _paint_row(self, painter: QPainter, index: int, row: Row, key: int, sums: int) -> None:
        standing, colours = self.standing, theme()
        assert standing is not None
        top, values = HEAD + index * ROW, row.variant.values()
        painter.setFont(font(12))
        for place, name in enumerate(standing.plan.varied):
            painter.setPen(colours.text)
            at = QRect(place * key, top, key - 6, ROW)
            if place == len(standing.plan.varied) - 1:
                mark(painter, at.left() + 4, at.center().y(), hue(standing.plan, row.variant))
                at.setLeft(at.left() + 14)
                painter.setPen(colours.text)
            text = plain_value(values[name]) if name in values else ""
            text = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, at.width())
            painter.drawText(at, Qt.AlignmentFlag.AlignVCenter, text)
        for place, seed in enumerate(standing.plan.experiment.seeds):
            self._paint_chip(painter, self.chip_rect(index, place), row.outcomes[seed])
        found = list(row.values().values())
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.setFont(font(12))
        painter.setPen(colours.text)
        spread = deviation(found)
        text = "" if not found else figure(mean(found), self._percent)
        if spread is not None:
            text += f" ± {figure(spread, self._percent)}"
        painter.drawText(QRect(sums, top, SUM - 8, ROW), right, text)
        painter.setFont(font(11))
        painter.setPen(colours.secondary)
        done = tr("{done} of {all}", done=len(row.ended()), all=len(row.outcomes))
        painter.drawText(QRect(self.width() - self._done, top, self._done, ROW), right, done)

    def _paint_chip(self, painter: QPainter, rect: QRect, outcome: Outcome) -> None:
        colours, box = theme(), QRectF(rect).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setFont(font(12))
        ink = colours.text
        match outcome.status:
            case "finished" | "diverged" if outcome.value is not None:
                painter.setBrush(colours.field)
                painter.drawRoundedRect(box, 4, 4)
            case "finished" | "diverged":
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(colours.secondary, 1))
                painter.drawRoundedRect(box, 4, 4)
                ink = colours.secondary
            case "failed":
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(colours.problem, 1.5))
                painter.drawRoundedRect(box, 4, 4)
                ink = colours.problem
            case "running" | "paused" | "stopped" | "lost" | "asked":
                painter.setBrush(mix(colours.panel, colours.accent, 0.11))
                painter.drawRoundedRect(box, 4, 4)
                share = outcome.step / outcome.steps if outcome.steps else 0.0
                painter.setBrush(mix(colours.panel, colours.accent, 0.32))
                painter.setClipRect(QRectF(box.left(), box.top(), box.width() * share, box.height()))
                painter.drawRoundedRect(box, 4, 4)
                painter.setClipping(False)
                ink = colours.link
            case _:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(colours.secondary, 1, Qt.PenStyle.DashLine))
                painter.drawRoundedRect(box, 4, 4)
                ink = colours.secondary
                painter.setFont(font(11))
        painter.setPen(ink)
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, self.chip_text(outcome))

    def at(self, point: QPoint) -> tuple[int, int] | None:
        """The variant's index and the seed of the chip under a point."""
        standing = self.standing
        if standing is None:
            return None
        index = (point.y() - HEAD) // ROW
        if not 0 <= index < len(standing.rows):
            return None
        seeds = standing.plan.experiment.seeds
        found = next((seed for place, seed in enumerate(seeds) if self.chip_rect(index, place).contains(point)), None)
        return None if found is None else (index, found)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        found = self.at(event.position().toPoint())
        if found is not None:
            self.picked.emit(*found)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        hand = self.at(event.position().toPoint()) is not None
        self.setCursor(Qt.CursorShape.PointingHandCursor if hand else Qt.CursorShape.ArrowCursor)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent) and self.standing is not None:
            found = self.at(event.pos())
            if found is not None:
                row = self.standing.rows[found[0]]
                outcome = row.outcomes[found[1]]
                name = tr("{name}, seed {seed}", name=row.name, seed=found[1])
                QToolTip.showText(event.globalPos(), plain(f"{name}\n{tr(outcome.message)}".strip()), self)
            return True
        return super().event(event)
