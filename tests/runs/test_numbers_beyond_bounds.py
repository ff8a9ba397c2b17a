"""Results that no training has, from torn or foreign files: texts that can be read, files that are refused; those of a
network that came apart are kept."""

from __future__ import annotations

import json
import math
import sys
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from blockstudio.cli import main
from blockstudio.errors import StudioError
from blockstudio.experiments.results import amount_of
from blockstudio.runs.columns import value_text
from blockstudio.runs.predictions import Facts, Predictions, read_predictions, write_predictions
from blockstudio.runs.rows import read_rows
from tests.support.made_runs import made_run

ODD = [10**400, -(10**400), 1e308, -1e308, math.nan, math.inf, -math.inf, "", None, True, [], {}, 5e-324, -1, [1e308]]


def hurt(directory: Path, value: object) -> None:
    """Put ``value`` wherever a number stands in what a run has written."""
    made = made_run(directory, steps=3, confusion=[[1, 2], [3, 4]])
    file = made.directory / "events.jsonl"
    events = [json.loads(line) for line in file.read_text().splitlines()]
    for event in events[2:]:
        event |= {key: value for key, each in event.items() if key != "time" and isinstance(each, int | float | list)}
    file.write_text("".join(f"{json.dumps(event)}\n" for event in events) + '{"type": "st')
    for name in ("data.json", "results.json"):
        keys = ("classes", "counts", "mean", "input", "test_accuracy", "test_loss", "confusion", "seconds")
        (made.directory / name).write_text(json.dumps(dict.fromkeys(keys, value)))


@pytest.fixture
def long_numbers() -> None:
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    yield
    sys.set_int_max_str_digits(before)


def test_a_table_of_such_runs_can_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], long_numbers: None
) -> None:
    for place, value in enumerate(ODD):
        hurt(tmp_path / f"run{place}", value)
    assert len(read_rows(tmp_path)) == len(ODD)
    assert main(["runs", str(tmp_path)]) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) < 400
    assert main(["runs", str(tmp_path), "--json"]) == 0

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    json.loads(capsys.readouterr().out, parse_constant=refuse)


def test_texts_of_numbers_have_an_end() -> None:
    for value in (1e308, -1e308, math.inf, 5e-324, 1e15, 123.4):
        for text in (value_text(value, "share"), value_text(value, "count"), value_text(value), amount_of(value)):
            assert len(text) < 24, text
    assert value_text(0.91, "share") == "91.0 %" and value_text(1240.0, "count") == "1,240"
    assert value_text(1e308, "count") == "1e+308" and "inf" not in value_text(1e308, "share")


def predictions() -> Predictions:
    facts = Facts(part="test", which="last", step=1, images=2, loss=0.5, top=(0.5, 1.0), classes=("a", "b"),
                  seen=(1, 8, 8))  # fmt: skip
    two = np.arange(2, dtype=np.int32)
    return Predictions(
        facts, two, two, np.array([[0, 1], [0, 1]], np.int32), np.full((2, 2), 0.5, np.float32),
        np.full(2, 0.5, np.float32), np.full(2, -1, np.int32), np.zeros((0, 8, 8, 1), np.uint8),
        np.array([0, 2]), np.array([1, 1]), np.zeros((3, 10)),
    )  # fmt: skip


@pytest.mark.parametrize("name", ["shares", "own", "bins", "counts", "top", "images"])
@pytest.mark.parametrize("value", [-1, 1e30, math.inf, -math.inf])
def test_predictions_that_no_network_gives_are_refused(name: str, value: float, tmp_path: Path) -> None:
    found = predictions()
    if name in ("top", "images"):
        if name == "images" and value != -1:
            return  # There is no such whole number, or it is one.
        given = (value, value) if name == "top" else -1
        found = replace(found, facts=msgspec.structs.replace(found.facts, **{name: given}))
    else:
        array = getattr(found, name)
        if (array.dtype.kind == "i" and value != -1) or (name == "bins" and math.isfinite(value)):
            return
        found = replace(found, **{name: np.full_like(array, value)})
    write_predictions(tmp_path, found)
    with pytest.raises(StudioError, match="not what was written"):
        read_predictions(tmp_path, "test", "last")


def test_those_of_a_network_that_came_apart_are_kept(tmp_path: Path) -> None:
    found = predictions()
    nothing = np.full((2, 2), math.nan, np.float32)
    facts = msgspec.structs.replace(found.facts, loss=math.nan)
    write_predictions(tmp_path, replace(found, facts=facts, shares=nothing, own=nothing[0]))
    read = read_predictions(tmp_path, "test", "last")
    assert math.isnan(read.facts.loss) and np.isnan(read.shares).all() and len(read.mistakes()) == 1
