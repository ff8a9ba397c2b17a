"""A trainer's state in files and back: weights, optimiser, random numbers, sums. safetensors and JSON, no pickle."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.optim import Optimizer

from blockstudio.errors import StudioError
from blockstudio.runs.checkpoints import MODEL, OPTIMIZER, STATE, Checkpoint
from blockstudio.text import say

RNG = "rng."
LEARNT = "learnt."


def is_divided(value: Tensor) -> bool:
    """Whether a tensor's parts lie in several processes."""
    return hasattr(value, "full_tensor")


def part_of(whole: Tensor, like: Tensor) -> Tensor:
    """This process's part of a tensor that every process has, divided as ``like`` is."""
    from torch.distributed.tensor import DTensor, distribute_tensor

    assert isinstance(like, DTensor)
    own = whole.to(device=like.device, dtype=like.dtype)
    return distribute_tensor(own, like.device_mesh, like.placements, src_data_rank=None)


def is_finite(model: nn.Module) -> bool:
    """Whether no weight or running statistic has become NaN or infinite; of a divided network, in this process."""
    values = [value for value in model.state_dict().values() if value.is_floating_point()]
    values = [value.to_local() if is_divided(value) else value for value in values]
    # Absolute maxima carry NaN and infinity along, and one number a tensor is quick to look at.
    return all(bool(torch.isfinite(value.detach().abs().max())) for value in values if value.numel())


class State(NamedTuple):
    """What a checkpoint keeps of weights and optimiser, on the CPU."""

    weights: dict[str, Tensor]
    tensors: dict[str, Tensor]
    """Of the optimiser, and weights that are learnt where others are measured."""
    settings: dict[str, Any]
    """Of the optimiser."""


def take_state(model: nn.Module, learnt: nn.Module | None, optimizer: Optimizer) -> State:
    """A copy of what a checkpoint keeps. ``model`` is what is measured; ``learnt`` has the weights that training goes
    on from, where those are others. A divided network is brought together, which all its processes have to do."""
    weights = {key: plain(value) for key, value in model.state_dict().items()}
    tensors, settings = _optimizer_state(optimizer)
    if learnt is not None:
        tensors |= {f"{LEARNT}{key}": plain(value) for key, value in learnt.state_dict().items()}
    return State(weights, tensors, settings)


def write_state(folder: Path, state: State, device: torch.device, notes: dict[str, Any]) -> Iterable[str]:
    """Write the three files of a checkpoint into ``folder`` and return their names."""
    save_tensors(state.weights, folder / MODEL, {"format": "pt"})
    tensors = dict(state.tensors)
    tensors[f"{RNG}cpu"] = torch.get_rng_state()
    if device.type == "cuda":
        tensors[f"{RNG}cuda"] = torch.cuda.get_rng_state(device)
    elif device.type == "mps":
        tensors[f"{RNG}mps"] = torch.mps.get_rng_state()
    save_tensors(tensors, folder / OPTIMIZER)
    (folder / STATE).write_bytes(msgspec.json.encode({**notes, "optimizer": state.settings}))
    return MODEL, OPTIMIZER, STATE


def save_tensors(tensors: dict[str, Tensor], path: Path, metadata: dict[str, str] | None = None) -> None:
    """As the library does; what the system says against it is an `OSError` as everywhere."""
    try:
        save_file(tensors, path, metadata=metadata)
    except SafetensorError as error:
        number = re.search(r"os error (\d+)", str(error))
        if number is None:
            raise OSError(str(error)) from error
        raise OSError(int(number[1]), os.strerror(int(number[1]))) from error


def state_size(model: nn.Module, optimizer: Optimizer) -> int:
    """Bytes of the tensors in a checkpoint."""
    size = sum(int(value.nbytes) for value in model.state_dict().values())
    state = optimizer.state_dict()["state"].values()
    return size + sum(int(value.nbytes) for each in state for value in each.values() if isinstance(value, Tensor))


def read_state(
    checkpoint: Checkpoint, model: nn.Module, learnt: nn.Module | None, optimizer: Optimizer, device: torch.device
) -> dict[str, Any]:
    """Load a verified checkpoint into ``model``, ``learnt``, ``optimizer`` and the random generators; returns the
    notes.

    Raises `StudioError` ``checkpoint.mismatch`` if it is of another network or optimiser.
    """
    notes = checkpoint.state()
    try:
        put_weights(model, load_file(checkpoint.model))
        tensors = load_file(checkpoint.path / OPTIMIZER)
        own = {key.removeprefix(LEARNT): tensors.pop(key) for key in list(tensors) if key.startswith(LEARNT)}
        if learnt is not None:
            learnt.load_state_dict(own, strict=True)
        _load_optimizer(optimizer, tensors, notes["optimizer"])
    except (RuntimeError, ValueError, KeyError, IndexError) as error:
        raise StudioError(
            "checkpoint.mismatch",
            say(
                "does not belong to this run's network and recipe: {splitlines}", splitlines=str(error).splitlines()[0]
            ),
            where=str(checkpoint.path),
            hint=say("Were diagram.blocks.json or recipe.json changed after it was written?"),
        ) from error
    torch.set_rng_state(tensors[f"{RNG}cpu"])
    if device.type == "cuda" and f"{RNG}cuda" in tensors:
        torch.cuda.set_rng_state(tensors[f"{RNG}cuda"], device)
    elif device.type == "mps" and f"{RNG}mps" in tensors:
        torch.mps.set_rng_state(tensors[f"{RNG}mps"])
    return notes


def put_weights(model: nn.Module, tensors: dict[str, Tensor]) -> None:
    """Give ``model`` a state dict that fits it; a divided one takes its parts. Raises `RuntimeError` otherwise."""
    if not any(is_divided(weight) for weight in model.parameters()):
        model.load_state_dict(tensors, strict=True)
        return
    own = model.state_dict()
    if own.keys() != tensors.keys():
        raise RuntimeError(f"the keys differ: {', '.join(sorted(own.keys() ^ tensors.keys())[:3])}")
    with torch.no_grad():
        for name, value in own.items():
            value.copy_(part_of(tensors[name], value) if is_divided(value) else tensors[name])


def read_weights(checkpoint: Checkpoint, model: nn.Module) -> None:
    """Give ``model`` the weights of a verified checkpoint of its own run. Raises `StudioError`
    ``checkpoint.mismatch``."""
    try:
        put_weights(model, load_file(checkpoint.model))
    except (RuntimeError, ValueError) as error:
        raise StudioError(
            "checkpoint.mismatch",
            say("does not belong to this run's network: {reason}", reason=str(error).splitlines()[0]),
            where=str(checkpoint.path),
            hint=say("Was diagram.blocks.json changed after it was written?"),
        ) from error


def plain(value: Tensor) -> Tensor:
    """A tensor on the CPU, in the order of its axes, its memory its own, as the file format wants it. A divided one is
    brought together, which all its processes have to do."""
    value = value.detach()
    value = (value.full_tensor() if is_divided(value) else value).to("cpu")  # type: ignore[attr-defined]
    return value.contiguous() if not value.is_contiguous() else value.clone()


def _optimizer_state(optimizer: Optimizer) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors under ``<index of the parameter>.<name>``, everything else as plain values."""
    found = optimizer.state_dict()
    tensors: dict[str, Tensor] = {}
    values: dict[str, dict[str, Any]] = {}
    for index, state in found["state"].items():
        for name, value in state.items():
            if isinstance(value, Tensor):
                tensors[f"{index}.{name}"] = plain(value)
            else:
                values.setdefault(str(index), {})[name] = value
    # The rate of a recorded step is a tensor; it is set anew before each step.
    groups = [
        {name: float(value) if isinstance(value, Tensor) else value for name, value in group.items()}
        for group in found["param_groups"]
    ]
    return tensors, {"values": values, "groups": groups}


def _load_optimizer(optimizer: Optimizer, tensors: dict[str, Tensor], settings: dict[str, Any]) -> None:
    state: dict[int, dict[str, Any]] = {int(index): dict(values) for index, values in settings["values"].items()}
    for key, value in tensors.items():
        if not key.startswith(RNG):
            index, name = key.split(".", 1)
            state.setdefault(int(index), {})[name] = value
    # Settings are those of the recipe as it is now; only what has been learnt comes from the file.
    groups = optimizer.state_dict()["param_groups"]
    if [len(group["params"]) for group in groups] != [len(group["params"]) for group in settings["groups"]]:
        raise ValueError("the optimiser's parameter groups differ")
    weights = [weight for group in optimizer.param_groups for weight in group["params"]]
    for place, values in state.items():
        for name, value in values.items():
            if isinstance(value, Tensor) and is_divided(weights[place]) and value.shape == weights[place].shape:
                values[name] = part_of(value, weights[place])
    optimizer.load_state_dict({"state": state, "param_groups": groups})
    _lay_as_weights(optimizer)


def _lay_as_weights(optimizer: Optimizer) -> None:
    """Files hold values in the order of their axes; fused optimisers walk through memory, where weights may lie with
    channels last and their averages have to lie alike."""
    for weight, state in optimizer.state.items():
        for name, value in state.items():
            if isinstance(value, Tensor) and value.shape == weight.shape and value.stride() != weight.stride():
                state[name] = torch.empty_like(weight, dtype=value.dtype).copy_(value)
