"""What an analysis tells: totals, blocks by path, levels as a canvas shows them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from blockstudio.analysis.fields import PIXEL, Axis, extent
from blockstudio.analysis.memory import result_peak, sheet_peak
from blockstudio.analysis.problems import Problem
from blockstudio.analysis.rules import Result, Seen, is_known
from blockstudio.analysis.sheet import Sheet
from blockstudio.analysis.traces import Trace, follow, join, through, traces
from blockstudio.analysis.units import BYTES_PER_SCALAR
from blockstudio.blocks import Shape, Value
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import suggestion

if TYPE_CHECKING:
    from blockstudio.analysis.engine import Analyzer

Size: TypeAlias = tuple[int, int]


class BlockReport:
    """One block at one place: a block, an instance with all its copies, or one copy.

    Shapes are ``(C, H, W)`` or ``(F,)``, ``None`` where a mistake hides them; counts and bytes are ``None`` where
    unknown, and of a module those of its blocks that are known. ``activation_bytes``: see
    `blockstudio.analysis.memory`; of a block its output, of a module the most that is alive inside it.
    """

    def __init__(self, level: Level, name: str, result: Result, path: str, before: list[Trace], copy: bool) -> None:
        item = level.sheet.plan.items[name]
        self.path = path
        self.type = item.block.type
        self.bypassed = result.bypassed
        """Switched off here: it passes its first input on."""
        self.copies = len(result.copies) if result.copies is not None else 0 if item.block.repeat == 0 else 1
        """How many it stands for."""
        self.live = name in level.sheet.live_auxiliary
        """It reaches an output or an auxiliary output."""
        self.parameters = result.parameters
        self.macs = result.macs
        self.values: dict[str, Value | None] = dict(result.values)
        """Resolved parameters; ``None`` for those that a mistake hides."""
        self.input_ports = item.ports
        self._level = level
        self._name = name
        self._result = result
        self._before = before
        self._copy = copy

    @property
    def name(self) -> str:
        """Its name in its own graph."""
        return self._name

    @property
    def input_shapes(self) -> tuple[Shape | None, ...]:
        return tuple(map(_whole, self._result.inputs))

    @property
    def output_shapes(self) -> dict[str, Shape]:
        """By output port; without those that are unknown."""
        ports = self._level.output_ports(self._name)
        found = {port: _whole(shape) for port, shape in zip(ports, self._result.outputs, strict=True)}
        return {port: shape for port, shape in found.items() if shape is not None}

    @property
    def output_shape(self) -> Shape | None:
        """Of its first output; of an Output block, what it puts out."""
        shapes = self._result.outputs or self._result.inputs
        return _whole(shapes[0]) if shapes else None

    @property
    def activation_bytes(self) -> int:
        return BYTES_PER_SCALAR * result_peak(self._result)

    @property
    def training_bytes(self) -> int | None:
        saved = self._result.saved
        return None if saved is None else BYTES_PER_SCALAR * saved

    @property
    def parameter_bytes(self) -> int | None:
        """Of its parameters; its gradients take the same again."""
        return None if self.parameters is None else BYTES_PER_SCALAR * self.parameters

    @cached_property
    def _trace(self) -> Trace:
        if self._copy:
            return through(self._result, self._before)[0]
        return self._level.trace(self._name)

    @property
    def depth(self) -> int | None:
        """Weighted layers on the longest path from an input to here; ``None`` where no path leads."""
        return self._trace[0] if self._trace else None

    @property
    def receptive_field(self) -> Size | None:
        """(height, width) in pixels of the image, or of the definition's input where that stands alone."""
        return self._level.field_size(self._trace, self._result)

    @property
    def field_stride(self) -> Size | None:
        """Input pixels between neighbouring output pixels, 0 where each sees the whole map."""
        axes = self._axes()
        return (axes[0][0][0], axes[1][0][0]) if axes else None

    @property
    def field_offset(self) -> Size | None:
        """Where the field of the output pixel at the top left begins, ``(y, x)``; negative in the padding."""
        axes = self._axes()
        return (min(path[1] for path in axes[0]), min(path[1] for path in axes[1])) if axes else None

    def _axes(self) -> tuple[Axis, Axis] | None:
        return self._trace[1] if self._trace else None

    def __repr__(self) -> str:
        return f"<{self.path}: {self.type}, {self.output_shape}, {self.parameters} parameters, {self.macs} MACs>"


class Level:
    """The inside of one place in the diagram, as a canvas shows it: the main graph or the inside of an instance."""

    def __init__(self, analysis: Analysis, path: str, sheet: Sheet, base: list[Trace]) -> None:
        self.path = path
        self.scope = sheet.plan.scope
        """The definition shown: ``""`` for the main graph."""
        self.sheet = sheet
        self._analysis = analysis
        self._base = base

    @classmethod
    def of_definition(cls, analysis: Analysis, sheet: Sheet) -> Level:
        """A definition by itself: everything is seen from its inputs."""
        return cls(analysis, "", sheet, [(0, PIXEL) for _ in sheet.plan.inputs])

    @cached_property
    def blocks(self) -> Mapping[str, BlockReport]:
        """Reports by block name, made when asked for."""
        return _LevelBlocks(self)

    @property
    def shapes(self) -> Mapping[tuple[str, str], Shape]:
        """Shape by (block, output port); without those that are unknown."""
        return _LevelShapes(self)

    @property
    def values(self) -> dict[str, Value | None]:
        """What names mean here: the definition's parameters and ``in_channels``."""
        return dict(self.sheet.known)

    def order(self, auxiliary: bool = True) -> tuple[str, ...]:
        """The blocks that reach an output (with ``auxiliary``, or an auxiliary output) in order of evaluation."""
        live = self.sheet.live_auxiliary if auxiliary else self.sheet.live
        return tuple(name for name in self.sheet.plan.order if name in live)

    def output_ports(self, name: str) -> tuple[str, ...]:
        """The output ports of a block."""
        plan = self.sheet.plan
        return plan.diagram.output_ports(plan.items[name].block.type)

    def trace(self, name: str) -> Trace:
        """Depth and field behind a block, seen from the image."""
        return self.whole_trace([part.at[name][0] for part in traces(self.sheet)])

    def whole_trace(self, parts: list[Trace]) -> Trace:
        """A trace from each of the sheet's inputs, as one from the image."""
        if self.sheet.inputs is None:
            return parts[0] if parts else None
        return join(follow(outer, inner) for outer, inner in zip(self._base, parts, strict=True))

    def field_size(self, trace: Trace, result: Result) -> Size | None:
        """(height, width) of what ``trace`` sees."""
        if trace is None or trace[1] is None:
            return None
        shape = next(iter(result.outputs or result.inputs), None)
        height, width = (shape[1] or 1, shape[2] or 1) if shape is not None and len(shape) == 3 else (1, 1)
        image = self._image()
        vertical, horizontal = trace[1]
        return (
            extent(vertical, height, image[1] if image else None),
            extent(horizontal, width, image[2] if image else None),
        )

    def _image(self) -> Shape | None:
        sheet = self.sheet if self.path == "" else self._analysis.main
        shapes = sheet.inputs or tuple(sheet.results[name].outputs[0] for name in sheet.plan.inputs)
        shape = _whole(shapes[0]) if shapes else None
        return shape if shape is not None and len(shape) == 3 else None

    def copy(self, name: str, index: int | None) -> tuple[Result, list[Trace]]:
        """A block's copy (``None``: the block itself, of a repeated one the first copy) and the traces into it."""
        result = self.sheet.results[name]
        into = [part.into(name) for part in traces(self.sheet)]
        before = [self.whole_trace(list(column)) for column in zip(*into, strict=True)]
        if result.copies is None:
            return result, before
        for copy in result.copies[: index or 0]:
            before = list(through(copy, before))
        return result.copies[index or 0], before

    def enter(self, name: str, index: int | None) -> Level:
        """The inside of an instance. Raises `StudioError` ``analysis.path`` if it has none."""
        path = f"{self.path}.{name}" if self.path else name
        result, before = self.copy(name, index)
        if result.copies is None and index is not None:
            path = f"{path}.{index}"
        if result.sub is None:
            why = "is switched off" if result.bypassed else "is not an instance of a module"
            raise StudioError("analysis.path", f"it {why}, so there is nothing inside.", where=path)
        return Level(self._analysis, path, result.sub, before)

    def report(self, name: str, index: int | None = None) -> BlockReport:
        """The report of a block, or of one copy of a repeated block."""
        path = f"{self.path}.{name}" if self.path else name
        if index is None:
            return BlockReport(self, name, self.sheet.results[name], path, [], False)
        result, before = self.copy(name, index)
        return BlockReport(self, name, result, f"{path}.{index}", before, True)


class _LevelBlocks(Mapping[str, BlockReport]):
    def __init__(self, level: Level) -> None:
        self._level = level

    def __getitem__(self, name: str) -> BlockReport:
        if name not in self._level.sheet.results:
            raise KeyError(name)
        return self._level.report(name)

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._level.sheet.plan.definition.graph))

    def __len__(self) -> int:
        return len(self._level.sheet.results)


class _LevelShapes(Mapping[tuple[str, str], Shape]):
    def __init__(self, level: Level) -> None:
        self._level = level

    def __getitem__(self, key: tuple[str, str]) -> Shape:
        name, port = key
        result = self._level.sheet.results.get(name)
        if result is None:
            raise KeyError(key)
        ports = self._level.output_ports(name)
        shape = _whole(result.outputs[ports.index(port)]) if port in ports else None
        if shape is None:
            raise KeyError(key)
        return shape

    def __iter__(self) -> Iterator[tuple[str, str]]:
        for name, result in list(self._level.sheet.results.items()):
            for port, shape in zip(self._level.output_ports(name), result.outputs, strict=True):
                if is_known(shape):
                    yield name, port

    def __len__(self) -> int:
        return sum(1 for _ in self)


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
    for name in list(sheet.plan.definition.graph):
        result = sheet.results[name]
        yield prefix + name
        if result.sub is not None:
            yield from _paths(result.sub, f"{prefix}{name}.")
        for index, copy in enumerate(result.copies or ()):
            yield f"{prefix}{name}.{index}"
            if copy.sub is not None:
                yield from _paths(copy.sub, f"{prefix}{name}.{index}.")


class Analysis:
    """What can be said of a diagram at one moment.

    The numbers are those of that moment. `blocks` and `level` look at the analyser, which follows the diagram.
    Parameters and MACs are of the inference network: the blocks that reach an Output (all, as long as nothing is
    wired to one); ``..._with_auxiliary`` add those that reach an AuxOutput. Memory is explained in
    `blockstudio.analysis.memory`; `training_bytes` includes the auxiliary heads, as they run in training.
    """

    def __init__(self, analyzer: Analyzer) -> None:
        main = analyzer.main
        self.main = main
        self.parameters = main.total.parameters
        self.macs = main.total.macs
        self.parameters_with_auxiliary = main.total_auxiliary.parameters
        self.macs_with_auxiliary = main.total_auxiliary.macs
        self.complete = main.total_auxiliary.unknown == 0
        """Whether no number is hidden by a mistake; otherwise the totals are of what is known."""
        self.training_bytes = BYTES_PER_SCALAR * main.total_auxiliary.saved
        self.activation_bytes = BYTES_PER_SCALAR * sheet_peak(main)
        self.output_shape = _whole(main.outputs[0]) if main.plan.outputs else None
        """Of the first Output."""
        top = Level(self, "", main, [])
        self._top = top
        self.depth = self._depth()
        self.receptive_field = _network_field(top)
        """(height, width) of the last feature map before the network collapses to single pixels."""
        self.problems: tuple[Problem, ...] = analyzer.problems()
        """Errors and warnings in document order."""

    @property
    def parameter_bytes(self) -> int:
        """Of all parameters, auxiliary heads included; gradients take the same again, momentum too."""
        return BYTES_PER_SCALAR * self.parameters_with_auxiliary

    @property
    def blocks(self) -> Mapping[str, BlockReport]:
        """Reports by full path (leaves, instances and copies), made when asked for."""
        return _AllBlocks(self)

    def level(self, path: str = "") -> Level:
        """The inside of the instance at ``path`` (``""``: the main graph; a repeated one without an index: its first
        copy). Raises `StudioError` ``analysis.path`` if there is no such place."""
        level, name, index = self.find(path)
        return level if name is None else level.enter(name, index)

    def scope_values(self, path: str = "") -> dict[str, Value | None]:
        """What names mean inside the instance at ``path``: parameters and ``in_channels``. ``None`` if hidden."""
        return self.level(path).values

    def live(self, path: str = "", auxiliary: bool = False) -> tuple[str, ...]:
        """The blocks that reach an output, at one level, in order of evaluation."""
        return self.level(path).order(auxiliary)

    def find(self, path: str) -> tuple[Level, str | None, int | None]:
        """The level on which the block at ``path`` stands, its name and, if the path ends with one, its index as a
        copy; no name for the main graph itself."""
        level = self._top
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

    def _depth(self) -> int:
        ends = self.main.plan.ends or self.main.plan.order
        found = [trace[0] for trace in map(self._top.trace, ends) if trace is not None]
        return max(found, default=0)


def _split(level: Level, parts: list[str], path: str) -> tuple[str, list[str]]:
    """A block's name, which may have dots, from the head of a path."""
    results = level.sheet.results
    for count in range(1, len(parts) + 1):
        name = ".".join(parts[:count])
        if name in results:
            return name, parts[count:]
    raise StudioError("analysis.path", f"there is no block '{path}'.", hint=suggestion(parts[0], list(results)))


def _network_field(top: Level) -> Size | None:
    """The largest field among the last maps of more than one pixel on the ways to the outputs."""
    found: list[Size] = []
    seen: set[tuple[str, str, int]] = set()

    def back(level: Level, name: str, port: int, up: list[tuple[Level, str, int]]) -> None:
        if (level.path, name, port) in seen:
            return
        seen.add((level.path, name, port))
        result: Result = level.sheet.results[name]
        item = level.sheet.plan.items[name]
        shape = result.outputs[port] if result.outputs else None
        if shape is not None and len(shape) == 3 and (shape[1], shape[2]) != (1, 1):
            trace = level.whole_trace([part.at[name][port] for part in traces(level.sheet)])
            size = level.field_size(trace, result)
            if size is not None:
                found.append(size)
            return
        last = len(result.copies) - 1 if result.copies else None
        sub: Sheet | None = (result.copies[-1] if result.copies else result).sub
        if sub is not None and sub.plan.outputs:
            back(level.enter(name, last), sub.plan.outputs[port], 0, [*up, (level, name, 0)])
        elif item.block.type == "Input" and up:
            outer, instance, _ = up[-1]
            place = level.sheet.plan.inputs.index(name)
            source = outer.sheet.plan.items[instance].sources[place]
            if source is not None:
                back(outer, source[0], source[1], up[:-1])
        else:
            for source in item.sources[:1] if result.bypassed else item.sources:
                if source is not None:
                    back(level, source[0], source[1], up)

    for name in top.sheet.plan.outputs:
        back(top, name, 0, [])
    if not found:
        ends = top.sheet.plan.outputs
        sizes = [top.field_size(top.trace(name), top.sheet.results[name]) for name in ends]
        found = [size for size in sizes if size is not None]
    return max(found, key=lambda size: size[0] * size[1], default=None)


def _whole(shape: Seen) -> Shape | None:
    return shape if is_known(shape) else None  # type: ignore[return-value]
