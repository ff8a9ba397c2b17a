"""Every planted fault is found on the right block, told in words a student understands, and every fix that is
offered works: the problem is gone, the network compiles and runs, undo gives the same bytes back."""

from __future__ import annotations

import pytest
from planted import FAULTS, Fault

from blockstudio.analysis import Problem, analyze, apply_fix
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.format import dumps


def found(diagram: Diagram, fault: Fault) -> list[Problem]:
    path, _, field = fault.path.partition(":")
    return [
        problem
        for problem in analyze(diagram).problems
        if (problem.path or problem.scope) == path
        and problem.code == fault.code
        and field in ("", problem.parameter, problem.port)
    ]


def runs(diagram: Diagram) -> None:
    """The diagram compiles, takes its image and gives what the analysis says."""
    torch = pytest.importorskip("torch")
    from blockstudio.compiler import compile

    torch.set_num_threads(1)
    analysis = analyze(diagram)
    assert [problem.text for problem in analysis.problems if problem.severity == "error"] == []
    model = compile(diagram).eval()
    shape = analysis.blocks[analysis.main.plan.inputs[0]].output_shape
    with torch.no_grad():
        logits = model(torch.zeros(2, *shape))
    assert tuple(logits.shape[1:]) == analysis.output_shape
    assert sum(parameter.numel() for parameter in model.parameters()) == analysis.parameters_with_auxiliary


def test_there_are_enough() -> None:
    assert len(FAULTS) >= 40


@pytest.mark.parametrize("name", FAULTS)
def test_fault_is_told(name: str) -> None:
    fault = FAULTS[name]
    diagram = fault.make()
    problems = found(diagram, fault)
    assert len(problems) == 1, [problem.text for problem in analyze(diagram).problems]
    problem = problems[0]
    for word in fault.words:
        assert word in problem.text
    if problem.path:
        assert problem.text.startswith(problem.path)


@pytest.mark.parametrize("name", FAULTS)
def test_fixes_work(name: str) -> None:
    fault = FAULTS[name]
    diagram = fault.make()
    before = dumps(diagram)
    fixes = found(diagram, fault)[0].fixes
    labels = [fix.label for fix in fixes]
    assert labels
    for label in fault.labels:
        assert any(other.startswith(label) for other in labels), labels
    for fix in fixes:
        apply_fix(diagram, fix)
        assert found(diagram, fault) == [], fix.label
        if fault.alone:
            runs(diagram)
        assert diagram.undo() == fix.label
        assert dumps(diagram) == before


def test_a_fix_is_one_step_and_redo_repeats_it() -> None:
    fault = FAULTS["add_without_projection"]
    diagram = fault.make()
    fix = found(diagram, fault)[0].fixes[0]
    apply_fix(diagram, fix)
    after = dumps(diagram)
    diagram.undo()
    assert found(diagram, fault)
    diagram.redo()
    assert dumps(diagram) == after
