"""Compiled ResNet-50 against torchvision's: time and peak memory of a training step and of inference.

    python benchmarks/compiled_resnet50.py [--rounds 20] [--batch 4] [--size 160] [--threads 1]

Both have the same weights and input. Time: the two take turns step by step in one process, each first in every other
round, so that a busy machine slows both; the median of the rounds' ratios is printed with its quartiles. Memory: the
largest sum of live tensors in one step, counted from the allocations that torch's profiler records, which is exact
and the same in every run; `--rss` adds the peak resident size of fresh processes, which is neither.
"""

from __future__ import annotations

import argparse
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import torch
import torch.nn.functional as F
import torchvision
from torch import nn
from torch.profiler import ProfilerActivity, profile

from blockstudio.compiler import compile, load_weights
from blockstudio.graph.presets import load_preset

BAR = 1.02
KINDS = ("compiled", "torchvision")


def model(kind: str, size: int) -> nn.Module:
    torch.manual_seed(0)
    theirs = torchvision.models.resnet50()
    if kind == "torchvision":
        return theirs
    ours = compile(load_preset("resnet50", size=size))
    load_weights(ours, theirs.state_dict())
    return ours


def training(network: nn.Module, x: torch.Tensor, y: torch.Tensor) -> Callable[[], None]:
    network.train()

    def step() -> None:
        network.zero_grad(set_to_none=True)
        F.cross_entropy(network(x), y).backward()

    return step


def inference(network: nn.Module, x: torch.Tensor) -> Callable[[], None]:
    network.eval()

    def step() -> None:
        with torch.inference_mode():
            network(x)

    return step


def time_ratios(steps: dict[str, Callable[[], None]], rounds: int) -> dict[str, list[float]]:
    """Compiled over torchvision, one ratio a round, of wall time and of the process's own time, which does not count
    what other programs take; within a round each runs twice, in the order ABBA."""
    clocks = {"time": time.perf_counter, "processor time": time.process_time}
    for step in steps.values():
        step()
    ratios: dict[str, list[float]] = {label: [] for label in clocks}
    for index in range(rounds):
        order = KINDS if index % 2 else KINDS[::-1]
        taken = {(label, kind): 0.0 for label in clocks for kind in KINDS}
        for kind in (*order, *reversed(order)):
            before = {label: clock() for label, clock in clocks.items()}
            steps[kind]()
            for label, clock in clocks.items():
                taken[label, kind] += clock() - before[label]
        for label in clocks:
            ratios[label].append(taken[label, "compiled"] / taken[label, "torchvision"])
    return ratios


def peak_bytes(step: Callable[[], None]) -> int:
    """The most that tensors made in one step take at a time."""
    step()
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as recorded:
        step()
    results = recorded.profiler.kineto_results
    changes = sorted((e.start_ns(), e.nbytes()) for e in results.events() if e.name() == "[memory]")
    live = peak = 0
    for _, size in changes:
        live += size
        peak = max(peak, live)
    return peak


def resident(kind: str, arguments: argparse.Namespace) -> int:
    """Peak resident bytes of a fresh process that does three training steps."""
    options = ["--child", kind, "--batch", str(arguments.batch), "--size", str(arguments.size)]
    done = subprocess.run([sys.executable, __file__, *options], capture_output=True, text=True, check=True)
    return int(done.stdout)


def child(arguments: argparse.Namespace) -> None:
    x, y = batch(arguments)
    step = training(model(arguments.child, arguments.size), x, y)
    for _ in range(3):
        step()
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


def batch(arguments: argparse.Namespace) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(arguments.batch, 3, arguments.size, arguments.size, generator=generator)
    return x, torch.randint(0, 1000, (arguments.batch,), generator=generator)


def report(label: str, ratios: list[float]) -> None:
    low, middle, high = statistics.quantiles(ratios, n=4)
    verdict = "within" if middle <= BAR else "ABOVE"
    print(f"{label:37} median ratio {middle:.4f}  (quartiles {low:.4f}, {high:.4f}; {verdict} {BAR})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--size", type=int, default=160)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rss", action="store_true", help="peak resident size of fresh processes too")
    parser.add_argument("--child", choices=KINDS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    if arguments.child:
        child(arguments)
        return
    x, y = batch(arguments)
    networks = {kind: model(kind, arguments.size) for kind in KINDS}
    print(
        f"{platform.processor() or platform.machine()}, torch {torch.__version__}, {arguments.threads} thread(s), ",
        end="",
    )
    print(f"batch {tuple(x.shape)}, {arguments.rounds} rounds")
    with torch.inference_mode():
        outputs = [networks[kind].eval()(x) for kind in KINDS]
    print(f"outputs bitwise equal: {torch.equal(*outputs)}")
    works: dict[str, Callable[[nn.Module], Callable[[], None]]] = {
        "forward and backward": lambda network: training(network, x, y),
        "inference": lambda network: inference(network, x),
    }
    for label, work in works.items():
        steps = {kind: work(networks[kind]) for kind in KINDS}
        for clock, ratios in time_ratios(steps, arguments.rounds).items():
            report(f"{label}, {clock}", ratios)
        peaks = {kind: peak_bytes(steps[kind]) for kind in KINDS}
        ratio = peaks["compiled"] / peaks["torchvision"]
        verdict = "within" if ratio <= BAR else "ABOVE"
        sizes = ", ".join(f"{kind} {size / 2**20:.1f} MiB" for kind, size in peaks.items())
        print(f"{label + ', peak memory':37} ratio {ratio:.4f}  ({sizes}; {verdict} {BAR})")
    if arguments.rss:
        sizes = {kind: statistics.median(resident(kind, arguments) for _ in range(3)) for kind in KINDS}
        print(f"peak resident size: ratio {sizes['compiled'] / sizes['torchvision']:.4f}")


if __name__ == "__main__":
    main()
