"""Operations on wires, places and parameters: what each promises, on any diagram."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import strategies as st

from blockstudio.analysis import analyze
from blockstudio.errors import StudioError
from blockstudio.graph.definition import Wire
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.format import dumps
from blockstudio.graph.operations.connecting import attach, circle, connect, order_input, order_inputs
from blockstudio.graph.operations.copying import copy_diagram, unrolled
from blockstudio.graph.operations.promoting import promotable, promote
from blockstudio.graph.operations.selecting import downstream, upstream
from blockstudio.graph.operations.swapping import swap
from blockstudio.graph.operations.switching import set_pinned
from tests.support.operating import carry_out, drawings, flat, names_of, seen
from tests.support.properties import examples

anything = examples(15, suppress_health_check=list(HealthCheck), phases=(Phase.reuse, Phase.generate))
SCOPES = st.sampled_from(["", "", "Unit"])


def wires_of(d: Diagram, scope: str) -> set[Wire]:
    return set(d.definition(scope).wires())


def lacks_ports(d: Diagram, scope: str, one: str, other: str) -> bool:
    """Whether ``one`` is wired at a port that ``other`` has neither by name nor by its place."""
    definition = d.definition(scope)
    types = [definition.block(name).type for name in (one, other)]
    sides = [([w.source_port for w in definition.wires_from(one)], [d.output_ports(each) for each in types])]
    if not d.is_variadic(types[1]):
        wired = [w.target_port for w in definition.wires_into(one)]
        has = wired if d.is_variadic(types[0]) else d.input_ports(types[0])
        sides.append((wired, [has, d.input_ports(types[1])]))
    return any(
        port not in there and list(has).index(port) >= len(there) for wired, (has, there) in sides for port in wired
    )


def reasons_against(d: Diagram, scope: str, sources: list[str], target: str) -> set[str]:
    """The codes of all that keeps sources from being wired to a block."""
    definition = d.definition(scope)
    kind, wired = definition.block(target).type, {w.source for w in definition.wires_into(target)}
    chosen = [name for name in sources if name != target]
    new = [name for name in chosen if name not in wired]
    found: set[str] = set()
    if not new:
        return found
    inputs = d.input_ports(kind)
    if not all(d.output_ports(definition.block(name).type) for name in new) or not (d.is_variadic(kind) or inputs):
        found.add("wire.port")
    free = [port for port in inputs if definition.wire_into(target, port) is None]
    replaces = not free and len(new) == len(chosen) == 1
    if inputs and not d.is_variadic(kind) and len(new) > len(free) and not replaces:
        found.add("wire.full")
    if any(circle(definition, Wire(name, "", target, "")) for name in new):
        found.add("wire.circle")
    return found


@anything
@given(drawings(), st.data())
def test_swap(d, data):
    scope = data.draw(SCOPES)
    pair = data.draw(st.lists(st.sampled_from(names_of(d, scope)), min_size=2, max_size=2, unique=True))
    definition, before = d.definition(scope), wires_of(d, scope)
    apart = {wire for wire in before if not {wire.source, wire.target} & set(pair)}
    blocks = {name: definition.block(name) for name in pair}
    try:
        edits = swap(d, scope, *pair)
        copy_diagram(d).edit("Try", edits)
    except StudioError as error:
        assert error.code == "swap.ports" and (lacks_ports(d, scope, *pair) or lacks_ports(d, scope, *pair[::-1]))
        return
    assert not lacks_ports(d, scope, *pair) and not lacks_ports(d, scope, *pair[::-1])
    carry_out(d, edits)
    assert apart <= wires_of(d, scope) and len(wires_of(d, scope)) == len(before)
    for one, other in (pair, pair[::-1]):
        after = definition.block(one)
        assert (after.type, after.parameters, after.at) == (blocks[one].type, blocks[one].parameters, blocks[other].at)
        turned = {one: other, other: one}
        theirs = {
            (turned.get(w.source, w.source), turned.get(w.target, w.target))
            for w in before
            if other in (w.source, w.target)
        }
        assert {(w.source, w.target) for w in wires_of(d, scope) if one in (w.source, w.target)} == theirs


@anything
@given(drawings(), st.data())
def test_promote(d, data):
    scope = data.draw(SCOPES)
    name = data.draw(st.sampled_from(names_of(d, scope)))
    choices = promotable(d, scope, name)
    if not choices:
        return
    key = data.draw(st.sampled_from(sorted(choices)))
    before = seen(analyze(copy_diagram(d)))
    declared = set(d.definition(scope).parameters)
    called, edits = promote(d, scope, name, key)
    carry_out(d, edits)
    assert set(d.definition(scope).parameters) == declared | {called} and called not in declared
    assert d.definition(scope).block(name).parameters[key] == called
    after = seen(analyze(copy_diagram(d)))
    for path, now in after.items():
        old = before[path]
        assert now == old or (now[:3], now[4:]) == (old[:3], old[4:])
        if path and now != old:  # instances know one value more; of what is switched off no expression is worked out
            assert {now[3][key] for key in old[3] if now[3][key] != old[3][key]} <= {None}
    with pytest.raises(StudioError, match="expression already"):
        promote(d, scope, name, key)


@anything
@given(drawings(), st.data())
def test_attach(d, data):
    scope = data.draw(SCOPES)
    definition, before = d.definition(scope), wires_of(d, scope)
    source, target = (data.draw(st.sampled_from(names_of(d, scope))) for _ in range(2))
    outputs = d.output_ports(definition.block(source).type)
    kind = definition.block(target).type
    inputs = ("0", "1", "2") if d.is_variadic(kind) else d.input_ports(kind)
    if not outputs or not inputs:
        return
    wire = Wire(source, data.draw(st.sampled_from(outputs)), target, data.draw(st.sampled_from(inputs)))
    closes = circle(definition, wire)
    try:
        edits = attach(d, scope, wire)
        copy_diagram(d).edit("Try", edits)
    except StudioError as error:
        assert closes and error.code == "wire.circle"
        return
    assert not closes
    carry_out(d, edits)
    after = wires_of(d, scope)
    assert any(w[:3] == wire[:3] for w in after)
    gone = before - after
    if d.is_variadic(kind):  # grows an input instead: nobody loses a wire
        assert {(w.source, w.target) for w in before} <= {(w.source, w.target) for w in after}
    else:
        assert {(w.target, w.target_port) for w in gone} <= {(wire.target, wire.target_port)}


@anything
@given(drawings(), st.data())
def test_connect(d, data):
    scope = data.draw(SCOPES)
    names = names_of(d, scope)
    target = data.draw(st.sampled_from(names))
    sources = data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True))
    before = wires_of(d, scope)
    try:
        edits = connect(d, scope, sources, target)
        copy_diagram(d).edit("Try", edits)
    except StudioError as error:
        assert error.code in reasons_against(d, scope, sources, target)
        return
    assert not reasons_against(d, scope, sources, target)
    carry_out(d, edits)
    after = wires_of(d, scope)
    assert {(source, target) for source in sources if source != target} <= {(w.source, w.target) for w in after}
    assert {w for w in before if w.target != target} == {w for w in after if w.target != target}


@anything
@given(drawings(), st.data())
def test_orders_of_inputs(d, data):
    scope = data.draw(SCOPES)
    merges = [n for n in names_of(d, scope) if d.is_variadic(d.definition(scope).block(n).type)]
    merges = [n for n in merges if len(d.definition(scope).wires_into(n)) > 1]
    if not merges:
        return
    name = data.draw(st.sampled_from(merges))
    wires = sorted(d.definition(scope).wires_into(name), key=lambda wire: int(wire.target_port))
    wanted = data.draw(st.permutations(wires))
    carry_out(d, order_inputs(d, scope, name, wanted))
    now = sorted(d.definition(scope).wires_into(name), key=lambda wire: int(wire.target_port))
    assert [w[:2] for w in now] == [w[:2] for w in wanted]
    assert [w.target_port for w in now] == [w.target_port for w in wires]
    first, last = now[0], now[-1]
    carry_out(d, order_input(d, scope, last, first.target_port))
    then = sorted(d.definition(scope).wires_into(name), key=lambda wire: int(wire.target_port))
    assert [w[:2] for w in then] == [last[:2], *(w[:2] for w in now[:-1])]


@anything
@given(drawings(), st.data())
def test_pins(d, data):
    scope = data.draw(SCOPES)
    names = data.draw(st.lists(st.sampled_from(names_of(d, scope)), min_size=1, max_size=4, unique=True))
    places = {name: (10.0 * index, 20.0) for index, name in enumerate(names)}
    blocks = {name: d.definition(scope).block(name) for name in names_of(d, scope)}
    carry_out(d, set_pinned(d, scope, places, True))
    for name, old in blocks.items():
        new = d.definition(scope).block(name)
        assert (new.pinned, new.at) == ((True, places[name]) if name in places else (old.pinned, old.at))
    assert set_pinned(d, scope, places, True) == ()
    carry_out(d, set_pinned(d, scope, places, False))
    assert not any(d.definition(scope).block(name).pinned for name in names)


@anything
@given(drawings())
def test_unrolled(d):
    network, before = flat(d), dumps(d)
    twin = unrolled(d)
    assert dumps(d) == before and flat(twin) == network
    known = [block for _, block in twin.main.blocks() if block.repeat is not None]
    assert network is None or known == []


@anything
@given(drawings(), st.data())
def test_upstream_and_downstream_are_each_others(d, data):
    scope = data.draw(SCOPES)
    definition, names = d.definition(scope), names_of(d, scope)
    name = data.draw(st.sampled_from(names))
    for other in names:
        assert (other in upstream(definition, [name])) == (name in downstream(definition, [other]))
    for wire in definition.wires():
        if wire.target in upstream(definition, [name]):
            assert wire.source in upstream(definition, [name])
