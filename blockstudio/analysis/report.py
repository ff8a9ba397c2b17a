"""What an analysis tells of a whole diagram: totals, problems, and where every block is to be found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from blockstudio.analysis.level import BlockReport, Level, Size, whole_shape
from blockstudio.analysis.memory import sheet_peak
from blockstudio.analysis.problems import Problem
from blockstudio.analysis.rules import Result
from blockstudio.analysis.sheet import Sheet
from blockstudio.analysis.traces import traces
from blockstudio.analysis.units import BYTES_PER_SCALAR
from blockstudio.blocks import INPUT, Shape, Value
from blockstudio.checked import checked
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import suggestion
from blockstudio.text import say


class _AllBlocks(Mapping[str, BlockReport]):
    """Reports by full path: ``layer1``, ``layer1.0``, ``layer1.0.conv1``."""

    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis

    def __getitem__(self, path: str) -> BlockReport:
        try:
            level, name, index = self._analysis.find(path)
        except StudioError:
            raise KeyError(path) from None
        if name is None:
            raise KeyError(path)
        return level.report(name, index)

    def __iter__(self) -> Iterator[str]:
        return _paths(self._analysis.main, "")

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _paths(sheet: Sheet, prefix: str) -> Iterator[str]:
    for name in list(sheet.plan.names):
        result = sheet.results[name]
        yield prefix + name
        if result.sub is not None:
            yield from _paths(result.sub, f"{prefix}{name}.")
        for index, copy in enumerate(result.copies or ()):
            yield f"{prefix}{name}.{index}"
            if copy.sub is not None:
                yield from _paths(copy.sub, f"{prefix}{name}.{index}.")


@dataclass(frozen=True, eq=False, repr=False)
class Analysis:
    """What can be said of a diagram at one moment: a value, which later edits of the diagram leave as it is.

    Parameters and MACs are of the inference network: the blocks that reach an Output (all, as long as nothing is
    wired to one); ``..._with_auxiliary`` add those that reach an AuxOutput. Memory is explained in
    `blockstudio.analysis.memory`; `training_bytes` includes the auxiliary heads, as they run in training.
    """

    main: Sheet
    """The main graph, evaluated; belongs to this analysis alone."""
    top: Level
    """The main graph as a level."""
    problems: tuple[Problem, ...]
    """Errors and warnings in document order."""
    parameters: int
    macs: int
    parameters_with_auxiliary: int
    macs_with_auxiliary: int
    complete: bool
    """Whether no number is hidden by a mistake; otherwise the totals are of what is known."""
    training_bytes: int
    output_shape: Shape | None
    """Of the first Output."""
    depth: int
    receptive_field: Size | None
    """(height, width) of the last feature map before the network collapses to single pixels."""

    @classmethod
    def of(cls, main: Sheet, problems: tuple[Problem, ...]) -> Self:
        """What the sheets of an analyser tell as they are now; scripts call `analyze`.

        Args:
            main: The main graph, evaluated.
            problems: What is wrong, in document order.

        Returns:
            The analysis.

        Example:
            >>> Analysis.of(report.main, report.problems).macs == report.macs
            True
        """
        total, both = main.total, main.total_auxiliary
        top = Level(main, "", main, [])
        return cls(
            main, top, problems, total.parameters, total.macs, both.parameters, both.macs, both.unknown == 0,
            BYTES_PER_SCALAR * both.saved,
            whole_shape(main.outputs[0]) if main.plan.outputs else None, _depth(top), _network_field(top),
        )  # fmt: skip

    @cached_property
    def activation_bytes(self) -> int:
        """Most that is alive at once while the network infers; worked out when it is asked for."""
        return BYTES_PER_SCALAR * sheet_peak(self.main)

    @property
    def parameter_bytes(self) -> int:
        """Of all parameters, auxiliary heads included; gradients take the same again, momentum too."""
        return BYTES_PER_SCALAR * self.parameters_with_auxiliary

    @property
    def blocks(self) -> Mapping[str, BlockReport]:
        """Reports by full path (leaves, instances and copies), made when asked for."""
        return _AllBlocks(self)

    @checked
    def level(self, path: str = "") -> Level:
        """The inside of an instance.

        Args:
            path: ``"layer2.0"``; ``""``: the main graph; a repeated one without a number: its first copy.

        Returns:
            Its blocks, shapes ``(C, H, W)`` and what names mean there.

        Raises:
            StudioError: ``analysis.path`` if there is no such place.

        Example:
            >>> report.level("layer2").blocks["conv1"].output_shape
            (128, 28, 28)
        """
        level, name, index = self.find(path)
        return level if name is None else level.enter(name, index)

    @checked
    def scope_values(self, path: str = "") -> dict[str, Value | None]:
        """What names mean inside an instance: its parameters and ``in_channels``.

        Args:
            path: As in `level`.

        Returns:
            Values by name; ``None`` where a mistake hides one.

        Raises:
            StudioError: ``analysis.path``.

        Example:
            >>> report.scope_values()["num_classes"]
            1000
        """
        return self.level(path).values

    @checked
    def live(self, path: str = "", auxiliary: bool = False) -> tuple[str, ...]:
        """The blocks that reach an output, at one level.

        Args:
            path: As in `level`.
            auxiliary: Those that reach an auxiliary output too.

        Returns:
            Names in order of evaluation.

        Raises:
            StudioError: ``analysis.path``.

        Example:
            >>> report.live()[:2]
            ('input', 'conv1')
        """
        return self.level(path).order(auxiliary)

    @checked
    def find(self, path: str) -> tuple[Level, str | None, int | None]:
        """The place where a block stands.

        Args:
            path: Of a block: ``"layer2.0.conv1"``.

        Returns:
            The level it stands on, its name and, if the path ends with one, its number as a copy; no name for the main
                graph.

        Raises:
            StudioError: ``analysis.path``.

        Example:
            >>> report.find("layer2.0")[1:]
            ('layer2', 0)
        """
        level = self.top
        parts = path.split(".") if path else []
        name: str | None = None
        index: int | None = None
        while parts:
            if name is not None:
                level = level.enter(name, index)
            name, parts = _split(level, parts, path)
            index = None
            copies = level.sheet.results[name].copies
            if copies is not None and parts and parts[0].isdecimal() and int(parts[0]) < len(copies):
                index = int(parts.pop(0))
        return level, name, index


class LiveAnalysis(Analysis):
    """The latest word of an `Analyzer`. The numbers are of the moment at which it was made; `blocks`, the levels and
    `activation_bytes` look at the analyser's sheets, which follow the diagram. For who draws, not for who keeps."""


def _depth(top: Level) -> int:
    plan, parts = top.sheet.plan, traces(top.sheet)
    wanted = plan.ends or plan.order
    # Of the main graph there is one trace, and it needs no joining: this runs over thousands of blocks at each edit.
    found = (parts[0].at[name][0] for name in wanted) if top.sheet.inputs is None and parts else map(top.trace, wanted)
    return max((trace[0] for trace in found if trace is not None), default=0)


def _split(level: Level, parts: list[str], path: str) -> tuple[str, list[str]]:
    """A block's name, which may have dots, from the head of a path."""
    results = level.sheet.results
    for count in range(1, len(parts) + 1):
        name = ".".join(parts[:count])
        if name in results:
            return name, parts[count:]
    raise StudioError(
        "analysis.path", say("there is no block '{path}'.", path=path), hint=suggestion(parts[0], list(results))
    )


def _network_field(top: Level) -> Size | None:
    """The largest field among the last maps of more than one pixel on the ways to the outputs."""
    found: list[Size] = []
    seen: set[tuple[str, str, int]] = set()
    plan = top.sheet.plan
    ends = plan.ends or [name for name in plan.order if not plan.items[name].targets]
    # A stack of its own: a chain of vectors may be longer than Python recurses.
    waiting: list[tuple[Level, str, int, tuple[tuple[Level, str], ...]]] = [(top, name, 0, ()) for name in ends]
    while waiting:
        level, name, port, up = waiting.pop()
        if (level.path, name, port) in seen:
            continue
        seen.add((level.path, name, port))
        result: Result = level.sheet.results[name]
        item = level.sheet.plan.items[name]
        shape = result.outputs[port] if result.outputs else None
        if shape is not None and len(shape) == 3 and (shape[1], shape[2]) != (1, 1):
            trace = level.whole_trace([part.at[name][port] for part in traces(level.sheet)])
            size = level.field_size(trace, result)
            if size is not None:
                found.append(size)
            continue
        last = len(result.copies) - 1 if result.copies else None
        sub: Sheet | None = (result.copies[-1] if result.copies else result).sub
        if sub is not None and sub.plan.outputs:
            waiting.append((level.enter(name, last), sub.plan.outputs[port], 0, (*up, (level, name))))
        elif item.block.type == INPUT and up:
            outer, instance = up[-1]
            source = outer.sheet.plan.items[instance].sources[level.sheet.plan.inputs.index(name)]
            if source is not None:
                waiting.append((outer, source[0], source[1], up[:-1]))
        else:
            sources = item.sources[:1] if result.bypassed else item.sources
            waiting += [(level, source[0], source[1], up) for source in sources if source is not None]
    if not found:
        sizes = [top.field_size(top.trace(name), top.sheet.results[name]) for name in ends]
        found = [size for size in sizes if size is not None]
    return max(found, key=lambda size: size[0] * size[1], default=None)
