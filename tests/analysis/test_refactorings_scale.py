"""What is asked of all blocks of a definition is asked once, not once for each of them."""

from __future__ import annotations

import pytest

from blockstudio.analysis.engine import Analyzer
from blockstudio.analysis.refactorings import normalise, proposals
from blockstudio.graph.diagram import MAIN, Diagram


def residual(count: int, scope: str = MAIN) -> Diagram:
    """Sums around convolutions that nothing normalises, in the main graph or in a module of it."""
    diagram = Diagram("residual")
    if scope != MAIN:
        diagram.module(scope)
        diagram.add("Input", "x", scope=scope)
    diagram.add("Input", "input", shape=[3, 8, 8])
    last = "input" if scope == MAIN else "x"
    for index in range(count):
        diagram.add("Conv2d", f"conv{index}", scope=scope, out_channels=3, kernel_size=3, padding=1)
        diagram.add("Add", f"add{index}", scope=scope)
        for one, other in ((last, f"conv{index}"), (f"conv{index}", f"add{index}"), (last, f"add{index}")):
            diagram.connect(one, other, scope=scope)
        last = f"add{index}"
    if scope != MAIN:
        diagram.connect(last, diagram.add("Output", "y", scope=scope), scope=scope)
        last = diagram.add(scope, "instance")
        diagram.connect("input", last)
    diagram.add("ReLU", "relu")
    diagram.connect(last, "relu")
    diagram.connect("relu", diagram.add("Output", "output"))
    return diagram


@pytest.mark.parametrize("scope", [MAIN, "Block"])
def test_batch_norm_everywhere_looks_at_each_block_a_few_times(scope: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    before, outside = normalise._normalised_before, normalise._normalised_outside
    monkeypatch.setattr(normalise, "_normalised_before", lambda site, name: asked.append(name) or before(site, name))
    monkeypatch.setattr(normalise, "_normalised_outside", lambda *given: asked.append("outside") or outside(*given))
    diagram = residual(40, scope)
    (found,) = proposals(diagram, MAIN, Analyzer(diagram).analysis.level())
    assert len([edit for edit in found.edits if type(edit).__name__ == "AddBlock"]) == 40
    assert len(asked) <= 2 * 40 + 2
