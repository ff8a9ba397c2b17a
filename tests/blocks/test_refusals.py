"""What each refusal says: a stable code, a sentence with the numbers, a next step."""

from __future__ import annotations

import pytest

from blockstudio.blocks import CATALOGUE, Refusal, Shape

MAP = (64, 56, 56)


def refusal(name: str, given: dict[str, object], inputs: list[Shape]) -> Refusal:
    kind = CATALOGUE[name]
    values = {key: parameter.check(given.get(key, parameter.default)) for key, parameter in kind.parameters.items()}
    with pytest.raises(Refusal) as caught:
        kind.shape(values, inputs)
    return caught.value


@pytest.mark.parametrize(
    ("name", "given", "inputs", "code", "message"),
    [
        (
            "Conv2d",
            {"kernel_size": 7},
            [(3, 5, 6)],
            "shape.kernel",
            "its 7×7 window is larger than its input, 5×6.",
        ),
        (
            "Conv2d",
            {"kernel_size": [3, 1], "dilation": 4, "padding": 1},
            [(3, 6, 6)],
            "shape.kernel",
            "its 3×1 window with dilation 4 is larger than its input, 6×6 (8×8 with padding).",
        ),
        ("Conv2d", {"groups": 3}, [MAP], "shape.groups", "groups=3 does not divide its 64 input channels."),
        (
            "Conv2d",
            {"groups": 32, "out_channels": 48},
            [MAP],
            "shape.groups",
            "groups=32 does not divide its 48 output channels.",
        ),
        (
            "Conv2d",
            {"padding": "same", "stride": 2},
            [MAP],
            "shape.same_stride",
            "padding 'same' needs stride 1, found stride 2.",
        ),
        (
            "Conv2d",
            {},
            [(512,)],
            "shape.rank",
            "Conv2d needs a feature map C×H×W, but its input is a vector of 512.",
        ),
        ("MaxPool2d", {"kernel_size": 3}, [(8, 2, 2)], "shape.kernel", "its 3×3 window is larger than its input, 2×2."),
        (
            "MaxPool2d",
            {"kernel_size": 3, "padding": 2},
            [MAP],
            "shape.padding",
            "its padding of 2 is more than half its window of 3.",
        ),
        (
            "AvgPool2d",
            {"kernel_size": 2, "stride": 2, "padding": [0, 1, 0, 1], "ceil_mode": True},
            [(8, 4, 4)],
            "shape.padding",
            "with ceil_mode its last window would lie in the padding alone.",
        ),
        ("Linear", {}, [MAP], "shape.linear", "Linear needs a vector, but its input is a map of 64×56×56."),
        ("Add", {}, [MAP, (128, 28, 28)], "shape.differ", "its inputs differ: 64×56×56 and 128×28×28."),
        (
            "Add",
            {},
            [MAP, (64,), MAP],
            "shape.differ",
            "its inputs differ: 64×56×56, a vector of 64 and 64×56×56.",
        ),
        ("Add", {}, [], "shape.inputs", "nothing is wired into it."),
        (
            "Concat",
            {},
            [(64, 28, 28), (128, 28, 28), (32, 14, 14), (32, 28, 28)],
            "shape.concat",
            "its inputs differ in height and width: input 2 is 32×14×14, the others are 28×28 maps.",
        ),
        (
            "Concat",
            {},
            [(10,), (3, 4, 4), (5,)],
            "shape.concat",
            "its inputs differ in height and width: input 1 is 3×4×4, the others are vectors.",
        ),
        (
            "Multiply",
            {},
            [MAP, (32, 1, 1)],
            "shape.broadcast",
            "its inputs do not fit each other: 64×56×56 and 32×1×1.",
        ),
        (
            "ShortcutA",
            {"out_channels": 32},
            [MAP],
            "shape.shortcut",
            "it can only add channels: 64 come in, out_channels is 32.",
        ),
    ],
)
def test_a_refusal_says_why(name: str, given: dict[str, object], inputs: list[Shape], code: str, message: str) -> None:
    found = refusal(name, given, inputs)
    assert (found.code, found.message) == (code, message)
    assert found.hint.endswith(".") and found.where == ""


@pytest.mark.parametrize(
    ("inputs", "word"),
    [([MAP, (128, 28, 28)], "stride"), ([MAP, (128, 56, 56)], "same number of channels"), ([MAP, (64,)], "Flatten")],
)
def test_the_next_step_for_a_sum_goes_by_what_differs(inputs: list[Shape], word: str) -> None:
    assert word in refusal("Add", {}, inputs).hint


def test_a_long_list_of_shapes_is_cut_short() -> None:
    found = refusal("Add", {}, [(index + 1, 7, 7) for index in range(30)])
    assert found.message == "its inputs differ: 1×7×7, 2×7×7, 3×7×7, 4×7×7, 5×7×7 and 25 more."
    shapes = [(8, 7, 7)] * 20 + [(8, 6, 6)] * 10
    assert refusal("Concat", {}, shapes).message == (
        "its inputs differ in height and width: input 20 is 8×6×6, input 21 is 8×6×6, input 22 is 8×6×6, "
        "7 more differ, the others are 7×7 maps."
    )


class Side(int):
    """A side of a map that counts how often it is looked at."""

    looks = 0

    def __eq__(self, other: object) -> bool:
        Side.looks += 1
        return super().__eq__(other)

    def __hash__(self) -> int:
        Side.looks += 1
        return super().__hash__()


@pytest.mark.parametrize("name", ["Add", "Multiply", "Maximum", "Concat"])
def test_many_inputs_take_no_more_each_than_few(name: str) -> None:
    """Shapes, counts, values kept for the backward pass, and refusals."""
    kind, looks = CATALOGUE[name], []
    for count in (100, 200):
        Side.looks = 0
        gates = (1, 2) if name == "Multiply" else (2, 2)
        shapes: list[Shape] = [(Side(4), Side(gates[index % 2]), Side(2)) for index in range(count)]
        output = kind.shape({}, shapes)
        kind.extra({}, shapes, output)
        kind.macs({}, shapes, output)
        kind.keeps_input({}, shapes)
        with pytest.raises(Refusal):
            kind.shape({}, [(Side(4), Side(2 + index), Side(2 + index)) for index in range(count)])
        looks.append(Side.looks)
    assert looks[1] < 2.5 * looks[0]


def test_products_on_the_way_are_counted_at_their_size() -> None:
    shapes = [(4, 1, 1), (1, 3, 1), (4, 1, 5), (4, 3, 5)]
    assert CATALOGUE["Multiply"].extra({}, shapes, (4, 3, 5)) == 4 * 3 + 4 * 3 * 5
    assert CATALOGUE["Multiply"].extra({}, shapes[:2], (4, 3, 1)) == 0
