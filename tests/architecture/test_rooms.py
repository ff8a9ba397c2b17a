"""The rooms of the window: a line lives in the folder of what the user points at, and no feature knows another."""

from __future__ import annotations

from pathlib import Path

import blockstudio
from tests.support.source import imports

GUI = Path(blockstudio.__file__).parent / "gui"
BELOW = {"kit", "work", "commands", "document"}
"""What two features need: looks, work outside the GUI thread, the registry, state and the desk."""
DRAWING_KIT = {"canvas.scene", "canvas.paint"}
MAY_KNOW: dict[str, set[str]] = {
    "kit": set(),
    "work": {"kit"},
    "commands": {"kit"},
    "document": {"kit", "work", "commands"},
    "figure": BELOW | DRAWING_KIT,
    "browser": BELOW | DRAWING_KIT,
    "lessons": BELOW | DRAWING_KIT,
    "modules": BELOW | DRAWING_KIT,
    "split": BELOW | DRAWING_KIT,
    "shell": BELOW,
    "app": BELOW | {"shell"},
}
"""Every other folder is a feature, and may know what is below. The window finds features by their folders."""
FILES = [path for path in sorted(GUI.rglob("*.py")) if path.parent != GUI]


def folder(path: Path) -> str:
    return path.relative_to(GUI).parts[0]


def known(path: Path) -> set[str]:
    """Rooms that a file imports from, under ``if TYPE_CHECKING`` and in functions too."""
    found: set[str] = set()
    for name in (each.dotted for each in imports(path)):
        if name.startswith("blockstudio.gui."):
            parts = name.split(".")[2:]
            inner = len(parts) > 1 and (GUI / parts[0] / parts[1]).is_dir()
            found.add(".".join(parts[:2]) if inner else parts[0])
    return found


def test_a_room_knows_only_what_the_rule_says() -> None:
    wrong: dict[str, set[str]] = {}
    for path in FILES:
        here = folder(path)
        others = {room for room in known(path) if room.partition(".")[0] != here}
        if more := others - MAY_KNOW.get(here, BELOW):
            wrong[str(path.relative_to(GUI))] = more
    assert wrong == {}


def test_every_feature_puts_itself_on_the_desk() -> None:
    rooms = {path.name for path in GUI.iterdir() if path.is_dir() and path.name != "__pycache__"}
    features = rooms - {"kit", "work", "commands", "shell", "app"}
    without = [room for room in sorted(features) if not (GUI / room / "feature.py").exists()]
    assert without == []


def test_nobody_names_the_window_but_the_program() -> None:
    for path in FILES:
        if folder(path) not in ("shell", "app"):
            assert "StudioWindow" not in path.read_text(encoding="utf-8"), path
