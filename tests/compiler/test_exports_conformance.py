"""Every block type with drawn parameters, exported: ONNX and `torch.export` files give what the network gives."""

from __future__ import annotations

import io
import warnings
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, Phase, given, settings

from blockstudio import Diagram
from blockstudio.blocks import CATALOGUE, ENDS
from blockstudio.compiler import compile
from blockstudio.compiler.programs import onnx_bytes, program_bytes, traced
from blockstudio.compiler.rewriting import mistakable
from tests.support.block_cases import Case, accepted, cases
from tests.support.export_cases import shaken

pytestmark = pytest.mark.xdist_group("exports")

pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

torch.set_num_threads(1)
TYPES = [name for name, kind in CATALOGUE.items() if name not in ENDS and not kind.foreign]


def drawn(name: str, count: int) -> list[Case]:
    """So many different blocks of a type, the same ones each time."""
    found: dict[str, Case] = {}

    @settings(
        max_examples=3 * count, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=cases(name).filter(accepted))
    def collect(case: Case) -> None:
        found.setdefault(repr((case.raw, case.inputs)), case)

    collect()
    return list(found.values())[-count:]


def side_by_side(blocks: list[tuple[str, dict[str, Any], tuple[tuple[int, ...], ...]]]) -> Diagram:
    """A network of blocks that have nothing to do with each other, each with inputs and an output of its own."""
    diagram = Diagram("Side by side")
    for index, (kind, values, inputs) in enumerate(blocks):
        name = f"block{index}"
        diagram.add(kind, name, **{key: value for key, value in values.items() if key in CATALOGUE[kind].parameters})
        for slot, shape in enumerate(inputs):
            diagram.add("Input", f"{name}_in{slot}", shape=list(shape))
            diagram.connect(f"{name}_in{slot}", name if len(inputs) == 1 else f"{name}:{slot}")
        diagram.add("Output", f"{name}_out")
        diagram.connect(name, f"{name}_out")
    return diagram


def check(blocks: list[tuple[str, dict[str, Any], tuple[tuple[int, ...], ...]]]) -> None:
    diagram = side_by_side(blocks)
    model = shaken(compile(diagram))
    program = traced(diagram, model)
    outside = onnxruntime.InferenceSession(onnx_bytes(diagram, program), providers=["CPUExecutionProvider"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        again = torch.export.load(io.BytesIO(program_bytes(diagram, program))).module()
    images = [torch.randn(3, *shape) for _, _, inputs in blocks for shape in inputs]
    known = {item.name for item in outside.get_inputs()}
    fed = {name: x.numpy() for name, x in zip(diagram.main.of_type("Input"), images, strict=True) if name in known}
    found = outside.run(diagram.main.of_type("Output"), fed)
    with torch.no_grad():
        expected, loaded = model(*images), again(*images)
    if len(blocks) == 1:
        expected, loaded = (expected,), (loaded,)
    for block, wanted, same, other in zip(blocks, expected, loaded, found, strict=True):
        # A root of something negative is no number, here and there.
        torch.testing.assert_close(same, wanted, rtol=0, atol=0, equal_nan=True, msg=str(block))
        torch.testing.assert_close(
            torch.from_numpy(other), wanted, rtol=1e-4, atol=1e-5, equal_nan=True, msg=str(block)
        )


def test_an_average_by_a_divisor_of_its_own() -> None:
    diagram = side_by_side([("AvgPool2d", {"kernel_size": 2, "stride": 2, "divisor_override": 1}, ((1, 4, 4),))])
    data = onnx_bytes(diagram, traced(diagram, compile(diagram)))
    outside = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    (found,) = outside.run(None, {"block0_in0": torch.ones(2, 1, 4, 4).numpy()})
    assert found.shape == (2, 1, 2, 2) and (found == 4.0).all()


def test_numbers_that_are_hardly_anything_are_no_nothing() -> None:
    """The exporter's clean-up takes what is below 1e-8 for zero: a root, a logarithm and a quotient of zero would be
    no numbers."""
    one = ((4,),)
    blocks = [("RMSNorm", {"eps": 1e-12}, one), ("Offset", {"value": 1e-9}, one), ("Offset", {}, one)]
    diagram = side_by_side(blocks)
    diagram.add("Function", "log", function="log")
    diagram.add("Output", "log_out")
    diagram.connect("block1", "log")
    diagram.connect("log", "log_out")
    program = traced(diagram, compile(diagram))
    assert mistakable(program)
    assert not mistakable(traced(side_by_side(blocks[2:]), compile(side_by_side(blocks[2:]))))
    outside = onnxruntime.InferenceSession(onnx_bytes(diagram, program), providers=["CPUExecutionProvider"])
    zeros = {name: torch.zeros(2, 4).numpy() for name in diagram.main.of_type("Input")}
    norm, shift, half, log = (torch.from_numpy(found) for found in outside.run(None, zeros))
    assert not norm.any() and (half == 1).all()
    torch.testing.assert_close(shift, torch.full((2, 4), 1e-9))
    torch.testing.assert_close(log, torch.full((2, 4), 1e-9).log())


@pytest.mark.slow
def test_a_share_of_the_blocks_runs_outside() -> None:
    divisors: list[tuple[str, dict[str, Any], tuple[tuple[int, ...], ...]]] = [
        ("AvgPool2d", {"divisor_override": 3, **values}, ((2, 7, 6),))
        for values in (
            {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True, "count_include_pad": False},
            {"kernel_size": [3, 2], "stride": 3, "ceil_mode": True},
            {"kernel_size": 3, "stride": 2, "padding": "same_tf"},
            {"kernel_size": 2, "stride": 1, "padding": [0, 1, 1, 0]},
        )
    ]
    transposed: list[tuple[str, dict[str, Any], tuple[tuple[int, ...], ...]]] = [
        ("ConvTranspose2d", {"out_channels": 2, "kernel_size": 3, "dilation": 3, **values}, ((2, 4, 3),))
        for values in (
            {"output_padding": 2, "padding": 1},
            {"output_padding": [1, 2], "stride": [1, 2], "padding": [2, 0], "bias": False},
        )
    ]
    pools = ((case.kind.name, case.raw, case.inputs) for case in drawn("MaxPool2d", 2))
    check([*divisors, *transposed, *pools])


@pytest.mark.slow
@pytest.mark.parametrize("name", TYPES)
def test_every_block_type_runs_outside(name: str) -> None:
    check([(name, case.raw, case.inputs) for case in drawn(name, 12)])
