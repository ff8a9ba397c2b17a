"""Colours, fonts and the style sheet of the window: calm and dense, hairlines instead of boxes, light and dark."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from blockstudio.gui.kit.han import HAN
from blockstudio.report.chart import SERIES


def _c(code: str) -> QColor:
    return QColor(code)


FAMILY_COLOURS: dict[str, QColor] = {
    "convolution": _c("#3b7ddd"),
    "pooling": _c("#2a9d8f"),
    "normalisation": _c("#8a63d2"),
    "activation": _c("#c0862b"),
    "merge": _c("#d1495b"),
    "head": _c("#5b6b7b"),
    "module": _c("#3f7d58"),
}
"""The stripe of a block by its family."""
_ON_DARK = {"head": _c("#7d8fa1")}
"""Stripes that would not stand out from a dark card."""


HUES = {
    "grey": _c("#76848d"),
    "yellow": _c("#b8860b"),
    "blue": _c("#3b7ddd"),
    "green": _c("#3f7d58"),
    "red": _c("#d1495b"),
    "violet": _c("#8a63d2"),
}
"""Of notes and frames."""


@dataclass(frozen=True, eq=False)
class Theme:
    """Every colour of one appearance. Nothing else in the window names a colour."""

    name: str
    dark: bool
    panel: QColor
    """Panels, bars, fields' surroundings."""
    canvas: QColor
    dots: QColor
    """The dotted grid of the canvas."""
    field: QColor
    """Fill of input fields, chips, quiet boxes and the active tab."""
    hover: QColor
    selected: QColor
    """The row that is chosen."""
    hairline: QColor
    text: QColor
    secondary: QColor
    faint: QColor
    """Placeholders and what is switched off: as quiet as secondary text, and to be read like it."""
    accent: QColor
    """The one blue of what is active, selected, hovered or dragged."""
    link: QColor
    """The same blue where it is text."""
    primary: QColor
    """Fill of the one filled button and of selected text."""
    on_accent: QColor
    """Text on `primary`."""
    card: QColor
    card_border: QColor
    heat: QColor
    """The strongest colour of a card that is painted by a measure."""
    cold: QColor
    """The same for what lies at the low end of a scale that has two."""
    track: QColor
    """The part of a bar that is not filled."""
    wire: QColor
    pill: QColor
    pill_border: QColor
    frame: QColor
    """Tint of a module opened in place."""
    frame_border: QColor
    problem: QColor
    warning: QColor
    warning_fill: QColor
    """Warning signs; `warning` is for text."""
    good: QColor
    series: tuple[QColor, ...]
    """Curves, in order: train, validation, further runs."""

    def family(self, family: str) -> QColor:
        """The stripe colour of a block family; slate for an unknown one."""
        known = family if family in FAMILY_COLOURS else "head"
        return _ON_DARK.get(known, FAMILY_COLOURS[known]) if self.dark else FAMILY_COLOURS[known]

    def note(self, colour: str) -> QColor:
        """The paper of a note."""
        return mix(self.card, HUES[colour], 0.14 if self.dark else 0.10)

    def edge(self, colour: str) -> QColor:
        """The edge of a note or frame: it stands out from canvas and card."""
        return mix(HUES[colour], self.text, 0.35 if self.dark else 0.1)


LIGHT = Theme(
    name="light",
    dark=False,
    panel=_c("#ffffff"),
    canvas=_c("#fbfcfd"),
    dots=_c("#dde2e6"),
    field=_c("#f1f3f6"),
    hover=_c("#e8ecf1"),
    selected=_c("#dfe9fd"),
    hairline=_c("#dfe3e8"),
    text=_c("#1b2128"),
    secondary=_c("#5c6671"),
    faint=_c("#5c6671"),
    accent=_c("#2f6fed"),
    link=_c("#235fd3"),
    primary=_c("#2f6fed"),
    on_accent=_c("#ffffff"),
    card=_c("#ffffff"),
    card_border=_c("#7a8891"),
    heat=_c("#f2a679"),
    cold=_c("#8fbcec"),
    track=_c("#e3e7ec"),
    wire=_c("#76848d"),
    pill=_c("#fbfcfd"),
    pill_border=_c("#dfe3e8"),
    frame=_c("#f0f4f3"),
    frame_border=_c("#62907a"),
    problem=_c("#c02c2c"),
    warning=_c("#955600"),
    warning_fill=_c("#b26a00"),
    good=_c("#16733f"),
    series=tuple(map(_c, SERIES)),
)

DARK = Theme(
    name="dark",
    dark=True,
    panel=_c("#1c2025"),
    canvas=_c("#14171a"),
    dots=_c("#272e34"),
    field=_c("#262b32"),
    hover=_c("#2f353d"),
    selected=_c("#27344d"),
    hairline=_c("#2c323a"),
    text=_c("#e6e9ed"),
    secondary=_c("#98a2ae"),
    faint=_c("#98a2ae"),
    accent=_c("#5b93ff"),
    link=_c("#6b9dff"),
    primary=_c("#2f6fed"),
    on_accent=_c("#ffffff"),
    card=_c("#20252b"),
    card_border=_c("#707c87"),
    heat=_c("#8a4a22"),
    cold=_c("#28548a"),
    track=_c("#333a43"),
    wire=_c("#76838d"),
    pill=_c("#171b1f"),
    pill_border=_c("#303740"),
    frame=_c("#161c1d"),
    frame_border=_c("#44855f"),
    problem=_c("#ff7b7b"),
    warning=_c("#e0a030"),
    warning_fill=_c("#e0a030"),
    good=_c("#3fc380"),
    series=tuple(map(_c, ("#5b93ff", "#e2606f", "#3db8a8", "#a182db", "#d69c45", "#8d97a3"))),
)

PAPER = replace(LIGHT, name="paper", canvas=_c("#ffffff"), pill=_c("#ffffff"))
"""The light colours on white, for what is printed."""


class Notifier(QObject):
    """Tells everybody who caches colours that they have changed."""

    changed = Signal()


notifier = Notifier()
_current = LIGHT


def theme() -> Theme:
    """The appearance in use."""
    return _current


def set_theme(chosen: Theme) -> None:
    """Use another appearance: palette and style sheet of the running application, then `notifier`'s ``changed``."""
    global _current
    _current = chosen
    app = QApplication.instance()
    if isinstance(app, QApplication):
        apply_theme(app, chosen)
    notifier.changed.emit()


additions: list[Callable[[Theme], str]] = []
"""Further parts of the style sheet, from those who make widgets that nobody else has. One sheet for all is cheaper
than one on a window over another on the application."""


def apply_theme(app: QApplication, chosen: Theme) -> None:
    """Give an application the style, palette, font and style sheet of ``chosen``."""
    app.setStyle("fusion")
    app.setPalette(palette(chosen))
    app.setFont(font(12))
    app.setStyleSheet(stylesheet(chosen) + "".join(part(chosen) for part in additions))


@contextmanager
def styled_at_the_end() -> Iterator[None]:
    """What is put together here gets the application's style sheet once, when it is whole. With a sheet in force
    every part that is given a parent is styled anew with all that is in it: more than half of a window's making."""
    app = QApplication.instance()
    sheet = app.styleSheet() if isinstance(app, QApplication) else ""
    if not isinstance(app, QApplication) or not sheet:
        yield
        return
    app.setStyleSheet("")
    try:
        yield
    finally:
        app.setStyleSheet(sheet)


_FONTS = Path(__file__).parent / "fonts"
FACE = "Inter"  # comes with the program, so that drawings look alike everywhere


@lru_cache(maxsize=1)
def face() -> str:
    """The sans face: the one that comes with the program, else the system's."""
    if QGuiApplication.instance() is None:
        raise RuntimeError("fonts can be asked for only when there is an application")
    # Asking which fonts the system has would make Qt look through all of them.
    loaded = [QFontDatabase.addApplicationFont(str(file)) for file in sorted(_FONTS.glob("*.otf"))]
    if loaded and min(loaded) >= 0:
        return FACE
    return QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont).family()


@lru_cache(maxsize=64)
def _font(family: str, px: float, bold: bool) -> QFont:
    made = QFont()
    made.setFamilies([family, *HAN])
    made.setPixelSize(max(1, round(px)))
    made.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    made.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    # Figures of one width, so that columns of numbers line up and running ones do not jitter.
    made.setFeature(QFont.Tag("tnum"), 1)
    return made


def font(px: float, bold: bool = False) -> QFont:
    """The sans face with tabular figures at ``px`` pixels."""
    return QFont(_font(face(), px, bold))


def mix(one: QColor, other: QColor, part: float) -> QColor:
    """``part`` of ``other`` in ``one``; 0 gives ``one``."""
    return QColor(
        round(one.red() + (other.red() - one.red()) * part),
        round(one.green() + (other.green() - one.green()) * part),
        round(one.blue() + (other.blue() - one.blue()) * part),
    )


def as_text(colour: QColor) -> QColor:
    """A curve's or family's colour where it is text: nearer to the text's own, so that it can be read."""
    return mix(colour, _current.text, 0.25)


def contrast(one: QColor, other: QColor) -> float:
    """The ratio of WCAG 2, 1 to 21: text needs 4.5 against its ground, lines and edges 3."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: QColor) -> float:
    parts = (colour.redF(), colour.greenF(), colour.blueF())
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def palette(chosen: Theme) -> QPalette:
    """The Qt palette, for what the style sheet does not reach."""
    made = QPalette()
    role = QPalette.ColorRole
    for key, colour in (
        (role.Window, chosen.panel),
        (role.Base, chosen.field),
        (role.AlternateBase, chosen.hover),
        (role.Button, chosen.panel),
        (role.ToolTipBase, chosen.panel),
        (role.Text, chosen.text),
        (role.WindowText, chosen.text),
        (role.ButtonText, chosen.text),
        (role.ToolTipText, chosen.text),
        (role.BrightText, chosen.problem),
        (role.PlaceholderText, chosen.faint),
        (role.Highlight, chosen.primary),
        (role.HighlightedText, chosen.on_accent),
        (role.Link, chosen.link),
        (role.LinkVisited, chosen.link),
        (role.Light, chosen.hover),
        (role.Midlight, chosen.hover),
        (role.Mid, chosen.hairline),
        (role.Dark, chosen.hairline),
        (role.Shadow, chosen.hairline),
    ):
        made.setColor(key, colour)
    for key in (role.Text, role.WindowText, role.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, key, chosen.faint)
    return made


def stylesheet(chosen: Theme) -> str:
    """The style sheet of the whole window.

    Dynamic properties choose variants: ``role="primary"`` (the one filled button), ``"chip"`` (outlined
    button), ``"link"``, ``"heading"`` (small capitals over a group), ``"title"``, ``"secondary"``,
    ``"problem"``, ``"good"``, ``"box"`` (quiet filled frame).
    """
    c = {key: value.name() for key, value in vars(chosen).items() if isinstance(value, QColor)}
    c["primary_hover"] = mix(chosen.primary, QColor("black"), 0.12).name()
    text = _STYLE
    for key in sorted(c, key=len, reverse=True):
        text = text.replace(f"@{key};", f"{c[key]};").replace(f"@{key} ", f"{c[key]} ")
    return text


_STYLE = """
QMainWindow, QDialog, QWidget#panel { background: @panel; }
QMainWindow::separator { background: @hairline; width: 1px; height: 1px; }
QMainWindow::separator:hover { background: @accent; }
QDockWidget { color: @text; titlebar-close-icon: none; titlebar-normal-icon: none; }
QDockWidget::title { padding: 6px 12px; background: @panel; text-align: left; }
QSplitter::handle { background: @hairline; }
QSplitter::handle:horizontal { width: 1px; }
QSplitter::handle:vertical { height: 1px; }
QSplitter::handle:hover { background: @accent; }
QToolBar { background: @panel; border: 0; border-bottom: 1px solid @hairline; spacing: 8px; padding: 5px 12px; }
QStatusBar { background: @panel; border-top: 1px solid @hairline; color: @secondary; }
QStatusBar::item { border: 0; }

QLabel { background: transparent; color: @text; }
QLabel[role="title"] { font-size: 15px; font-weight: 600; }
QLabel[role="heading"] { font-size: 11px; font-weight: 600; color: @secondary; }
QLabel[role="strong"] { font-size: 12px; font-weight: 600; color: @text; }
QLabel[role="secondary"] { font-size: 11px; color: @secondary; }
QLabel[role="problem"] { color: @problem; }
QLabel[role="warning"] { color: @warning; }
QLabel[role="good"] { color: @good; }
QFrame[role="box"] { background: @field; border: 0; border-radius: 6px; }
QFrame[role="hairline"] { background: @hairline; border: 0; max-height: 1px; min-height: 1px; }

QLineEdit, QSpinBox, QDoubleSpinBox, QComboBox, QPlainTextEdit, QTextEdit, QAbstractSpinBox {
  background: @field; color: @text; border: 1px solid @field; border-radius: 5px; padding: 3px 8px;
  selection-background-color: @primary; selection-color: @on_accent; placeholder-text-color: @faint;
}
QLineEdit:hover, QComboBox:hover, QAbstractSpinBox:hover { border-color: @hairline; }
QLineEdit:focus, QComboBox:focus, QAbstractSpinBox:focus, QPlainTextEdit:focus, QTextEdit:focus {
  border-color: @accent;
}
QLineEdit[invalid="true"], QComboBox[invalid="true"] { border-color: @problem; }
QLineEdit:disabled, QComboBox:disabled, QAbstractSpinBox:disabled { color: @faint; }
QComboBox::drop-down { border: 0; width: 18px; }
QComboBox QAbstractItemView {
  background: @panel; border: 1px solid @hairline; selection-background-color: @selected;
  selection-color: @text; outline: 0; padding: 4px;
}
QSpinBox::up-button, QSpinBox::down-button, QDoubleSpinBox::up-button, QDoubleSpinBox::down-button {
  border: 0; background: transparent; width: 14px;
}

QPushButton, QToolButton {
  background: transparent; color: @text; border: 1px solid transparent; border-radius: 5px; padding: 4px 10px;
}
QPushButton { qproperty-autoDefault: true; } QPushButton:hover, QToolButton:hover { background: @field; }
QPushButton:pressed, QToolButton:pressed { background: @hover; }
QPushButton:focus, QToolButton:focus { border-color: @accent; }
QPushButton:disabled, QToolButton:disabled { color: @faint; }
QPushButton:checked, QToolButton:checked { background: @field; font-weight: 600; }
QPushButton[role="toggle"] { padding: 0; font-weight: 400; }
QPushButton[role="toggle"]:checked { font-weight: 600; }
QPushButton[role="chip"], QToolButton[role="chip"] { border-color: @hairline; }
QPushButton[role="chip"]:focus, QToolButton[role="chip"]:focus { border-color: @accent; }
QPushButton[role="primary"] { background: @primary; color: @on_accent; font-weight: 600; padding: 4px 14px; }
QPushButton[role="primary"]:hover { background: @primary_hover; }
QPushButton[role="primary"]:focus { border-color: @text; }
QPushButton[role="primary"]:disabled { background: @field; color: @faint; }
QPushButton[role="link"], QToolButton[role="link"] {
  color: @link; padding: 1px 2px; text-align: left; border-radius: 3px;
}
QToolButton[role="title"] { font-weight: 600; padding: 2px 4px; }
QToolButton::menu-indicator { image: none; }

QMenu { background: @panel; color: @text; border: 1px solid @hairline; padding: 4px; }
QMenu::item { padding: 5px 24px 5px 20px; border-radius: 4px; }
QMenu::item:selected { background: @selected; }
QMenu::item:disabled { color: @faint; }
QMenu::separator { height: 1px; background: @hairline; margin: 4px 8px; }
QMenuBar { background: @panel; color: @text; border-bottom: 1px solid @hairline; }
QMenuBar::item { padding: 4px 9px; background: transparent; border-radius: 4px; }
QMenuBar::item:selected { background: @field; }
QToolTip { background: @panel; color: @text; border: 1px solid @hairline; padding: 4px 6px; }

QTabBar { background: transparent; qproperty-drawBase: 0; }
QTabBar::tab { background: transparent; color: @secondary; padding: 5px 12px; border-radius: 5px; margin: 0 2px; }
QTabBar::tab:selected { background: @field; color: @text; font-weight: 600; }
QTabBar::tab:hover { color: @text; }
QTabWidget::pane { border: 0; }

QListView, QTreeView, QTableView {
  background: @panel; color: @text; border: 0; outline: 0; selection-background-color: @selected;
  selection-color: @text; gridline-color: @hairline; alternate-background-color: @panel;
}
QListView::item, QTreeView::item { padding: 3px 4px; border-radius: 4px; }
QListView::item:hover, QTreeView::item:hover { background: @field; }
QListView::item:selected, QTreeView::item:selected { background: @selected; color: @text; }
QHeaderView::section {
  background: @panel; color: @secondary; border: 0; border-bottom: 1px solid @hairline; padding: 4px 8px;
}
QProgressBar {
  background: @track; border: 0; border-radius: 3px; max-height: 6px; min-height: 6px; color: transparent;
}
QProgressBar::chunk { background: @accent; border-radius: 3px; }
QCheckBox, QRadioButton { color: @text; spacing: 6px; background: transparent; }
QScrollArea { background: @panel; border: 0; }
QScrollArea > QWidget > QWidget { background: @panel; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: @track; border-radius: 3px; margin: 2px; min-height: 24px; min-width: 24px; }
QScrollBar::handle:hover { background: @faint; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
"""
