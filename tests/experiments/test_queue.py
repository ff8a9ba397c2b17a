"""The queue with real trainers: side by side, stopped, killed, taken up again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from blockstudio.cli import main
from blockstudio.errors import StudioError
from blockstudio.experiments import Queue, loads_experiment, rows_of, table_of, trials_of
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.format import save

pytest.importorskip("torch")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Two tiny networks, two seeds."""
    diagram = Diagram("Tiny")
    diagram.declare("width", 4)
    diagram.add("Input", "input", shape=[1, 8, 8])
    diagram.add("Conv2d", "conv", out_channels="width", kernel_size=3)
    diagram.add("ReLU", "relu")
    diagram.add("GlobalAvgPool", "pool")
    diagram.add("Flatten", "flatten")
    diagram.add("Linear", "fc", out_features=10)
    diagram.add("Output", "output")
    names = ["input", "conv", "relu", "pool", "flatten", "fc", "output"]
    for one, other in pairwise(names):
        diagram.connect(one, other)
    save(diagram, tmp_path / "tiny.blocks.json")
    return write(tmp_path)


def write(folder: Path, steps: int = 12, **fields: Any) -> Path:
    data = {
        "question": "Are more channels better?",
        "networks": [{"network": "tiny.blocks.json", "name": "tiny"}],
        "recipe": {"data": "digits", "steps": steps, "batch_size": 16, "report_steps": 4, "checkpoints": {"steps": 50}},
        "grid": {"diagram.width": [2, 4]},
        "seeds": [0, 1],
        "measure": {"curve": "loss", "take": "final"},
    }
    path = folder / "tiny.experiment.json"
    path.write_text(json.dumps(data | fields), encoding="utf-8")
    return path


@pytest.mark.slow
def test_an_experiment_from_the_command_line(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BLOCKSTUDIO_RUNS", str(tmp_path / "runs"))
    write(tmp_path, seeds=[7])
    assert main(["experiment", "run", str(file), "--at-once", "2"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("Are more channels better?") and "[2/2]" in err
    assert main(["experiment", "table", str(file), "--json"]) == 0
    first = json.loads(capsys.readouterr().out)
    assert [(row["diagram.width"], row["ended"]) for row in first["variants"]] == [(2, 1), (4, 1)]
    runs = sorted((tmp_path / "runs" / "tiny").glob("*seed*"))
    before = {run: (run / "events.jsonl").stat().st_size for run in runs}
    assert len(runs) == 2
    # Run again, nothing is trained again; the table is the same.
    assert main(["experiment", "run", str(file), "-o", str(tmp_path / "table.md")]) == 0
    assert {run: (run / "events.jsonl").stat().st_size for run in runs} == before
    assert "| width |" in (tmp_path / "table.md").read_text(encoding="utf-8")
    assert main(["experiment", "status", str(file)]) == 0
    assert capsys.readouterr().out.count("finished, ") == 2


def test_one_queue_at_a_time_and_what_cannot_be_made_is_said(file: Path, tmp_path: Path) -> None:
    data = json.loads(file.read_text(encoding="utf-8"))
    data["recipe"]["data"] = {"source": str(tmp_path / "no_such_folder")}
    plan = loads_experiment(json.dumps(data), tmp_path)
    trials = trials_of(plan, tmp_path / "home")
    with Queue(trials, tmp_path / "home", at_once=2) as queue:
        with pytest.raises(StudioError) as caught, Queue(trials, tmp_path / "home"):
            pass
        assert caught.value.code == "experiment.locked"
        assert queue.work()
        assert {queue.outcome(trial).status for trial in trials} == {"failed"}
        assert all("no_such_folder" in queue.outcome(trial).message for trial in trials)


@pytest.mark.slow
def test_a_killed_queue_and_a_killed_trainer_end_with_the_same_table(file: Path, tmp_path: Path) -> None:
    write(tmp_path, steps=600)
    plan = loads_experiment(file.read_bytes(), tmp_path)

    def table(home: Path) -> object:
        rows = rows_of(plan, trials_of(plan, home))
        return [(row.name, row.values()) for row in rows], [row[:4] for row in table_of(plan, rows).rows]

    with Queue(trials_of(plan, tmp_path / "whole"), tmp_path / "whole", at_once=2) as queue:
        assert queue.work()
    home = tmp_path / "killed"
    command = [
        sys.executable,
        "-m",
        "blockstudio",
        "experiment",
        "run",
        str(file),
        "--runs",
        str(home),
        "--at-once",
        "2",
    ]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert child.stderr is not None
    for line in child.stderr:
        if "trains" in line:
            break
    child.kill()
    child.wait()
    child.stderr.close()
    trials = trials_of(plan, home)
    killed: set[Path] = set()

    def kill(queue: Queue) -> None:
        for trial in trials:
            run = trial.run()
            state = run.state() if run is not None else None
            if state is not None and state.pid and state.step > 100 and trial.directory not in killed:
                killed.add(trial.directory)
                os.kill(state.pid, signal.SIGKILL)

    with Queue(trials, home, at_once=2) as queue:
        assert queue.work(kill)
        assert {queue.outcome(trial).status for trial in trials} == {"finished"}
    assert killed
    assert table(home) == table(tmp_path / "whole")


@pytest.mark.slow
def test_it_is_paused_and_stopped_with_checkpoints(file: Path, tmp_path: Path) -> None:
    write(tmp_path, steps=100_000)
    plan = loads_experiment(file.read_bytes(), tmp_path)
    home = tmp_path / "home"
    trials = trials_of(plan, home)
    seen: list[set[str]] = []

    def steer(queue: Queue) -> None:
        statuses = {queue.outcome(trial).status for trial in trials}
        if "paused" in statuses and (home / "paused").exists():
            seen.append(statuses)
            (home / "paused").unlink()
        elif not seen and any(queue.outcome(trial).step > 0 for trial in trials):
            (home / "paused").touch()
        elif seen and statuses & {"running"} and "paused" not in statuses:
            queue.stop()

    with Queue(trials, home, at_once=1) as queue:
        assert not queue.work(steer)
    assert seen and "running" not in seen[0]
    assert [trial.outcome().status for trial in trials] == ["stopped", "queued", "queued", "queued"]
    run = trials[0].run()
    assert run is not None and run.checkpoints.all()
