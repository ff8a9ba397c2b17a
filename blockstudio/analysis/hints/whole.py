"""Hints that the whole network gives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import networkx as nx

from blockstudio.analysis.hints.hint import Hint
from blockstudio.analysis.refactorings.context import RefactorContext
from blockstudio.analysis.refactorings.shapes import dense_head, widened_pool
from blockstudio.analysis.report import Analysis
from blockstudio.analysis.sheet import Sheet
from blockstudio.blocks import INPUT, numel
from blockstudio.text import say

SHARP = 8
"""A step is sharp if it leaves one value in so many."""
HALF = 0.5
"""A head is heavy from this share of the parameters on."""
PLAIN = 12
"""Layers from which on "Very Deep Convolutional Networks" no longer trained from random weights: its eleven did."""
DEEP = 30
"""Layers from which on "Deep Residual Learning" found plain networks worse than shallower ones, normalised or not."""


def bottlenecks(site: RefactorContext) -> Iterator[Hint]:
    """Where all that the network sees passes a map with far fewer values than the one before, and is convolved on."""
    cut = _cut(site)
    for name, following in pairwise(cut):
        before, after = site.shape_out(name), site.shape_out(following)
        if before is None or after is None or len(before) != 3 or len(after) != 3 or after[1] * after[2] == 1:
            continue
        report = site.report(following)
        if site.block(name).type == INPUT or report is None or numel(before) < SHARP * numel(after):
            continue
        if not any(_convolves(site, other) for other in cut[cut.index(following) + 1 :]):
            continue
        conv = widened_pool(site, following)
        out = None if conv is None else site.value(conv, "out_channels")
        first = say("{name} lets {after:,} of {before:,} values through.", name=following, after=numel(after),
                    before=numel(before))  # fmt: skip
        if conv is not None:
            first = say(
                "{name} lets {after:,} of {before:,} values through, and only then does {conv} widen to {out} "
                "channels.",
                name=following, after=numel(after), before=numel(before), conv=conv, out=out,
            )  # fmt: skip
        text = say("{first} What such a step drops cannot be learned back: shrink in smaller steps, or widen while "
                   "shrinking.", first=first)  # fmt: skip
        yield Hint("bottleneck", site.scope, following, report.path, text, ("reduction",) if conv else ())


def _cut(site: RefactorContext) -> list[str]:
    """The blocks that every way from the input to the output passes, in order."""
    plan = site.level.sheet.plan
    live = site.level.sheet.live
    if len(plan.inputs) != 1 or not plan.outputs or plan.outputs[0] not in live or plan.cycles:
        return []
    graph = nx.DiGraph((wire.source, wire.target) for wire in site.definition.wires()
                       if wire.source in live and wire.target in live)  # fmt: skip
    start, end = plan.inputs[0], plan.outputs[0]
    if start not in graph or end not in graph:
        return []
    above = nx.immediate_dominators(graph, start)
    found = [end]
    while found[-1] != start:
        following = above.get(found[-1])
        if following is None or following == found[-1]:
            break
        found.append(following)
    return found[::-1]


def _convolves(site: RefactorContext, name: str) -> bool:
    """Whether a block, or something inside it, has weights and is no dense layer."""
    kind, report = site.kind(name), site.report(name)
    if report is None or not report.macs or report.output_shape is None:
        return False
    return kind is None or (kind.weighted and not kind.dense)


def heavy_heads(site: RefactorContext, analysis: Analysis) -> Iterator[Hint]:
    """Dense layers that hold more of the parameters than all the rest."""
    for name, _ in site.definition.blocks():
        kind, report = site.kind(name), site.report(name)
        if kind is None or not kind.dense or report is None or not report.live:
            continue
        head = dense_head(site, name)
        parts = [found.parameters or 0 for each in head if (found := site.report(each)) is not None]
        if not head or sum(parts) < HALF * analysis.parameters or sum(parts) == analysis.parameters:
            continue
        text = say(
            "The dense layers hold {share:.0%} of the parameters, most of them in {name}. Global average pooling "
            "before the last layer needs next to none, overfits less and takes images of any size.",
            share=sum(parts) / analysis.parameters, name=max(zip(parts, head, strict=True))[1],
        )  # fmt: skip
        yield Hint("dense_head", site.scope, name, report.path, text, ("global_pool",))
        return


@dataclass
class _Count:
    layers: int = 0
    first: str = ""
    normalises: bool = False
    merges: bool = False


def plain_stacks(site: RefactorContext) -> Iterator[Hint]:
    """Many layers in a row without normalisation or shortcut."""
    found = _Count()
    _count(site.level.sheet, "", found)
    if found.merges or found.layers < PLAIN or (found.normalises and found.layers < DEEP):
        return
    first = found.first.partition(".")[0] if found.first not in site.definition else found.first
    if not found.normalises:
        text = say(
            "{count} layers follow one another without normalisation or shortcut: from about {limit} on such a stack "
            "hardly trains from random weights. BatchNorm after every convolution lets it.",
            count=found.layers, limit=PLAIN - 1,
        )  # fmt: skip
        yield Hint("plain_stack", site.scope, first, found.first, text, ("batch_norm",))
        return
    text = say(
        "{count} layers follow one another without a shortcut: so deep, a plain network ends with a higher training "
        "error than a shallower one. A shortcut around every two layers keeps the way for the gradient open.",
        count=found.layers,
    )  # fmt: skip
    yield Hint("degradation", site.scope, first, found.first, text, ("residual",))


def _count(sheet: Sheet, prefix: str, found: _Count) -> None:
    """Layers that look at more than one pixel, through all that is inside."""
    for name in sheet.plan.order:
        if name not in sheet.live:
            continue
        item, result = sheet.plan.items[name], sheet.results[name]
        if result.bypassed:
            continue
        copies = result.copies or (result,)
        for copy in copies:
            if copy.sub is not None:
                _count(copy.sub, f"{prefix}{name}.", found)
        kind = item.kind
        if kind is None:
            continue
        found.normalises |= kind.family == "normalisation"
        found.merges |= bool(kind.merges) and len(item.sources) > 1
        kernel = result.values.get("kernel_size")
        if kind.weighted and (kind.dense or (isinstance(kernel, tuple) and max(map(int, kernel)) > 1)):
            found.layers += len(copies)
            found.first = found.first or prefix + name
