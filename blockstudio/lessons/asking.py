"""What expressions of a lesson may ask of a diagram."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from blockstudio.analysis import Analysis, BlockReport, analyze
from blockstudio.blocks import CATALOGUE, INPUT
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram, suggestion
from blockstudio.graph.expand import flatten
from blockstudio.lessons.lesson import Question
from blockstudio.lessons.likeness import alike
from blockstudio.report.paper import paper
from blockstudio.text import say

Look = Callable[[str], tuple[Diagram, Analysis]]
"""A diagram with its analysis by the name that ``of=`` gives; an empty one: that of the step."""
COSTS = ("params", "macs", "size")
TELLS = {
    "params": "parameters", "params_aux": "parameters", "weights": "parameters", "macs": "macs", "macs_aux": "macs",
    "depth": "depth", "weighted": "depth", "field": "field", "shape": "shapes", "shape_in": "shapes",
    "channels": "shapes", "size": "shapes", "sizes": "shapes",
}  # fmt: skip
"""What of a drawing gives the answer away, by the word in the expression for it."""


class Asking:
    """The functions; ``planted``: the blocks of the step's diagram into which a fault was put."""

    def __init__(self, look: Look, planted: tuple[str, ...] = ()) -> None:
        self._look, self._planted = look, planted
        self._flats: dict[int, Mapping[str, BlockReport]] = {}

    @property
    def functions(self) -> dict[str, Callable[..., Any]]:
        names = [name for name in vars(type(self)) if not name.startswith("_") and name != "functions"]
        return {name: getattr(self, name) for name in names}

    def _report(self, path: str, of: str) -> BlockReport:
        _, analysis = self._look(of)
        if path not in analysis.blocks:
            near = suggestion(path, list(analysis.blocks))
            raise StudioError("lesson.block", say("there is no block '{path}'.", path=path), hint=near)
        return analysis.blocks[path]

    def params(self, path: str = "", of: str = "") -> int:
        """Parameters of a block, a module, or the whole network that is used for inference."""
        return int(self._known(self._report(path, of).parameters if path else self._look(of)[1].parameters))

    def params_aux(self, of: str = "") -> int:
        """Parameters with auxiliary heads."""
        return self._look(of)[1].parameters_with_auxiliary

    def macs(self, path: str = "", of: str = "") -> int:
        """Multiply-accumulates for one image."""
        return int(self._known(self._report(path, of).macs if path else self._look(of)[1].macs))

    def macs_aux(self, of: str = "") -> int:
        """Multiply-accumulates with auxiliary heads."""
        return self._look(of)[1].macs_with_auxiliary

    def weights(self, path: str = "", of: str = "") -> int:
        """Parameters of a layer, a module, or the network, without biases."""
        flat = self._flat(of)
        own = {name: report for name, report in flat.items() if not path or f"{name}.".startswith(f"{path}.")}
        if path and not own:
            self._report(path, of)
        found = 0
        for report in own.values():
            biases = report.output_shape[0] if report.values.get("bias") and report.output_shape else 0
            found += (report.parameters or 0) - biases if report.live and not report.bypassed else 0
        return found

    def shape(self, path: str = "", of: str = "") -> tuple[int, ...]:
        """Output shape, ``(C, H, W)``."""
        found = self._report(path, of).output_shape if path else self._look(of)[1].output_shape
        return tuple(self._known(found))

    def shape_in(self, path: str, of: str = "") -> tuple[int, ...]:
        """Shape of the first input."""
        return tuple(self._known(self._report(path, of).input_shapes[0]))

    def channels(self, path: str = "", of: str = "") -> int:
        return self.shape(path, of)[0]

    def size(self, path: str, of: str = "") -> int:
        """Values of the output: C·H·W."""
        return math.prod(self.shape(path, of))

    def field(self, path: str = "", of: str = "") -> int:
        """Side of the receptive field, in pixels."""
        found = self._report(path, of).receptive_field if path else self._look(of)[1].receptive_field
        return int(self._known(found)[0])

    def depth(self, path: str = "", of: str = "") -> int:
        """Layers with weights on the longest path."""
        return int(self._known(self._report(path, of).depth if path else self._look(of)[1].depth))

    def value(self, path: str, key: str, of: str = "") -> Any:
        """What a parameter of a block comes to."""
        found = self._report(path, of).values.get(key)
        return self._known(found)

    def kind(self, path: str, of: str = "") -> str:
        return self._report(path, of).type

    def blocks(self, *types: str, of: str = "") -> tuple[str, ...]:
        """Blocks of the main graph of these types; without one all."""
        _, analysis = self._look(of)
        return tuple(name for name, report in analysis.top.blocks.items() if not types or report.type in types)

    def leaves(self, *types: str, of: str = "", named: str = "") -> tuple[str, ...]:
        """Paths of all blocks of these types that are switched on, copies and insides of modules included; those
        with ``named`` in their path."""
        return tuple(
            name for name, report in self._flat(of).items()
            if (not types or report.type in types) and report.live and not report.bypassed and named in name
        )  # fmt: skip

    def total(self, what: str, *types: str, of: str = "", named: str = "") -> int:
        """Parameters or MACs of all blocks of these types: ``total('params', 'Linear')``."""
        found = 0
        for name, report in self._flat(of).items():
            if (not types or report.type in types) and report.live and not report.bypassed and named in name:
                found += self._cost(report, what)
        return found

    def weighted(self, of: str = "") -> int:
        """Convolutions and dense layers, wherever they are."""
        return len(self.leaves(*(name for name, kind in CATALOGUE.items() if kind.weighted), of=of))

    def largest(self, what: str, of: str = "", within: str = "") -> str:
        """The block of the main graph, or in the module ``within``, with most parameters, MACs or values."""
        _, analysis = self._look(of)
        found = analysis.level(within).blocks
        ranked = {name: self._cost(report, what) for name, report in found.items() if report.type != INPUT}
        return max(ranked, key=lambda name: ranked[name])

    def sizes(self, of: str = "") -> tuple[int, ...]:
        """C·H·W of the blocks of the main graph, in order of evaluation."""
        _, analysis = self._look(of)
        blocks = analysis.top.blocks
        shapes = [blocks[name].output_shape for name in analysis.top.order(False)]
        return tuple(math.prod(shape) for shape in shapes if shape)

    def problems(self, of: str = "") -> int:
        """Errors in the drawing."""
        return sum(each.severity == "error" for each in self._look(of)[1].problems)

    def wired(self, source: str, target: str, of: str = "") -> bool:
        """Whether a wire leads from one block of the main graph to another."""
        diagram, _ = self._look(of)
        graph = diagram.main
        return source in graph and any(wire.target == target for wire in graph.wires_from(source))

    def feeds(self, name: str, of: str = "") -> tuple[str, ...]:
        """The blocks of the main graph that feed one."""
        diagram, _ = self._look(of)
        return tuple(wire.source for wire in diagram.main.wires_into(name)) if name in diagram.main else ()

    def has(self, path: str, of: str = "") -> bool:
        return path in self._look(of)[1].blocks

    def like(self, of: str) -> bool:
        """Whether the drawing computes what another one does, block for block, whatever the names."""
        return alike(self._look("")[1], self._look(of)[1])

    def planted(self) -> tuple[str, ...]:
        """The blocks into which the step has put a fault."""
        return self._planted

    def misprints(self, preset: str) -> int:
        """Rows of the paper's table with a mark."""
        return sum(bool(row.why) for row in paper(preset).rows)

    def printed(self, preset: str, row: str, column: str) -> str:
        """A cell as the paper prints it."""
        table = paper(preset)
        for each in table.rows:
            if each.type == row or row in each.blocks:
                return each.cells[table.columns.index(column)].printed
        raise ValueError

    def _flat(self, of: str) -> Mapping[str, BlockReport]:
        """Every block under its full path."""
        diagram, analysis = self._look(of)
        if id(analysis) not in self._flats:
            self._flats[id(analysis)] = analyze(flatten(diagram)).top.blocks
        return self._flats[id(analysis)]

    def _cost(self, report: BlockReport, what: str) -> int:
        if what not in COSTS:
            raise ValueError
        if what == "size":
            return math.prod(report.output_shape or (0,))
        return (report.parameters if what == "params" else report.macs) or 0

    def _known(self, found: Any) -> Any:
        if found is None:
            raise StudioError("lesson.unknown", say("a mistake in the drawing hides this number."))
        return found


def functions_of(look: Look, planted: tuple[str, ...] = ()) -> Mapping[str, Callable[..., Any]]:
    """What an expression may call."""
    return Asking(look, planted).functions


def asks(question: Question) -> frozenset[str]:
    """What a drawing must not show before the question was tried: ``parameters``, ``macs``, ``depth``, ``field``,
    ``shapes``. Where a drawing is to be mended, or a block to be found, all of it helps and nothing is hidden."""
    if question.kind in ("block", "mend"):
        return frozenset()
    # A function that is called, or a cost that one is asked for; 'alexnet size=160' is neither.
    words = (
        word for text in question.expect.values() for word in re.findall(r"[a-z_]+(?=\()|(?<=')[a-z_]+(?=')", text)
    )
    return frozenset(TELLS[word] for word in words if word in TELLS)
