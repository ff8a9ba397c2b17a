"""Where the cost of networks lies, drawn: a bar each, divided by the size of the maps."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from blockstudio.analysis.costs import COSTS, DEFAULT
from blockstudio.gui.kit.parts import count_text
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import FAMILY_COLOURS, font, mix, notifier, theme
from blockstudio.report.compare import reduction_text, steps
from blockstudio.report.profile import Profile, SizeCosts

ROW, BAR, LINE, GAP = 32, 20, 20, 14
MOST_HALVINGS = 6


class Segment(NamedTuple):
    """One stage of one network, where it is drawn."""

    rect: QRectF
    profile: Profile
    stage: SizeCosts


def stage_colour(halvings: int | None) -> QColor:
    """From pale for whole images to full for small maps; vectors stand apart in the colour of what they mostly are:
    fully connected layers."""
    colours = theme()
    if halvings is None:
        return FAMILY_COLOURS["activation"]
    return mix(colours.panel, colours.accent, 0.2 + 0.8 * min(halvings, MOST_HALVINGS) / MOST_HALVINGS)


def _on(colour: QColor) -> QColor:
    """Text that can be read on a colour."""
    light = 0.299 * colour.red() + 0.587 * colour.green() + 0.114 * colour.blue()
    return QColor("#1b2128") if light > 140 else QColor("#ffffff")


class StageBars(QWidget):
    """All bars have one scale, or each the whole width. The tool tip of a segment has its figures."""

    def __init__(self) -> None:
        super().__init__()
        self._profiles: list[Profile] = []
        self.cost = DEFAULT
        self.shares = False
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        notifier.changed.connect(self.update)

    def show_profiles(self, profiles: list[Profile], cost: str, shares: bool) -> None:
        """Draw these, from top to bottom."""
        self._profiles, self.cost, self.shares = profiles, cost, shares
        self.setFixedHeight(self.sizeHint().height())
        words = [f"{one.name}: " + ", ".join(map(str, self.words(one))) for one in profiles]
        self.setAccessibleName(tr("Where the cost lies, by size of map"))
        self.setAccessibleDescription("; ".join(words))
        self.update()

    def words(self, one: Profile) -> list[str]:
        """The stages of a network as text."""
        total = getattr(one, self.cost) or 1
        return [f"{stage.size} {getattr(stage, self.cost) / total:.1%}" for stage in one.stages]

    def sizeHint(self) -> QSize:
        return QSize(420, round(self._top() + ROW * max(1, len(self._profiles))))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.setFixedHeight(self.sizeHint().height())

    # Where things are

    def _names(self) -> float:
        """Width of the names."""
        metrics = self.fontMetrics()
        longest = max((metrics.horizontalAdvance(one.name) for one in self._profiles), default=0)
        return min(longest + GAP, 0.3 * self.width())

    def segments(self) -> list[Segment]:
        """What is drawn where."""
        left, top = self._names(), self._top()
        room = self.width() - left - 84
        most = max((getattr(one, self.cost) for one in self._profiles), default=0)
        found = []
        for row, one in enumerate(self._profiles):
            total = getattr(one, self.cost)
            scale = room / (total if self.shares else most) if most and total else 0.0
            x, y = left, top + row * ROW + (ROW - BAR) / 2
            for stage in one.stages:
                width = getattr(stage, self.cost) * scale
                found.append(Segment(QRectF(x, y, width, BAR), one, stage))
                x += width
        return found

    def segment_at(self, at: QPointF) -> Segment | None:
        """The segment under a point; thin ones can be met a little beside themselves."""
        near = [each for each in self.segments() if each.rect.adjusted(-1.5, -4, 1.5, 4).contains(at)]
        return min(near, key=lambda each: abs(each.rect.center().x() - at.x()), default=None)

    def tip(self, segment: Segment) -> str:
        """What a segment's tool tip says."""
        stage, one = segment.stage, segment.profile
        share = getattr(stage, self.cost) / (getattr(one, self.cost) or 1)
        where = tr("{part} of the image's sides").format(part=reduction_text(stage.halvings))
        if stage.halvings is None:
            where = tr("single pixels and vectors")
        return tr("{name}, {size} ({where})\n{parameters} parameters\n{macs} MACs\n{share} of its {cost}").format(
            name=one.name, size=stage.size, where=where, parameters=f"{stage.parameters:,}",
            macs=f"{stage.macs:,}", share=f"{share:.1%}", cost=tr(COSTS[self.cost].title),
        )  # fmt: skip

    # Drawing

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font(12))
        colours = theme()
        self._paint_legend(painter)
        segments, top = self.segments(), self._top()
        under = self.segment_at(QPointF(self.mapFromGlobal(self.cursor().pos()))) if self.underMouse() else None
        middle = Qt.AlignmentFlag.AlignVCenter
        for row, one in enumerate(self._profiles):
            line = QRectF(0, top + row * ROW, self.width(), ROW)
            painter.setFont(font(12))
            painter.setPen(colours.text)
            room = self._names() - GAP
            name = painter.fontMetrics().elidedText(one.name, Qt.TextElideMode.ElideRight, int(room) + 1)
            painter.drawText(line, middle, name)
            end = max((each.rect.right() for each in segments if each.profile is one), default=self._names())
            painter.setFont(font(11, bold=True))
            painter.drawText(line.adjusted(end + 8, 0, 0, 0), middle, count_text(getattr(one, self.cost)))
        painter.setFont(font(11))
        for each in segments:
            colour = stage_colour(each.stage.halvings)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(mix(colour, colours.text, 0.18) if each == under else colour)
            # A hairline of ground between neighbours of one colour.
            wide = each.rect.width() > 3
            painter.drawRect(each.rect.adjusted(0, 0, -1 if wide else 0, 0))
            text = each.stage.size if each.stage.halvings is not None else tr("vectors")
            short = text.split("×")[0]
            for label in (text, short):
                if painter.fontMetrics().horizontalAdvance(label) + 8 < each.rect.width():
                    painter.setPen(_on(colour))
                    painter.drawText(each.rect, Qt.AlignmentFlag.AlignCenter, label)
                    break

    def _paint_legend(self, painter: QPainter) -> None:
        painter.setFont(font(11))
        for at, halvings, text in self._legend():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(stage_colour(halvings))
            painter.drawRoundedRect(QRectF(at.x(), at.y() + 3, 10, 10), 2, 2)
            painter.setPen(theme().secondary)
            painter.drawText(QRectF(at.x() + 15, at.y(), self.width(), 16), Qt.AlignmentFlag.AlignVCenter, text)

    def _legend(self) -> list[tuple[QPointF, int | None, str]]:
        """Fractions of the image with the sizes that occur, from whole to single pixels, and where they stand."""
        metrics = QFontMetricsF(font(11))
        found, x, y = [], 0.0, 2.0
        for halvings in steps(self._profiles):
            text = self._legend_text(halvings)
            width = metrics.horizontalAdvance(text) + 34
            if x and x + width - 16 > self.width():
                x, y = 0.0, y + LINE
            found.append((QPointF(x, y), halvings, text))
            x += width
        return found

    def _top(self) -> float:
        """Where the bars begin, below the legend."""
        return max((at.y() for at, _, _ in self._legend()), default=0.0) + LINE + 6

    def _legend_text(self, halvings: int | None) -> str:
        if halvings is None:
            return tr("single pixels, vectors")
        sizes = dict.fromkeys(
            stage.size.split("×")[0] for one in self._profiles for stage in one.stages if stage.halvings == halvings
        )
        shown = ", ".join(list(sizes)[:2]) + (" …" if len(sizes) > 2 else "")
        return f"{reduction_text(halvings)}: {shown}"

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            found = self.segment_at(QPointF(event.pos()))
            if found is None:
                QToolTip.hideText()
            else:
                QToolTip.showText(event.globalPos(), self.tip(found), self)
            return True
        return super().event(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self.update()


class RatioBar(QWidget):
    """What is left of a whole: filled up to ``ratio``."""

    def __init__(self, ratio: float) -> None:
        super().__init__()
        self.ratio = ratio
        self.setFixedHeight(8)
        self.setMinimumWidth(60)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        notifier.changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        for width, colour in ((1.0, theme().track), (self.ratio, theme().accent)):
            painter.setBrush(colour)
            painter.drawRoundedRect(QRectF(0, 1, self.width() * width, 6), 3, 3)
