"""Several processes that train one run: the same losses as one process, one log, one checkpoint."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from blockstudio.errors import StudioError
from blockstudio.runs import Run, start_run
from blockstudio.training.group.dividing import units
from blockstudio.training.group.member import train_member
from blockstudio.training.prepare import prepare
from blockstudio.training.share import Share
from blockstudio.training.trainer import train_run
from tests.support.groups import CLOSE, losses, members, network

MakeRun = Callable[..., Run]
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="PyTorch's launcher does not work on Windows")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def launched(rank: int, port: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """The variables that a launcher sets."""
    given = {"RANK": str(rank), "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port),
             "LOCAL_RANK": str(rank)}  # fmt: skip
    with monkeypatch.context() as patch:
        for name, value in given.items():
            patch.setenv(name, value)
        yield given


def test_parts_of_a_batch_are_all_of_it_and_no_image_twice() -> None:
    for count in (2, 5, 64, 67):
        for size in (1, 2, 3, 5):
            if size <= count:
                parts = [Share(rank, size).part(count) for rank in range(size)]
                assert parts[0][0] == 0 and parts[-1][1] == count
                assert all(one[1] == two[0] for one, two in pairwise(parts))
                lengths = [end - begin for begin, end in parts]
                assert max(lengths) - min(lengths) <= 1 <= min(lengths)


@pytest.mark.slow
def test_two_processes_learn_as_one(make_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process leads, another takes the second half of every batch; batch normalisation over both."""
    fields: dict[str, Any] = {
        "epochs": 1, "batch_size": 63, "report_steps": 1, "device": "cpu", "sync_batchnorm": True, "balance": "weights",
        "augmentation.pad_crop": 1, "augmentation.flip": True, "label_smoothing": 0.1,
    }  # fmt: skip
    alone, shared = make_run("alone", network(), **fields), make_run("shared", network(), **fields)
    train_run(alone)
    port = free_port()
    with launched(1, port, monkeypatch) as other:
        program = [sys.executable, "-m", "blockstudio.training", str(shared.directory)]
        child = subprocess.Popen(program, env={**os.environ, **other})
    with launched(0, port, monkeypatch):
        train_member(shared)
    assert child.wait() == 0
    assert shared.state().status == "finished" and not shared.state().active
    one, two = losses(alone), losses(shared)
    assert len(one) == len(two) == 20
    assert max(abs(a - b) for a, b in zip(one, two, strict=True)) < CLOSE
    types = [event["type"] for event in shared.events()[0]]
    assert types.count("started") == 1 and types.count("epoch") == types.count("checkpoint") == 1
    found, wanted = shared.results(), alone.results()
    assert found is not None and wanted is not None
    assert found["test_images"] == wanted["test_images"] and sum(map(sum, found["confusion"])) == found["test_images"]
    assert found["test_loss"] == pytest.approx(wanted["test_loss"], abs=CLOSE)
    assert shared.checkpoints.latest_good() is not None


def test_a_process_whose_part_is_done_is_ended_before_what_may_abort_at_its_end(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Threads of the exchange abort a process at its end now and then; here something does so always."""
    run = make_run("done", network(), steps=3)
    with launched(1, free_port(), monkeypatch) as given:
        code = (
            "import atexit, os, runpy, sys; atexit.register(os.abort); import blockstudio.training.group.member as m;"
            "m.train_member = lambda *a, **k: print('trained');"
            "sys.argv[1:] = [sys.argv[1]]; runpy.run_module('blockstudio.training', run_name='__main__')"
        )
        child = subprocess.run([sys.executable, "-c", code, str(run.directory)], env={**os.environ, **given},
                               capture_output=True, text=True)  # fmt: skip
    assert (child.returncode, child.stdout) == (0, "trained\n"), child.stderr


@pytest.mark.slow
def test_a_network_divided_among_two_processes_learns_as_one_and_goes_on(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FSDP2 on the loopback address: the losses of one process, whole checkpoints, a killed run that goes on, alone."""
    fields: dict[str, Any] = {
        "epochs": 2, "batch_size": 63, "report_steps": 1, "device": "cpu", "sync_batchnorm": True, "clip_gradient": 1.0,
        "checkpoints.steps": 7, "optimizer.name": "adamw",
    }  # fmt: skip
    alone = make_run("alone", network(), **fields)
    divided = make_run("divided", network(), sharding="fsdp2", **fields)
    train_run(alone)
    one = losses(alone)
    port = free_port()
    with launched(1, port, monkeypatch) as other:
        program = [sys.executable, "-m", "blockstudio.training", str(divided.directory)]
        child = subprocess.Popen(program, env={**os.environ, **other})
    with launched(0, port, monkeypatch):
        train_member(divided)
    assert child.wait() == 0 and divided.state().status == "finished"
    assert max(abs(a - b) for a, b in zip(one, losses(divided), strict=True)) < 20 * CLOSE
    found, wanted = divided.results(), alone.results()
    assert found is not None and wanted is not None and sum(map(sum, found["confusion"])) == wanted["test_images"]
    assert found["test_loss"] == pytest.approx(wanted["test_loss"], abs=20 * CLOSE)
    # The checkpoint is a whole one: a run that begins from it has one process, and no sharding.
    checkpoint = divided.checkpoints.latest_good()
    assert checkpoint is not None
    weights = {key: tuple(value.shape) for key, value in load_file(checkpoint.model).items()}
    assert weights == {key: tuple(v.shape) for key, v in load_file(alone.checkpoints.latest_good().model).items()}

    halved = make_run("halved", network(), sharding="fsdp2", **fields)
    started, killed = start_run(halved, 2), False
    for event in halved.follow():
        if not killed and event["type"] == "step" and event["step"] >= 18:
            killed = True
            os.kill(members(started.pid)[0], signal.SIGKILL)
    assert started.wait() == 0 and halved.state().status == "finished"
    assert max(abs(a - b) for a, b in zip(one, losses(halved), strict=True)) < 40 * CLOSE


def test_what_cannot_be_divided_is_said_before_the_first_step(make_run: MakeRun) -> None:
    recipe = {"averages.ema": 0.9, "precision": "fp16", "compile": True}
    run = make_run("divided", network(), sharding="fsdp2", device="cpu", **recipe)
    with pytest.raises(StudioError) as error:
        prepare(run, shared=True)
    assert {each.where for each in error.value.problems} >= set(recipe)
    copies = nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2)), nn.Linear(2, 2)
    )
    assert [type(each).__name__ for each in units(copies)] == ["Conv2d", "Linear", "Linear", "Linear"]


@pytest.mark.slow
@pytest.mark.parametrize("victim", [0, 1])
def test_a_run_goes_on_when_one_of_its_processes_is_killed(make_run: MakeRun, victim: int) -> None:
    fields: dict[str, Any] = {"steps": 400, "report_steps": 1, "checkpoints.steps": 25, "sync_batchnorm": True}
    alone, shared = make_run("alone", network(), **fields), make_run("shared", network(), **fields)
    train_run(alone)
    child = start_run(shared, 2)
    killed = False
    for event in shared.follow():
        if not killed and event["type"] == "step" and event["step"] >= 60:
            killed = True
            os.kill(members(child.pid)[victim], signal.SIGKILL)
    assert child.wait() == 0 and killed
    assert shared.state().status == "finished"
    one, two = losses(alone), losses(shared)
    assert len(one) == len(two) == 400
    assert max(abs(a - b) for a, b in zip(one, two, strict=True)) < 20 * CLOSE
    warnings = [event["text"] for event in shared.events()[0] if event.get("code") == "trainer.process"]
    assert warnings and "of 3 times" in warnings[0]


@pytest.mark.slow
def test_commands_reach_all_processes(make_run: MakeRun) -> None:
    run = make_run("told", network(), epochs=100_000, sync_batchnorm=True)
    child = start_run(run, 2)
    told: list[str] = []
    for event in run.follow():
        told.append(event["type"])
        if event["type"] == "step" and "paused" not in told:
            run.send("pause")
            told.append("paused")
        elif event["type"] == "paused":
            run.send("resume")
        elif event["type"] == "resumed":
            run.send("stop")
    assert told[-1] == "stopped" and child.wait() == 0
    assert run.state().status == "stopped" and run.checkpoints.latest_good() is not None


@pytest.mark.slow
def test_what_is_wrong_is_told_once_and_not_tried_again(make_run: MakeRun) -> None:
    run = make_run("wrong", network(), epochs=1, batch_size=2)
    path = run.directory / "recipe.json"
    path.write_text(path.read_text().replace('"batch_size": 2', '"batch_size": 1'))
    child = start_run(run, 2)
    events = list(run.follow())
    child.wait()
    assert [event["type"] for event in events] == ["failed"] and events[0]["code"] in ("train.processes", "shape.batch")
    assert not run.state().active


def test_batch_normalisation_over_one_process_is_torch_s(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch.distributed as dist

    from blockstudio.training.group.norm import synchronise

    with launched(0, free_port(), monkeypatch) as _:
        monkeypatch.setenv("WORLD_SIZE", "1")
        dist.init_process_group("gloo", rank=0, world_size=1, init_method=f"tcp://127.0.0.1:{free_port()}")
        try:
            for momentum in (0.1, None):
                torch.manual_seed(0)
                plain, other = (nn.BatchNorm2d(3, momentum=momentum) for _ in range(2))
                shared = synchronise(nn.Sequential(other), torch.device("cpu"))
                for _ in range(3):
                    images = torch.randn(4, 3, 5, 5, requires_grad=True)
                    twin = images.detach().clone().requires_grad_()
                    one, two = plain(images), shared(twin)
                    torch.testing.assert_close(one, two)
                    (one**3).sum().backward()
                    (two**3).sum().backward()
                    torch.testing.assert_close(images.grad, twin.grad, atol=1e-3, rtol=1e-4)
                torch.testing.assert_close(plain.state_dict(), other.state_dict())
        finally:
            dist.destroy_process_group()
