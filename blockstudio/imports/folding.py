"""From levels to definitions: equal ones are one definition, what differs in numbers becomes its parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from blockstudio.blocks import CATALOGUE, INPUT, Parameter
from blockstudio.imports import fitting, parameters
from blockstudio.imports.chains import Item, Series, items_of
from blockstudio.imports.fitting import Vector
from blockstudio.imports.nodes import ModuleLevel
from blockstudio.imports.taps import parted
from blockstudio.imports.templates import Block, Source, Template


class Folder:
    """Folds the levels under ``root``."""

    def __init__(self, root: ModuleLevel) -> None:
        self.root = root
        self.template_of: dict[ModuleLevel, Template] = {}
        self.templates: list[Template] = []
        """Inner ones first, the main one last."""
        self.apart: set[str] = set()
        """Chains that cannot be one block with a count."""

    def fold(self) -> Template:
        for group in _groups(self.root):
            self._group(group)
        return self.template_of[self.root]

    def _group(self, levels: list[ModuleLevel]) -> None:
        while True:
            try:
                families = self._families(levels)
                made = [self._template(*family) for family in families]
                break
            except _Uneven as uneven:
                self.apart.update(uneven.names)
        for template in made:
            self.templates.append(template)
            self.template_of |= dict.fromkeys(template.given, template)

    def _families(self, levels: list[ModuleLevel]) -> list[tuple[list[Item], dict[ModuleLevel, dict[str, Item]]]]:
        """Levels with the same blocks together, those with fewer to those from which blocks may be left out."""
        rows = {level: items_of(level, self.template_of, self.apart) for level in levels}
        found: list[tuple[list[Item], dict[ModuleLevel, dict[str, Item]]]] = []
        for level in sorted(levels, key=lambda level: -len(rows[level])):
            row = rows[level]
            for whole, members in found:
                if _fits(row, whole) or _fits_with_two_sums(row, whole, members):
                    members[level] = {item.name: item for item in row}
                    break
            else:
                found.append((row, {level: {item.name: item for item in row}}))
        order = {level: index for index, level in enumerate(levels)}
        families = [
            (whole, {level: members[level] for level in sorted(members, key=order.__getitem__)})
            for whole, members in found
        ]
        return sorted(families, key=lambda family: order[next(iter(family[1]))])

    def _template(self, whole: list[Item], members: dict[ModuleLevel, dict[str, Item]]) -> Template:
        levels = list(members)
        template = Template(type(levels[0].module).__name__)
        work = parameters.Work(levels, self.root in levels)
        template.blocks = [Block(item.name, item.type, sources=list(item.sources)) for item in whole]
        rows = [[members[level].get(item.name) for level in levels] for item in whole]
        # Blocks that are always there come first: what the others need may be among their numbers already.
        for item, block, row in sorted(zip(whole, template.blocks, rows, strict=True), key=lambda one: None in one[2]):
            for key in item.values:
                vector = tuple(None if one is None else one.values[key] for one in row)
                block.raw[key] = self._value(work, item, key, vector)
            if item.repeat is not None:
                counts = tuple(None if one is None else one.repeat for one in row)
                block.repeat = work.text(item, "repeat", counts, Parameter(kind="int", default=1, minimum=1))
        outs = {block.name: block.raw.get("out_channels") for block in template.blocks}
        channels = {name: str(out) for name, out in outs.items() if isinstance(out, str | int)}
        for item, block in zip(whole, template.blocks, strict=True):
            off = [item.name not in members[level] for level in levels]
            if any(off):
                block.bypass = work.condition(item.name, off, _channels_near(item.name, whole, channels))
        template.declared = work.declared
        template.given = {
            level: {key: values[index] for key, values in work.given.items()} for index, level in enumerate(levels)
        }
        return template

    def _value(self, work: parameters.Work, item: Item, key: str, vector: Vector) -> Any:
        declared = item.type.declared if isinstance(item.type, Template) else CATALOGUE[item.type].parameters
        parameter = declared[key]
        if not any(isinstance(value, Series) for value in vector):
            return work.text(item, key, vector, parameter)
        rows = [value.row if isinstance(value, Series) else None for value in vector]
        shape = _series([row for row in rows if row is not None])
        if shape is None:
            raise _Uneven([f"{level.path}.{item.name}".removeprefix(".") for level in work.levels])
        parts = [
            work.text(item, key, tuple(None if row is None else shape.part(row, place) for row in rows), parameter)
            for place in range(shape.parts)
        ]
        return shape.text(parts)


class _Uneven(Exception):
    """Copies of a chain differ in a way that no expression says."""

    def __init__(self, names: list[str]) -> None:
        super().__init__()
        self.names = names


@dataclass(frozen=True, slots=True)
class _Shape:
    """A kind of series that goes for all uses."""

    kind: str

    @property
    def parts(self) -> int:
        return {"same": 1, "first": 2, "last": 2, "steps": 2, "ramp": 3}[self.kind]

    def part(self, row: Sequence[Any], place: int) -> Any:
        found = fitting.along(row)
        assert found is not None
        kind, numbers = found
        if kind == self.kind:
            return numbers[place]
        # The same all along: as any other kind of series.
        if self.kind in ("first", "last"):
            return None if len(row) == 1 and (place == 1) == (self.kind == "first") else numbers[0]
        return (numbers[0], 0)[place] if self.kind == "steps" else None

    def text(self, parts: list[Any]) -> Any:
        if len(set(map(str, parts))) == 1 and self.kind in ("same", "first", "last"):
            return parts[0]
        if self.kind == "same":
            return parts[0]
        if self.kind == "first":
            return f"{parts[0]} if i == 0 else {parts[1]}"
        if self.kind == "steps":
            return f"{parts[0]} + {parts[1]} * i"
        if self.kind == "ramp":
            most, start, total = parts
            return f"{most} * (i + {start}) / {total}" if start != 0 else f"{most} * i / {total}"
        return None


def _series(rows: list[Sequence[Any]]) -> _Shape | None:
    found = [fitting.along(row) for row in rows]
    if any(item is None for item in found):
        return None
    kinds = {item[0] for item in found if item is not None}
    if kinds == {"same"}:
        return _Shape("same")
    kinds.discard("same")
    if len(kinds) > 1 or "last" in kinds:
        return None
    kind = kinds.pop()
    if kind == "ramp" and any(item is not None and item[0] == "same" for item in found):
        return None
    if any(isinstance(value, str | tuple) for row in rows for value in row):
        return None  # words and pairs that differ from copy to copy
    return _Shape(kind)


def _fits(row: Sequence[Item], whole: Sequence[Item]) -> bool:
    """Whether the blocks of ``row`` are those of ``whole``, perhaps without some through which the signal passes."""
    there = {item.name: item for item in row}
    names = {item.name for item in whole}
    if not there.keys() <= names:
        return False
    passed: dict[str, Source] = {}
    for item in whole:
        sources = [_past(source, passed) for source in item.sources]
        other = there.get(item.name)
        if other is None:
            if not item.sources or item.outputs != 1 or item.type == INPUT:
                return False
            passed[item.name] = sources[0]
        elif (other.type, other.sources, other.values.keys()) != (item.type, sources, item.values.keys()) or (
            (other.repeat is None) != (item.repeat is None)
        ):
            return False
        elif not isinstance(item.type, Template) and any(
            parameter.kind == "text" and other.values[key] != item.values[key]
            for key, parameter in CATALOGUE[item.type].parameters.items()
        ):
            return False  # no expression says a text
    return True


def _fits_with_two_sums(row: Sequence[Item], whole: list[Item], members: dict[ModuleLevel, dict[str, Item]]) -> bool:
    """Whether ``row`` fits once a sum is parted in two, which is then done to ``whole`` and ``members``."""
    for item, first, parts in parted(row, whole):
        if _fits(row, parts):
            whole[:] = parts
            for items in members.values():
                if item.name in items:
                    items[first.name] = replace(items.pop(item.name), name=first.name)
            return True
    return False


def _past(source: Source, passed: dict[str, Source]) -> Source:
    return passed.get(source[0], source)


def _channels_near(name: str, whole: Sequence[Item], channels: dict[str, str]) -> list[str]:
    """Expressions for what may come out of a block that can be off: the channels of those beside it."""
    stem = name.split(".")[0]
    near = [text for other, text in channels.items() if other.split(".")[0] == stem]
    return list(dict.fromkeys([*near, *reversed(channels.values())]))


def _groups(root: ModuleLevel) -> list[list[ModuleLevel]]:
    """Levels by class, so that what is inside comes before what it is in."""
    height: dict[ModuleLevel, int] = {}
    groups: dict[object, list[ModuleLevel]] = {}
    for level in root.levels():
        height[level] = 1 + max((height[node.level] for node in level.nodes if node.level is not None), default=0)
        groups.setdefault(type(level.module), []).append(level)
    inside = {
        key: {type(node.level.module) for level in group for node in level.nodes if node.level is not None}
        for key, group in groups.items()
    }
    order = _order(inside)
    if order is not None:
        return [groups[key] for key in order]
    split: dict[tuple[int, object], list[ModuleLevel]] = {}
    for key, group in groups.items():
        for level in group:
            split.setdefault((height[level], key), []).append(level)
    return [split[key] for key in sorted(split, key=lambda key: key[0])]


def _order(inside: dict[object, set[Any]]) -> list[object] | None:
    """Keys so that each comes after those inside it; ``None`` if they go round in a circle."""
    done: list[object] = []
    waiting = list(inside)
    while waiting:
        ready = [key for key in waiting if inside[key] <= set(done)]
        if not ready:
            return None
        done += ready
        waiting = [key for key in waiting if key not in ready]
    return done
