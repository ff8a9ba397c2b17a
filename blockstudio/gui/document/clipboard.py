"""Blocks on the clipboard: a fragment is a small diagram in the file format, so pasting reads it as carefully as
a file, and it can go through a mail or a chat as text."""

from __future__ import annotations

import atexit
from collections.abc import Iterable, Mapping
from functools import cache

import msgspec
from PySide6.QtCore import QMimeData
from PySide6.QtGui import QGuiApplication

from blockstudio.graph import format as files
from blockstudio.graph.diagram import Block, Definition, Diagram, Wire
from blockstudio.graph.edits import AddBlock, AddModule, AddWire, Edit, clash

MIME = "application/x-blockstudio-fragment"
ASIDE = 32.0
"""Pixels by which a paste without a place stands aside from its original."""


def fragment(diagram: Diagram, scope: str, names: Iterable[str]) -> Diagram:
    """The blocks ``names`` of ``scope``, the wires among them and the modules they need, as a diagram."""
    source = diagram.definition(scope)
    found = Diagram("fragment")
    chosen = [name for name, _ in source.blocks() if name in set(names)]
    for module in _needed(diagram, (source.block(name).type for name in chosen)):
        found.modules[module] = diagram.modules[module]
    for name in chosen:
        found.main.graph.add_node(name, block=source.block(name))
    for wire in source.wires():
        if wire.source in found.main.graph and wire.target in found.main.graph:
            found.main.graph.add_edge(wire.source, wire.target, (wire.source_port, wire.target_port))
    return found


def put(diagram: Diagram, scope: str, names: Iterable[str]) -> None:
    """Set the system clipboard."""
    text = files.dumps(fragment(diagram, scope, names))
    data = QMimeData()
    data.setData(MIME, text.encode())
    data.setText(text)
    QGuiApplication.clipboard().setMimeData(data)
    if QGuiApplication.platformName() in ("offscreen", "minimal", "vnc"):
        _empty_at_end()


@cache
def _empty_at_end() -> None:
    """Platforms without a clipboard of their own keep what was copied in a static of Qt's, which goes after Python has
    ended and would then call into it."""
    atexit.register(lambda: QGuiApplication.instance() and QGuiApplication.clipboard().clear())


def holds_fragment() -> bool:
    """Whether `take` would find something to read."""
    data = QGuiApplication.clipboard().mimeData()
    return data is not None and (data.hasFormat(MIME) or data.text().lstrip().startswith("{"))


def take(diagram: Diagram, scope: str, at: tuple[float, float] | None) -> tuple[list[str], list[Edit]]:
    """Names and edits that add the clipboard's blocks to ``scope``; empty if it holds none.
    Raises `StudioError` if the text looks like a diagram and is not."""
    if not holds_fragment():
        return [], []
    data = QGuiApplication.clipboard().mimeData()
    text = bytes(data.data(MIME).data()).decode("utf-8", "replace") if data.hasFormat(MIME) else data.text()
    return merge(diagram, scope, files.loads(text, "clipboard"), at)


def merge(diagram: Diagram, scope: str, found: Diagram, at: tuple[float, float] | None) -> tuple[list[str], list[Edit]]:
    """Names and edits that add a fragment to ``scope``, under free names."""
    edits: list[Edit] = []
    taken = _Names(diagram, scope)
    modules = {name: _module_name(diagram, found, name) for name in found.modules}
    for old in _inner_first(found):
        new, definition = modules[old], found.modules[old]
        if new in diagram.modules:
            continue
        edits.append(AddModule(name=new, parameters=definition.parameters, description=definition.description))
        edits += _contents(new, definition, {}, modules, (0.0, 0.0))
    renamed = {name: taken.free(name) for name in found.main.graph}
    edits += _contents(scope, found.main, renamed, modules, _shift(found.main, at))
    return list(renamed.values()), edits


def _contents(
    scope: str,
    source: Definition,
    renamed: Mapping[str, str],
    modules: Mapping[str, str],
    shift: tuple[float, float],
) -> list[Edit]:
    edits: list[Edit] = []
    for name, block in source.blocks():
        at = None if block.at is None else (block.at[0] + shift[0], block.at[1] + shift[1])
        added = msgspec.structs.replace(block, type=modules.get(block.type, block.type), at=at)
        edits.append(AddBlock(scope=scope, name=renamed.get(name, name), block=added))
    for wire in source.wires():
        ends = renamed.get(wire.source, wire.source), renamed.get(wire.target, wire.target)
        edits.append(AddWire(scope=scope, wire=Wire(ends[0], wire.source_port, ends[1], wire.target_port)))
    return edits


def _shift(source: Definition, at: tuple[float, float] | None) -> tuple[float, float]:
    if at is None:
        return ASIDE, ASIDE
    places = [block.at for _, block in source.blocks() if block.at is not None]
    if not places:
        return 0.0, 0.0
    xs, ys = [x for x, _ in places], [y for _, y in places]
    return at[0] - (min(xs) + max(xs)) / 2, at[1] - (min(ys) + max(ys)) / 2


class _Names:
    """Free names of a definition, those given out included."""

    def __init__(self, diagram: Diagram, scope: str) -> None:
        self._diagram, self._scope, self._given = diagram, scope, set[str]()

    def free(self, wanted: str) -> str:
        definition = self._diagram.definition(self._scope)
        if wanted not in self._given and not clash(definition, wanted):
            self._given.add(wanted)
            return wanted
        head, _, tail = wanted.rpartition("_")
        stem = head if head and tail.isdecimal() else wanted.replace(".", "_")
        index = 2
        while f"{stem}_{index}" in self._given or clash(definition, f"{stem}_{index}"):
            index += 1
        self._given.add(f"{stem}_{index}")
        return f"{stem}_{index}"


def _needed(diagram: Diagram, types: Iterable[str]) -> list[str]:
    seen: dict[str, None] = {}
    waiting = [name for name in types if name in diagram.modules]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen[name] = None
            waiting += [block.type for _, block in diagram.modules[name].blocks() if block.type in diagram.modules]
    return [name for name in diagram.modules if name in seen]


def _module_name(diagram: Diagram, found: Diagram, name: str) -> str:
    """The module's own name if the diagram has none or the same under it, else a free one."""
    if name not in diagram.modules or _same(diagram.modules[name], found.modules[name]):
        return name
    index = 2
    while f"{name}{index}" in diagram.modules or f"{name}{index}" in found.modules:
        index += 1
    return f"{name}{index}"


def _same(one: Definition, other: Definition) -> bool:
    return (
        one.parameters == other.parameters
        and list(_unplaced(one)) == list(_unplaced(other))
        and one.wires() == other.wires()
    )


def _unplaced(definition: Definition) -> Iterable[tuple[str, Block]]:
    return ((name, msgspec.structs.replace(block, at=None)) for name, block in definition.blocks())


def _inner_first(found: Diagram) -> list[str]:
    order: list[str] = []

    def visit(name: str) -> None:
        for _, block in found.modules[name].blocks():
            if block.type in found.modules and block.type not in order:
                visit(block.type)
        if name not in order:
            order.append(name)

    for name in found.modules:
        visit(name)
    return order
