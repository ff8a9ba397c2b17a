"""Fixes where branches meet: projections, option-A shortcuts, windows upstream, pools."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from blockstudio.analysis.fixes.context import FixContext, pair_raw
from blockstudio.analysis.fixes.windows import culprits
from blockstudio.analysis.problems import Fix
from blockstudio.blocks import RawValue, Shape, shape_text
from blockstudio.graph.diagram import Wire
from blockstudio.graph.edits import Edit
from blockstudio.graph.operations.inserting import New
from blockstudio.text import listed, say

Inputs = list[tuple[Wire, Shape]]


MAX_STRIDE = 4
"""A projection that skips more is not what anybody means."""


class Sizes(NamedTuple):
    """What a shortcut has to be set to: as numbers, or as expressions over a module's parameters."""

    channels: RawValue
    stride: RawValue
    bypass: bool | str = False


def add_fixes(site: FixContext) -> Iterator[Fix]:
    """Inputs of an Add that differ."""
    inputs = _inputs(site)
    if {len(shape) for _, shape in inputs} == {1, 3}:
        yield from _flatten(site, inputs)
        return
    if any(len(shape) == 1 for _, shape in inputs):
        for target in _targets(inputs):
            news = [New("Linear", "projection", {"out_features": target[0]})]
            yield _on_odd_wires(site, inputs, target, lambda _: news, f"Insert Linear, {target[0]}")  # noqa: B023
        return
    same_channels = len({shape[0] for _, shape in inputs}) == 1
    if same_channels:
        yield from _window_fixes(site, inputs)
    for target in _targets(inputs):
        yield from (fix for fix, _ in _projections(site, inputs, target))
    if not same_channels:
        yield from _window_fixes(site, inputs)
        yield from _both(site, inputs)
    yield from remove_wire_fixes(site)


def concat_fixes(site: FixContext) -> Iterator[Fix]:
    """Inputs of a Concat that differ in height and width."""
    inputs = _inputs(site)
    if {len(shape) for _, shape in inputs} == {1, 3}:
        yield from _flatten(site, inputs)
        return
    yield from _window_fixes(site, inputs)
    yield from _pools(site, inputs)
    yield from remove_wire_fixes(site)


def multiply_fixes(site: FixContext) -> Iterator[Fix]:
    """Inputs of a Multiply that do not fit: make the gate C×1×1 with the right C."""
    inputs = _inputs(site)
    if any(len(shape) != 3 for _, shape in inputs):
        yield from remove_wire_fixes(site)
        return
    # The larger map is the signal, the other the gate.
    signal = max((shape for _, shape in inputs), key=lambda shape: shape[1] * shape[2])
    odd = [(wire, shape) for wire, shape in inputs if shape != signal]
    if all(shape[1:] in ((1, 1), signal[1:]) for _, shape in odd):
        edits: list[Edit] = []
        for wire, shape in odd:
            if shape[0] not in (1, signal[0]):
                edits += site.insert(wire, [New("Conv2d", "expand", {"out_channels": signal[0], "kernel_size": 1})])
        if edits:
            yield Fix(say("Insert 1×1 Conv, {signal}", signal=signal[0]), tuple(edits))
    elif all(shape[0] in (1, signal[0]) for _, shape in odd):
        edits = []
        for wire, shape in odd:
            if shape[1:] != signal[1:]:
                edits += site.insert(wire, [New("GlobalAvgPool", "pool")])
        yield Fix(say("Insert GlobalAvgPool on the gate"), tuple(edits))
    yield from _window_fixes(site, inputs)
    for target in _targets(inputs):
        yield from (fix for fix, _ in _projections(site, inputs, target))
    yield from remove_wire_fixes(site)


def _inputs(site: FixContext) -> Inputs:
    found: Inputs = []
    for wire in site.wires_into():
        shape = site.shape_of(wire)
        if shape is not None:
            found.append((wire, shape))
    return found


def _targets(inputs: Inputs) -> list[Shape]:
    """Shapes to bring the others to, best first: that most have, smallest map, most channels."""
    shapes = [shape for _, shape in inputs]
    return sorted(
        dict.fromkeys(shapes),
        key=lambda s: (s[1] * s[2] if len(s) == 3 else 0, -shapes.count(s), -s[0]),
    )[:3]


def _on_odd_wires(
    site: FixContext, inputs: Inputs, target: Shape, news: Callable[[Shape], list[New]], label: str
) -> Fix:
    edits: list[Edit] = []
    for wire, shape in inputs:
        if shape != target:
            edits += site.insert(wire, news(shape))
    return Fix(label, tuple(edits))


def _stride(shape: Shape, target: Shape) -> tuple[int, int] | None:
    """The stride with which every so many-th pixel of ``shape`` makes the size of ``target``."""
    found = []
    for size, wanted in zip(shape[1:], target[1:], strict=True):
        fitting = [s for s in {-(-size // wanted), size // wanted, 1} if s and (size - 1) // s + 1 == wanted]
        if not fitting or min(fitting) > MAX_STRIDE:
            return None
        found.append(min(fitting))
    return found[0], found[1]


def _projections(site: FixContext, inputs: Inputs, target: Shape) -> Iterator[tuple[Fix, str]]:
    """Shortcuts B and A to ``target``; of a projection what it gives, as on a card."""
    odd = [(wire, shape) for wire, shape in inputs if shape != target]
    strides = [_stride(shape, target) for _, shape in odd]
    if any(stride is None for stride in strides):
        return
    options: list[list[Sizes]] = [[Sizes(target[0], pair_raw(stride)) for stride in strides if stride]]
    if site.in_module:
        named = [
            _in_names(site, inputs, target, wire, stride)
            for (wire, _), stride in zip(odd, strides, strict=True)
            if stride
        ]
        if all(named):
            options.insert(0, [sizes for sizes in named if sizes])
    for sizes_list in options:
        label = _label(sizes_list[0])
        edits: list[Edit] = []
        for (wire, _), sizes in zip(odd, sizes_list, strict=True):
            conv: dict[str, RawValue] = {"out_channels": sizes.channels, "kernel_size": 1}
            if sizes.stride != 1:
                conv["stride"] = sizes.stride
            conv["bias"] = False
            edits += site.insert(
                wire,
                [
                    New("Conv2d", "projection", conv, sizes.bypass),
                    New("BatchNorm2d", "projection_bn", {}, sizes.bypass),
                ],
            )
        yield Fix(say("Insert 1×1 projection, {label}", label=label), tuple(edits)), label
    if any(shape[0] > target[0] for _, shape in odd):
        return
    for sizes_list in options:
        edits = []
        for (wire, _), sizes in zip(odd, sizes_list, strict=True):
            pad: dict[str, RawValue] = {"out_channels": sizes.channels, "stride": sizes.stride}
            edits += site.insert(wire, [New("ShortcutA", "shortcut", pad, sizes.bypass)])
        yield Fix(say("Subsample and zero-pad (option A)"), tuple(edits)), ""


def _both(site: FixContext, inputs: Inputs) -> Iterator[Fix]:
    """Windows upstream for the sizes, and a projection for the channels."""
    sizes = [(shape[1], shape[2]) for _, shape in inputs]
    for size in sorted(dict.fromkeys(sizes), key=lambda s: (-sizes.count(s), -s[0] * s[1])):
        changes: list[tuple[str, str]] = []
        edits: list[Edit] = []
        for wire, shape in inputs:
            if shape[1:] == size:
                continue
            found = next(culprits(site, wire, size), None)
            if found is None:
                break
            changes.append(found[:2])
            edits += found[2]
        else:
            evened: Inputs = [(wire, (shape[0], *size)) for wire, shape in inputs]
            for target in _targets(evened)[:1] if changes else ():
                for fix, label in list(_projections(site, evened, target))[:1]:
                    if label:
                        text = say(
                            "Set {changes} and insert 1×1 projection, {label}", changes=_on(changes), label=label
                        )
                    else:
                        text = say("Set {changes}, then subsample and zero-pad (option A)", changes=_on(changes))
                    yield Fix(text, (*edits, *fix.edits))


def _on(changes: list[tuple[str, str]]) -> str:
    """``stride=2 on conv1 and padding=1 on conv2``."""
    return listed([say("{change} on {name}", change=change, name=name) for change, name in changes])


def _label(sizes: Sizes) -> str:
    stride = sizes.stride
    step = "×".join(map(str, stride)) if isinstance(stride, list) else stride
    return f"{sizes.channels}" if stride == 1 else f"{sizes.channels}, /{step}"


def _in_names(site: FixContext, inputs: Inputs, target: Shape, wire: Wire, stride: tuple[int, int]) -> Sizes | None:
    """The projection in terms of the module's parameters, so that it fits all instances."""
    main = next(wire for wire, shape in inputs if shape == target)
    channels: RawValue | None = None
    for name in site.upstream(main):
        raw = site.definition.block(name).parameters.get("out_channels")
        if raw is not None:
            channels = raw
            break
        result = site.result(name)
        if not result.inputs or not result.outputs or (result.inputs[0] or (0,))[0] != (result.outputs[0] or (1,))[0]:
            break
    if channels is None:
        return None
    known = site.sheet.values
    names = sorted(
        (name for name, value in known.items() if value == stride[0] and name in site.definition.parameters),
        key=lambda name: "stride" not in name,
    )
    step: RawValue = pair_raw(stride)
    if stride[0] == stride[1] and names and ("stride" in names[0] or stride[0] > 1):
        step = names[0]
    if not isinstance(channels, str) and not isinstance(step, str):
        return None
    bypass: bool | str = False
    origin = list(site.upstream(wire))[-1]
    inputs_here = site.sheet.plan.inputs
    if inputs_here and origin == inputs_here[0]:
        bypass = f"in_channels == {channels}" + (f" and {step} == 1" if isinstance(step, str) else "")
    return Sizes(channels, step, bypass)


def _window_fixes(site: FixContext, inputs: Inputs) -> Iterator[Fix]:
    """Set stride or padding on the blocks upstream that brought the sizes apart."""
    sizes = [shape[1:] for _, shape in inputs if len(shape) == 3]
    for size in sorted(dict.fromkeys(sizes), key=lambda s: -sizes.count(s)):
        odd = [(wire, shape) for wire, shape in inputs if shape[1:] != size]
        if not odd:
            continue
        found = [list(culprits(site, wire, (size[0], size[1]))) for wire, _ in odd]
        if len(odd) == 1:
            for change, name, edits in found[0][:3]:
                yield Fix(say("Set {change} on {name}", change=change, name=name), tuple(edits))
        elif all(found):
            text = say("Set {changes}", changes=_on([options[0][:2] for options in found]))
            yield Fix(text, tuple(edit for options in found for edit in options[0][2]))


def _pools(site: FixContext, inputs: Inputs) -> Iterator[Fix]:
    """Pool the larger maps to the size of the smallest."""
    sizes = [(shape[1], shape[2]) for _, shape in inputs]
    size = min(sizes, key=lambda s: s[0] * s[1])
    odd = [(wire, shape) for wire, shape in inputs if shape[1:] != size]
    pool = _pool(odd[0][1], size) if len({shape[1:] for _, shape in odd}) == 1 else None
    if pool is not None:
        kernel, stride, padding = pool
        parameters: dict[str, RawValue] = {"kernel_size": kernel, "stride": stride}
        if padding:
            parameters["padding"] = padding
        edits = [edit for wire, _ in odd for edit in site.insert(wire, [New("MaxPool2d", "pool", parameters)])]
        yield Fix(say("Insert MaxPool2d, {kernel}×{kernel}, /{stride}", kernel=kernel, stride=stride), tuple(edits))
    adaptive: dict[str, RawValue] = {"output_size": pair_raw(size)}
    edits = [edit for wire, _ in odd for edit in site.insert(wire, [New("AdaptiveAvgPool2d", "pool", adaptive)])]
    yield Fix(say("Insert AdaptiveAvgPool2d, {size}", size=shape_text(size)), tuple(edits))


def _pool(shape: Shape, size: tuple[int, int]) -> tuple[int, int, int] | None:
    """Kernel, stride and padding of a pool from ``shape`` to ``size``."""
    for stride in range(2, 9):
        for kernel, padding in ((3, 1), (3, 0), (stride, 0), (stride + 1, (stride + 1) // 2)):
            if padding <= kernel // 2 and all(
                (before + 2 * padding - kernel) // stride + 1 == after
                for before, after in zip(shape[1:], size, strict=True)
            ):
                return kernel, stride, padding
    return None


def _flatten(site: FixContext, inputs: Inputs) -> Iterator[Fix]:
    """Maps among vectors."""
    maps = [(wire, shape) for wire, shape in inputs if len(shape) == 3]
    for label, news in (
        (say("Insert GlobalAvgPool and Flatten"), [New("GlobalAvgPool", "pool"), New("Flatten", "flatten")]),
        (say("Insert Flatten"), [New("Flatten", "flatten")]),
    ):
        yield Fix(label, tuple(edit for wire, _ in maps for edit in site.insert(wire, news)))


def remove_wire_fixes(site: FixContext) -> Iterator[Fix]:
    """Take the odd input away, and with it a merge that has only one left."""
    wires = site.wires_into()
    odd = site.problem.wire
    if odd is None or len(wires) < 2:
        return
    if len(wires) > 2:
        yield Fix(say("Remove the wire from {source}", source=odd.source), (site.disconnect(odd),))
        return
    for keep in wires:
        edits = site.heal(site.name, keep)
        if edits is not None:
            yield Fix(say("Remove {name}, keep {source}", name=site.name, source=keep.source), tuple(edits))


def single_fixes(site: FixContext) -> Iterator[Fix]:
    """A merge with one input."""
    edits = site.heal(site.name)
    if edits is not None:
        yield Fix(say("Remove {name}", name=site.name), tuple(edits))
