"""What an analysis tells of one block and of one level, as a canvas shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, lru_cache
from typing import TypeAlias, TypeVar

from blockstudio.analysis.fields import PIXEL, Axis, Field, extent
from blockstudio.analysis.memory import result_peak
from blockstudio.analysis.rules import Result, Seen, is_known
from blockstudio.analysis.sheet import Sheet
from blockstudio.analysis.traces import Trace, follow, join, through, traces
from blockstudio.analysis.units import BYTES_PER_SCALAR
from blockstudio.blocks import Shape, Value
from blockstudio.errors import StudioError
from blockstudio.text import say

Size: TypeAlias = tuple[int, int]
T = TypeVar("T")


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
        none = item.block.repeat is not None and result.bypassed
        self.copies = len(result.copies) if result.copies is not None else 0 if none else 1
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
        return tuple(map(whole_shape, self._result.inputs))

    @property
    def output_shapes(self) -> dict[str, Shape]:
        """By output port; without those that are unknown."""
        ports = self._level.sheet.plan.items[self._name].outs
        found = {port: whole_shape(shape) for port, shape in zip(ports, self._result.outputs, strict=True)}
        return {port: shape for port, shape in found.items() if shape is not None}

    @property
    def output_shape(self) -> Shape | None:
        """Of its first output; of an Output block, what it puts out."""
        shapes = self._result.outputs or self._result.inputs
        return whole_shape(shapes[0]) if shapes else None

    @property
    def activation_bytes(self) -> int:
        return activation_bytes(self._result)

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

    def field_at(self, place: Size) -> tuple[Size, Size] | None:
        """What the output pixel at ``place`` (row, column) can see: the first and the last row and column, ``((top,
        left), (bottom, right))``; they may lie in the padding. ``None`` where it is not known."""
        axes = self._axes()
        if axes is None:
            return None
        (top, bottom), (left, right) = (
            (min(s * at + low for s, low, _ in axis), max(s * at + high for s, _, high in axis))
            for axis, at in zip(axes, place, strict=True)
        )
        return (top, left), (bottom, right)

    def _axes(self) -> tuple[Axis, Axis] | None:
        return self._trace[1] if self._trace else None

    def __repr__(self) -> str:
        return f"<{self.path}: {self.type}, {self.output_shape}, {self.parameters} parameters, {self.macs} MACs>"


class Level:
    """The inside of one place in the diagram, as a canvas shows it: the main graph or the inside of an instance.
    ``root`` is the sheet from whose inputs it is seen, ``base`` what leads from there to the inputs of ``sheet``."""

    def __init__(self, root: Sheet, path: str, sheet: Sheet, base: list[Trace]) -> None:
        self.path = path
        self.scope = sheet.plan.scope
        """The definition shown: ``""`` for the main graph."""
        self.sheet = sheet
        self._root = root
        self._base = base

    @classmethod
    def of_definition(cls, sheet: Sheet) -> Level:
        """A definition by itself: everything is seen from its inputs."""
        return cls(sheet, "", sheet, [(0, PIXEL) for _ in sheet.plan.inputs])

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

    def before(self, name: str) -> set[str]:
        """The blocks that ``name`` depends on, whatever is switched off."""
        return self.sheet.plan.before(name)

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
        return _field_size(trace, result, self._image())

    def field_sizes(self) -> dict[str, Size | None]:
        """The receptive field of each block, as in its report: many at once, without reports."""
        image, parts = self._image(), traces(self.sheet)
        if self.sheet.inputs is None and parts:  # one trace, and it needs no joining
            at = parts[0].at
            return {name: _field_size(at[name][0], result, image) for name, result in list(self.sheet.results.items())}
        return {name: _field_size(self.trace(name), result, image) for name, result in list(self.sheet.results.items())}

    def each(self, read: Callable[[Result], T]) -> dict[str, T]:
        """What ``read`` makes of the result of each block: many at once, without reports."""
        return {name: read(result) for name, result in list(self.sheet.results.items())}

    def _image(self) -> Shape | None:
        root = self._root
        shapes = root.inputs or tuple(root.results[name].outputs[0] for name in root.plan.inputs)
        shape = whole_shape(shapes[0]) if shapes else None
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
            why = say("is switched off") if result.bypassed else say("is not an instance of a module")
            raise StudioError("analysis.path", say("it {why}, so there is nothing inside.", why=why), where=path)
        return Level(self._root, path, result.sub, before)

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
        return iter(self._level.sheet.plan.names)

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
        ports = self._level.sheet.plan.items[name].outs
        shape = whole_shape(result.outputs[ports.index(port)]) if port in ports else None
        if shape is None:
            raise KeyError(key)
        return shape

    def __iter__(self) -> Iterator[tuple[str, str]]:
        sheet = self._level.sheet
        for name, result in list(sheet.results.items()):
            for port, shape in zip(sheet.plan.items[name].outs, result.outputs, strict=True):
                if is_known(shape):
                    yield name, port

    def __len__(self) -> int:
        return sum(1 for _ in self)


def activation_bytes(result: Result) -> int:
    """Bytes of what a block brings into being and that is alive at once."""
    return BYTES_PER_SCALAR * result_peak(result)


def _field_size(trace: Trace, result: Result, image: Shape | None) -> Size | None:
    if trace is None or trace[1] is None:
        return None
    shape = next(iter(result.outputs or result.inputs), None)
    height, width = (shape[1] or 1, shape[2] or 1) if shape is not None and len(shape) == 3 else (1, 1)
    return _extents(trace[1], height, width, image[1] if image else None, image[2] if image else None)


@lru_cache(maxsize=1 << 14)
def _extents(field: Field, height: int, width: int, tall: int | None, wide: int | None) -> Size:
    """See `extent`. Kept, as few blocks see something else after an edit."""
    return extent(field[0], height, tall), extent(field[1], width, wide)


def whole_shape(shape: Seen) -> Shape | None:
    return shape if is_known(shape) else None  # type: ignore[return-value]
