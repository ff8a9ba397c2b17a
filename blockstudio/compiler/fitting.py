"""How the weights of a file fit a diagram: what the command line and the window tell before they are used."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from blockstudio.blocks import RawValue
from blockstudio.compiler.load import build
from blockstudio.compiler.weight_files import read
from blockstudio.compiler.weight_maps import weight_maps
from blockstudio.compiler.weights import Mismatch, Names, WeightsReport, compare, fitness, load_weights, translate
from blockstudio.compiler.written import safetensors_bytes
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.files import write_atomic
from blockstudio.graph.operations.copying import copy_diagram
from blockstudio.graph.presets import set_values
from blockstudio.text import say

LISTED = 20
"""Keys of each sort in the text; the JSON has all."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A network with those weights of a file that fit it; everything else has initial values."""

    diagram: Diagram
    file: str
    model: nn.Module
    report: WeightsReport
    settings: Mapping[str, RawValue]
    """Diagram parameters, other than they are, under which everything would fit; empty if none are known."""

    def lines(self) -> list[str]:
        """The report for a reader."""
        head = say("{file} for {network}", file=self.file, network=self.diagram.name)
        last = [say("Everything fits with {settings}.", settings=self.advice())] if self.settings else []
        return [head, *self.report.lines(LISTED), *last]

    def advice(self) -> str:
        """``--set aux=false``; empty if there is none."""
        return " ".join(f"--set {key}={_spelled(value)}" for key, value in self.settings.items())

    def as_json(self) -> dict[str, Any]:
        """The report for a program."""
        report = self.report
        return {
            "network": self.diagram.name,
            "file": self.file,
            "complete": report.complete,
            "names": report.map or "same",
            "prefix": report.prefix,
            "beside": list(report.beside),
            "matched": list(report.matched),
            "missing": list(report.missing),
            "unexpected": list(report.unexpected),
            "mismatched": [_entry(item) for item in report.mismatched],
            "kept": [_entry(item) for item in report.kept],
            "settings": dict(self.settings),
        }

    def write(self, path: Path) -> None:
        """The network's weights as a safetensors file. Raises `StudioError` ``file.write``."""
        write_atomic(path, safetensors_bytes(self.diagram, self.model))


def fit(diagram: Diagram, file: str | os.PathLike[str], names: Names = "auto") -> Fitted:
    """Load what fits of a file into the compiled diagram, a classifier for other classes left aside.

    Raises `StudioError`: ``weights.*`` for a bad file or one that has no key of the network, ``compile.*``.
    """
    model = build(diagram)
    weights = read(Path(file), fitness(model.state_dict()))
    try:
        report = load_weights(model, weights, strict=False, names=names, head="skip")
    except StudioError as error:
        raise error.at(os.fspath(file)) if error.where == "state dict" else error from error
    state = model.state_dict()
    for key in report.matched:
        value = state[key]
        if value.is_floating_point() and value.numel() and not bool(torch.isfinite(value.abs().max())):
            raise StudioError(
                "weights.numbers", say("{key} holds values that are not numbers.", key=key), where=os.fspath(file)
            )
    settings = {} if report.complete else _settings(diagram, weights, names)
    return Fitted(diagram, os.fspath(file), model, report, settings)


def _settings(diagram: Diagram, weights: Mapping[str, Tensor], names: Names) -> dict[str, RawValue]:
    """The first other setting under which the weights fit."""
    for values in _alternatives(diagram):
        turned = copy_diagram(diagram)
        try:
            set_values(turned, values)
            with torch.device("meta"):
                own = build(turned).state_dict()
        except StudioError:  # A setting that the network does not work with is no advice.
            continue
        found, _, _ = translate(own, weights, names)
        if compare(own, found, "skip").complete:
            return values
    return {}


def _alternatives(diagram: Diagram) -> Iterator[dict[str, RawValue]]:
    """The settings of the maps, then each switch and choice turned, one at a time."""
    current = {key: parameter.default for key, parameter in diagram.parameters.items()}
    for each in weight_maps():
        values: dict[str, RawValue] = {
            key: value for key, value in each.parameters.items() if key in current and current[key] != value
        }
        if len(values) > 1:
            yield values
    for key, parameter in diagram.parameters.items():
        if parameter.kind == "bool":
            yield {key: not parameter.default}
        for word in parameter.choices:
            if word != parameter.default:
                yield {key: word}


def _entry(item: Mismatch) -> dict[str, Any]:
    return {"key": item.key, "expected": list(item.expected), "found": list(item.found)}


def _spelled(value: RawValue) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
