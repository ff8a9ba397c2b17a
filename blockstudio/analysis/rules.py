"""A block's rule applied to shapes: what comes out and what it costs, also where part of the input is unknown."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import msgspec

from blockstudio.analysis.fields import Field, window_field
from blockstudio.analysis.issues import Issue
from blockstudio.blocks import MAX_VALUES, BlockType, Refusal, Resolved, Shape, Value, numel

Seen: TypeAlias = "tuple[int | None, ...] | None"
"""A shape as far as it is known: ``None`` for a size that a mistake hides, or for all of it."""

MAX_RESULTS = 5_000
"""That one setting remembers."""

# Two sizes of each sort: what comes out equal for both does not depend on the unknown. They exceed every legal
# window, and the channels have many divisors, so that rules accept them if they can.
_HEIGHTS = (4_300_801, 8_601_604)
_WIDTHS = (4_500_721, 9_001_442)
_CHANNELS = (720_720, 3_603_600)


class Result(msgspec.Struct, frozen=True, eq=False):
    """What is known of one block in one context. Equal blocks share one."""

    inputs: tuple[Seen, ...]
    outputs: tuple[Seen, ...]
    values: dict[str, Value | None]
    parameters: int | None = 0
    macs: int | None = 0
    saved: int | None = 0
    """Scalars that training keeps for one image."""
    size: int = 0
    """Scalars that come out, as far as known; 0 if they need no memory of their own."""
    field: Field | None = None
    """How an output pixel looks at the inputs; ``None`` for pixel by pixel."""
    blind: bool = False
    """How it looks at them is unknown."""
    weighted: bool = False
    shares: bool = False
    """The output needs no memory of its own."""
    bypassed: bool = False
    issues: tuple[Issue, ...] = ()
    sub: Any = None
    """The inside, if the block is an instance of a module: a `Sheet`."""
    copies: tuple[Result, ...] | None = None
    """One for each copy of a repeated block."""
    unknown: int = 0
    """Blocks of which not all numbers are known: itself, or inside it."""
    faulty: bool = False
    """It or something inside it has issues."""
    plain: bool = False
    """An ordinary block: neither instance nor repeated nor bypassed, its field known."""

    @property
    def is_simple(self) -> bool:
        """Whether nothing runs inside it: neither a module nor copies."""
        return self.sub is None and self.copies is None


def is_known(shape: Seen) -> bool:
    """Whether all of a shape is known."""
    return shape is not None and None not in shape


def known_size(shapes: Iterable[Seen]) -> int:
    """Scalars in those of the tensors whose shape is known."""
    return sum(numel(shape) for shape in shapes if is_known(shape))  # type: ignore[arg-type, misc]


class Setting:
    """A block type with its parameters, shared by all blocks that have both the same. Remembers its results."""

    __slots__ = ("_memo", "kind", "values")

    def __init__(self, kind: BlockType, values: dict[str, Value | None]) -> None:
        self.kind = kind
        self.values = values
        self._memo: dict[tuple[Seen, ...], Result] = {}

    def result(self, inputs: tuple[Seen, ...]) -> Result:
        """What the block does with ``inputs`` (``None`` where a shape is unknown)."""
        found = self._memo.get(inputs)
        if found is None:
            if len(self._memo) >= MAX_RESULTS:
                self._memo.clear()
            found = self._memo[inputs] = self._work_out(inputs)
        return found

    def _work_out(self, inputs: tuple[Seen, ...]) -> Result:
        kind, values = self.kind, self.values
        if kind.variadic and len(inputs) < 2:
            # A merge with one wire passes it on.
            return Result(inputs, inputs or (None,), values, shares=True)
        if not all(map(is_known, inputs)):
            return _partial(kind, values, inputs, _fillings(inputs, kind.variadic))
        shapes: tuple[Shape, ...] = inputs  # type: ignore[assignment]
        try:
            output = kind.output(values, shapes)
        except Refusal as refusal:
            return _refused(kind, values, shapes, Issue.of(refusal))
        shares = kind.shares_input(values)
        return Result(
            inputs,
            (output,) if kind.outputs else (),
            values,
            kind.count(values, shapes),
            kind.macs(values, shapes, output),
            kind.saved(values, shapes, output),
            0 if shares or not kind.outputs else numel(output),
            window_field(kind.window(values, shapes), shapes[0]) if shapes else None,
            False,
            kind.weighted,
            shares,
            plain=True,
        )


def _refused(kind: BlockType, values: Resolved, inputs: tuple[Shape, ...], issue: Issue) -> Result:
    """What stands although the rule refuses its inputs: what would come out of any that it accepts and that differ
    from these in height and width only, else in channels only, else in rank."""
    known = (issue,)
    if all(len(shape) == 3 for shape in inputs):
        flat: list[tuple[Seen, ...]] = [
            tuple((shape[0], None, None) for shape in inputs),
            tuple((None, shape[1], shape[2]) for shape in inputs),
        ]
        for blurred in flat:
            found = _partial(kind, values, inputs, _fillings(blurred, False), known)
            if found.outputs != (None,):
                return found
    return _partial(kind, values, inputs, _fillings((None,) * len(inputs), False), known)


def _fillings(inputs: tuple[Seen, ...], merges: bool) -> list[tuple[Shape, ...]]:
    """Inputs without unknowns to try the rule on. With ``merges``, also those in which an unknown size is that of
    another input: the only ones that an addition accepts."""
    ranks = {len(shape) for shape in inputs if shape is not None} or {3, 1}
    probes = [(_CHANNELS[index], _HEIGHTS[index], _WIDTHS[index]) for index in (0, 1)]
    tries = list(probes)
    if merges:
        known = [shape for shape in inputs if shape is not None]
        for probe in probes:  # both, so that a size which nobody knows is not taken for agreed
            channels, height, width = (_first_known(known, axis, probe[axis]) for axis in range(3))
            tries += [(first, height, width) for first in (channels, *_CHANNELS)]
    found: list[tuple[Shape, ...]] = []
    for rank in sorted(ranks, reverse=True):
        shapes = [shape if shape is not None else (None,) * rank for shape in inputs]
        found += [_fill(shapes, sizes) for sizes in tries]
    return list(dict.fromkeys(found))


def _first_known(shapes: list[tuple[int | None, ...]], axis: int, otherwise: int) -> int:
    sizes = [shape[axis] for shape in shapes if len(shape) > axis]
    return next((size for size in sizes if size is not None), otherwise)


def _fill(shapes: Iterable[tuple[int | None, ...]], sizes: Sequence[int]) -> tuple[Shape, ...]:
    return tuple(tuple(sizes[axis] if size is None else size for axis, size in enumerate(shape)) for shape in shapes)


def _partial(
    kind: BlockType,
    values: Resolved,
    inputs: tuple[Seen, ...],
    fillings: list[tuple[Shape, ...]],
    issues: tuple[Issue, ...] = (),
) -> Result:
    """What all fillings agree on that the rule accepts. A refusal is reported if it does not depend on them."""
    groups = values.get("groups") or 1
    if isinstance(groups, int) and _CHANNELS[0] % groups:
        scale = math.lcm(groups, _CHANNELS[0]) // _CHANNELS[0]
        scaled = {channels: channels * scale for channels in _CHANNELS}
        fillings = [tuple((scaled.get(s[0], s[0]), *s[1:]) for s in shapes) for shapes in fillings]
    accepted: list[tuple[tuple[Shape, ...], Shape]] = []
    refused: set[Issue] = set()
    for shapes in fillings:
        try:
            accepted.append((shapes, kind.shape(values, shapes)))
        except Refusal as refusal:
            refused.add(Issue.of(refusal))
    weighted = kind.weighted
    outputs: tuple[Seen, ...]
    if not accepted:
        if len(refused) == 1 and not issues:
            issues = tuple(refused)
        return Result(
            inputs, (None,) if kind.outputs else (), dict(values), None, None, None, 0, None, True, weighted,
            issues=issues, unknown=1, faulty=bool(issues),
        )  # fmt: skip
    fields = [window_field(kind.window(values, shapes), shapes[0]) if shapes else None for shapes, _ in accepted]
    count = _agreed(kind.count(values, shapes) for shapes, _ in accepted)
    macs = _agreed(kind.macs(values, shapes, output) for shapes, output in accepted)
    saved = _agreed(kind.saved(values, shapes, output) for shapes, output in accepted)
    outputs = (_agreed_shape([output for _, output in accepted]),) if kind.outputs else ()
    return Result(
        inputs,
        outputs,
        dict(values),
        count,
        macs,
        saved,
        0 if kind.shares_input(values) else known_size(outputs),
        _agreed(fields),
        any(field != fields[0] for field in fields),
        weighted,
        kind.shares_input(values),
        issues=issues,
        unknown=int(None in (count, macs, saved)),
        faulty=bool(issues),
    )


def _agreed_shape(shapes: list[Shape]) -> Seen:
    if len({len(shape) for shape in shapes}) > 1:
        return None
    agreed = [_agreed(sizes) for sizes in zip(*shapes, strict=True)]
    # What would be refused if the rest were known goes on as unknown, so that it does not grow from block to block.
    return tuple(None if size is not None and size > MAX_VALUES else size for size in agreed)


def _agreed(items: Iterable[Any]) -> Any:
    """What all items are; ``None`` if they differ."""
    first, *rest = items
    return first if all(item == first for item in rest) else None
