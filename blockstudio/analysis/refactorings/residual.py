"""Shortcuts, and what stands between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from blockstudio.analysis.refactorings.context import (
    Port,
    Proposal,
    RefactorContext,
    is_end,
    literal_pair,
    pair_raw,
    part_raw,
)
from blockstudio.blocks import RawValue, Shape
from blockstudio.graph.diagram import Wire
from blockstudio.graph.edits import Edit, RenameBlock
from blockstudio.graph.operations.inserting import New
from blockstudio.text import say

EXPANSION = 4
"""A bottleneck is so much narrower than what it gives, as in "Deep Residual Learning"."""
ASIDE = 184.0
"""Pixels by which a projection stands beside what it goes past."""
SHORT = 5
"""Blocks on a shortcut at most, with the one that it comes from."""


def shortcut(site: RefactorContext, names: Sequence[str]) -> Iterator[Proposal]:
    """x + f(x): what goes into these blocks is added to what comes out of them, with a 1×1 where the shapes differ."""
    ends = _ends(site, names)
    if ends is None:
        return
    (source, port), (last, out), readers = ends
    before, after = _shape(site, (source, port)), _shape(site, (last, out))
    if before is None or after is None or len(before) != len(after):
        return
    if any(site.block(wire.target).type == "Add" and _is_short(site, wire.target, source, last) for wire in readers):
        return
    site.start_over()
    place, stem = site.place(last) + 1, last if len(names) > 1 else names[0]
    add = site.names.free(f"{stem}_add")
    edits: list[Edit] = [site.cut(wire) for wire in readers]
    added: list[str] = []
    way: Port = (source, port)
    note = say("keeps the way for the gradient open")
    if before != after:
        projection = _projection(site, names, before, after)
        if projection is None:
            return
        name = site.names.free(f"{stem}_shortcut")
        new = New("Conv2d", name, projection, at=site.near(last, 0, ASIDE))
        edits += [site.put(new, place, name), site.connect(way, name)]
        way, place = (name, "out"), place + 1
        added.append(name)
        note = say("with a 1×1 on the shortcut, because the shapes differ")
    edits.append(site.put(New("Add", add, at=site.near(last, 1)), place, add))
    edits += [site.connect((last, out), add, "0"), site.connect(way, add, "1")]
    edits += [site.connect((add, "out"), wire.target, wire.target_port) for wire in readers]
    added.append(add)
    what = names[0] if len(names) == 1 else "f"
    title = say("make residual: x + {what}(x)", what=what)
    label = say("Make {what} residual", what=what if len(names) == 1 else say("{count} blocks", count=len(names)))
    yield Proposal(label, tuple(edits), "residual", title, note, site.scope, (), tuple(added), tuple(names))


def _ends(site: RefactorContext, names: Sequence[str]) -> tuple[Port, Port, list[Wire]] | None:
    """The one output outside that feeds blocks, the one that leaves them, who reads it; ``None`` if there are more."""
    inside = set(names)
    if not inside or any(is_end(site.block(name).type) for name in inside):
        return None
    into = {
        (wire.source, wire.source_port)
        for name in names
        for wire in site.definition.wires_into(name)
        if wire.source not in inside
    }
    out = [wire for name in names for wire in site.readers(name) if wire.target not in inside]
    lasts = {(wire.source, wire.source_port) for wire in out}
    if len(into) != 1 or len(lasts) != 1:
        return None
    weighted = any(_has_weights(site, name) for name in names)
    return (next(iter(into)), next(iter(lasts)), out) if weighted else None


def _has_weights(site: RefactorContext, name: str) -> bool:
    kind = site.kind(name)
    return kind is None or kind.weighted


def _shape(site: RefactorContext, port: Port) -> Shape | None:
    return site.level.shapes.get(port)


def _is_short(site: RefactorContext, add: str, source: str, way: str) -> bool:
    """Whether a sum takes what comes from ``source`` on another wire than that from ``way``: as it is, or through a
    projection with what normalises it."""
    for wire in site.definition.wires_into(add):
        here: str | None = wire.source
        for _ in range(SHORT):
            if here is None or wire.source == way:
                break
            if here == source:
                return True
            before = site.source(here)
            here = None if before is None else before[0]
    return False


def _projection(site: RefactorContext, names: Sequence[str], before: Shape, after: Shape) -> dict[str, RawValue] | None:
    """The 1×1 convolution that gives the one shape from the other; ``None`` if there is none."""
    if len(before) != 3 or after[1] < 1 or after[2] < 1:
        return None
    strides = [-(-before[axis] // after[axis]) for axis in (1, 2)]
    if any((before[axis] - 1) // stride + 1 != after[axis] for axis, stride in zip((1, 2), strides, strict=True)):
        return None
    widths = [site.raw(name, "out_channels") for name in names if site.block(name).type == "Conv2d"]
    # Written as the last convolution writes it, where that decides: in a module it may be an expression.
    here = [site.value(name, "out_channels") for name in names if site.block(name).type == "Conv2d"]
    width: RawValue = widths[-1] if widths and here[-1] == after[0] else after[0]
    found: dict[str, RawValue] = {"out_channels": width, "kernel_size": 1, "bias": False}
    if strides != [1, 1]:
        found["stride"] = pair_raw((strides[0], strides[1]))
    return found


def basic_pair(site: RefactorContext, name: str) -> tuple[str, str] | None:
    """The two 3×3 of the residual block that a convolution, or the sum at its end, belongs to."""
    for add in _sums(site, name):
        for wire in site.definition.wires_into(add):
            pair = _pair_before(site, wire.source)
            if pair is None or name not in (*pair, add):
                continue
            if (source := _beginning(site, pair[0])) is not None and _is_short(site, add, source, wire.source):
                return pair
    return None


def _beginning(site: RefactorContext, name: str) -> str | None:
    """What feeds a chain, before the normalisation and activation at its head."""
    source = site.source(name)
    while source is not None and site.is_follower(source[0]) and len(site.readers(source[0])) == 1:
        source = site.source(source[0])
    return None if source is None else source[0]


def _sums(site: RefactorContext, name: str) -> list[str]:
    if site.block(name).type == "Add":
        return [name]
    found: list[str] = []
    here: str | None = name
    for _ in range(8):
        here = None if here is None else site.next(here)
        if here is not None and site.block(here).type == "Add":
            found.append(here)
            break
    return found


def _pair_before(site: RefactorContext, name: str) -> tuple[str, str] | None:
    """The two 3×3 convolutions of a chain that ends at a block and holds nothing else that weighs."""
    convs: list[str] = []
    here: str | None = name
    while here is not None and len(convs) < 3:
        block = site.block(here)
        if block.type == "Conv2d" and site.is_single(here):
            convs.insert(0, here)
        elif not site.is_follower(here) or (len(site.readers(here)) != 1):
            break
        source = site.source(here)
        if source is None or len(site.readers(source[0])) != 1:
            break
        here = source[0]
    plain = [conv for conv in convs if _is_three(site, conv)]
    return (convs[0], convs[1]) if len(convs) == len(plain) == 2 else None


def _is_three(site: RefactorContext, name: str) -> bool:
    three = literal_pair(site.raw(name, "kernel_size")) == (3, 3) and literal_pair(site.raw(name, "dilation")) == (1, 1)
    return three and site.raw(name, "padding") in (1, "same", [1, 1]) and site.raw(name, "groups") == 1


def narrowed(site: RefactorContext, name: str) -> Iterator[Proposal]:
    """Two 3×3 of a residual block as 1×1, 3×3, 1×1, a quarter as wide inside."""
    pair = basic_pair(site, name)
    if pair is None:
        return
    first, last = pair
    narrow = part_raw(site.raw(last, "out_channels"), EXPANSION)
    between = site.fused(first)
    if site.next(between[-1] if between else first) != last:
        return
    site.start_over()
    window = {key: raw for key, raw in site.block(first).parameters.items() if key in ("stride", "padding", "bias")}
    edits: list[Edit] = []
    renamed = _shifted(site, last)
    edits += [RenameBlock(scope=site.scope, name=old, to=new) for old, new in renamed.items()]
    last_now = renamed.get(last, last)
    reader = between[-1] if between else first
    end = Wire(reader, "out", last_now, site.readers(reader)[0].target_port)
    edits.append(site.cut(end))
    edits += site.set(first, {"out_channels": narrow, "kernel_size": 1, "padding": None, "stride": None})
    edits += site.set(last_now, {"kernel_size": 1, "padding": None})
    added: list[str] = []
    source: Port = (reader, "out")
    place = site.place(last)
    for count, each in enumerate([first, *between]):
        old = site.block(each)
        wanted = _middle(each, last, renamed) if each == first else _numbered(each, last, renamed)
        given = site.names.free(wanted) if wanted not in renamed else wanted
        parameters: dict[str, RawValue] = dict(old.parameters)
        if each == first:
            parameters = {"out_channels": narrow, "kernel_size": 3, **window}
        new = New(old.type, given, parameters, old.bypass, site.near(reader, count + 1))
        edits += [site.put(new, place + count, given), site.connect(source, given)]
        source = (given, "out")
        added.append(given)
    edits.append(site.connect(source, last_now, end.target_port))
    title = say("bottleneck")
    note = say("1×1, 3×3, 1×1: a quarter as wide inside, a layer deeper")
    label = say("Convert {first} and {last} to a bottleneck", first=first, last=last)
    yield Proposal(label, tuple(edits), "narrow", title, note, site.scope, (), tuple(added), (first, last))


def _shifted(site: RefactorContext, last: str) -> dict[str, str]:
    """``conv2`` becomes ``conv3``, and ``bn2`` ``bn3``, where those names are free: the new layer comes before."""
    found: dict[str, str] = {}
    for name in [last, *site.fused(last)]:
        stem, digit = name[:-1], name[-1]
        if digit.isdigit() and digit != "9" and not stem[-1:].isdigit() and "." not in name:
            to = f"{stem}{int(digit) + 1}"
            if site.names.is_free(to) and not (found and name == last):
                found[name] = to
    return found if last in found else {}


def _middle(first: str, last: str, renamed: dict[str, str]) -> str:
    return last if last in renamed else f"{first}_3x3"


def _numbered(name: str, last: str, renamed: dict[str, str]) -> str:
    """What the copy of ``bn1`` is called: ``bn2``, if the block that was called so has moved on."""
    if last in renamed and name[-1:].isdigit():
        return f"{name[:-1]}{last[-1]}"
    return f"{name}_3x3"
