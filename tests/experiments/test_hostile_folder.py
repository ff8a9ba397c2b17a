"""An experiment's folder as a bad disk, another program or a joker leaves it: one sentence, never an endless read."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from blockstudio.errors import StudioError
from blockstudio.experiments import Queue, loads_experiment, rows_of, table_of, trials_of
from blockstudio.experiments.answers import answer_file, answer_of, start_asking
from blockstudio.experiments.definition import ExperimentPlan
from blockstudio.experiments.search import PROPOSED, proposed
from blockstudio.experiments.standing import standing
from blockstudio.experiments.starting import LOG, last_line, start_queue, tell_queue
from blockstudio.graph.format import save
from blockstudio.graph.presets import load_preset
from tests.support.made_runs import made_run

pytestmark = [pytest.mark.fault, pytest.mark.skipif(os.name == "nt", reason="pipes and devices of POSIX")]

PUT: dict[str, Callable[[Path], object]] = {
    "pipe": os.mkfifo,
    "endless": lambda path: path.symlink_to("/dev/zero"),
    "itself": lambda path: path.symlink_to(path),
    "folder": lambda path: path.mkdir(),
    "deep": lambda path: path.write_bytes(b'{"a":' * 20_000 + b"1" + b"}" * 20_000),
    "list": lambda path: path.write_bytes(b"[1, 2]\n"),
    "number": lambda path: path.write_bytes(b"9" * 5_000),
    "bytes": lambda path: path.write_bytes(b"\xff\xfe\0" * 2_000),
}


@pytest.fixture
def plan(tmp_path: Path) -> ExperimentPlan:
    save(load_preset("cifar_resnet", n=1), tmp_path / "net.blocks.json")
    data = {
        "question": "Which?", "networks": ["net.blocks.json"], "seeds": [0, 1],
        "recipe": {"data": "digits", "steps": 12}, "measure": {"ask": "evaluate", "pick": "accuracy"},
        "grid": {"optimizer.lr": [0.1, 0.2]},
    }  # fmt: skip
    found = loads_experiment(json.dumps(data), tmp_path)
    for trial in trials_of(found, tmp_path / "home"):
        made_run(trial.directory)
    return found


def clear(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)


def asked(act: Callable[[], object]) -> StudioError | None:
    try:
        act()
    except StudioError as error:
        assert "\n" not in str(error) and len(str(error)) < 1_000
        return error
    return None


@pytest.mark.parametrize("put", PUT)
def test_whatever_a_file_has_become_is_one_sentence(plan: ExperimentPlan, tmp_path: Path, put: str) -> None:
    home = tmp_path / "home"
    trials = trials_of(plan, home)
    run, measure = trials[0].directory, plan.experiment.measures[""]

    def look() -> None:
        standing(plan, trials_of(plan, home), home)
        table_of(plan, rows_of(plan, trials_of(plan, home))).text()

    def queue() -> None:
        with Queue(trials, home) as found:
            found._listen()

    def answer() -> None:
        assert answer_of(run, measure) == ({"a": answer_of(run, measure)["a"]} if answer_of(run, measure) else {})

    places: dict[Path, list[Callable[[], object]]] = {
        answer_file(run, measure): [answer, look],
        home / LOG: [lambda: last_line(home), look],
        home / "paused": [look, lambda: tell_queue(home, "resume"), lambda: tell_queue(home, "pause"), queue],
        home / "stop": [look, lambda: tell_queue(home, "stop"), queue],
        home / "retry": [look, lambda: tell_queue(home, "retry"), queue],
        home / "lock": [look, queue],
        home / PROPOSED: [lambda: proposed(plan, home), look],
    }
    if put in ("pipe", "endless", "itself", "folder"):
        places[run / "asked.log"] = [lambda: start_asking(run, [])]
        places[home / LOG].append(lambda: start_queue(tmp_path / "none.json", home, 1))
    for place, acts in places.items():
        for act in acts:
            clear(place)
            place.parent.mkdir(parents=True, exist_ok=True)
            PUT[put](place)
            error = asked(act)
            if "log" in place.name and act is acts[-1] and act is not look:
                assert error is not None and error.code == "experiment.start"
        clear(place)


def test_a_folder_is_no_word(plan: ExperimentPlan, tmp_path: Path) -> None:
    home = tmp_path / "home"
    for word in ("paused", "stop", "retry"):
        (home / word).mkdir()
    assert not standing(plan, trials_of(plan, home), home).paused
    with Queue(trials_of(plan, home), home) as queue:
        queue._listen()
        assert not queue._stopping
    error = asked(lambda: tell_queue(home, "stop"))
    assert error is not None and error.code == "experiment.tell" and error.where == str(home / "stop")
