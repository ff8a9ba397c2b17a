"""The parts of the style sheet that only the window's own panels need."""

from __future__ import annotations

from blockstudio.gui.kit.theme import Theme, additions, mix


def shell_stylesheet(colours: Theme) -> str:
    """Goes behind the sheet that all widgets share."""
    text, secondary, hairline = colours.text.name(), colours.secondary.name(), colours.hairline.name()
    panel, field, accent, faint = (c.name() for c in (colours.panel, colours.field, colours.accent, colours.faint))
    return f"""
QWidget#topbar {{ background: {panel}; border-bottom: 1px solid {hairline}; }}
QWidget#statusbar {{ background: {panel}; border-top: 1px solid {hairline}; }}
QWidget#bottom {{ background: {panel}; }}
QFrame#rule {{ background: {hairline}; border: 0; }}
QPushButton[role="tab"] {{ color: {secondary}; padding: 5px 8px; font-weight: 400; }}
QPushButton[role="tab"]:hover {{ color: {text}; background: transparent; }}
QPushButton[role="tab"]:checked {{ background: {field}; color: {text}; font-weight: 600; }}
QTabBar#documents::tab {{ padding: 5px 26px 5px 12px; margin: 0 1px; }}
QToolButton#product {{ padding: 4px 6px; background: transparent; }}
QToolButton#product:hover {{ color: {colours.link.name()}; }}
QToolButton[role="chip"], QPushButton[role="chip"] {{ font-weight: 400; }}
QToolButton[role="cross"] {{ color: {faint}; padding: 0 3px; }}
QToolButton[role="cross"]:hover {{ color: {text}; }}
QPlainTextEdit {{ background: transparent; border-color: transparent; padding: 0; margin-left: -5px; }}
QPlainTextEdit {{ color: {secondary}; }}
QPlainTextEdit[role="field"] {{ background: {field}; color: {text}; padding: 3px 8px; margin-left: 0; }}
QPlainTextEdit:hover {{ border-color: {hairline}; }}
QPlainTextEdit:focus {{ background: {field}; border-color: {accent}; color: {text}; }}
QPushButton[role="crumb"] {{ color: {secondary}; padding: 2px 4px; border-radius: 3px; }}
QPushButton[role="crumb"]:hover {{ color: {text}; background: {field}; }}
QPushButton[role="status"] {{ border: 1px solid transparent; padding: 2px 4px; color: {secondary}; }}
QPushButton[role="status"]:hover {{ background: {field}; }}
QPushButton[role="status"]:focus {{ border-color: {accent}; }}
QLabel[role="label"] {{ color: {text}; }}
QLineEdit[role="title"] {{
  background: transparent; border: 0; border-bottom: 1px solid transparent; border-radius: 0; padding: 2px 0;
  margin-left: -2px;
}}
QLineEdit[role="title"]:hover {{ border-bottom-color: {hairline}; }}
QLineEdit[role="title"]:focus {{ border-bottom-color: {accent}; }}
QLineEdit[role="inner"] {{ border: 0; padding: 0; background: transparent; }}
QComboBoxPrivateContainer {{ background: {panel}; border: 1px solid {hairline}; }}
QComboBox {{ padding: 3px 4px 3px 8px; }}
QWidget#bottom QTabBar::tab {{ padding: 4px 10px; margin: 0 2px 0 0; }}
QRadioButton::indicator {{ width: 13px; height: 13px; border: 1px solid {faint}; border-radius: 7px; }}
QRadioButton::indicator:checked {{ width: 7px; height: 7px; border: 4px solid {accent}; }}
QRadioButton::indicator:focus {{ border-color: {accent}; }}
QCheckBox::indicator {{ width: 14px; height: 14px; border: 1px solid {faint}; border-radius: 3px; }}
QCheckBox::indicator:focus {{ border-color: {accent}; }}
QCheckBox::indicator:checked, QCheckBox::indicator:indeterminate {{ background: {accent}; border-color: {accent}; }}
QCheckBox::indicator:disabled {{ background: {field}; border-color: {hairline}; }}
QCheckBox:disabled {{ color: {secondary}; }}
QTextBrowser[role="prose"] {{ background: transparent; border: 0; padding: 0; margin: 0; }}
QLineEdit[role="answer"] {{ background: {panel}; border: 1px solid {faint}; }}
QLineEdit[role="answer"]:focus {{ border-color: {accent}; }}
QLineEdit[role="answer"][state="wrong"] {{ border: 1px solid {colours.problem.name()}; }}
QLineEdit[role="answer"][state="right"] {{ border: 1px solid {colours.good.name()}; }}
QPushButton[role="step"] {{ color: {secondary}; text-align: left; padding: 1px 2px; font-weight: 400; }}
QPushButton[role="step"]:hover {{ color: {colours.link.name()}; background: transparent; }}
QLabel[role="switch"] {{ border: 1px solid transparent; border-radius: 3px; padding: 1px 3px; }}
QLabel[role="switch"]:hover {{ background: {field}; }}
QLabel[role="switch"]:focus {{ border-color: {accent}; }}
QFileDialog QToolButton {{ padding: 1px; }}
QFrame#sheet {{ background: {panel}; border: 1px solid {hairline}; border-radius: 8px; }}
QTableView#figures::item {{ padding: 0 5px; border: 0; border-bottom: 1px solid {field}; }}
QTableView#figures::item:hover {{ background: {field}; }}
QTableView#figures::item:selected {{ background: {mix(colours.panel, colours.accent, 0.13).name()}; }}
QTableView#figures:focus {{ border: 0; }}
QTableView#figures QHeaderView::section {{ font-size: 11px; }}
QTableView#figures QHeaderView::section:hover {{ color: {accent}; }}
QListView#completions {{ border: 1px solid {hairline}; }}
QLineEdit#commandline {{ font-size: 14px; padding: 7px 10px; }}
"""


additions.append(shell_stylesheet)
