"""What a CUDA card makes of the trainer: parity, throughput, resuming, two runs on one card. All in one go.

    python benchmarks/gpu.py --report DIRECTORY

Takes up to six minutes (``--budget`` seconds): parts that no longer fit are left out and named. Writes ``gpu.md`` and
``gpu.json`` into the directory after each part. Without a card it says so and ends; ``--device cpu --small`` tries
the program itself.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import os
import platform
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

# Read by cuBLAS when it is first used; two runs of the same steps then give the same bits.
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")

import numpy as np
import torch
from gpu_by_hand import hand_rate

import blockstudio as bs
from blockstudio.runs import Recipe, Run, create_run, start_run, with_fields
from blockstudio.runs.adapt import input_shape
from blockstudio.training import train_run

SGD = {"optimizer": "sgd", "lr": 0.05, "schedule": "constant", "schedule__warmup": 0, "spare_norm_and_bias": False}
QUIET = {"data__validation": 0, "checkpoints__epochs": 0}


@dataclass
class Report:
    """Rows of the table, and what went wrong; written after each part."""

    folder: Path
    facts: dict[str, str] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)
    began: float = field(default_factory=time.perf_counter)

    def row(self, part: str, what: str, figure: str, good: bool | None = None, **values: Any) -> None:
        """One line; ``good``: whether it is as it has to be, ``None`` where nothing is asked."""
        self.rows.append({"part": part, "what": what, "figure": figure, "good": good, **values})
        mark = {True: "ok", False: "NOT OK", None: ""}[good]
        print(f"[{time.perf_counter() - self.began:5.0f} s] {part}: {what}: {figure} {mark}", flush=True)

    def write(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        lines = ["# Block Studio on a CUDA card", ""]
        lines += [f"- {name}: {value}" for name, value in self.facts.items()]
        lines += ["", "| part | what | figure | |", "| --- | --- | --- | --- |"]
        marks = {True: "ok", False: "**not ok**", None: ""}
        cells = [[str(row[key]).replace("|", "/") for key in ("part", "what", "figure")] for row in self.rows]
        lines += [f"| {' | '.join(cell)} | {marks[row['good']]} |" for cell, row in zip(cells, self.rows, strict=True)]
        (self.folder / "gpu.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
        (self.folder / "gpu.json").write_text(json.dumps(asdict(self), default=str, indent=1), encoding="utf-8")


@dataclass
class Bench:
    """What all parts share."""

    device: torch.device
    small: bool
    place: Path
    report: Report
    until: float
    """By the clock: parts end about then."""

    @property
    def cuda(self) -> bool:
        return self.device.type == "cuda"

    @property
    def left(self) -> float:
        return self.until - time.perf_counter()

    @property
    def clothes(self) -> dict[str, Any]:
        """Data that come along."""
        return {"data__source": "digits", "data__input_size": 8} if self.small else {"data__source": "fashion_sample"}

    def run(self, name: str, diagram: bs.Diagram, **fields: Any) -> Run:
        wanted = {"device": self.device.type, **QUIET, **fields}
        return create_run(diagram, with_fields(Recipe(), wanted), self.place / name)

    def noise(self, images: int) -> Path:
        """Random images in CIFAR's own files: reading them takes no time."""
        folder = self.place / f"noise-{images}"
        if not folder.exists():
            folder.mkdir()
            random = np.random.default_rng(0)
            for place in range(6):
                name = "test_batch.bin" if place == 5 else f"data_batch_{place + 1}.bin"
                rows = random.integers(0, 256, (images // 5, 3073), np.uint8)
                rows[:, 0] %= 10
                rows.tofile(folder / name)
        return folder


# Throughput


class Watch:
    """Listens to a run: images a second once it is under way; asks it to stop after ``seconds`` of that."""

    def __init__(self, seconds: float, skip: int) -> None:
        self.run: Run | None = None
        self.first: tuple[float, int] | None = None
        self.last = (0.0, 0)
        self._seconds = seconds
        self._skip = skip
        self._sent = False
        self.notes: list[str] = []

    def __call__(self, event: dict[str, Any]) -> None:
        now = time.perf_counter()
        if event["type"] == "note":
            self.notes.append(event["text"])
        if event["type"] != "step" or self._sent:
            return
        if self.first is None:
            if event["step"] >= self._skip:
                self.first = now, event["step"]
            return
        self.last = now, event["step"]
        if now - self.first[0] >= self._seconds and self.run is not None:
            self.run.send("stop")
            self._sent = True

    def rate(self, batch: int) -> float:
        if self.first is None or self.last[1] <= self.first[1]:
            return math.nan
        return batch * (self.last[1] - self.first[1]) / (self.last[0] - self.first[0])


def studio_rate(bench: Bench, name: str, diagram: bs.Diagram, seconds: float, **fields: Any) -> tuple[float, list[str]]:
    """Images a second of this program's trainer, and its notes."""
    watch = Watch(seconds, skip=2 if bench.small else 30)
    watch.run = run = bench.run(name, diagram, steps=10**7, **SGD, **fields)
    train_run(run, on_event=watch)
    return watch.rate(run.recipe().batch_size or 0), watch.notes


def throughput(bench: Bench, part: str, diagram: bs.Diagram, shape: tuple[int, int, int], batch: int) -> None:
    """ResNet by the studio, by hand, and the limit."""
    seconds, turns = (0.5, 1) if bench.small else (3.0, 20)
    data = {"data__source": str(bench.noise(max(5 * batch, 2500) if shape[1] > 64 else 10_000)), "batch_size": batch}
    data |= {"data__input_size": shape[1], "augmentation__pad_crop": 4, "augmentation__flip": True}
    best = {"precision": "bf16", "channels_last": True}
    wide = shape[1] > 64
    hand: dict[str, float] = {}
    cases: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        ("fp32", {}, {}),
        ("bf16, channels_last", best, {"fast": True}),
        ("bf16, channels_last, CUDA graph", {**best, "cuda_graph": True}, {"fast": True}),
        ("bf16, channels_last, compiled", {**best, "compile": True}, {"fast": True, "compiled": True}),
        (
            "bf16, channels_last, compiled, CUDA graph",
            {**best, "compile": True, "cuda_graph": True},
            {"fast": True, "compiled": True},
        ),
    ]
    if wide:
        cases = cases[1:]
    # What is loaded and looked up the first time is nobody's.
    studio_rate(bench, f"{part} first".replace(",", ""), diagram, seconds / 3, **data)
    for name, fields, by_hand in cases:
        key = json.dumps(by_hand)
        if key not in hand:
            hand[key] = hand_rate(bench.device, diagram, shape, batch, seconds, turns=turns, **by_hand)
        rate, notes = studio_rate(bench, f"{part} {name}".replace(",", ""), diagram, seconds, **data, **fields)
        refused = [note for note in notes if "CUDA graph" in note]
        text = f"{rate:,.0f} images/s, by hand {hand[key]:,.0f}: ×{rate / hand[key]:.2f}"
        bench.report.row(part, name, " ".join([text, *refused]), None if bench.small else rate >= 0.95 * hand[key],
                         studio=rate, hand=hand[key])  # fmt: skip
        gc.collect()
    top = hand_rate(bench.device, diagram, shape, batch, seconds, turns=turns, fast=True, compiled=True, limit=True)
    bench.report.row(part, "limit: one batch over and over, compiled, a CUDA graph",
                     f"{top:,.0f} images/s; the studio's best has {rate / top:.0%} of it",
                     limit=top, studio=rate)  # fmt: skip


def resnet20(bench: Bench) -> None:
    throughput(bench, "ResNet-20, batch 128", bs.load("cifar_resnet", n=3), (3, 32, 32), 16 if bench.small else 128)


def resnet50(bench: Bench) -> None:
    diagram = bs.load("cifar_resnet", n=1) if bench.small else bs.load("resnet50", num_classes=10)
    throughput(bench, "ResNet-50, 224, batch 128", diagram, (3, 72, 72) if bench.small else (3, 224, 224),
               4 if bench.small else 128)  # fmt: skip


def chosen(bench: Bench) -> None:
    """Measure and choose on ResNet-20, and the largest batch that the memory holds."""
    from blockstudio.training.tune import find_batch_size, tune

    data = {"data__source": str(bench.noise(10_000)), "augmentation__pad_crop": 4, "augmentation__flip": True, **SGD}
    small = {"batch_size": 16, "steps": 40} if bench.small else {"batch_size": 128, "steps": 60_000}
    if bench.small:
        small["data__input_size"] = 8
    _, trials = tune(bench.run("tune", bs.load("cifar_resnet", n=1 if bench.small else 3), **data, **small))
    for trial in trials:
        text = f"{trial.milliseconds:.2f} ms a step, loss {trial.loss:.3f}, first steps {trial.first_seconds:.1f} s"
        bench.report.row("measure and choose", trial.name, f"{text} {'kept' if trial.kept else trial.why}")
    gain = max(trial.images_per_second for trial in trials if trial.kept) / trials[0].images_per_second
    bench.report.row("measure and choose", "chosen", f"×{gain:.2f}", gain >= 1.0)
    wide = bs.load("cifar_resnet", n=1) if bench.small else bs.load("resnet50", num_classes=10)
    data |= {"data__input_size": 8 if bench.small else 224, "data__source": str(bench.noise(2_500)), "steps": 100}
    size, sizes = find_batch_size(bench.run("batch", wide, **data, precision="bf16", channels_last=True))
    ended = f"; {sizes[-1].name}: {sizes[-1].why}" if sizes[-1].why else ""
    text = ", ".join(f"{each.name}: {each.images_per_second:,.0f}/s" for each in sizes if not each.why)
    bench.report.row("batch-size finder", "ResNet-50, 224, bf16", f"{size} ({text}{ended})")


# The same numbers


def presets(bench: Bench) -> None:
    """Each compiled preset on the card against the CPU in fp32, and in bf16 as far as it goes."""
    worst: tuple[float, str] = (0.0, "")
    bad, done, names = [], 0, sorted(path.name.split(".")[0] for path in Path("presets").glob("*.blocks.json"))
    with exact_fp32():
        for name in names[5:7] if bench.small else names:
            if bench.left < 8:
                bench.report.row("parity", "not reached", ", ".join(names[done:]))
                break
            diagram = bs.load(name)
            torch.manual_seed(0)
            with torch.device(bench.device):
                model = bs.compile(diagram).eval()
            x = torch.randn(2, *input_shape(diagram), device=bench.device)
            with torch.inference_mode():
                there = model(x)
                with torch.autocast(bench.device.type, torch.bfloat16):
                    half = model(x)
                here = model.cpu()(x.cpu())
            error = float((there.cpu() - here).norm() / here.norm().clamp(min=1e-12))
            coarse = float((half.float().cpu() - here).norm() / here.norm().clamp(min=1e-12))
            worst = max(worst, (error, name))
            if not error <= 1e-3 or not coarse <= 0.2:
                bad.append(f"{name}: fp32 {error:.1e}, bf16 {coarse:.1e}")
            done += 1
            del model
    text = f"{done} presets; largest relative difference in fp32 {worst[0]:.1e} ({worst[1]})"
    bench.report.row("parity", "compiled presets against the CPU", "; ".join([text, *bad]), not bad)


def compiled(bench: Bench) -> None:
    """torch.compile of some presets against themselves: outputs and gradients."""
    for name, sizes in (("module_inception", {}), ("cifar_preact", {"n": 2}), ("googlenet", {})):
        if bench.left < 40 and not bench.small:
            bench.report.row("parity", f"compile of {name}", "not reached")
            continue
        if bench.small and name == "googlenet":
            continue
        diagram = bs.load(name, **sizes)
        torch.manual_seed(0)
        model = bs.compile(diagram).to(bench.device).eval()
        x = torch.randn(4, *input_shape(diagram), device=bench.device)
        found = []
        with exact_fp32():
            for forward in (model, torch.compile(model)):
                model.zero_grad(set_to_none=True)
                out = forward(x)
                out.square().mean().backward()
                grads = torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])
                found.append((out.detach(), grads))
        errors = [float((a - b).norm() / b.norm().clamp(min=1e-12)) for a, b in zip(found[1], found[0], strict=True)]
        bench.report.row("parity", f"compile of {name}", f"outputs {errors[0]:.1e}, gradients {errors[1]:.1e}",
                         max(errors) <= 1e-3)  # fmt: skip
        torch.compiler.reset()


def precisions(bench: Bench) -> None:
    """Two epochs of clothes in each precision: the same accuracy within what a seed makes of it."""
    found = {}
    ways: dict[str, dict[str, Any]] = {
        "fp32": {},
        "bf16": {"precision": "bf16", "channels_last": True},
        "fp16": {"precision": "fp16"},
        "bf16 as a CUDA graph": {"precision": "bf16", "cuda_graph": True},
    }
    for name, fields in ways.items():
        steps = 4 if bench.small else 150
        fields |= {"batch_size": 128, "optimizer": "sgd", "lr": 0.1, "steps": steps}
        run = bench.run(f"amp {name}", bs.load("cifar_resnet", n=1), **fields, **bench.clothes)
        train_run(run)
        found[name] = (run.results() or {}).get("test_accuracy", math.nan)
    text = ", ".join(f"{name} {value:.1%}" for name, value in found.items())
    near = max(found.values()) - min(found.values()) <= 0.06
    bench.report.row("amp", "test accuracy after 150 steps of clothes", text, None if bench.small else near, **found)


@contextmanager
def exact_fp32() -> Iterator[None]:
    """Without the shortened numbers of tensor cores."""
    before = torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32 = before


# Going on, and side by side


def last_bits(run: Run) -> bytes:
    checkpoint = run.checkpoints.latest_good(lambda error: None)
    assert checkpoint is not None
    return checkpoint.model.read_bytes()


def resume(bench: Bench) -> None:
    """A run stopped amid an epoch and continued, against one that was left alone: the same bits."""
    ways: dict[str, dict[str, Any]] = {
        "fp32": {},
        "bf16, channels_last, CUDA graph": {"precision": "bf16", "channels_last": True, "cuda_graph": True},
        "adamw, mixup, in 2 parts": {"optimizer": "adamw", "augmentation__mixup": 0.3, "accumulate": 2},
    }
    steps = 12 if bench.small else 120
    for name, fields in ways.items():
        common = {"batch_size": 128, "steps": steps, "deterministic": True, "optimizer": "sgd",
                  "augmentation__pad_crop": 2, "report_steps": 4, **fields, **bench.clothes}  # fmt: skip
        diagram = bs.load("cifar_resnet", n=1)
        whole = bench.run(f"whole {name}", diagram, **common)
        train_run(whole)
        broken = bench.run(f"broken {name}", diagram, **common)

        def stop(event: dict[str, Any], run: Run = broken) -> None:
            if event["type"] == "step" and event["step"] == steps // 3:
                run.send("stop")

        train_run(broken, on_event=stop)
        at = broken.state().step
        train_run(broken)
        same = last_bits(whole) == last_bits(broken)
        text = f"stopped at step {at} of {steps}; weights {'the same bits' if same else 'differ'}"
        bench.report.row("resume", name, text, same and 0 < at < steps)


def side_by_side(bench: Bench) -> None:
    """Two trainers on one card, against one of them alone."""
    steps = 10 if bench.small else 1500
    common = {"data__source": str(bench.noise(10_000)), "batch_size": 16 if bench.small else 128, "steps": steps,
              "deterministic": True, "precision": "bf16", "channels_last": True, **SGD}  # fmt: skip
    diagram = bs.load("cifar_resnet", n=1)
    runs = [bench.run(f"side {place}", diagram, **common) for place in range(3)]
    start_run(runs[0]).wait()
    for child in [start_run(run) for run in runs[1:]]:
        child.wait()
    states = [run.state().status for run in runs]
    rates = []
    for run in runs:
        events = [event for event in run.history().steps if event["step"] > steps // 10]
        spent = events[-1]["time"] - events[0]["time"] if len(events) > 1 else math.nan
        rates.append((events[-1]["step"] - events[0]["step"]) / spent if spent else math.nan)
    same = len({last_bits(run) for run in runs}) == 1
    text = f"{', '.join(states)}; alone {rates[0]:,.0f} steps/s, together {rates[1]:,.0f} and {rates[2]:,.0f}; "
    text += f"weights {'the same bits' if same else 'differ'}"
    bench.report.row("two runs on one card", "ResNet-8, bf16", text, same and set(states) == {"finished"})


PARTS: dict[str, tuple[Callable[[Bench], None], float]] = {
    "resume": (resume, 25),
    "resnet20": (resnet20, 60),
    "two": (side_by_side, 35),
    "amp": (precisions, 15),
    "resnet50": (resnet50, 70),
    "tune": (chosen, 60),
    "presets": (presets, 15),
    "compiled": (compiled, 40),
}
"""Each with the seconds that it needs at least."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--report", default="gpu-report", help="folder for gpu.md and gpu.json")
    parser.add_argument("--budget", type=float, default=340, help="seconds for all parts")
    parser.add_argument("--device", default="cuda", choices=("cuda", "cpu"))
    parser.add_argument("--small", action="store_true", help="a few steps of everything: tries the program")
    parser.add_argument("--parts", nargs="*", default=list(PARTS), choices=list(PARTS))
    options = parser.parse_args()
    if options.device == "cuda" and not torch.cuda.is_available():
        print("There is no CUDA device here, so nothing was measured.")
        return 0
    report = Report(Path(options.report))
    device = torch.device(options.device)
    place = Path(tempfile.mkdtemp(prefix="blockstudio-gpu-"))
    bench = Bench(device, options.small, place, report, time.perf_counter() + options.budget)
    card = torch.cuda.get_device_name(device) if bench.cuda else "no card"
    report.facts = {"card": card, "torch": f"{torch.__version__}, CUDA {torch.version.cuda}",
                    "python": sys.version.split()[0], "system": f"{platform.system()}, {os.cpu_count()} cores",
                    "command": " ".join(["python", *sys.argv])}  # fmt: skip
    try:
        for name in options.parts:
            part, least = PARTS[name]
            if bench.left < least and not bench.small:
                report.row(name, "left out", f"{bench.left:.0f} s were left, it needs {least:.0f}")
                continue
            try:
                part(bench)
            except Exception as error:  # noqa: BLE001 - the other parts still have their turn
                traceback.print_exc()
                report.row(name, "failed", f"{type(error).__name__}: {error}".splitlines()[0], False)
            report.write()
            gc.collect()
            if bench.cuda:
                torch.cuda.empty_cache()
    finally:
        shutil.rmtree(place, ignore_errors=True)
    report.facts["minutes"] = f"{(time.perf_counter() - report.began) / 60:.1f}"
    report.write()
    print(f"\n{report.folder / 'gpu.md'}")
    return int(any(row["good"] is False for row in report.rows))


if __name__ == "__main__":
    sys.exit(main())
