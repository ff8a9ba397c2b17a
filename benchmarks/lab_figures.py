"""The laboratory's figures of docs/laboratory.md: residual against plain networks on Fashion-MNIST, three seeds.

    python benchmarks/lab_figures.py train            # six runs; what is finished is not trained again
    python benchmarks/lab_figures.py lesion several swap gradients

`train` makes cifar_resnet and cifar_plain, n = 5, with 700 steps of 64 images each unless told otherwise. Every other
word is a question, asked of all runs together as `blockstudio lab QUESTION RUN --beside RUN ...` does; its figure and
data go to docs/pictures/laboratory.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import blockstudio as bs
from blockstudio.cli import main
from blockstudio.runs import Run, create_run, with_fields
from blockstudio.runs.recipe import Recipe
from blockstudio.training.trainer import train_run

NETWORKS = {"residual": "cifar_resnet", "plain": "cifar_plain"}
FIELDS = {"data.source": "fashion_mnist", "data.validation": 0.02, "channels_last": True}
OPTIONS = {
    "lesion": [], "several": ["--counts", "1", "2", "4", "6", "8", "10", "--draws", "10"],
    "swap": ["--counts", "1", "2", "3", "4", "5", "6", "--draws", "10"], "gradients": ["--draws", "20"],
}  # fmt: skip


def train(folder: Path, name: str, seed: int, fields: dict[str, object]) -> None:
    """One run, unless it is finished already."""
    place = folder / f"{name}-{seed}"
    if not place.exists():
        create_run(bs.load(NETWORKS[name], n=5), with_fields(Recipe(), {**FIELDS, **fields, "seed": seed}), place)
    run = Run(place)
    if run.results() is None:
        began = time.perf_counter()
        train_run(run)
        print(f"{run.name}: {time.perf_counter() - began:.0f} s", flush=True)
    results = run.results()
    assert results is not None
    print(f"{run.name}: {results['test_accuracy']:.2%} of the test images", flush=True)


def run_all() -> int:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="+", choices=("train", *OPTIONS))
    parser.add_argument("--runs", type=Path, default=Path("runs/laboratory"))
    parser.add_argument("--steps", type=int, default=700)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--networks", nargs="+", choices=tuple(NETWORKS), default=list(NETWORKS))
    parser.add_argument("--to", type=Path, default=Path(__file__).parents[1] / "docs" / "pictures" / "laboratory")
    options = parser.parse_args()
    if "train" in options.what:
        fields = {"steps": options.steps, "batch_size": options.batch, "threads": options.threads}
        for seed in options.seeds:
            for name in options.networks:
                train(options.runs, name, seed, fields)
    for question in (each for each in options.what if each != "train"):
        asked = options.networks if question != "gradients" else options.networks[:1]
        first, *others = [str(options.runs / f"{name}-{seed}") for name in asked for seed in options.seeds]
        beside = ["--beside", *others] if others else []
        code = main(["lab", question, first, *beside, *OPTIONS[question], "-o", str(options.to)])
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(run_all())
