"""On a CUDA card: the same numbers as on the CPU, no step that waits, resuming to the last bit."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

# CUDA's own cache of compiled kernels would be left in the home folder of the tests. Read when CUDA is first used.
os.environ.setdefault("CUDA_CACHE_DISABLE", "1")

import torch

import blockstudio as bs
from blockstudio.runs import Run, start_run
from blockstudio.runs.adapt import input_shape
from blockstudio.training import train_run
from blockstudio.training.data.batches import Feeder
from blockstudio.training.device import Precision, library_settings
from blockstudio.training.losses import Criterion, Meter
from blockstudio.training.optimizers import Rates, build_optimizer
from blockstudio.training.prepare import prepare
from blockstudio.training.step import WARM_UP, Layout, RecordedStep, Step, build_step
from tests.support.tiny import tiny_network

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here"),
]

MakeRun = Callable[..., Run]

EVERYTHING: dict[str, Any] = {
    "device": "cuda",
    "augmentation": {"pad_crop": 1, "flip": True, "cutout": 2, "mixup": 0.3, "color_jitter": 0.2},
    "data": {"input_size": 16},
}
WAYS: dict[str, dict[str, Any]] = {
    "sgd": {"optimizer": "sgd", "lr": 0.05},
    "adamw, bf16": {"optimizer": "adamw", "precision": "bf16", "channels_last": True},
    "rmsprop, clipped, in parts": {"optimizer": "rmsprop", "lr": 1e-3, "clip_gradient": 1.0, "accumulate": 2},
}
OPTIMIZERS = ("sgd", "adam", "adamw", "rmsprop")


def parts_of(run: Run) -> tuple[Step, Feeder, Rates, Meter, torch.nn.Module]:
    """What a loop is made of."""
    prepared = prepare(run)
    recipe = prepared.recipe
    optimizer = build_optimizer(prepared.model, recipe, prepared.device, prepared.recorded)
    meter = Meter(prepared.device, len(prepared.auxiliary), every_top=prepared.recorded)
    layout = Layout(prepared.flat, recipe.channels_last)
    criterion = Criterion(recipe, prepared.auxiliary)
    step = build_step(
        prepared,
        layout,
        optimizer,
        criterion,
        meter,
        Precision(recipe, prepared.device),
        None,
        lambda text: pytest.fail(text),
    )
    feeder = Feeder(prepared.splits, recipe, prepared.device)
    return step, feeder, Rates(optimizer, recipe, 100, 20), meter, prepared.model


@contextmanager
def waiting_is_an_error() -> Iterator[None]:
    torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode("default")


@pytest.mark.parametrize("fields", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("recorded", [False, True])
def test_no_step_waits_for_the_card(make_run: MakeRun, fields: dict[str, Any], recorded: bool) -> None:
    learn, feeder, rates, _, _ = parts_of(make_run(cuda_graph=recorded, **EVERYTHING, **fields))
    batches = enumerate(feeder.train(0, 0))
    for number, batch in batches:
        rates.set(number)
        learn(batch)
        if number == WARM_UP:
            break
    torch.cuda.synchronize()
    assert not isinstance(learn, RecordedStep) or learn.recorded
    seen = 0
    with waiting_is_an_error():
        for number, batch in batches:
            rates.set(number)
            learn(batch)
            seen += 1
    assert seen >= 10


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_recorded_step_learns_what_a_plain_one_learns(make_run: MakeRun, name: str) -> None:
    found = []
    for recorded in (False, True):
        fields = {"optimizer": name, "lr": 0.001, "cuda_graph": recorded, "deterministic": True, "device": "cuda"}
        run = make_run(str(recorded), **fields)
        with library_settings(run.recipe(), torch.device("cuda")):
            learn, feeder, rates, meter, model = parts_of(run)
            for number, batch in enumerate(feeder.train(0, 0)):
                rates.set(number)
                learn(batch)
        # A bias before a normalisation has no gradient but rounding, which RMSprop and Adam blow up to whole steps.
        learnt = [p.detach().flatten() for key, p in model.named_parameters() if key != "conv1.bias"]
        found.append((meter.read().mean_loss, torch.cat(learnt)))
    assert found[0][0] == pytest.approx(found[1][0], rel=1e-3)
    torch.testing.assert_close(found[0][1], found[1][1], rtol=1e-2, atol=1e-3)


@pytest.mark.parametrize("fields", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("recorded", [False, True])
def test_a_continued_run_is_the_same_to_the_last_bit(make_run: MakeRun, fields: dict[str, Any], recorded: bool) -> None:
    common = {"steps": 30, "report_steps": 1, "deterministic": True, "cuda_graph": recorded, **EVERYTHING, **fields}
    whole, broken = make_run("whole", **common), make_run("broken", **common)
    train_run(whole)

    def stop(event: dict[str, Any]) -> None:
        if event["type"] == "step" and event["step"] == 13:
            broken.send("stop")

    train_run(broken, on_event=stop)
    assert 13 <= broken.state().step < 30
    train_run(broken)
    ours, theirs = (run.checkpoints.latest_good(lambda error: None) for run in (broken, whole))
    assert ours is not None and theirs is not None
    assert ours.model.read_bytes() == theirs.model.read_bytes()


@pytest.mark.parametrize("name", ["module_inception", "module_residual_bottleneck", "resnet18", "googlenet"])
def test_presets_give_on_the_card_what_they_give_on_the_cpu(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)
    diagram = bs.load(name)
    torch.manual_seed(0)
    model = bs.compile(diagram).eval()
    x = torch.randn(2, *input_shape(diagram))
    with torch.inference_mode():
        here = model(x)
        there = model.cuda()(x.cuda()).cpu()
    assert float((there - here).norm() / here.norm()) < 1e-4


def test_images_live_on_the_card_and_are_resized_there(make_run: MakeRun) -> None:
    run = make_run(device="cuda", data={"input_size": 224, "storage": "disk"}, diagram=tiny_network(224), batch_size=8)
    prepared = prepare(run)
    feeder = Feeder(prepared.splits, prepared.recipe, prepared.device)
    before = torch.cuda.memory_allocated()
    batch = next(feeder.train(0, 0))
    assert batch.images.is_cuda and batch.images.shape == (8, 1, 224, 224)
    assert torch.cuda.memory_allocated() > before + len(prepared.splits.train) * 64
    on_cpu = Feeder(prepared.splits, prepared.recipe, torch.device("cpu"))
    torch.testing.assert_close(batch.images.cpu(), next(on_cpu.train(0, 0)).images, rtol=0, atol=0.05)


def test_two_runs_share_a_card(make_run: MakeRun) -> None:
    common = {"device": "cuda", "steps": 40, "deterministic": True}
    runs = [make_run(name, **common) for name in ("one", "two")]
    for child in [start_run(run) for run in runs]:
        assert child.wait() == 0
    assert [run.state().status for run in runs] == ["finished", "finished"]
    first, second = (run.checkpoints.latest_good(lambda error: None) for run in runs)
    assert first is not None and second is not None
    assert first.model.read_bytes() == second.model.read_bytes()
