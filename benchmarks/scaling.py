"""How the time of an act grows with the size of what it is given: an exponent near 1 is linear.

    python benchmarks/scaling.py [LARGEST]

Each act is timed (processor time, the best of two) at four sizes up to LARGEST blocks (8,000), and the exponent of the
power that fits best is printed with the time that it foretells for 100,000 blocks.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from functools import partial
from itertools import pairwise

import blockstudio as bs
from blockstudio.graph.definition import Block, Wire
from blockstudio.graph.expand import flatten
from blockstudio.graph.format import dumps, loads

MOST = 100_000


def chain(kind: str, length: int) -> bs.Diagram:
    diagram = bs.Diagram("chain")
    names = ["input", *(f"b{index}" for index in range(length)), "output"]
    blocks = [Block(type="Input", parameters={"shape": [3, 8, 8]}), *[Block(type=kind)] * length, Block(type="Output")]
    for name, block in zip(names, blocks, strict=True):
        diagram.main.insert(name, block)
    for one, other in pairwise(names):
        diagram.main.join(Wire(one, "out", other, "in"))
    return diagram


def ring(length: int) -> bs.Diagram:
    """Blocks in a circle that closes through an Add."""
    diagram = bs.Diagram("ring")
    kinds = ["Add", *["Identity"] * (length - 1)]
    diagram.main.insert("input", Block(type="Input", parameters={"shape": [8]}))
    for index, kind in enumerate(kinds):
        diagram.main.insert(f"b{index}", Block(type=kind))
    diagram.main.insert("output", Block(type="Output"))
    for index in range(1, length):
        diagram.main.join(Wire(f"b{index - 1}", "out", f"b{index}", "in"))
    last = f"b{length - 1}"
    for wire in (Wire(last, "out", "b0", "0"), Wire("input", "out", "b0", "1"), Wire(last, "out", "output", "in")):
        diagram.main.join(wire)
    return diagram


def fixes(diagram: bs.Diagram) -> list[int]:
    """How many fixes each problem has."""
    return [len(problem.fixes) for problem in bs.analyze(diagram).problems]


ACTS: dict[str, Callable[[bs.Diagram], object]] = {
    "analysis": bs.analyze,
    "source": bs.source,
    "flat": flatten,
    "saved and read": lambda diagram: loads(dumps(diagram)),
}


def spent(act: Callable[[], object]) -> float:
    times = []
    for _ in range(2):
        start = time.process_time()
        act()
        times.append(time.process_time() - start)
    return min(times)


def fitted(sizes: list[int], times: list[float]) -> tuple[float, float]:
    """Exponent and factor of the power of the size that fits the times best."""
    points = [(math.log(size), math.log(seconds)) for size, seconds in zip(sizes, times, strict=True)]
    x, y = (sum(column) / len(points) for column in zip(*points, strict=True))
    slope = sum((a - x) * (b - y) for a, b in points) / sum((a - x) ** 2 for a, _ in points)
    return slope, math.exp(y - slope * x)


def main() -> None:
    largest = int(sys.argv[1]) if len(sys.argv) > 1 else 8_000
    sizes = [largest // 8, largest // 4, largest // 2, largest]
    for kind in ("Identity", "BatchNorm2d"):
        for name, act in ACTS.items():
            show(f"{name} of {kind}", sizes, [spent(partial(act, chain(kind, size))) for size in sizes])
    show("fixes of a circle", sizes, [spent(partial(fixes, ring(size))) for size in sizes])


def show(name: str, sizes: list[int], times: list[float]) -> None:
    exponent, factor = fitted(sizes, times)
    whole = factor * MOST**exponent
    told = f"{times[-1]:.2f} s at {sizes[-1]:,}, {whole:.1f} s at {MOST:,}"
    print(f"{name}: exponent {exponent:.2f}; {told}")


if __name__ == "__main__":
    main()
