"""What blocks do while they learn: norms, updates, outputs, time and memory, measured in single steps.

Between two measured steps there is nothing: no hooks, no copies. In a measured step everything is computed on the
device and read once, at its end. What a measurement changes is time alone: the numbers of the training stay the same
to the last bit.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.hooks import RemovableHandle

from blockstudio.runs.events import EventWriter
from blockstudio.runs.recipe import Recipe
from blockstudio.runs.watching import OF_OUTPUTS, OF_WEIGHTS
from blockstudio.training.control import Control
from blockstudio.training.device import used_memory

SHARE = 0.015
"""Share of the time that measuring may take where the recipe leaves the rate open."""
LEAST_WAIT = 0.5
"""Seconds from one measurement to the next, at least, where the rate is open."""
MOST_OFTEN = 300
"""The longer a run has lasted the less often it is measured: each wait is at least this part of it, so that the log
of a long run stays small and its curves have as many points as a screen shows."""
SAMPLE = 32
"""Images of a batch from which the figures of outputs are taken."""
FIRST = 2
"""Steps before the first measurement: the very first ones allocate and choose algorithms."""
SMOOTHING = 0.7


class Watching:
    """Whether blocks are measured, and how often: as the recipe says until somebody tells the trainer."""

    def __init__(
        self, model: nn.Module, device: torch.device, recipe: Recipe, control: Control, events: EventWriter
    ) -> None:
        self._control, self._events = control, events
        self._network, self._outputs = (model, device), not recipe.compile
        self._steps = recipe.watch.steps if recipe.watch.blocks else -1
        self._watch = self._new(self._steps)

    def _new(self, steps: int) -> Watch | None:
        return Watch(*self._network, steps, self._outputs) if steps >= 0 else None

    def begin(self, step: int) -> Watch | None:
        """What measures the step after ``step``, if it is to be measured."""
        watch = self._watch
        if watch is None or not watch.is_due(step):
            return None
        watch.begin()
        return watch

    def end(self, watch: Watch, step: int, usual: float) -> None:
        """Write down what was measured in ``step``; see `Watch.after_update`."""
        self._events.write("blocks", step=step, **watch.after_update(usual))

    def turn(self, step: int) -> None:
        """Begin or end to measure, if that was asked for since the last look."""
        wanted = self._control.watching
        if wanted is not None and wanted != self._steps:
            self._steps, self._watch = wanted, self._new(wanted)
            self.say(step)

    def say(self, step: int) -> None:
        """What the figures of the ``blocks`` events are of, and how often they come: every so many steps, 0 where
        that depends on what it costs, -1 for never."""
        if self._watch is not None:
            self._events.write("watched", step=step, every=self._steps, paths=list(self._watch.paths))
        elif self._control.watching is not None:
            self._events.write("watched", step=step, every=-1, paths=[])


class Watch:
    """Measures a network in the steps that are due."""

    def __init__(self, model: nn.Module, device: torch.device, steps: int, outputs: bool = True) -> None:
        """``steps``: every so many, 0: as often as costs `SHARE` of the time. ``outputs``: blocks are hooked; a
        compiled network is not, for it would be compiled again each time."""
        self._model, self._device, self._outputs = model, device, outputs
        self.steps = steps
        names = {name: module for name, module in model.named_modules() if name}
        own = {name: list(module.parameters(recurse=False)) for name, module in names.items()}
        self.paths = tuple(names)
        """Of the blocks that are modules, as in the diagram: ``layer1.0.conv1``."""
        self._rows = {name: row for row, name in enumerate(self.paths)}
        self._modules = names
        self._weighted = [(self._rows[name], weight) for name, weights in own.items() for weight in weights]
        self._drift = _Drift([(self._rows[n], m) for n, m in names.items() if isinstance(m, _BatchNorm)], device)
        self._handles: list[RemovableHandle] = []
        self._started = time.perf_counter()
        self._next = 0.0
        self._seen = 0
        self._cost = 0.0
        self._begun = self._started
        self._last: float | None = None
        """When the measurement before ended."""

    def is_due(self, step: int) -> bool:
        """Whether the step that follows ``step`` is to be measured."""
        self._seen += 1
        if self._seen <= FIRST:
            return False
        return step % self.steps == 0 if self.steps else time.perf_counter() >= self._next

    def begin(self) -> None:
        """Before the forward pass of a measured step."""
        self._synchronise()
        self._begun = time.perf_counter()
        self._clock = _clock(self._device)
        self._found: dict[str, dict[int, Tensor]] = {name: {} for name in OF_OUTPUTS}
        self._memory: dict[int, int] = {}
        self._forward: list[tuple[int, Any, Any]] = []
        self._backward: list[tuple[int, Any]] = []
        self._entered: dict[int, tuple[Any, int, int]] = {}
        self._latest: tuple[Tensor, int] | None = None
        self._drift.begin()
        if self._outputs:
            for name, module in self._modules.items():
                row, leaf = self._rows[name], not any(module.children())
                if leaf:
                    self._handles.append(module.register_forward_pre_hook(self._entering(row)))
                self._handles.append(module.register_forward_hook(self._leaving(row, leaf)))

    def before_update(self, scale: float = 1.0) -> None:
        """After the backward pass; ``scale`` is the factor that a gradient scaler has put on the gradients."""
        self._ended = self._clock()
        for handle in self._handles:
            handle.remove()
        self._handles.clear()
        with torch.no_grad():
            there = [(row, weight) for row, weight in self._weighted if weight.grad is not None]
            self._trained = [weight.detach() for _, weight in there]
            self._trained_rows = [row for row, _ in there]
            gradients = [weight.grad for _, weight in there if weight.grad is not None]
            self._gradients = _norms(gradients)
            if self._gradients is not None and scale != 1.0:
                self._gradients = self._gradients / scale
            self._before = [weight.clone() for weight in self._trained]

    def after_update(self, usual: float) -> dict[str, Any]:
        """After the optimiser's step: what was measured, the fields of a ``blocks`` event. ``usual`` is the seconds
        that a step takes otherwise, 0 if that is not known yet."""
        with torch.no_grad():
            updates = _norms(torch._foreach_sub(self._trained, self._before)) if self._trained else None
            weights = _norms([weight.detach() for _, weight in self._weighted])
            self._before = []
        fields: dict[str, Any] = {}
        every_row = [row for row, _ in self._weighted]
        for name, rows, values in zip(
            OF_WEIGHTS,
            (self._trained_rows, every_row, self._trained_rows),
            (self._gradients, weights, updates),
            strict=True,
        ):
            fields[name] = self._together(rows, values)
        fields |= {name: self._column(found) for name, found in self._found.items()}
        fields |= {name: self._plain(values) for name, values in self._drift.end().items()}
        fields["memory"] = self._plain(self._memory)
        self._synchronise()
        fields["forward"], fields["backward"] = self._times()
        self._found, self._latest, self._trained = {}, None, []
        fields["cost"] = round(self._count_cost(usual), 4)
        fields["used"] = used_memory(self._device)
        return fields

    # Hooks of one step

    def _entering(self, row: int) -> Callable[[nn.Module, Any], None]:
        def hook(module: nn.Module, inputs: Any) -> None:
            if self._backward and self._backward[-1][0] >= 0:
                self._backward.append((-1, self._clock()))  # a batch in parts: forward again
            self._entered[row] = self._clock(), _allocated(self._device), _version(inputs)

        return hook

    def _leaving(self, row: int, leaf: bool) -> Callable[[nn.Module, Any, Any], None]:
        def hook(module: nn.Module, inputs: Any, output: Any) -> None:
            if not isinstance(output, Tensor) or not output.is_floating_point():
                return
            passed = False
            if leaf:
                begun, before, version = self._entered[row]
                # What writes into its input gives the same tensor too, in another version.
                passed = _first(inputs) is output and version == output._version
                self._forward.append((row, begun, self._clock()))
                self._memory[row] = self._memory.get(row, 0) + _held(self._device, before, inputs, output)
            if not leaf and self._latest is not None and self._latest[0] is output:
                # What a module gives is its last block's.
                for found in self._found.values():
                    if self._latest[1] in found:
                        found[row] = found[self._latest[1]]
            else:
                self._take_output(row, output.detach())
            if output.requires_grad and leaf and not passed:
                output.register_hook(  # type: ignore[no-untyped-call]
                    lambda gradient: self._backward.append((row, self._clock()))
                )
            self._latest = output, row

        return hook

    @torch.no_grad()
    def _take_output(self, row: int, output: Tensor) -> None:
        some = output[:SAMPLE]
        zero = some == 0
        variance, mean = torch.var_mean(some.float(), correction=0)
        alive = zero.all(0) if some.dim() < 3 else zero.all(0).flatten(1).all(1)
        self._found["mean"][row] = mean
        self._found["deviation"][row] = variance.sqrt()
        self._found["dead"][row] = zero.float().mean()
        self._found["dead_channels"][row] = alive.float().sum()

    # Reading

    def _together(self, rows: list[int], norms: Tensor | None) -> list[float | None]:
        """The norm of all of a block's own weights from the norms of each."""
        squares: dict[int, float] = {}
        for row, norm in zip(rows, norms.tolist() if norms is not None else (), strict=True):
            squares[row] = squares.get(row, 0.0) + norm * norm
        return self._plain({row: math.sqrt(square) for row, square in squares.items()})

    def _column(self, found: dict[int, Tensor]) -> list[float | None]:
        values = torch.stack(list(found.values())).tolist() if found else []
        return self._plain(dict(zip(found, values, strict=True)))

    def _plain(self, found: dict[int, float] | dict[int, int]) -> list[float | None]:
        """A value for each path, to four digits; ``None`` where there is none."""
        return [_short(found[row]) if row in found else None for row in range(len(self.paths))]

    def _times(self) -> tuple[list[float | None], list[float | None]]:
        """Milliseconds forward and backward. What comes between the gradients of two blocks' outputs is the first
        one's backward pass."""
        forward: dict[int, float] = {}
        backward: dict[int, float] = {}
        for row, begun, ended in self._forward:
            forward[row] = forward.get(row, 0.0) + _milliseconds(begun, ended)
        stamps = [*self._backward, (-1, self._ended)]
        for (row, begun), (_, ended) in pairwise(stamps):
            if row < 0:
                continue
            backward[row] = backward.get(row, 0.0) + _milliseconds(begun, ended)
        return self._plain(forward), self._plain(backward)

    def _synchronise(self) -> None:
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)

    def _count_cost(self, usual: float) -> float:
        """Share of the time that measuring takes, and when to measure next."""
        now = time.perf_counter()
        spent = now - self._begun
        cost = max(spent - usual, 0.1 * spent) if usual else 0.5 * spent
        wait = max(cost / SHARE, LEAST_WAIT, (now - self._started) / MOST_OFTEN)
        self._next = now + wait
        # At an open rate the wait that follows is what it costs; at a fixed one the steps since the last time.
        if self.steps and self._last is None:
            self._last = now
            return min(cost / (usual * self.steps + cost), 1.0) if usual else 0.0
        share = cost / (wait + cost if not self.steps or self._last is None else max(now - self._last, 1e-9))
        self._cost = SMOOTHING * self._cost + (1 - SMOOTHING) * share if self._cost else share
        self._last = now
        return min(self._cost, 1.0)


class _Drift:
    """BatchNorm's statistics of one batch against the running ones, worked out from how those moved: the images need
    no second look."""

    def __init__(self, norms: list[tuple[int, _BatchNorm]], device: torch.device) -> None:
        self._all = [(row, norm) for row, norm in norms if norm.running_mean is not None]
        self._device = device

    def begin(self) -> None:
        self._norms = [(row, norm) for row, norm in self._all if norm.training and norm.momentum != 0.0]
        with torch.no_grad():
            self._before = self._statistics()

    def _statistics(self) -> tuple[Tensor, Tensor] | None:
        if not self._norms:
            return None
        means = [norm.running_mean for _, norm in self._norms if norm.running_mean is not None]
        variances = [norm.running_var for _, norm in self._norms if norm.running_var is not None]
        return torch.cat(means).float(), torch.cat(variances).float()

    def end(self) -> dict[str, dict[int, float]]:
        """``shift``: mean over the channels of |batch mean − running mean| in running deviations; ``scale``: batch
        deviation over running deviation, geometric mean over the channels."""
        found: dict[str, dict[int, float]] = {"shift": {}, "scale": {}}
        if self._before is None:
            return found
        with torch.no_grad():
            now = self._statistics()
            assert now is not None
            sizes = [norm.num_features for _, norm in self._norms]
            momenta = [_momentum(norm) for _, norm in self._norms]
            repeats = torch.tensor(sizes, device=self._device)
            momentum = torch.tensor(momenta, device=self._device).repeat_interleave(repeats)
            eps = torch.tensor([norm.eps for _, norm in self._norms], device=self._device).repeat_interleave(repeats)
            (mean, variance), (new_mean, new_variance) = self._before, now
            deviation = (variance + eps).sqrt()
            # running' = (1 - m) running + m batch
            shift = (new_mean - mean).abs() / momentum / deviation
            batch = (variance + (new_variance - variance) / momentum).clamp(min=0) + eps
            ratio = 0.5 * (batch.log() - (variance + eps).log())
            means = torch.stack(
                [torch.stack([part.mean() for part in torch.split(each, sizes)]) for each in (shift, ratio)]
            )
            shifts, ratios = means.tolist()
        for (row, _), moved, grown in zip(self._norms, shifts, ratios, strict=True):
            found["shift"][row] = moved
            found["scale"][row] = math.exp(grown) if math.isfinite(grown) else math.nan
        return found


def _momentum(norm: _BatchNorm) -> float:
    """How much of the batch went into the running statistics; without one they are the mean of all batches."""
    if norm.momentum is not None:
        return float(norm.momentum)
    return 1.0 / max(1, int(norm.num_batches_tracked)) if norm.num_batches_tracked is not None else 1.0


def _norms(tensors: list[Tensor] | tuple[Tensor, ...]) -> Tensor | None:
    if not tensors:
        return None
    return torch.stack([norm.float() for norm in torch._foreach_norm(list(tensors))])


def _clock(device: torch.device) -> Callable[[], Any]:
    if device.type != "cuda":
        return time.perf_counter

    def stamp() -> torch.cuda.Event:
        event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
        event.record()
        return event

    return stamp


def _milliseconds(begun: Any, ended: Any) -> float:
    if isinstance(begun, float):
        return 1000.0 * float(ended - begun)
    return float(begun.elapsed_time(ended))


def _allocated(device: torch.device) -> int:
    return torch.cuda.memory_allocated(device) if device.type == "cuda" else 0


def _first(inputs: Any) -> Any:
    return inputs[0] if isinstance(inputs, tuple) and inputs else None


def _version(inputs: Any) -> int:
    first = _first(inputs)
    return first._version if isinstance(first, Tensor) else -1


def _held(device: torch.device, before: int, inputs: Any, output: Tensor) -> int:
    """Bytes that a block took for its output; none where it writes into its input or shows it in another shape."""
    if device.type == "cuda":
        return max(0, torch.cuda.memory_allocated(device) - before)
    first = _first(inputs)
    if isinstance(first, Tensor) and first.untyped_storage().data_ptr() == output.untyped_storage().data_ptr():
        return 0
    return output.numel() * output.element_size()


def _short(value: float) -> float | int:
    if isinstance(value, int):
        return value
    return float(f"{value:.4g}") if math.isfinite(value) else math.nan
