"""Draws parameters and inputs for a block type from its declaration, and builds the real module from its source."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import torch
import torch.nn.functional as F
from hypothesis import strategies as st
from torch import nn

from blockstudio.blocks import (
    CATALOGUE,
    HELPERS,
    Arguments,
    BlockType,
    Code,
    Parameter,
    RawValue,
    Refusal,
    Shape,
    Value,
)

SIDE = 8
"""Longest side of a drawn map."""
CHANNELS = 6
LARGEST = {
    "upscale_factor": 2,
    "downscale_factor": 4,
    "divisor_override": 9,
    "output_size": 7,
    "groups": 4,
    "size": 7,
    "out_channels": 12,
}
"""Parameters drawn up to another limit than `_limit` says, to keep the tensors small and the draws telling."""


def _limit(name: str, parameter: Parameter) -> int:
    usual = {"int": 8, "pair": 4, "padding": 3, "shape": SIDE}[parameter.kind]
    return int(min(LARGEST.get(name, usual), usual if parameter.maximum is None else max(parameter.maximum, 1)))


def raw_values(name: str, parameter: Parameter) -> st.SearchStrategy[RawValue]:
    """Legal values of a parameter as a document would hold them: its kind and limits, kept small."""
    match parameter.kind:
        case "bool":
            return st.booleans()
        case "choice":
            return st.sampled_from(parameter.choices)
        case "text":
            numbers = ("0.5", "1", "0.1, 0.2", "0.485, 0.456, 0.406", "1, 2, 3, 4, 5, 6")
            return st.sampled_from(numbers) if name == "numbers" else st.text(max_size=5)
        case "float":
            numbers = st.floats(parameter.minimum, parameter.maximum, allow_nan=False, allow_infinity=False)
            # PyTorch itself does not agree on what 32 bits take for 0: x ** -2e-75 of a negative x is 1 in a vector and
            # NaN alone.
            return st.one_of(st.just(parameter.default), numbers.filter(lambda number: not 0 < abs(number) < 1e-37))
    low = int(parameter.minimum or 0)
    number = st.integers(low, max(low, _limit(name, parameter)))
    if parameter.kind == "int":
        return number
    if parameter.kind == "shape":
        return st.one_of(st.lists(number, min_size=3, max_size=3), st.lists(number, min_size=1, max_size=1))
    pair = st.lists(number, min_size=2, max_size=2)
    if parameter.kind == "pair":
        return st.one_of(number, pair)
    sides = st.lists(number, min_size=4, max_size=4)
    words = [st.sampled_from(parameter.words)] * 2 if parameter.words else []
    return st.one_of(number, pair, sides, *words)


def _wants_vectors(kind: BlockType) -> bool:
    """Whether it takes vectors and no maps: it is mostly given what it takes."""
    values = {key: parameter.check(parameter.default) for key, parameter in kind.parameters.items()}
    count = 2 if kind.variadic else len(kind.inputs)
    try:
        kind.shape(values, ((12,),) * count)
    except Refusal:
        return False
    try:
        kind.shape(values, ((12, SIDE, SIDE),) * count)
    except Refusal:
        return True
    return False


def shapes(kind: BlockType) -> st.SearchStrategy[Shape]:
    """Shapes of one input: maps, and now and then vectors (or the other way round)."""
    side = st.integers(1, SIDE)
    maps = st.tuples(st.integers(1, CHANNELS), side, side)
    vectors = st.tuples(st.integers(1, 12))
    often, seldom = (vectors, maps) if _wants_vectors(kind) else (maps, vectors)
    return st.one_of(often, often, often, often, seldom)


@st.composite
def several(draw: st.DrawFn, kind: BlockType) -> tuple[Shape, ...]:
    """Shapes of several inputs: alike, or different in channels, or in one side that is 1, or in anything."""
    first = draw(shapes(kind))
    others = []
    for _ in range(draw(st.integers(1, 3))):
        other = list(first)
        match draw(st.sampled_from(["same", "same", "channels", "ones", "pixel", "side", "anything"])):
            case "channels":
                other[0] = draw(st.integers(1, CHANNELS))
            case "ones":
                other[draw(st.integers(0, len(other) - 1))] = 1
            case "pixel":
                other[1:] = [1] * (len(other) - 1)
            case "side":
                other[-1] = draw(st.integers(1, SIDE))
            case "anything":
                other = list(draw(shapes(kind)))
        others.append(tuple(other))
    return (first, *others)


@dataclass(frozen=True)
class Case:
    """One drawn block: its type, its parameters as written and as values, and its input shapes."""

    kind: BlockType
    raw: dict[str, RawValue]
    values: dict[str, Value]
    inputs: tuple[Shape, ...]

    def code(self, channels: tuple[str, ...] = (), texts: dict[str, str] | None = None) -> Code:
        """Its source; ``texts`` are the parameters that are expressions."""
        return self.kind.code(Arguments(self.values, self.inputs, channels, texts or {}))


@cache
def cases(name: str) -> st.SearchStrategy[Case]:
    """A block of type ``name`` with drawn parameters and inputs: half of them as they come, of which most are
    refused for one reason or another, half of them accepted."""
    anything = _anything(name)
    return st.one_of(anything, anything.filter(accepted))


def accepted(case: Case) -> bool:
    """Whether its type takes it."""
    try:
        case.kind.shape(case.values, case.inputs)
    except Refusal:
        return False
    return True


def _anything(name: str) -> st.SearchStrategy[Case]:
    kind = CATALOGUE[name]
    drawn = {key: raw_values(key, parameter) for key, parameter in kind.parameters.items()}
    inputs = several(kind) if kind.variadic else st.tuples(*(shapes(kind) for _ in kind.inputs))
    groups = st.integers(1, 3) if "groups" in drawn else st.just(0)
    return st.builds(_case, st.just(kind), st.fixed_dictionaries(drawn), inputs, groups)


def _case(kind: BlockType, raw: dict[str, RawValue], inputs: tuple[Shape, ...], fold: int) -> Case:
    """``fold``: how many input and output channels each group gets; 0 leaves them as drawn."""
    values = {key: kind.parameters[key].check(value) for key, value in raw.items()}
    groups = values.get("groups", 1)
    if fold and isinstance(groups, int) and groups > 1 and sum(inputs[0]) % 4:
        values["out_channels"] = raw["out_channels"] = fold * groups
        inputs = ((fold * groups, *inputs[0][1:]),)
    return Case(kind, raw, values, inputs)


def expressions(case: Case) -> tuple[dict[str, str], dict[str, object]]:
    """The same parameters as expressions over names, and what the names are."""
    texts: dict[str, str] = {}
    scope: dict[str, object] = {}
    for key, raw in case.raw.items():
        if isinstance(raw, list):
            names = [f"{key}_{index}" for index in range(len(raw))]
            scope.update(zip(names, raw, strict=True))
            texts[key] = f"({', '.join(names)}{',' if len(names) == 1 else ''})"
        else:
            scope[f"{key}_"] = raw
            texts[key] = f"{key}_ if 1 < 2 else 7" if not isinstance(raw, str) else f"{key}_"
    return texts, scope


def source(code: Code, inputs: int) -> str:
    """A class ``Net`` around one block, with the helper it needs."""
    names = [f"x{index}" for index in range(inputs)] or ["x0"]
    lines = [HELPERS[code.helper]] if code.helper else []
    lines += ["class Net(nn.Module):", "    def __init__(self):", "        super().__init__()"]
    if code.init is not None:
        lines += [f"        self.block = {code.init}"]
    call = code.forward.format(*names, self="self.block", inputs=", ".join(names))
    lines += [f"    def forward(self, {', '.join(names)}):", f"        return {call}"]
    return "\n".join(lines)


def build(code: Code, inputs: int, scope: dict[str, object] | None = None) -> nn.Module:
    """The real module, in evaluation mode. ``scope``: what the names in its expressions are."""
    namespace: dict[str, object] = {"torch": torch, "nn": nn, "F": F, **(scope or {})}
    exec(source(code, inputs), namespace)  # noqa: S102
    module: nn.Module = namespace["Net"]()  # type: ignore[operator]
    return module.eval()


def tensors(shapes: tuple[Shape, ...], batch: int = 1) -> list[torch.Tensor]:
    """Random inputs of these shapes."""
    return [torch.randn(batch, *shape) for shape in shapes]
