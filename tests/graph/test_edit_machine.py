"""Any sequence of edits can be undone to the first byte and redone to the last; every state can be saved."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import HealthCheck
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from blockstudio.blocks import CATALOGUE, Parameter
from blockstudio.errors import StudioError
from blockstudio.graph.annotations import Frame, Note
from blockstudio.graph.definition import Definition, _Index
from blockstudio.graph.diagram import Block, Diagram, Wire
from blockstudio.graph.edits import (
    AddBlock,
    AddModule,
    AddWire,
    Edit,
    MoveBlocks,
    RemoveBlock,
    RemoveWire,
    RenameBlock,
    SetBlock,
    SetDeclarations,
    SetFrame,
    SetNote,
    SetRoute,
    SetTexts,
)
from blockstudio.graph.format import dumps, loads
from blockstudio.graph.snapshot import build, snapshot
from tests.support.graph_samples import sample
from tests.support.properties import examples

TYPES = ["Conv2d", "ReLU", "Add", "Concat", "Input", "Output", "AuxOutput", "MaxPool2d", "Linear"]
NAMES = ["a", "b", "c.0", "c.1", "c", "c.x.y", "a.b", "left", "right", "input", "output", "forward", "x y", "", "0a"]
ANNOTATIONS = ["note", "note_2", "note_10", "stem", "no name", ""]
MODULES = ["M", "N", "Unit", "Split", "Conv2d", "m n", "Z9"]
EXPRESSIONS = ["width", "2 * planes", "i + 1", "in_channels", "1 +", "9**9**9", "__import__('os')", "n > 1"]
VALUES = st.one_of(
    st.integers(-2, 70), st.booleans(), st.floats(allow_nan=True), st.sampled_from(EXPRESSIONS),
    st.lists(st.one_of(st.integers(-1, 5), st.sampled_from(EXPRESSIONS)), max_size=4), st.text(max_size=3),
)  # fmt: skip

TEXTS = st.text(st.characters(codec=None), max_size=6)
KEYS = [
    "out_channels",
    "kernel_size",
    "padding",
    "stride",
    "bias",
    "shape",
    "planes",
    "half",
    "width",
    "n",
    "weight",
    "no",
]


def structure(diagram: Diagram) -> list[object]:
    """Everything a diagram holds, for comparison."""
    found: list[object] = [diagram.name, diagram.about]
    for scope in diagram.scopes():
        definition = diagram.definition(scope)
        parameters = list(definition.parameters.items())
        found += [scope, definition.description, parameters, list(definition.blocks()), definition.wires()]
        found += [dict(definition.routes), dict(definition.notes), dict(definition.frames)]
    return found


def check_index(definition: Definition) -> None:
    """What makes edits cheap agrees with the graph that it was made from."""
    kept, fresh = definition.index, _Index(definition.graph)
    assert kept.order == fresh.order == list(definition.graph)
    assert (kept.prefixes, kept.types, kept.taken) == (fresh.prefixes, fresh.types, fresh.taken)
    assert kept.repeated == fresh.repeated
    for types, names in kept.of_type.items():
        assert list(names) == [name for name, block in definition.blocks() if block.type in types]
    assert definition.wire_count == definition.graph.number_of_edges()
    for key, frame in definition.frames.items():
        assert frame.blocks and all(name in definition and key in definition.frames_of(name) for name in frame.blocks)


class Editing(RuleBasedStateMachine):
    @initialize(full=st.booleans())
    def begin(self, full):
        self.diagram = sample() if full else Diagram("empty")
        self.start = dumps(self.diagram)
        self.mirror = build(snapshot(self.diagram))
        self.diagram.history.listeners.append(self.follow)

    def follow(self, edits):
        """A second document that hears of edits only as bytes, as a journal does."""
        for edit in msgspec.json.decode(msgspec.json.encode(edits), type=tuple[Edit, ...]):
            edit.apply(self.mirror)

    def attempt(self, action):
        """Run an action; one that is refused must have changed nothing, one that works is one step at most."""
        before, depth = dumps(self.diagram), len(self.diagram.history._done)
        redo = self.diagram.history.redo_label
        try:
            action(self.diagram)
        except StudioError as error:
            assert dumps(self.diagram) == before, str(error)
            assert len(self.diagram.history._done) == depth
            assert self.diagram.history.redo_label == redo
            str(error).encode()
        else:
            done = len(self.diagram.history._done)
            assert done - depth == (dumps(self.diagram) != before) or done == depth + 1
            assert dumps(self.diagram) == before or done == depth + 1

    # What is drawn from what is there

    def scope(self, data):
        return data.draw(st.sampled_from([*self.diagram.scopes(), *self.diagram.scopes(), "Nope"]))

    def name(self, data, scope):
        there = list(self.diagram.definition(scope).graph) if scope in self.diagram.scopes() else []
        return data.draw(st.sampled_from([*there, *there, *there, *NAMES]))

    def end(self, data, scope):
        port = data.draw(st.sampled_from(["", "", "", ":0", ":1", ":4", ":in", ":out", ":left", ":input", ":b"]))
        return self.name(data, scope) + port

    def parameters(self, data):
        return data.draw(st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=2))

    # What a script does

    @rule(data=st.data())
    def add(self, data):
        scope = self.scope(data)
        kind = data.draw(st.sampled_from([*TYPES, *self.diagram.modules, "Nope"]))
        name = data.draw(st.one_of(st.none(), st.sampled_from(NAMES)))
        repeat = data.draw(st.sampled_from([None, None, None, 2, 0, "n", -1, True, "1 +"]))
        bypass = data.draw(st.sampled_from([False, False, False, True, "n > 1", "1 +", 3]))
        parameters = self.parameters(data)
        self.attempt(lambda d: d.add(kind, name, scope=scope, repeat=repeat, bypass=bypass, **parameters))

    @rule(data=st.data())
    def connect(self, data):
        scope = self.scope(data)
        source, target = self.end(data, scope), self.end(data, scope)
        self.attempt(lambda d: d.connect(source, target, scope=scope))

    @rule(data=st.data())
    def disconnect(self, data):
        scope = self.scope(data)
        wires = self.diagram.definition(scope).wires() if scope in self.diagram.scopes() else []
        if wires:
            wire = data.draw(st.sampled_from(wires))
            self.attempt(lambda d: d.disconnect(wire.source, wire.target, scope=scope))
        else:
            self.attempt(lambda d: d.disconnect("a", "b", scope=scope))

    @rule(data=st.data())
    def set(self, data):
        scope = self.scope(data)
        name = data.draw(st.one_of(st.just(""), st.just(self.name(data, scope))))
        values = self.parameters(data) | data.draw(st.dictionaries(st.sampled_from(KEYS), st.none(), max_size=1))
        self.attempt(lambda d: d.set(name, scope=scope, **values))

    @rule(data=st.data())
    def remove(self, data):
        scope = self.scope(data)
        name = self.name(data, scope)
        self.attempt(lambda d: d.remove(name, scope=scope))

    @rule(data=st.data())
    def rename(self, data):
        scope = self.scope(data)
        name, to = self.name(data, scope), data.draw(st.sampled_from(NAMES))
        self.attempt(lambda d: d.rename(name, to, scope=scope))

    @rule(data=st.data(), x=st.floats(), y=st.integers(-(10**8), 10**8))
    def move(self, data, x, y):
        scope = self.scope(data)
        name = self.name(data, scope)
        self.attempt(lambda d: d.move(name, x, y, scope=scope))

    @rule(data=st.data(), when=st.sampled_from([True, False, "n > 1", "(", 2]))
    def bypass(self, data, when):
        scope = self.scope(data)
        name = self.name(data, scope)
        self.attempt(lambda d: d.bypass(name, when, scope=scope))

    @rule(data=st.data(), times=st.sampled_from([None, 0, 3, 10_001, "n", "n n", 2.5]))
    def repeat(self, data, times):
        scope = self.scope(data)
        name = self.name(data, scope)
        self.attempt(lambda d: d.repeat(name, times, scope=scope))

    @rule(data=st.data())
    def module(self, data):
        name, parameters = data.draw(st.sampled_from(MODULES)), self.parameters(data)
        self.attempt(lambda d: d.module(name, parameters))

    @rule(data=st.data())
    def remove_module(self, data):
        name = data.draw(st.sampled_from([*self.diagram.scopes(), "Nope"]))
        self.attempt(lambda d: d.remove_module(name))

    @rule(data=st.data(), to=st.sampled_from(MODULES))
    def rename_module(self, data, to):
        name = data.draw(st.sampled_from([*self.diagram.scopes(), "Nope"]))
        self.attempt(lambda d: d.rename_module(name, to))

    @rule(data=st.data())
    def declare(self, data):
        scope, name = self.scope(data), data.draw(st.sampled_from([*KEYS, "i", "in_channels", "if", "x-y"]))
        default = data.draw(VALUES)
        self.attempt(lambda d: d.declare(name, default, scope=scope))

    @rule(data=st.data())
    def undeclare(self, data):
        scope = self.scope(data)
        there = list(self.diagram.definition(scope).parameters) if scope in self.diagram.scopes() else []
        name = data.draw(st.sampled_from([*there, "no"]))
        self.attempt(lambda d: d.undeclare(name, scope=scope))

    # Edits that only windows make

    @rule(data=st.data(), route=st.lists(st.tuples(st.floats(), st.integers(-(10**8), 10**8)), max_size=3))
    def lead(self, data, route):
        scope = self.scope(data)
        wires = self.diagram.definition(scope).wires() if scope in self.diagram.scopes() else []
        wire = data.draw(st.sampled_from([*wires, *wires, Wire("a", "out", "b", "in")]))
        self.attempt(lambda d: d.history.do(SetRoute(scope=scope, wire=wire, route=tuple(route))))

    @rule(data=st.data(), at=st.one_of(st.none(), st.tuples(st.floats(), st.integers(-(10**8), 10**8))))
    def write(self, data, at):
        scope = self.scope(data)
        note = Note(text=data.draw(TEXTS), at=at, width=data.draw(st.sampled_from([80, 300.5, 1e9, "w"])),
                    colour=data.draw(st.sampled_from(["blue", "pink"])))  # fmt: skip
        name = data.draw(st.sampled_from(ANNOTATIONS))
        edit = SetNote(scope=scope, name=name, note=data.draw(st.sampled_from([note, note, None])))
        self.attempt(lambda d: d.history.do(edit))

    @rule(data=st.data())
    def enclose(self, data):
        scope = self.scope(data)
        blocks = tuple(self.name(data, scope) for _ in range(data.draw(st.integers(0, 3))))
        margins = tuple(data.draw(st.lists(st.sampled_from([0, 16.5, -1, float("nan")]), min_size=3, max_size=4)))
        frame = Frame(blocks=blocks, title=data.draw(TEXTS), margins=margins)
        name = data.draw(st.sampled_from(ANNOTATIONS))
        edit = SetFrame(scope=scope, name=name, frame=data.draw(st.sampled_from([frame, frame, None])))
        self.attempt(lambda d: d.history.do(edit))

    @rule(data=st.data())
    def whole_module(self, data):
        blocks = {
            name: Block(type=data.draw(st.sampled_from([*TYPES, *self.diagram.modules])), note=data.draw(TEXTS))
            for name in data.draw(st.lists(st.sampled_from(NAMES[:9]), max_size=4, unique=True))
        }
        ends = st.sampled_from([*blocks, "a"])
        wires = [
            Wire(data.draw(ends), "out", data.draw(ends), data.draw(st.sampled_from(["in", "0"])))
            for _ in range(data.draw(st.integers(0, 3)))
        ]
        index = data.draw(st.sampled_from([None, 0, 1]))
        edit = AddModule(name=data.draw(st.sampled_from(MODULES)), blocks=blocks, wires=wires, index=index)
        self.attempt(lambda d: d.history.do(edit))

    @rule(data=st.data(), name=st.one_of(st.none(), TEXTS), description=st.one_of(st.none(), TEXTS))
    def texts(self, data, name, description):
        about = data.draw(st.one_of(st.none(), st.dictionaries(TEXTS, TEXTS, max_size=2)))
        edit = SetTexts(scope=self.scope(data), name=name, description=description, about=about)
        self.attempt(lambda d: d.history.do(edit))

    @rule(data=st.data())
    def declarations(self, data):
        scope = self.scope(data)
        there = dict(self.diagram.definition(scope).parameters) if scope in self.diagram.scopes() else {}
        order = data.draw(st.permutations(list(there)))
        chosen = {key: there[key] for key in order}
        for key in data.draw(st.lists(st.sampled_from(KEYS), max_size=2)):
            kinds = st.sampled_from(["int", "float", "bool", "text", "pair", "choice", "odd"])
            chosen[key] = Parameter(kind=data.draw(kinds), default=data.draw(VALUES), minimum=data.draw(
                st.sampled_from([None, 0, 1.5, float("nan")])), choices=("full", "width"))  # fmt: skip
        self.attempt(lambda d: d.history.do(SetDeclarations(scope=scope, parameters=chosen)))

    @rule(data=st.data(), index=st.sampled_from([None, 0, 1, 2, 99, -1]), fails=st.booleans())
    def gesture(self, data, index, fails):
        """Several edits as one step, of which a later one may be refused."""
        scope = self.scope(data)
        name, other = self.name(data, scope), self.name(data, scope)
        note = data.draw(TEXTS)

        def act(diagram):
            with diagram.history.gesture("several"):
                definition = diagram.definition(scope)
                block = msgspec.structs.replace(definition.block(name), note=note)
                diagram.history.do(SetBlock(scope=scope, name=name, block=block))
                diagram.history.do(AddBlock(scope=scope, name="new.one", block=Block(type="Add"), index=index))
                diagram.history.do(AddWire(scope=scope, wire=Wire("new.one", "out", "new.one", "3")))
                diagram.history.do(MoveBlocks(scope=scope, to={"new.one": (1.0, 2.0), other: None}))
                diagram.history.do(RemoveWire(scope=scope, wire=Wire("new.one", "out", "new.one", "3")))
                diagram.history.do(RenameBlock(scope=scope, name="new.one", to="new.two"))
                if fails:
                    diagram.history.do(RemoveBlock(scope=scope, name="surely.not"))

        self.attempt(act)

    @rule(data=st.data())
    def delete_many(self, data):
        scope = data.draw(st.sampled_from(self.diagram.scopes()))
        there = list(self.diagram.definition(scope).graph)
        chosen = data.draw(st.lists(st.sampled_from(there), unique=True)) if there else []

        def act(diagram):
            with diagram.history.gesture("Delete"):
                for name in chosen:
                    diagram.remove(name, scope=scope)

        self.attempt(act)

    @rule(times=st.integers(1, 4))
    def undo(self, times):
        for _ in range(times):
            self.diagram.undo()

    @rule(times=st.integers(1, 4))
    def redo(self, times):
        for _ in range(times):
            self.diagram.redo()

    # What always holds

    @invariant()
    def every_state_is_whole(self):
        if not hasattr(self, "diagram"):
            return
        text = dumps(self.diagram)
        for scope in self.diagram.scopes():
            check_index(self.diagram.definition(scope))
        back = loads(text)
        assert structure(back) == structure(self.diagram)
        assert dumps(back) == text
        assert dumps(self.mirror) == text
        assert dumps(build(snapshot(self.diagram))) == text

    def teardown(self):
        if not hasattr(self, "diagram"):
            return
        done = len(self.diagram.history._done)
        while self.diagram.redo():
            pass
        last = structure(self.diagram)
        while self.diagram.undo():
            pass
        assert dumps(self.diagram) == self.start
        while self.diagram.redo():
            pass
        assert structure(self.diagram) == last
        assert len(self.diagram.history._done) >= done


TestEditing = Editing.TestCase
TestEditing.settings = examples(40, stateful_step_count=30, suppress_health_check=list(HealthCheck))


@pytest.mark.slow
class TestEditingForLong(Editing.TestCase):
    settings = examples(400, stateful_step_count=50, suppress_health_check=list(HealthCheck))


def test_the_machine_knows_every_edit():
    """An edit that nobody tries above is no tested edit."""
    from typing import get_args

    seen = set()
    diagram = sample()
    diagram.history.listeners.append(lambda edits: seen.update(type(edit) for edit in edits))
    diagram.add("ReLU", "x")
    diagram.rename("x", "y")
    diagram.connect("conv", "y")
    diagram.set("conv", out_channels=3)
    diagram.bypass("y")
    diagram.move("y", 1, 2)
    diagram.set("", width=3)
    diagram.declare("k", 1)
    diagram.module("M")
    diagram.rename_module("M", "N")
    diagram.remove_module("N")
    diagram.remove("y")
    diagram.note("x")
    diagram.frame("x", ["conv"])
    diagram.history.do(SetTexts(name="other"))
    diagram.history.do(SetRoute(wire=diagram.main.wires()[0], route=((1.0, 2.0),)))
    assert seen == set(get_args(Edit))
    assert set(CATALOGUE) >= set(TYPES)
