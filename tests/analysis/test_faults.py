"""Every planted fault is found on the right block, told in words a student understands, and every fix that is
offered works: the problem is gone, the network compiles and runs, undo gives the same bytes back."""

from __future__ import annotations

import pytest

from blockstudio.analysis import Analyzer, Problem, analyze, apply_fix
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.format import dumps
from tests.support.planted import FAULTS, Fault


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


def test_inserted_blocks_stand_between_their_neighbours() -> None:
    diagram = FAULTS["add_without_projection"].make()
    diagram.move("stem", 100.0, 0.0)
    diagram.move("add", 160.0, 300.0)
    problem = found(diagram, FAULTS["add_without_projection"])[0]
    apply_fix(diagram, next(fix for fix in problem.fixes if fix.label == "Insert 1×1 projection, 32, /2"))
    assert diagram.main.block("projection").at == (120.0, 100.0)
    assert diagram.main.block("projection_bn").at == (140.0, 200.0)
    names = list(diagram.graph)
    assert names[names.index("add") - 2 : names.index("add")] == ["projection", "projection_bn"]
    assert diagram.main.block("projection").parameters == {
        "out_channels": 32, "kernel_size": 1, "stride": 2, "bias": False
    }  # fmt: skip


def test_names_that_are_taken_are_not_used() -> None:
    diagram = FAULTS["add_without_projection"].make()
    diagram.rename("conv1", "projection")
    problem = found(diagram, FAULTS["add_without_projection"])[0]
    apply_fix(diagram, problem.fixes[0])
    assert "projection_2" in diagram.graph and "projection_bn" in diagram.graph


def test_in_a_module_the_projection_is_written_in_its_parameters() -> None:
    diagram = FAULTS["residual_module_without_projection"].make()
    problem = found(diagram, FAULTS["residual_module_without_projection"])[0]
    apply_fix(diagram, problem.fixes[0])
    block = diagram.definition("Residual").block("projection")
    assert block.parameters["out_channels"] == "planes" and block.parameters["stride"] == "stride"
    assert block.bypass == "in_channels == planes and stride == 1"
    # Where the shapes agree already nothing is added.
    reports = analyze(diagram).blocks
    assert reports["layer1.0.projection"].bypassed and not reports["layer2.0.projection"].bypassed
    assert reports["layer2.1.projection"].parameters == 0


def test_a_problem_names_wire_expectation_and_finding() -> None:
    problem = found(FAULTS["add_without_projection"].make(), FAULTS["add_without_projection"])[0]
    assert problem.wire is not None and (problem.wire.source, problem.wire.target) == ("stem", "add")
    assert (problem.expected, problem.found) == ("32×16×16", "16×32×32")
    limit = found(FAULTS["channels_below_one"].make(), FAULTS["channels_below_one"])[0]
    assert (limit.expected, limit.found) == ("a whole number from 1 to 1,000,000", "-6")
    cycle = found(FAULTS["circle_through_an_add"].make(), FAULTS["circle_through_an_add"])[0]
    assert cycle.wire is not None and cycle.wire.source == "relu"


def test_a_problem_of_the_past_offers_nothing() -> None:
    diagram = FAULTS["linear_behind_a_map"].make()
    analyzer = Analyzer(diagram)
    analyzer.attach()
    old = analyzer.analysis.problems[0]
    diagram.set("conv1", out_channels=7)
    assert old.fixes == ()
    assert analyzer.analysis.problems[0].fixes[0].label == "Insert Flatten (448 features)"


def test_a_fix_that_no_longer_fits_changes_nothing() -> None:
    diagram = FAULTS["linear_behind_a_map"].make()
    fix = analyze(diagram).problems[0].fixes[0]
    diagram.disconnect("conv1", "fc")
    before = dumps(diagram)
    with pytest.raises(StudioError):
        apply_fix(diagram, fix)
    assert dumps(diagram) == before


def test_asking_for_fixes_leaves_the_diagram_alone() -> None:
    for fault in FAULTS.values():
        diagram = fault.make()
        before, position = dumps(diagram), diagram.history.position
        for problem in analyze(diagram).problems:
            assert isinstance(problem.fixes, tuple)
        assert dumps(diagram) == before and diagram.history.position is position


def test_a_merge_that_is_switched_off_before_anything_is_wired_to_it():
    d = Diagram()
    d.add("Concat", "cat", bypass=True)
    codes = [problem.code for problem in analyze(d).problems if problem.block == "cat"]
    assert codes == ["port.unconnected"]
