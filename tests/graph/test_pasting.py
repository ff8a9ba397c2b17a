"""Pasting keeps the meaning: a block has the shapes and counts that it had where it came from."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from blockstudio.analysis import Analysis, Analyzer, BlockReport, Level, analyze
from blockstudio.blocks import PORTS
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.format import dumps
from blockstudio.graph.operations.copying import copy_diagram
from blockstudio.graph.operations.fragments import fragment, from_text, to_text
from blockstudio.graph.operations.pasting import paste
from blockstudio.graph.presets import load_preset, preset_names
from tests.support.graph_samples import sample
from tests.support.operating import carry_out, drawings, names_of

PRESETS = preset_names()


@cache
def preset(name: str) -> tuple[Diagram, Analysis]:
    diagram = load_preset(name)
    return diagram, analyze(diagram)


def levels(diagram: Diagram, analysis: Analysis) -> Iterator[Level]:
    """The main graph, and each module as its first instance has it."""
    seen = {""}
    waiting = [""]
    while waiting:
        path = waiting.pop(0)
        level = analysis.level(path)
        yield level
        for name, block in diagram.definition(level.scope).blocks():
            if block.type in diagram.modules and block.type not in seen and level.blocks[name].copies:
                inner = f"{path}.{name}" if path else name
                if not level.blocks[name].bypassed:
                    seen.add(block.type)
                    waiting.append(inner)


def facts(report: BlockReport) -> tuple[object, ...]:
    values = None if report.bypassed else report.values  # expressions of what is switched off are not worked out
    return (
        values, report.bypassed, report.copies, report.input_shapes, report.output_shapes,
        report.parameters, report.macs, report.training_bytes,
    )  # fmt: skip


def taken(source: str, path: str, names: list[str]) -> Diagram:
    """What the clipboard holds after copying these blocks in the view of a level: text, read again."""
    diagram, analysis = preset(source)
    level = analysis.level(path)
    return from_text(to_text(fragment(diagram, level.scope, names, level.values)))


def paste_blocks_of(source: str, target: str) -> int:
    """Every block of one preset into the main graph of another, each by itself, fed with what it was fed with."""
    origin, analysis = preset(source)
    diagram = copy_diagram(preset(target)[0])
    before = dumps(diagram)
    expected: dict[str, tuple[str, tuple[object, ...]]] = {}
    for level in levels(origin, analysis):
        for name, block in origin.definition(level.scope).blocks():
            if level.scope and block.type in PORTS:
                continue  # of a module's ports, the instance says what they carry
            report = level.blocks[name]
            added = paste(diagram, "", taken(source, level.path, [name]))
            diagram.edit("Paste", added.edits)
            for port, shape in zip(report.input_ports, report.input_shapes, strict=True):
                feed = diagram.add("Input", "feed" if diagram.main.clash("feed") == "" else None, shape=list(shape))
                diagram.connect(feed, f"{added.names[0]}:{port}")
            expected[added.names[0]] = (f"{source}: {level.path}.{name}", facts(report))
    found = analyze(diagram)
    for name, (where, wanted) in expected.items():
        assert facts(found.blocks[name]) == wanted, f"{where} in {target}"
    while diagram.undo():
        pass
    assert dumps(diagram) == before
    return len(expected)


def paste_levels_of(source: str, target: str) -> None:
    """All that stands on each level of one preset at once, into the main graph and a module of another."""
    origin, analysis = preset(source)
    for level in levels(origin, analysis):
        names = [name for name, block in origin.definition(level.scope).blocks() if block.type != "AuxOutput"]
        found = taken(source, level.path, names)
        diagram = copy_diagram(preset(target)[0])
        for scope in ["", *list(diagram.modules)[:1]]:
            inside = [n for n in names if not (scope and origin.definition(level.scope).block(n).type in PORTS)]
            found = taken(source, level.path, inside)
            here = analyze(diagram).scope_values() if not scope else Analyzer(diagram).level_of_definition(scope).values
            added = paste(diagram, scope, found, values=here)
            try:
                diagram.edit("Paste", added.edits)
            except StudioError as error:
                assert scope and error.code == "diagram.recursion"  # a module that both have, into itself
                continue
            after = analyze(diagram).level() if not scope else Analyzer(diagram).level_of_definition(scope)
            for old, new in zip(inside, added.names, strict=True):
                one, other = level.blocks[old], after.blocks[new]
                assert one.bypassed or one.values == other.values, f"{source}: {level.path}.{old} in {target}.{scope}"
                if not scope and not level.scope:
                    assert facts(one) == facts(other), f"{source}: {old} in {target}"


def another(source: str) -> str:
    """One of the other presets, a different one for each."""
    place = PRESETS.index(source)
    return PRESETS[(place + 1 + place * 4 % (len(PRESETS) - 1)) % len(PRESETS)]


@pytest.mark.parametrize("source", PRESETS[::3])
def test_blocks_of_a_preset_mean_the_same_in_another(source):
    target = another(source)
    assert target != source
    assert paste_blocks_of(source, target) > 3
    paste_levels_of(source, target)


@pytest.mark.slow
@pytest.mark.parametrize("source", PRESETS)
def test_blocks_of_every_preset_mean_the_same_in_every_other(source):
    for target in PRESETS:
        if target != source:
            paste_blocks_of(source, target)
            paste_levels_of(source, target)


# What was seen


def test_an_expression_becomes_its_value_where_its_names_mean_nothing():
    d = copy_diagram(preset("vgg16")[0])
    added = paste(d, "", taken("cifar_resnet", "", ["conv1"]))
    d.edit("Paste", added.edits)
    assert d.main.block(added.names[0]).parameters["out_channels"] == 16
    assert list(d.parameters) == list(preset("vgg16")[0].parameters)


def test_a_name_that_means_something_else_is_not_taken_for_it():
    d = copy_diagram(preset("cifar_resnet")[0])
    added = paste(d, "", taken("resnet50", "", ["conv1"]))
    d.edit("Paste", added.edits)
    assert d.main.block(added.names[0]).parameters["out_channels"] == 64


def test_a_repeat_comes_as_its_number():
    d = copy_diagram(preset("vgg16")[0])
    origin, analysis = preset("wide_resnet")
    repeated = [name for name, block in origin.main.blocks() if isinstance(block.repeat, str)]
    assert repeated
    added = paste(d, "", taken("wide_resnet", "", repeated))
    d.edit("Paste", added.edits)
    assert [d.main.block(name).repeat for name in added.names] == [analysis.blocks[name].copies for name in repeated]


def test_an_expression_stays_where_its_names_have_the_same_values():
    d, other = sample(), Diagram()
    other.declare("width", 16)
    other.declare("n", 3)
    d.edit("Bypass", [])
    found = from_text(to_text(fragment(d, "", ["conv", "bn", "layer"])))
    assert {name: p.default for name, p in found.parameters.items()} == {
        "width": 16, "n": 2, "bn": True, "kernel": [3, 1],
    }  # fmt: skip
    added = paste(other, "", found)
    other.edit("Paste", added.edits)
    assert other.main.block("conv").parameters == {"out_channels": "width", "kernel_size": [3, 1], "padding": "same"}
    assert other.main.block("bn").bypass is False
    layer = other.main.block("layer")
    assert (layer.repeat, layer.parameters) == (2, {"planes": "2 * width", "stride": "2 if i == 0 else 1"})


def test_the_index_of_a_repeat_stays_and_the_rest_is_worked_out():
    d = Diagram()
    d.declare("width", 8)
    d.add("ReLU", "relu", repeat=3)
    d.add("Conv2d", "conv", out_channels="2 * width if i < width // 4 else width - 16", repeat=3)
    other = Diagram()
    other.edit("Paste", paste(other, "", fragment(d, "", ["conv"])).edits)
    assert other.main.block("conv").parameters["out_channels"] == "16 if i < 2 else -8"


def test_what_cannot_be_written_in_brings_its_declaration():
    d = Diagram()
    d.declare("kernel", [3, 1])
    d.declare("width", 4)
    broken = "width + kernel"
    d.add("Conv2d", "conv", out_channels=broken)
    other = Diagram()
    other.declare("width", 5)
    other.declare("kernel", 1)
    other.edit("Paste", paste(other, "", fragment(d, "", ["conv"])).edits)
    assert other.main.block("conv").parameters["out_channels"] == "width_2 + kernel_2"
    assert {name: p.default for name, p in other.parameters.items()} == {
        "width": 5, "kernel": 1, "width_2": 4, "kernel_2": [3, 1],
    }  # fmt: skip


def test_a_module_seen_through_an_instance_gives_what_it_has_there():
    d = sample()
    level = analyze(d).level("layer.1")
    found = fragment(d, "Unit", ["conv1", "downsample.0"], level.values)
    assert {name: p.default for name, p in found.parameters.items()} == {"planes": 32, "stride": 1, "in_channels": 32}
    other = Diagram()
    other.edit("Paste", paste(other, "", found).edits)
    assert other.main.block("conv1").parameters["out_channels"] == 32
    assert other.main.block("downsample.0").bypass is True
    # In the very module that it comes from, names mean what they mean there, whichever instance is in view.
    added = paste(d, "Unit", found, values=analyze(d).scope_values("layer.0"))
    d.edit("Paste", added.edits)
    assert d.modules["Unit"].block("conv1_2").parameters["out_channels"] == "planes"


def test_one_is_not_true():
    d, other = Diagram(), Diagram()
    d.declare("on", True)
    d.add("ReLU", "relu", bypass="not on")
    other.declare("on", 1)
    other.edit("Paste", paste(other, "", fragment(d, "", ["relu"])).edits)
    assert other.main.block("relu").bypass is False


# Modules


def nested(channels: int) -> Diagram:
    d = Diagram("nested")
    d.module("Inner")
    d.add("Conv2d", "conv", scope="Inner", out_channels=channels)
    d.module("Outer")
    d.add("Inner", "inner", scope="Outer")
    d.add("Outer", "outer")
    d.history.clear()
    return d


def test_a_module_is_the_same_only_if_what_is_in_it_is():
    d = nested(8)
    d.edit("Paste", paste(d, "", fragment(nested(8), "", ["outer"])).edits)
    assert list(d.modules) == ["Inner", "Outer"]
    d.edit("Paste", paste(d, "", fragment(nested(9), "", ["outer"])).edits)
    assert list(d.modules) == ["Inner", "Outer", "Inner2", "Outer2"]
    assert d.main.block("outer_3").type == "Outer2"
    assert d.modules["Outer2"].block("inner").type == "Inner2"
    d.edit("Paste", paste(d, "", fragment(nested(9), "", ["outer"])).edits)
    assert len(d.modules) == 4, "the second time it is there already"


def test_a_module_is_not_pasted_into_itself():
    d = nested(8)
    before = dumps(d)
    with pytest.raises(StudioError, match="would contain itself"):
        d.edit("Paste", paste(d, "Inner", fragment(d, "", ["outer"])).edits)
    assert dumps(d) == before


# On any diagram


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck), phases=(Phase.reuse, Phase.generate))
@given(drawings(), drawings(), st.data())
def test_pasting_anything_anywhere(d, other, data):
    scope, target = data.draw(st.sampled_from(["", "Unit"])), data.draw(st.sampled_from(["", "Split"]))
    names = [n for n in names_of(d, scope) if d.definition(scope).block(n).type not in (*PORTS, "AuxOutput")]
    chosen = data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=5, unique=True))
    other.set("", width=data.draw(st.sampled_from([16, 4])))
    level = analyze(d).level() if not scope else Analyzer(d).level_of_definition(scope)
    found = from_text(to_text(fragment(d, scope, chosen, level.values)))
    kept = set(other.definition(target).wires())
    inside = {w for w in d.definition(scope).wires() if {w.source, w.target} <= set(chosen)}
    added = paste(other, target, found)
    try:
        copy_diagram(other).edit("Try", added.edits)
    except StudioError as error:
        assert error.code == "diagram.recursion"
        return
    carry_out(other, added.edits)
    after = Analyzer(other).level_of_definition(target)
    assert len(set(other.definition(target).wires()) - kept) == len(inside)
    assert kept <= set(other.definition(target).wires())
    for old, new in zip([n for n in names_of(d, scope) if n in chosen], added.names, strict=True):
        one, two = level.blocks[old], after.blocks[new]
        if None not in one.values.values():
            assert one.values == two.values
