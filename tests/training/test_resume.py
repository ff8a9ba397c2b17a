"""Going on after a stop, a kill, a damaged checkpoint: to the last bit as if nothing had happened."""

from __future__ import annotations

import hashlib
import math
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch

from blockstudio.errors import StudioError
from blockstudio.runs import Run, start_run
from blockstudio.runs.checkpoints import Checkpoint
from blockstudio.training import standing, train_run
from tests.support.tiny import tiny_network

MakeRun = Callable[..., Run]

VARIED: dict[str, Any] = {
    "augmentation": {"pad_crop": 1, "flip": True, "cutout": 2, "mixup": 0.3},
    "data": {"input_size": 16},
}


def digest(checkpoint: Checkpoint) -> str:
    return hashlib.sha256(checkpoint.model.read_bytes()).hexdigest()


def measured(run: Run) -> list[dict[str, Any]]:
    """All figures of the run that do not depend on the clock."""
    history = run.history()
    found = [{key: value for key, value in event.items() if key != "time"} for event in history.epochs]
    results = dict(run.results() or {})
    for key in ("time", "seconds"):
        results.pop(key)
    return [*found, results]


def rewound(run: Run, step: int, name: str) -> Run:
    """A copy of a finished run as it was when its trainer had just written the checkpoint of ``step``."""
    folder = run.directory.with_name(name)
    shutil.copytree(run.directory, folder)
    log = folder / "events.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    events = [msgspec.json.decode(line) for line in lines]
    last = next(
        place for place, event in enumerate(events) if (event["type"], event.get("step")) == ("checkpoint", step)
    )
    log.write_bytes(b"".join(lines[: last + 1]))
    copy = Run(folder)
    copy.checkpoints.discard_after(step)
    return copy


RULES: dict[str, dict[str, Any]] = {
    "sgd": {"optimizer": "sgd"},
    "adamw": {"optimizer": "adamw", "schedule": "one_cycle"},
    "adam": {
        "optimizer": "adam",
        "schedule": "step",
        "balance": "weights",
        "stopping": {"patience": 9, "monitor": "loss"},
    },
    "rmsprop": {"optimizer": "rmsprop", "schedule": "exponential", "lr": 1e-3, "balance": "sampler"},
    "bf16": {"precision": "bf16", "channels_last": True},
    "channels last in memory": {"channels_last": True, "diagram": tiny_network(channels=3), "accumulate": 3},
    "averaged weights": {"averages": {"ema": 0.95, "statistics": "exact"}},
    "fp16": {"precision": "fp16"},
    "auxiliary": {"diagram": tiny_network(auxiliary=True)},
}  # fmt: skip


@pytest.mark.parametrize("fields", RULES.values(), ids=RULES)
def test_a_continued_run_is_the_same_to_the_last_bit(
    make_run: MakeRun, fields: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standing, "SAVING_SHARE", math.inf)  # However short the epochs are.
    whole = make_run("whole", epochs=2, checkpoints={"steps": 13, "keep": 10}, **VARIED, **fields)
    train_run(whole)
    for step in (13, 20, 26):
        continued = rewound(whole, step, f"from{step}")
        train_run(continued)
        started = continued.history().started
        assert started is not None and started["step"] == step
        assert [item.step for item in continued.checkpoints.all()] == [item.step for item in whole.checkpoints.all()]
        for ours, theirs in zip(continued.checkpoints.all(), whole.checkpoints.all(), strict=True):
            assert digest(ours) == digest(theirs)
        assert measured(continued) == measured(whole)


@pytest.mark.slow
def test_images_read_from_disk_give_the_same_run_when_it_is_continued(make_run: MakeRun, tmp_path: Path) -> None:
    from PIL import Image

    generator = torch.Generator().manual_seed(0)
    for label in range(10):
        (tmp_path / "photos" / str(label)).mkdir(parents=True)
        for number in range(4):
            pixels = torch.randint(0, 256, (9, 8, 3), generator=generator, dtype=torch.uint8).numpy()
            Image.fromarray(pixels).save(tmp_path / "photos" / str(label) / f"{number}.png")
    data = {"source": str(tmp_path / "photos"), "storage": "disk", "workers": 1, "validation": 0.25}
    fields = {"epochs": 2, "batch_size": 4, "augmentation": {"flip": True, "pad_crop": 1}}
    diagram = tiny_network(channels=3)
    whole = make_run("whole", diagram, data=data, checkpoints={"steps": 3, "keep": 10}, **fields)
    train_run(whole)
    continued = rewound(whole, 3, "continued")
    train_run(continued)
    assert digest(continued.checkpoints.all()[-1]) == digest(whole.checkpoints.all()[-1])
    assert measured(continued) == measured(whole)


@pytest.mark.slow
def test_a_killed_trainer_is_continued_to_the_last_bit(make_run: MakeRun) -> None:
    fields: dict[str, Any] = {"epochs": 4, "checkpoints": {"steps": 10, "epochs": 0}, **VARIED}
    whole, killed = make_run("whole", **fields), make_run("killed", **fields)
    train_run(whole)

    child = start_run(killed)
    assert killed.state().active
    for event in killed.follow(interval=0.001):
        if event["type"] == "checkpoint" and event["step"] >= 30:
            os.kill(child.pid, signal.SIGKILL)
            child.wait()
            break
    state = killed.state()
    assert (state.status, state.active) == ("lost", False)
    assert 30 <= state.step < 80
    assert killed.results() is None
    last = killed.checkpoints.all()[-1].step

    child = start_run(killed)
    events = list(killed.follow())
    assert child.wait() == 0
    assert events[-1]["type"] == "finished"
    starts = [event["step"] for event in events if event["type"] == "started"]
    assert len(starts) == 2 and starts[0] == 0 and 30 <= starts[1] <= last
    assert digest(killed.checkpoints.all()[-1]) == digest(whole.checkpoints.all()[-1])
    assert measured(killed) == measured(whole)


@pytest.mark.parametrize("name", ["model.safetensors", "optimizer.safetensors", "state.json", "manifest.json"])
def test_a_damaged_checkpoint_is_passed_over_for_the_one_before(make_run: MakeRun, name: str) -> None:
    whole = make_run("whole", epochs=1, checkpoints={"steps": 6, "keep": 10})
    train_run(whole)
    damaged = rewound(whole, 12, "damaged")
    path = damaged.checkpoints.all()[-1].path / name
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 4
    path.write_bytes(raw)
    train_run(damaged)
    events = list(damaged.follow())
    warnings = [event for event in events if event["type"] == "warning"]
    assert [event["code"] for event in warnings] == ["checkpoint.damaged"]
    assert "step-00000012" in warnings[0]["text"] and name in warnings[0]["text"]
    assert [event["step"] for event in events if event["type"] == "started"] == [0, 6]
    assert digest(damaged.checkpoints.all()[-1]) == digest(whole.checkpoints.all()[-1])


def test_with_no_good_checkpoint_it_begins_anew(make_run: MakeRun) -> None:
    whole = make_run("whole", epochs=1, checkpoints={"steps": 6, "keep": 10})
    train_run(whole)
    damaged = rewound(whole, 6, "damaged")
    damaged.checkpoints.all()[0].model.write_bytes(b"")
    train_run(damaged)
    assert digest(damaged.checkpoints.all()[-1]) == digest(whole.checkpoints.all()[-1])


def test_a_stop_while_measuring_leaves_the_measuring_for_the_next(make_run: MakeRun) -> None:
    whole, stopped = make_run("whole", epochs=1), make_run("stopped", epochs=1)
    train_run(whole)

    def stop(event: dict[str, Any]) -> None:
        if event["type"] == "step":  # The last of the epoch: measuring comes next.
            stopped.send("stop")

    train_run(stopped, on_event=stop)
    assert stopped.state().status == "stopped"
    assert stopped.history().epochs == [] or stopped.results() is None
    train_run(stopped)
    assert measured(stopped) == measured(whole)


def test_a_diagram_changed_meanwhile_is_a_clear_error(make_run: MakeRun) -> None:
    whole = make_run("whole", epochs=1, checkpoints={"steps": 6, "keep": 10})
    train_run(whole)
    changed = rewound(whole, 6, "changed")
    path = changed.directory / "diagram.blocks.json"
    path.write_text(path.read_text().replace('"out_channels": 8', '"out_channels": 9'))
    with pytest.raises(StudioError) as caught:
        train_run(changed)
    assert caught.value.code == "checkpoint.mismatch"


def test_other_images_are_a_clear_error(make_run: MakeRun) -> None:
    whole = make_run("whole", epochs=1, checkpoints={"steps": 6, "keep": 10})
    train_run(whole)
    changed = rewound(whole, 6, "changed")
    path = changed.directory / "recipe.json"
    path.write_text(path.read_text().replace('"validation": 0.1', '"validation": 0.2'))
    with pytest.raises(StudioError) as caught:
        train_run(changed)
    assert caught.value.code == "run.data"


def test_a_finished_run_goes_on_when_given_more_epochs(make_run: MakeRun) -> None:
    run = make_run(epochs=1)
    train_run(run)
    path = run.directory / "recipe.json"
    path.write_text(path.read_text().replace('"epochs": 1,\n "steps"', '"epochs": 2,\n "steps"'))
    train_run(run)
    results = run.results()
    assert results is not None and results["step"] == 40
    assert [event["epoch"] for event in run.history().epochs] == [1, 2]
