"""Names of diagrams as files."""

from __future__ import annotations

from pathlib import Path

from blockstudio.errors import StudioError
from blockstudio.graph.format import SUFFIX
from blockstudio.graph.presets import preset_path
from blockstudio.gui.kit.text import tr

UNTITLED = "untitled"
"""What a diagram is called before somebody gives it a name."""


def shown_name(name: str) -> str:
    """How a diagram's name is shown: none in the reader's language."""
    return tr("untitled") if name in ("", UNTITLED) else name


def file_of(name: str | Path) -> Path | None:
    """The file that a name stands for; ``None`` if it is a preset's."""
    if isinstance(name, Path):
        return name.absolute()
    try:
        preset_path(name)
    except StudioError:
        return Path(name).absolute()
    return None


def same_file(one: Path, other: Path) -> bool:
    """Whether two paths lead to one file."""
    try:
        return one.samefile(other)
    except OSError:
        return one == other


def with_suffix(file: Path) -> Path:
    """The file with a diagram's ending, unless it has one of JSON."""
    return file if file.suffix == ".json" else file.with_name(file.name + SUFFIX)


def file_name(name: str) -> str:
    """A name for the file of a diagram called ``name``."""
    stem = "".join(char if char.isalnum() or char in "-_" else "_" for char in name).strip("_") or "untitled"
    return stem.lower() + SUFFIX
