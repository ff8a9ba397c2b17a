"""What every operation on a diagram must keep, and diagrams to try it on."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import strategies as st

from blockstudio.analysis import Analysis, Analyzer, analyze
from blockstudio.errors import StudioError
from blockstudio.graph.definition import Wire
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.edits import Edit
from blockstudio.graph.expand import flatten
from blockstudio.graph.format import dumps, loads
from blockstudio.graph.operations.copying import copy_diagram
from tests.support.graph_samples import sample

TYPES = ("Conv2d", "ReLU", "Add", "Concat", "MaxPool2d", "BatchNorm2d", "Unit", "Split", "Linear", "Flatten")
WIDTHS = ("width", "2 * width", "width if bn else 8", 4, "planes", "in_channels", "8 * n")


@st.composite
def drawings(draw: st.DrawFn) -> Diagram:
    """A network with some more blocks and wires in its main graph and in a module, sound or not."""
    d = sample()
    for scope in ("", "Unit"):
        there = [name for name, _ in d.definition(scope).blocks()]
        for index in range(draw(st.integers(0, 5))):
            kind = draw(st.sampled_from([each for each in TYPES if not (scope and each == "Unit")]))
            name = draw(st.sampled_from(["x", "stage.a", "stage.b", "long_name_2"])) + (
                "" if index == 0 else f"_{index}"
            )
            parameters = {"out_channels": draw(st.sampled_from(WIDTHS))} if kind == "Conv2d" else {}
            bypass = draw(st.sampled_from([False, False, True, "not bn" if not scope else "stride == 1"]))
            at = draw(st.one_of(st.none(), st.tuples(st.integers(-200, 200), st.integers(-200, 200))))
            try:
                d.add(kind, name, scope=scope, bypass=bypass, at=at, **parameters)
            except StudioError:  # a name that is taken
                continue
            there.append(name)
            for source in draw(st.lists(st.sampled_from(there), max_size=3)):
                try:
                    d.connect(source, name, scope=scope)
                except StudioError:  # no free port
                    continue
    d.history.clear()
    return d


def seen(analysis: Analysis) -> dict[str, object]:
    """Everything an analysis says, in a form that can be compared."""
    reports: dict[str, object] = {
        path: (report.type, report.parameters, report.macs, report.values, report.input_shapes, report.output_shapes)
        for path, report in analysis.blocks.items()
    }
    totals = (analysis.parameters, analysis.macs, analysis.training_bytes, analysis.depth, analysis.output_shape)
    return {
        **reports,
        "": (totals, [(each.scope, each.block, each.code, each.parameter, each.text) for each in analysis.problems]),
    }


def carry_out(d: Diagram, edits: Iterable[Edit]) -> None:
    """Apply the edits of an operation as one step and hold what every operation promises: the step can be undone to
    the same bytes and redone, a live analysis follows it, names stay unique, the result can be saved."""
    edits = tuple(edits)
    before, steps = dumps(d), d.history.position
    live = Analyzer(d)
    live.attach()
    d.edit("Operation", edits)
    live.detach()
    assert seen(live.analysis) == seen(analyze(copy_diagram(d)))
    after = dumps(d)
    assert dumps(loads(after)) == after
    for scope in d.scopes():
        definition = d.definition(scope)
        for name, _ in definition.blocks():
            assert definition.clash(name, but=name) == ""
    if after != before:
        d.undo()
        assert dumps(d) == before and d.history.position is steps
        d.redo()
        assert dumps(d) == after


def names_of(d: Diagram, scope: str) -> list[str]:
    return [name for name, _ in d.definition(scope).blocks()]


def wires_apart(d: Diagram, scope: str, names: Iterable[str]) -> set[Wire]:
    """The wires that touch none of the blocks."""
    away = set(names)
    return {wire for wire in d.definition(scope).wires() if not {wire.source, wire.target} & away}


def flat(d: Diagram, short: dict[str, str] | None = None) -> tuple[dict[str, object], set[tuple[object, ...]]] | None:
    """The network that a diagram stands for, whatever it is written like: blocks and wires by full path; ``short``
    gives prefixes of paths others. ``None`` where it cannot be unrolled."""
    try:
        network = flatten(d)
    except StudioError:
        return None

    def path(name: str) -> str:
        for old, new in (short or {}).items():
            if name.startswith(old):
                return new + name[len(old) :]
        return name

    blocks: dict[str, object] = {path(name): block for name, block in network.main.blocks()}
    wires = {(path(w.source), w.source_port, path(w.target), w.target_port) for w in network.main.wires()}
    return blocks, wires
