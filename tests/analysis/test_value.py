"""An analysis is a value: the diagram may go on, it stays. The live one follows."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import Any

import pytest

import blockstudio as bs
from blockstudio.analysis import Analysis, Analyzer, LiveAnalysis
from blockstudio.graph.diagram import Diagram


def told(analysis: Analysis) -> dict[str, Any]:
    """Everything that an analysis says, as plain values."""
    levels = ["", *(path for path, report in analysis.blocks.items() if report.copies and _has_inside(analysis, path))]
    return {
        "totals": [getattr(analysis, name) for name in Analysis.__dataclass_fields__ if name not in ("main", "top")],
        "paths": list(analysis.blocks),
        "blocks": [
            (
                report.path, report.type, report.parameters, report.macs, report.values, report.input_shapes,
                report.output_shapes, report.depth, report.receptive_field, report.training_bytes, report.live,
            )
            for report in analysis.blocks.values()
        ],
        "levels": {
            path: (analysis.live(path), dict(analysis.level(path).shapes), analysis.scope_values(path))
            for path in levels
        },
    }  # fmt: skip


def _has_inside(analysis: Analysis, path: str) -> bool:
    try:
        analysis.level(path)
    except bs.StudioError:
        return False
    return True


def change_everything(diagram: Diagram) -> None:
    """At least one edit of every sort."""
    module = next(iter(diagram.modules))
    first = next(name for name, block in diagram.main.blocks() if block.type not in ("Input", module))
    diagram.add("ReLU", "extra")
    diagram.add("ReLU", "inside", scope=module)
    diagram.connect(first, "extra")
    diagram.rename("extra", "renamed")
    diagram.bypass(first)
    diagram.declare("novel", 3)
    diagram.declare("more", 3, scope=module)
    diagram.module("Empty")
    diagram.rename_module(module, "Renamed")
    diagram.set("fc", out_features=7)
    diagram.remove("fc")


@pytest.mark.parametrize("name", ["resnet18", "googlenet"])
def test_a_result_says_the_same_after_the_diagram_has_changed(name: str) -> None:
    diagram, untouched = bs.load(name), bs.load(name)
    kept = bs.analyze(diagram)
    change_everything(diagram)
    assert told(kept) == told(bs.analyze(untouched))
    assert "renamed" not in kept.blocks and "fc" in kept.blocks
    assert "renamed" in bs.analyze(diagram).blocks


def test_the_order_is_that_of_the_moment() -> None:
    diagram = bs.load("resnet34")
    result = bs.analyze(diagram)
    before = list(result.blocks)
    diagram.add("ReLU", "extra")
    assert list(result.blocks) == before and len(result.blocks) == len(before)
    assert [path for path, _ in result.blocks.items()] == before


def test_a_result_cannot_be_changed() -> None:
    result = bs.analyze(bs.load("resnet18"))
    for name in ("parameters", "problems", "depth", "anything"):
        with pytest.raises(FrozenInstanceError):
            setattr(result, name, None)
    result.blocks["conv1"].values["out_channels"] = 1
    result.scope_values("layer1")["stride"] = 9
    assert result.blocks["conv1"].values["out_channels"] == 64
    assert result.scope_values("layer1")["stride"] != 9


def test_fixes_are_of_the_state_they_were_found_in() -> None:
    diagram = Diagram()
    diagram.add("Input", "input", shape=[3, 8, 8])
    diagram.add("Linear", "fc")
    diagram.add("Output", "output")
    diagram.connect("input", "fc")
    diagram.connect("fc", "output")
    result, other = bs.analyze(diagram), bs.analyze(diagram)
    (problem,) = result.problems
    assert problem.code == "shape.linear" and problem.fixes
    diagram.remove("input")
    assert other.problems == result.problems
    assert other.problems[0].fixes == ()


def test_the_live_one_follows_and_is_another_class() -> None:
    diagram = bs.load("resnet18")
    analyzer = Analyzer(diagram)
    analyzer.attach()
    live = analyzer.analysis
    assert type(live) is LiveAnalysis and type(bs.analyze(diagram)) is Analysis
    diagram.add("ReLU", "extra")
    assert "extra" in live.blocks  # it looks at the sheets
    assert "extra" in analyzer.analysis.blocks
    assert told(analyzer.analysis) == told(bs.analyze(diagram))


def test_a_block_that_comes_back_at_another_place_changes_the_order() -> None:
    diagram = Diagram()
    for name in ("one", "two", "three"):
        diagram.add("Input", name)
    analyzer = Analyzer(diagram)
    analyzer.attach()
    with diagram.history.gesture("to the end"):
        diagram.remove("one")
        diagram.add("Input", "one")
    assert list(analyzer.analysis.blocks) == ["two", "three", "one"] == list(bs.analyze(diagram).blocks)
    assert analyzer.analysis.live() == bs.analyze(diagram).live()
