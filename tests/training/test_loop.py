"""Training end to end, in this process: what it learns, says, and computes."""

from __future__ import annotations

import math
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file

import blockstudio as bs
from blockstudio.answers import StudioErrors
from blockstudio.errors import StudioError
from blockstudio.runs import Run
from blockstudio.training import loop, train, train_run
from blockstudio.training.data import load_data
from blockstudio.training.data.batches import Feeder
from blockstudio.training.losses import Meter
from blockstudio.training.optimizers import rate_factor
from blockstudio.training.pace import Pace
from tests.support.tiny import tiny_network

MakeRun = Callable[..., Run]


def weights(run: Run) -> dict[str, torch.Tensor]:
    return load_file(run.checkpoints.all()[-1].model)


def types(run: Run) -> list[str]:
    return [event["type"] for event in run.follow()]


def test_a_network_learns_the_digits(make_run: MakeRun) -> None:
    run = make_run(epochs=6, lr=0.01)
    train_run(run)
    results = run.results()
    assert results is not None
    assert results["test_accuracy"] > 0.85
    confusion = results["confusion"]
    assert sum(map(sum, confusion)) == 355
    assert sum(confusion[label][label] for label in range(10)) == round(355 * results["test_accuracy"])
    history = run.history()
    assert [event["epoch"] for event in history.epochs] == [1, 2, 3, 4, 5, 6]
    assert history.epochs[-1]["train_loss"] < history.epochs[0]["train_loss"]
    assert history.epochs[-1]["validation_accuracy"] > history.epochs[0]["validation_accuracy"]
    assert history.started is not None
    assert history.started["images"] + history.started["validation_images"] + history.started["test_images"] == 1797
    state = run.state()
    assert (state.status, state.step, state.steps, state.epochs) == ("finished", 120, 120, 6)
    assert run.data()["classes"] == list("0123456789")
    assert run.environment()["torch"] == str(torch.__version__)
    assert set(weights(run)) == set(bs.compile(run.diagram()).state_dict())


def test_the_loop_computes_what_a_bare_one_would(make_run: MakeRun) -> None:
    fields: dict[str, Any] = {
        "optimizer": "sgd", "lr": 0.1, "weight_decay": 1e-3, "spare_norm_and_bias": False, "schedule": "constant",
        "warmup": 0, "steps": 25, "averages": {"statistics": "moving"}, "seed": 3, "channels_last": False,
    }  # fmt: skip
    run = make_run(**fields)
    train_run(run)

    recipe = run.recipe()
    splits = load_data(recipe.data, (1, 8, 8))
    feeder = Feeder(splits, recipe, torch.device("cpu"))
    torch.manual_seed(3)
    model = bs.compile(run.diagram()).train()
    optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9, weight_decay=1e-3, fused=True)
    batches = [*feeder.train(0, 0), *feeder.train(1, 0)][:25]
    losses = []
    for batch in batches:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(batch.images), batch.labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())

    assert weights(run).keys() == model.state_dict().keys()
    assert all(torch.equal(value, model.state_dict()[key]) for key, value in weights(run).items())
    first, second = run.history().epochs
    assert first["train_loss"] == pytest.approx(sum(losses[:20]) / 20, abs=1e-12)
    assert second["train_loss"] == pytest.approx(sum(losses[20:]) / 5, abs=1e-12)


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(make_run: MakeRun) -> None:
    runs = [make_run(f"run{number}", steps=5, seed=seed) for number, seed in enumerate((1, 1, 2))]
    for run in runs:
        train_run(run)
    first, second, third = map(weights, runs)
    assert all(torch.equal(first[key], second[key]) for key in first)
    assert not torch.equal(first["conv1.weight"], third["conv1.weight"])


RECIPES: dict[str, dict[str, Any]] = {
    "nesterov with steps": {"optimizer": "sgd", "nesterov": True, "schedule": "step", "lr": 0.05},
    "adam exponential": {"optimizer": "adam", "schedule": "exponential", "gamma": 0.9},
    "adamw one cycle": {"optimizer": "adamw", "schedule": "one_cycle"},
    "rmsprop constant": {"optimizer": "rmsprop", "schedule": "constant", "lr": 1e-3},
    "all augmentation": {
        "augmentation": {"pad_crop": 1, "flip": True, "color_jitter": 0.2, "cutout": 2, "mixup": 0.4},
        "label_smoothing": 0.1,
    },
    "bf16 channels last": {"precision": "bf16", "channels_last": True, "clip_gradient": 1.0},
    "fp16 scaled": {"precision": "fp16", "clip_gradient": 1.0},
}


@pytest.mark.parametrize("fields", RECIPES.values(), ids=RECIPES)
def test_every_kind_of_recipe_learns(make_run: MakeRun, fields: dict[str, Any]) -> None:
    run = make_run(epochs=2, **fields)
    train_run(run)
    first, last = run.history().epochs
    assert last["train_loss"] < first["train_loss"]
    assert math.isfinite(last["validation_loss"])
    assert all(torch.isfinite(value).all() for value in weights(run).values() if value.is_floating_point())


def test_auxiliary_losses_count_by_their_weight(make_run: MakeRun) -> None:
    diagram = tiny_network(auxiliary=True)
    plain, weighted = make_run("plain", diagram, steps=1, auxiliary=0), make_run("weighted", diagram, steps=1)
    for run in (plain, weighted):
        train_run(run)
    losses = []
    for run in (plain, weighted):
        (event,) = run.history().steps
        losses.append(event["loss"])
        assert len(event["aux"]) == 1
        assert event["aux"][0] > 1
    auxiliary = weighted.history().steps[0]["aux"][0]
    assert losses[1] == pytest.approx(losses[0] + 0.3 * auxiliary, rel=1e-6)


def test_a_flat_input_takes_flattened_images(make_run: MakeRun) -> None:
    diagram = bs.Diagram("perceptron")
    diagram.add("Input", "input", shape=[64])
    diagram.add("Linear", "fc", out_features=10)
    diagram.add("Output", "output")
    diagram.connect("input", "fc")
    diagram.connect("fc", "output")
    run = make_run("flat", diagram, epochs=2)
    train_run(run)
    assert run.state().status == "finished"


def test_colour_shapes_and_their_classes(make_run: MakeRun) -> None:
    run = make_run("shapes", tiny_network(16, 3), data={"source": "shapes", "shapes": {"images": 200, "size": 16}})
    train_run(run, on_event=lambda event: None)
    assert run.data()["classes"][0] == "disc"
    assert run.data()["input"] == [3, 16, 16]


# Events and readings


def test_steps_are_told_at_most_every_tick(make_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    readings: list[int] = []
    read = Meter.read
    monkeypatch.setattr(Meter, "read", lambda self: readings.append(1) or read(self))
    counts = []
    for number, tick in enumerate((0.0, 1e9)):
        readings.clear()
        monkeypatch.setattr(loop, "TICK", tick)
        run = make_run(f"run{number}", epochs=2, checkpoints__epochs=0)
        train_run(run)
        counts.append((len(run.history().steps), len(readings)))
    assert counts[0][0] == 40
    # The last step is always told. Readings: each end of an epoch, the last report, the last checkpoint.
    assert counts[1] == (1, 4)


def test_step_events_have_every_figure(make_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    where: list[tuple[int, ...]] = []
    monkeypatch.setattr(Pace, "left", lambda self, *standing: where.append(standing) or 12.34)
    run = make_run(epochs=1)
    train_run(run)
    last = run.history().steps[-1]
    assert (last["step"], last["epoch"], last["aux"]) == (20, 1, [])
    # Step, of how many, an epoch's, the last that was measured, until when BatchNorm's averages are computed anew.
    assert last["seconds_left"] == 12.3 and where[-1] == (20, 20, 20, 0, 50)
    assert last["images_per_second"] > 0
    assert 0 <= last["accuracy"] <= 1
    assert last["lr"] == pytest.approx(1e-3 * rate_factor(run.recipe().schedule, 19, 20, 20))


def test_without_a_validation_share_epochs_have_no_validation(make_run: MakeRun) -> None:
    run = make_run(epochs=1, validation=0)
    train_run(run)
    (epoch,) = run.history().epochs
    assert epoch["validation_loss"] is None
    assert run.checkpoints.best() is None
    best = run.best()
    assert best is not None and best.step == 22


def test_checkpoints_follow_the_recipe(make_run: MakeRun) -> None:
    run = make_run(epochs=2, checkpoints={"steps": 8, "epochs": 0, "keep": 3})
    train_run(run)
    assert [item.step for item in run.checkpoints.all()] == [24, 32, 40]


# Commands


def test_pause_resume_and_stop(make_run: MakeRun) -> None:
    run = make_run(epochs=500)
    answers = {"started": "pause", "paused": "resume", "resumed": "stop"}
    seen: list[str] = []

    def answer(event: dict[str, Any]) -> None:
        seen.append(event["type"])
        if event["type"] == "paused":
            assert run.state().status == "paused"
        if event["type"] in answers:
            run.send(answers[event["type"]])  # type: ignore[arg-type]

    train_run(run, on_event=answer)
    kinds = [kind for kind in seen if kind not in ("step", "epoch")]
    assert kinds[0] == "started"
    # A stop at the very step of the pause has its checkpoint already.
    assert kinds[-1] == "stopped" and "checkpoint" in kinds
    assert run.checkpoints.all()[-1].step == run.state().step
    assert [kind for kind in kinds if kind in ("paused", "resumed")] == ["paused", "resumed"]
    state = run.state()
    assert (state.status, state.active) == ("stopped", False)
    assert 0 < state.step < 10_000
    assert run.checkpoints.all()[-1].step == state.step


def test_ctrl_c_stops_with_a_checkpoint(tmp_path: Path) -> None:
    def interrupt(event: dict[str, Any]) -> None:
        if event["type"] == "step":
            signal.raise_signal(signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        train(tiny_network(), "digits", tmp_path / "run", on_event=interrupt, epochs=500)
    assert signal.getsignal(signal.SIGINT) is before
    run = Run(tmp_path / "run")
    assert run.state().status == "stopped"
    assert run.checkpoints.latest_good() is not None


def test_a_second_trainer_is_refused(make_run: MakeRun) -> None:
    run = make_run(epochs=2)
    errors: list[StudioError] = []

    def intrude(event: dict[str, Any]) -> None:
        if event["type"] == "epoch":
            with pytest.raises(StudioError) as caught:
                train_run(Run(run.directory))
            errors.append(caught.value)

    train_run(run, on_event=intrude)
    assert [error.code for error in errors] == ["run.locked"] * 2
    assert run.state().status == "finished"


def test_a_finished_run_is_left_alone(make_run: MakeRun) -> None:
    run = make_run(epochs=1)
    train_run(run)
    log = (run.directory / "events.jsonl").read_bytes()
    with pytest.raises(StudioError) as caught:
        train_run(run)
    assert caught.value.code == "run.finished"
    assert (run.directory / "events.jsonl").read_bytes() == log


# What goes wrong


def test_a_loss_that_is_no_number_stops_and_keeps_a_good_checkpoint(make_run: MakeRun) -> None:
    run = make_run(
        steps=300, optimizer="sgd", lr=100, momentum=0.99, schedule="constant", warmup=0, checkpoints__steps=1
    )
    # Too large by far: the weights grow beyond what fp32 holds within some hundred steps.
    path = run.directory / "recipe.json"
    path.write_text(path.read_text().replace('"weight_decay": 0.0005', '"weight_decay": 10.0'))
    train_run(run)
    kinds = types(run)
    assert kinds[-1] == "diverged"
    assert run.history().finished is None
    state = run.state()
    assert state.status == "failed"
    assert "loss" in state.message
    good = run.checkpoints.latest_good()
    assert good is not None
    assert all(torch.isfinite(value).all() for value in load_file(good.model).values() if value.is_floating_point())


def test_public_train_raises_when_the_loss_is_no_number(tmp_path: Path) -> None:
    with pytest.raises(StudioError) as caught:
        train(
            tiny_network(), run=tmp_path / "run", steps=300, optimizer="sgd", lr=100, momentum=0.99,
            weight_decay=10, schedule="constant", warmup=0,
        )  # fmt: skip
    assert caught.value.code == "run.diverged"


def test_a_disk_that_refuses_for_a_while_is_told_of_and_training_goes_on(make_run: MakeRun) -> None:
    run = make_run(steps=9, checkpoints={"steps": 3, "epochs": 0})
    in_the_way = run.directory / "checkpoints"
    in_the_way.write_text("no folder")

    def clear(event: dict[str, Any]) -> None:
        if event["type"] == "warning":
            in_the_way.unlink()

    train_run(run, on_event=clear)
    warnings = [event for event in run.follow() if event["type"] == "warning"]
    assert [event["code"] for event in warnings] == ["checkpoint.write"]
    assert "step 3" in warnings[0]["text"]
    assert [item.step for item in run.checkpoints.all()] == [6, 9]
    assert run.state().status == "finished"


def test_a_disk_that_refuses_to_the_end_fails_the_run(make_run: MakeRun) -> None:
    run = make_run(steps=3)
    (run.directory / "checkpoints").write_text("no folder")
    with pytest.raises(StudioError) as caught:
        train_run(run)
    assert caught.value.code == "checkpoint.write"
    assert run.state().status == "failed"


def test_everything_wrong_is_told_before_the_first_step(make_run: MakeRun) -> None:
    run = make_run(epochs=1)
    path = run.directory / "recipe.json"
    text = path.read_text().replace('"device": "auto"', '"device": "mps"')
    path.write_text(text.replace('"source": "digits"', '"source": "/no/such/folder"'))
    if torch.backends.mps.is_available():
        pytest.skip("there is an MPS device")
    with pytest.raises(StudioErrors) as caught:
        train_run(run)
    assert {problem.code for problem in caught.value.problems} == {"device.absent", "data.folder"}
    events, _ = run.events()
    assert [event["type"] for event in events] == ["failed"]
    assert len(events[0]["problems"]) == 2
    assert run.state().status == "failed"


def test_an_error_nobody_foresaw_is_in_the_log_too(make_run: MakeRun) -> None:
    run = make_run(epochs=1)

    class Broken(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = torch.nn.Linear(3, 10)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            found: torch.Tensor = self.fc(x)
            return found

    with pytest.raises(RuntimeError):
        train_run(run, build=lambda diagram: Broken())
    assert types(run)[-1] == "failed"
    assert "RuntimeError" in run.state().message
    assert not run.state().active


def test_train_makes_and_returns_a_run(tmp_path: Path) -> None:
    seen: list[str] = []
    run = train(
        tiny_network(), data="digits", run=tmp_path / "run", on_event=lambda event: seen.append(event["type"]),
        epochs=1, lr=0.01, optimizer__weight_decay=0,
    )  # fmt: skip
    assert seen[0] == "started" and seen[-1] == "finished"
    assert run.recipe().optimizer.weight_decay == 0
    assert run.results() is not None


@pytest.mark.parametrize(("fields", "where"), [({"lr": -1}, "optimizer.lr"), ({"leraning_rate": 1}, "leraning_rate")])
def test_train_refuses_a_bad_recipe(tmp_path: Path, fields: dict[str, Any], where: str) -> None:
    with pytest.raises(StudioError) as caught:
        train(tiny_network(), run=tmp_path / "run", **fields)
    assert caught.value.where == where
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_torch_compile_trains_and_keeps_the_keys(make_run: MakeRun) -> None:
    run = make_run(steps=3, compile=True)
    train_run(run)
    assert set(weights(run)) == set(bs.compile(run.diagram()).state_dict())
