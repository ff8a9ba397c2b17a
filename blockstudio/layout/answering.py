"""The drawing's answer to an act: the same edits, with places for what comes, and with the moves of what makes room or
closes up. One step, so that one undo takes all of it back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from blockstudio.graph.contents import Contents
from blockstudio.graph.definition import Block, Wire
from blockstudio.graph.edits import AddBlock, AddWire, Edit, MoveBlocks, RemoveBlock, RemoveWire, RenameBlock, SetRoute
from blockstudio.layout.box import GAP_Y, Size
from blockstudio.layout.flow import ALONG, turned, turned_places
from blockstudio.layout.room import Place, Standing, rect_at

SizeOf = Callable[[str, Block], Size]
"""Width and height of the card of a block under a name."""


def answered(
    diagram: Contents,
    scope: str,
    edits: Iterable[Edit],
    places: Mapping[str, Place],
    size_of: SizeOf,
    at: Place | None = None,
    carried: Iterable[str] = (),
    right: bool = False,
) -> tuple[Edit, ...]:
    """Edits of one step after which the drawing of ``scope`` is in order.

    A chain that comes into a wire gets room there, about ``at`` if that is on a long wire: what is downstream moves.
    Where a wire leads on past blocks that go, the gap closes. What comes otherwise stands where its edit says if that
    is free, else near its neighbours; so do the blocks ``carried`` by hand, which leave their old places. Pinned blocks
    stay. ``places``: where every block of the level stands now; those that the document does not know are written down,
    so that the rest of the picture stays. ``right``: the signal goes to the right, else down. What the edits do to
    other levels is left as it is.
    """
    edits = tuple(edits)
    if not places:
        return edits
    change = _Change(diagram, scope, edits, turned_places(places, right), set(carried), right)
    if not (change.came or change.gone):
        return edits
    plan = _Plan(change, size_of, turned(at) if right and at is not None else at)
    seats, to_tell = turned_places(plan.places, right), turned_places(plan.to_tell, right)
    found: list[Edit] = []
    for edit in edits:
        if isinstance(edit, AddBlock) and edit.scope == scope and edit.name in seats:
            edit = msgspec.structs.replace(edit, block=msgspec.structs.replace(edit.block, at=seats[edit.name]))
        elif isinstance(edit, MoveBlocks) and edit.scope == scope:
            kept = {name: to for name, to in edit.to.items() if name not in to_tell}
            if not kept:
                continue
            edit = MoveBlocks(scope=scope, to=kept)
        found.append(edit)
    if to_tell:
        found.append(MoveBlocks(scope=scope, to=dict(to_tell)))
        found += _led_along(diagram, scope, edits, places, to_tell)
    return tuple(found)


def _led_along(
    diagram: Contents, scope: str, edits: Iterable[Edit], places: Mapping[str, Place], to: Mapping[str, Place]
) -> list[Edit]:
    """Points that wires are led through go along with both ends, where these move alike."""
    routes = diagram.definition(scope).routes
    edits = tuple(edits)
    if not routes or any(isinstance(edit, RenameBlock) for edit in edits):
        return []
    gone = {edit.wire for edit in edits if isinstance(edit, RemoveWire) and edit.scope == scope}
    found: list[Edit] = []
    for wire, route in routes.items():
        if wire in gone or not {wire.source, wire.target} <= to.keys() & places.keys():
            continue
        (dx, dy), other = (
            (to[name][0] - places[name][0], to[name][1] - places[name][1]) for name in (wire.source, wire.target)
        )
        if (dx, dy) == other and (dx or dy):
            moved = tuple((round(x + dx, 2), round(y + dy, 2)) for x, y in route)
            found.append(SetRoute(scope=scope, wire=wire, route=moved))
    return found


class _Change:
    """What edits do to one level: who comes, who goes, how what stays is wired before and after. All places in it are
    those of a drawing that runs down."""

    def __init__(
        self,
        diagram: Contents,
        scope: str,
        edits: Sequence[Edit],
        places: dict[str, Place],
        carried: set[str],
        right: bool,
    ) -> None:
        self.right = right
        definition = diagram.definition(scope)
        self.blocks: dict[str, Block] = dict(definition.blocks())
        self.before: dict[str, Block] = dict(self.blocks)
        self.places = places
        wires = definition.wire_set()
        self.wires_before = frozenset(wires)
        before = self.before
        added: set[str] = set()
        moved: dict[str, Place] = {}
        for edit in edits:
            if getattr(edit, "scope", None) != scope:
                continue
            match edit:
                case AddBlock(name=name, block=block):
                    self.blocks[name] = block
                    added.add(name)
                case RemoveBlock(name=name):
                    self.blocks.pop(name, None)
                case RenameBlock(name=name, to=to):
                    self._rename(name, to, wires, before)
                case AddWire(wire=wire):
                    wires.add(wire)
                case RemoveWire(wire=wire):
                    wires.discard(wire)
                case MoveBlocks(to=where):
                    moved |= {each: self._down(place) for each, place in where.items() if place is not None}
        self.wires = wires
        self.carried = carried
        self.came = [name for name in self.blocks if (name not in before and name in added) or name in carried]
        self.gone = [name for name in before if name not in self.blocks or name in carried]
        self.wanted = {name: moved.get(name) or self.place_of(self.blocks[name]) for name in self.came}
        self.places |= {each: to for each, to in moved.items() if each in self.places and each not in carried}

    def place_of(self, block: Block) -> Place | None:
        """Where the document has a block."""
        return None if block.at is None else self._down(block.at)

    def _down(self, at: Place) -> Place:
        return turned(at) if self.right else at

    def _rename(self, name: str, to: str, wires: set[Wire], before: dict[str, Block]) -> None:
        for known in (self.blocks, before):
            if name in known:
                known[to] = known.pop(name)
        if name in self.places:
            self.places[to] = self.places.pop(name)
        renamed = [
            (wire, wire._replace(
                source=to if wire.source == name else wire.source, target=to if wire.target == name else wire.target
            ))
            for wire in wires if name in (wire.source, wire.target)
        ]  # fmt: skip
        for old, new in renamed:
            wires.discard(old)
            wires.add(new)
        self.wires_before = frozenset(dict(renamed).get(wire, wire) for wire in self.wires_before)


class _Plan:
    def __init__(self, change: _Change, size_of: SizeOf, at: Place | None) -> None:
        self._change, self._at = change, at
        self._pinned = {name for name, block in change.blocks.items() if block.pinned}
        self.places: dict[str, Place] = {}
        """Where newcomers stand."""
        blocks = {**change.before, **change.blocks}
        names = [name for name in (*change.places, *change.came) if name in blocks]
        sizes = {name: size_of(name, blocks[name]) for name in names}
        self._sizes = turned_places(sizes, change.right)
        self._along = ALONG if change.right else 0.0
        known = {name: at for name, at in change.places.items() if name in blocks}
        self._known = known
        gone = set(change.gone)
        self._now = {name: at for name, at in known.items() if name not in gone}
        start = dict(self._now)
        self._close(known)
        self._seat_all()
        self.to_tell: dict[str, Place] = {}
        """Where blocks stand that the document does not know there."""
        if self.places or self._now != start:
            before, right = change.before, change.right
            stood = ((name, at, before[name].at) for name, at in self._now.items() if name in before)
            self.to_tell = {name: at for name, at, was in stood if at != (turned(was) if right and was else was)}

    # Closing up

    def _close(self, known: Mapping[str, Place]) -> None:
        """Move up what stands behind blocks that go, where a wire leads on past them."""
        change, out = self._change, set(self._change.gone)
        if not out:
            return
        edges = [(wire.source, wire.target) for wire in change.wires_before]
        standing = Standing(known, self._sizes, edges, self._along, self._pinned)
        apart = out.union(change.came)
        bridges = {
            (wire.source, wire.target)
            for wire in change.wires - change.wires_before
            if not {wire.source, wire.target} & apart and out.intersection(standing.before.get(wire.target, ()))
        }
        bridges |= self._fewer()
        if bridges:
            self._now |= standing.close_gap(out, sorted(bridges))

    def _fewer(self) -> set[tuple[str, str]]:
        """The blocks between which fewer come than go: a module for many, say. Room is made for them afterwards."""
        found = set()
        for chain in self._chains():
            feeds, reads = self._ends(chain)
            if len(feeds) == len(reads) == 1 and len(chain) < len(self._change.gone):
                between = self._between(feeds, reads)
                found |= {between} if between is not None else set()
        return found

    # Coming

    def _chains(self) -> list[list[str]]:
        """Newcomers that follow one another, in the order of the signal; each by itself where they fork or join."""
        came = dict.fromkeys(self._change.came)
        after: dict[str, set[str]] = {name: set() for name in came}
        before: dict[str, set[str]] = {name: set() for name in came}
        for wire in self._change.wires:
            if wire.source in came and wire.target in came:
                after[wire.source].add(wire.target)
                before[wire.target].add(wire.source)
        ordered: list[str] = []
        waiting = [name for name in came if not before[name]]
        left = {name: len(before[name]) for name in came}
        for name in waiting:  # grows while it is walked
            ordered.append(name)
            for other in sorted(after[name]):
                left[other] -= 1
                if not left[other]:
                    waiting.append(other)
        reached = set(ordered)
        ordered += [name for name in came if name not in reached]
        chains: dict[str, list[str]] = {}
        for name in ordered:
            feeds = [each for each in before[name] if len(after[each]) == 1 and len(before[name]) == 1]
            chain = chains.get(feeds[0]) if feeds else None
            if chain is None:
                chains[name] = [name]
            else:
                chain.append(name)
                chains[name] = chain
        return list({id(chain): chain for chain in chains.values()}.values())

    def _seat_all(self) -> None:
        """Find places for all newcomers: first for those in wires, where what stands may move for them."""
        wires, size = self._change.wires, self._sizes
        edges = [(wire.source, wire.target) for wire in wires]
        rest: list[list[str]] = []
        for chain in self._chains():
            ends = self._ends(chain)
            between = self._between(*ends)
            if between is None:
                rest.append(chain)
                continue
            # As before the chain came, the one feeds the other.
            standing = Standing(self._now, size, [*edges, between], self._along, self._pinned)
            lead, gap, x = self._stood(*between)
            lead, gap, at = standing.within(lead), standing.within(gap), self._at
            if at is None and lead:  # where what goes began
                at = x, self._now[between[0]][1] + size[between[0]][1] / 2 + lead + _tall(chain, size, gap) / 2
            room = standing.make_room(*between, [(name, size[name]) for name in chain], at, gap, lead)
            self._now |= room.moved
            self.places |= {name: at for name, at in room.moved.items() if name in self.places}
            self._put(room.places)
        if rest and not self._seat_together([name for chain in rest for name in chain]):
            for chain in rest:
                feeds, reads = self._ends(chain)
                for name in chain:
                    self._put({name: self._spot(name, Standing(self._now, size, edges, self._along), feeds, reads)})
                    feeds = [name]

    def _seat_together(self, names: Sequence[str]) -> bool:
        """Put newcomers where their edits say, or all alike beside that; False if these do not say it for all."""
        wanted = {name: at for name in names if (at := self._change.wanted[name]) is not None}
        group = Standing(wanted, self._sizes, along=self._along)
        if len(wanted) < len(names) or group.is_crowded():
            return False
        dx, dy = Standing(self._now, self._sizes, along=self._along).free_shift(list(group.rects.values()))
        self._put({name: (x + dx, y + dy) for name, (x, y) in wanted.items()})
        return True

    def _ends(self, chain: Sequence[str]) -> tuple[list[str], list[str]]:
        """What stands and feeds a chain, and what stands and reads it."""
        wires, now = self._change.wires, self._now
        into = sorted(wire for wire in wires if wire.target == chain[0] and wire.source in now)
        out = sorted(wire for wire in wires if wire.source == chain[-1] and wire.target in now)
        feeds, reads = {wire.source: None for wire in into}, {wire.target: None for wire in out}
        return list(feeds), list(reads)

    def _stood(self, source: str, target: str) -> tuple[float, float, float]:
        """How blocks that go stood between two others: the gap before them, the least one around them, and the middle
        of the first of them. What comes in their place keeps that. Gaps are 0 if none went there."""
        gone = [name for name in self._change.gone if name in self._known and name not in self._change.carried]
        if not gone or not {source, target} <= self._known.keys():
            return 0.0, 0.0, 0.0
        bottom, top = (
            self._known[name][1] + part * self._sizes[name][1] / 2 for name, part in ((source, 1), (target, -1))
        )
        rects = [rect_at(self._known[name], self._sizes[name]) for name in gone]
        between = [rect for rect in rects if bottom <= rect[1] and rect[3] <= top]
        if not between:
            return 0.0, 0.0, 0.0
        begin = min(rect[1] for rect in between)
        first = [(rect[0] + rect[2]) / 2 for rect in between if rect[1] == begin]
        lead = begin - bottom
        return lead, min(lead, *(top - rect[3] for rect in between)), sum(first) / len(first)

    def _put(self, places: Mapping[str, Place]) -> None:
        self.places |= places
        self._now |= places

    def _between(self, feeds: Sequence[str], reads: Sequence[str]) -> tuple[str, str] | None:
        """The two blocks between which a chain has come into a wire, or where another has been."""
        change = self._change
        gone = set(change.gone)
        for source in feeds:
            for target in reads:
                for wire in change.wires_before:
                    if wire.target != target or wire in change.wires:
                        continue
                    if wire.source == source or wire.source in gone:
                        return source, target
        return None

    def _spot(self, name: str, standing: Standing, feeds: Sequence[str], reads: Sequence[str]) -> Place:
        size, wanted = self._sizes[name], self._change.wanted[name]
        if wanted is not None:
            return standing.free_place(wanted, size)
        if feeds:
            return standing.below(feeds[0], size)
        if reads:
            left, top, right, _ = standing.rects[reads[0]]
            return standing.free_place(((left + right) / 2, top - GAP_Y - self._along - size[1] / 2), size)
        return standing.free_place(self._at or (0.0, 0.0), size)


def _tall(chain: Sequence[str], size: Mapping[str, Size], gap: float) -> float:
    """The height of a chain of cards."""
    return sum(size[name][1] for name in chain) + gap * (len(chain) - 1)
