"""What a feature may put where: pages under the drawing, screens in its place, panels beside it, sections of the
inspector, questions before the window closes, kinds of files that can be dropped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from PySide6.QtWidgets import QWidget

LAST = 1000
"""The place of what does not say where it stands: behind the rest."""


class Step(NamedTuple):
    """A step of the way to what is in view; with a command it is a link."""

    title: str
    command: str = ""
    value: object = None


@dataclass
class Page:
    """A tab under the drawing."""

    name: str
    title: str
    widget: QWidget
    order: int = LAST
    tools: QWidget | None = None
    """In the line of the tabs, while the page is in front."""


@dataclass
class Screen:
    """What stands in place of the drawing; made when it is first shown."""

    name: str
    make: Callable[[], QWidget]
    focus: Callable[[], object] | None = None
    """Puts the keyboard where it belongs; without one the widget itself has it."""
    title: str = ""
    """Of its tab in the bar over the window; without one it has none."""
    place: int = LAST
    """Of its tab, which is also the digit of its key; the drawing has 1."""
    under: str = ""
    """The screen whose tab is lit while this one is in view: a page of one of the things which that one lists."""
    undo: Callable[[], Callable[[], object] | None] | None = None
    """What Undo takes back while it is in view, if there is anything; without it that is the drawing's last edit."""
    crumbs: tuple[Step, ...] = ()
    """Where in it the user stands, behind its title; the last one stands bold."""


@dataclass(frozen=True)
class Panel:
    """What stands beside the drawing and can be hidden."""

    name: str
    side: Literal["left", "right", "bottom", "beside"]
    """``beside``: at the right of drawing and bottom, as high as the window."""
    widget: QWidget
    least: int
    """Pixels of width, or of height at the bottom."""
    title: str = ""
    """On its tab, where several stand at one side."""


About = Literal["block", "blocks", "network"]
"""What a page of the inspector is about: one block, several, or none."""


@dataclass(frozen=True)
class Section:
    """A part of the inspector's pages."""

    place: About
    make: Callable[[str], QWidget]
    """From a block's name (empty for several and for the network). What follows the document refreshes itself."""
    order: int = LAST


@dataclass(frozen=True)
class Question:
    """What is to be decided before the window closes. To keep things as they are is the default."""

    title: str
    text: str
    keep: str
    end: str
    on_end: Callable[[], object]


@dataclass(frozen=True)
class Opener:
    """Who opens which files that are dropped on the window."""

    accepts: Callable[[Path], bool]
    open: Callable[[Path], object]
