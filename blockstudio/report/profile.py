"""The figures of one network that a comparison is about, and where in it they stand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import log2

from blockstudio.analysis import Analysis, analyze
from blockstudio.analysis.rules import Result
from blockstudio.analysis.sheet import Sheet
from blockstudio.graph.diagram import Diagram


@dataclass(frozen=True, slots=True)
class SizeCosts:
    """All of the network that works at one map size, with what it costs."""

    size: str
    """``56×56``; ``1×1`` for vectors too."""
    parameters: int
    macs: int
    halvings: int | None = None
    """How often the image was halved to come to this size, to the nearest whole: 2 for 56×56 of 224×224. ``None`` for
    single pixels and vectors."""


@dataclass(frozen=True, slots=True)
class Profile:
    """See the module's text. Auxiliary heads are left out: the network as it is used."""

    name: str
    parameters: int
    macs: int
    depth: int | None
    training_bytes: int | None
    dense_parameters: int
    """Of fully connected layers."""
    stages: tuple[SizeCosts, ...]
    sound: bool = True
    """Whether the network has no errors; otherwise the figures are of what is known."""

    @property
    def dense_share(self) -> float:
        """Share of the parameters that stand in fully connected layers, 0 to 1."""
        return self.dense_parameters / self.parameters if self.parameters else 0.0


def profile(diagram: Diagram, name: str = "", analysis: Analysis | None = None) -> Profile:
    """The figures of ``diagram``; ``analysis`` saves making it again."""
    found = analysis or analyze(diagram)
    image = _image(found.main)
    costs = _costs(found.main, {})
    sizes: dict[tuple[int, int], list[int]] = {}
    for (size, _), (parameters, macs) in costs.items():
        entry = sizes.setdefault(size, [0, 0])
        entry[0] += parameters
        entry[1] += macs
    stages = [
        SizeCosts(f"{size[0]}×{size[1]}", cost[0], cost[1], _halvings(size, image))
        for size, cost in sorted(sizes.items(), key=lambda entry: -entry[0][0] * entry[0][1])
    ]
    dense = sum(parameters for (_, is_dense), (parameters, _) in costs.items() if is_dense)
    return Profile(
        name or diagram.name,
        found.parameters,
        found.macs,
        found.depth,
        found.training_bytes,
        dense,
        tuple(stages),
        not any(problem.severity == "error" for problem in found.problems),
    )


_Costs = dict[tuple[tuple[int, int], bool], tuple[int, int]]
"""Parameters and MACs by map size and whether the layer is fully connected."""


def _costs(sheet: Sheet, seen: dict[int, _Costs]) -> _Costs:
    """Of the blocks that reach an output. A module is looked through once for all its instances that are alike."""
    if id(sheet) in seen:
        return seen[id(sheet)]
    total: _Costs = {}
    for name in sheet.plan.order:
        if name not in sheet.live:
            continue
        result = sheet.results[name]
        kind = sheet.plan.items[name].kind
        is_dense = kind is not None and kind.dense
        for one, count in _alike(result.copies or (result,)):
            if one.bypassed:
                continue
            inside = _costs(one.sub, seen) if one.sub is not None else _own(one, is_dense)
            for key, (parameters, macs) in inside.items():
                before = total.get(key, (0, 0))
                total[key] = (before[0] + count * parameters, before[1] + count * macs)
    seen[id(sheet)] = total
    return total


def _alike(copies: Iterable[Result]) -> list[tuple[Result, int]]:
    """Copies that are the same one, with how many there are."""
    counts: dict[int, list[Result]] = {}
    for copy in copies:
        counts.setdefault(id(copy), []).append(copy)
    return [(group[0], len(group)) for group in counts.values()]


def _own(result: Result, is_dense: bool) -> _Costs:
    shape = result.outputs[0] if result.outputs else None
    if not (result.parameters or result.macs):
        return {}
    height, width = (shape[1] or 1, shape[2] or 1) if shape is not None and len(shape) == 3 else (1, 1)
    return {((height, width), is_dense): (result.parameters or 0, result.macs or 0)}


def _image(main: Sheet) -> int:
    """The longer side of the first input's map, in pixels."""
    shapes = [main.results[name].outputs[0] for name in main.plan.inputs]
    return max((size or 1 for shape in shapes[:1] if shape is not None for size in shape[1:]), default=1)


def _halvings(size: tuple[int, int], image: int) -> int | None:
    return None if size == (1, 1) else max(0, round(log2(image / max(size))))
