"""What an answer of the laboratory costs: a lesion by a click, and all lesions against evaluating each network anew.

    python benchmarks/laboratory.py [--images N] [--few N] [--turns N] [--threads N]

Weights are drawn: what is timed does not depend on them, but for the images whose class bfloat16 leaves open. Where
other programs take the cores, the processor's time with `--threads 1` tells more than the clock. *Anew* is what a
person would write: the network without the block compiled from its diagram, in eval mode, its images in the same
batches, torch's own settings, the same threads.
Both sides take turns in one run; each has the best of its turns.
"""

from __future__ import annotations

import argparse
import statistics
import time

import torch

import blockstudio as bs
from blockstudio.analysis.trunk import trunk
from blockstudio.laboratory import Lesions, Subject

Batches = list[tuple[torch.Tensor, torch.Tensor]]


def asked(n: int, images: int, size: int) -> tuple[Subject, Batches]:
    """A CIFAR ResNet with 6n + 2 layers and drawn images of ``size``×``size``."""
    diagram = bs.load("cifar_resnet", n=n, size=size)
    subject = Subject(diagram, trunk(diagram), dict(bs.compile(diagram).state_dict()))
    shape = subject.input_shape
    batches = [
        (torch.randn(min(250, images - start), *shape), torch.randint(0, 10, (min(250, images - start),)))
        for start in range(0, images, 250)
    ]
    return subject, batches


def clicks(images: int) -> None:
    """A ResNet-20 on images of 28×28, as the page asks it: in the background all blocks are taken away one at a time; a
    click in the meantime has a first answer, one later is known."""
    subject, batches = asked(3, images, 28)
    lesions = Lesions(subject, batches, bf16=True)
    names = [unit.name for unit in lesions.candidates()]
    began = time.perf_counter()
    steps = lesions.sweep()
    first = next(time.perf_counter() - began for done, of in steps if done == of // len(lesions.batches))
    for _ in steps:
        pass
    print(
        f"ResNet-20, {images} images of 28×28: all {len(names)} blocks in the background "
        f"{time.perf_counter() - began:.2f} s; on the first {len(lesions.batches[0][1])} images {first:.2f} s"
    )
    known, fresh, early = [], [], []
    for name in names:
        began = time.perf_counter()
        lesions.without(name)
        known.append(time.perf_counter() - began)
    other = Lesions(subject, batches, bf16=True)
    other.pieces, other.rounding, other.lesioned  # noqa: B018 - made while the process gets ready
    other.whole()
    for name in names:
        began = time.perf_counter()
        for measure in other.steps(name):
            if measure.images >= min(500, images) and len(early) < len(fresh) + 1:
                early.append(time.perf_counter() - began)
        fresh.append(time.perf_counter() - began)
    for pause in (0.5, 1.0, 1.5, 2.0):
        waited = soon(subject, batches, names[0], pause)
        print(f"  a click on {names[0]} {pause} s after the background began, whole answer: {waited:.3f} s")
    for what, times in (("afterwards", known), ("before that, whole answer", fresh), ("before that, first 500", early)):
        print(f"  a click {what}: {statistics.median(times):.3f} s in the median, {max(times):.3f} s at most (bar 0.5)")


def soon(subject: Subject, batches: Batches, name: str, pause: float) -> float:
    """Seconds of a click's whole answer when the background has measured for so long."""
    lesions = Lesions(subject, batches, bf16=True)
    lesions.pieces, lesions.rounding, lesions.lesioned  # noqa: B018 - made while the process gets ready
    began = time.perf_counter()
    for _ in lesions.sweep():
        if time.perf_counter() - began > pause:
            break
    began = time.perf_counter()
    lesions.without(name)
    return time.perf_counter() - began


def all_blocks(images: int, turns: int) -> None:
    """All lesions of a ResNet-110 against as many evaluations of the network with the block left out."""
    subject, batches = asked(18, images, 32)
    names = [unit.name for unit in subject.trunk.units if unit.refusal is None]
    networks = {name: subject.tapped(without=(name,)) for name in names}
    kept, anew = list[tuple[float, float]](), list[tuple[float, float]]()
    for _ in range(turns):
        lesions = Lesions(subject, batches, bf16=True)
        lesions.pieces, lesions.rounding, lesions.lesioned  # noqa: B018 - the networks of the other side are made already too
        began, used = time.perf_counter(), time.process_time()
        found = {reading.units[0]: reading.measure for reading in lesions.each()}
        kept.append((time.perf_counter() - began, time.process_time() - used))
        began, used = time.perf_counter(), time.process_time()
        for name, network in networks.items():
            with torch.inference_mode():
                right = sum(int((network(values)[0].argmax(1) == labels).sum()) for values, labels in batches)
            assert abs(right / found[name].images - found[name].accuracy) < 0.02, name
        anew.append((time.perf_counter() - began, time.process_time() - used))
    print(f"ResNet-110, {len(names)} blocks, {images} images of 32×32 (bar 5 ×)")
    for what, ours, theirs in zip(
        ("clock", "processor"), zip(*kept, strict=True), zip(*anew, strict=True), strict=True
    ):
        print(f"  {what}: {min(ours):.1f} s, anew {min(theirs):.1f} s: {min(theirs) / min(ours):.2f} ×")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--few", type=int, default=250, help="images for the ResNet-110")
    parser.add_argument("--turns", type=int, default=2)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    clicks(options.images)
    all_blocks(options.few, options.turns)
