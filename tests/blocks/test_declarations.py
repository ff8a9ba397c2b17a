"""Every declaration is complete: what palette, inspector and help need is there."""

from __future__ import annotations

import subprocess
import sys

import pytest

from blockstudio.blocks import CATALOGUE, FAMILIES, BlockType, Parameter, palette_entries
from blockstudio.errors import StudioError

TYPES = [pytest.param(kind, id=name) for name, kind in CATALOGUE.items()]
PARAMETERS = [
    pytest.param(parameter, id=f"{name}.{key}")
    for name, kind in CATALOGUE.items()
    for key, parameter in kind.parameters.items()
]


def test_the_catalogue_holds_every_type_that_files_name() -> None:
    expected = """
        Input Output AuxOutput Conv2d DepthwiseConv2d BatchNorm2d LocalResponseNorm ReLU ReLU6 LeakyReLU PReLU ELU SiLU
        GELU Sigmoid Tanh Hardswish Hardsigmoid Softmax MaxPool2d AvgPool2d GlobalAvgPool AdaptiveAvgPool2d Dropout
        Linear Flatten Concat Add Multiply Scale ShortcutA ZeroPad2d Identity
    """
    assert set(CATALOGUE) >= set(expected.split())


@pytest.mark.parametrize("kind", TYPES)
def test_a_type_says_what_it_is(kind: BlockType) -> None:
    assert CATALOGUE[kind.name] is kind
    assert kind.name.isidentifier() and not kind.name.startswith("_")
    assert kind.family in FAMILIES
    assert kind.help.endswith(".") and "\n" not in kind.help and len(kind.help) >= 30
    assert kind.__doc__ and kind.__doc__.startswith("``(") and kind.__doc__ != BlockType.__doc__
    assert kind.variadic == (not kind.inputs and kind.name != "Input")
    assert len(set(kind.inputs)) == len(kind.inputs) and len(kind.outputs) <= 1


@pytest.mark.parametrize("kind", TYPES)
def test_a_type_is_in_the_palette(kind: BlockType) -> None:
    entries = [entry for found, entry in palette_entries() if found is kind]
    assert kind.name in [entry.title for entry in entries]
    for entry in entries:
        assert entry.keywords == entry.keywords.lower() and len(entry.keywords.split()) >= 2
        for key, value in entry.parameters.items():
            kind.parameters[key].check(value)


def test_palette_titles_are_unique_and_in_family_order() -> None:
    entries = list(palette_entries())
    titles = [entry.title for _, entry in entries]
    assert len(set(titles)) == len(titles)
    order = list(FAMILIES)
    places = [order.index(kind.family) for kind, _ in entries]
    assert places == sorted(places)


def test_the_palette_offers_what_the_papers_draw() -> None:
    found = {entry.title: dict(entry.parameters) for _, entry in palette_entries()}
    assert found["1×1 Conv"]["kernel_size"] == 1
    assert found["MaxPool2d"] == {"kernel_size": 3, "stride": 2}


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_a_parameter_has_help_and_a_legal_default(parameter: Parameter) -> None:
    assert parameter.help.endswith(".") and len(parameter.help) >= 8
    canonical = parameter.check(parameter.default)
    assert parameter.check(canonical) == canonical
    if parameter.kind == "choice":
        assert len(set(parameter.choices)) == len(parameter.choices) >= 2


@pytest.mark.parametrize(
    "parameter", [case for case in PARAMETERS if case.values[0].kind not in ("bool", "choice", "text")]
)
def test_a_number_has_limits_that_hold(parameter: Parameter) -> None:
    low, high = parameter.minimum, parameter.maximum
    assert low is not None and high is not None and low < high
    wrap = (lambda number: [number]) if parameter.kind == "shape" else (lambda number: number)
    whole = (lambda number: number) if parameter.kind == "float" else int
    for limit, step in ((low, -1), (high, 1)):
        parameter.check(wrap(whole(limit)))
        with pytest.raises(StudioError, match="expected") as caught:
            parameter.check(wrap(whole(limit + step)))
        assert caught.value.code == "parameter.limit"


@pytest.mark.parametrize("kind", TYPES)
def test_a_summary_is_short(kind: BlockType) -> None:
    for entry in kind.palette:
        values = {
            key: parameter.check(entry.parameters.get(key, parameter.default))
            for key, parameter in kind.parameters.items()
        }
        assert len(kind.summary(values)) <= 20


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("Conv2d", {"kernel_size": 3, "stride": 2}, "3×3, 64, /2"),
        ("Conv2d", {"kernel_size": [1, 7], "out_channels": 192, "padding": [0, 3]}, "1×7, 192"),
        ("Conv2d", {"dilation": 2, "groups": 32, "stride": [2, 1]}, "3×3, 64, /2×1, dilation 2, 32 groups"),
        ("DepthwiseConv2d", {"stride": 2}, "3×3, /2"),
        ("MaxPool2d", {"kernel_size": 3}, "3×3 /2"),
        ("AvgPool2d", {"kernel_size": 7, "stride": 1, "ceil_mode": True}, "7×7 ceil"),
        ("AdaptiveAvgPool2d", {"output_size": [7, 6]}, "to 7×6"),
        ("BatchNorm2d", {}, ""),
        ("BatchNorm2d", {"affine": "shift"}, "shift only"),
        ("LocalResponseNorm", {}, "size 5"),
        ("Linear", {"out_features": 1000}, "1000"),
        ("Dropout", {"p": 0.4}, "p 0.4"),
        ("ShortcutA", {"out_channels": 32}, "32, /2"),
        ("Scale", {"factor": 0.17}, "×0.17"),
        ("ZeroPad2d", {"padding": [0, 1, 0, 1]}, "0, 1, 0, 1"),
        ("AuxOutput", {}, "loss ×0.3"),
        ("Input", {}, "3×224×224"),
    ],
)
def test_a_summary_names_the_parameters_that_matter(name: str, given: dict[str, object], expected: str) -> None:
    kind = CATALOGUE[name]
    values = {key: parameter.check(given.get(key, parameter.default)) for key, parameter in kind.parameters.items()}
    assert kind.summary(values) == expected


def test_declarations_need_neither_torch_nor_qt() -> None:
    script = (
        "import sys, blockstudio.blocks\n"
        "heavy = [name for name in sys.modules if name.split('.')[0] in ('torch', 'PySide6', 'networkx', 'numpy')]\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
