"""The networks that come with the studio, by name."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from blockstudio.blocks import Parameter, RawValue
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram, suggestion
from blockstudio.graph.edits import SetDefault
from blockstudio.graph.format import SUFFIX, load
from blockstudio.text import say

PRESET = "preset"
"""The key of a diagram's ``about`` under which it keeps the preset it was made from, through every edit and saving."""


def preset_folder() -> Path:
    """Where the preset files are: inside an installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "_presets"
    return installed if installed.is_dir() else package.parent / "presets"


def preset_names() -> list[str]:
    """Names of all presets, sorted with numbers as numbers: ``resnet18`` before ``resnet101``."""
    names = (path.name.removesuffix(SUFFIX) for path in preset_folder().glob(f"*{SUFFIX}"))
    return sorted(names, key=_natural)


def preset_path(name: str) -> Path:
    """The file of a preset. Raises `StudioError` ``preset.unknown``, suggesting the nearest name."""
    names = preset_names()
    if name not in names:
        raise StudioError(
            "preset.unknown",
            say("there is no preset and no file '{name}'.", name=name[:80]),
            hint=suggestion(name, names),
        )
    return preset_folder() / f"{name}{SUFFIX}"


def load_preset(name: str, **values: RawValue) -> Diagram:
    """A preset with diagram parameters set: ``load_preset("cifar_resnet", n=9)``. Raises `StudioError`
    ``preset.unknown``, or ``parameter.*`` for a value that the diagram does not take."""
    diagram = load(preset_path(name))
    diagram.about = {**diagram.about, PRESET: diagram.about.get(PRESET, name)}
    set_values(diagram, values)
    return diagram


def open_diagram(name_or_path: str | os.PathLike[str], **values: RawValue) -> Diagram:
    """A preset by name or a diagram by its file, with diagram parameters set. A name with a path separator or
    the ending ``.json`` is a file; any other is a preset if there is one so called. Raises `StudioError`."""
    bare = isinstance(name_or_path, str) and not _looks_like_path(name_or_path)
    if bare and (name_or_path in preset_names() or not os.path.isfile(name_or_path)):
        return load_preset(str(name_or_path), **values)
    diagram = load(name_or_path)
    set_values(diagram, values)
    return diagram


def set_values(diagram: Diagram, values: Mapping[str, RawValue]) -> None:
    """Set diagram parameters as a part of opening (no undo step). Text stands for what it spells, so that
    ``--set n=9`` works: ``"9"``, ``"0.5"``, ``"true"``, ``"[3, 32, 32]"``. Raises `StudioError`
    ``parameter.*``; nothing is then changed."""
    if values:
        declared = diagram.parameters
        spelled = {key: _spelled(declared.get(key), value) for key, value in values.items()}
        with diagram.history.gesture("Open"):
            for key, value in spelled.items():
                diagram.history.do(SetDefault(key=key, value=value))
        diagram.history.clear()


def _spelled(parameter: Parameter | None, value: RawValue) -> RawValue:
    if parameter is None or not isinstance(value, str) or parameter.kind == "text" or value in parameter.words:
        return value
    try:
        found: RawValue = json.loads(value.lower() if parameter.kind == "bool" else value)
    except (ValueError, RecursionError):
        return value
    return found


def _looks_like_path(name: str) -> bool:
    separators = {os.sep, os.altsep or os.sep, "/"}
    return name.endswith(".json") or any(separator in name for separator in separators)


def _natural(name: str) -> list[tuple[int, str]]:
    parts = []
    digits = ""
    for letter in name + "\0":
        if letter.isdecimal():
            digits += letter
            continue
        if digits:
            parts.append((int(digits), ""))
            digits = ""
        parts.append((-1, letter))
    return parts
