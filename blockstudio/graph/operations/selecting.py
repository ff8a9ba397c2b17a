"""Which blocks belong together: of one type, before and behind others, along a wire."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from blockstudio.graph.definition import Definition, Wire, port_order


def of_same_type(definition: Definition, names: Iterable[str]) -> tuple[str, ...]:
    """All blocks of the types that these have, in document order."""
    types = {definition.block(name).type for name in names}
    return tuple(name for name, block in definition.blocks() if block.type in types)


def upstream(definition: Definition, names: Iterable[str]) -> tuple[str, ...]:
    """These blocks and all that they depend on, in document order."""
    return _reached(definition, names, lambda name: [wire.source for wire in definition.wires_into(name)])


def downstream(definition: Definition, names: Iterable[str]) -> tuple[str, ...]:
    """These blocks and all that depends on them, in document order."""
    return _reached(definition, names, lambda name: [wire.target for wire in definition.wires_from(name)])


def _reached(definition: Definition, names: Iterable[str], after: Callable[[str], list[str]]) -> tuple[str, ...]:
    waiting = list(names)
    seen = set(waiting)
    while waiting:
        for name in after(waiting.pop()):
            if name not in seen:
                seen.add(name)
                waiting.append(name)
    return tuple(name for name, _ in definition.blocks() if name in seen)


def onward(definition: Definition, name: str) -> list[Wire]:
    """The wires that leave a block, port by port."""
    return sorted(definition.wires_from(name), key=lambda wire: port_order(wire.source_port))


def back(definition: Definition, name: str) -> list[Wire]:
    """The wires that enter a block, port by port."""
    return sorted(definition.wires_into(name), key=lambda wire: port_order(wire.target_port))
