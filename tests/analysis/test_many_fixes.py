"""What it takes to find the fixes of a problem that has very many candidates: the trials are counted."""

import pytest

import blockstudio as bs
from blockstudio.analysis.fixes import TRIED, Trial
from blockstudio.analysis.fixes.trial import Verdict
from blockstudio.analysis.problems import Fix, Problem
from blockstudio.graph.definition import Block, Wire


def ring(length: int, kinds: dict[int, str]) -> bs.Diagram:
    """Blocks in a circle, Identity where ``kinds`` says nothing; each Add reads the Input too."""
    diagram = bs.Diagram("Ring")
    diagram.main.insert("input", Block(type="Input", parameters={"shape": [8]}))
    for index in range(length):
        diagram.main.insert(f"b{index}", Block(type=kinds.get(index, "Identity")))
    diagram.main.insert("output", Block(type="Output"))
    for index in range(length):
        after = (index + 1) % length
        diagram.main.join(Wire(f"b{index}", "out", f"b{after}", "0" if after in kinds else "in"))
    for index in kinds:
        diagram.main.join(Wire("input", "out", f"b{index}", "1"))
    diagram.main.join(Wire(f"b{length - 1}", "out", "output", "in"))
    return diagram


@pytest.mark.parametrize(
    ("kinds", "labels"),
    [
        ({}, ["Remove the wire b299 → b0", "Remove the wire b298 → b299"]),
        ({0: "Add"}, ["Remove b0, keep input", "Remove the wire b299 → b0"]),
        # Far round the circle from where it closes: still found before the bound is reached.
        ({150: "Add"}, ["Remove b150, keep input", "Remove the wire b149 → b150"]),
    ],
)
def test_a_long_circle_takes_as_many_trials_as_a_short_one(
    kinds: dict[int, str], labels: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []
    run = Trial.run

    def counted(trial: Trial, fix: Fix, problem: Problem) -> Verdict | None:
        tried.append(fix.label)
        return run(trial, fix, problem)

    monkeypatch.setattr(Trial, "run", counted)
    problem = next(each for each in bs.analyze(ring(300, kinds)).problems if each.code == "graph.cycle")
    assert [fix.label for fix in problem.fixes][:2] == labels
    assert len(tried) <= TRIED


def test_a_loose_end_can_be_deleted_however_many_inputs_are_open() -> None:
    diagram = bs.Diagram("Many")
    diagram.add("Input", "input", shape=[3, 8, 8])
    diagram.add("Conv2d", "loose")
    diagram.add("Output", "output")
    diagram.connect("input", "loose")
    diagram.connect("input", "output")
    for index in range(40):
        diagram.add("Linear", f"open{index}")
    (problem,) = [found for found in bs.analyze(diagram).problems if found.block == "loose"]
    assert "Delete loose" in [fix.label for fix in problem.fixes]
