"""Each operation on a diagram: what it promises, on any diagram; and what it does, on a small one."""

from __future__ import annotations

from itertools import pairwise

import networkx as nx
import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import strategies as st

from blockstudio.blocks import PORTS
from blockstudio.errors import StudioError
from blockstudio.graph.copied import copied
from blockstudio.graph.definition import Block, Wire
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.edits import SetRoute
from blockstudio.graph.format import dumps, loads
from blockstudio.graph.operations import inserting
from blockstudio.graph.operations.copying import copy_diagram
from blockstudio.graph.operations.fragments import fragment, from_text, to_text
from blockstudio.graph.operations.grouping import group
from blockstudio.graph.operations.inserting import (
    New,
    add,
    carry_into,
    splice,
    splice_existing,
    wire_in_order,
)
from blockstudio.graph.operations.pasting import duplicate, paste
from blockstudio.graph.operations.removing import delete, delete_and_heal, delete_where_it_fits, detach
from blockstudio.graph.operations.replacing import make_unique, replace, stand_in
from blockstudio.graph.operations.switching import is_bypassed, set_bypass, set_pinned
from blockstudio.graph.operations.ungrouping import ungroup
from blockstudio.graph.presets import load_preset
from tests.support.graph_samples import sample
from tests.support.operating import TYPES, carry_out, drawings, flat, names_of, wires_apart
from tests.support.packages import FILE
from tests.support.properties import examples

anything = examples(10, suppress_health_check=list(HealthCheck), phases=(Phase.reuse, Phase.generate))
SCOPES = st.sampled_from(["", "", "Unit"])


def choose(data: st.DataObject, d: Diagram, *, ends: bool = True) -> tuple[str, list[str]]:
    """A scope and some of its blocks, in any order."""
    scope = data.draw(SCOPES)
    names = [
        name for name in names_of(d, scope) if ends or d.definition(scope).block(name).type not in (*PORTS, "AuxOutput")
    ]
    return scope, data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=5, unique=True))


def attempt(d: Diagram, edits) -> bool:
    """Carry out edits that the diagram may refuse: a port that instances are wired to, two blocks in one place..."""
    before = dumps(d)
    try:
        copy_diagram(d).edit("Try", edits)
    except StudioError:
        assert dumps(d) == before
        return False
    carry_out(d, edits)
    return True


# On any diagram


def test_a_copied_graph_is_what_networkx_copies():
    graph = load_preset("googlenet").main._graph
    twin = copied(graph)
    assert nx.utils.graphs_equal(twin, graph.copy()) and list(twin.edges(keys=True)) == list(graph.edges(keys=True))
    assert list(twin.in_edges(keys=True)) == list(graph.in_edges(keys=True))
    source, target, key = next(iter(twin.edges(keys=True)))
    twin.remove_edge(source, target, key)
    twin.add_edge(target, source, key)
    assert not twin.has_edge(source, target, key) and twin.has_edge(target, source, key)
    assert graph.has_edge(source, target, key) and not graph.has_edge(target, source, key)


@anything
@given(drawings(), st.data())
def test_a_copy_is_the_same_and_its_own(d, data):
    twin = copy_diagram(d)
    assert dumps(twin) == dumps(d)
    before = dumps(d)
    scope, names = choose(data, d)
    attempt(twin, delete(twin, scope, names))
    twin.set("", width=3)
    assert dumps(d) == before


@anything
@given(drawings(), st.data())
def test_delete(d, data):
    scope, names = choose(data, d)
    kept = wires_apart(d, scope, names)
    if attempt(d, delete(d, scope, names)):
        assert set(d.definition(scope).wires()) == kept
        assert not set(names) & set(names_of(d, scope))


@anything
@given(drawings(), st.data())
def test_delete_and_heal(d, data):
    scope, names = choose(data, d)
    readers = {(w.target, w.target_port) for name in names for w in d.definition(scope).wires_from(name)}
    kept = wires_apart(d, scope, names)
    if attempt(d, delete_and_heal(d, scope, names)):
        after = set(d.definition(scope).wires())
        assert kept <= after
        assert {(w.target, w.target_port) for w in after - kept} <= readers
        assert all(w.source != w.target for w in after - kept)


@anything
@given(drawings(), st.data())
def test_delete_where_it_fits(d, data):
    scope, names = choose(data, d)
    definition, kept = d.definition(scope), wires_apart(d, scope, names)
    feeds = {(w.source, w.source_port) for name in names for w in definition.wires_into(name)}
    refused = copy_diagram(d)
    asked = []
    if attempt(d, delete_where_it_fits(d, scope, names, lambda wire: asked.append(wire) or True)):
        new = set(definition.wires()) - kept
        assert new == set(asked)
        assert {(w.source, w.source_port) for w in new} <= feeds
        assert attempt(refused, delete_where_it_fits(refused, scope, names, lambda wire: False))
        assert set(refused.definition(scope).wires()) == kept


@anything
@given(drawings(), st.data())
def test_carry_into(d, data):
    scope, names = choose(data, d, ends=False)
    definition = d.definition(scope)
    names = list(inserting.chain(d, scope, names)) or names[:1]
    order = inserting.chain(d, scope, names)
    wires = [w for w in definition.wires() if not {w.source, w.target} & set(names)]
    if not order or not wires:
        return
    wire = data.draw(st.sampled_from(wires))
    carry_out(d, carry_into(d, scope, wire, names, lambda wire: True))
    assert [w.source for w in definition.wires_into(order[0])] == [wire.source]
    assert [w.target for w in definition.wires_from(order[-1])] == [wire.target]
    assert definition.wire_into(wire.target, wire.target_port)[0] == order[-1]


@anything
@given(drawings(), st.data())
def test_detach(d, data):
    scope, names = choose(data, d)
    chosen, definition = set(names), d.definition(scope)
    inside = {w for w in definition.wires() if {w.source, w.target} <= chosen}
    kept = wires_apart(d, scope, names)
    healed = copy_diagram(d)
    if attempt(d, detach(d, scope, names)):
        after = set(definition.wires())
        assert {w for w in after if {w.source, w.target} & chosen} == inside
        try:
            healed.edit("Heal", delete_and_heal(healed, scope, names))
        except StudioError:  # a module's port that an instance is wired to can be detached, not deleted
            return
        assert after - inside == set(healed.definition(scope).wires()) >= kept


@anything
@given(drawings(), st.data())
def test_splice(d, data):
    scope = data.draw(SCOPES)
    wire = data.draw(st.sampled_from([w for w in d.definition(scope).wires() if w.source != w.target]))
    kept = set(d.definition(scope).wires()) - {wire}
    kinds = data.draw(st.lists(st.sampled_from([t for t in TYPES if t != "Unit"]), min_size=1, max_size=3))
    added = splice(d, scope, wire, [New(kind) for kind in kinds])
    carry_out(d, added.edits)
    definition = d.definition(scope)
    new = set(definition.wires()) - kept
    assert kept <= set(definition.wires()) and len(new) == len(kinds) + 1
    assert [definition.block(name).type for name in added.names] == kinds
    name = wire.source
    for step in added.names:
        assert [w.source for w in definition.wires_into(step)] == [name]
        name = step
    assert definition.wire_into(wire.target, wire.target_port)[0] == name
    # Taking them out again closes the wire as it was.
    carry_out(d, delete_and_heal(d, scope, added.names))
    assert set(definition.wires()) == kept | {wire}


@anything
@given(drawings(), st.data())
def test_splice_what_stands_there(d, data):
    scope, names = choose(data, d, ends=False)
    definition = d.definition(scope)
    if not attempt(d, detach(d, scope, names[:1])):
        return
    wires = [w for w in definition.wires() if names[0] not in (w.source, w.target)]
    wire = data.draw(st.sampled_from(wires))
    kept = set(definition.wires()) - {wire}
    carry_out(d, splice_existing(d, scope, wire, names[0]))
    assert kept <= set(definition.wires())
    assert [(w.source, w.source_port) for w in definition.wires_into(names[0])][:1] == [wire[:2]]
    carry_out(d, detach(d, scope, names[:1]))
    assert set(definition.wires()) == kept | {wire}


@anything
@given(drawings(), st.data())
def test_add(d, data):
    scope, names = choose(data, d)
    kind = data.draw(st.sampled_from([t for t in TYPES if t != "Unit"]))
    before = set(d.definition(scope).wires())
    added = add(d, scope, New(kind), behind=data.draw(st.sampled_from([None, names[0]])))
    carry_out(d, added.edits)
    assert before <= set(d.definition(scope).wires())
    assert names_of(d, scope)[-1] == added.names[0]


@anything
@given(drawings(), st.data())
def test_wire_in_order(d, data):
    scope, names = choose(data, d)
    before = set(d.definition(scope).wires())
    try:
        edits = wire_in_order(d, scope, names)
    except StudioError as error:
        assert error.code == "wire.full"
        return
    carry_out(d, edits)
    new = set(d.definition(scope).wires()) - before
    assert before <= set(d.definition(scope).wires())
    assert {(w.source, w.target) for w in new} == set(pairwise(names))


@anything
@given(drawings(), st.data())
def test_bypass(d, data):
    scope, names = choose(data, d)
    off = not is_bypassed(d, scope, names)
    before = set(d.definition(scope).wires())
    carry_out(d, set_bypass(d, scope, names, off))
    blocks = [d.definition(scope).block(name) for name in names]
    assert all(block.bypass is (off and block.type not in PORTS) for block in blocks)
    assert set(d.definition(scope).wires()) == before


@anything
@given(drawings(), st.data())
def test_replace(d, data):
    scope, names = choose(data, d, ends=False)
    name, kept = names[0], wires_apart(d, scope, names[:1])
    old = d.definition(scope).block(name)
    kind = data.draw(st.sampled_from([t for t in TYPES if t != "Unit"]))
    place = names_of(d, scope).index(name)
    before = set(d.definition(scope).wires())
    if not attempt(d, replace(d, scope, name, kind)):
        return
    new = d.definition(scope).block(name)
    assert (new.type, new.at, new.note, names_of(d, scope).index(name)) == (kind, old.at, old.note, place)
    assert kept <= set(d.definition(scope).wires())
    if d.input_ports(kind) == d.input_ports(old.type) and d.output_ports(kind) == d.output_ports(old.type):
        assert set(d.definition(scope).wires()) == before


@anything
@given(drawings(), st.data())
def test_make_unique(d, data):
    scope = data.draw(SCOPES)
    instances = d.definition(scope).of_type("Unit", "Split")
    if not instances:
        return
    name = data.draw(st.sampled_from(instances))
    module, before = d.definition(scope).block(name).type, flat(d)
    alone = sum(len(d.definition(each).of_type(module)) for each in d.scopes()) == 1
    wires = set(d.definition(scope).wires())
    edits = make_unique(d, scope, name)
    assert (edits == ()) == alone
    carry_out(d, edits)
    assert alone or d.definition(scope).block(name).type == f"{module}2"
    assert set(d.definition(scope).wires()) == wires
    assert flat(d) == before


@anything
@given(drawings(), st.data())
def test_duplicate(d, data):
    scope, names = choose(data, d)
    definition, before = d.definition(scope), set(d.definition(scope).wires())
    inside = {w for w in before if {w.source, w.target} <= set(names)}
    there = names_of(d, scope)
    added = duplicate(d, scope, names, shift=(32, 32))
    if not attempt(d, added.edits):  # one more port of a module that repeats
        return
    twins = dict(zip([name for name in there if name in names], added.names, strict=True))
    for old, new in twins.items():
        one, other = definition.block(old), definition.block(new)
        assert (one.type, one.parameters, one.bypass) == (other.type, other.parameters, other.bypass)
    turned = {Wire(twins[w.source], w.source_port, twins[w.target], w.target_port) for w in inside}
    assert set(definition.wires()) == before | turned


@anything
@given(drawings(), st.data())
def test_group_and_ungroup(d, data):
    scope, names = choose(data, d, ends=False)
    kept, before = wires_apart(d, scope, names), flat(d)
    outside = names_of(d, scope)
    try:
        added = group(d, scope, names)
    except StudioError as error:
        assert error.code == "group.between"
        return
    carry_out(d, added.edits)
    (instance,) = added.names
    assert set(names_of(d, scope)) == set(outside) - set(names) | {instance}
    assert kept == wires_apart(d, scope, [instance])
    stripped = instance == "stage"  # the path that the blocks lay in
    if not scope and not stripped:
        assert flat(d, {f"{instance}.": ""}) == before
    elif not scope:
        assert flat(d) == before
    if d.definition(scope).block(instance).parameters.keys() & {"channels"}:
        return  # what the module around infers is known to each instance only
    try:
        edits = ungroup(d, scope, instance)
    except StudioError as error:
        assert error.code == "ungroup.channels"
        return
    carry_out(d, edits)
    assert kept <= set(d.definition(scope).wires())
    if not scope:
        assert flat(d, {} if stripped else {f"{instance}.": ""}) == before


# On a small one


def chain() -> Diagram:
    d = Diagram()
    d.declare("width", 8)
    d.add("Input", "input", shape=[3, 8, 8], at=(0, 0))
    d.add("Conv2d", "conv", out_channels="width", padding=1, at=(0, 100))
    d.add("BatchNorm2d", "bn", at=(0, 200))
    d.add("Conv2d", "shortcut", out_channels="width", kernel_size=1)
    d.add("Add", "add")
    d.add("Output", "output")
    for wire in ("input conv", "conv bn", "bn add:0", "input shortcut", "shortcut add:1", "add output"):
        d.connect(*wire.split())
    d.history.clear()
    return d


def pairs(d: Diagram, scope: str = "") -> list[str]:
    return [f"{w.source} {w.target}:{w.target_port}" for w in d.definition(scope).wires()]


def test_healing_follows_the_first_input_or_the_one_that_is_kept():
    d = chain()
    d.edit("Heal", delete_and_heal(d, "", ["add", "conv"]))
    assert pairs(d) == ["input bn:in", "input shortcut:in", "bn output:in"]
    d.undo()
    keep = {"add": Wire("shortcut", "out", "add", "1")}
    d.edit("Heal", delete_and_heal(d, "", ["add"], keep))
    assert pairs(d)[-1] == "shortcut output:in"


def test_a_detached_chain_stays_together():
    d = chain()
    d.edit("Detach", detach(d, "", ["conv", "bn"]))
    assert pairs(d) == ["input shortcut:in", "input add:0", "conv bn:in", "shortcut add:1", "add output:in"]
    d.edit("Splice", splice_existing(d, "", Wire("add", "out", "output", "in"), "conv", "bn"))
    assert pairs(d)[-2:] == ["shortcut add:1", "add conv:in"]
    with pytest.raises(StudioError, match="begins or ends at it"):
        splice_existing(d, "", Wire("add", "out", "conv", "in"), "conv")
    with pytest.raises(StudioError, match="free input and an output"):
        splice_existing(d, "", Wire("input", "out", "shortcut", "in"), "bn")


def test_a_group_has_ports_and_parameters():
    d = chain()
    before = flat(d)
    added = group(d, "", ["add", "bn", "conv"], module="Body")
    d.edit("Group", added.edits)
    body = d.modules["Body"]
    assert added.names == ("body",)
    assert [name for name, _ in body.blocks()] == ["input", "shortcut", "conv", "bn", "add", "output"]
    assert pairs(d, "Body") == ["input conv:in", "shortcut add:1", "conv bn:in", "bn add:0", "add output:in"]
    assert body.parameters == {"width": d.parameters["width"]}
    assert d.main.block("body").parameters == {"width": "width"}
    assert d.main.block("body").at == (0.0, 150.0)
    assert pairs(d) == ["input body:input", "input shortcut:in", "body output:in", "shortcut body:shortcut"]
    assert flat(d, {"body.": ""}) == before
    d.set("", width=4)
    assert flat(d)[0]["body.conv"].parameters["out_channels"] == 4


def test_what_is_taken_apart_and_grouped_again_keeps_its_paths():
    d = sample()
    before = flat(d)
    d.edit("Ungroup", ungroup(d, "", "layer"))
    d.edit("Ungroup", ungroup(d, "", "layer.1"))
    inner = [name for name in names_of(d, "") if name.startswith("layer.1.")]
    added = group(d, "", inner)
    assert added.names == ("layer.1",)
    d.edit("Group", added.edits)
    assert flat(d) == before


def test_paths_are_kept_by_a_group_of_what_lies_in_one():
    d = Diagram()
    d.add("Conv2d", "stem.conv")
    d.add("BatchNorm2d", "stem.bn")
    d.connect("stem.conv", "stem.bn")
    before = flat(d)
    assert group(d, "", ["stem.conv", "stem.bn"]).names == ("stem",)
    d.edit("Group", group(d, "", ["stem.conv", "stem.bn"]).edits)
    assert [name for name, _ in d.modules["Group"].blocks()] == ["input", "conv", "bn", "output"]
    assert flat(d) == before


def test_channels_that_the_surroundings_infer_are_handed_in():
    d = sample()
    d.edit("Group", group(d, "Split", ["right_conv"]).edits)
    assert d.modules["Group"].block("right_conv").parameters["out_channels"] == "in_channels - half"
    assert d.modules["Split"].block("group").parameters == {"half": "half"}
    d = sample()
    before = flat(d)
    d.add("ReLU", "relu", scope="Split")
    d.edit("Splice", splice_existing(d, "Split", Wire("input", "out", "right_conv", "in"), "relu"))
    d.edit("Group", group(d, "Split", ["right_conv"], values={"in_channels": 32}).edits)
    assert d.modules["Group"].block("right_conv").parameters["out_channels"] == "channels - half"
    assert d.modules["Split"].block("group").parameters == {"half": "half", "channels": "in_channels"}
    assert d.modules["Group"].parameters["channels"].default == 32
    assert flat(d)[0]["split.group.right_conv"] == before[0]["split.right_conv"]


@pytest.mark.parametrize(
    ("names", "code"),
    [
        ([], "group.empty"),
        (["input", "conv"], "group.end"),
        (["conv", "add"], "group.between"),
        (["no"], "diagram.block"),
    ],
)
def test_what_cannot_be_grouped_says_why(names, code):
    with pytest.raises(StudioError) as caught:
        group(chain(), "", names)
    assert caught.value.code == code


def test_a_replaced_block_keeps_what_fits():
    d = sample()
    d.edit("Replace", replace(d, "", "conv", "MaxPool2d"))
    assert d.main.block("conv").parameters == {"kernel_size": "kernel", "padding": "same"}
    assert d.main.block("conv").note == "The stem\n☺"
    assert "input conv:in" in pairs(d) and "conv bn:in" in pairs(d)
    d.edit("Replace", replace(d, "", "cat", "ReLU", {}))
    assert [pair for pair in pairs(d) if " cat:" in pair] == ["split cat:in"]
    with pytest.raises(StudioError, match="neither a block type"):
        replace(d, "", "conv", "Nope")


def test_the_instance_that_is_alone_is_unique_already():
    d = sample()
    assert make_unique(d, "", "layer") == ()
    with pytest.raises(StudioError, match="a block, not a module"):
        make_unique(d, "", "conv")
    d.add("Unit", "other")
    d.edit("Unique", make_unique(d, "", "other", "Own"))
    d.set("conv1", scope="Own", kernel_size=5)
    assert d.modules["Unit"].block("conv1").parameters["kernel_size"] == 3
    assert list(d.modules) == ["Unit", "Own", "Split"]


def test_inputs_and_outputs_are_not_switched():
    d = chain()
    d.edit("Bypass", set_bypass(d, "", names_of(d, ""), True))
    assert [name for name, block in d.main.blocks() if block.bypass] == ["conv", "bn", "shortcut", "add"]
    assert is_bypassed(d, "", names_of(d, "")) and not is_bypassed(d, "", ["input"])
    assert set_bypass(d, "", ["conv"], True) == ()


def test_blocks_of_a_type_that_is_not_installed_go_along():
    d = loads(FILE)
    before, names = dumps(d), [name for name, block in d.main.blocks() if block.type not in (*PORTS, "AuxOutput")]
    foreign = [name for name in names if d.main.block(name).origin is not None]
    assert foreign
    other = Diagram()
    added = paste(other, "", from_text(to_text(fragment(d, "", names))))
    carry_out(other, added.edits)
    for old, new in zip(names, added.names, strict=True):
        if old in foreign:
            assert other.main.block(new) == d.main.block(old)
    carry_out(other, duplicate(other, "", names).edits)
    carry_out(other, delete_and_heal(other, "", names))
    carry_out(d, group(d, "", names).edits)
    (instance,) = d.main.of_type("Group")
    carry_out(d, ungroup(d, "", instance))
    assert [d.main.block(f"{instance}.{name}").parameters for name in foreign] == [
        loads(FILE).main.block(name).parameters for name in foreign
    ]
    while d.undo():
        pass
    assert dumps(d) == before


def test_what_takes_a_place_keeps_pin_and_points() -> None:
    d = Diagram("kept")
    for kind, name in (("Input", "input"), ("ReLU", "relu"), ("Output", "output")):
        d.add(kind, name, at=(0.0, 0.0))
    wires = [Wire("input", "out", "relu", "in"), Wire("relu", "out", "output", "in")]
    for wire in wires:
        d.connect(wire.source, wire.target)
        d.history.do(SetRoute(wire=wire, route=((40.0, 50.0),)))
    d.edit("Pin", set_pinned(d, "", {"relu": (0.0, 90.0)}, True))
    d.edit("Replace", stand_in(d, "", "relu", "Tanh", {}))
    assert d.main.block("relu") == Block(type="Tanh", at=(0.0, 90.0), pinned=True)
    assert dict(d.main.routes) == dict.fromkeys(wires, ((40.0, 50.0),))
    for name, kind in (("relu", "Input"), ("input", "ReLU")):
        with pytest.raises(StudioError, match="cannot take its place"):
            stand_in(d, "", name, kind, {})
