"""Convolutions that become several smaller ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import msgspec

from blockstudio.analysis.refactorings.context import (
    Proposal,
    RefactorContext,
    literal_padding,
    literal_pair,
    pair_raw,
    part_raw,
)
from blockstudio.blocks import CATALOGUE, INPUT, OUTPUT, PORTS, RawValue
from blockstudio.blocks.windows import size_text
from blockstudio.graph.diagram import MAIN, Block, Diagram
from blockstudio.graph.edits import Edit, SetDeclarations
from blockstudio.graph.operations.inserting import New
from blockstudio.graph.operations.substitution import names_used
from blockstudio.text import say, say_many

LARGEST = 11
"""Larger kernels are something else: not stacked."""
REDUCTION = 4
"""A bottleneck has this part of the channels that come in, as in the residual blocks of "Deep Residual Learning"."""
COUNTS = {2: say("two"), 3: say("three"), 4: say("four"), 5: say("five")}
FEW = 16
"""Fewer channels are those of an image, or of next to nothing."""
ASYMMETRIC = (12, 20)
"""Widths of maps for which "Rethinking the Inception Architecture" (section 3.2) found 1×n and n×1 to work well."""


class Conv:
    """A convolution whose window is written in numbers, or an instance of a module that wraps one; ``ok`` is False for
    any other block."""

    def __init__(self, site: RefactorContext, name: str) -> None:
        self.site, self.name = site, name
        block = self.block = site.block(name)
        self.wrapped = wrapped_convolution(site.diagram, block.type)
        self.settable = site.diagram.declared(block.type)
        self.ok = (block.type == "Conv2d" or self.wrapped is not None) and block.repeat is None
        self.ok = self.ok and block.bypass is not True
        if not self.ok:
            return
        kernel, stride = literal_pair(self.raw("kernel_size")), literal_pair(self.raw("stride"))
        padding = literal_padding(self.raw("padding"))
        plain = literal_pair(self.raw("dilation")) == (1, 1)
        self.ok = kernel is not None and stride is not None and padding is not None and plain
        self.kernel, self.stride = kernel or (1, 1), stride or (1, 1)
        self.padding: tuple[int, int] | str = padding or (0, 0)
        self.out: RawValue = self.raw("out_channels")
        changing = ("out_channels", "kernel_size", "stride", "padding")
        self.rest: dict[str, RawValue] = {k: raw for k, raw in block.parameters.items() if k not in changing}

    def two_sided(self, parts: list[New]) -> list[Edit] | None:
        """Edits after which the module that wraps it takes two numbers where ``parts`` give them and it takes one;
        ``None`` where more of it depends on that number."""
        if self.wrapped is None:
            return []
        keys = {key for part in parts for key, raw in part.parameters.items()
                if isinstance(raw, list) and self.settable[key].kind == "int"}  # fmt: skip
        if not keys:
            return []
        scope, diagram = self.block.type, self.site.diagram
        for _, block in diagram.definition(scope).blocks():
            own = {key for key in keys if block.type == self.wrapped.type and block.parameters.get(key) == key}
            other = {key: raw for key, raw in block.parameters.items() if key not in own}
            if keys & names_used(diagram, msgspec.structs.replace(block, parameters=other)).keys():
                return None
        declared = {key: msgspec.structs.replace(parameter, kind="pair") if key in keys else parameter
                    for key, parameter in self.settable.items()}  # fmt: skip
        return [SetDeclarations(scope=scope, parameters=declared)]

    @property
    def splits(self) -> bool:
        """Whether it can become 1×n and n×1: a module that wraps a convolution may take one number, and need it."""
        parts = self.parts([(1, self.side), (self.side, 1)], [(1, self.stride[1]), (self.stride[0], 1)])
        return self.two_sided(parts) is not None

    @property
    def group_count(self) -> int:
        """Its groups, 1 where they are not written as a number."""
        groups = self.raw("groups")
        return groups if isinstance(groups, int) else 1

    @property
    def is_grouped_by_channel(self) -> bool:
        """Whether each channel is convolved on its own."""
        here = self.site.map_in(self.name)
        return here is not None and self.group_count == here[0] > 1

    @property
    def between_count(self) -> int:
        """The channels between two parts of it, here."""
        here, out = self.site.map_in(self.name), self.site.value(self.name, "out_channels")
        if here is None or not isinstance(out, int):
            return here[0] if here is not None else 1
        return here[0] if FEW <= here[0] < out else out

    def raw(self, key: str) -> RawValue:
        """A parameter of the convolution as it is written where the block stands."""
        if self.wrapped is None:
            return self.site.raw(self.name, key)
        inner = self.wrapped.parameters.get(key, CATALOGUE[self.wrapped.type].parameters[key].default)
        return self.site.raw(self.name, key) if inner == key and key in self.settable else inner

    def sets(self, key: str, raw: RawValue) -> bool:
        """Whether a number of the convolution can be set so where the block stands."""
        if self.wrapped is None:
            return True
        if self.wrapped.parameters.get(key) != key or key not in self.settable:
            return False
        return not isinstance(raw, list) or self.settable[key].kind in ("pair", "padding")

    def window(self, out: RawValue, kernel: tuple[int, int], stride: tuple[int, int], padding: RawValue) -> New:
        """A block like this one with other numbers, its name still to come."""
        wanted: dict[str, RawValue] = {"out_channels": out, "kernel_size": pair_raw(kernel),
                                       "stride": pair_raw(stride), "padding": padding}  # fmt: skip
        needed = ("out_channels", "kernel_size")
        given = {key: raw for key, raw in wanted.items()
                 if key in self.settable and (key in needed or raw != self.settable[key].default)}  # fmt: skip
        return New(self.block.type, "", {**given, **self.rest})

    @property
    def bias(self) -> dict[str, RawValue]:
        """The bias of a plain convolution beside this one."""
        bias = self.raw("bias")
        return {} if bias is True else {"bias": bias if self.wrapped is None else False}

    @property
    def is_grouped(self) -> bool:
        return self.raw("groups") != 1

    @property
    def side(self) -> int:
        """The kernel's side; 0 if it is not square."""
        return self.kernel[0] if self.kernel[0] == self.kernel[1] else 0

    def parts(self, kernels: list[tuple[int, int]], strides: list[tuple[int, int]]) -> list[New]:
        """A stack in its place that pads as much as it does."""
        widths = [self._between()] * (len(kernels) - 1) + [self.out]
        return [self.window(*part) for part in zip(widths, kernels, strides, self._shares(kernels), strict=True)]

    def _between(self) -> RawValue:
        """The channels between two of its parts: those that come in, if these are fewer than those that come out, but
        hardly those of an image."""
        here, out = self.site.map_in(self.name), self.site.value(self.name, "out_channels")
        if here is None or not isinstance(out, int) or not FEW <= here[0] < out:
            return self.out
        if self.site.scope == MAIN:
            return here[0]
        # What comes into a module differs from instance to instance: as the block before writes it.
        before = self.site.source(self.name)
        return self.out if before is None else self.site.channels_raw(before[0], here[0]) or self.out

    def _shares(self, kernels: list[tuple[int, int]]) -> list[RawValue]:
        """The padding of each part: together they pad as much as the whole did, each by its part of the kernel."""
        if isinstance(self.padding, str):
            return [self.padding for _ in kernels]
        shares: list[list[int]] = [[], []]
        for axis in (0, 1):
            growing = [index for index, kernel in enumerate(kernels) if kernel[axis] > 1]
            base, more = divmod(self.padding[axis], len(growing)) if growing else (0, 0)
            given = {index: base + (order < more) for order, index in enumerate(growing)}
            shares[axis] = [given.get(index, 0) for index in range(len(kernels))]
        return [pair_raw((rows, columns)) for rows, columns in zip(*shares, strict=True)]


def stacked(site: RefactorContext, name: str, relu: bool) -> Iterator[Proposal]:
    """5×5 as two 3×3, 7×7 as three; 3×3 as two 2×2. The stride goes to the last, so that as much is seen."""
    conv = Conv(site, name)
    if not conv.ok or not conv.side or (conv.padding == "same_tf" and conv.stride != (1, 1)):
        return
    part = 3 if conv.side % 2 and 5 <= conv.side <= LARGEST else 2 if conv.side == 3 else 0
    if not part:
        return
    count = (conv.side - 1) // (part - 1)
    strides = [(1, 1)] * (count - 1) + [conv.stride]
    parts = conv.parts([(part, part)] * count, strides)
    title = say("{count} {size}", count=COUNTS[count], size=size_text((part, part)))
    note = say_many(
        "sees {size} as before, one layer deeper", "sees {size} as before, {count} layers deeper", count - 1,
        size=size_text(conv.kernel),
    )  # fmt: skip
    yield _proposal(site, conv, parts, "abcde", relu, f"stack_{part}x{part}", title, note)


def asymmetric(site: RefactorContext, name: str, relu: bool) -> Iterator[Proposal]:
    """n×n as 1×n, then n×1."""
    conv = Conv(site, name)
    if not conv.ok or conv.side < 3 or (conv.padding == "same_tf" and conv.stride != (1, 1)):
        return
    size, (down, right) = conv.side, conv.stride
    parts = conv.parts([(1, size), (size, 1)], [(1, right), (down, 1)])
    here = site.map_in(name)
    note = say("sees {size} as before", size=size_text(conv.kernel))
    if here is not None and not ASYMMETRIC[0] <= here[2] <= ASYMMETRIC[1]:
        note = say("meant for maps {low} to {high} wide, this one is {width}",
                   low=ASYMMETRIC[0], high=ASYMMETRIC[1], width=here[2])  # fmt: skip
    title = say("{first}, then {second}", first=size_text((1, size)), second=size_text((size, 1)))
    two_sided = conv.two_sided(parts)
    if two_sided is not None:
        found = _proposal(site, conv, parts, "ab", relu, "asymmetric", title, note)
        yield replace(found, edits=(*two_sided, *found.edits))


def separable(site: RefactorContext, name: str, relu: bool) -> Iterator[Proposal]:
    """One filter a channel, then 1×1 across the channels."""
    conv = Conv(site, name)
    if not conv.ok or conv.is_grouped or conv.kernel == (1, 1):
        return
    declared = CATALOGUE["DepthwiseConv2d"].parameters
    window = {key: raw for key in ("kernel_size", "stride", "padding")
              if (raw := conv.raw(key)) != declared[key].default}  # fmt: skip
    news = [
        New("DepthwiseConv2d", f"{name}_depthwise", {**window, **conv.bias}),
        conv.window(conv.out, (1, 1), (1, 1), 0)._replace(name=f"{name}_pointwise"),
    ]
    called, edits = site.chain(name, _between(news, name, relu and conv.wrapped is None))
    note = say("one {size} a channel, then 1×1: may cost accuracy", size=size_text(conv.kernel))
    title = say("depthwise separable")
    yield Proposal(_label(name, title), tuple(edits), "separable", title, note, site.scope, (name,), called)


def bottleneck(site: RefactorContext, name: str, relu: bool) -> Iterator[Proposal]:
    """A 1×1 with a part of the channels before a convolution."""
    conv = Conv(site, name)
    here = site.map_in(name)
    if not conv.ok or conv.is_grouped or conv.kernel == (1, 1) or here is None or here[0] < 4 * REDUCTION:
        return
    # What comes into a module differs from instance to instance; its own width is written there.
    narrow = here[0] // REDUCTION if site.scope == MAIN else part_raw(conv.out, REDUCTION)
    source = site.definition.wires_into(name)
    if len(source) != 1:
        return
    site.start_over()
    news = [conv.window(narrow, (1, 1), (1, 1), 0)._replace(name=f"{name}_reduce")]
    if relu and conv.wrapped is None:
        news.append(New("ReLU", f"{name}_reduce_relu"))
    edits = [site.cut(source[0])]
    called: list[str] = []
    last = (source[0].source, source[0].source_port)
    place, bypass = site.place(name), site.block(name).bypass
    for count, new in enumerate(news):
        given = site.names.free(new.name)
        placed = new._replace(at=site.near(name, count - len(news)), bypass=bypass)
        edits += [site.put(placed, place + count, given), site.connect(last, given, site.inlet(new.type))]
        last = (given, site.outlet(new.type))
        called.append(given)
    edits.append(site.connect(last, name, source[0].target_port))
    out = site.value(name, "out_channels")
    shown = out // REDUCTION if site.scope != MAIN and isinstance(out, int) else narrow
    title = say("1×1 bottleneck of {count} before it", count=shown)
    note = say("{count} channels instead of {all} reach it", count=shown, all=here[0])
    yield Proposal(_label(name, title), tuple(edits), "bottleneck", title, note, site.scope, (), tuple(called), (name,))


def _proposal(
    site: RefactorContext, conv: Conv, parts: list[New], letters: str, relu: bool, kind: str, title: str, note: str
) -> Proposal:
    news = [part._replace(name=conv.name + letter) for part, letter in zip(parts, letters, strict=False)]
    called, edits = site.chain(conv.name, _between(news, conv.name, relu and conv.wrapped is None))
    return Proposal(_label(conv.name, title), tuple(edits), kind, title, note, site.scope, (conv.name,), called)


def wrapped_convolution(diagram: Diagram, type_name: str) -> Block | None:
    """The one convolution of a module that does nothing else than normalise and activate what it gives, and that has
    the convolution's channels and kernel as parameters under the same names; ``None`` for any other type."""
    module = diagram.modules.get(type_name)
    if module is None or not 3 <= len(module) <= 8:
        return None
    found: Block | None = None
    for name, block in module.blocks():
        kind = diagram.kind(block.type)
        if block.type in PORTS or (kind is not None and kind.family in ("normalisation", "activation")):
            continue
        if block.type != "Conv2d" or found is not None or len(module.wires_from(name)) != 1:
            return None
        found = block
    if found is None or len(module.of_type(INPUT)) != 1 or len(module.of_type(OUTPUT)) != 1:
        return None
    named = all(found.parameters.get(key) == key in module.parameters for key in ("out_channels", "kernel_size"))
    return found if named else None


def _between(news: list[New], name: str, relu: bool) -> list[New]:
    """The same with a ReLU between each two."""
    if not relu:
        return news
    found = [news[0]]
    for before, new in pairwise(news):
        suffix = before.name[len(name) :]
        stem, found_conv, _ = name.rpartition("conv")
        head = f"{stem}relu{name[len(stem) + 4 :]}" if found_conv else f"{name}_relu"
        found += [New("ReLU", head + suffix), new]
    return found


def _label(name: str, title: str) -> str:
    return say("Convert {name} to {title}", name=name, title=title)
