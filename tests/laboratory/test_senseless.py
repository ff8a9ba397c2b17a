"""Questions that make no sense for a network are answered with one sentence that says so."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

from torch import nn

import blockstudio as bs
from blockstudio.analysis.trunk import trunk
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.laboratory import Lesions, Subject
from blockstudio.laboratory.asking import Asked
from blockstudio.laboratory.maps import ActivationMaps


def asked(diagram: Diagram) -> Subject:
    return Subject(diagram, trunk(diagram), dict(bs.compile(diagram).state_dict()))


def test_what_makes_no_sense_is_said() -> None:
    vectors = nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 10))
    flat = asked(bs.from_module(vectors, (1, 8, 8), prove=False)[0])
    dense = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 9), nn.ReLU(), nn.Linear(9, 10))
    headed = asked(bs.from_module(dense, (1, 8, 8), prove=False)[0])
    refusals = [
        (lambda: ActivationMaps(flat), "lab.cam", "no feature maps anywhere"),
        (lambda: ActivationMaps(headed), "lab.cam", "more than one layer"),
        (lambda: Lesions(flat, []).candidates(), "lab.lesion", "no unit that can be taken away"),
        (lambda: Lesions(flat, []).swapped(1, 1), "lab.swap", "no two units that could change places"),
        (lambda: Asked(flat)("drift", {}), "lab.batchnorm", "no batch normalisation"),
        (lambda: Asked(headed)("batchnorm", {}), "lab.batchnorm", "no batch normalisation"),
        (lambda: Asked(headed)("filters", {}), "", ""),
        (lambda: Asked(flat)("filters", {}), "lab.filters", "no convolution"),
    ]
    for ask, code, words in refusals:
        if not code:
            ask()
            continue
        with pytest.raises(StudioError) as refused:
            ask()
        assert refused.value.code == code and words in str(refused.value)
