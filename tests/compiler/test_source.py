"""What emitted source says, and that it is right where text alone would not be."""

from __future__ import annotations

import ast
import re
from itertools import pairwise

import pytest
import torch

from blockstudio.analysis import analyze
from blockstudio.blocks import Parameter
from blockstudio.compiler import compile, source
from blockstudio.compiler.load import execute
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.presets import load_preset
from tests.support.interpreter import interpret, verify

torch.set_num_threads(1)


def chain(diagram: Diagram, *names: str, scope: str = "") -> None:
    for one, other in pairwise(names):
        diagram.connect(one, other, scope=scope)


def simple(name: str = "Net", shape: tuple[int, ...] = (3, 8, 8)) -> Diagram:
    diagram = Diagram(name)
    diagram.add("Input", "input", shape=list(shape))
    diagram.add("Output", "output")
    return diagram


def checked(diagram: Diagram, *shape: int) -> torch.nn.Module:
    """Compiled, and held against the second reading."""
    model = compile(diagram).double()
    x = torch.randn(2, *(shape or diagram.main.block("input").parameters["shape"]), dtype=torch.float64)
    verify(diagram, model, [x], tolerance=1e-12)
    assert sum(p.numel() for p in model.parameters()) == analyze(diagram).parameters_with_auxiliary
    return model


def body(text: str, owner: str) -> str:
    """The source of one class."""
    return re.search(rf"^class {owner}\(.*?(?=^class |\Z)", text, re.M | re.S)[0]


# Modules and their arguments


def test_numbers_that_no_text_gives_become_arguments() -> None:
    diagram = simple(shape=(2, 8, 8))
    diagram.module("Head", {"classes": 3})
    diagram.add("Input", "input", scope="Head")
    diagram.add("Flatten", "flatten", scope="Head")
    diagram.add("Linear", "fc", scope="Head", out_features="classes")
    diagram.add("Output", "output", scope="Head")
    chain(diagram, "input", "flatten", "fc", "output", scope="Head")
    diagram.module("Outer", {})
    for name, kind in (("input", "Input"), ("head", "Head"), ("output", "Output")):
        diagram.add(kind, name, scope="Outer")
    chain(diagram, "input", "head", "output", scope="Outer")
    diagram.add("MaxPool2d", "pool")
    diagram.add("Outer", "large")
    diagram.add("Outer", "small")
    diagram.add("Concat", "cat")
    diagram.add("Head", "last")
    chain(diagram, "input", "pool", "small", "cat", "last", "output")
    chain(diagram, "input", "large", "cat")
    text = source(diagram)
    assert "def __init__(self, classes: int = 3, *, fc_in_features: int) -> None:" in body(text, "Head")
    assert "self.head = Head(fc_in_features=head_fc_in_features)" in text or "Head(fc_in" in body(text, "Outer")
    assert "self.small = Outer(head_fc_in_features=32)" in text
    assert "self.large = Outer(head_fc_in_features=128)" in text
    checked(diagram)


def test_uses_that_need_different_calls_become_classes_of_their_own() -> None:
    diagram = simple()
    diagram.module("Norm", {"shift": False})
    diagram.add("Input", "input", scope="Norm")
    diagram.add("Conv2d", "conv", scope="Norm", out_channels=4, kernel_size=1)
    diagram.add("BatchNorm2d", "bn", scope="Norm", affine="'shift' if shift else 'full'")
    diagram.add("Output", "output", scope="Norm")
    chain(diagram, "input", "conv", "bn", "output", scope="Norm")
    diagram.module("Pair", {"shift": False})
    for name, kind in (("input", "Input"), ("norm", "Norm"), ("output", "Output")):
        diagram.add(kind, name, scope="Pair", **({"shift": "shift"} if kind == "Norm" else {}))
    chain(diagram, "input", "norm", "output", scope="Pair")
    diagram.add("Pair", "one")
    diagram.add("Pair", "two", shift=True)
    diagram.add("Norm", "row", repeat=3, shift="i == 1")
    chain(diagram, "input", "one", "two", "row", "output")
    text = source(diagram)
    assert {"Norm", "Norm_2", "Pair", "Pair_2"} <= set(re.findall(r"^class (\w+)", text, re.M))
    assert "self.row = nn.Sequential(Norm(4), Norm_2(4), Norm(4))" in text
    model = checked(diagram)
    assert "row.1.bn.bias" in model.state_dict() and "row.1.bn.weight" not in model.state_dict()


def test_copies_whose_channels_follow_no_rule_get_them_from_a_list() -> None:
    diagram = simple()
    diagram.add("DepthwiseConv2d", "grow", depth_multiplier=2, kernel_size=3, padding=1, repeat=3)
    diagram.add("Conv2d", "wander", out_channels="i * i + 1", kernel_size=1, repeat=3, bypass="i == 1")
    chain(diagram, "input", "grow", "wander", "output")
    text = source(diagram)
    assert "nn.Conv2d(12, 24, kernel_size=3, padding=1, groups=12)" in text
    assert "nn.Conv2d((24, 24, 1)[i], i * i + 1, kernel_size=1)" in text
    checked(diagram)


def test_the_first_copy_stands_apart_where_only_it_differs() -> None:
    text = source(load_preset("resnet34"))
    layer = "self.layer2 = nn.Sequential(\n            BasicBlock(width, 2 * width, stride=2),\n"
    assert layer + "            *(BasicBlock(2 * width, 2 * width) for _ in range(3)),\n        )" in text


def test_copies_that_may_be_none_keep_their_index() -> None:
    diagram = simple()
    diagram.main.parameters = {"n": Parameter(kind="int", default=2, minimum=0)}
    diagram.add("Conv2d", "conv", out_channels="3 if i == 0 else 5", kernel_size=1, repeat="n")
    diagram.add("ReLU", "relu")
    chain(diagram, "input", "conv", "relu", "output")
    text = source(diagram)
    assert "for i in range(n)" in text
    checked(diagram)
    network = execute(text, "Net")["Net"]
    assert list(network(n=0).state_dict()) == []
    assert list(network(n=1).state_dict()) == ["conv.0.weight", "conv.0.bias"]


def test_expressions_are_emitted_as_written_and_whole() -> None:
    diagram = simple()
    diagram.main.parameters = {"width": Parameter(kind="int", default=4), "ratio": Parameter(kind="float", default=0.5)}
    diagram.add("Conv2d", "a", out_channels="width*3", kernel_size=1, groups=1)
    diagram.add("Conv2d", "b", out_channels="4 * width / 2", kernel_size=1)
    diagram.add("Conv2d", "c", out_channels="round(width * ratio)", kernel_size=["width - 3", 1])
    diagram.add("Dropout", "d", p="ratio / 2")
    chain(diagram, "input", "a", "b", "c", "d", "output")
    text = source(diagram)
    assert "nn.Conv2d(3, width * 3, kernel_size=1)" in text
    assert "nn.Conv2d(width * 3, int(4 * width / 2), kernel_size=1)" in text
    assert "nn.Conv2d(int(4 * width / 2), round(width * ratio), kernel_size=(width - 3, 1))" in text
    assert "nn.Dropout(ratio / 2)" in text
    checked(diagram)


# Switches


def block_with_switch(bypass: str, **parameters: object) -> Diagram:
    diagram = simple(shape=(4, 8, 8))
    diagram.module("Block", {"planes": 4, "plain": False})
    for name, kind, given in (
        ("input", "Input", {}), ("conv", "Conv2d", {"out_channels": "planes", "kernel_size": 3, "padding": 1}),
        ("shortcut", "Conv2d", {"out_channels": "planes", "kernel_size": 1}), ("add", "Add", {}),
        ("relu", "ReLU", {}), ("output", "Output", {}),
    ):  # fmt: skip
        diagram.add(kind, name, scope="Block", bypass=bypass if kind == "Add" else False, **given)
    chain(diagram, "input", "conv", "add", "relu", "output", scope="Block")
    chain(diagram, "input", "shortcut", "add", scope="Block")
    return diagram


def test_a_switch_with_one_value_everywhere_is_decided() -> None:
    diagram = block_with_switch("plain")
    diagram.add("Block", "one")
    diagram.add("Block", "two")
    chain(diagram, "input", "one", "two", "output")
    text = source(diagram)
    assert "plain" not in text and "if " not in body(text, "Block")
    checked(diagram)


def test_a_switch_that_differs_is_an_argument_and_a_branch() -> None:
    diagram = block_with_switch("plain")
    diagram.add("Block", "one")
    diagram.add("Block", "two", plain=True)
    chain(diagram, "input", "one", "two", "output")
    text = body(source(diagram), "Block")
    assert "plain: bool = False" in text
    assert "self.use_add = not plain" in text
    assert "self.shortcut = nn.Identity() if plain else nn.Conv2d(in_channels, planes, kernel_size=1)" in text
    assert "        if self.use_add:\n            out += self.shortcut(x)\n" in text
    model = checked(diagram)
    assert "one.shortcut.weight" in model.state_dict() and "two.shortcut.weight" not in model.state_dict()


def test_what_a_switch_puts_off_everywhere_is_left_out() -> None:
    diagram = block_with_switch("plain")
    diagram.add("Block", "one", plain=True)
    chain(diagram, "input", "one", "output")
    text = source(diagram)
    assert "shortcut" not in text and "self.add" not in text and "class Block(nn.Sequential):" in text
    checked(diagram)


def test_what_other_numbers_would_turn_on_is_there() -> None:
    diagram = block_with_switch("in_channels == planes")
    diagram.add("Block", "one")
    chain(diagram, "input", "one", "output")
    block = execute(source(diagram), "Net")["Block"]
    assert list(block(4, planes=4).state_dict()) == ["conv.weight", "conv.bias"]
    other = block(4, planes=6).double()
    diagram.set("one", planes=6)
    x = torch.randn(2, 4, 8, 8, dtype=torch.float64)
    weights = {f"one.{key}": tensor for key, tensor in other.state_dict().items()}
    assert len(weights) == 4
    assert torch.equal(other(x), interpret(diagram, weights, [x]).outputs["output"])


def test_what_is_off_and_could_not_work_is_no_error() -> None:
    diagram = simple()
    diagram.main.parameters = {"n": Parameter(kind="int", default=1)}
    diagram.module("Broken", {})
    diagram.add("Input", "input", scope="Broken")
    diagram.add("Add", "add", scope="Broken")
    diagram.add("Output", "output", scope="Broken")
    chain(diagram, "add", "output", scope="Broken")
    diagram.add("Broken", "broken", bypass="n == 1")
    diagram.add("Conv2d", "large", kernel_size=30, bypass="n < 5")
    diagram.add("Conv2d", "word", out_channels="1 // (n - 1)", bypass="n < 5")
    chain(diagram, "input", "broken", "large", "word", "output")
    if any(problem.severity == "error" for problem in analyze(diagram).problems):
        with pytest.raises(StudioError):
            source(diagram)
        diagram.disconnect("input", "broken")
        diagram.disconnect("broken", "large")
        diagram.remove("broken")
        chain(diagram, "input", "large")
    assert "self." not in source(diagram)
    checked(diagram)


def test_conditions_are_written_positively() -> None:
    text = source(load_preset("resnet18"))
    assert "if in_channels != planes or stride != 1:" in text


# Containers


def test_a_chain_of_dotted_names_is_a_sequential() -> None:
    diagram = simple()
    diagram.add("Conv2d", "features.0", out_channels=4)
    diagram.add("ReLU", "features.1")
    diagram.add("Conv2d", "neck.conv", out_channels=4)
    diagram.add("BatchNorm2d", "neck.norm")
    chain(diagram, "input", "features.0", "features.1", "neck.conv", "neck.norm", "output")
    text = source(diagram)
    assert "features=nn.Sequential(" in text
    assert "OrderedDict(conv=nn.Conv2d(4, 4, kernel_size=3), norm=nn.BatchNorm2d(4))" in text
    keys = list(checked(diagram).state_dict())
    assert keys[0] == "features.0.weight" and "neck.norm.running_mean" in keys


def test_a_chain_with_a_tap_is_a_dictionary() -> None:
    diagram = simple()
    diagram.add("Conv2d", "a.0", out_channels=4, kernel_size=1)
    diagram.add("Conv2d", "a.1", out_channels=4, kernel_size=1)
    diagram.add("Add", "add")
    chain(diagram, "input", "a.0", "a.1", "add", "output")
    diagram.connect("a.0", "add")
    text = source(diagram)
    assert "nn.ModuleDict(" in text and 'self.a["1"]' in text
    assert list(checked(diagram).state_dict()) == ["a.0.weight", "a.0.bias", "a.1.weight", "a.1.bias"]


def test_items_out_of_order_or_with_gaps_keep_their_names() -> None:
    diagram = simple()
    diagram.add("Conv2d", "part.2", out_channels=2, kernel_size=1)
    diagram.add("Conv2d", "part.0", out_channels=5, kernel_size=1)
    chain(diagram, "input", "part.0", "part.2", "output")
    model = checked(diagram)
    assert model.state_dict()["part.0.weight"].shape == (5, 3, 1, 1)


# Names


@pytest.mark.parametrize("name", ["x", "out", "self", "torch", "nn", "F", "use_add", "_1", "i", "Tensor", "print"])
def test_names_that_mean_something_in_emitted_source(name: str) -> None:
    diagram = simple()
    diagram.add("Conv2d", name, out_channels=4, kernel_size=1)
    diagram.add("Conv2d", "other", out_channels=4, kernel_size=1)
    diagram.add("Concat", "cat")
    chain(diagram, "input", name, "cat", "output")
    chain(diagram, "input", "other", "cat")
    assert f"{name}.weight" in checked(diagram).state_dict()


@pytest.mark.parametrize("item", ["keys", "items", "values", "update", "clear"])
def test_names_that_would_hide_an_attribute_of_a_container_are_refused(item: str) -> None:
    diagram = simple()
    diagram.add("Conv2d", f"a.{item}", out_channels=4, kernel_size=1)
    diagram.add("Conv2d", "a.b", out_channels=4, kernel_size=1)
    diagram.add("Add", "add")
    chain(diagram, "input", f"a.{item}", "add", "output")
    chain(diagram, "input", "a.b", "add")
    with pytest.raises(StudioError) as caught:
        source(diagram)
    assert caught.value.code == "compile.name" and caught.value.where == f"a.{item}"


def test_every_attribute_of_a_container_is_refused_somewhere() -> None:
    from blockstudio.compiler import naming
    from blockstudio.graph.names import RESERVED

    for kind in (torch.nn.Module, torch.nn.Sequential, torch.nn.ModuleDict):
        names = {name for name in [*dir(kind()), *vars(kind())] if not name.startswith("__")}
        assert names <= RESERVED | naming._DICT_NAMES


@pytest.mark.parametrize("module", ["Tensor", "OrderedDict", "NamedTuple", "x", "out", "print", "tuple", "Conv2dSame"])
def test_modules_and_parameters_called_like_something_else(module: str) -> None:
    diagram = simple()
    parameters = {
        "print": 4,
        "flag": True,
        "Sequential": 3,
        "tuple": 2,
        "kernel_size": 1,
        module: 1,
        "x": 1 if module == "x" else 0.5,
    }
    diagram.module(module, parameters)
    diagram.add("Input", "input", scope=module)
    diagram.add(
        "Conv2d", "conv", scope=module, out_channels="print + kernel_size", kernel_size="Sequential", padding=module
    )
    diagram.add("Dropout", "drop", scope=module, p="0.5" if module == "x" else "x")
    diagram.add("ReLU", "relu", scope=module, bypass="flag", repeat=2)
    diagram.add("Output", "output", scope=module)
    chain(diagram, "input", "conv", "drop", "relu", "output", scope=module)
    diagram.add(module, "one", print=5)
    diagram.add(module, "two", repeat=2, flag=False)
    chain(diagram, "input", "one", "two", "output")
    checked(diagram)


HOSTILE = [
    'quote """ end', "backslash \\", 'ends with "', "\x00\x07 bell", "line\nbreak", "\u202e reversed \u2066",
    '"""\nimport os\nos.system("true")\n"""', "{0} {self} %s", "'''", "\\N{DASH} \\x41",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_texts_of_people_stay_texts(text: str) -> None:
    diagram = simple(text)
    diagram.main.description = text
    diagram.about = {"paper": text}
    diagram.module("Part", {})
    diagram.modules["Part"].description = text
    diagram.add("Input", "input", scope="Part")
    diagram.add("Conv2d", "conv", scope="Part")
    diagram.add("ReLU", "relu", scope="Part", note=text)
    diagram.add("Output", "output", scope="Part")
    chain(diagram, "input", "conv", "relu", "output", scope="Part")
    diagram.add("Part", "part", note=text)
    chain(diagram, "input", "part", "output")
    written = source(diagram)
    written.encode()
    tree = ast.parse(written)
    kinds = {type(node).__name__ for node in tree.body}
    assert kinds == {"Expr", "ImportFrom", "ClassDef"}
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == "os"]
    assert all(len(line) <= 100 and (line.isprintable() or not line) for line in written.split("\n"))
    checked(diagram)


def test_expressions_cannot_carry_anything_else() -> None:
    diagram = simple()
    diagram.main.parameters = {"width": Parameter(kind="int", default=4)}
    diagram.add("Conv2d", "conv", out_channels="(width+1)", kernel_size=1)
    chain(diagram, "input", "conv", "output")
    assert "nn.Conv2d(3, width + 1, kernel_size=1)" in source(diagram)
    checked(diagram)
    # Past every check of the document.
    for hostile in ("__import__('os').getpid()", "width) + (3 # ", "width\n+ 1", "[width][0]", "(lambda: 3)()"):
        diagram.main.block("conv").parameters["out_channels"] = hostile
        with pytest.raises(StudioError):
            source(diagram)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ResNet-34", "ResNet34"), ("CIFAR ResNet (6n + 2)", "CIFARResNet6n2"),
        ("Wide ResNet-28-10", "WideResNet28_10"),
        ("", "Network"), ("7", "Net7"), ("Größe", "Groe"), ("torch", "Torch"), ("日本", "Network"), ("v1.5", "V1_5"),
    ],
)  # fmt: skip
def test_class_names(name: str, expected: str) -> None:
    diagram = simple(name)
    diagram.add("ReLU", "relu")
    chain(diagram, "input", "relu", "output")
    found = re.search(r"^class (\w+)\(", source(diagram), re.M)[1]
    assert found == expected


def test_the_network_s_class_is_not_a_module_s() -> None:
    diagram = simple("Block")
    diagram.module("Block", {})
    diagram.add("Input", "input", scope="Block")
    diagram.add("Conv2d", "conv", scope="Block")
    diagram.add("Output", "output", scope="Block")
    chain(diagram, "input", "conv", "output", scope="Block")
    diagram.add("Block", "one")
    chain(diagram, "input", "one", "output")
    assert re.findall(r"^class (\w+)", source(diagram), re.M) == ["Block", "Block_"]
    checked(diagram)


# Forward


def test_an_activation_writes_over_its_input_only_where_nobody_else_reads_it() -> None:
    diagram = simple()
    diagram.add("ReLU", "first")
    diagram.add("Conv2d", "conv", out_channels=3, kernel_size=1)
    diagram.add("ReLU", "shared")
    diagram.add("Add", "add")
    diagram.add("ReLU", "alone")
    diagram.add("ReLU", "again")
    diagram.add("Dropout", "drop", p=0.0)
    diagram.add("ReLU", "after")
    chain(diagram, "input", "first", "conv", "shared", "add", "alone", "again", "drop", "after", "output")
    diagram.connect("conv", "add")
    text = source(diagram)
    found = dict(re.findall(r"self\.(\w+) = nn\.ReLU\((.*)\)", text))
    # The network's input is the caller's; `shared` would spoil what `add` reads; a ReLU keeps what it gives.
    assert found == {"first": "", "shared": "", "alone": "inplace=True", "again": "", "after": ""}
    model = checked(diagram)
    x = torch.randn(1, 3, 8, 8, dtype=torch.float64, requires_grad=True)
    before = x.detach().clone()
    model(x).sum().backward()
    assert torch.equal(x.detach(), before)


def test_auxiliary_outputs_are_computed_in_training_only() -> None:
    diagram = simple()
    for index, source_name in enumerate(["input", "conv"]):
        diagram.add("Conv2d", f"side{index}", out_channels=2, kernel_size=1)
        diagram.add("AuxOutput", f"aux{index}_output")
        if index == 0:
            diagram.add("Conv2d", "conv", out_channels=4, kernel_size=1)
        chain(diagram, source_name, f"side{index}", f"aux{index}_output")
    chain(diagram, "input", "conv", "output")
    text = source(diagram)
    assert "class NetOutputs(NamedTuple):" in text
    model = checked(diagram).train()
    x = torch.randn(1, 3, 8, 8, dtype=torch.float64)
    result = model(x)
    assert result._fields == ("logits", "aux0", "aux1")
    wanted = interpret(diagram, model.state_dict(), [x], training=True)
    assert [tuple(t.shape) for t in result[1:]] == [tuple(t.shape) for t in wanted.auxiliary.values()]
    assert isinstance(model.eval()(x), torch.Tensor)


def test_several_inputs_and_outputs() -> None:
    diagram = Diagram("Two")
    diagram.add("Input", "left", shape=[2, 4, 4])
    diagram.add("Input", "right", shape=[3, 4, 4])
    diagram.add("Concat", "cat")
    diagram.add("Output", "sum")
    diagram.add("Output", "raw")
    chain(diagram, "left", "cat", "sum")
    diagram.connect("right", "cat")
    diagram.connect("right", "raw")
    text = source(diagram)
    assert "def forward(self, left: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:" in text
    one, two = torch.randn(1, 2, 4, 4), torch.randn(1, 3, 4, 4)
    outputs = compile(diagram)(one, two)
    assert torch.equal(outputs[0], torch.cat((one, two), dim=1)) and torch.equal(outputs[1], two)


def test_forward_of_a_long_flat_network_is_compact() -> None:
    diagram = simple()
    names = ["input"]
    for index in range(40):
        for kind, given in (("Conv2d", {"out_channels": 3, "padding": 1}), ("BatchNorm2d", {}), ("ReLU", {})):
            names.append(diagram.add(kind, f"{kind.lower()}{index}", **given))
    chain(diagram, *names, "output")
    forward = source(diagram).split("def forward")[1]
    assert len(forward.splitlines()) <= 42
    checked(diagram)


# Errors


def test_a_diagram_with_errors_is_not_emitted() -> None:
    diagram = simple()
    diagram.add("Conv2d", "conv", kernel_size=30)
    chain(diagram, "input", "conv", "output")
    with pytest.raises(StudioError) as caught:
        source(diagram)
    assert caught.value.code == "compile.problems" and "conv" in str(caught.value)
