"""After any edits, undone and redone too, the analysis kept up to date says what one made afresh says."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from blockstudio.analysis import Analysis, Analyzer, Level, analyze
from blockstudio.blocks import CATALOGUE
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.presets import load_preset
from tests.support.nets import block_module, conv, head, line, merge, net
from tests.support.properties import examples

TYPES = ["Conv2d", "Add", "Concat", "Multiply", "MaxPool2d", "GlobalAvgPool", "Flatten", "Linear", "ReLU",
         "BatchNorm2d", "Softmax", "ShortcutA", "Input", "Output", "AuxOutput", "Identity"]  # fmt: skip
VALUES: list[Any] = [1, 2, 3, 8, 0, "width", "2 * width", "width // 3", "in_channels", "i + 1", "nowhere",
                     "planes", "width - 20", [3, 1], True, "same"]  # fmt: skip
FLAGS: list[Any] = [True, False, "width > 10", "in_channels == planes", "nowhere", "i == 1", "stride == 1"]
REPEATS: list[Any] = [None, 0, 1, 3, "n", "n - 3", "nowhere"]


def two_ports() -> Diagram:
    """Modules with several ports, one inside the other, a repeat, a bypass, an auxiliary head."""
    d = net([3, 16, 16])
    d.declare("width", 12)
    d.declare("n", 2)
    join = d.module("Join", {"planes": 8})
    d.add("Input", "left", scope=join)
    d.add("Input", "right", scope=join)
    d.add("Output", "sum", scope=join)
    d.add("Output", "both", scope=join)
    line(d, "right", conv("match", "in_channels"), scope=join)
    merge(d, "Add", "add", "left", "match", scope=join)
    merge(d, "Concat", "cat", "left", "right", scope=join)
    line(d, "add", "sum", scope=join)
    line(d, "cat", "both", scope=join)
    stage = block_module(d, "Stage", planes=8, stride=1)
    line(d, "input", conv("conv1", "planes", stride="stride", padding=1), ("ReLU", "relu", {}), scope=stage)
    d.add("Conv2d", "down.0", scope=stage, out_channels="planes", kernel_size=1, stride="stride",
          bypass="in_channels == planes and stride == 1")  # fmt: skip
    d.add("Join", "join", scope=stage, planes="planes")
    d.connect("input", "down.0", scope=stage)
    d.connect("relu", "join:left", scope=stage)
    d.connect("down.0", "join:right", scope=stage)
    d.connect("join:sum", "output", scope=stage)
    line(d, "input", conv("stem", "width"))
    d.add("Stage", "layer1", planes="width", repeat="n")
    d.add("Stage", "layer2", planes="2 * width", stride="2 if i == 0 else 1", repeat=2)
    line(d, "stem", "layer1", "layer2")
    line(d, "layer1", ("GlobalAvgPool", "aux_pool", {}), ("Flatten", "aux_flat", {}), ("AuxOutput", "aux", {}))
    return head(d, "layer2")


def squeeze() -> Diagram:
    """Flat: a gate, a concatenation, a branch that leads nowhere."""
    d = net([3, 12, 12])
    d.declare("width", 12)
    line(d, "input", conv("stem", "width"))
    line(d, "stem", ("GlobalAvgPool", "pool", {}), conv("fc1", 4, 1), conv("fc2", "width", 1), ("Sigmoid", "gate", {}))
    merge(d, "Multiply", "scale", "stem", "gate")
    line(d, "stem", conv("branch", 6, [1, 3], padding=[0, 1]))
    line(d, "stem", conv("nowhere", 6))
    return head(d, merge(d, "Concat", "cat", "scale", "branch"))


def small_resnet() -> Diagram:
    return load_preset("cifar_resnet", n=2)


def googlenet() -> Diagram:
    return load_preset("googlenet", size=64)


def level_facts(level: Level) -> dict[str, Any]:
    facts: dict[str, Any] = {"scope": level.scope, "values": level.values, "shapes": dict(level.shapes)}
    facts["order"] = (level.order(), level.order(auxiliary=False))
    for name, report in level.blocks.items():
        facts[name] = (
            report.path, report.type, report.input_shapes, report.output_shapes, report.output_shape,
            report.parameters, report.macs, report.activation_bytes, report.training_bytes, report.receptive_field,
            report.field_stride, report.field_offset, report.depth, report.values, report.bypassed, report.copies,
            report.live, report.input_ports,
        )  # fmt: skip
    return facts


def facts(analysis: Analysis, deep: bool = True) -> dict[str, Any]:
    """Everything that an analysis says."""
    found: dict[str, Any] = {
        name: getattr(analysis, name)
        for name in (
            "parameters", "macs", "parameters_with_auxiliary", "macs_with_auxiliary", "complete", "depth",
            "receptive_field", "activation_bytes", "training_bytes", "parameter_bytes", "output_shape", "problems",
        )
    }  # fmt: skip
    found[""] = level_facts(analysis.level(""))
    if deep:
        for path in list(analysis.blocks):
            found[f"report {path}"] = repr(analysis.blocks[path]), analysis.blocks[path].receptive_field
            try:
                found[path] = level_facts(analysis.level(path))
            except StudioError as error:
                found[path] = str(error)
    return found


def pick(items: list[Any], number: int) -> Any:
    return items[number % len(items)]


def act(d: Diagram, op: str, a: int, b: int, c: int) -> None:
    """One edit, chosen by numbers; an impossible one raises `StudioError` and changes nothing."""
    scope = pick(d.scopes(), a)
    definition = d.definition(scope)
    names = list(definition.graph)
    match op:
        case "add":
            kinds = [*TYPES, *d.modules]
            d.add(pick(kinds, b), scope=scope)
        case "insert" if names:
            name = d.add(pick(TYPES, b), scope=scope)
            wires = definition.wires()
            if wires:
                wire = pick(wires, c)
                with d.history.gesture("insert"):
                    d.disconnect(f"{wire.source}:{wire.source_port}", f"{wire.target}:{wire.target_port}", scope=scope)
                    d.connect(f"{wire.source}:{wire.source_port}", name, scope=scope)
                    d.connect(name, f"{wire.target}:{wire.target_port}", scope=scope)
        case "connect" if names:
            d.connect(pick(names, b), pick(names, c), scope=scope)
        case "disconnect":
            wires = definition.wires()
            if wires:
                wire = pick(wires, b)
                d.disconnect(f"{wire.source}:{wire.source_port}", f"{wire.target}:{wire.target_port}", scope=scope)
        case "set" if names:
            name = pick(names, b)
            keys = list(d.declared(definition.block(name).type))
            if keys:
                d.set(name, scope=scope, **{pick(keys, c): pick([None, *VALUES], a + b + c)})
        case "bypass" if names:
            d.bypass(pick(names, b), pick(FLAGS, c), scope=scope)
        case "repeat" if names:
            d.repeat(pick(names, b), pick(REPEATS, c), scope=scope)
        case "remove" if names:
            d.remove(pick(names, b), scope=scope)
        case "rename" if names:
            d.rename(pick(names, b), pick(["alpha", "beta", "gamma.0", "delta"], c), scope=scope)
        case "default":
            keys = list(definition.parameters)
            if keys:
                d.set("", scope=scope, **{pick(keys, b): pick([1, 2, 8, 16], c)})
        case "declare":
            d.declare(pick(["planes", "nowhere", "extra"], b), pick([1, 8], c), scope=scope)
        case "undeclare":
            keys = list(definition.parameters)
            if keys:
                d.undeclare(pick(keys, b), scope=scope)
        case "module":
            d.module(pick(["Fresh", "Other"], b), {"planes": 4})
        case "rename module" if d.modules:
            d.rename_module(pick(list(d.modules), b), pick(["Renamed", "Again"], c))
        case "remove module" if d.modules:
            d.remove_module(pick(list(d.modules), b))
        case "move" if names:
            d.move(pick(names, b), float(c % 100), float(a % 100), scope=scope)
        case "undo":
            for _ in range(1 + b % 3):
                d.undo()
        case "redo":
            for _ in range(1 + b % 3):
                d.redo()


OPS = ["add", "insert", "connect", "connect", "disconnect", "set", "set", "bypass", "repeat", "remove",
       "rename", "default", "declare", "undeclare", "module", "rename module", "remove module", "move", "undo",
       "redo"]  # fmt: skip
NUMBER = st.integers(0, 10_000)
EDITS = st.lists(st.tuples(st.sampled_from(OPS), NUMBER, NUMBER, NUMBER), max_size=14)


def follow(diagram: Diagram, edits: list[tuple[str, int, int, int]], deep: bool, each: bool = False) -> None:
    """Go through the edits; compare at the end, or after ``each``."""
    analyzer = Analyzer(diagram)
    analyzer.attach()
    for op, a, b, c in edits:
        with suppress(StudioError):
            act(diagram, op, a, b, c)
        if each:
            assert facts(analyzer.analysis, deep) == facts(analyze(diagram), deep)
    assert facts(analyzer.analysis, deep) == facts(analyze(diagram), deep)


def test_the_types_exist() -> None:
    assert set(TYPES) <= set(CATALOGUE)


@pytest.mark.parametrize("make", [two_ports, squeeze], ids=lambda make: make.__name__)
@examples(60, suppress_health_check=[HealthCheck.too_slow])
@given(edits=EDITS)
def test_small_diagrams(make: Any, edits: list[tuple[str, int, int, int]]) -> None:
    follow(make(), edits, deep=True)


@pytest.mark.parametrize("make", [small_resnet, googlenet], ids=lambda make: make.__name__)
@examples(15, suppress_health_check=[HealthCheck.too_slow])
@given(edits=EDITS)
def test_presets(make: Any, edits: list[tuple[str, int, int, int]]) -> None:
    follow(make(), edits, deep=False)


@pytest.mark.slow
@pytest.mark.parametrize("make", [two_ports, squeeze, small_resnet, googlenet], ids=lambda make: make.__name__)
@examples(200, suppress_health_check=[HealthCheck.too_slow])
@given(edits=EDITS)
def test_at_length(make: Any, edits: list[tuple[str, int, int, int]]) -> None:
    follow(make(), edits, make in (two_ports, squeeze), each=True)


def long_chain(blocks: int = 60) -> Diagram:
    """Convolutions of ever other widths, so that no two share a result."""
    d = net([3, 24, 24])
    last = line(d, "input", *(conv(f"conv{index}", 8 + index) for index in range(blocks)))
    return head(d, last)


def evaluated(diagram: Diagram, analyzer: Analyzer, **change: Any) -> int:
    before = analyzer.evaluations
    diagram.set("conv30", **change)
    return analyzer.evaluations - before


def test_only_what_an_edit_affects_is_evaluated(monkeypatch) -> None:
    diagram = long_chain()
    analyzer = Analyzer(diagram)
    analyzer.attach()
    assert analyzer.evaluations == len(diagram.graph)
    # Its channels: itself and its reader, whose output is the same as before.
    assert evaluated(diagram, analyzer, out_channels=99) == 2
    # Window and padding that leave the shape: itself alone.
    assert evaluated(diagram, analyzer, kernel_size=5, padding=2) == 1
    # The size of the map: itself and everything behind it, up to the pool that makes it 1×1 and the pool's reader.
    behind = 60 - 30
    assert evaluated(diagram, analyzer, stride=2) == behind + 1
    before = analyzer.evaluations
    diagram.set("conv40", kernel_size=40)
    (problem,) = [each for each in analyzer.analysis.problems if each.severity == "error"]
    before = analyzer.evaluations
    with monkeypatch.context() as patch:  # nothing is gone through, and what is offered is for the diagram as it is
        patch.setattr(Analyzer, "problems", lambda _: pytest.fail("all problems were looked for again"))
        diagram.move("conv30", 5.0, 5.0)
    assert analyzer.evaluations == before
    (again,) = [each for each in analyzer.analysis.problems if each.severity == "error"]
    assert again == problem and again is not problem and again.fixes and not problem.fixes


def test_a_wire_moved_evaluates_what_hangs_on_it() -> None:
    diagram = long_chain()
    analyzer = Analyzer(diagram)
    analyzer.attach()
    before = analyzer.evaluations
    with diagram.history.gesture("skip one"):
        diagram.disconnect("conv30", "conv31")
        diagram.connect("conv29", "conv31")
    assert analyzer.evaluations - before == 1


def test_a_module_is_evaluated_once_for_each_context() -> None:
    diagram = load_preset("resnet152")
    analyzer = Analyzer(diagram)
    blocks = len(diagram.main) + 8 * len(diagram.modules["Bottleneck"])
    # Four stages, first copy and the others; 50 instances in all.
    assert analyzer.evaluations == blocks


def test_a_move_changes_no_number_and_problems_offer_fixes_for_the_diagram_as_it_is() -> None:
    diagram = long_chain(3)
    diagram.set("conv1", kernel_size=99)
    analyzer = Analyzer(diagram)
    analyzer.attach()
    before = analyzer.analysis
    (problem,) = before.problems
    diagram.move("conv1", 400, 0)
    after = analyzer.analysis
    assert after.top is before.top, "only the problems are told anew"
    assert problem.fixes == () and after.problems[0].fixes


def test_detached_it_follows_no_more() -> None:
    diagram = long_chain(3)
    analyzer = Analyzer(diagram)
    analyzer.attach()
    analyzer.detach()
    before = analyzer.analysis
    diagram.set("conv1", out_channels=2)
    assert analyzer.analysis is before
