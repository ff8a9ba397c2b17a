"""Taking blocks out: with all their wires, or so that the signal goes on without them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from blockstudio.graph.contents import Contents
from blockstudio.graph.definition import Definition, Wire
from blockstudio.graph.edits import AddWire, RemoveWire
from blockstudio.graph.operations.base import Edits, removal, wires_of


def delete(diagram: Contents, scope: str, names: Iterable[str], wires: Iterable[Wire] = ()) -> Edits:
    """Remove blocks with all their wires, and ``wires`` between others. Raises `StudioError` ``diagram.block``."""
    edits = [RemoveWire(scope=scope, wire=wire) for wire in dict.fromkeys(wires)]
    return tuple(dict.fromkeys([*edits, *removal(diagram, scope, names)]))


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
    definition, chosen = diagram.definition(scope), set(names)
    outside = [wire for wire in wires_of(definition, names) if not {wire.source, wire.target} <= chosen]
    bridges = _bridges(definition, names, keep or {})
    return (
        *(RemoveWire(scope=scope, wire=wire) for wire in outside),
        *(AddWire(scope=scope, wire=wire) for wire in bridges),
    )


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
