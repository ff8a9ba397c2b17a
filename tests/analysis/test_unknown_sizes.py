"""A size that a mistake hides stays hidden behind an addition, too."""

from __future__ import annotations

from blockstudio.analysis import analyze
from blockstudio.graph.presets import load_preset


def test_a_size_hidden_before_residual_blocks_is_not_made_up_behind_them() -> None:
    diagram = load_preset("resnet34")
    diagram.set("conv1", groups=7)
    found = analyze(diagram)
    assert [problem.block for problem in found.problems] == ["conv1"]
    assert found.blocks["layer1"].output_shape is None
    assert found.blocks["layer2.0.conv1"].macs is None
    assert found.blocks["fc"].output_shape == (1000,), "what does not depend on it stands"
    assert not found.complete and found.macs < 10**6
