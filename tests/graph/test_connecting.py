"""Wires onto inputs that are taken, onto merges, from several sources; two blocks in each other's place."""

from __future__ import annotations

import pytest

from blockstudio.errors import StudioError
from blockstudio.graph.definition import Wire
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.edits import SetRoute
from blockstudio.graph.format import dumps
from blockstudio.graph.operations.connecting import attach, circle, connect, gather, order_input, order_inputs
from blockstudio.graph.operations.inserting import New
from blockstudio.graph.operations.swapping import swap


def net(*chain: tuple[str, str], wires: str = "") -> Diagram:
    d = Diagram("net")
    for kind, name in chain:
        d.add(kind, name)
    for text in wires.split():
        source, target = text.split(">")
        d.connect(source, target)
    return d


BRANCHES = (("Input", "input"), ("ReLU", "a"), ("Tanh", "b"), ("GELU", "c"), ("Concat", "cat"), ("Output", "out"))


def ends(d: Diagram) -> list[str]:
    return [f"{w.source}>{w.target}" + (f":{w.target_port}" if w.target_port != "in" else "") for w in d.main.wires()]


def test_a_wire_onto_a_taken_input_replaces_what_came_there():
    d = net(*BRANCHES, wires="input>a input>b a>c")
    before = dumps(d)
    d.edit("Wire", attach(d, "", Wire("b", "out", "c", "in")))
    assert ends(d) == ["input>a", "input>b", "b>c"]
    d.undo()
    assert dumps(d) == before


def test_a_merge_grows_an_input_instead():
    d = net(*BRANCHES, wires="input>a input>b a>cat:0")
    d.edit("Wire", attach(d, "", Wire("b", "out", "cat", "0")))
    assert ends(d)[2:] == ["a>cat:0", "b>cat:1"]


def test_a_circle_is_named_before_anything_else():
    d = net(*BRANCHES, wires="input>a a>b b>c")
    assert circle(d.main, Wire("c", "out", "a", "in")) == ["a", "b", "c"]
    with pytest.raises(StudioError, match="a → b → c") as error:
        attach(d, "", Wire("c", "out", "a", "in"))
    assert error.value.code == "wire.circle"
    assert circle(d.main, Wire("c", "out", "a", "in"), Wire("a", "out", "b", "in")) == []


def test_the_inputs_of_a_merge_change_their_order_and_keep_their_way():
    d = net(*BRANCHES, wires="input>a input>b input>c a>cat:0 b>cat:1 c>cat:4 cat>out")
    d.history.do(SetRoute(wire=Wire("a", "out", "cat", "0"), route=((1.0, 2.0),)))
    d.edit("Order", order_input(d, "", Wire("a", "out", "cat", "0"), "4"))
    assert [wire.source for wire in d.main.wires_into("cat")] == ["b", "c", "a"]
    assert [wire.target_port for wire in d.main.wires_into("cat")] == ["0", "1", "4"]
    assert dict(d.main.routes) == {Wire("a", "out", "cat", "4"): ((1.0, 2.0),)}
    # Pulled off and plugged in at another input of the same merge is the same.
    d.edit("Order", attach(d, "", Wire("a", "out", "cat", "0"), Wire("a", "out", "cat", "4")))
    assert [wire.source for wire in d.main.wires_into("cat")] == ["a", "b", "c"]
    d.edit("Order", order_inputs(d, "", "cat", d.main.wires_into("cat")[::-1]))
    assert [wire.source for wire in d.main.wires_into("cat")] == ["c", "b", "a"]
    with pytest.raises(StudioError):
        order_inputs(d, "", "cat", d.main.wires_into("cat")[1:])


def test_several_sources_are_wired_in_their_order():
    d = net(*BRANCHES, wires="input>a input>b input>c")
    d.edit("Connect", connect(d, "", ["c", "a", "b"], "cat"))
    assert [wire.source for wire in d.main.wires_into("cat")] == ["c", "a", "b"]
    assert connect(d, "", ["a", "b"], "cat") == ()
    d.edit("Connect", connect(d, "", ["cat"], "out"))
    d.edit("Connect", connect(d, "", ["a"], "out"))
    assert d.main.wires_into("out") == [Wire("a", "out", "out", "in")]


@pytest.mark.parametrize(
    ("sources", "target", "code"),
    [
        (["a", "b"], "out", "wire.full"),
        (["out"], "cat", "wire.port"),
        (["a"], "input", "wire.port"),
        (["c"], "a", "wire.circle"),
        (["nowhere"], "a", "diagram.block"),
    ],
)
def test_what_cannot_be_connected_says_so(sources, target, code):
    d = net(*BRANCHES, wires="input>a a>b b>c")
    with pytest.raises(StudioError) as error:
        connect(d, "", sources, target)
    assert error.value.code == code


def test_a_merge_comes_with_its_wires():
    d = net(*BRANCHES, wires="input>a input>b input>c")
    (name,), edits = gather(d, "", New("Add"), ["b", "a", "out"])
    d.edit("Add", edits)
    assert [wire.source for wire in d.main.wires_into(name)] == ["b", "a"]
    (name,), edits = gather(d, "", New("ReLU"), ["b", "a"])
    d.edit("Add", edits)
    assert [wire.source for wire in d.main.wires_into(name)] == ["b"]


def test_two_blocks_change_places():
    d = net(*BRANCHES, wires="input>a a>b b>cat:0 input>c c>cat:1 cat>out")
    d.move("a", 0, 10)
    d.move("b", 0, 90)
    before = dumps(d)
    d.edit("Swap", swap(d, "", "a", "b"))
    assert set(ends(d)) == {"input>b", "b>a", "a>cat:0", "input>c", "c>cat:1", "cat>out"}
    assert (d.main.block("a").at, d.main.block("b").at) == ((0.0, 90.0), (0.0, 10.0))
    d.edit("Swap", swap(d, "", "a", "b"))
    assert dumps(d) == before
    d.edit("Swap", swap(d, "", "b", "c"))
    assert set(ends(d)) == {"input>a", "a>c", "c>cat:0", "input>b", "b>cat:1", "cat>out"}
    for pair, code in ((("a", "input"), "swap.ports"), (("a", "cat"), "swap.ports"), (("a", "a"), "swap.self")):
        with pytest.raises(StudioError) as error:
            swap(d, "", *pair)
        assert error.value.code == code
