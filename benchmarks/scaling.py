"""How the time of an act grows with the size of what it is given: an exponent near 1 is linear.

    python benchmarks/scaling.py [LARGEST]

Each act is timed (processor time, the best of two; Python's garbage collector stands still meanwhile, since its rounds
grow with all that lives in the process, not with the act) at four sizes up to LARGEST blocks (8,000), and the exponent
of the power that fits best is printed with the time that it foretells for 100,000 blocks.
"""

from __future__ import annotations

import gc
import math
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import blockstudio as bs
from blockstudio.analysis.finding import find
from blockstudio.graph.definition import Block, Wire
from blockstudio.graph.expand import flatten
from blockstudio.graph.format import dumps, loads
from blockstudio.graph.operations.copying import copy_diagram
from blockstudio.graph.operations.differing import Difference, difference
from blockstudio.layout import arrange
from blockstudio.report.summary import summary_table

MOST = 100_000


def chain(kind: str, length: int, name: str = "b{}") -> bs.Diagram:
    diagram = bs.Diagram("chain")
    names = ["input", *(name.format(index) for index in range(length)), "output"]
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


def wide(length: int) -> bs.Diagram:
    """Many branches into one sum."""
    diagram = bs.Diagram("wide")
    diagram.main.insert("input", Block(type="Input", parameters={"shape": [3, 8, 8]}))
    diagram.main.insert("sum", Block(type="Add"))
    diagram.main.insert("output", Block(type="Output"))
    for index in range(length):
        diagram.main.insert(f"b{index}", Block(type="ReLU"))
        diagram.main.join(Wire("input", "out", f"b{index}", "in"))
        diagram.main.join(Wire(f"b{index}", "out", "sum", str(index)))
    diagram.main.join(Wire("sum", "out", "output", "in"))
    return diagram


def residual(length: int) -> bs.Diagram:
    """A sum around every other block."""
    diagram = bs.Diagram("residual")
    diagram.add("Input", "input", shape=[3, 8, 8])
    last = "input"
    for index in range(length // 2):
        diagram.add("Conv2d", f"conv{index}", out_channels=3, kernel_size=3, padding=1)
        diagram.add("Add", f"add{index}")
        diagram.connect(last, f"conv{index}")
        diagram.connect(f"conv{index}", f"add{index}")
        diagram.connect(last, f"add{index}")
        last = f"add{index}"
    diagram.add("Output", "output")
    diagram.connect(last, "output")
    return diagram


def instances(length: int, modules: int = 1) -> bs.Diagram:
    """Many instances of one module, or of as many modules."""
    diagram = bs.Diagram("instances")
    for index in range(modules):
        scope = f"M{index}"
        diagram.module(scope)
        diagram.add("Input", "x", scope=scope)
        diagram.add("Conv2d", "conv", scope=scope, out_channels=3, kernel_size=1)
        diagram.add("Output", "y", scope=scope)
        diagram.connect("x", "conv", scope=scope)
        diagram.connect("conv", "y", scope=scope)
    diagram.add("Input", "input", shape=[3, 8, 8])
    last = "input"
    for index in range(length):
        diagram.add(f"M{index % modules}", f"m{index}")
        diagram.connect(last, f"m{index}")
        last = f"m{index}"
    diagram.add("Output", "output")
    diagram.connect(last, "output")
    return diagram


def joined(length: int) -> bs.Diagram:
    """Many branches into one concatenation."""
    diagram = wide(length)
    diagram.main.put("sum", Block(type="Concat"))
    return diagram


def outputs(length: int) -> bs.Diagram:
    """An output behind each of many branches."""
    diagram = bs.Diagram("outputs")
    diagram.main.insert("input", Block(type="Input", parameters={"shape": [3, 8, 8]}))
    for index in range(length):
        diagram.main.insert(f"b{index}", Block(type="ReLU"))
        diagram.main.insert(f"o{index}", Block(type="Output"))
        diagram.main.join(Wire("input", "out", f"b{index}", "in"))
        diagram.main.join(Wire(f"b{index}", "out", f"o{index}", "in"))
    return diagram


def ladder(length: int) -> bs.Diagram:
    """Two ways side by side, joined at every rung."""
    diagram = bs.Diagram("ladder")
    left = right = diagram.add("Input", "input", shape=[3, 8, 8])
    for index in range(length // 2):
        diagram.add("ReLU", f"b{index}")
        diagram.add("Add", f"add{index}")
        for one, other in ((left, f"b{index}"), (right, f"add{index}"), (f"b{index}", f"add{index}")):
            diagram.connect(one, other)
        left, right = f"b{index}", f"add{index}"
    diagram.add("Output", "output")
    diagram.connect(right, "output")
    return diagram


def there_and_back(diagram: bs.Diagram) -> None:
    """Undo all that was drawn, and do it again."""
    while diagram.undo():
        pass
    while diagram.redo():
        pass


def changed(diagram: bs.Diagram) -> Difference:
    """What it differs in from itself with every seventh block called otherwise."""
    other = copy_diagram(diagram)
    for name in [name for name, _ in diagram.main.blocks() if name.startswith("b")][::7]:
        other.main.rename(name, f"other_{name}")
    return difference(diagram, other)


def imported(length: int) -> object:
    """Import a chain of ONNX nodes."""
    import onnx

    helper, kinds = onnx.helper, ("Relu", "Sigmoid")
    nodes = [helper.make_node(kinds[each % 2], [f"t{each}"], [f"t{each + 1}"]) for each in range(length)]
    ends = [helper.make_tensor_value_info(f"t{each}", onnx.TensorProto.FLOAT, [1, 3, 8, 8]) for each in (0, length)]
    graph = helper.make_graph(nodes, "chain", ends[:1], ends[1:])
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "chain.onnx"
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), file)
        return bs.from_onnx(file)


def fixes(diagram: bs.Diagram) -> list[int]:
    """How many fixes each problem has."""
    return [len(problem.fixes) for problem in bs.analyze(diagram).problems]


KINDS: dict[str, Callable[[int], bs.Diagram]] = {
    "Identity": partial(chain, "Identity"),
    "BatchNorm2d": partial(chain, "BatchNorm2d"),
    "one container": lambda length: chain("ReLU", length, "features.{}"),
    "branches": wide,
    "residual blocks": residual,
    "instances": instances,
    "modules": lambda length: instances(length, min(length, 1_000)),
    "a concatenation": joined,
    "outputs": outputs,
}
ACTS: dict[str, Callable[[bs.Diagram], object]] = {
    "analysis": bs.analyze,
    "source": bs.source,
    "flat": flatten,
    "saved and read": lambda diagram: loads(dumps(diagram)),
}


MORE: dict[str, tuple[Callable[[int], Any], Callable[[Any], object]]] = {
    "fixes of a circle": (ring, fixes),
    "drawing by script": (int, ladder),
    "undo and redo of all": (ladder, there_and_back),
    "difference of two": (partial(chain, "ReLU"), changed),
    "search in a chain": (lambda length: bs.analyze(chain("ReLU", length)), lambda analysis: find(analysis, "b1")),
    "table of a chain": (partial(chain, "ReLU"), lambda diagram: summary_table(diagram, bs.analyze(diagram)).text()),
    "layout of residual blocks": (residual, arrange),
    "layout of a ladder": (ladder, arrange),
    "layout of branches": (wide, arrange),
    "layout of outputs": (outputs, arrange),
    "import of ONNX": (int, imported),
}
"""What is made of a size, and what is then timed."""


def spent(act: Callable[[], object]) -> float:
    times = []
    for _ in range(2):
        gc.collect()
        gc.disable()
        try:
            start = time.process_time()
            act()
            times.append(time.process_time() - start)
        finally:
            gc.enable()
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
    for kind, drawn in KINDS.items():
        for name, act in ACTS.items():
            show(f"{name} of {kind}", sizes, [spent(partial(act, drawn(size))) for size in sizes])
    for name, (made, act) in MORE.items():
        show(name, sizes, [spent(partial(act, made(size))) for size in sizes])


def show(name: str, sizes: list[int], times: list[float]) -> None:
    exponent, factor = fitted(sizes, times)
    whole = factor * MOST**exponent
    told = f"{times[-1]:.2f} s at {sizes[-1]:,}, {whole:.1f} s at {MOST:,}"
    print(f"{name}: exponent {exponent:.2f}; {told}")


if __name__ == "__main__":
    main()
