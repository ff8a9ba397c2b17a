"""Experiments on clusters: the same table, and nothing is lost where a machine goes away."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from blockstudio.cli import main
from blockstudio.errors import StudioError
from blockstudio.experiments import ExperimentPlan, Place, Queue, loads_experiment, trials_of
from blockstudio.experiments.engines import Local, Ray, Slurm, engine_of
from blockstudio.experiments.place import missing
from blockstudio.experiments.starting import REFUSED, last_line, start_queue
from blockstudio.graph.format import save
from tests.support.tiny import tiny_network

pytest.importorskip("torch")


def trials(folder: Path, home: str, **recipe: Any) -> list[Any]:
    folder.mkdir(exist_ok=True)
    save(tiny_network(), folder / "tiny.blocks.json")
    fields = {"data": "digits", "steps": 12, "batch_size": 16, "report_steps": 4, "threads": 1, "device": "cpu"}
    data = {
        "question": "Which seed?", "networks": [{"network": "tiny.blocks.json", "name": "tiny"}],
        "recipe": fields | recipe, "seeds": [0, 1, 2], "measure": {"curve": "loss", "take": "final"},
    }  # fmt: skip
    return trials_of(loads_experiment(json.dumps(data), folder), folder / home)


class Late(Local):
    """An engine that takes what it is asked for at the third look."""

    at_once = 8

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def start(self, run: Any) -> Any:
        job = _LateJob(run)
        self.asked.append(job)
        return job

    def withdraw(self, job: Any) -> None:
        job.withdrawn = True


class _LateJob:
    def __init__(self, run: Any) -> None:
        self.run, self.looks, self.child, self.withdrawn = run, 0, None, False

    def poll(self) -> int | None:
        self.looks += 1
        if self.looks == 3 and not self.withdrawn:
            self.child = Local().start(self.run)
        return 0 if self.withdrawn else None if self.child is None else self.child.poll()


@pytest.mark.slow
def test_what_an_engine_holds_back_is_not_asked_for_again(tmp_path: Path) -> None:
    engine = Late()
    with Queue(trials(tmp_path, "late", steps=4)[:1], tmp_path / "late", engine=engine) as queue:
        assert queue.work()
    assert len(engine.asked) == 1
    with Queue(trials(tmp_path, "stopped", steps=4)[:2], tmp_path / "stopped", engine=engine) as queue:
        assert queue.look()
        queue.stop()
        assert not queue.work() and len(engine.asked) == 3 and all(job.withdrawn for job in engine.asked[1:])


def test_an_engine_stands_in_the_file_and_arguments_say_otherwise(tmp_path: Path) -> None:
    def plan(**engine: object) -> ExperimentPlan:
        return loads_experiment(json.dumps({"networks": ["cifar_resnet"], "engine": engine}), tmp_path)

    place = plan(name="ray", address="head:6379", cpus=2, gpus=0.5).experiment.engine
    assert place == Place("ray", "head:6379", 2.0, 0.5) and plan().experiment.engine == Place()
    assert place.arguments() == ["--engine", "ray", "--cpus", "2", "--gpus", "0.5", "--address", "head:6379"]
    assert Place("slurm", gpus=1).arguments() == ["--engine", "slurm", "--cpus", "1", "--gpus", "1"]
    for wrong, said in (({"cpus": 0}, "above 0"), ({"gpus": -1}, "from 0"), ({"name": "slurm", "gpus": 0.5}, "whole"),
                        ({"name": "cloud"}, "cloud")):  # fmt: skip
        with pytest.raises(StudioError, match=said):
            plan(**wrong)
    file = tmp_path / "one.experiment.json"
    file.write_text(json.dumps({"networks": ["cifar_resnet"], "engine": {"name": "ray"}}))
    assert main(["experiment", "run", str(file), "--engine", "slurm", "--gpus", "0.5"]) == 2


@pytest.mark.slow
@pytest.mark.skipif(missing("slurm") is None, reason="Slurm is here")
def test_a_queue_that_cannot_begin_says_why_in_its_folder(tmp_path: Path) -> None:
    file = tmp_path / "one.experiment.json"
    file.write_text(json.dumps({"networks": ["cifar_resnet"], "engine": {"name": "slurm"}}))
    queue = start_queue(file, tmp_path / "runs", 1, place=Place("slurm"))
    assert queue.wait() == REFUSED and "Slurm" in last_line(tmp_path / "runs")


def test_an_engine_that_is_not_there_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(engine_of("local", tmp_path), Local)
    for name in ("ray", "submitit"):
        monkeypatch.setattr("blockstudio.needs.installed", lambda module: False)
        with pytest.raises(StudioError, match=f"pip install .*{name}"):
            engine_of("slurm" if name == "submitit" else name, tmp_path)


def values(found: list[Any]) -> list[float | None]:
    return [trial.outcome().value for trial in found]


@contextlib.contextmanager
def ray_node(folder: Path, *more: str) -> Iterator[subprocess.Popen[bytes]]:
    """A node of a cluster on the loopback address."""
    command = [str(Path(sys.executable).with_name("ray")), "start", "--node-ip-address=127.0.0.1", "--num-cpus=1",
               "--object-store-memory=80000000", "--block", *more]  # fmt: skip
    node = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        yield node
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(node.pid, signal.SIGKILL)
        node.wait()


@pytest.mark.slow
def test_ray_gives_the_same_and_loses_no_trial_with_a_node(tmp_path: Path) -> None:
    pytest.importorskip("ray")
    long = {"steps": 1500, "checkpoints": {"steps": 200}}
    here = trials(tmp_path, "here", **long)[:2]
    with Queue(here, tmp_path / "here", at_once=2) as queue:
        assert queue.work()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    home = tempfile.mkdtemp(prefix="ray", dir="/tmp")  # Names of sockets are short.
    head = ("--head", f"--port={port}", "--include-dashboard=false", f"--temp-dir={home}")
    try:
        with contextlib.ExitStack() as nodes:
            nodes.enter_context(ray_node(tmp_path, *head))
            engine = Ray(f"127.0.0.1:{port}")  # Waits for the first; the second finds it.
            leaving = nodes.enter_context(ray_node(tmp_path, f"--address=127.0.0.1:{port}"))
            there = trials(tmp_path, "there", **long)[:2]
            removed = False

            def remove(queue: Queue) -> None:
                nonlocal removed
                if not removed and all(queue.outcome(trial).step > 300 for trial in queue.trials):
                    removed = True
                    os.killpg(leaving.pid, signal.SIGKILL)

            with Queue(there, tmp_path / "there", engine=engine) as queue:
                assert queue.work(remove)
            engine.close()
            assert removed
    finally:
        shutil.rmtree(home, ignore_errors=True)
    assert values(there) == values(here) and None not in values(here)


@pytest.mark.slow
def test_submitit_gives_the_same(tmp_path: Path) -> None:
    pytest.importorskip("submitit")
    here, there = trials(tmp_path, "here"), trials(tmp_path, "there")
    with Queue(here, tmp_path / "here", at_once=2) as queue:
        assert queue.work()
    with Queue(there, tmp_path / "there", engine=Slurm(tmp_path / "there", cluster="local")) as queue:
        assert queue.work()
    assert values(there) == values(here) and None not in values(here)
