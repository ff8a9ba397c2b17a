"""One step of training: forward, loss, backward, optimiser, sums. Nothing in it waits for the device.

On a GPU small networks spend more time starting kernels than computing. `RecordedStep` has the whole step recorded
once as a CUDA graph and started with one call from then on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from blockstudio.text import Text, say
from blockstudio.training.augment import Batch
from blockstudio.training.averages import AveragedWeights
from blockstudio.training.device import Precision
from blockstudio.training.losses import Criterion, Meter
from blockstudio.training.prepare import Prepared

Measure: TypeAlias = Callable[[float], None]

WARM_UP = 3
"""Steps computed as usual before one is recorded: libraries choose their kernels, the optimiser makes its state."""


class Layout:
    """Brings images ``(N, C, H, W)`` to what the network takes: one row each, or channels last in memory."""

    def __init__(self, flat: bool, channels_last: bool) -> None:
        self._flat = flat
        self._channels_last = channels_last

    def __call__(self, images: Tensor) -> Tensor:
        if self._flat:
            return images.flatten(1)
        return images.contiguous(memory_format=torch.channels_last) if self._channels_last else images


class Step:
    """Learns from one batch after the other."""

    def __init__(
        self,
        prepared: Prepared,
        layout: Layout,
        optimizer: Optimizer,
        criterion: Criterion,
        meter: Meter,
        precision: Precision,
        averaged: AveragedWeights | None = None,
    ) -> None:
        recipe = prepared.recipe
        self._averaged = averaged
        # The model itself stays as it is: measuring runs it uncompiled, at any size of batch.
        self._forward: Callable[[Tensor], Tensor | tuple[Tensor, ...]] = (
            torch.compile(prepared.model) if recipe.compile else prepared.model
        )
        self._layout = layout
        self._optimizer = optimizer
        self._criterion = criterion
        self._meter = meter
        self._precision = precision
        self._parts = recipe.accumulate
        self._clip = recipe.clip_gradient
        self._parameters = [parameter for parameter in prepared.model.parameters() if parameter.requires_grad]

    def share(self) -> None:
        """Average the gradients of every step with those of the other processes; the leader's weights and statistics
        are everybody's from here on."""
        self._forward = nn.parallel.DistributedDataParallel(self._forward)

    def __call__(self, batch: Batch, before_update: Measure | None = None) -> None:
        """One step on normalised images ``(N, C, H, W)``. ``before_update`` is called when all gradients are there,
        with the factor that is on them."""
        self._learn(batch, before_update)
        self._meter.count(len(batch.labels))

    def _learn(self, batch: Batch, before_update: Measure | None = None) -> None:
        scaler = self._precision.scaler
        self._optimizer.zero_grad(set_to_none=True)
        if self._parts == 1:
            self._back(batch, 1.0)
        else:
            for part in batch.parts(min(self._parts, len(batch.labels))):
                self._back(part, len(part.labels) / len(batch.labels))
        if before_update is not None:
            before_update(1.0 if scaler is None else scaler.get_scale())
        if self._clip:
            if scaler is not None:
                scaler.unscale_(self._optimizer)
            nn.utils.clip_grad_norm_(self._parameters, self._clip)
        if scaler is None:
            self._optimizer.step()
        else:
            scaler.step(self._optimizer)
            scaler.update()
        if self._averaged is not None:
            self._averaged.update()

    def _back(self, batch: Batch, share: float) -> None:
        """Gradients of a ``share`` of the step's images, added to those that are there."""
        scaler = self._precision.scaler
        with self._precision.autocast():
            loss, logits, auxiliary = self._criterion(self._forward(self._layout(batch.images)), batch)
        goal = loss if share == 1.0 else loss * share
        (goal if scaler is None else scaler.scale(goal)).backward()  # type: ignore[no-untyped-call]
        self._meter.add(loss, logits, batch.labels, auxiliary, share)


class RecordedStep(Step):
    """The same, recorded as a CUDA graph after `WARM_UP` steps. Where that cannot be done, ``refused`` is told why and
    every step is computed as usual."""

    def __init__(self, *given: object, refused: Callable[[Text], object]) -> None:
        super().__init__(*given)  # type: ignore[arg-type]
        self._refused = refused
        self._graph: torch.cuda.CUDAGraph | None = None
        self._held: Batch | None = None
        """What the recorded step reads; each batch is copied here."""
        self._seen = 0
        self._records = True
        self._aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]

    @property
    def recorded(self) -> bool:
        """Whether steps are played back."""
        return self._graph is not None

    def __call__(self, batch: Batch, before_update: Measure | None = None) -> None:
        if not self._records or not self._hold(batch):
            self._learn(batch, before_update)
        else:
            self._record_or_replay(before_update)
        self._meter.count(len(batch.labels))

    def _hold(self, batch: Batch) -> bool:
        """Copy ``batch`` to where the recorded step reads; returns whether it is like the first one."""
        if self._held is None:
            share = torch.ones((), device=batch.images.device)
            images = self._layout(batch.images).clone()
            others = None if batch.others is None else batch.others.clone()
            self._held = Batch(images, batch.labels.clone(), others, share)
        held = self._held
        if len(held.labels) != len(batch.labels) or (held.others is None) != (batch.others is None):
            return False
        held.images.copy_(self._layout(batch.images), non_blocking=True)
        held.labels.copy_(batch.labels, non_blocking=True)
        if held.others is not None and batch.others is not None and isinstance(held.share, Tensor):
            held.others.copy_(batch.others, non_blocking=True)
            held.share.fill_(batch.share)
        return True

    def _record_or_replay(self, before_update: Measure | None) -> None:
        assert self._held is not None
        if self._graph is None and self._seen >= WARM_UP and before_update is None:
            self._record(self._held)
        if self._graph is not None and before_update is None:
            self._graph.replay()
            return
        # A stream of its own, as a recording has: what autograd notes of the streams then fits it.
        self._seen += 1
        here = torch.cuda.current_stream()
        self._aside.wait_stream(here)
        with torch.cuda.stream(self._aside):
            self._learn(self._held, before_update)
        here.wait_stream(self._aside)

    def _record(self, held: Batch) -> None:
        here = torch.cuda.current_stream()
        graph = torch.cuda.CUDAGraph()
        # Gradients are made inside, in the graph's own memory.
        self._optimizer.zero_grad(set_to_none=True)
        try:
            with torch.cuda.graph(graph, stream=self._aside, capture_error_mode="thread_local"):
                self._learn(held)
        except RuntimeError as error:
            torch.cuda.set_stream(here)
            self._optimizer.zero_grad(set_to_none=True)
            self._records = False
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            said = say(
                "A step cannot be recorded as a CUDA graph here, so it is computed as usual: {reason}", reason=reason
            )
            self._refused(said)
            return
        self._graph = graph


def build_step(
    prepared: Prepared,
    layout: Layout,
    optimizer: Optimizer,
    criterion: Criterion,
    meter: Meter,
    precision: Precision,
    averaged: AveragedWeights | None,
    refused: Callable[[Text], object],
) -> Step:
    """The step that the recipe asks for on the device it has."""
    given = (prepared, layout, optimizer, criterion, meter, precision, averaged)
    return RecordedStep(*given, refused=refused) if prepared.recorded else Step(*given)
