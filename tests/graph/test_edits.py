"""Single edits: what they refuse, what they take along, and that they cost the same in big graphs."""

from __future__ import annotations

import sys

import pytest

from blockstudio.blocks import Parameter
from blockstudio.errors import StudioError
from blockstudio.graph.checks import MAX_NESTING, MAX_PORTS
from blockstudio.graph.definition import Wire
from blockstudio.graph.diagram import Block, Diagram
from blockstudio.graph.edits import (
    AddBlock,
    AddModule,
    AddWire,
    MoveBlocks,
    RemoveBlock,
    RemoveModule,
    RenameBlock,
    RenameModule,
    SetBlock,
    SetDeclarations,
    SetDefault,
    SetParameter,
    SetTexts,
)
from blockstudio.graph.format import dumps, loads
from tests.support.graph_samples import sample


def refused(diagram: Diagram, edit, code: str, words: str = "") -> StudioError:
    """An edit is refused with this code, and nothing has changed."""
    before = dumps(diagram)
    with pytest.raises(StudioError) as caught:
        diagram.history.do(edit)
    assert caught.value.code == code, str(caught.value)
    assert words in str(caught.value)
    assert dumps(diagram) == before
    return caught.value


def undone(diagram: Diagram, edit) -> str:
    """Do an edit; undoing and redoing it gives the same bytes. Returns the text after it."""
    before = dumps(diagram)
    diagram.history.do(edit)
    after = dumps(diagram)
    diagram.undo()
    assert dumps(diagram) == before
    diagram.redo()
    assert dumps(diagram) == after
    assert dumps(loads(after)) == after
    return after


# Blocks


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("conv", "already a block 'conv'"),
        ("conv.0", "already a block 'conv'"),
        ("2conv", "cannot name a block"),
        ("a..b", "cannot name a block"),
        ("a.", "cannot name a block"),
        ("a.01", "cannot name a block"),
        ("größe", "cannot name a block"),
        ("a" * 121, "cannot name a block"),
        ("forward", "something else in a PyTorch module. Call it forward_1"),
        ("head.training", "'training' cannot name"),
        ("_modules", "'_modules' cannot name"),
        ("__init__", "'__init__' cannot name"),
        ("lambda", "'lambda' cannot name"),
    ],
)
def test_names_that_cannot_be(name, words):
    refused(sample(), AddBlock(name=name, block=Block(type="ReLU")), _code(name), words)
    refused(sample(), RenameBlock(name="fc", to=name), _code(name), words)


def _code(name: str) -> str:
    return "diagram.taken" if name.startswith("conv") else "diagram.name"


def test_a_path_inside_or_around_a_block_is_taken():
    d = Diagram()
    d.add("ReLU", "a.b.c")
    for name in ("a", "a.b", "a.b.c", "a.b.c.d"):
        refused(d, AddBlock(name=name, block=Block(type="ReLU")), "diagram.taken", "'a.b.c'")
    for name in ("a.x", "a.b.x", "ab", "a.bc"):
        undone(d, AddBlock(name=name, block=Block(type="ReLU")))
    d.rename("a.b.c", "a.b.c.d")
    d.rename("a.b.c.d", "a.b.c")
    refused(d, RenameBlock(name="ab", to="a"), "diagram.taken", "'a.b.c'")


def test_every_attribute_of_a_module_is_reserved():
    torch = pytest.importorskip("torch")
    from blockstudio.graph.names import RESERVED

    names = {name for name in {*dir(torch.nn.Module()), *vars(torch.nn.Module())} if not name.startswith("__")}
    names |= {name for name in dir(torch.nn.Sequential()) if not name.startswith("__")}
    assert names - RESERVED == set()


def test_names_of_published_checkpoints_are_fine():
    d = Diagram()
    for name in ("layer1.0.downsample.1", "_conv_stem", "_blocks.0._bn0", "features.denseblock1", "Mixed_5b.branch1x1"):
        d.add("ReLU", name)
    assert len(d.main) == 5


def test_free_names_are_legal_and_free():
    d = Diagram()
    assert [d.add("Conv2d") for _ in range(3)] == ["conv2d", "conv2d_2", "conv2d_3"]
    d.add("ReLU", "relu.0")
    assert d.add("ReLU") == "relu_2"
    assert d.free_name("1×1 Größe!") == "_1_1_gr_e"
    assert d.free_name("forward") == "forward_2"
    assert d.free_name("!!!") == "block"
    assert d.free_name("class") == "class_2"
    d.remove("conv2d_2")
    assert d.add("Conv2d") == "conv2d_2"


def test_an_unknown_type_or_parameter_gets_a_suggestion():
    d = Diagram()
    refused(d, AddBlock(name="a", block=Block(type="Conv3d")), "diagram.type", "Did you mean Conv2d?")
    block = Block(type="Conv2d", parameters={"kernel": 3})
    error = refused(d, AddBlock(name="a", block=block), "parameter.unknown", "Did you mean kernel_size?")
    assert error.where == "a"


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("kernel_size", 0, "parameter.limit"),
        ("kernel_size", [3, 3, 3], "parameter.value"),
        ("kernel_size", ["k", 0], "parameter.limit"),
        ("kernel_size", ["k", True], "parameter.value"),
        ("kernel_size", [3, "k("], "expression.syntax"),
        ("kernel_size", ["k"] * 9, "parameter.value"),
        ("kernel_size", [[3], 3], "parameter.value"),
        ("kernel_size", {}, "parameter.value"),
        ("kernel_size", True, "parameter.value"),
        ("kernel_size", 2.5, "parameter.value"),
        ("kernel_size", float("nan"), "parameter.value"),
        ("padding", "valid(", "expression.syntax"),
        ("bias", 0, "parameter.value"),
        ("out_channels", 10**7, "parameter.limit"),
        ("out_channels", "9**9**9 +", "expression.syntax"),
    ],
)
def test_illegal_values(key, value, code):
    d = sample()
    error = refused(d, SetParameter(name="conv", key=key, value=value), code)
    assert error.where == f"conv.{key}"


def test_setting_a_parameter_back_to_its_default():
    d = sample()
    d.set("conv", kernel_size=None)
    assert "kernel_size" not in d.main.block("conv").parameters
    d.undo()
    assert d.main.block("conv").parameters["kernel_size"] == "kernel"
    refused(d, SetParameter(name="conv", key="nope", value=None), "parameter.unknown")


def test_a_step_of_several_values_is_one_step_or_none():
    d = sample()
    before = dumps(d)
    with pytest.raises(StudioError):
        d.set("conv", out_channels=3, stride=2, groups=0)
    assert dumps(d) == before
    d.set("conv", out_channels=3, stride=2)
    d.undo()
    assert dumps(d) == before


def test_what_callers_pass_in_stays_theirs():
    shape, kernel, default, about = [3, 8, 8], [3, 1], [1, 2], {"year": "2015"}
    d = Diagram()
    d.declare("pair", default)
    d.add("Input", "input", shape=shape)
    d.add("Conv2d", "conv", kernel_size=kernel)
    d.history.do(SetTexts(about=about))
    block = Block(type="Conv2d", parameters={"stride": (2, 1)})
    d.history.do(AddBlock(name="other", block=block))
    d.set("conv", dilation=kernel)
    d.history.do(SetDefault(key="pair", value=default))
    text = dumps(d)
    shape[0], kernel[0], default[0], about["year"] = 9, 9, 9, "1999"
    assert dumps(d) == text
    while d.undo():
        pass
    while d.redo():
        pass
    assert '"shape": [3, 8, 8]' in dumps(d)
    assert '"dilation": [3, 1]' in dumps(d)
    assert '"pair": [1, 2]' in dumps(d)
    assert '"year": "2015"' in dumps(d)


def test_tuples_and_number_types_become_what_a_file_gives_back():
    import enum

    class Size(enum.IntEnum):
        BIG = 5

    d = Diagram()
    d.add("Conv2d", "conv", kernel_size=(3, 1.0), out_channels=Size.BIG)
    assert d.main.block("conv").parameters == {"kernel_size": [3, 1], "out_channels": 5}
    assert type(d.main.block("conv").parameters["out_channels"]) is int


def test_an_edit_that_changes_nothing_leaves_no_step():
    d = sample()
    d.set("conv", out_channels="width")
    d.rename("conv", "conv")
    d.bypass("fc", False)
    d.move("conv", 0.0, 120.5)
    d.history.do(SetTexts(name=d.name))
    d.rename_module("Unit", "Unit")
    assert d.history.undo_label is None
    d.add("BatchNorm2d", "b", eps=1)
    d.set("b", eps=1.0)
    assert '"eps": 1.0' in dumps(d)
    d.undo()
    assert '"eps": 1}' in dumps(d), "1 and 1.0 are written differently, so there is something to undo"


# Wires


@pytest.mark.parametrize(
    ("source", "target", "code", "words"),
    [
        ("nope", "fc", "diagram.block", "no block 'nope'"),
        ("fc", "nope", "diagram.block", "no block 'nope'"),
        ("output", "fc", "wire.port", "'output' has no output"),
        ("fc", "input", "wire.port", "'input' has no input"),
        ("fc:left", "cat", "wire.port", "no output 'left'. Its outputs: out"),
        ("fc", "split:second", "wire.port", "no input 'second'. Its inputs: input"),
        ("fc", "cat:x", "wire.port", "Its inputs: 0, 1, 2, ..."),
        ("fc", "cat:01", "wire.port", "no input '01'"),
        ("fc", "cat:²", "wire.port", "no input '²'"),
        ("fc", "cat:10000", "wire.port", "no input '10000'"),
        ("input", "conv", "wire.taken", "already comes from 'input'. Remove that wire first"),
        ("input", "cat:3", "wire.taken", "already comes from 'split'"),
    ],
)
def test_wires_that_cannot_be(source, target, code, words):
    d = sample()
    before = dumps(d)
    with pytest.raises(StudioError) as caught:
        d.connect(source, target)
    assert caught.value.code == code
    assert words in str(caught.value)
    assert dumps(d) == before


def test_wires_take_the_next_free_port():
    d = sample()
    assert d.connect("bn", "cat").target_port == "4"
    assert d.connect("split:right", "cat:0").target_port == "0"
    d.disconnect("split:left", "cat")
    assert [wire.target_port for wire in d.main.wires_into("cat")] == ["0", "1", "4"]
    with pytest.raises(StudioError, match="no wire from split:left to cat"):
        d.disconnect("split:left", "cat")


def test_removing_a_block_takes_its_wires_along_as_one_step():
    d = sample()
    before = dumps(d)
    d.remove("split")
    assert "split" not in dumps(d).replace('"Split"', "")
    d.undo()
    assert dumps(d) == before
    refused(d, RemoveBlock(name="split"), "diagram.wired", "still has wires")


# Modules


def test_renaming_a_port_takes_the_wires_of_all_instances_along():
    d = sample()
    d.module("Outer")
    d.add("Split", "inner", scope="Outer")
    d.add("Output", "o", scope="Outer")
    d.connect("inner:left", "o", scope="Outer")
    text = undone(d, RenameBlock(scope="Split", name="left", to="first"))
    assert '"split:first -> cat:3"' in text or '"split -> cat:3"' in text
    assert Wire("inner", "first", "o", "in") in d.definition("Outer").wires()
    undone(d, RenameBlock(scope="Split", name="input", to="x"))
    assert Wire("layer", "output", "split", "x") in d.main.wires()


def test_a_port_in_use_cannot_be_removed():
    d = sample()
    d.disconnect("left_conv", "left", scope="Split")
    error = refused(
        d, RemoveBlock(scope="Split", name="left"), "diagram.wired", "'split' still has a wire on this port"
    )
    assert error.where == "left"
    d.remove("split")
    undone(d, RemoveBlock(scope="Split", name="left"))


def test_a_module_comes_back_whole_and_in_its_place():
    d = sample()
    refused(d, RemoveModule(name="Unit"), "diagram.used", "'layer' is still an instance of it")
    d.remove("layer")
    d.add("Unit", "deep", scope="Split")
    refused(d, RemoveModule(name="Unit"), "diagram.used", "'Split.deep'")
    d.remove("deep", scope="Split")
    assert list(d.modules) == ["Unit", "Split"]
    undone(d, RemoveModule(name="Unit"))
    d.undo()
    assert list(d.modules) == ["Unit", "Split"]
    refused(d, RemoveModule(name=""), "diagram.module")


def test_renaming_a_module_renames_its_instances_everywhere():
    d = sample()
    d.module("Outer")
    d.add("Unit", "u", scope="Outer")
    text = undone(d, RenameModule(name="Unit", to="Residual"))
    assert "Unit" not in text
    assert list(d.modules) == ["Residual", "Split", "Outer"]
    assert d.input_ports("Residual") == ("input",)
    refused(d, RenameModule(name="Residual", to="Split"), "diagram.taken")
    refused(d, RenameModule(name="Residual", to="Conv2d"), "diagram.name")
    refused(d, RenameModule(name="", to="X"), "diagram.module")
    refused(d, RenameModule(name="Nope", to="X"), "diagram.module")


@pytest.mark.parametrize("name", ["Conv2d", "not a name", "nn", "torch", "class", "", "x.y", "__M__", "a" * 121])
def test_names_that_no_module_can_have(name):
    refused(Diagram(), AddModule(name=name), "diagram.name")


def test_a_module_cannot_contain_itself():
    d = sample()
    refused(d, AddBlock(scope="Unit", name="u", block=Block(type="Unit")), "diagram.recursion", "'Unit'")
    d.add("Unit", "u", scope="Split")
    error = refused(d, AddBlock(scope="Unit", name="s", block=Block(type="Split")), "diagram.recursion")
    assert error.where == "s"


def test_modules_nest_to_a_bound():
    d = Diagram()
    for depth in range(MAX_NESTING + 1):
        d.module(f"M{depth}")
        if 0 < depth < MAX_NESTING:
            d.add(f"M{depth - 1}", "inner", scope=f"M{depth}")
    last = AddBlock(scope=f"M{MAX_NESTING}", name="inner", block=Block(type=f"M{MAX_NESTING - 1}"))
    refused(d, last, "diagram.nesting", f"{MAX_NESTING} deep at most")


def test_a_module_with_content_is_added_whole_or_not_at_all():
    d = Diagram()
    blocks = {"input": Block(type="Input"), "output": Block(type="Output")}
    wire = Wire("input", "out", "output", "in")
    undone(d, AddModule(name="M", blocks=blocks, wires=[wire]))
    refused(d, AddModule(name="N", blocks=blocks, wires=[wire, wire]), "wire.taken")
    refused(d, AddModule(name="N", blocks=blocks | {"n": Block(type="N")}), "diagram.recursion")
    assert list(d.modules) == ["M"]


def test_auxiliary_outputs_stand_in_the_main_graph():
    d = sample()
    refused(d, AddBlock(scope="Unit", name="aux", block=Block(type="AuxOutput")), "diagram.auxiliary")


# Repeat and bypass


@pytest.mark.parametrize("name", ["input", "output", "cat", "aux", "split"])
def test_only_chains_repeat(name):
    d = sample()
    block = d.main.block(name)
    new = Block(type=block.type, parameters=block.parameters, repeat=2)
    refused(d, SetBlock(name=name, block=new), "diagram.repeat", "one input and one output")


def test_a_module_that_repeats_somewhere_keeps_one_port_a_side():
    d = sample()
    for kind in ("Input", "Output"):
        edit = AddBlock(scope="Unit", name="second", block=Block(type=kind))
        refused(d, edit, "diagram.repeat", "'layer' repeats")
    d.repeat("layer", None)
    undone(d, AddBlock(scope="Unit", name="second", block=Block(type="Output")))
    refused(d, SetBlock(name="layer", block=Block(type="Unit", repeat=2)), "diagram.repeat")


@pytest.mark.parametrize("repeat", [-1, 10_001, True, 2.0, "2 +", ""])
def test_repeats_that_cannot_be(repeat):
    d = sample()
    before = dumps(d)
    with pytest.raises(StudioError) as caught:
        d.repeat("fc", repeat)
    assert caught.value.where == "fc.repeat"
    assert dumps(d) == before


@pytest.mark.parametrize(
    ("name", "when"), [("input", True), ("output", "n > 1"), ("fc", "1 +"), ("fc", 1), ("fc", None)]
)
def test_bypasses_that_cannot_be(name, when):
    d = sample()
    before = dumps(d)
    with pytest.raises(StudioError) as caught:
        d.bypass(name, when)
    assert caught.value.where == f"{name}.bypass"
    assert dumps(d) == before


def test_ports_of_a_module_are_bounded():
    d = Diagram()
    d.module("M")
    for index in range(MAX_PORTS):
        d.add("Input", f"i{index}", scope="M")
    refused(d, AddBlock(scope="M", name="more", block=Block(type="Input")), "diagram.size", "at most 100 Input")


# Declarations


def test_a_parameter_that_an_instance_sets_cannot_go():
    d = sample()
    parameters = dict(d.definition("Unit").parameters)
    del parameters["stride"]
    edit = SetDeclarations(scope="Unit", parameters=parameters)
    error = refused(d, edit, "diagram.used", "'layer' still sets stride. Set it back to its default there first")
    assert error.where == "layer"
    d.set("layer", stride=None)
    undone(d, SetDeclarations(scope="Unit", parameters=parameters))
    assert d.definition("Unit").block("conv1").parameters["stride"] == "stride", "analysis reports what is left over"


def test_a_literal_that_would_become_illegal_is_named():
    d = sample()
    d.set("split", half=4)
    limits = {"half": Parameter(kind="int", default=8, minimum=8)}
    error = refused(d, SetDeclarations(scope="Split", parameters=limits), "parameter.limit", "at least 8, found 4")
    assert error.where == "split.half"


@pytest.mark.parametrize(
    ("name", "parameter", "code"),
    [
        ("i", Parameter(kind="int", default=1), "diagram.name"),
        ("self", Parameter(kind="int", default=1), "diagram.name"),
        ("min", Parameter(kind="int", default=1), "diagram.name"),
        ("a b", Parameter(kind="int", default=1), "diagram.name"),
        ("p", Parameter(kind="int", default="width"), "parameter.value"),
        ("p", Parameter(kind="int", default=0, minimum=1), "parameter.limit"),
        ("p", Parameter(kind="int", default=10**13), "parameter.limit"),
        ("p", Parameter(kind="int", default=1, maximum=float("inf")), "parameter.limit"),
        ("p", Parameter(kind="choice", default="a"), "parameter.value"),
        ("p", Parameter(kind="number", default=1), "parameter.kind"),
        ("p", Parameter(kind="text", default="\ud800"), "diagram.text"),
        ("p", Parameter(kind="int", default=1, help="x" * 3000), "diagram.text"),
    ],
)
def test_declarations_that_cannot_be(name, parameter, code):
    refused(sample(), SetDeclarations(parameters={name: parameter}), code)


def test_a_bare_default_gives_the_kind():
    d = Diagram()
    for name, default in (("a", 1), ("b", [1, 2]), ("c", [3, 8, 8]), ("d", (1, 1, 2, 2)), ("e", "x")):
        d.declare(name, default)
    assert [parameter.kind for parameter in d.parameters.values()] == ["int", "pair", "shape", "padding", "text"]
    d.module("M", {"shape": [3, 8, 8]})
    assert d.definition("M").parameters["shape"].kind == "shape"


def test_in_channels_is_a_parameter_of_the_main_graph_only():
    d = sample()
    d.declare("in_channels", 3)
    for name in ("in_channels", "in_channels_left"):
        refused(d, SetDeclarations(scope="Split", parameters={name: Parameter(kind="int", default=3)}), "diagram.name")


def test_values_of_a_definition_are_checked():
    d = sample()
    undone(d, SetDefault(key="width", value=32))
    undone(d, SetDefault(scope="Unit", key="planes", value=32))
    refused(d, SetDefault(key="width", value=0), "parameter.limit")
    refused(d, SetDefault(key="width", value="n"), "parameter.value")
    refused(d, SetDefault(key="widht", value=1), "parameter.unknown", "Did you mean width?")


# Texts and positions


def test_texts_that_no_file_can_hold_are_refused():
    d = sample()
    refused(d, SetTexts(name="half \ud800"), "diagram.text", "half a character")
    refused(d, SetTexts(name="x" * 201), "diagram.text", "longer than 200")
    refused(d, SetTexts(name="fine", about={"a": 3}), "diagram.text", "expected text, found 3")
    refused(d, SetTexts(about={str(index): "" for index in range(201)}), "diagram.size")
    refused(d, SetBlock(name="fc", block=Block(type="Linear", note="\udfff")), "diagram.text")


@pytest.mark.parametrize("at", [(float("nan"), 0), (1e9, 0), (1,), (1, 2, 3), ("1", 2), (True, 0), 5])
def test_positions_that_cannot_be(at):
    d = sample()
    refused(d, MoveBlocks(to={"fc": (1, 2), "conv": at}), "diagram.position")


def test_moving_many_is_one_edit():
    d = sample()
    undone(d, MoveBlocks(to={"fc": (1, 2), "conv": None}))
    refused(d, MoveBlocks(to={"fc": (5, 5), "nope": (1, 2)}), "diagram.block")


def test_an_unknown_scope_is_refused_everywhere():
    d = sample()
    for edit in (
        AddBlock(scope="No", name="a", block=Block(type="ReLU")), RemoveBlock(scope="No", name="a"),
        AddWire(scope="No", wire=Wire("a", "out", "b", "in")), SetDefault(scope="No", key="a", value=1),
        SetTexts(scope="No", description="x"), MoveBlocks(scope="No", to={}), RemoveModule(name="No"),
    ):  # fmt: skip
        refused(d, edit, "diagram.module", "no module 'No'")


# Cost


def lines_run(action) -> int:
    """How many lines of Python an action runs."""
    count = 0

    def trace(frame, event, argument):
        nonlocal count
        count += event == "line"
        return trace

    sys.settrace(trace)
    try:
        action()
    finally:
        sys.settrace(None)
    return count


def test_an_edit_costs_the_same_in_a_graph_of_thousands():
    def chain(length: int) -> Diagram:
        d = Diagram()
        last = d.add("Input", "input")
        with d.history.gesture("build"):
            for index in range(length):
                name = f"stage{index // 50}.conv{index}"
                d.add("Conv2d", name)
                d.connect(last, name)
                last = name
        return d

    actions = [
        lambda d: d.add("ReLU", "new"),
        lambda d: d.add("ReLU", "stage0.fresh"),
        lambda d: d.connect("stage0.conv7", "new"),
        lambda d: d.set("stage0.conv7", out_channels=7),
        lambda d: d.rename("stage0.conv7", "stage0.other"),
        lambda d: d.move("stage0.conv8", 1, 2),
        lambda d: d.remove("stage0.conv9"),
        lambda d: d.undo(),
        lambda d: d.redo(),
    ]
    small, big = chain(60), chain(3000)
    for number, action in enumerate(actions):
        few, many = lines_run(lambda act=action: act(small)), lines_run(lambda act=action: act(big))
        assert many <= few + 20, f"action {number}: {few} lines among 60 blocks, {many} among 3,000"
