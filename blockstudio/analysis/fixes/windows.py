"""Fixes that change the window of a convolution or a pool: kernel, stride, padding."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from blockstudio.analysis.fixes.context import FixContext, pair_raw
from blockstudio.analysis.problems import Fix
from blockstudio.analysis.rules import Result, is_known
from blockstudio.blocks import BlockType, RawValue, Refusal, Shape, Value
from blockstudio.graph.diagram import Wire
from blockstudio.graph.edits import Edit
from blockstudio.text import say

Pair = tuple[int, int]
Change = dict[str, "Value"]

MAX_STRIDE = 8


def reach(values: Mapping[str, Value | None]) -> Pair:
    """Pixels that a window spans: ``dilation * (kernel - 1) + 1``."""
    kernel, dilation = _pair(values["kernel_size"]), _pair(values.get("dilation") or (1, 1))
    return dilation[0] * (kernel[0] - 1) + 1, dilation[1] * (kernel[1] - 1) + 1


def _pair(value: Value | None) -> Pair:
    assert isinstance(value, tuple)
    return value[0], value[1]


def padded(pad: Pair) -> tuple[int, int, int, int]:
    """Equal padding on opposite sides."""
    return pad[0], pad[0], pad[1], pad[1]


def change_text(change: Change) -> str:
    """``stride=1, padding=1``."""
    return ", ".join(f"{key}={raw}" for key, raw in change_raw(change).items())


def change_raw(change: Change) -> dict[str, RawValue | None]:
    """A change as parameters of the document."""
    found: dict[str, RawValue | None] = {}
    for key, value in change.items():
        found[key] = pair_raw(_sides(value)) if isinstance(value, tuple) else value
    return found


def _sides(value: tuple[int, ...]) -> Pair:
    return (value[0], value[2]) if len(value) == 4 else (value[0], value[1])


def keep_size(values: Mapping[str, Value | None]) -> Pair | None:
    """The equal padding with which a window of stride 1 keeps the size; ``None`` if there is none."""
    span = reach(values)
    return ((span[0] - 1) // 2, (span[1] - 1) // 2) if span[0] % 2 and span[1] % 2 else None


def resize(kind: BlockType, values: Mapping[str, Value | None], shape: Shape, size: Pair) -> Iterator[Change]:
    """Changes of padding, of stride, and of both that make a window give ``size`` from ``shape``, nearest first."""

    def gives(change: Change) -> bool:
        try:
            return kind.shape({**values, **change}, [shape])[1:] == size
        except Refusal:
            return False

    span = reach(values)
    keep = keep_size(values)
    paddings = [keep] if keep else []
    paddings += [(p, q) for p in range(span[0]) for q in ([p] if span[0] == span[1] else range(span[1]))][:200]
    strides = [(s, s) for s in range(1, MAX_STRIDE + 1)]
    tries: list[list[Change]] = [
        [{"padding": padded(pad)} for pad in paddings],
        [{"stride": stride} for stride in strides],
        [{"stride": stride, "padding": padded(pad)} for stride in strides for pad in paddings],
    ]
    for changes in tries:
        first = next((change for change in changes if gives(change)), None)
        # Both are changed only where neither alone would do.
        if first is not None and all(values[key] != value for key, value in first.items()):
            yield first


def is_window(result: Result, kind: BlockType | None) -> bool:
    """Whether a block has a window whose parameters are known."""
    return (
        kind is not None
        and result.copies is None
        and not result.bypassed
        and {"kernel_size", "stride", "padding"} <= result.values.keys()
        and None not in result.values.values()
        and len(result.inputs) == 1
        and is_known(result.inputs[0])
        and len(result.inputs[0] or ()) == 3
    )


def culprits(site: FixContext, wire: Wire, size: Pair) -> Iterator[tuple[str, str, list[Edit]]]:
    """Blocks on the way to ``wire`` whose window could give ``size``: what to set, on which, and the edits."""
    for name in site.upstream(wire):
        item, result = site.sheet.plan.items[name], site.result(name)
        if result.copies is not None or result.sub is not None or not result.inputs or not is_known(result.inputs[0]):
            return
        shape = result.inputs[0]
        if is_window(result, item.kind) and item.kind is not None:
            for change in resize(item.kind, result.values, shape, size):  # type: ignore[arg-type]
                if not change.keys() & item.uses.keys():
                    yield change_text(change), name, site.set(name, change_raw(change))
        output = result.outputs[0] if result.outputs else None
        if output is None or shape is None or output[1:] != shape[1:]:
            return


def kernel_fixes(site: FixContext) -> Iterator[Fix]:
    """The window is larger than the padded map."""
    item, result = site.item, site.result(site.name)
    copy = result
    if item.kind is None or not {"kernel_size", "padding"} <= copy.values.keys() or None in copy.values.values():
        return
    values, shape = copy.values, site.problem.inputs[0]
    assert shape is not None
    height, width = shape[1] or 1, shape[2] or 1
    padding = values["padding"]
    pads = padding if isinstance(padding, tuple) else (0, 0, 0, 0)
    room = (height + pads[0] + pads[1], width + pads[2] + pads[3])
    span = reach(values)
    kernel, dilation = _pair(values["kernel_size"]), _pair(values.get("dilation") or (1, 1))
    if dilation != (1, 1) and "dilation" not in item.uses:
        fit = tuple(
            max(1, min(d, (r - 1) // (k - 1))) if k > 1 else d for d, r, k in zip(dilation, room, kernel, strict=True)
        )
        yield Fix(
            say("Set dilation={fit}", fit=pair_raw(_sides(fit))),
            tuple(site.set(site.name, change_raw({"dilation": fit}))),
        )
    if "kernel_size" not in item.uses:
        fit = tuple(max(1, min(k, (r - 1) // d + 1)) for k, r, d in zip(kernel, room, dilation, strict=True))
        label = say("Shrink the window to {fit}×{fit_2}", fit=fit[0], fit_2=fit[1])
        yield Fix(label, tuple(site.set(site.name, change_raw({"kernel_size": fit}))))
    if "padding" not in item.uses:
        need = (max(0, -(-(span[0] - height) // 2)), max(0, -(-(span[1] - width) // 2)))
        label = say("Set padding={need}", need=pair_raw(need))
        yield Fix(label, tuple(site.set(site.name, change_raw({"padding": padded(need)}))))
    yield from remove_fixes(site)


def remove_fixes(site: FixContext) -> Iterator[Fix]:
    """Take the block out and join its neighbours, or switch it off."""
    edits = site.heal(site.name)
    if edits is not None:
        yield Fix(say("Remove {name}", name=site.name), tuple(edits))
    if site.block.bypass is False:
        yield Fix(say("Switch {name} off", name=site.name), tuple(site.change(site.name, bypass=True)))


def padding_fixes(site: FixContext) -> Iterator[Fix]:
    """A pool's padding beyond half its window, or a last window in the padding alone."""
    item, values = site.item, site.result(site.name).values
    if "padding" not in item.uses and values.get("kernel_size") is not None:
        kernel = _pair(values["kernel_size"])
        half = (kernel[0] // 2, kernel[1] // 2)
        padding = values["padding"]
        if isinstance(padding, tuple):
            fit = (
                min(padding[0], half[0]), min(padding[1], half[0]), min(padding[2], half[1]), min(padding[3], half[1]),
            )  # fmt: skip
            if fit != padding and (fit[0], fit[2]) == (fit[1], fit[3]):
                label = say("Set padding={fit}", fit=pair_raw(_sides(fit)))
                yield Fix(label, tuple(site.set(site.name, change_raw({"padding": fit}))))
            elif fit != padding:
                yield Fix(say("Set padding={fit}", fit=list(fit)), tuple(site.set(site.name, {"padding": list(fit)})))
            even = (min(fit[0], fit[1]), min(fit[2], fit[3]))
            label = say("Set padding={even}", even=pair_raw(even))
            yield Fix(label, tuple(site.set(site.name, {"padding": pair_raw(even)})))
        yield Fix(
            say("Set padding={half}", half=pair_raw(half)), tuple(site.set(site.name, {"padding": pair_raw(half)}))
        )
    if values.get("ceil_mode") is True and "ceil_mode" not in item.uses:
        yield Fix(say("Switch ceil_mode off"), tuple(site.set(site.name, {"ceil_mode": None})))


def same_stride_fixes(site: FixContext) -> Iterator[Fix]:
    """Padding 'same' with a stride."""
    item, values = site.item, site.result(site.name).values
    if "padding" not in item.uses:
        yield Fix(say("Set padding='same_tf'"), tuple(site.set(site.name, {"padding": "same_tf"})))
        keep = keep_size(values)
        if keep is not None:
            yield Fix(
                say("Set padding={keep}", keep=pair_raw(keep)), tuple(site.set(site.name, {"padding": pair_raw(keep)}))
            )
    if "stride" not in item.uses:
        yield Fix(say("Set stride=1"), tuple(site.set(site.name, {"stride": 1})))


def groups_fixes(site: FixContext) -> Iterator[Fix]:
    """Groups that do not divide the channels: the nearest that do, or channels that they divide."""
    item, values = site.item, site.result(site.name).values
    shape = site.problem.inputs[0] if site.problem.inputs else None
    channels, out, groups = shape[0] if shape else None, values.get("out_channels"), values.get("groups")
    if not isinstance(channels, int) or not isinstance(out, int) or not isinstance(groups, int):
        return
    if "groups" not in item.uses:
        legal = [g for g in range(1, min(channels, out) + 1) if channels % g == 0 and out % g == 0]
        nearest = min(legal, key=lambda g: (abs(g - groups), g))
        yield Fix(say("Set groups={nearest}", nearest=nearest), tuple(site.set(site.name, {"groups": nearest})))
    if channels % groups == 0 and "out_channels" not in item.uses:
        fit = max(1, round(out / groups)) * groups
        yield Fix(say("Set out_channels={fit}", fit=fit), tuple(site.set(site.name, {"out_channels": fit})))
