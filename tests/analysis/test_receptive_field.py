"""The receptive field that is stated is the one that the real module has: the pixels of the image whose gradient is
not zero. All weights are positive and maxima are replaced by means, so that nothing cancels or hides."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given
from hypothesis import strategies as st

from blockstudio.analysis import BlockReport, analyze
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.presets import load_preset
from tests.support.nets import conv, head, line, merge, net
from tests.support.properties import examples

torch = pytest.importorskip("torch")
torch.set_num_threads(1)


def support(diagram: Diagram, pixel: tuple[int, int] | None) -> tuple[tuple[int, int], tuple[int, int]]:
    """First and last row and column of the image on which an output pixel (``None``: a vector's every entry)
    depends."""
    from blockstudio.compiler import compile

    model = compile(diagram).double().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(1.0 / max(1, parameter[0].numel()))
    analysis = analyze(diagram)
    shape = analysis.blocks[analysis.main.plan.inputs[0]].output_shape
    image = torch.ones(1, *shape, dtype=torch.float64, requires_grad=True)
    out = model(image)
    (out.sum() if pixel is None else out[0, :, pixel[0], pixel[1]].sum()).backward()
    seen = image.grad[0].abs().sum(0) > 0
    rows, columns = seen.any(1).nonzero().flatten().tolist(), seen.any(0).nonzero().flatten().tolist()
    return (rows[0], rows[-1]), (columns[0], columns[-1])


def stated(report: BlockReport, pixel: tuple[int, int]) -> tuple[tuple[int, int], tuple[int, int]]:
    """The same, as the analysis has it."""
    size, stride, offset = report.receptive_field, report.field_stride, report.field_offset
    assert size and stride and offset
    starts = [offset[axis] + stride[axis] * pixel[axis] for axis in (0, 1)]
    return (starts[0], starts[0] + size[0] - 1), (starts[1], starts[1] + size[1] - 1)


def finish(diagram: Diagram, last: str) -> BlockReport:
    """Put the map out; the report of the last block."""
    line(diagram, last, ("Output", "output", {}))
    analysis = analyze(diagram)
    assert analysis.problems == ()
    return analysis.blocks["output"]


def agree(diagram: Diagram, last: str, pixel: tuple[int, int]) -> BlockReport:
    report = finish(diagram, last)
    assert support(diagram, pixel) == stated(report, pixel)
    return report


def test_chain() -> None:
    d = net([1, 48, 40])
    last = line(d, "input", conv("a", 2, 5, stride=2), conv("b", 2, 3), ("AvgPool2d", "pool", {"kernel_size": 2}))
    report = agree(d, last, (6, 5))
    assert report.receptive_field == (11, 11)
    assert report.field_stride == (4, 4)


def test_skip_takes_the_union() -> None:
    d = net([1, 32, 32])
    line(d, "input", conv("stem", 2))
    line(d, "stem", conv("a", 2, 5), conv("b", 2, 3))
    assert agree(d, merge(d, "Add", "add", "b", "stem"), (16, 15)).receptive_field == (9, 9)


def test_branches_that_look_to_different_sides() -> None:
    d = net([1, 32, 32])
    line(d, "input", conv("up", 2, 3, padding=[2, 0, 1, 1]))
    line(d, "input", conv("down", 2, 3, padding=[0, 2, 1, 1]))
    report = agree(d, merge(d, "Concat", "cat", "up", "down"), (16, 16))
    # Neither branch sees more than 3 rows, both together 5.
    assert report.receptive_field == (5, 3)


def test_dilation() -> None:
    d = net([1, 40, 40])
    last = line(d, "input", conv("a", 2, 3, padding=4, dilation=4), conv("b", 2, [1, 5], padding=[0, 6], dilation=3))
    assert agree(d, last, (20, 20)).receptive_field == (9, 21)


def test_a_gate_sees_the_whole_map() -> None:
    d = net([1, 24, 20])
    line(d, "input", conv("stem", 2))
    line(d, "stem", ("GlobalAvgPool", "pool", {}), conv("fc", 2, 1))
    report = finish(d, merge(d, "Multiply", "gate", "stem", "fc"))
    assert report.receptive_field == (24, 20)
    assert support(d, (3, 4)) == ((0, 23), (0, 19))


def test_a_head_sees_the_whole_map() -> None:
    d = head(net([1, 24, 20]), "input")
    assert analyze(d).blocks["fc"].receptive_field == (24, 20)
    assert support(d, None) == ((0, 23), (0, 19))


def test_the_network_has_that_of_its_last_map() -> None:
    d = head(net([1, 40, 40]), "input")
    d.disconnect("input", "avgpool")
    line(d, "input", conv("a", 2, 5, stride=2), conv("b", 2, 3), "avgpool")
    analysis = analyze(d)
    assert analysis.receptive_field == analysis.blocks["b"].receptive_field == (9, 9)


def test_paths_of_different_stride_on_one_pixel() -> None:
    d = net([1, 5, 5])
    line(d, "input", conv("a", 2, 5, padding=0))
    line(d, "a", conv("b", 2, 1, stride=2))
    report = agree(d, merge(d, "Add", "add", "a", "b"), (0, 0))
    assert report.receptive_field == (5, 5)


def test_inside_a_module_it_is_seen_from_the_image() -> None:
    d = net([1, 48, 48])
    scope = d.module("Stage")
    d.add("Input", "input", scope=scope)
    line(d, "input", conv("a", 2, 3), conv("b", 2, 3, stride=2), ("Output", "output", {}), scope=scope)
    d.add("Stage", "stage", repeat=3)
    last = line(d, "input", "stage")
    report = agree(d, last, (3, 3))
    blocks = analyze(d).blocks
    assert blocks["stage.0.a"].receptive_field == (3, 3)
    assert blocks["stage.1.a"].receptive_field == (9, 9)
    assert (
        blocks["stage.2"].receptive_field == blocks["stage.2.b"].receptive_field == report.receptive_field == (29, 29)
    )


SMALL = st.integers(1, 3)


@st.composite
def window(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A convolution or mean pool that may change the size; any sides padded."""
    kernel = [draw(st.integers(1, 4)), draw(st.integers(1, 4))]
    stride = draw(st.sampled_from([1, 1, 2]))
    if draw(st.integers(0, 3)) == 0:
        pads = [draw(st.integers(0, kernel[0] // 2)), draw(st.integers(0, kernel[1] // 2))]
        return "AvgPool2d", {"kernel_size": kernel, "stride": stride, "padding": pads}
    dilation = draw(st.sampled_from([1, 1, 2]))
    padding = draw(
        st.one_of(st.just("same_tf"), st.lists(st.integers(0, 3), min_size=4, max_size=4), st.integers(0, 2))
    )
    return "Conv2d", {
        "out_channels": 2, "kernel_size": kernel, "stride": stride, "dilation": dilation, "padding": padding,
        "bias": False,
    }  # fmt: skip


@st.composite
def keeping(draw: st.DrawFn) -> dict[str, Any]:
    """A convolution that keeps the size, its padding anyhow on the two sides."""
    kernel, dilation = [draw(SMALL), draw(SMALL)], draw(st.sampled_from([1, 2]))
    padding: list[int] = []
    for size in kernel:
        total = dilation * (size - 1)
        before = draw(st.integers(0, total))
        padding += [before, total - before]
    return {"out_channels": 2, "kernel_size": kernel, "dilation": dilation, "padding": padding, "bias": False}


STAGE = st.one_of(window(), st.tuples(st.sampled_from(["Add", "Concat"]), st.lists(keeping(), min_size=1, max_size=3)))


@examples(60, suppress_health_check=[HealthCheck.too_slow])
@given(stages=st.lists(STAGE, min_size=1, max_size=4), skip=st.booleans())
def test_drawn_networks(stages: list[Any], skip: bool) -> None:
    d = net([1, 120, 120])
    last = line(d, "input", conv("stem", 2, 1))
    strides = 0
    for index, (kind, details) in enumerate(stages):
        if isinstance(details, dict):
            strides += details["stride"] == 2
            last = line(d, last, (kind, f"window{index}", details))
            continue
        ends = [line(d, last, ("Conv2d", f"branch{index}_{n}", one)) for n, one in enumerate(details)]
        if skip or len(ends) == 1:
            ends.append(last)
        if kind == "Add":
            # An addition needs equal channels, and a concatenation before may have made more.
            ends = [line(d, end, conv(f"even{index}_{n}", 2, 1)) for n, end in enumerate(ends)]
        last = merge(d, kind, f"merge{index}", *ends)
    report = finish(d, last)
    assert report.output_shape is not None
    pixel = (report.output_shape[1] // 2, report.output_shape[2] // 2)
    predicted = stated(report, pixel)
    # Near the borders padding cuts fields off; windows may leave out a last pixel of each stride.
    assume(all(low >= 0 and high < 120 - 2**strides for low, high in predicted))
    assert support(d, pixel) == predicted


@pytest.mark.slow
@pytest.mark.parametrize(("name", "end", "size"), [("googlenet", "inception_5b", 715), ("resnet18", "layer4", 435)])
def test_published_networks(name: str, end: str, size: int) -> None:
    d = load_preset(name, size=32 * (size // 32 + 3))
    analysis = analyze(d)
    assert analysis.receptive_field == (size, size)
    for scope in d.scopes():
        for block in d.definition(scope).of_type("MaxPool2d"):
            old = d.definition(scope).block(block).parameters
            into, out = d.definition(scope).wires_into(block)[0], d.definition(scope).wires_from(block)
            d.remove(block, scope=scope)
            d.add("AvgPool2d", block, scope=scope, **{key: value for key, value in old.items() if key != "dilation"})
            d.connect(f"{into.source}:{into.source_port}", block, scope=scope)
            for wire in out:
                d.connect(block, f"{wire.target}:{wire.target_port}", scope=scope)
    last = analysis.blocks[end]
    for output in d.main.of_type("Output", "AuxOutput"):
        d.remove(output)
    line(d, end, ("Output", "map", {}))
    assert last.output_shape is not None
    pixel = (last.output_shape[1] // 2, last.output_shape[2] // 2)
    assert support(d, pixel) == stated(last, pixel)


def test_a_long_chain_of_vectors_is_no_recursion() -> None:
    diagram = Diagram("long")
    diagram.add("Input", "input", shape=[3, 8, 8])
    diagram.add("Conv2d", "conv1", kernel_size=3)
    diagram.add("GlobalAvgPool", "pool")
    diagram.add("Flatten", "flatten")
    names = ["input", "conv1", "pool", "flatten"]
    for index in range(3000):
        names.append(diagram.add("Linear", f"fc{index}", out_features=4))
    names.append(diagram.add("Output", "output"))
    for source, target in pairwise(names):
        diagram.connect(source, target)
    assert analyze(diagram).receptive_field == (3, 3)
