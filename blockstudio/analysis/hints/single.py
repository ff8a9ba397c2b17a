"""Hints that one block, or a block and its neighbours, give."""

from __future__ import annotations

from collections.abc import Iterator

from blockstudio.analysis.hints.hint import Hint
from blockstudio.analysis.refactorings.context import RefactorContext
from blockstudio.analysis.refactorings.kernels import LARGEST, Conv
from blockstudio.analysis.refactorings.shapes import widened_pool
from blockstudio.blocks import PORTS, shape_text
from blockstudio.blocks.windows import size_text
from blockstudio.text import say

WIDER = 1.3
"""A layer widens if so many times the channels come out."""


def large_kernels(site: RefactorContext, name: str) -> Iterator[Hint]:
    """A kernel of 5×5 and more where smaller ones see as much for less, in weights and in MACs."""
    conv = Conv(site, name)
    here, report = site.map_in(name), site.report(name)
    if not conv.ok or not 5 <= conv.side <= LARGEST or here is None or report is None or not report.live:
        return
    out = report.output_shape
    if out is None or conv.is_grouped_by_channel or min(here[1:]) <= conv.side:
        return
    side, groups = conv.side, conv.group_count
    middle = conv.between_count
    before = _cost(conv.side**2, here[0], out[0], groups, out[1] * out[2])
    ways = []
    if side % 2:
        count = (side - 1) // 2
        widths = [here[0], *[middle] * (count - 1), out[0]]
        areas = [here[1] * here[2]] * (count - 1) + [out[1] * out[2]]
        ways.append(("stack_3x3", [(9, *each) for each in zip(widths, widths[1:], areas, strict=False)]))
    if conv.splits:
        row = here[1] * out[2]
        ways.append(("asymmetric", [(side, here[0], middle, row), (side, middle, out[0], out[1] * out[2])]))
    found: list[tuple[str, float]] = []
    for kind, parts in ways:
        costs = [_cost(taps, width, to, groups, area) for taps, width, to, area in parts]
        weights, macs = (sum(cost[index] for cost in costs) for index in (0, 1))
        if weights < before[0] and macs < before[1]:
            found.append((kind, weights / before[0] - 1))
    if not found:
        return
    kind, change = found[0]
    size = size_text(conv.kernel)
    saved = f"{-100 * change:.0f}"
    if kind == "stack_3x3":
        first = say("{count} layers of 3×3 see the same {size} with {saved} % fewer weights.", count=(side - 1) // 2,
                    size=size, saved=saved)  # fmt: skip
    else:
        first = say("1×{side} and then {side}×1 see the same {size} with {saved} % fewer weights.", side=side,
                    size=size, saved=saved)  # fmt: skip
    text = say("{first} A ReLU between them makes the function richer.", first=first)
    yield Hint("large_kernel", site.scope, name, report.path, text, tuple(each for each, _ in found))


def _cost(taps: int, channels: int, out: int, groups: int, area: int) -> tuple[int, int]:
    """Weights and MACs of a convolution."""
    weights = taps * (channels // groups) * out
    return weights, weights * area


def pooled_first(site: RefactorContext, name: str) -> Iterator[Hint]:
    """A pooling layer that shrinks the map before the next convolution widens it."""
    conv = widened_pool(site, name)
    before, report = site.map_in(name), site.report(name)
    out = None if conv is None else site.value(conv, "out_channels")
    if conv is None or before is None or report is None or not report.live or not isinstance(out, int):
        return
    after = site.shape_out(name)
    if after is None or out < WIDER * before[0]:
        return
    text = say(
        "{name} shrinks {before} to {after}, and only then does {conv} widen to {out} channels. A convolution with a "
        "stride beside the pooling layer does both at once, cheaply and without losing what is dropped.",
        name=name, before=shape_text(before), after=shape_text(after), conv=conv, out=out,
    )  # fmt: skip
    yield Hint("pool_first", site.scope, name, report.path, text, ("reduction",))


def batches_of_one(site: RefactorContext, name: str) -> Iterator[Hint]:
    """Batch normalisation where a channel has one value an image."""
    kind, here, report = site.kind(name), site.map_in(name), site.report(name)
    if kind is None or not kind.normalises or here is None or here[1:] != (1, 1):
        return
    if report is None or not report.live or report.bypassed:
        return
    text = say(
        "{name} sees a 1×1 map, where each channel has one value an image: with a batch of one there is nothing to "
        "normalise, and PyTorch refuses to train. Use two images a batch or more, or normalise before the map is "
        "pooled.",
        name=name,
    )  # fmt: skip
    yield Hint("batch_of_one", site.scope, name, report.path, text)


def duplicates(site: RefactorContext) -> Iterator[Hint]:
    """Blocks without weights that compute the same of the same; equal branches with weights into one merge."""
    signs: dict[str, object] = {}
    seen: dict[object, str] = {}
    for name in site.level.sheet.plan.order:
        block, kind, report = site.block(name), site.kind(name), site.report(name)
        if report is None or not report.live or kind is None or block.type in PORTS or not report.input_shapes:
            continue
        feeds = tuple(
            (signs.get(wire.source, wire.source), wire.source_port, wire.target_port if kind.merges == "" else "")
            for wire in site.definition.wires_into(name)
        )
        own = tuple(sorted(map(str, block.parameters.items())))
        sign = (block.type, own, str(block.repeat), str(block.bypass), feeds)
        if report.parameters or kind.family == "regularisation" or kind.transparent or report.bypassed:
            continue  # it learns something of its own, or leaves the values as they are
        if sign in seen:
            other = seen[sign]
            text = say(
                "{name} computes the same as {other}, of the same input. One of them and two wires do as well.",
                name=name, other=other,
            )  # fmt: skip
            yield Hint("duplicate", site.scope, name, report.path, text)
        else:
            seen[sign] = name
            signs[name] = sign
    yield from _twins(site)


def _twins(site: RefactorContext) -> Iterator[Hint]:
    """Two equal convolutions of one input into one Concat."""
    for merge, _ in site.definition.blocks():
        kind = site.kind(merge)
        if kind is None or kind.merges != "channels":
            continue
        seen: dict[object, str] = {}
        for wire in site.definition.wires_into(merge):
            here = wire.source
            way: list[tuple[str, tuple[str, ...]]] = []
            while (source := site.source(here)) is not None and len(site.readers(here)) == 1 and len(way) < 8:
                block = site.block(here)
                way.append((block.type, tuple(sorted(map(str, block.parameters.items())))))
                here = source[0]
            report = site.report(wire.source)
            if not way or report is None or not report.live or not report.parameters:
                continue
            sign = (here, tuple(way))
            if sign in seen:
                text = say(
                    "{name} has the same layers as {other}, side by side. One branch with twice the channels computes "
                    "the same; a branch with another kernel would see something else.",
                    name=wire.source, other=seen[sign],
                )  # fmt: skip
                yield Hint("duplicate", site.scope, wire.source, report.path, text)
            seen.setdefault(sign, wire.source)
