"""Experiments on clusters: the same table, and nothing is lost where a machine goes away."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from blockstudio.errors import StudioError
from blockstudio.experiments import Queue, loads_experiment, trials_of
from blockstudio.experiments.engines import Local, Ray, Slurm, engine_of
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


def test_what_an_engine_holds_back_is_not_asked_for_again(tmp_path: Path) -> None:
    engine = Late()
    with Queue(trials(tmp_path, "late", steps=4)[:1], tmp_path / "late", engine=engine) as queue:
        assert queue.work()
    assert len(engine.asked) == 1
    with Queue(trials(tmp_path, "stopped", steps=4)[:2], tmp_path / "stopped", engine=engine) as queue:
        assert queue.look()
        queue.stop()
        assert not queue.work() and len(engine.asked) == 3 and all(job.withdrawn for job in engine.asked[1:])


def test_an_engine_that_is_not_there_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(engine_of("local", tmp_path), Local)
    for name in ("ray", "submitit"):
        monkeypatch.setattr("blockstudio.needs.installed", lambda module: False)
        with pytest.raises(StudioError, match=f"pip install .*{name}"):
            engine_of("slurm" if name == "submitit" else name, tmp_path)


def values(found: list[Any]) -> list[float | None]:
    return [trial.outcome().value for trial in found]


@pytest.mark.slow
def test_ray_gives_the_same_and_loses_no_trial_with_a_node(tmp_path: Path) -> None:
    ray = pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    long = {"steps": 3000, "checkpoints": {"steps": 200}}
    here = trials(tmp_path, "here", **long)
    with Queue(here, tmp_path / "here", at_once=2) as queue:
        assert queue.work()
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "node_ip_address": "127.0.0.1"})
    leaving = cluster.add_node(num_cpus=1, node_ip_address="127.0.0.1")
    engine = Ray(cluster.address)
    try:
        there = trials(tmp_path, "there", **long)
        removed = False

        def remove(queue: Queue) -> None:
            nonlocal removed
            going = [trial for trial in queue.trials if queue.outcome(trial).step > 300]
            if not removed and len(going) == 2:
                removed = True
                cluster.remove_node(leaving, allow_graceful=False)

        with Queue(there, tmp_path / "there", engine=engine) as queue:
            assert queue.work(remove)
        assert removed
    finally:
        engine.close()
        cluster.shutdown()
    assert not ray.is_initialized()
    assert values(there) == values(here) and None not in values(here)
    starts = [sum(event["type"] == "started" for event in trial.run().events()[0]) for trial in there]
    assert max(starts) == 2


@pytest.mark.slow
def test_submitit_gives_the_same(tmp_path: Path) -> None:
    pytest.importorskip("submitit")
    here, there = trials(tmp_path, "here"), trials(tmp_path, "there")
    with Queue(here, tmp_path / "here", at_once=2) as queue:
        assert queue.work()
    with Queue(there, tmp_path / "there", engine=Slurm(tmp_path / "there", cluster="local")) as queue:
        assert queue.work()
    assert values(there) == values(here) and None not in values(here)
