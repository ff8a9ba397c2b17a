"""The studio's trainer against the loops that a user would write, on this machine, in at most eight minutes.

    python benchmarks/training.py [--threads 2] [--reader] [--report FILE]

Four ratios, each from turns taken one after the other, so that a busy machine slows both alike:

1. ResNet-20, padded, cropped and mirrored images of 32×32, in fp32: against a DataLoader with torchvision's transforms,
   the kind and the number of workers that are fastest here. At least 1.10.
2. The same with what *measure and choose* finds: at least 1.8 where the processor computes in bf16.
3. The first against the same network on tensors in memory, nothing varied: at least 0.95.
4. A perceptron of three layers: what the trainer adds to a bare loop, at most 0.10 ms a step, blocks not measured.

The trainer does all it does in earnest: run directory, events, commands looked for, checkpoints.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from training_by_hand import OnLoader, OnTensors, best_loader

import blockstudio as bs
from blockstudio.runs import Recipe, Run, create_run, with_fields
from blockstudio.training import train_run, tune

IMAGES, BATCH = 10_000, 128
RESNET: dict[str, Any] = {
    "data": {"source": "shapes", "validation": 0, "shapes": {"images": IMAGES}}, "batch_size": BATCH,
    "optimizer": "sgd", "lr": 0.01, "weight_decay": 5e-4, "spare_norm_and_bias": False, "device": "cpu",
    "augmentation": {"pad_crop": 4, "flip": True}, "checkpoints": {"epochs": 1},
}  # fmt: skip
PERCEPTRON: dict[str, Any] = {
    "data": {"source": "digits", "validation": 0}, "batch_size": 64, "steps": 20_000, "checkpoints__steps": 5000,
    "optimizer": "sgd", "lr": 0.01, "weight_decay": 5e-4, "spare_norm_and_bias": False, "device": "cpu",
}  # fmt: skip
READER = """
import sys, time
from blockstudio.runs import Run
run, offset = Run(sys.argv[1]), 0
print("ready", flush=True)
while run.results() is None:
    run.state()
    _, offset = run.events(offset)
    time.sleep(1 / 30)
"""
"""Reads a run's log as the window does."""
BARS = {"torchvision": 1.10, "tuned": 1.8, "tensors": 0.95, "overhead": 0.10}
HELPS = 1.2
"""bf16 has to bring so much for the second bar to hold."""


def perceptron() -> bs.Diagram:
    diagram = bs.Diagram("perceptron")
    chain = [
        diagram.add("Input", "input", shape=[1, 8, 8]),
        diagram.add("Flatten", "flatten"),
        diagram.add("Linear", "fc1", out_features=256),
        diagram.add("ReLU", "relu1"),
        diagram.add("Linear", "fc2", out_features=256),
        diagram.add("ReLU", "relu2"),
        diagram.add("Linear", "fc3", out_features=10),
        diagram.add("Output", "output"),
    ]
    for source, target in pairwise(chain):
        diagram.connect(source, target)
    return diagram


class Turns:
    """Listens to the trainer; whenever it has told of so many steps, each of the others has a turn as long."""

    def __init__(self, others: dict[str, Callable[[int], float]], clock: Callable[[], float]) -> None:
        """``others``: given a number of steps, the seconds they took."""
        self.others, self.clock = others, clock
        self.ours: list[float] = []
        self.theirs: dict[str, list[float]] = {name: [] for name in others}
        self._step, self._since = 0, 0.0

    def __call__(self, event: dict[str, Any]) -> None:
        now = self.clock()
        if event["type"] == "step":
            steps = event["step"] - self._step
            if self._since:
                self.ours.append((now - self._since) / steps)
                for name, take in self.others.items():
                    self.theirs[name].append(take(steps) / steps)
            self._step, self._since = event["step"], self.clock()

    def ratio(self, name: str) -> float:
        """How much faster the trainer is, the median of the turns."""
        return statistics.median(two / one for one, two in zip(self.ours, self.theirs[name], strict=True))

    def more(self, name: str) -> float:
        """Seconds a step that it takes more, the median of the turns."""
        return statistics.median(one - two for one, two in zip(self.ours, self.theirs[name], strict=True))


class Bench:
    """What is measured, and what was found."""

    def __init__(self, folder: Path, threads: int, share: float, clock: Callable[[], float], reader: bool) -> None:
        self.folder, self.threads, self.clock, self.reader = folder, threads, clock, reader
        self.turn = max(2, round(20 * share))
        self.turns = max(2, round(7 * share))
        self.found: dict[str, float] = {}

    def run(self, name: str, diagram: bs.Diagram, fields: dict[str, Any]) -> Run:
        """A run that has not begun."""
        return create_run(diagram, with_fields(Recipe(), {"threads": self.threads, **fields}), self.folder / name)

    def resnet(self, name: str, **more: Any) -> Run:
        fields = {"steps": self.turn * (self.turns + 1), "report_steps": self.turn}
        return self.run(name, bs.load("cifar_resnet", n=3), {**RESNET, **fields, **more})

    def images(self, seconds: list[float]) -> str:
        return f"{BATCH / statistics.median(seconds):,.0f} images/s"

    def against_loader(self) -> None:
        """The first three ratios."""
        run = self.resnet("fp32")
        loader = best_loader(run, self.turn, self.clock, os.cpu_count() or 1)
        tensors = OnTensors(run, loader.splits)
        tensors.take(2, self.clock)
        turns = self._turns(run, loader, tensors)
        self.found["torchvision"], self.found["tensors"] = turns.ratio("torchvision"), turns.ratio("tensors")
        theirs = {name: self.images(seconds) for name, seconds in turns.theirs.items()}
        print(f"  fp32: trainer {self.images(turns.ours)}; torchvision ({loader.name}) {theirs['torchvision']}")
        print(f"  tensors in memory {theirs['tensors']}", flush=True)
        recipe, trials = tune.tune(self.resnet("tune", steps=499))  # too short a run to compile for
        plain = trials[0]
        for trial in trials:
            verdict = "kept" if trial.kept else trial.why
            print(f"  {trial.name:24} {trial.images_per_second:8,.0f} images/s  {verdict}", flush=True)
        chosen = {"channels_last": recipe.channels_last, "precision": recipe.precision, "compile": recipe.compile}
        turns = self._turns(self.resnet("tuned", **chosen), loader, tensors)
        self.found["tuned"] = turns.ratio("torchvision")
        self.found["bf16"] = max((t.images_per_second for t in trials if t.kept), default=0.0) / plain.images_per_second
        print(f"  {chosen}: trainer {self.images(turns.ours)}, torchvision "
              f"{self.images(turns.theirs['torchvision'])}", flush=True)  # fmt: skip

    def _turns(self, run: Run, loader: OnLoader, tensors: OnTensors) -> Turns:
        turns = Turns({
            "torchvision": lambda steps: loader.take(steps, self.clock),
            "tensors": lambda steps: tensors.take(steps, self.clock),
        }, self.clock)  # fmt: skip
        self.train(run, turns)
        return turns

    def train(self, run: Run, turns: Turns) -> None:
        """Train in this process, with another that reads the log if that is wanted."""
        reader = None
        if self.reader:
            command = [sys.executable, "-c", READER, str(run.directory)]
            reader = subprocess.Popen(command, stdout=subprocess.PIPE)
            assert reader.stdout is not None and reader.stdout.readline()
        train_run(run, on_event=turns)
        if reader is not None:
            reader.wait()

    def overhead(self, share: float) -> None:
        """The fourth."""
        steps = max(200, round(PERCEPTRON["steps"] * share))
        run = self.run("perceptron", perceptron(), {**PERCEPTRON, "steps": steps})
        bare = OnTensors(run)
        bare.take(200, self.clock)
        turns = Turns({"bare": lambda count: bare.take(count, self.clock)}, self.clock)
        self.train(run, turns)
        self.found["overhead"] = 1000 * turns.more("bare")
        print(f"  perceptron: trainer {1000 * statistics.median(turns.ours):.3f} ms a step, bare "
              f"{1000 * statistics.median(turns.theirs['bare']):.3f}; {len(turns.ours)} turns")  # fmt: skip

    def verdicts(self) -> list[str]:
        """A line for each bar."""
        found = self.found
        lines = []
        for name, text in (
            ("torchvision", "against a torchvision-style loop, fp32"), ("tuned", "the same, measured and chosen"),
            ("tensors", "against tensors in memory, nothing varied"), ("overhead", "ms a step on a perceptron, more"),
        ):  # fmt: skip
            if name not in found:
                continue
            least = name != "overhead"
            good = found[name] >= BARS[name] if least else found[name] <= BARS[name]
            void = name == "tuned" and found["bf16"] < HELPS
            word = "no bf16 here" if void and not good else "reached" if good else "MISSED"
            lines.append(f"{found[name]:6.3f}  {text} (bar {'≥' if least else '≤'} {BARS[name]:g}): {word}")
        return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--share", type=float, default=1.0, help="of the usual number of steps")
    parser.add_argument("--only", choices=("resnet", "perceptron"))
    parser.add_argument("--cpu", action="store_true", help="processor time in place of the clock's (no workers then)")
    parser.add_argument("--reader", action="store_true", help="another process reads the log 30 times a second")
    parser.add_argument("--report", type=Path, help="write the ratios as JSON")
    options = parser.parse_args()
    clock = time.process_time if options.cpu else time.perf_counter
    torch.set_num_threads(options.threads)
    print(f"torch {torch.__version__}, {options.threads} threads")
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), options.threads, options.share, clock, options.reader)
        if options.only != "perceptron":
            bench.against_loader()
        if options.only != "resnet":
            bench.overhead(options.share)
    print("\n".join(bench.verdicts()))
    if options.report:
        options.report.write_text(json.dumps(bench.found, indent=1) + "\n")


if __name__ == "__main__":
    main()
