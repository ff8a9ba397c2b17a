"""What an answer of the laboratory costs: a lesion by a click, and all lesions against evaluating each network anew.

    python benchmarks/laboratory.py [--images N]

Weights are drawn: what is timed does not depend on them. Both sides take turns in one run.
"""

from __future__ import annotations

import argparse
import statistics
import time

import torch

import blockstudio as bs
from blockstudio.analysis.trunk import trunk
from blockstudio.laboratory import Lesions, Subject


def asked(n: int, images: int, size: int) -> tuple[Lesions, Subject, list[tuple[torch.Tensor, torch.Tensor]]]:
    """A CIFAR ResNet with 6n + 2 layers on drawn images of ``size``×``size``."""
    diagram = bs.load("cifar_resnet", n=n, size=size)
    subject = Subject(diagram, trunk(diagram), dict(bs.compile(diagram).state_dict()))
    shape = subject.input_shape
    batches = [
        (torch.randn(min(250, images - start), *shape), torch.randint(0, 10, (min(250, images - start),)))
        for start in range(0, images, 250)
    ]
    return Lesions(subject, batches), subject, batches


def clicks(images: int) -> None:
    """Each block of a ResNet-20 taken away by itself, on images of 28×28, with what flows between the blocks kept."""
    lesions, _, _ = asked(3, images, 28)
    began = time.perf_counter()
    lesions.whole()
    whole = time.perf_counter() - began
    times = []
    for unit in lesions.candidates():
        began = time.perf_counter()
        lesions.without(unit.name)
        times.append(time.perf_counter() - began)
    print(f"ResNet-20, {images} images of 28×28: whole {whole:.2f} s; a click {statistics.median(times):.2f} s in the "
          f"median, {max(times):.2f} s at most (bar 0.5)")  # fmt: skip


def all_blocks(images: int) -> None:
    """All lesions of a ResNet-110 against as many evaluations of the network with the block left out."""
    lesions, subject, batches = asked(18, images, 32)
    lesions.whole()
    names = [unit.name for unit in lesions.candidates()]
    kept, anew = [], []
    for name in names:
        began = time.perf_counter()
        found = lesions.without(name)
        kept.append(time.perf_counter() - began)
        network = subject.tapped(without=(name,))
        began = time.perf_counter()
        with torch.inference_mode():
            right = sum(int((network(values)[0].argmax(1) == labels).sum()) for values, labels in batches)
        anew.append(time.perf_counter() - began)
        assert abs(right / found.images - found.accuracy) < 0.02, name
    print(f"ResNet-110, {len(names)} blocks, {images} images of 32×32: {sum(anew) / sum(kept):.1f} × faster than "
          "evaluating each network anew (bar 5)")  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--few", type=int, default=100, help="images for the ResNet-110")
    options = parser.parse_args()
    clicks(options.images)
    all_blocks(options.few)
