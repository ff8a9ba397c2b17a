"""Where a map shrinks, and how it becomes scores."""

from __future__ import annotations

from collections.abc import Iterator

from blockstudio.analysis.refactorings.context import Proposal, RefactorContext, literal_pair, pair_raw
from blockstudio.analysis.refactorings.kernels import Conv
from blockstudio.blocks import CATALOGUE, OUTPUT, RawValue, Refusal, Resolved
from blockstudio.errors import StudioError
from blockstudio.graph.edits import Edit
from blockstudio.graph.operations.inserting import New
from blockstudio.text import say

ASIDE = 184.0
"""Pixels by which the second branch of a reduction stands beside the first."""


def dense_head(site: RefactorContext, name: str) -> list[str]:
    """The head that a block belongs to, if it is dense: from what flattens the map to the layer that gives the
    scores; empty for any other block, and where a single layer sees single pixels."""
    last = _scores(site, name)
    if last is None:
        return []
    head = [last]
    while (source := site.source(head[0])) is not None:
        before = source[0]
        if len(site.readers(before)) != 1 or not _is_dense_part(site, before):
            break
        head.insert(0, before)
        if site.map_in(before) is not None:
            break
    here = site.map_in(head[0])
    kind = site.kind(head[0])
    if here is None or name not in head or kind is None or kind.dense:
        return []
    dense = [each for each in head if (found := site.kind(each)) is not None and found.dense]
    return head if here[1] * here[2] > 1 or len(dense) > 1 else []


def global_pooling(site: RefactorContext, name: str) -> Iterator[Proposal]:
    """Global average pooling in the place of dense layers: each map gives one number, and one layer the scores."""
    head = dense_head(site, name)
    if not head:
        return
    flatten, last = head[0], head[-1]
    source = site.definition.wires_into(flatten)[0]
    gone = [each for each in head[1:-1]]
    if gone and (kind := site.kind(gone[-1])) is not None and kind.transparent:
        gone.pop()  # what drops values before the scores still does
    kept = head[len(gone) + 1 :]
    site.start_over()
    pool = site.names.free("pool" if "pool" not in site.definition else "gap")
    new = New("GlobalAvgPool", pool, at=site.near(flatten, -1))
    edits: list[Edit] = [site.cut(source), *site.without(gone), site.put(new, site.place(flatten), pool)]
    edits += [site.connect((source.source, source.source_port), pool), site.connect((pool, "out"), flatten)]
    if gone:
        edits.append(site.connect((flatten, "out"), kept[0]))
    title = say("global average pooling")
    note = say("one number a map, then the scores: hardly anything to overfit")
    label = say("Convert the dense head to {title}", title=title)
    yield Proposal(label, tuple(edits), "global_pool", title, note, site.scope, tuple(gone), (pool,), (last,))


def _scores(site: RefactorContext, name: str) -> str | None:
    """The dense layer that gives the scores, following ``name`` through dense parts."""
    found: str | None = None
    here: str | None = name
    while here is not None:
        block, kind = site.block(here), site.kind(here)
        if block.type == OUTPUT:
            return found
        if kind is not None and kind.dense and site.is_single(here):
            found = here
        elif not _is_dense_part(site, here) and not (kind is not None and kind.gives_probabilities):
            return None
        here = site.next(here)
    return None


def _is_dense_part(site: RefactorContext, name: str) -> bool:
    """Whether a block may stand in a dense head: dense layers, what flattens, activates, normalises or drops."""
    kind = site.kind(name)
    if kind is None or not site.is_single(name) or site.source(name) is None:
        return False
    shape = site.shape_out(name)
    return shape is not None and len(shape) == 1 and (kind.dense or kind.transparent or site.is_follower(name))


def widened_pool(site: RefactorContext, pool: str) -> str | None:
    """The convolution that widens what a pooling layer has just shrunk; ``None`` if the block is no such layer."""
    kind = site.kind(pool)
    if kind is None or kind.family != "pooling" or "stride" not in kind.parameters or not site.is_single(pool):
        return None
    before, after, conv = site.map_in(pool), site.shape_out(pool), site.next(pool)
    if before is None or after is None or conv is None or not _widens(site, conv):
        return None
    if not site.is_single(conv) or site.source(pool) is None:
        return None
    out, report = site.value(conv, "out_channels"), site.report(conv)
    smaller = before[1] >= 2 * after[1] - 1 > after[1] and before[2] >= 2 * after[2] - 1 > after[2]
    fits = report is not None and report.output_shape is not None and report.output_shape[1:] == after[1:]
    return conv if smaller and fits and isinstance(out, int) and out > before[0] else None


def _widens(site: RefactorContext, name: str) -> bool:
    """Whether a block is a convolution, or a module around one whose stride can be set."""
    if site.block(name).type == "Conv2d":
        return True
    conv = Conv(site, name)
    return conv.ok and conv.wrapped is not None and conv.wrapped.parameters.get("stride") == "stride" in conv.settable


def reduction(site: RefactorContext, name: str) -> Iterator[Proposal]:
    """Pooling before widening as two branches side by side: a convolution with the stride, and the pooling layer."""
    kind = site.kind(name)
    source_of = site.source(name)
    pool = name if kind is not None and kind.family == "pooling" else source_of[0] if source_of is not None else name
    conv = widened_pool(site, pool)
    before, out = site.map_in(pool), None if conv is None else site.raw(conv, "out_channels")
    source = site.source(pool)
    if conv is None or before is None or source is None or not isinstance(out, int):
        return
    window = _window(site, pool, conv)
    if window is None:
        return
    ends = [conv, *site.fused(conv)]
    site.start_over()
    concat = site.names.free(f"{pool}_concat")
    edits: list[Edit] = [site.cut(wire) for wire in site.readers(pool)]
    edits += [
        site.connect(source, conv, site.inlet(site.block(conv).type)),
        *site.set(conv, {**window, "out_channels": out - before[0]}),
    ]
    edits += [site.cut(wire) for wire in site.readers(ends[-1])]
    place = site.place(ends[-1]) + 1
    edits.append(site.put(New("Concat", concat, at=site.near(ends[-1], 1)), place, concat))
    outlet = site.outlet(site.block(ends[-1]).type)
    edits += [site.connect((ends[-1], outlet), concat, "0"), site.connect((pool, "out"), concat, "1")]
    edits += [site.connect((concat, "out"), wire.target, wire.target_port) for wire in site.readers(ends[-1])]
    title = say("the parallel reduction of Inception")
    note = say("shrinks and widens at once: nothing has to pass a bottleneck")
    label = say("Convert {pool} and {conv} to {title}", pool=pool, conv=conv, title=title)
    yield Proposal(label, tuple(edits), "reduction", title, note, site.scope, (), (concat,), (conv, pool))


def _window(site: RefactorContext, pool: str, conv: str) -> dict[str, RawValue] | None:
    """A window for the convolution that shrinks the map as the pooling layer does, with its stride: the convolution's
    own, else 3×3, else the pooling layer's; ``None`` where none does."""
    report, here, wanted = site.report(conv), site.map_in(pool), site.shape_out(pool)
    stride = site.raw(pool, "stride")
    if report is None or here is None or wanted is None or None in report.values.values():
        return None
    made = Conv(site, conv)
    if made.wrapped is not None:
        return _wrapped_window(site, pool, made)
    values: Resolved = dict(report.values)
    tries: list[dict[str, RawValue]] = []
    if values["kernel_size"][0] >= 3:
        own = {key: site.raw(conv, key) for key in ("kernel_size", "padding")}
        tries.append({**own, "stride": stride})
    tries += [{"kernel_size": 3, "stride": stride, "padding": padding} for padding in (1, 0)]
    tries.append({"kernel_size": site.raw(pool, "kernel_size"), "stride": stride, "padding": site.raw(pool, "padding")})
    declared = CATALOGUE[site.block(conv).type].parameters
    for window in tries:
        try:
            checked = {key: declared[key].check(raw) for key, raw in window.items()}
            shape = CATALOGUE[site.block(conv).type].shape({**values, **checked}, [here])
        except Refusal:
            continue
        if shape[1:] == wanted[1:]:
            return window
    return None


def _wrapped_window(site: RefactorContext, pool: str, conv: Conv) -> dict[str, RawValue] | None:
    """The same for a module around a convolution: only what can be set there changes."""
    here, wanted, stride = site.map_in(pool), site.shape_out(pool), literal_pair(site.raw(pool, "stride"))
    if here is None or wanted is None or stride is None:
        return None
    kind = CATALOGUE["Conv2d"]
    own: dict[str, RawValue] = {"kernel_size": pair_raw(conv.kernel), "padding": conv.raw("padding")}
    tries = [own] if min(conv.kernel) >= 3 else []
    tries += [{"kernel_size": 3, "padding": 1}, {"kernel_size": 3, "padding": 0}]
    for window in tries:
        wide: dict[str, RawValue] = {**window, "stride": pair_raw(stride)}
        if any(raw != conv.raw(key) and not conv.sets(key, raw) for key, raw in wide.items()):
            continue
        try:
            values = {key: each.check(wide.get(key, each.default)) for key, each in kind.parameters.items()}
            shape = kind.shape(values, [here])
        except (Refusal, StudioError):
            continue
        if shape[1:] == wanted[1:]:
            return {key: raw for key, raw in wide.items() if conv.sets(key, raw)}
    return None
