"""Every network of the table in docs/imports.md is drawn as it says; networks that are presets too are no larger."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
import torch

import blockstudio as bs
from blockstudio.imports.library import input_of, library_network
from blockstudio.imports.proving import count

torch.set_num_threads(1)
ROOT = Path(__file__).parents[2]
ROWS = [
    line
    for line in (ROOT / "docs" / "imports.md").read_text(encoding="utf-8").splitlines()
    if line.startswith(("| `torchvision:", "| `timm:"))
]
PRESETS = {
    "torchvision:alexnet": "alexnet_torchvision",
    "torchvision:googlenet": "googlenet_torchvision",
    "torchvision:inception_v3": "inception_v3",
    "torchvision:resnet34": "resnet34",
    "torchvision:resnet50": "resnet50",
    "torchvision:resnext50_32x4d": "resnext50",
    "torchvision:vgg16": "vgg16",
    "torchvision:wide_resnet50_2": "wide_resnet50_2",
    "timm:inception_resnet_v2": "inception_resnet_v2",
    "timm:inception_v4": "inception_v4",
    "timm:resnetv2_50": "preact_resnet50",
    "timm:seresnet50": "se_resnet50",
}
"""The library's name and the preset's."""


def _table() -> ModuleType:
    spec = importlib.util.spec_from_file_location("imports_table", ROOT / "tools" / "imports_table.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
@pytest.mark.parametrize("line", ROWS, ids=lambda line: line.split("`")[1])
def test_the_table_is_true(line: str) -> None:
    found, report = _table().row(line.split("`")[1])
    cells = [cell.strip() for cell in found.split("|")]
    # All but the last column, which is a time.
    assert cells[:-2] == [cell.strip() for cell in line.split("|")][:-2]
    assert report is not None and report.proven, report and report.notes


@pytest.mark.slow
@pytest.mark.parametrize("source", [name for name in _table().NETWORKS if not any(f"`{name}`" in row for row in ROWS)])
def test_the_others_are_proven(source: str) -> None:
    _, report = _table().row(source)
    assert report is not None and report.proven, report and report.notes


SMALL = ("torchvision:googlenet", "torchvision:resnet34", "torchvision:resnet50")


@pytest.mark.parametrize(
    "source", [name if name in SMALL else pytest.param(name, marks=pytest.mark.slow) for name in PRESETS]
)
def test_no_larger_than_a_person_drew_it(source: str) -> None:
    network = library_network(source)
    diagram, _ = bs.from_module(network, input=input_of(network), prove=False)
    blocks, definitions = count(diagram)
    own_blocks, own_definitions = count(bs.load(PRESETS[source]))
    assert blocks <= 1.5 * own_blocks
    # timm has classes for the stages and the head besides.
    assert blocks + definitions <= 1.5 * (own_blocks + own_definitions)
    assert definitions <= max(1.5 * own_definitions, own_definitions + 2)
