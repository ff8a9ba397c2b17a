"""The process that stays ready for the window: lines in, lines out."""

from __future__ import annotations

import io
import json
import queue
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

from torch import nn

import blockstudio as bs
from blockstudio.laboratory import Subject
from blockstudio.laboratory.__main__ import serve
from blockstudio.laboratory.looking import Look
from blockstudio.runs import create_run, with_fields
from blockstudio.runs.recipe import Recipe
from blockstudio.training.trainer import train_run


def test_questions_are_answered_one_after_the_other(tmp_path: Path) -> None:
    recipe = with_fields(Recipe(), {"data.input_size": 8, "steps": 3, "batch_size": 16, "threads": 1})
    run = create_run(bs.load("cifar_resnet", n=1), recipe, tmp_path / "run")
    told: list[dict[str, Any]] = []
    answered: queue.Queue[int] = queue.Queue()

    def tell(found: dict[str, Any]) -> None:
        told.append(found)
        if "id" in found and "done" not in found:
            answered.put(found["id"])

    assert serve(str(run.directory), io.StringIO(""), tell) == 1
    assert told[0]["error"]["code"] == "run.untrained"
    train_run(run)
    lines = [
        {"id": 1, "without": ["layer2.0"], "images": 60},
        {"id": 2, "ask": "cam", "values": {"image": [3]}},
        {"id": 3, "ask": "features", "values": {}},
        {"id": 4, "without": ["conv1"], "images": 60},
    ]

    def slowly() -> Any:
        for line in lines:
            yield json.dumps(line) + "\n"
            # The input ends only when everything is answered: its end cancels what is under way.
            assert answered.get(timeout=120) == line["id"]

    told.clear()
    assert serve(str(run.directory), slowly(), tell) == 0  # type: ignore[arg-type]
    json.dumps(told)
    ready, lesion, *rest = told
    assert ready["ready"] and len(ready["classes"]) == 10
    assert lesion["id"] == 1 and lesion["measure"]["images"] == 60 and len(lesion["by_class"][1]) == 10
    assert rest[0] == {"id": 2, "done": 1, "of": 1}
    assert rest[1]["question"] == "cam" and rest[1]["svg"].startswith("<svg") and rest[1]["rows"]
    assert rest[2]["error"]["code"] == "lab.option" and rest[3]["error"]["code"] == "lab.lesion"
    # What is measured while nobody asks: each unit, another run beside it (here itself), curves; one after the other.
    beside = str(run.directory)
    told.clear()
    aside: list[dict[str, Any]] = [
        {"id": 5, "sweep": 60}, {"id": 6, "sweep": 60, "beside": beside}, {"id": 7, "curves": 60, "beside": beside},
        {"id": 8, "without": ["layer1.0"], "swapped": [], "images": 60},
        {"id": 9, "prepare": ["layer1.0", "layer2.0"], "swapped": [], "images": 60},
    ]  # fmt: skip
    ended: queue.Queue[int] = queue.Queue()

    def tell_end(found: dict[str, Any]) -> None:
        told.append(found)
        if "id" in found and "so_far" not in found:
            ended.put(found["id"])

    def aside_lines() -> Any:
        yield from (json.dumps(line) + "\n" for line in aside)
        for _ in aside:
            ended.get(timeout=120)

    assert serve(beside, aside_lines(), tell_end) == 0  # type: ignore[arg-type]
    assert "error" not in str(told)
    by_id = {found["id"]: found for found in told if "id" in found and "so_far" not in found}
    assert [number for number in by_id if number not in (8, 9)] == [5, 6, 7] and by_id[9] == {"id": 9}
    assert by_id[5] == {**by_id[6], "id": 5} and by_id[8]["measure"] == by_id[5]["without"]["layer1.0"]
    curves = by_id[7]
    assert curves["of"] == len(curves["several"]) == 6 and curves["swap"] == [] and set(curves["refused"]) == {"swap"}


def test_a_question_that_is_taken_back_ends(tmp_path: Path) -> None:
    recipe = with_fields(Recipe(), {"data.input_size": 8, "steps": 3, "batch_size": 16, "threads": 1})
    run = create_run(bs.load("cifar_resnet", n=1), recipe, tmp_path / "run")
    train_run(run)
    told: list[dict[str, Any]] = []
    # The input ends at once: nobody waits for the answer any more.
    line = json.dumps({"id": 7, "ask": "lesion", "values": {}}) + "\n"
    assert serve(str(run.directory), io.StringIO(line + json.dumps({"cancel": 7}) + "\n"), told.append) == 0
    assert told[-1]["id"] == 7 and told[-1]["error"]["code"] == "lab.cancelled"


def test_a_network_without_feature_maps_is_looked_at_without_maps(tmp_path: Path) -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    recipe = with_fields(Recipe(), {"steps": 1, "batch_size": 16, "threads": 1})
    run = create_run(bs.from_module(network, (1, 8, 8), prove=False)[0], recipe, tmp_path / "run")
    train_run(run)
    look = Look(Subject.of_run(run))
    found = look.at(3)
    assert found["kind"] == "none" and found["chain"] == [] and found["size"] == [8, 8]
    assert all(each["map"] == [] and each["peak"] is None for each in found["classes"])
    assert sum(each["share"] for each in found["classes"]) == pytest.approx(1)
