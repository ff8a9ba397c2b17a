"""The papers' tables beside the presets: what is printed, what is true, and why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from blockstudio.analysis import Analysis, analyze
from blockstudio.graph.presets import load_preset, preset_names, preset_path

FOLDER = preset_path("googlenet").parent / "papers"
FILES = sorted(FOLDER.glob("*.json"))
FIELDS = {"type", "blocks", "printed", "true", "why", "weights", "parameters", "macs"}


def table(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def computed(data: dict[str, Any]) -> Analysis:
    return analyze(load_preset(data["preset"], **data.get("parameters", {})))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_table_is_well_formed(path: Path) -> None:
    data = table(path)
    assert data["preset"] == path.stem
    assert data["preset"] in preset_names()
    found = computed(data)
    columns = set(data["columns"])
    assert columns and data["units"] and data["table"]
    for row in data["rows"]:
        assert set(row) <= FIELDS
        assert set(row["printed"]) <= columns - {"type"}
        assert set(row.get("true", {})) <= columns
        assert ("why" in row) or "true" not in row
        for block in row["blocks"]:
            assert block in found.blocks, block


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_true_figures_are_the_computed_ones(path: Path) -> None:
    data = table(path)
    found = computed(data)
    for row in data["rows"]:
        reports = [found.blocks[name] for name in row["blocks"]]
        for field in ("parameters", "macs"):
            if field in row:
                assert sum(getattr(report, field) for report in reports) == row[field], row["type"]
    totals = data["totals"]
    for field in ("parameters", "macs"):
        if field in totals:
            assert getattr(found, field) == totals[field]


def test_how_the_resnet_tables_shorten_their_flops_is_what_they_do() -> None:
    """3.66 and 3.86 are printed as 3.6 and 3.8, but 7.57 and 11.28 as 7.6 and 11.3."""
    said = {"cut off after one decimal": 0.0, "rounded to one decimal": 0.5}
    for name in ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152"):
        data = table(FOLDER / f"{name}.json")
        printed = next(row["printed"]["layers"] for row in data["rows"] if row["type"] == "FLOPs")
        tenths = computed(data).macs / 1e8
        ways = [text for text, added in said.items() if f"{int(tenths + added) / 10}×10⁹" == printed]
        units = data["units"].split(", ")[1]
        assert ways == [units] or (len(ways) == 2 and units == "to one decimal"), name


def map_size(text: str) -> tuple[int, ...]:
    """``(C, H, W)`` of ``H×W×C``; ``(H, W)`` of ``H×W``."""
    sizes = tuple(int(part) for part in text.split("×"))
    return (sizes[2], *sizes[:2]) if len(sizes) == 3 else sizes


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_sizes_are_right_or_corrected(path: Path) -> None:
    """Output sizes are of a row's last block, input sizes of its first. A printed size is the computed one unless
    the row corrects it, and then the correction is."""
    data = table(path)
    found = computed(data)
    checked = 0
    for row in data["rows"]:
        if not row["blocks"]:
            continue
        first, last = found.blocks[row["blocks"][0]], found.blocks[row["blocks"][-1]]
        for column, shape in (("output size", last.output_shape), ("input size", first.input_shapes[0])):
            if column not in row["printed"]:
                continue
            printed = map_size(row["printed"][column])
            true = map_size(row.get("true", {}).get(column, row["printed"][column]))
            assert shape is not None
            full = (*shape, 1, 1)[:3]
            assert full[-len(true) :] == true, row["type"]
            assert ("true" in row and column in row["true"]) == (printed != true)
            checked += 1
    assert checked >= 5


def test_googlenet_marks_the_misprints_of_the_paper() -> None:
    rows = {row["blocks"][0]: row for row in table(FOLDER / "googlenet.json")["rows"] if row["blocks"]}
    wrong = {name for name, row in rows.items() if "true" in row}
    assert {"conv1", "inception_4c", "inception_5a"} <= wrong
    assert wrong.isdisjoint({"conv2_reduce", "inception_3a", "inception_3b", "fc"})
    costed = [row for row in rows.values() if "weights" in row]
    assert sum(row["weights"] for row in costed) == 6_990_272
    assert sum(row["parameters"] for row in costed) == analyze(load_preset("googlenet")).parameters
