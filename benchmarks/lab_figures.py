"""The laboratory's figures of docs/laboratory.md: residual against plain networks on Fashion-MNIST, three seeds.

    python benchmarks/lab_figures.py train            # six runs; what is finished is not trained again
    python benchmarks/lab_figures.py lesion several swap paths gradients
    python benchmarks/lab_figures.py page             # docs/laboratory-figures.md, of what was trained and asked

`train` makes cifar_resnet and cifar_plain, n = 5, with 700 steps of 64 images each unless told otherwise, the images at
their own size or, with `--size 14`, smaller: a fourth of the time. Every other
word is a question, asked of all runs together as `blockstudio lab QUESTION RUN --beside RUN ...` does; its figure and
data go to docs/pictures/laboratory. `--data digits --steps 10 --seeds 0` tries it all in a minute.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import platform
import sys
import time
from contextlib import redirect_stdout
from pathlib import Path

import blockstudio as bs
from blockstudio.cli import main
from blockstudio.runs import Run, create_run, with_fields
from blockstudio.runs.recipe import Recipe
from blockstudio.training.trainer import train_run

NETWORKS = {"residual": "cifar_resnet", "plain": "cifar_plain"}
FIELDS = {"data.validation": 0.02, "channels_last": True, "checkpoints.steps": 100}
PUBLISHED = {
    "lesion": "Published (110 layers, CIFAR-10): without one block the error hardly moves, but for those that halve "
    "the map; a VGG without one layer is at chance.",
    "several": "Published: the error rises smoothly with the number of blocks taken away, to about 0.2 with 10 of 54. "
    "With 15 blocks each is a larger part of the network, so the curve falls earlier.",
    "swap": "Published: the error rises smoothly as Kendall's τ falls. The first block of each stage stays here.",
    "paths": "Published (54 blocks): 98.0 % of the paths go through 19 to 35 blocks, 0.45 % through 5 to 17; "
    "with 15 blocks the lengths are binomial too.",
    "gradients": "Published: the gradient at the input falls exponentially with the length of the path, so that nearly "
    "all of it comes along the 0.45 % of paths of 5 to 17 blocks.",
}
ALONE = ("paths", "gradients")
"""Asked of one run."""
HERE = Path(__file__).parents[1]
OPTIONS = {
    "lesion": [], "several": ["--counts", "1", "2", "4", "6", "8", "10", "--draws", "6", "--images", "500"],
    "swap": ["--counts", "1", "2", "3", "4", "5", "6", "--draws", "6", "--images", "500"],
    "paths": [], "gradients": ["--draws", "20"],
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


def _finished(options: argparse.Namespace, question: str) -> list[Path]:
    """Runs that can be asked: residual ones first, since the others stand beside the first. Paths and gradients by
    length are asked of one."""
    places = [options.runs / f"{name}-{seed}" for name in options.networks for seed in options.seeds]
    done = [place for place in places if place.exists() and Run(place).results() is not None]
    if not done:
        raise SystemExit(f"no finished run in {options.runs}: train first")
    return done[:1] if question in ALONE else done


def write_page(options: argparse.Namespace) -> None:
    """The figures with their commands, seeds, machine and time."""
    places = _finished(options, "lesion")
    recipe = Run(places[0]).recipe()
    lines = [
        "# Figures of the laboratory", "",
        "Made by `benchmarks/lab_figures.py`, which trains the runs, asks the questions and writes this page.", "",
        f"{recipe.data.source}, cifar_resnet and cifar_plain with n = 5, {recipe.steps} steps of {recipe.batch_size} "
        f"images{_side(recipe)}; {os.cpu_count()} cores of an {_processor()}.", "",
        f"    python benchmarks/lab_figures.py train --steps {recipe.steps} --batch {recipe.batch_size}"
        + (f" --size {recipe.data.input_size}" if recipe.data.input_size else ""), "",
        "| run | seed | test accuracy | minutes |", "| --- | --- | --- | --- |",
    ]  # fmt: skip
    for place in places:
        run = Run(place)
        results = run.results()
        assert results is not None
        name, _, seed = place.name.rpartition("-")
        minutes = float(results.get("seconds") or 0) / 60
        lines.append(f"| {name} | {seed} | {results['test_accuracy']:.2%} | {minutes:.1f} |")
    for question in OPTIONS:
        file = options.to / f"{question}.json"
        if not file.exists():
            continue
        note = json.loads((options.to / f"{question}.note.json").read_text(encoding="utf-8"))
        picture = os.path.relpath(options.to / f"{question}.svg", options.page.parent)
        lines += ["", f"## {question}", "", f"    python benchmarks/lab_figures.py {question}", "",
                  f"{note['runs']} runs, {note['seconds']} s.", "", f"![{question}]({picture})", "",
                  f"Here: {note['said']}", "", PUBLISHED[question]]  # fmt: skip
    options.page.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(options.page)


def _side(recipe: Recipe) -> str:
    size = recipe.data.input_size
    return f" of {size}×{size} pixels" if size else ""


def _processor() -> str:
    """What the system calls it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def run_all() -> int:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="+", choices=("train", *OPTIONS, "page"))
    parser.add_argument("--data", default="fashion_mnist")
    parser.add_argument("--runs", type=Path, default=Path("runs/laboratory"))
    parser.add_argument("--steps", type=int, default=700)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--size", type=int, help="side of the images; their own unless told")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--networks", nargs="+", choices=tuple(NETWORKS), default=list(NETWORKS))
    parser.add_argument("--to", type=Path, default=HERE / "docs" / "pictures" / "laboratory")
    parser.add_argument("--page", type=Path, default=HERE / "docs" / "laboratory-figures.md")
    options = parser.parse_args()
    if "train" in options.what:
        fields = {"data.source": options.data, "steps": options.steps, "batch_size": options.batch}
        fields |= {"threads": options.threads} if options.threads else {}
        fields |= {"data.input_size": options.size} if options.size else {}
        for seed in options.seeds:
            for name in options.networks:
                train(options.runs, name, seed, fields)
    for question in (each for each in options.what if each in OPTIONS):
        first, *others = [str(place) for place in _finished(options, question)]
        beside = ["--beside", *others] if others else []
        began = time.perf_counter()
        told = io.StringIO()
        with redirect_stdout(told):
            code = main(["lab", question, first, *beside, *OPTIONS[question], "-o", str(options.to)])
        print(told.getvalue())
        if code:
            return code
        # The sentence stands between the table and where the files are.
        said = told.getvalue().strip().rpartition("\n\n")[2].rpartition("\n")[0].replace("\n", " ")
        note = {"runs": 1 + len(others), "seconds": round(time.perf_counter() - began), "said": said}
        (options.to / f"{question}.note.json").write_text(json.dumps(note), encoding="utf-8")
    if "page" in options.what:
        write_page(options)
    return 0


if __name__ == "__main__":
    sys.exit(run_all())
