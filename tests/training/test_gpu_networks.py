"""Networks on a CUDA card: each preset learns a step there, and drawn ones give what they give on the CPU."""

from __future__ import annotations

import copy

import pytest
import torch
from hypothesis import HealthCheck, assume, given

import blockstudio as bs
from blockstudio.analysis import analyze
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.presets import preset_names
from blockstudio.runs.adapt import input_shape
from tests.support.drawn_diagrams import diagrams
from tests.support.properties import examples

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here"),
]


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_learns_a_step(name: str) -> None:
    diagram = bs.load(name)
    torch.manual_seed(0)
    with torch.device("cuda"):
        model = bs.compile(diagram).train()
        x = torch.randn(2, *input_shape(diagram))
    found = model(x)
    outputs = found if isinstance(found, tuple) else (found,)
    sum(output.square().mean() for output in outputs).backward()
    missing = [key for key, each in model.named_parameters() if each.grad is None or not each.grad.isfinite().all()]
    assert not missing


@given(diagrams())
@examples(60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_a_drawn_network_computes_what_it_does_on_the_cpu(diagram: Diagram) -> None:
    assume(all(problem.severity != "error" for problem in analyze(diagram).problems))
    here = bs.compile(diagram).double().train()
    there = copy.deepcopy(here).cuda()
    shape = diagram.main.block("input").parameters["shape"]
    x = torch.randn(2, *shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    gradients = []
    outputs = []
    for model, images in ((here, x), (there, x.cuda())):
        found = model(images)
        outputs.append([each.detach().cpu() for each in (found if isinstance(found, tuple) else (found,))])
        total = sum(each.square().sum() for each in (found if isinstance(found, tuple) else (found,)))
        if total.requires_grad:
            total.backward()
        gradients.append({key: None if p.grad is None else p.grad.cpu() for key, p in model.named_parameters()})
    for one, other in zip(*outputs, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-8, atol=1e-8)
    assert gradients[0].keys() == gradients[1].keys()
    for key, one in gradients[0].items():
        other = gradients[1][key]
        assert (one is None) == (other is None), key
        if one is not None:
            torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-7, msg=lambda text, key=key: f"{key}: {text}")
