"""Training loops as one writes them by hand, to hold the trainer against."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

import blockstudio as bs


def wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


def varied(images: Tensor, pad: int) -> Tensor:
    """Pad, crop and flip as one writes it for a batch on the card."""
    count, _, height, width = images.shape
    windows = F.pad(images, [pad] * 4).unfold(2, height, 1).unfold(3, width, 1)
    top, left = torch.randint(0, 2 * pad + 1, (2, count), device=images.device)
    images = windows[torch.arange(count, device=images.device), :, top, left]
    return torch.where(torch.rand(count, 1, 1, 1, device=images.device) < 0.5, images.flip(3), images)


def hand_rate(
    device: torch.device,
    diagram: bs.Diagram,
    shape: tuple[int, int, int],
    batch: int,
    seconds: float,
    *,
    turns: int = 20,
    fast: bool = False,
    compiled: bool = False,
    limit: bool = False,
) -> float:
    """Images a second of a loop as one writes it by hand, its images on the card.

    ``turns``: steps between two looks at the loss. ``fast``: channels last and bf16. ``limit``: one batch over and
    over, nothing varied, nothing noted, the whole step a CUDA graph where there are any.
    """
    torch.manual_seed(0)
    model = bs.compile(diagram).to(device).train()
    if fast:
        model.to(memory_format=torch.channels_last)
    forward: Callable[[Tensor], Any] = torch.compile(model) if compiled else model
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4, fused=True)
    images = torch.randint(0, 256, (batch * 10, *shape), dtype=torch.uint8, device=device)
    labels = torch.randint(0, 10, (batch * 10,), device=device)
    amp = torch.autocast(device.type, torch.bfloat16) if fast else nullcontext()

    def step(x: Tensor, y: Tensor) -> Tensor:
        optimizer.zero_grad(set_to_none=True)
        with amp:
            found = forward(x)
            loss = F.cross_entropy(found if isinstance(found, Tensor) else found[0], y)
        loss.backward()
        optimizer.step()
        return loss

    def batches() -> Iterator[tuple[Tensor, Tensor]]:
        while True:
            order = torch.randperm(len(images), device=device)
            for place in range(0, len(images), batch):
                index = order[place : place + batch]
                x = images[index].float().div_(255).sub_(0.5).div_(0.25)
                x = varied(x, 4)
                yield (x.contiguous(memory_format=torch.channels_last) if fast else x), labels[index]

    feed = batches()
    x, y = next(feed)
    turn: Callable[[], Any] = lambda: step(*next(feed))  # noqa: E731
    if limit:
        turn = recorded(lambda: step(x, y)) if device.type == "cuda" else lambda: step(x, y)
    for _ in range(turns):
        turn()
    wait(device)
    steps, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        for _ in range(turns):
            loss = turn()
            steps += 1
        if limit:
            wait(device)
        else:
            loss.item()
    wait(device)
    return batch * steps / (time.perf_counter() - began)


def recorded(step: Callable[[], Any]) -> Callable[[], Any]:
    aside = torch.cuda.Stream()
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph.replay
