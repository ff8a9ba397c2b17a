"""How long a layout takes, all of it in one thread that is not the window's:

    python benchmarks/layout.py

ResNet-1001 flat (3,341 blocks) and a U-Net of 2,000 blocks with nested long skips, from the diagram to every block's
place, columns for a window included. Prints the processor time of five rounds each.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import blockstudio as bs
from blockstudio.graph.definition import Block, Wire
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.expand import flatten
from blockstudio.layout.arranging import rearranged, task

ROUNDS = 5
LIMIT = 1.0
"""Seconds."""


def unet(blocks: int) -> Diagram:
    """A way down and up again; every stage down is fed to its stage up."""
    diagram = Diagram("unet")
    depth = blocks // 4
    last = "input"
    diagram.main.insert(last, Block(type="Input", parameters={"shape": [8, 64, 64]}))

    def add(name: str, kind: str, *sources: str) -> str:
        diagram.main.insert(name, Block(type=kind))
        for port, source in enumerate(sources):
            diagram.main.join(Wire(source, "out", name, str(port) if kind == "Concat" else "in"))
        return name

    kept = []
    for level in range(depth):
        last = add(f"down{level}", "ReLU", add(f"in{level}", "Identity", last))
        kept.append(last)
    for level in reversed(range(depth)):
        last = add(f"up{level}", "ReLU", add(f"join{level}", "Concat", last, kept[level]))
    add("output", "Output", last)
    return diagram


CASES: dict[str, Callable[[], Diagram]] = {
    "ResNet-1001, flat": lambda: flatten(bs.load("cifar_preact", n=111, bottleneck=True)),
    "U-Net with nested skips": lambda: unet(2_000),
}


def main() -> int:
    slowest = 0.0
    for name, make in CASES.items():
        diagram = make()
        times, walls = [], []
        for _ in range(ROUNDS):
            start, wall = time.process_time(), time.perf_counter()
            places = rearranged(task(diagram, "", {}, {}, columns=None, room=(1600.0, 1000.0)))
            times.append(time.process_time() - start)
            walls.append(time.perf_counter() - wall)
        assert len(places) == len(diagram.main)
        print(f"{name:24} {len(places):,} blocks: processor time median {statistics.median(times):.2f} s, "
              f"{min(times):.2f} to {max(times):.2f} s; by the clock {statistics.median(walls):.2f} s")  # fmt: skip
        slowest = max(slowest, statistics.median(times))
    print(f"{'within' if slowest <= LIMIT else 'over'} {LIMIT:g} s")
    return 0 if slowest <= LIMIT else 1


if __name__ == "__main__":
    raise SystemExit(main())
