"""What the parts of the page share: colours of variants, figures in words."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from blockstudio.experiments import ExperimentPlan, Variant
from blockstudio.experiments.definition import plain_value, short
from blockstudio.gui.kit.theme import theme
from blockstudio.runs.columns import percent_text, whole_text


def hue(plan: ExperimentPlan, variant: Variant) -> QColor:
    """A colour a value of what is compared; without it, a colour a variant."""
    colours, axis = theme().series, plan.axis()
    if not axis:
        return colours[variant.index % len(colours)]
    values = list(dict.fromkeys(plain_value(each.values().get(axis)) for each in plan.variants))
    return colours[values.index(plain_value(variant.values().get(axis))) % len(colours)]


def axis_name(plan: ExperimentPlan, variant: Variant) -> str:
    """What a variant is called where colours tell them apart."""
    axis = plan.axis()
    if not axis:
        return plan.name_of(variant)
    value = plain_value(variant.values().get(axis))
    return value if axis == "network" else f"{short(axis)} {value}"


def others(plan: ExperimentPlan, variant: Variant) -> str:
    """Its place among what is not compared: ``lr 0.1, width 16``."""
    axis = plan.axis()
    values = variant.values()
    parts = [f"{short(key)} {plain_value(values[key])}" for key in plan.varied if key != axis and key in values]
    return ", ".join(parts) if axis else ""


def figure(value: float, percent: bool = False) -> str:
    """``82.6 %``, ``476``, ``0.0123``."""
    if percent:
        return percent_text(value)
    return whole_text(value) if abs(value) >= 100 else f"{value:.3g}"


def mark(painter: QPainter, x: float, y: float, colour: QColor, size: float = 4.0, hollow: bool = False) -> None:
    """A dot."""
    painter.setPen(QPen(colour, 1.6) if hollow else Qt.PenStyle.NoPen)
    painter.setBrush(theme().panel if hollow else colour)
    painter.drawEllipse(QPointF(x, y), size, size)
