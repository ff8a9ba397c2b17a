"""The forms in which a network, a figure or a table leaves the studio: one row each, by the ending of its file.

The command line, the window's dialogs, their help and the documentation read this table, and so does the code that
writes. A new form is a row here and the function that it names.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from operator import attrgetter
from pathlib import Path
from typing import Any, Literal, TypeAlias

from blockstudio.text import join, say

Kind: TypeAlias = Literal["network", "figure", "table"]


PART = "#"
"""Between a file of weights and the place of one of its state dicts: ``checkpoint.pth#ema``."""
PUBLISHERS = ("torchvision", "timm")
"""Libraries whose published weights are known by name: ``torchvision:resnet18``."""


def split_part(path: Path) -> tuple[Path, str]:
    """A file of weights and the place in it, if its name says one."""
    if PART in path.name and not os.path.exists(path):
        name, _, part = path.name.partition(PART)
        return path.with_name(name), part
    return path, ""


def is_published(name: str) -> bool:
    """Whether this names published weights rather than a file."""
    library, colon, model = name.partition(":")
    return bool(colon and model) and library in PUBLISHERS


@dataclass(frozen=True, slots=True)
class Format:
    """What one ending means."""

    ending: str
    """``".onnx"``."""
    kind: Kind
    title: str
    holds: str
    """What is in such a file, for help and documentation."""
    function: str
    """Where it is written, ``"module:name"``; imported when it is needed, so that this table stays light. A network:
    ``(diagram, weights | None) -> Written``, a figure: ``(stage, figure) -> (bytes, words)``, a table:
    ``(table) -> str``."""
    weights: bool = False
    """Whether such a file holds the network's weights."""
    pixels: bool = False
    """Whether it is drawn in dots, whose number a scale sets."""
    plain: bool = False
    """Whether a person reads it as it stands, so that bars may be drawn of letters."""

    def writer(self) -> Callable[..., Any]:
        """The function that writes it."""
        module, _, name = self.function.partition(":")
        found: Callable[..., Any] = attrgetter(name)(import_module(module))
        return found


@dataclass(frozen=True, slots=True)
class Written:
    """A network in one of its forms, and what is said of it."""

    data: bytes
    words: str
    """``232 tensors``."""
    weights: str = ""
    """Where its weights are from: ``initial weights``, ``weights of resnet34.pth``; empty if it holds none."""

    def __str__(self) -> str:
        return join([self.words, self.weights], ", ")


def _rows(*rows: Format) -> dict[str, Format]:
    return {row.ending: row for row in rows}


_WRITE, _PROGRAMS = "blockstudio.compiler.written", "blockstudio.compiler.programs"
_FIGURE, _TABLE = "blockstudio.gui.figure.figure", "blockstudio.report.table"

WEIGHTS = ".safetensors"
"""The form of weights alone."""
PROGRAM = ".pt2"
"""The form of a program that torch alone runs."""
ONNX = ".onnx"
"""The form of a program for any runtime."""
MARKDOWN = ".md"
"""Tables and pages in words."""
CSV = ".csv"
"""A table for other programs."""
OUTLINES = ".svg"
"""The form of a figure as text."""
PRINTED = ".pdf"
"""A page on paper."""
PIXELS = ".png"
"""The form of a figure as a picture."""
FORMATS: dict[str, Format] = _rows(
    Format(".py", "network", say("PyTorch source"), say("PyTorch source that needs only torch, with the "
           "diagram's paths as state-dict keys"), f"{_WRITE}:write_source"),
    Format(".onnx", "network", "ONNX", say("the network in eval mode with its weights, for any number of images at "
           "once"), f"{_PROGRAMS}:write_onnx", weights=True),
    Format(PROGRAM, "network", say("torch.export program"), say("the network in eval mode with its weights, as "
           "torch.export writes it"), f"{_PROGRAMS}:write_program", weights=True),
    Format(WEIGHTS, "network", say("Weights, safetensors"), say("the weights by block path"),
           f"{_WRITE}:write_safetensors", weights=True),
    Format(".pt", "network", say("Weights, state dict"), say("the weights by block path, as torch.save writes them"),
           f"{_WRITE}:write_state_dict", weights=True),
    Format(".pth", "network", say("Weights, state dict (.pth)"), say("the same as .pt"),
           f"{_WRITE}:write_state_dict", weights=True),
    Format(".svg", "figure", "SVG", say("lines and outlines"), f"{_FIGURE}:svg"),
    Format(PRINTED, "figure", "PDF", say("a page of the figure's size"), f"{_FIGURE}:pdf"),
    Format(".png", "figure", "PNG", say("pixels"), f"{_FIGURE}:png", pixels=True),
    Format(MARKDOWN, "table", "Markdown", say("a Markdown table"), f"{_TABLE}:Table.markdown"),
    Format(CSV, "table", "CSV", say("plain numbers between commas"), f"{_TABLE}:Table.csv"),
    Format(".tex", "table", "LaTeX", say("a tabular for the booktabs package"), f"{_TABLE}:Table.latex"),
    Format(".txt", "table", say("Text"), say("what the terminal shows"), f"{_TABLE}:Table.text", plain=True),
)  # fmt: skip
"""By ending, in the order in which they are offered."""


def endings(*kinds: Kind) -> tuple[str, ...]:
    """The endings of the forms of these kinds, of all without."""
    return tuple(row.ending for row in FORMATS.values() if not kinds or row.kind in kinds)


def rows(*kinds: Kind) -> list[Format]:
    """The forms of these kinds."""
    return [FORMATS[ending] for ending in endings(*kinds)]


def format_of(path: str | os.PathLike[str], *kinds: Kind) -> Format | None:
    """The form that a file's ending stands for, ``None`` if it is none of these kinds."""
    found = FORMATS.get(Path(path).suffix.lower())
    return found if found is not None and (not kinds or found.kind in kinds) else None


def listed(words: tuple[str, ...]) -> str:
    """``.py, .onnx or .pt2``"""
    *first, last = words
    return say("{first} or {last}", first=", ".join(first), last=last) if first else last


def described(*kinds: Kind) -> str:
    """``.svg: lines and outlines; .pdf: a page of the figure's size``"""
    return join([say("{ending}: {text}", ending=row.ending, text=row.holds) for row in rows(*kinds)], "; ")
