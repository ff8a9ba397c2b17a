"""Random diagrams for Hypothesis: chains, branches, merges, modules in modules, repeats, switches, dotted names."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from hypothesis import strategies as st

from blockstudio.blocks import Parameter
from blockstudio.graph.diagram import MAIN, Diagram

INT = dict(kind="int", minimum=0)


@dataclass(frozen=True)
class Wired:
    """An output to go on from. Equal ``channels`` and ``size`` mean equal shapes, different ones may be equal too."""

    port: str
    channels: str
    size: int


@dataclass
class Module:
    name: str
    parameters: dict[str, Parameter]
    inputs: int
    outputs: int
    keeps_size: bool


@dataclass
class Builder:
    """One level under construction."""

    draw: st.DrawFn
    diagram: Diagram
    scope: str
    numbers: list[str]
    """Expressions for channel counts, all small and positive."""
    flags: list[str]
    """Conditions."""
    modules: list[Module]
    values: list[Wired] = field(default_factory=list)
    count: int = 0
    sizes: int = 0
    floats: list[str] = field(default_factory=list)
    counts: list[str] = field(default_factory=list)
    """Expressions for numbers of copies."""

    def name(self, stem: str) -> str:
        self.count += 1
        style = self.draw(st.integers(0, 5))
        if style == 0:
            return f"group{self.count % 3}.{stem}{self.count}"
        if style == 1:
            return f"branch{self.count % 2}.{self.count}"
        return f"{stem}{self.count}"

    def add(
        self, kind: str, sources: list[Wired], *, repeat=None, bypass=False, name: str | None = None, **given
    ) -> str:
        name = name or self.name(kind.lower())
        self.diagram.add(kind, name, scope=self.scope, repeat=repeat, bypass=bypass, **given)
        for source in sources:
            self.diagram.connect(source.port, name, scope=self.scope)
        return name

    def number(self) -> int | str:
        return self.draw(st.one_of(st.integers(1, 6), st.sampled_from(self.numbers)))

    def flag(self) -> bool | str:
        options: list[bool | str] = [False, False, False, True, *self.flags]
        return self.draw(st.sampled_from(options))

    def pick(self) -> Wired:
        # Prefer late values, so that graphs grow long as well as wide.
        return self.draw(st.sampled_from(self.values[-4:]))

    def fresh(self, what: str) -> str:
        self.count += 1
        return f"?{what}{self.count}"

    def give(self, name: str, channels: str, size: int, port: str = "") -> Wired:
        value = Wired(f"{name}:{port}" if port else name, channels, size)
        self.values.append(value)
        return value

    def step(self) -> None:
        getattr(self, "make_" + self.draw(st.sampled_from(STEPS)))()

    def make_conv(self) -> None:
        source = self.pick()
        kernel = self.draw(st.sampled_from([1, 3, [1, 3], [3, 1]]))
        padding = {1: 0, 3: 1}.get(kernel) if isinstance(kernel, int) else [side // 2 for side in kernel]
        out = self.number()
        bypass = self.flag()
        given: dict = {"out_channels": out, "kernel_size": kernel, "padding": padding}
        if self.draw(st.booleans()):
            given["bias"] = self.draw(st.sampled_from([True, False, *self.flags]))
        if self.draw(st.integers(0, 3)) == 0:
            given["padding"] = self.draw(st.sampled_from(["same", "same_tf"]))
        name = self.add("Conv2d", [source], bypass=bypass, **given)
        channels = str(out) if bypass is False else self.fresh("conv")
        self.give(name, channels, source.size)

    def make_strided(self) -> None:
        source = self.pick()
        self.sizes += 1
        kind = self.draw(st.sampled_from(["Conv2d", "MaxPool2d", "AvgPool2d"]))
        stride = self.draw(st.sampled_from([1, 2, *(f"2 if {flag} else 1" for flag in self.flags)]))
        flag = self.draw(st.sampled_from(self.flags))
        paddings = [1, "same_tf", [0, 1, 0, 1], [1, 1, 1, 1], [f"1 if {flag} else 0", 1, 1, 1]]
        padding = self.draw(st.sampled_from(paddings))
        given: dict = {"kernel_size": 3, "stride": stride, "padding": padding}
        if kind == "Conv2d":
            given["out_channels"] = self.number()
        elif self.draw(st.booleans()):
            given["ceil_mode"] = True
        name = self.add(kind, [source], **given)
        self.give(name, str(given["out_channels"]) if kind == "Conv2d" else source.channels, self.sizes)

    def make_keeping(self) -> None:
        """A block that keeps the shape."""
        source = self.pick()
        kind = self.draw(st.sampled_from(
            ["BatchNorm2d", "ReLU", "ReLU", "LeakyReLU", "Sigmoid", "ELU", "Identity", "Dropout", "Scale", "PReLU",
             "LocalResponseNorm", "MaxPool2d", "SiLU", "ReLU6", "Softmax"]
        ))  # fmt: skip
        given: dict = {}
        if kind == "Dropout":
            given["p"] = 0.0
        if kind == "MaxPool2d":
            given = {"kernel_size": 3, "stride": 1, "padding": 1}
        if kind == "Scale" and self.floats and self.draw(st.booleans()):
            given["factor"] = self.draw(st.sampled_from(self.floats))
        if kind == "BatchNorm2d" and self.draw(st.booleans()):
            words = [f"'shift' if {flag} else 'full'" for flag in self.flags]
            given["affine"] = self.draw(st.sampled_from(["full", "shift", "none", *words]))
        repeat = self.draw(st.sampled_from([None, None, None, 0, 2, *self.counts]))
        name = self.add(kind, [source], bypass=self.flag(), repeat=repeat, **given)
        self.give(name, source.channels, source.size)

    def make_repeated(self) -> None:
        source = self.pick()
        repeat = self.draw(st.sampled_from([1, 2, 3, *self.counts]))
        number = self.number()
        out = self.draw(st.sampled_from([number, f"{number} + i", f"{number} * (i + 1)"]))
        bypass = self.draw(st.sampled_from([False, False, "i == 1", "i > 0", "i == 0", *self.flags]))
        name = self.add(
            "Conv2d", [source], repeat=repeat, bypass=bypass, out_channels=out, kernel_size=3, padding=1, bias="i == 0"
        )
        self.give(name, self.fresh("repeat"), source.size)

    def make_depthwise(self) -> None:
        source = self.pick()
        multiplier = self.draw(st.sampled_from([1, 2, *self.numbers[:1]]))
        repeat = self.draw(st.sampled_from([None, None, 2, 3, *self.counts]))
        bypass = self.draw(st.sampled_from([False, False, "i == 1", *self.flags])) if repeat else False
        name = self.add(
            "DepthwiseConv2d", [source], repeat=repeat, bypass=bypass, depth_multiplier=multiplier, kernel_size=3,
            padding=1,
        )  # fmt: skip
        self.give(name, f"{multiplier} of {source.channels}" if repeat is None else self.fresh("grown"), source.size)

    def make_add(self) -> None:
        first = self.pick()
        sources = [first]
        for _ in range(self.draw(st.integers(1, 2))):
            alike = [v for v in self.values if (v.channels, v.size) == (first.channels, first.size)]
            sources.append(self.draw(st.sampled_from(alike)))
        sources = self.draw(st.permutations(sources))
        kind = self.draw(st.sampled_from(["Add", "Add", "Multiply"]))
        name = self.add(kind, sources, bypass=self.flag())
        self.give(name, first.channels, first.size)

    def make_residual(self) -> None:
        """A branch and its shortcut, as in a residual block."""
        source = self.pick()
        out = self.number()
        conv = self.add("Conv2d", [source], out_channels=out, kernel_size=3, padding=1, bias=False)
        norm = self.add("BatchNorm2d", [Wired(conv, "", 0)])
        shortcut = self.add("Conv2d", [source], out_channels=out, kernel_size=1)
        ends = [Wired(norm, str(out), source.size), Wired(shortcut, str(out), source.size)]
        name = self.add("Add", self.draw(st.permutations(ends)), bypass=self.flag())
        relu = self.add("ReLU", [Wired(name, str(out), source.size)], bypass=self.flag())
        self.give(relu, str(out), source.size)

    def make_concat(self) -> None:
        first = self.pick()
        near = [value for value in self.values if value.size == first.size]
        sources = [first, *self.draw(st.lists(st.sampled_from(near), min_size=1, max_size=2))]
        name = self.add("Concat", sources, bypass=self.flag())
        self.give(name, self.fresh("concat"), first.size)

    def make_gate(self) -> None:
        source = self.pick()
        pool = self.add("GlobalAvgPool", [source])
        gate = self.add("Sigmoid", [Wired(pool, "", 0)])
        name = self.add("Multiply", [source, Wired(gate, "", 0)], bypass=self.flag())
        self.give(name, source.channels, source.size)

    def make_instance(self) -> None:
        if not self.modules:
            self.make_conv()
            return
        module = self.draw(st.sampled_from(self.modules))
        source = self.pick()
        sources = [source]
        if module.inputs == 2:
            near = [value for value in self.values if value.size == source.size]
            sources.append(self.draw(st.sampled_from(near)))
        given: dict = {}
        for key, parameter in module.parameters.items():
            if self.draw(st.booleans()):
                given[key] = self.argument(parameter)
        simple = module.inputs == module.outputs == 1
        repeat = self.draw(st.sampled_from([None, None, 1, 2, 3, *self.counts])) if simple else None
        if repeat and "planes" in module.parameters and self.draw(st.booleans()):
            given["planes"] = self.draw(st.sampled_from(["2 + i", "3 if i == 0 else 5"]))
        if repeat and "stride" in module.parameters and self.draw(st.booleans()):
            given["stride"] = "2 if i == 0 else 1"
        flag: bool | str = self.flag()
        if not module.keeps_size and (repeat or module.inputs == 2 or module.outputs == 2):
            flag = False
        bypass = self.draw(st.sampled_from([flag, "i == 1"])) if repeat and module.keeps_size else flag
        name = self.add(module.name, sources, repeat=repeat, bypass=bypass, **given)
        if module.keeps_size:
            size = source.size
        else:
            self.sizes += 1
            size = self.sizes
        for port in ["output", "other"][: module.outputs]:
            self.give(name, self.fresh("instance"), size, port if module.outputs > 1 else "")

    def argument(self, parameter: Parameter) -> object:
        if parameter.kind == "bool":
            return self.draw(st.sampled_from([True, False, *self.flags]))
        if parameter.kind == "choice":
            return self.draw(st.sampled_from(list(parameter.choices)))
        if parameter.kind == "pair":
            return self.draw(st.sampled_from([1, 3, [1, 3], [3, 1]]))
        if parameter.kind == "float":
            return self.draw(st.sampled_from([0.5, 2.0, "1 / 4"]))
        if parameter.maximum == 2:
            return self.draw(st.sampled_from([1, 2]))
        if parameter.maximum == 4:
            return self.draw(st.sampled_from([0, 1, 2, *self.counts]))
        return self.number()


STEPS = [
    "conv", "conv", "strided", "keeping", "keeping", "keeping", "repeated", "depthwise", "add", "add", "residual",
    "concat", "gate", "instance", "instance", "instance",
]  # fmt: skip


@st.composite
def diagrams(draw: st.DrawFn, steps: int = 7) -> Diagram:
    """A diagram whose analysis has no errors in nearly all cases."""
    diagram = Diagram(draw(st.sampled_from(["Drawn", "drawn net 2.0", "nn", "7 x", 'Größe """ \\'])))
    diagram.main.parameters = {
        "width": Parameter(kind="int", default=draw(st.integers(2, 5)), minimum=1),
        "reps": Parameter(kind="int", default=draw(st.integers(0, 2)), minimum=0),
        "deep": Parameter(kind="bool", default=draw(st.booleans())),
        "rate": Parameter(kind="float", default=0.5),
    }
    _head_module(diagram)
    modules: list[Module] = []
    for index in range(draw(st.integers(0, 3))):
        modules.append(_module(draw, diagram, f"Part{index}", modules))
    shape = [draw(st.integers(1, 4)), draw(st.integers(7, 9)), draw(st.integers(7, 9))]
    numbers = ["width", "2 * width", "width + 1", "width // 2 + 1", "4 * width / 2"]
    builder = Builder(draw, diagram, MAIN, numbers, ["deep", "not deep", "width > 3", "reps == 1"], modules)
    builder.floats = ["rate", "rate * 2"]
    builder.counts = ["reps", "reps", "reps + 1", "width - 1"]
    builder.add("Input", [], name="input", shape=shape)
    builder.give("input", "in", 0)
    for _ in range(draw(st.integers(1, steps))):
        builder.step()
    end = _head(builder, builder.pick(), "", draw(st.booleans()))
    builder.add("Output", [end], name="output")
    for index in range(draw(st.integers(0, 2))):
        head = _head(builder, builder.pick(), f"aux{index}_", draw(st.booleans()))
        builder.add("AuxOutput", [head], name=f"aux{index}", bypass=draw(st.sampled_from([False, False, "deep"])))
    return diagram


def _head_module(diagram: Diagram) -> None:
    """A classifier that has to know the size of the map it gets."""
    diagram.module("Head", {"features": 2})
    diagram.add("Input", "input", scope="Head")
    diagram.add("Flatten", "flatten", scope="Head")
    diagram.add("Linear", "fc1", scope="Head", out_features="features")
    diagram.add("ReLU", "relu", scope="Head")
    diagram.add("Linear", "fc2", scope="Head", out_features=3)
    diagram.add("Output", "output", scope="Head")
    names = list(diagram.modules["Head"].graph)
    for one, other in pairwise(names):
        diagram.connect(one, other, scope="Head")


def _head(builder: Builder, source: Wired, stem: str, pooled: bool) -> Wired:
    if builder.draw(st.booleans()):
        return Wired(builder.add("Head", [source], name=f"{stem}head"), "", 0)
    if pooled:
        source = Wired(builder.add("GlobalAvgPool", [source], name=f"{stem}pool"), "", 0)
    flat = Wired(builder.add("Flatten", [source], name=f"{stem}flatten"), "", 0)
    return Wired(builder.add("Linear", [flat], name=f"{stem}fc", out_features=3), "", 0)


def _module(draw: st.DrawFn, diagram: Diagram, name: str, modules: list[Module]) -> Module:
    parameters = {
        "planes": Parameter(kind="int", default=draw(st.integers(1, 4)), minimum=1),
        "stride": Parameter(kind="int", default=1, minimum=1, maximum=2),
        "deep": Parameter(kind="bool", default=draw(st.booleans())),
        "kernel": Parameter(kind="pair", default=draw(st.sampled_from([1, 3, [1, 3]]))),
        "rate": Parameter(kind="float", default=0.25),
        "mode": Parameter(kind="choice", default="a", choices=("a", "b", "c")),
        "count": Parameter(kind="int", default=draw(st.integers(0, 2)), minimum=0, maximum=4),
    }
    keys = draw(st.lists(st.sampled_from(list(parameters)), unique=True, max_size=4))
    declared = {key: parameters[key] for key in parameters if key in keys}
    diagram.module(name, declared)
    numbers = ["in_channels", "in_channels + 1", "2 * in_channels"]
    flags = ["in_channels > 3"]
    if "planes" in declared:
        numbers += ["planes", "planes * 2", "planes + in_channels"]
        flags += ["in_channels == planes", "planes % 2 == 0"]
    if "deep" in declared:
        flags += ["deep", "not deep"]
    if "mode" in declared:
        flags += ["mode == 'a'", "mode != 'b' and in_channels > 2"]
    builder = Builder(draw, diagram, name, numbers, flags, list(modules))
    builder.floats = ["rate"] if "rate" in declared else []
    builder.counts = ["count", "count"] if "count" in declared else []
    two_in, two_out = draw(st.integers(0, 3)) == 0, draw(st.integers(0, 3)) == 0
    builder.add("Input", [], name="input")
    builder.give("input", "in_channels", 0)
    if two_in:
        builder.add("Input", [], name="side")
        builder.give("side", "side", 0)
        numbers.append("in_channels_side")
    keeps_size = True
    if "stride" in declared:
        keeps_size = False
        builder.sizes += 1
        wired = builder.add(
            "Conv2d", [builder.values[0]], name="first", out_channels=builder.number(), stride="stride",
            kernel_size=3, padding=1,
        )  # fmt: skip
        builder.values = [Wired(wired, builder.fresh("first"), 1)]
    if "kernel" in declared:
        source = builder.pick()
        wired = builder.add(
            "Conv2d", [source], name="window", out_channels=builder.number(), kernel_size="kernel", padding="same"
        )
        builder.give(wired, builder.fresh("window"), source.size)
    start = builder.values[-1].size
    for _ in range(draw(st.integers(0, 4))):
        builder.step()
        keeps_size = keeps_size and builder.values[-1].size == start
    end = builder.values[-1]
    builder.add("Output", [end], name="output")
    keeps_size = keeps_size and end.size == start
    if two_out:
        other = draw(st.sampled_from([value for value in builder.values if value.size == end.size]))
        builder.add("Output", [other], name="other")
    return Module(name, declared, 1 + two_in, 1 + two_out, keeps_size)
