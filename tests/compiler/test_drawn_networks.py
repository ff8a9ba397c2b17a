"""Random networks, compiled, against a second reading of the graph."""

from __future__ import annotations

import ast
import inspect

import torch
from hypothesis import HealthCheck, assume, event, given
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode

from blockstudio.analysis import analyze
from blockstudio.compiler import compile, source
from blockstudio.compiler.emit import source_and_class
from blockstudio.compiler.load import execute
from blockstudio.graph.diagram import Diagram
from tests.support.drawn_diagrams import diagrams
from tests.support.interpreter import interpret, verify
from tests.support.properties import examples

torch.set_num_threads(1)

DRAWN = examples(50, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def sample(diagram: Diagram) -> torch.Tensor:
    shape = diagram.main.block("input").parameters["shape"]
    generator = torch.Generator().manual_seed(1)
    return torch.randn(2, *shape, dtype=torch.float64, generator=generator)


def scrambled(model: torch.nn.Module) -> torch.nn.Module:
    """Weights and running statistics that are all different."""
    generator = torch.Generator().manual_seed(2)
    for name, tensor in model.state_dict().items():
        if tensor.is_floating_point():
            drawn = torch.rand(tensor.shape, dtype=tensor.dtype, generator=generator)
            tensor.copy_(drawn + 0.5 if "running_var" in name else drawn - 0.4)
    return model


def analysed(diagram: Diagram):
    analysis = analyze(diagram)
    errors = [problem.text for problem in analysis.problems if problem.severity == "error"]
    event("errors" if errors else "clean")
    assume(not errors)
    return analysis


@given(diagrams())
@DRAWN
def test_a_compiled_network_does_what_the_graph_says(diagram: Diagram) -> None:
    analysis = analysed(diagram)
    model = scrambled(compile(diagram).double())
    x = sample(diagram)
    before = x.clone()

    model.eval()
    weights = dict(model.state_dict())
    with torch.no_grad():
        wanted = interpret(diagram, weights, [x])
        found = model(x)
    assert torch.equal(x, before), "the input was written over"
    assert found.shape[1:] == analysis.output_shape
    torch.testing.assert_close(found, wanted.outputs["output"], rtol=1e-9, atol=1e-9)

    with_auxiliary = interpret(diagram, weights, [x], training=True)
    assert set(model.state_dict()) == wanted.keys | with_auxiliary.keys
    parameters = sum(parameter.numel() for parameter in model.parameters())
    assert parameters == analysis.parameters_with_auxiliary
    assert sum(weights[key].numel() for key in wanted.keys if _learnable(model, key)) == analysis.parameters
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(x)
    assert counter.get_total_flops() == 2 * analysis.macs * len(x)


def _learnable(model: torch.nn.Module, key: str) -> bool:
    return key in dict(model.named_parameters())


@given(diagrams())
@DRAWN
def test_training_a_compiled_network_gives_the_graph_s_gradients(diagram: Diagram) -> None:
    analysed(diagram)
    model = scrambled(compile(diagram).double()).train()
    x = sample(diagram).requires_grad_()
    weights = {key: tensor.clone() for key, tensor in model.state_dict().items()}
    learnable = {key: weights[key].requires_grad_() for key, _ in model.named_parameters()}

    result = interpret(diagram, weights, [x], training=True)
    wanted = [*result.outputs.values(), *result.auxiliary.values()]
    found = model(x)
    tensors = list(found) if isinstance(found, tuple) else [found]
    assert len(tensors) == len(wanted)
    for tensor, other in zip(tensors, wanted, strict=True):
        torch.testing.assert_close(tensor, other, rtol=1e-9, atol=1e-9)

    (wanted_x,) = torch.autograd.grad(sum(t.square().sum() for t in wanted), [x], retain_graph=True, allow_unused=True)
    (found_x,) = torch.autograd.grad(sum(t.square().sum() for t in tensors), [x], retain_graph=True, allow_unused=True)
    if wanted_x is not None:
        torch.testing.assert_close(found_x, wanted_x, rtol=1e-7, atol=1e-9)
    sum(t.square().sum() for t in wanted).backward()
    sum(t.square().sum() for t in tensors).backward()
    for key, parameter in model.named_parameters():
        other = learnable[key].grad
        if other is None or parameter.grad is None:
            assert other is None or not other.abs().any()
        else:
            torch.testing.assert_close(parameter.grad, other, rtol=1e-7, atol=1e-9)


OTHER = {
    "width": st.lists(st.integers(1, 7), min_size=3, max_size=3, unique=True),
    "reps": st.lists(st.integers(0, 4), min_size=3, max_size=3, unique=True),
    "rate": st.lists(st.sampled_from([0.0, 0.25, 1.0, 3.0, -1.5]), min_size=3, max_size=3, unique=True),
}


@given(diagrams(), st.fixed_dictionaries(OTHER), st.integers(0, 2))
@DRAWN
def test_the_class_is_right_for_other_arguments(diagram: Diagram, other: dict[str, list], several: int) -> None:
    analysed(diagram)
    text, name = source_and_class(diagram)
    network = execute(text, diagram.name)[name]
    taken = [key for key in inspect.signature(network).parameters if key in other]
    event(f"takes {taken}")
    own = {key: diagram.parameters[key].default for key in other}
    for values in [*({key: value} for key in taken for value in other[key]), {k: other[k][several] for k in taken}]:
        diagram.set("", **{**own, **values})
        analysis = analyze(diagram)
        if any(problem.severity == "error" for problem in analysis.problems) or analysis.parameters > 10**7:
            continue
        model = network(**values).double()
        verify(diagram, model, [sample(diagram)], tolerance=1e-9)
        assert sum(parameter.numel() for parameter in model.parameters()) == analysis.parameters_with_auxiliary


@given(diagrams())
@DRAWN
def test_source_is_the_same_every_time_and_plain_python(diagram: Diagram) -> None:
    analysed(diagram)
    text = source(diagram)
    assert text == source(diagram)
    ast.parse(text)
    assert "blockstudio" not in text
