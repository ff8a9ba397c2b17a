"""How right the time left is that a run says: python benchmarks/time_left.py [--cpu] [--threads N] [--share S]

Trains three networks as a user would (epochs, measuring after each, checkpoints, a test at the end) and compares what
every report in the run's own log said with when it then ended. Counted are the reports after the first 5 % of the time;
of the last 2 seconds nothing is asked. Prints the share of reports within 10 %, the median error, the ninth of ten and
the worst.

``--cpu``: processor time in place of the clock's, for the trainer too: what other programs do says nothing then.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

import blockstudio as bs
from blockstudio.runs import Recipe, create_run, with_fields
from blockstudio.training import train_run

BAR = 0.1
FROM = 0.05
LAST = 2.0
RUNS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "ResNet-20, 7,000 images of 28×28, varied, 4 epochs": (
        "cifar_resnet", {"n": 3},
        {"data.source": "fashion_sample", "epochs": 4, "batch_size": 64, "augmentation.pad_crop": 2,
         "augmentation.flip": True},
    ),
    "ResNet-8, digits, 60 epochs of 20 steps": (
        "cifar_resnet", {"n": 1}, {"data.source": "digits", "epochs": 60, "data.input_size": 16},
    ),
    "NIN, digits, 150 steps": (
        "nin_cifar10", {}, {"data.source": "digits", "steps": 150, "data.input_size": 32},
    ),
}  # fmt: skip


def errors(events: list[tuple[float, dict[str, Any]]]) -> tuple[float, list[float]]:
    """Seconds from the first step's begin to the end, and how far each report's time left was from the true one."""
    begin = next(at for at, event in events if event["type"] == "started")
    end = next(at for at, event in events if event["type"] == "finished")
    told = [(at, event["seconds_left"]) for at, event in events if event["type"] == "step"]
    counted = [(end - at, left) for at, left in told if at - begin >= FROM * (end - begin) and end - at > LAST]
    return end - begin, [abs(left - true) / true for true, left in counted]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--cpu", action="store_true", help="processor time in place of the clock's")
    parser.add_argument("--share", type=float, default=1.0, help="of the usual number of epochs or steps")
    options = parser.parse_args()
    clock = time.perf_counter
    if options.cpu:
        clock = time.process_time
        time.perf_counter = clock
    torch.set_num_threads(options.threads)
    for title, (network, parameters, fields) in RUNS.items():
        for key in ("epochs", "steps"):
            if key in fields:
                fields[key] = max(2, round(fields[key] * options.share))
        recipe = with_fields(Recipe(), {**fields, "device": "cpu", "threads": options.threads})
        told: list[tuple[float, dict[str, Any]]] = []
        with tempfile.TemporaryDirectory() as folder:
            run = create_run(bs.load(network, **parameters), recipe, Path(folder) / "run")
            train_run(run, on_event=lambda event, told=told: told.append((clock(), event)))
            if not options.cpu:
                told = [(event["time"], event) for event in run.events()[0]]
        seconds, found = errors(told)
        found.sort()
        right = sum(error <= BAR for error in found) / len(found)
        middle, ninth = statistics.median(found), found[len(found) * 9 // 10]
        print(f"{title}: {seconds:.0f} s, {len(found)} reports, {100 * right:.0f} % of them within 10 %; off by "
              f"{100 * middle:.1f} % in the median, {100 * ninth:.1f} % in the ninth of ten, {100 * found[-1]:.1f} % "
              "at most", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
