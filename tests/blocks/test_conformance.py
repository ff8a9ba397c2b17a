"""Every block type against the real PyTorch module that its source makes."""

from __future__ import annotations

import warnings
from collections import Counter
from itertools import product

import pytest
import torch
from hypothesis import HealthCheck, given
from torch.autograd.graph import saved_tensors_hooks
from torch.testing import assert_close
from torch.utils.flop_counter import FlopCounterMode

from blockstudio.blocks import CATALOGUE, BlockType, Refusal, Shape, Window, numel
from tests.support.block_cases import Case, accepted, build, cases, expressions, tensors
from tests.support.properties import examples

torch.set_num_threads(1)
REFUSALS = (RuntimeError, ValueError, IndexError, TypeError)


PROBES = ((12,), (6, 5, 7), (6, 1, 1), (1, 8, 8))
"""Shapes that a rule which ever refuses anything refuses some of, one or two together."""


def _refused(kind: BlockType) -> list[Case]:
    """Cases with the type's defaults that it refuses, if it ever does."""
    raw = {key: parameter.default for key, parameter in kind.parameters.items()}
    values = {key: parameter.check(parameter.default) for key, parameter in kind.parameters.items()}
    found = product(PROBES, repeat=2 if kind.variadic else len(kind.inputs))
    return [case for shapes in found if not accepted(case := Case(kind, raw, values, shapes))]


TYPES = [name for name, kind in CATALOGUE.items() if not kind.foreign]


@pytest.mark.parametrize("name", TYPES)
def test_type_agrees_with_pytorch(name: str) -> None:
    kind = CATALOGUE[name]
    _check(name, 60 if len(kind.parameters) > 1 or kind.variadic else 30)


@pytest.mark.slow
@pytest.mark.parametrize("name", TYPES)
def test_type_agrees_with_pytorch_at_length(name: str) -> None:
    _check(name, 1000)


def _check(name: str, count: int) -> None:
    outcomes: Counter[bool] = Counter()

    @examples(count, suppress_health_check=list(HealthCheck))
    @given(case=cases(name))
    def agrees(case: Case) -> None:
        outcomes[_agrees(case)] += 1

    agrees()
    # Draws that are nearly all refused would show nothing; where none was, the first that has to be is.
    assert outcomes[True] >= 0.25 * outcomes.total()
    if not outcomes[False]:
        assert not any(map(_agrees, _refused(CATALOGUE[name])[:1]))


def _agrees(case: Case) -> bool:
    """Whether the rule accepts the case; fails where PyTorch is of another mind."""
    torch.manual_seed(0)
    try:
        output = case.kind.shape(case.values, case.inputs)
    except Refusal as refusal:
        _pytorch_refuses(case, refusal)
        return False
    inputs = case.inputs or (output,)
    module = build(case.code(), len(inputs))
    _shape_and_cost(case, module, inputs, output)
    _expressions_mean_the_same(case, module, inputs, output)
    _memory(case, build(case.code(), len(inputs)), inputs, output)
    if len(inputs[0]) == len(output) == 3 and len(set(inputs)) == 1:
        _window(case, module, inputs, output)
    if case.kind.any_map and len(output) == 3:
        channels, height, width = inputs[0]
        assert case.kind.shape(case.values, [(channels, height + 3, 2 * width + 1)]) == output
    return True


def _pytorch_refuses(case: Case, refusal: Refusal) -> None:
    assert refusal.code.startswith("shape.") and refusal.message.endswith(".") and refusal.hint
    if case.kind.stricter(refusal.code, case.values, case.inputs):
        return
    with warnings.catch_warnings(), pytest.raises(REFUSALS):
        warnings.simplefilter("ignore")
        build(case.code(), len(case.inputs))(*tensors(case.inputs, batch=2))


def _shape_and_cost(case: Case, module: torch.nn.Module, inputs: tuple[Shape, ...], output: Shape) -> None:
    batch = 2
    with warnings.catch_warnings(), torch.no_grad(), FlopCounterMode(display=False) as counter:
        warnings.simplefilter("ignore")
        y = module(*tensors(inputs, batch))
    assert tuple(y.shape) == (batch, *output)
    assert sum(p.numel() for p in module.parameters()) == case.kind.count(case.values, inputs)
    assert counter.get_total_flops() == 2 * batch * case.kind.macs(case.values, inputs, output)


def _expressions_mean_the_same(case: Case, module: torch.nn.Module, inputs: tuple[Shape, ...], output: Shape) -> None:
    """Source over names builds the module that source with the numbers builds, and tells its channels."""
    texts, scope = expressions(case)
    names = tuple(f"in_channels_{index}" for index in range(len(inputs)))
    scope |= {name: shape[0] for name, shape in zip(names, inputs, strict=True)}
    code = case.code(names, texts)
    if case.values.get("ceil_mode") and code.helper != case.code().helper:
        # Padding put on beforehand is map to PyTorch: a last window may start on it. The compiler takes text over names
        # only where it makes the call that the numbers make.
        return
    other = build(code, len(inputs), scope)
    other.load_state_dict(module.state_dict())
    xs = tensors(inputs, 2)
    with torch.no_grad():
        expected = module(*[x.clone() for x in xs])
        # Close, not equal: padding written side by side is put on beforehand and may be summed in another order.
        assert_close(other(*[x.clone() for x in xs]), expected, rtol=1e-5, atol=1e-6, equal_nan=True)
        if code.module is not None:
            alone = eval(code.module, {"nn": torch.nn, "torch": torch} | scope)  # noqa: S307
            assert torch.equal(alone(*xs), expected)
    for text, values in ((code.channels, scope), (case.code().channels, {})):
        if text is not None:
            assert eval(text, values) == output[0]  # noqa: S307


def _memory(case: Case, module: torch.nn.Module, inputs: tuple[Shape, ...], output: Shape) -> None:
    """What autograd keeps, storage by storage, and whether the output is a storage of its own."""
    kind, p = case.kind, case.values
    if not case.inputs:
        assert kind.saved(p, (), output) == numel(output)  # the image itself
        return
    module.train()
    # Clones: in-place blocks may not write over leaves.
    xs = [x.requires_grad_().clone() for x in tensors(inputs)]
    own = {t.untyped_storage().data_ptr() for t in (*module.parameters(), *module.buffers())}
    kept: dict[int, int] = {}
    alive: list[torch.Tensor] = []

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        alive.append(tensor)
        storage = tensor.untyped_storage()
        if tensor.dim() and storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with saved_tensors_hooks(keep, lambda tensor: tensor):
        try:
            y = module(*xs)
        except ValueError as error:
            # Nothing can be normalised by what it has a single value of.
            assert str(error).startswith("Expected more than 1 value per channel when training")
            return
    before = {x.untyped_storage().data_ptr() for x in xs}
    after = y.untyped_storage().data_ptr()
    assert (after in before) == kind.shares_input(p)
    assert all(pointer in kept for pointer in before) == kind.keeps_input(p, inputs) or after in before
    assert (after in kept) == kind.keeps_output(p) or after in before
    extra = sum(size for pointer, size in kept.items() if pointer not in before and pointer != after)
    assert extra == 4 * kind.extra(p, inputs, output)
    own_output = 0 if kind.shares_input(p) else 4 * numel(output)
    assert 4 * kind.saved(p, inputs, output) == extra + own_output


def _window(case: Case, module: torch.nn.Module, inputs: tuple[Shape, ...], output: Shape) -> None:
    """Which input pixels reach which output pixels: all that the window reads, and no other."""
    if case.kind.moves_pixels or case.kind.name == "GroupNorm":
        return  # what a pixel reads for the statistics of the map is not counted, as for batch normalisation
    channels, height, width = inputs[0]
    with torch.no_grad():
        for weights in module.double().parameters():
            weights.fill_(0.5)
        # Image 0 is flat; image 1 + i has another value at pixel i.
        images = torch.full((1 + height * width, channels, height, width), 0.5, dtype=torch.float64)
        lift = torch.linspace(1.0, 2.0, channels)[:, None, None]
        images[1:] += torch.eye(height * width).reshape(-1, 1, height, width) * lift
        rest = [torch.full_like(images, 0.5) for _ in inputs[1:]]
        y = module(images, *rest)
    # Not exactly equal: vector code and its remainder round differently.
    same = torch.isclose(y[1:], y[:1], rtol=1e-9, atol=0.0, equal_nan=True)
    reached = (~same).any(1).reshape(height, width, *output[1:])
    window = case.kind.window(case.values, inputs)
    if window is not None and window.whole:
        assert reached.all()
        return
    rows, columns = (_reads(window or Window(), axis, inputs[0], output) for axis in (0, 1))
    seen = rows[:, None, :, None] & columns[None, :, None, :]
    if window is None:
        assert not (reached & ~seen).any()
    elif window.largest:
        # Windows of several sizes: none may be larger than the one declared, which one of them reaches.
        assert int(reached.any(1).any(2).sum(0).max()) == window.kernel[0]
        assert int(reached.any(0).any(1).sum(0).max()) == window.kernel[1]
    else:
        assert torch.equal(reached, seen)


def _reads(window: Window, axis: int, shape: Shape, output: Shape) -> torch.Tensor:
    """``(size, output size)``: whether output pixel j of an axis reads input pixel i."""
    table = torch.zeros(shape[1 + axis], output[1 + axis], dtype=torch.bool)
    for j in range(output[1 + axis]):
        start = j * window.stride[axis] - window.before[axis]
        for tap in range(window.kernel[axis]):
            place = start + tap * window.dilation[axis]
            if 0 <= place < shape[1 + axis]:
                table[place, j] = True
    return table
