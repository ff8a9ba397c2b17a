"""Batch normalisation after every convolution."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from blockstudio.analysis.refactorings.context import Proposal, RefactorContext
from blockstudio.blocks import INPUT, OUTPUT
from blockstudio.graph.diagram import MAIN, Diagram
from blockstudio.graph.edits import Edit
from blockstudio.graph.operations.inserting import New
from blockstudio.text import say


def normalised(sites: Iterable[RefactorContext], names: Iterable[str] | None = None) -> Proposal | None:
    """BatchNorm behind each convolution of these definitions that has none (of one definition: among ``names``), and
    no bias there; ``None`` where nothing is to be done. The layer that gives the scores stays as it is."""
    edits: list[Edit] = []
    added: list[str] = []
    changed: list[str] = []
    scope, count = MAIN, 0
    wanted = None if names is None else set(names)
    for site in sites:
        scope, here = site.scope, 0
        site.start_over()
        around = _Around(site)
        for place, (name, _) in enumerate(site.definition.blocks()):
            if (wanted is not None and name not in wanted) or not _lacks(site, name, around):
                continue
            given = site.names.free(_called(name))
            new = New("BatchNorm2d", given, at=site.near(name, 1), bypass=site.block(name).bypass)
            edits += [site.cut(wire) for wire in site.readers(name)]
            edits += [site.put(new, place + 1 + here, given), site.connect((name, "out"), given)]
            edits += [site.connect((given, "out"), wire.target, wire.target_port) for wire in site.readers(name)]
            if site.raw(name, "bias") is not False:
                edits += site.set(name, {"bias": False})
            added.append(given)
            changed.append(name)
            here += 1
        count += here
    if not count:
        return None
    title = say("BatchNorm after every convolution") if wanted is None else say("BatchNorm after it")
    if wanted is not None and count > 1:
        title = say("BatchNorm after each of them")
    note = say("trains at higher rates; no bias, which it would cancel")
    single = wanted is not None
    return Proposal(
        say("Add {title}", title=title), tuple(edits), "batch_norm", title, note, scope if single else MAIN, (),
        tuple(added) if single else (), tuple(changed) if single else (),
    )  # fmt: skip


class _Around:
    """What holds for all blocks of a definition, looked for once, when it is first asked."""

    def __init__(self, site: RefactorContext) -> None:
        self._site = site

    @cached_property
    def is_preactivated(self) -> bool:
        """Whether convolutions here are normalised before: then what goes into a sum is left as it is on purpose."""
        blocks = self._site.definition.blocks()
        return any(_normalised_before(self._site, name) for name, block in blocks if block.type == "Conv2d")

    @cached_property
    def is_normalised_outside(self) -> bool:
        """Whether what leaves the instances of a module is normalised where they stand."""
        return self._site.scope != MAIN and _normalised_outside(self._site.diagram, self._site.scope)


def _lacks(site: RefactorContext, name: str, around: _Around) -> bool:
    """Whether a block is a convolution that nothing normalises, before or behind."""
    kind, block = site.kind(name), site.block(name)
    if kind is None or kind.family != "convolution" or "bias" not in kind.parameters or block.repeat is not None:
        return False
    if block.bypass is True or not site.readers(name):
        return False
    if _normalised_behind(site, name, around) or _normalised_before(site, name) or _gives_scores(site, name):
        return False
    return not (_is_summed(site, name) and around.is_preactivated)


def _normalises(site: RefactorContext, name: str) -> bool:
    kind = site.kind(name)
    return kind is not None and kind.family == "normalisation"


def _normalised_behind(site: RefactorContext, name: str, around: _Around) -> bool:
    readers = {wire.target for wire in site.readers(name)}
    if any(_normalises(site, reader) or _normalised_inside(site, reader) for reader in readers):
        return True
    return any(site.block(reader).type == OUTPUT for reader in readers) and around.is_normalised_outside


def _normalised_inside(site: RefactorContext, name: str) -> bool:
    """Whether an instance normalises what comes in before anything else."""
    module = site.diagram.modules.get(site.block(name).type)
    if module is None:
        return False
    readers = (wire.target for port in module.of_type(INPUT) for wire in module.wires_from(port))
    kinds = (site.diagram.kind(module.block(reader).type) for reader in readers)
    return any(kind is not None and kind.family == "normalisation" for kind in kinds)


def _normalised_outside(diagram: Diagram, module: str) -> bool:
    """Whether what leaves instances of a module is normalised where they stand."""
    for scope in diagram.scopes():
        definition = diagram.definition(scope)
        for name in definition.of_type(module):
            for wire in definition.wires_from(name):
                kind = diagram.kind(definition.block(wire.target).type)
                if kind is not None and kind.family == "normalisation":
                    return True
    return False


def _normalised_before(site: RefactorContext, name: str) -> bool:
    """Pre-activation: normalised and activated before the convolution."""
    seen = 0
    source = site.source(name)
    while source is not None and seen < 3 and site.is_follower(source[0]):
        if _normalises(site, source[0]):
            return True
        source, seen = site.source(source[0]), seen + 1
    return False


def _is_summed(site: RefactorContext, name: str) -> bool:
    return all(site.block(wire.target).type == "Add" for wire in site.readers(name))


def _gives_scores(site: RefactorContext, name: str) -> bool:
    """Whether what comes out becomes the network's scores without another weight."""
    if site.scope != MAIN:
        return False
    following = site.next(name)
    while following is not None:
        block, kind = site.block(following), site.kind(following)
        if block.type == OUTPUT:
            return True
        if kind is None or kind.weighted or kind.merges or site.source(following) is None:
            return False
        following = site.next(following)
    return False


def _called(name: str) -> str:
    stem, found, rest = name.rpartition("conv")
    return f"{stem}bn{rest}" if found else f"{name}_bn"
