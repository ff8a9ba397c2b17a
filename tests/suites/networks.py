"""Random networks against an independent reading of the graph, at large."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

import torch
from hypothesis import HealthCheck, Phase, assume, given, seed, settings

from blockstudio.analysis import analyze
from blockstudio.compiler import compile
from blockstudio.graph.diagram import Diagram
from tests.compiler import test_drawn_networks as drawn
from tests.suites.outcome import Outcome
from tests.support.drawn_diagrams import diagrams


def narrow(diagram: Diagram) -> None:
    """Under autocast the shapes are those of the analysis, and the numbers those of full precision as far as bfloat16
    holds them."""
    analysis = analyze(diagram)
    assume(not any(problem.severity == "error" for problem in analysis.problems))
    torch.manual_seed(0)
    model = compile(diagram).eval()
    x = drawn.sample(diagram).float()
    with torch.no_grad():
        wanted = model(x)
        with torch.autocast("cpu", torch.bfloat16):
            found = model(x)
    assert found.shape == wanted.shape
    scale = max(1.0, float(wanted.abs().max()))
    assert float((found.float() - wanted).abs().max()) <= 0.2 * scale


CHECKS: dict[str, Callable[..., Any]] = {
    "outputs at 1e-9, parameters, MACs, keys": drawn.test_a_compiled_network_does_what_the_graph_says,
    "train mode, gradients": drawn.test_training_a_compiled_network_gives_the_graph_s_gradients,
    "the class for other arguments": drawn.test_the_class_is_right_for_other_arguments,
    "autocast": given(diagrams())(narrow),
}


def drawn_networks(count: int, begin: int = 0) -> Outcome:
    """Draw ``count`` networks, a quarter for each check."""
    outcome = Outcome("random networks against an independent interpreter: " + ", ".join(CHECKS))
    large = settings(
        max_examples=max(1, count // len(CHECKS)), deadline=None, database=None, derandomize=False,
        phases=(Phase.generate, Phase.shrink), suppress_health_check=list(HealthCheck), print_blob=True,
    )  # fmt: skip
    for name, check in CHECKS.items():
        inner = check.hypothesis.inner_test  # type: ignore[attr-defined]

        def counted(*args: Any, inner: Callable[..., Any] = inner, **kwargs: Any) -> None:
            inner(*args, **kwargs)
            outcome.times += 1

        strategies = _strategies(name)
        try:
            check = large(given(*strategies)(_named(counted, len(strategies))))
            seed(begin)(check)()
        except Exception:  # noqa: BLE001 - an assertion or worse: either is a fault
            outcome.add(f"{name}: {traceback.format_exc()[-280:]}")
    return outcome


def _strategies(name: str) -> tuple[Any, ...]:
    from hypothesis import strategies as st

    if name == "the class for other arguments":
        return diagrams(), st.fixed_dictionaries(drawn.OTHER), st.integers(0, 2)
    return (diagrams(),)


def _named(work: Callable[..., None], count: int) -> Callable[..., None]:
    """Hypothesis wants to see how many arguments there are."""
    if count == 1:
        return lambda diagram: work(diagram)
    return lambda diagram, other, several: work(diagram, other, several)
