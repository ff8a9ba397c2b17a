"""How fast the analysis is: ResNet-152 cold against `torchinfo.summary` on the meta device, and one edit in the middle
of the flat ResNet-152 brought up to date.

    python benchmarks/analysis.py [ROUNDS]

Both are timed in turns in one run, so that a busy machine slows both; medians and their ratio are printed. *Cold* means
that nothing is cached: a new analyser, the cache of parsed expressions emptied. Neither side is charged for building
its model or loading its file. The first analysis of a round, which finds nothing in the processor's caches either, has
a line of its own.
"""

from __future__ import annotations

import gc
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import torch
import torchinfo
import torchvision

from blockstudio.analysis import Analysis, Analyzer, analyze
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.expand import flatten
from blockstudio.graph.expressions import parse
from blockstudio.graph.presets import load_preset

EDITS = 40
EACH = 5
"""Analyses a round."""


def timed(work: Callable[[], Any]) -> float:
    """Milliseconds of processor time that ``work`` takes: what else the machine does counts on neither side."""
    start = time.thread_time()
    work()
    return (time.thread_time() - start) * 1e3


def cold(diagram: Diagram, empty: bool = True) -> float:
    if empty:
        parse.cache_clear()
    return timed(lambda: analyze(diagram))


def edit_times(diagram: Diagram, name: str, changes: list[dict[str, Any]]) -> float:
    """Median milliseconds from an edit to the new totals, over back and forth edits of one block."""
    analyzer = Analyzer(diagram)
    spent: list[float] = []

    def follow(edits: Any) -> None:
        start = time.thread_time()
        found: Analysis = analyzer.update(edits)
        found.parameters, found.macs, found.depth, found.receptive_field, found.activation_bytes, found.problems  # noqa: B018
        spent.append((time.thread_time() - start) * 1e3)

    diagram.history.listeners.append(follow)
    for index in range(EDITS):
        diagram.set(name, **changes[index % len(changes)])
    diagram.history.listeners.remove(follow)
    return statistics.median(spent)


def insertion_times(diagram: Diagram, name: str) -> float:
    """Median milliseconds from putting a block on a wire, or taking it back, to the new totals."""
    analyzer = Analyzer(diagram)
    spent: list[float] = []

    def follow(edits: Any) -> None:
        start = time.thread_time()
        analyzer.update(edits)
        spent.append((time.thread_time() - start) * 1e3)

    wire = diagram.main.wires_from(name)[0]
    diagram.history.listeners.append(follow)
    for _ in range(EDITS // 2):
        with diagram.history.gesture("insert"):
            diagram.disconnect(name, wire.target)
            diagram.add("Identity", "inserted")
            diagram.connect(name, "inserted")
            diagram.connect("inserted", f"{wire.target}:{wire.target_port}")
        diagram.undo()
    diagram.history.listeners.remove(follow)
    return statistics.median(spent)


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    torch.set_num_threads(1)
    diagram = load_preset("resnet152")
    with torch.device("meta"):
        model = torchvision.models.resnet152()

    def summary() -> None:
        torchinfo.summary(model, (1, 3, 224, 224), device="meta", verbose=0)

    flat = flatten(diagram)
    middle = next(n for n in list(flat.graph)[len(flat.graph) // 2 :] if n.endswith("conv2"))
    ours, first, parsed, theirs, channels, windows, inserted = [], [], [], [], [], [], []
    for _ in range(rounds):
        gc.collect()
        first.append(cold(diagram))
        ours += [cold(diagram) for _ in range(EACH)]
        parsed += [cold(diagram, empty=False) for _ in range(EACH)]
        theirs.append(timed(summary))
        channels.append(edit_times(flat, middle, [{"out_channels": 192}, {"out_channels": 256}]))
        windows.append(edit_times(flat, middle, [{"kernel_size": 5, "padding": 2}, {"kernel_size": 3, "padding": 1}]))
        inserted.append(insertion_times(flat, middle))
    found = analyze(diagram)
    print(f"ResNet-152: {found.parameters:,} parameters, {found.macs:,} MACs; medians of {rounds} interleaved rounds")
    print(f"  torchinfo.summary, meta device        {statistics.median(theirs):8.2f} ms")
    for what, spent in (
        ("nothing cached", ours),
        ("the first, after a garbage collection", first),
        ("expressions parsed, as the loader leaves them", parsed),
    ):
        ratio = statistics.median(theirs) / statistics.median(spent)
        print(f"  analyze, {what:45} {statistics.median(spent):5.2f} ms   {ratio:.0f}× faster (wanted: 100)")
    print(f"flat ResNet-152, {len(flat.graph)} blocks, edit of {middle} (wanted: 1 ms)")
    print(f"  channels: its neighbours change       {statistics.median(channels):8.3f} ms")
    print(f"  a block put on a wire, taken off        {statistics.median(inserted):6.3f} ms")
    print(f"  window: every field downstream changes {statistics.median(windows):7.3f} ms")


if __name__ == "__main__":
    main()
