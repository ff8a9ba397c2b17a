"""What the studio's trainer costs over a bare PyTorch loop on the same tensors.

    python benchmarks/training.py [--threads 1]

Trainer and bare loop take turns of a tenth of a second (a step, where a step takes longer), so that a busy machine
slows both alike. The trainer does all it does in earnest: run directory, events, commands looked for, checkpoints
within the steps; for the second row another process reads the log thirty times a second, as the window does.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F

import blockstudio as bs
from blockstudio.runs import Recipe, Run, create_run, with_fields
from blockstudio.runs.adapt import image_shape, input_shape
from blockstudio.training import train_run
from blockstudio.training.augment import Normaliser
from blockstudio.training.data import ImageSet, load_data

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


CASES: dict[str, tuple[bs.Diagram, dict[str, Any]]] = {
    "CIFAR ResNet-20, batch 128": (
        bs.load("cifar_resnet", n=3),
        {
            "data": {"source": "shapes", "validation": 0, "shapes": {"images": 1280}},
            "batch_size": 128,
            "steps": 120,
            "checkpoints__steps": 60,
        },
    ),
    "three-layer perceptron, batch 64": (
        perceptron(),
        {"data": {"source": "digits", "validation": 0}, "batch_size": 64, "steps": 20_000, "checkpoints__steps": 5000},
    ),
}
COMMON: dict[str, Any] = {"optimizer": "sgd", "lr": 0.01, "weight_decay": 5e-4, "spare_norm_and_bias": False}


class Bare:
    """The loop everybody writes, on normalised floats in memory, a slice at a time."""

    def __init__(self, run: Run) -> None:
        recipe = run.recipe()
        assert recipe.batch_size is not None
        self.batch = recipe.batch_size
        splits = load_data(recipe.data, image_shape(input_shape(run.diagram()), 1))
        assert isinstance(splits.train, ImageSet)
        self.images = Normaliser(splits.mean, splits.std, torch.device("cpu"))(splits.train.images)
        self.labels = splits.train.labels
        self.model = bs.compile(run.diagram()).train()
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-4)
        self.order = torch.randperm(0)

    def run(self, seconds: float, clock: Callable[[], float]) -> tuple[int, float]:
        """Steps for about ``seconds``; how many and how long they took."""
        steps, began = 0, clock()
        while clock() - began < seconds:
            if len(self.order) < self.batch:
                self.order = torch.randperm(len(self.images))
            index, self.order = self.order[: self.batch], self.order[self.batch :]
            self.optimizer.zero_grad()
            loss = F.cross_entropy(self.model(self.images[index]), self.labels[index])
            loss.backward()
            self.optimizer.step()
            steps += 1
        return steps, clock() - began


class Turns:
    """Listens to the trainer and, whenever it has told of some steps, lets the bare loop have its turn."""

    def __init__(self, bare: Bare, clock: Callable[[], float]) -> None:
        self.bare = bare
        self.clock = clock
        self.trainer: list[tuple[int, float]] = []
        self.others: list[tuple[int, float]] = []
        self.step = 0
        self.since = 0.0

    def __call__(self, event: dict[str, Any]) -> None:
        now = self.clock()
        if event["type"] == "step":
            if self.since:
                self.trainer.append((event["step"] - self.step, now - self.since))
                self.others.append(self.bare.run(now - self.since, self.clock))
            self.step, self.since = event["step"], self.clock()
        elif event["type"] == "finished":
            self.since = 0.0


def per_step(turns: list[tuple[int, float]]) -> float:
    return sum(seconds for _, seconds in turns) / sum(steps for steps, _ in turns)


@contextmanager
def reading(run: Run) -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-c", READER, str(run.directory)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    try:
        yield
    finally:
        process.wait()


@contextmanager
def nothing() -> Iterator[None]:
    yield


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--only", default="", help="cases whose name holds this")
    parser.add_argument("--share", type=float, default=1.0, help="of the usual number of steps")
    parser.add_argument(
        "--cpu", action="store_true", help="processor time in place of the clock's, for a machine that others use"
    )
    options = parser.parse_args()
    clock = time.process_time if options.cpu else time.perf_counter
    torch.set_num_threads(options.threads)
    print(f"torch {torch.__version__}, {options.threads} threads")
    with tempfile.TemporaryDirectory() as place:
        for name, (diagram, fields) in CASES.items():
            if options.only in name:
                print(f"\n{name}")
                for watched in (False, True):
                    steps = max(10, round(fields["steps"] * options.share))
                    chosen = {**COMMON, **fields, "steps": steps, "threads": options.threads}
                    run = create_run(diagram, with_fields(Recipe(), chosen), Path(place) / f"{name} {watched}")
                    measure(run, watched, clock)


def measure(run: Run, watched: bool, clock: Callable[[], float]) -> None:
    bare = Bare(run)
    bare.run(0.5, clock)
    turns = Turns(bare, clock)
    with reading(run) if watched else nothing():
        train_run(run, on_event=turns)
    ours, theirs = per_step(turns.trainer), per_step(turns.others)
    pairs = [
        (seconds / steps, other / count)
        for (steps, seconds), (count, other) in zip(turns.trainer, turns.others, strict=True)
    ]
    ratio = statistics.median(two / one for one, two in pairs)
    more = statistics.median(one - two for one, two in pairs)
    kind = "with a reader" if watched else "headless"
    print(f"  {kind}: {1000 * ours:.3f} ms a step, bare {1000 * theirs:.3f}")
    print(f"    in all: throughput ×{theirs / ours:.3f}, {1000 * (ours - theirs):+.3f} ms a step")
    print(f"    median of {len(pairs)} turns: throughput ×{ratio:.3f}, {1000 * more:+.3f} ms a step")


if __name__ == "__main__":
    main()
