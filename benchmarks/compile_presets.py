"""Time to compile a preset (from the open diagram to the initialised module) against the constructor of the
torchvision or timm network that it equals, in turn, so that both meet the same machine.

CPU seconds of one thread, which a busy machine disturbs less than the clock. The constructor is called as anybody
calls it; torchvision's GoogLeNet, Inception V3 and VGG then draw their weights a second time, and *bare* is the ratio
without that.

    python benchmarks/compile_presets.py [--rounds 5] [PRESET ...]
"""

from __future__ import annotations

import argparse
import gc
import importlib
import platform
import statistics
import time
import warnings
from collections.abc import Callable
from typing import Any

import torch
import torchvision.models
from torch import nn

from blockstudio.compiler import compile
from blockstudio.graph.presets import load_preset

BOUND = 1.5
PAIRS: dict[str, tuple[str, str, dict[str, Any], dict[str, Any]]] = {
    "alexnet_torchvision": ("torchvision", "alexnet", {}, {}),
    "vgg16": ("torchvision", "vgg16", {"init_weights": False}, {}),
    "vgg19": ("torchvision", "vgg19", {"init_weights": False}, {}),
    "googlenet_torchvision": ("torchvision", "googlenet", {"init_weights": False}, {}),
    "inception_v3": ("torchvision", "inception_v3", {"init_weights": False}, {}),
    "resnet18": ("torchvision", "resnet18", {}, {}),
    "resnet34": ("torchvision", "resnet34", {}, {}),
    "resnet50": ("torchvision", "resnet50", {}, {}),
    "resnet101": ("torchvision", "resnet101", {}, {}),
    "resnet152": ("torchvision", "resnet152", {}, {}),
    "resnext50": ("torchvision", "resnext50_32x4d", {}, {}),
    "wide_resnet50_2": ("torchvision", "wide_resnet50_2", {}, {}),
    "inception_v4": ("timm", "inception_v4", {}, {"aux": False}),
    "inception_resnet_v2": ("timm", "inception_resnet_v2", {}, {"aux": False}),
    "preact_resnet50": ("timm", "resnetv2_50", {}, {}),
    "se_resnet50": ("timm", "seresnet50", {}, {}),
}
"""Preset: library, network there, the options of its bare constructor, diagram parameters."""


def constructor(library: str, name: str, options: dict[str, Any]) -> Callable[[], nn.Module]:
    """Builds the network of a library with weights as they start."""
    if library == "torchvision":
        return lambda: getattr(torchvision.models, name)(weights=None, **options)
    timm = importlib.import_module("timm")
    return lambda: timm.create_model(name, pretrained=False, **options)


def seconds(build: Callable[[], nn.Module]) -> float:
    """CPU time of one build."""
    gc.collect()
    start = time.process_time()
    build()
    return time.process_time() - start


def measure(preset: str, rounds: int) -> tuple[float, float, float]:
    """Median seconds of ours, of theirs, and of theirs without the second drawing of weights."""
    library, name, options, values = PAIRS[preset]
    theirs, bare = constructor(library, name, {}), constructor(library, name, options)
    times: tuple[list[float], list[float], list[float]] = ([], [], [])
    for turn in range(rounds + 1):
        # Opened afresh: nothing is kept from the round before.
        diagram = load_preset(preset, **values)
        found = seconds(lambda diagram=diagram: compile(diagram)), seconds(theirs), seconds(bare)
        # The first round imports what the network needs.
        if turn:
            for kept, value in zip(times, found, strict=True):
                kept.append(value)
    ours, whole, least = map(statistics.median, times)
    return ours, whole, least


def main() -> None:
    parser = argparse.ArgumentParser(description="Compile time of presets against constructors of other libraries.")
    parser.add_argument("presets", nargs="*", metavar="PRESET", help=f"of: {', '.join(PAIRS)} (default: all)")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    for name in options.presets:
        if name not in PAIRS:
            parser.error(f"{name} equals no network of torchvision or timm")
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    print(
        f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, torch {torch.__version__}"
    )
    print(f"{'preset':<24}{'compile':>10}{'constructor':>14}{'ratio':>8}{'bare':>8}   equals")
    worst = 0.0
    for preset in options.presets or PAIRS:
        ours, theirs, bare = measure(preset, options.rounds)
        worst = max(worst, ours / theirs)
        library, name, *_ = PAIRS[preset]
        times = f"{ours * 1e3:>7.0f} ms{theirs * 1e3:>11.0f} ms"
        print(f"{preset:<24}{times}{ours / theirs:>8.2f}{ours / bare:>8.2f}   {library} {name}", flush=True)
    print(f"worst ratio {worst:.2f}, bound {BOUND}")


if __name__ == "__main__":
    main()
