"""What can be done with modules on the level in view, each as one step."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec

from blockstudio.blocks import PORTS
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram, Wire
from blockstudio.graph.edits import AddBlock, AddWire, Edit, RemoveWire
from blockstudio.graph.format import SUFFIX
from blockstudio.graph.library import Kept, packed
from blockstudio.graph.operations.base import Added, Edits
from blockstudio.graph.operations.grouping import entrance, group
from blockstudio.graph.operations.naming import module_name
from blockstudio.graph.operations.pasting import brought, paste
from blockstudio.graph.operations.promoting import promote
from blockstudio.graph.operations.replacing import make_unique, stand_in
from blockstudio.graph.operations.ungrouping import ungroup
from blockstudio.gui.commands.registry import Act
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.document.session import Session
from blockstudio.gui.kit.text import phrase, tr
from blockstudio.text import say_many


def module_of(session: Session) -> str:
    """The module that the selected block is an instance of; empty if it is none."""
    if len(session.selection) != 1:
        return ""
    kind = session.definition.block(session.selection[0]).type
    return kind if kind in session.diagram.modules else ""


def group_selection(session: Session) -> bool:
    """Make a module of the selected blocks; False if that cannot be, and why has been said."""
    name = module_name(session.diagram, session.scope, session.selection)
    try:
        added = group(
            session.diagram, session.scope, session.selection, module=name, values=session.level.values,
            at=entrance(session.definition, session.selection),
        )  # fmt: skip
    except StudioError as error:
        session.refused.emit(str(error))
        return False
    count = len(session.selection)
    if not _add(session, phrase("Group into {name}", name=name), added):
        return False
    parameters = ", ".join(session.diagram.modules[name].parameters)
    told = say_many("{count} block is now {name}", "{count} blocks are now {name}", count, name=name)
    session.message.emit(tr("{what}, with {parameters}", what=told, parameters=parameters) if parameters else tr(told))
    return True


def apart(session: Session) -> tuple[str, ...]:
    """The selected blocks that stand for others: instances and repeats."""
    blocks = {name: session.definition.block(name) for name in session.selection}
    modules = session.diagram.modules
    return tuple(name for name, block in blocks.items() if block.type in modules or block.repeat is not None)


def ungroup_selection(session: Session) -> bool:
    """Take the selected instances apart, one level deep, as one step."""
    names = apart(session)
    came: list[str] = []

    def taken(name: str) -> Edits:
        edits = ungroup(session.diagram, session.scope, name)
        came.extend(edit.name for edit in edits if isinstance(edit, AddBlock))
        return edits

    what = names[0] if len(names) == 1 else say_many("{count} block", "{count:,} blocks", len(names))
    if not names or not session.do_in_turn(phrase("Take {name} apart", name=what), [partial(taken, n) for n in names]):
        return False
    session.select([*(name for name in session.selection if name not in names), *came])
    return True


def unique_selection(session: Session) -> bool:
    """Give the selected instance a module of its own."""
    (name,) = session.selection
    try:
        edits = make_unique(session.diagram, session.scope, name)
    except StudioError as error:
        session.refused.emit(str(error))
        return False
    if not edits:
        session.message.emit(tr("{name} is the only one of its kind already", name=name))
        return False
    return session.do(phrase("Make {name} unique", name=name), *edits)


def promote_parameter(session: Session, block: str, key: str) -> bool:
    """Make a block's parameter one of the module around it."""
    try:
        called, edits = promote(session.diagram, session.scope, block, key)
    except StudioError as error:
        session.refused.emit(str(error))
        return False
    return session.do(phrase("Make {key} a parameter", key=called), *edits)


def insert(
    desk: Desk,
    where: Kept | tuple[str, str],
    at: tuple[float, float] | None = None,
    into: Wire | None = None,
    onto: str | None = None,
) -> bool:
    """Put an instance of a kept module into the level in view, with all that it needs: in the place of a block
    (``onto``), ``into`` a wire, else behind the selected block."""
    session = desk.session
    try:
        if not isinstance(where, Kept):
            where = desk.shelf.find(*where)
        found = desk.shelf.read(where)
        added = paste(session.diagram, session.scope, found, values=session.level.values)
    except StudioError as error:
        session.refused.emit(str(error))
        return False
    if onto is not None:
        return _in_place(session, found, onto)
    (name,) = added.names
    edits = [_placed(edit, at) for edit in added.edits]
    module = next(block.type for _, block in found.main.blocks())
    inputs, outputs = (found.modules[module].of_type(kind) for kind in PORTS)
    scope, selection = session.scope, session.selection
    if into is not None and inputs and outputs:
        edits += [RemoveWire(scope=scope, wire=into)]
        edits += [AddWire(scope=scope, wire=Wire(into.source, into.source_port, name, inputs[0])),
                  AddWire(scope=scope, wire=Wire(name, outputs[0], into.target, into.target_port))]  # fmt: skip
    elif at is None and len(selection) == 1 and inputs:
        ports = session.diagram.output_ports(session.definition.block(selection[0]).type)
        if ports:
            edits.append(AddWire(scope=scope, wire=Wire(selection[0], ports[0], name, inputs[0])))
    return _add(session, phrase("Add {name}", name=name), Added(added.names, tuple(edits)), at)


def _in_place(session: Session, found: Diagram, onto: str) -> bool:
    """Put a kept module's instance in the place of a block, whose name, wires and parameters it keeps."""
    block, modules = brought(session.diagram, found)
    replaced = partial(stand_in, session.diagram, session.scope, onto, block.type, block.parameters)
    if not session.do_in_turn(phrase("Replace {0}", onto), [lambda: modules, replaced]):
        return False
    session.select([onto])
    return True


def _placed(edit: Edit, at: tuple[float, float] | None) -> Edit:
    """The edit, a block that it adds at a place."""
    if at is None or not isinstance(edit, AddBlock):
        return edit
    return msgspec.structs.replace(edit, block=msgspec.structs.replace(edit.block, at=at))


def keep(desk: Desk) -> bool:
    """Put the selected instance's module into the user's library; where that has another of its name, ask."""
    session = desk.session
    module = packed(session.diagram, module_of(session))
    other = desk.shelf.other(module)
    if other is None:
        return _keep(desk, lambda: desk.shelf.keep(module))
    text = tr("Your library has another {module} already.", module=other.module)
    desk.say(text, "warning", Act(tr("Replace it"), "module.replace_kept", module),
             Act(tr("Keep both"), "module.keep_beside", module))  # fmt: skip
    return False


def replace_kept(desk: Desk, module: Diagram) -> bool:
    """Put a module in the place of the one of its name in the library."""
    return _keep(desk, lambda: desk.shelf.keep(module, desk.shelf.other(module)))


def keep_beside(desk: Desk, module: Diagram) -> bool:
    """Put a module into the library under a name that is free there."""
    return _keep(desk, lambda: desk.shelf.keep_beside(module))


def rename_kept(desk: Desk, where: Kept, to: str) -> bool:
    """Give a module of the library another name; diagrams that have it keep theirs."""
    if to == where.module:
        return False
    try:
        desk.shelf.rename(where, to)
    except StudioError as error:
        desk.session.refused.emit(str(error))
        return False
    desk.say(tr("{module} is now {name} in your library.", module=where.module, name=to))
    return True


def remove_kept(desk: Desk, where: Kept) -> bool:
    """Move a module of the library to the bin; diagrams that have it keep it."""
    try:
        desk.shelf.remove(where)
    except StudioError as error:
        desk.session.refused.emit(str(error))
        return False
    desk.say(tr("{module} is in the bin.", module=where.module), "info", Act(tr("Take it back"), "module.restore_kept"))
    return True


def restore_kept(desk: Desk) -> bool:
    """Take the module that was removed last out of the bin."""
    try:
        name = desk.shelf.restore()
    except StudioError as error:
        desk.session.refused.emit(str(error))
        return False
    desk.say(tr("{module} is in your library", module=name))
    return True


def _keep(desk: Desk, write: Callable[[], Path]) -> bool:
    try:
        file = write()
    except StudioError as error:
        desk.session.refused.emit(str(error))
        return False
    desk.say_written(file, tr("{module} is in your library", module=file.name.removesuffix(SUFFIX)))
    return True


def _add(session: Session, label: str, added: Added, at: tuple[float, float] | None = None) -> bool:
    if not added.edits or not session.do(label, *added.edits, at=at):
        return False
    session.select(added.names)
    return True
