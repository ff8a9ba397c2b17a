"""Taking blocks out: with all their wires, or so that the signal goes on without them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from blockstudio.graph.contents import Contents
from blockstudio.graph.definition import Definition, Wire
from blockstudio.graph.edits import AddWire, RemoveWire
from blockstudio.graph.operations.base import Edits, removal, wires_of


def delete(diagram: Contents, scope: str, names: Iterable[str], wires: Iterable[Wire] = ()) -> Edits:
    """Remove blocks with all their wires, and ``wires`` between others. Raises `StudioError` ``diagram.block``."""
    edits = [RemoveWire(scope=scope, wire=wire) for wire in dict.fromkeys(wires)]
    return tuple(dict.fromkeys([*edits, *removal(diagram, scope, names)]))


Fits = Callable[[Wire], bool]
"""Whether the reader of a wire that would lead past blocks takes what it carries."""


def delete_where_it_fits(
    diagram: Contents, scope: str, names: Iterable[str], fits: Fits, wires: Iterable[Wire] = ()
) -> Edits:
    """Remove blocks, and ``wires`` between others. Where one signal comes into blocks that hang together and one leaves
    them, its readers get the one that came in, if it ``fits``. Raises `StudioError` ``diagram.block``."""
    names = list(dict.fromkeys(names))
    bridges = _fitting(diagram.definition(scope), names, fits)
    return (*delete(diagram, scope, names, wires), *(AddWire(scope=scope, wire=wire) for wire in bridges))


def detach_where_it_fits(diagram: Contents, scope: str, names: Iterable[str], fits: Fits) -> Edits:
    """Take blocks out of their chain and leave them standing, as in `detach`; the chain closes as in
    `delete_where_it_fits`. Raises `StudioError` ``diagram.block``."""
    names = list(dict.fromkeys(names))
    definition = diagram.definition(scope)
    bridges = _fitting(definition, names, fits)
    return (*_outside(definition, scope, names), *(AddWire(scope=scope, wire=wire) for wire in bridges))


def delete_and_heal(
    diagram: Contents, scope: str, names: Iterable[str], keep: Mapping[str, Wire] | None = None
) -> Edits:
    """Remove blocks and wire what came into them to what read them: of a block with several inputs the first, or the
    wire that ``keep`` names for it. What nothing came into leaves its readers open. Raises `StudioError`
    ``diagram.block``."""
    names = list(dict.fromkeys(names))
    bridges = _bridges(diagram.definition(scope), names, keep or {})
    return (*removal(diagram, scope, names), *(AddWire(scope=scope, wire=wire) for wire in bridges))


def detach(diagram: Contents, scope: str, names: Iterable[str], keep: Mapping[str, Wire] | None = None) -> Edits:
    """Take blocks out of their chain and leave them standing: the wires among them stay, those to the others go, and
    the chain closes as in `delete_and_heal`. Raises `StudioError` ``diagram.block``."""
    names = list(dict.fromkeys(names))
    definition = diagram.definition(scope)
    bridges = _bridges(definition, names, keep or {})
    return (*_outside(definition, scope, names), *(AddWire(scope=scope, wire=wire) for wire in bridges))


def _outside(definition: Definition, scope: str, names: list[str]) -> list[RemoveWire]:
    """Edits that cut blocks off from all others."""
    chosen = set(names)
    outside = [wire for wire in wires_of(definition, names) if not {wire.source, wire.target} <= chosen]
    return [RemoveWire(scope=scope, wire=wire) for wire in outside]


def _fitting(definition: Definition, names: list[str], fits: Fits) -> list[Wire]:
    """The wires that lead past blocks where one signal comes in and one goes out, and it is taken."""
    found = []
    for part in _parts(definition, names):
        ways_in = {
            (w.source, w.source_port) for name in part for w in definition.wires_into(name) if w.source not in part
        }
        leaving = [w for name in part for w in definition.wires_from(name) if w.target not in part]
        if len(ways_in) != 1 or len({(wire.source, wire.source_port) for wire in leaving}) != 1:
            continue
        ((source, port),) = ways_in
        fed = {wire.target for wire in definition.wires_from(source) if wire.source_port == port}
        for wire in leaving:
            bridge = Wire(source, port, wire.target, wire.target_port)
            if wire.target != source and wire.target not in fed and fits(bridge):
                found.append(bridge)
    return found


def _parts(definition: Definition, names: Iterable[str]) -> list[set[str]]:
    """Blocks that hang together, each part by itself."""
    left, parts = dict.fromkeys(names), []
    while left:
        waiting = [next(iter(left))]
        part = set(waiting)
        while waiting:
            name = waiting.pop()
            left.pop(name, None)
            ends = {wire.source for wire in definition.wires_into(name)} | {
                wire.target for wire in definition.wires_from(name)
            }
            waiting += [end for end in ends if end in left and end not in part]
            part |= ends & left.keys()
        parts.append(part)
    return parts


def _bridges(definition: Definition, names: list[str], keep: Mapping[str, Wire]) -> list[Wire]:
    """The wires that lead past blocks. None leads from a block to itself: a circle is not closed anew."""
    gone = set(names)
    found = []
    for name in names:
        for wire in definition.wires_from(name):
            if wire.target in gone:
                continue
            source = _origin(definition, wire, gone, keep)
            if source is not None and source.source != wire.target:
                found.append(Wire(source.source, source.source_port, wire.target, wire.target_port))
    return found


def _origin(definition: Definition, wire: Wire, gone: set[str], keep: Mapping[str, Wire]) -> Wire | None:
    """The wire that carries what ``wire`` would, if each block that goes passed on its first input."""
    seen: set[str] = set()
    while wire.source in gone:
        name = wire.source
        before = keep.get(name) or next(iter(definition.wires_into(name)), None)
        if before is None or name in seen:
            return None
        seen.add(name)
        wire = before
    return wire
