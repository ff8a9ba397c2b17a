"""Names of diagrams as files."""

from __future__ import annotations

from pathlib import Path

from blockstudio.errors import StudioError
from blockstudio.graph.format import SUFFIX
from blockstudio.graph.operations.torch_text import looks_like_torch
from blockstudio.graph.presets import preset_path
from blockstudio.gui.kit.text import tr

UNTITLED = "untitled"
"""What a diagram is called before somebody gives it a name."""
PEEKED = 4096
"""So many bytes of a file tell what it may be."""


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


def stranger(file: Path) -> str:
    """What to do instead with a file that is no diagram, by its ending and beginning; empty where it may be one."""
    from blockstudio.runs.folder_tree import IMAGE_ENDINGS  # for those alone who drop such files

    try:
        if not file.is_file() or file.suffix.lower() == ".json":
            return ""
        with open(file, "rb") as opened:
            begins = opened.read(PEEKED).decode("utf-8", "replace").lstrip()
    except OSError:
        return ""  # said by whoever reads it
    if begins.startswith("{"):
        return ""
    if file.name.lower().endswith(IMAGE_ENDINGS):
        return tr(
            "{file} is an image. Drop it on the results of a run, and the network is asked about it; or drop a folder "
            "of images, to train on.",
            file=file.name,
        )
    if looks_like_torch(begins):
        return tr(
            "{file} is Python. Copy the lines that make the layers, and paste them on the drawing.", file=file.name
        )
    return tr(
        "{file} is nothing that opens here: a diagram, a network of another program (.onnx, .pt2), weights, a recipe "
        "(.toml), a lesson (.md), a folder of images or of a run.",
        file=file.name,
    )
