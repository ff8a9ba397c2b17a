"""What one diagram has and another has not: blocks, wires and definitions that came, went or changed. Where blocks
stand is no difference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from blockstudio.blocks import RawValue
from blockstudio.graph.contents import Contents
from blockstudio.graph.definition import MAIN, Block, Definition, Wire
from blockstudio.text import Text, say

Kind = Literal["added", "removed", "changed"]
ABSENT = "–"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. ``before`` and ``after`` are a block's names, empty where it is not; both are empty where a
    definition itself is concerned, or a ``wire``."""

    kind: Kind
    scope: str
    before: str = ""
    after: str = ""
    wire: Wire | None = None
    what: tuple[Text, ...] = ()
    """What changed, a sentence part each."""

    @property
    def name(self) -> str:
        """The block as it is called now, or was."""
        return self.after or self.before


@dataclass(frozen=True, slots=True)
class Difference:
    """All that two diagrams do not have in common."""

    changes: tuple[Change, ...]
    """What there is to be told, level by level in the order of the document. Of wires those whose ends are in both."""
    removed_wires: Mapping[str, frozenset[Wire]]
    added_wires: Mapping[str, frozenset[Wire]]
    """All wires that one of them has alone, by definition."""
    names: Mapping[str, Mapping[str, str]]
    """Blocks that are in both, by definition: what each was called before, and is now."""
    inside: frozenset[str]
    """Modules in which, or in whose own modules, something differs."""


def difference(before: Contents, after: Contents) -> Difference:
    """Compare two diagrams, definition by definition. Blocks are the same if they have the same name, or stand in the
    same place under another one."""
    changes: list[Change] = []
    removed_wires: dict[str, frozenset[Wire]] = {}
    added_wires: dict[str, frozenset[Wire]] = {}
    names: dict[str, Mapping[str, str]] = {}
    old, new = list(before.scopes()), list(after.scopes())
    for scope in [*new, *(each for each in old if each not in new)]:
        if scope not in old:
            changes.append(Change("added", scope))
        elif scope not in new:
            changes.append(Change("removed", scope))
        else:
            one, other = before.definition(scope), after.definition(scope)
            pairs = names[scope] = _pairs(one, other)
            changes += _blocks(scope, one, other, pairs)
            gone, came = _wires(one, other, pairs)
            removed_wires[scope], added_wires[scope] = frozenset(gone), frozenset(came)
            known, kept = set(pairs), set(pairs.values())
            changes += [Change("removed", scope, wire=wire) for wire in gone if {wire.source, wire.target} <= known]
            changes += [Change("added", scope, wire=wire) for wire in came if {wire.source, wire.target} <= kept]
    return Difference(tuple(changes), removed_wires, added_wires, names, _inside(after, changes))


def _pairs(one: Definition, other: Definition) -> dict[str, str]:
    """Blocks of both: what is called alike, then what has the same type, parameters and feeds under another name."""
    found = {name: name for name, _ in one.blocks() if name in other}
    free = [name for name, _ in other.blocks() if name not in one]
    for name, block in one.blocks():
        if name in found:
            continue
        feeds = {(found.get(wire.source), wire.source_port, wire.target_port) for wire in one.wires_into(name)}
        for twin in free:
            like = other.block(twin)
            theirs = {(wire.source, wire.source_port, wire.target_port) for wire in other.wires_into(twin)}
            if (like.type, like.parameters, theirs) == (block.type, block.parameters, feeds):
                found[name] = twin
                free.remove(twin)
                break
    return found


def _blocks(scope: str, one: Definition, other: Definition, pairs: Mapping[str, str]) -> list[Change]:
    before = {new: old for old, new in pairs.items()}
    found = []
    if one.parameters != other.parameters:
        keys = dict.fromkeys([*one.parameters, *other.parameters])
        changed = [key for key in keys if one.parameters.get(key) != other.parameters.get(key)]
        found.append(Change("changed", scope, what=tuple(say("parameter {name}", name=key) for key in changed)))
    for name, block in other.blocks():
        old = before.get(name)
        if old is None:
            found.append(Change("added", scope, after=name))
        elif what := _what(old, one.block(old), name, block):
            found.append(Change("changed", scope, old, name, what=what))
    return found + [Change("removed", scope, name) for name, _ in one.blocks() if name not in pairs]


def _what(old: str, one: Block, new: str, other: Block) -> tuple[Text, ...]:
    """What of a block is not as it was."""
    rows: list[tuple[str, object, object]] = []
    if old != new:
        rows.append(("name", old, new))
    if one.type != other.type:
        rows.append(("type", one.type, other.type))
    for key in dict.fromkeys([*one.parameters, *other.parameters]):
        rows.append((key, _shown(one.parameters.get(key)), _shown(other.parameters.get(key))))
    rows.append(("repeat", _shown(one.repeat), _shown(other.repeat)))
    rows.append(("bypass", _shown(one.bypass or None), _shown(other.bypass or None)))
    what = [say("{key}: {a} → {b}", key=key, a=str(a), b=str(b)) for key, a, b in rows if a != b]
    return tuple([*what, say("note")] if one.note != other.note else what)


def _shown(value: RawValue | None) -> str:
    if value is None:
        return ABSENT
    return "×".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _wires(one: Definition, other: Definition, pairs: Mapping[str, str]) -> tuple[list[Wire], list[Wire]]:
    """Those that the first has alone, and those that the second has alone; each under its own names."""
    mapped = {
        wire._replace(source=pairs[wire.source], target=pairs[wire.target]): wire
        for wire in one.wires()
        if wire.source in pairs and wire.target in pairs
    }
    now = other.wire_set()
    known = set(mapped.values())
    gone = [wire for wire in one.wires() if wire not in known]
    gone += [wire for there, wire in mapped.items() if there not in now]
    return gone, [wire for wire in other.wires() if wire not in mapped]


def _inside(diagram: Contents, changes: list[Change]) -> frozenset[str]:
    """Modules in which something differs, at any depth."""
    found = {change.scope for change in changes if change.scope != MAIN}
    grown = True
    while grown:
        more = {
            scope
            for scope in diagram.modules
            if scope not in found and any(block.type in found for _, block in diagram.definition(scope).blocks())
        }
        grown = bool(more)
        found |= more
    return frozenset(found)
