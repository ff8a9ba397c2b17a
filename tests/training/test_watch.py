"""Measuring blocks while they learn: the figures are those of torch, and the training is the same without them."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
import torch

import blockstudio as bs
from blockstudio.graph.diagram import Diagram
from blockstudio.runs import Recipe, Run, with_fields
from blockstudio.runs.watching import FIGURES
from blockstudio.training import train_run
from blockstudio.training.watch import Watch
from tests.support.tiny import tiny_network

MakeRun = Callable[..., Run]


def _events(run: Run) -> list[dict[str, Any]]:
    found, offset = [], 0
    while True:
        some, offset = run.events(offset)
        if not some:
            return found
        found += some


def _of(kind: str, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event for event in events if event["type"] == kind]


def _measured_step(model: torch.nn.Module, images: torch.Tensor, rate: float = 0.1) -> tuple[Watch, dict[str, Any]]:
    watch = Watch(model, torch.device("cpu"), 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    watch.begin()
    model(images).square().mean().backward()
    watch.before_update()
    optimizer.step()
    return watch, watch.after_update(0.0)


def test_the_figures_are_those_that_torch_gives() -> None:
    torch.manual_seed(0)
    model = bs.compile(tiny_network())
    images = torch.rand(16, 1, 8, 8)
    before = {name: weight.detach().clone() for name, weight in model.named_parameters()}
    running = model.bn1.running_mean.clone(), model.bn1.running_var.clone()
    with torch.no_grad():
        convolved = model.conv1(images)
    watch, fields = _measured_step(model, images)
    row = watch.paths.index

    def value(name: str, path: str) -> float:
        return float(fields[name][row(path)])

    for path in ("conv1", "bn1", "fc"):
        own = {name: weight for name, weight in model.named_parameters() if name.startswith(path + ".")}
        norms = {
            "gradient": [weight.grad for weight in own.values()],
            "weight": list(own.values()),
            "update": [weight.detach() - before[name] for name, weight in own.items()],
        }
        for name, tensors in norms.items():
            expected = math.sqrt(sum(float(each.detach().norm()) ** 2 for each in tensors if each is not None))
            assert value(name, path) == pytest.approx(expected, rel=1e-3), (name, path)
    assert value("mean", "conv1") == pytest.approx(float(convolved.mean()), rel=1e-3, abs=1e-6)
    assert value("deviation", "conv1") == pytest.approx(float(convolved.std(correction=0)), rel=1e-3)
    batch = convolved.transpose(0, 1).flatten(1)
    shift = ((batch.mean(1) - running[0]).abs() / (running[1] + 1e-5).sqrt()).mean()
    scale = ((batch.var(1) + 1e-5) / (running[1] + 1e-5)).sqrt().log().mean().exp()
    assert value("shift", "bn1") == pytest.approx(float(shift), rel=2e-2)
    assert value("scale", "bn1") == pytest.approx(float(scale), rel=2e-2)
    assert 0.2 < value("dead", "relu1") < 0.8, "the ReLU's own output, not what it wrote over"
    assert value("dead", "bn1") == 0.0
    assert value("memory", "conv1") == convolved.numel() * 4
    assert fields["gradient"][row("relu1")] is None and fields["shift"][row("fc")] is None
    for path in ("conv1", "bn1", "fc"):
        assert value("forward", path) > 0 and value("backward", path) > 0


def test_channels_that_are_dead_are_counted() -> None:
    torch.manual_seed(0)
    model = bs.compile(tiny_network(width=8))
    with torch.no_grad():
        model.bn1.weight[:3], model.bn1.bias[:3] = 0.0, -1.0
    watch, fields = _measured_step(model, torch.rand(16, 1, 8, 8))
    assert fields["dead_channels"][watch.paths.index("relu1")] == 3


def test_modules_have_the_figures_of_what_they_give() -> None:
    model = bs.compile(bs.load("cifar_resnet", n=1))
    watch, fields = _measured_step(model, torch.rand(4, 3, 32, 32))
    row = watch.paths.index
    assert fields["deviation"][row("layer1.0")] == fields["deviation"][row("layer1.0.relu")]
    assert fields["gradient"][row("layer1.0")] is None
    assert len(fields["mean"]) == len(watch.paths)


def test_nothing_stays_on_the_network_between_measurements() -> None:
    model = bs.compile(tiny_network())
    _measured_step(model, torch.rand(8, 1, 8, 8))
    for name, module in model.named_modules():
        assert not module._forward_hooks and not module._forward_pre_hooks, name
        assert not module._backward_hooks and not module._backward_pre_hooks, name


def test_training_is_the_same_with_and_without_it(make_run: MakeRun) -> None:
    logs = {}
    for name, watch in (("off", {}), ("on", {"watch.blocks": True, "watch.steps": 4})):
        run = make_run(name, epochs=1, **watch, report_steps=1)
        train_run(run)
        logs[name] = _events(run)
    losses = {name: [event["loss"] for event in _of("step", log)] for name, log in logs.items()}
    assert losses["on"] == losses["off"]
    assert not _of("blocks", logs["off"]) and not _of("watched", logs["off"])
    (watched,), measured = _of("watched", logs["on"]), _of("blocks", logs["on"])
    assert [event["step"] for event in measured] == [step + 1 for step in range(4, watched_steps(logs["on"]), 4)]
    for event in measured:
        assert all(len(event[name]) == len(watched["paths"]) for name in FIGURES)
        assert 0 <= event["cost"] <= 1


def watched_steps(log: list[dict[str, Any]]) -> int:
    return int(_of("started", log)[0]["steps"])


@pytest.mark.parametrize(
    "fields", [{"precision": "bf16"}, {"start.freeze": ["conv1"]}, {"clip_gradient": 0.1}], ids=str
)
def test_it_measures_whatever_the_recipe_does(make_run: MakeRun, fields: dict[str, Any]) -> None:
    run = make_run(epochs=1, **{"watch.blocks": True, "watch.steps": 8}, **fields)
    train_run(run)
    event = _of("blocks", _events(run))[-1]
    paths = _of("watched", _events(run))[0]["paths"]
    assert event["gradient"][paths.index("fc")] > 0
    frozen = "start.freeze" in fields
    assert (event["gradient"][paths.index("conv1")] is None) == frozen
    assert event["weight"][paths.index("conv1")] > 0


def test_a_running_trainer_begins_and_ends_measuring_when_told(make_run: MakeRun) -> None:
    run = make_run(epochs=2, report_steps=1)
    said: list[str] = []

    def listen(event: dict[str, Any]) -> None:
        said.append(event["type"])
        if event["type"] == "step" and event["step"] == 5:
            run.send("watch", steps=2)
        if event["type"] == "blocks" and said.count("blocks") == 3:
            run.send("unwatch")

    train_run(run, on_event=listen)
    assert said.count("watched") == 2, "its beginning and its end"
    assert 3 <= said.count("blocks") <= 4, "it ends within a step or two"


def test_the_recipe_says_whether_blocks_are_measured() -> None:
    assert not Recipe().watch.blocks
    assert with_fields(Recipe(), {"watch.blocks": "true"}).watch == bs.runs.recipe.Watching(blocks=True)


def test_a_network_without_modules_of_its_own_is_measured(make_run: MakeRun) -> None:
    """One whose blocks are all functions, but for its only layer."""
    diagram = Diagram("one")
    names = [
        diagram.add("Input", "input", shape=[1, 8, 8]),
        diagram.add("Flatten", "flatten"),
        diagram.add("Linear", "fc", out_features=10),
        diagram.add("Output", "output"),
    ]
    for source, target in pairwise(names):
        diagram.connect(source, target)
    run = make_run(diagram=diagram, epochs=1, **{"watch.blocks": True, "watch.steps": 5})
    train_run(run)
    assert _of("blocks", _events(run))


def test_a_run_writes_files_for_tensorboard_when_asked(make_run: MakeRun) -> None:
    run = make_run(epochs=1, **{"watch.blocks": True, "watch.steps": 8, "watch.tensorboard": True})
    train_run(run)
    (file,) = (run.directory / "tensorboard").iterdir()
    data = file.read_bytes()
    for tag in (b"loss/train", b"accuracy/validation", b"accuracy/test", b"gradient/conv1", b"ratio/fc", b"dead/relu1"):
        assert tag in data, tag
    plain = make_run("plain", epochs=1)
    train_run(plain)
    assert not (plain.directory / "tensorboard").exists()


def test_an_open_rate_keeps_the_cost_low(monkeypatch: pytest.MonkeyPatch) -> None:
    """By its own clock: a step of 10 ms of which measuring takes 4 is measured once in so long that it costs 1.5 %."""
    now = [100.0]
    monkeypatch.setattr("blockstudio.training.watch.time.perf_counter", lambda: now[0])
    watch = Watch(torch.nn.Linear(2, 2), torch.device("cpu"), 0)
    measured, cost = [], 0.0
    for step in range(4000):
        now[0] += 0.010
        if watch.is_due(step):
            measured.append(now[0])
            watch._begun = now[0]
            now[0] += 0.014
            cost = watch._count_cost(0.010)
    waits = [later - earlier for earlier, later in pairwise(measured)]
    assert min(waits) >= 0.5 and cost < 0.016
    assert len(measured) * 0.004 / (now[0] - 100) < 0.016
