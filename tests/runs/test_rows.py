"""Many runs: curves as arrays, a table's columns, filters, what is written on runs, and the command that lists them."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from blockstudio.cli import main
from blockstudio.errors import StudioError
from blockstudio.runs.columns import RESULTS, column_of, differing, named_by, names_of
from blockstudio.runs.curves import Curves, smooth, thin, together
from blockstudio.runs.events import EventWriter
from blockstudio.runs.label import LABEL, Label, read_label, write_label
from blockstudio.runs.query import filtered
from blockstudio.runs.rows import Listing, read_rows
from blockstudio.runs.run import EVENTS
from tests.support.made_runs import made_run


def test_curves_are_those_of_the_log(tmp_path: Path) -> None:
    log = tmp_path / EVENTS
    events = EventWriter(log)
    events.write("started", step=0, steps_per_epoch=2)
    for step in range(1, 9):
        events.write("step", step=step, loss=None if step == 3 else 1 / step, accuracy=step / 10, lr=0.1)
    events.write("paused", step=8)
    events.write("started", step=4)  # goes on from a checkpoint: what came after it is superseded
    for step in range(5, 7):
        events.write("step", step=step, loss=9.0, accuracy=0.9, lr=0.1)
    events.write("epoch", step=6, validation_accuracy=0.7, validation_loss=0.2)
    events.close()
    whole = Curves()
    while whole.read(log):
        pass
    assert whole.steps["step"].tolist() == [1, 2, 3, 4, 5, 6]
    assert whole.steps["loss"][4] == 9.0 and np.isnan(whole.steps["loss"][2])
    assert whole.steps.known("loss")[0].tolist() == [1, 2, 4, 5, 6]
    assert whole.epochs.known("validation_accuracy", "step") == ([6.0], [0.7])
    assert (np.diff(whole.steps["seconds"]) >= 0).all() and not whole.read(log)

    lines = log.read_bytes().splitlines(keepends=True)
    damaged = tmp_path / "damaged.jsonl"
    damaged.write_bytes(b"".join([*lines[:3], b'{"type": "step", "st\n', b"\xff\n", *lines[3:], b'{"torn']))
    slow = Curves()
    while slow.read(damaged):
        pass
    for name in ("step", "loss", "accuracy"):
        assert np.array_equal(slow.steps[name], whole.steps[name], equal_nan=True)
    assert slow.offset == damaged.stat().st_size - len(b'{"torn')


def test_smoothing_is_the_average_of_the_past_and_thinning_keeps_peaks() -> None:
    values = np.random.default_rng(0).random(1001)
    for weight in (0.002, 0.3, 0.9, 0.99):
        past, share, wanted = 0.0, 0.0, []
        for value in values:
            past, share = weight * past + (1 - weight) * value, weight * share + 1 - weight
            wanted.append(past / share)
        assert np.allclose(smooth(values, weight), wanted)
        assert np.allclose(smooth(np.exp(values), weight, log=True), np.exp(wanted))
    assert smooth(values, 0) is values
    spiky = np.zeros(100_000)
    spiky[70_001] = 5.0
    x, y = thin(np.arange(100_000.0), spiky, 500)
    assert x.size <= 1000 and y.max() == 5.0 and (np.diff(x) >= 0).all() and (x[0], x[-1]) == (0.0, 99_999.0)
    x, y = thin(np.arange(100_000.0), spiky, 500, log=True)
    assert 400 < x.size <= 1004 and np.searchsorted(x, 1000) > x.size / 3, "as wide on an axis of logarithms"
    x, y = thin(np.arange(100_000.0), np.arange(100_000.0), 100, means=True)
    assert x.size == 102 and np.allclose(x[1:-1], y[1:-1], atol=1) and (y[0], y[-1]) == (0.0, 99_999.0)
    assert together(np.arange(5.0), 2).tolist() == [0.5, 2.5, 4.0]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    runs = tmp_path / "runs"
    made_run(runs / "three-20260131-142501", test=0.83, recipe={"optimizer.lr": 0.3}, rise=0.005)
    made_run(runs / "three-20260131-142502", test=0.868, recipe={"optimizer.lr": 0.1})
    made_run(runs / "plain", network="cifar_plain", test=None, recipe={"schedule.name": "step"})
    made_run(runs / "question" / "a-seed0", test=0.5)
    write_label(runs / "plain", Label(name="the plain one", tags=("keep", "batch norm"), note="all ReLUs dead"))
    return runs


def test_a_filter_finds_runs(folder: Path) -> None:
    rows = read_rows(folder)
    assert {row.inside for row in rows} == {"", "question"}
    rows = [row for row in rows if not row.inside]
    found = {
        "": 3, "test > 85": 1, "test = 86.8": 1, "test >= 83, lr = 0.1": 1, "lr != 0.1": 1, "data = DIGITS": 3,
        "tag:keep": 1, "tag:batch-norm": 1, "tags != keep": 2, "three": 2, "relus": 1,
        '"the plain"': 1, "best > 89 %": 3,
        "schedule = step": 1, "n = 1": 3, "diagram.n < 1": 0, "bn = on": 3, "steps to 80 % < 95": 2,
        "status = stopped and lr = 0.1": 1, "nothing of the kind": 0,
    }  # fmt: skip
    assert {text: len(filtered(rows, text)) for text in found} == found
    for wrong, code in {"tset > 1": "runs.column", "data > 3": "runs.filter", "test >": "runs.filter"}.items():
        with pytest.raises(StudioError) as error:
            filtered(rows, wrong)
        assert error.value.code == code, wrong
    with pytest.raises(StudioError, match="test"):
        column_of("tset")


def test_runs_are_named_by_what_differs(folder: Path) -> None:
    rows = sorted((row for row in read_rows(folder) if not row.inside), key=lambda row: row.run.name)
    plain, third, second = rows
    assert [column.title for column in differing([third, second])] == ["lr"]
    assert named_by(third, differing([third, second])) == "lr 0.3"
    columns = differing(rows)
    assert [str(column.key) for column in columns] == ["network", "optimizer.lr", "schedule.name"]
    assert named_by(plain, columns).endswith("lr 0.1, step") and not differing([second])
    # A run whose diagram cannot be read has no network's name; nothing stands in its place.
    assert named_by(replace(plain, network=""), columns) == "lr 0.1, step"
    # Seeds name runs where all that differs besides stands in a column already.
    again = replace(third, recipe={**third.recipe, "seed": 7})
    assert [str(column.key) for column in differing([third, again])] == ["seed"]
    assert [str(column.key) for column in differing([second, again], ["optimizer.lr"])] == ["seed"]
    # One whose recipe or diagram cannot be read is no difference of all the others.
    unread = replace(plain, network="", recipe={}, parameters={})
    assert [str(column.key) for column in differing([second, third, unread])] == ["optimizer.lr"]
    # Two that are alike in all else that is named have their seeds in the name, those beside them have not.
    assert names_of([second, third, again], differing([second, third, again])) == [
        "lr 0.1", "lr 0.3, seed 0", "lr 0.3, seed 7",
    ]  # fmt: skip
    assert names_of([plain, third], differing([plain, third]), short=True) == [
        plain.network.partition(" (")[0],
        third.network.partition(" (")[0],
    ]
    assert names_of([third, again], differing([third, again])) == ["seed 0", "seed 7"]
    assert second.curves.steps_to(0.8) > 80 and third.curves.steps_to(0.8) is None
    assert RESULTS["steps to 80 %"].value(third) == float("inf")


def test_a_second_look_reads_only_what_is_new(folder: Path) -> None:
    listing = Listing(folder)
    first = [*listing.read()][-1]
    versions = {row.directory: row.version for row in first}
    running = next(row for row in first if row.run.name == "plain")
    events = EventWriter(running.directory / EVENTS)
    events.write("step", step=101, loss=0.1, accuracy=1.0, lr=0.1)
    events.close()
    again = [*listing.read()][-1]
    assert again == first and running.curves.steps.size == 101
    assert [row.run.name for row in again if row.version != versions[row.directory]] == ["plain"]


def test_what_is_written_on_a_run_is_checked_and_kept(folder: Path, capsys) -> None:
    plain = folder / "plain"
    assert main(["runs", str(plain), "--tag", "keep", "--tag", "new", "--untag", "batch norm", "--note", " good "]) == 0
    assert read_label(plain) == Label(name="the plain one", tags=("keep", "new"), note="good")
    for bad in (Label(name="x" * 121), Label(name="two\nlines"), Label(tags=("a,b",)), Label(tags=("t" * 41,)),
                Label(tags=tuple(map(str, range(33)))), Label(note="n" * 4001)):  # fmt: skip
        with pytest.raises(StudioError) as error:
            write_label(plain, bad)
        assert error.value.code == "label.value"
    for text in ("{", '{"name": 3}', "[]", '{"tags": ["a,b"]}'):
        (plain / LABEL).write_text(text)
        row = next(row for row in read_rows(folder) if row.directory == plain)
        assert LABEL in row.trouble and row.name == "plain", "one that is damaged hides nothing"
    capsys.readouterr()


def test_the_command_lists_runs(folder: Path, capsys) -> None:
    assert main(["runs", str(folder), "--sort", "test", "--columns", "run,lr,test"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:4]] == ["three-20260131-142502", "three-20260131-142501", "the"]
    assert "1 run of experiments is not listed" in lines[-1]
    assert main(["runs", str(folder), "--json", "--filter", "test > 85", "--experiments"]) == 0
    (only,) = json.loads(capsys.readouterr().out)["runs"]
    assert only["recipe"]["optimizer.lr"] == 0.1 and only["test"] == 0.868 and only["status"] == "finished"
    assert main(["runs", str(folder / "none")]) == 2 and main(["runs", str(folder), "--filter", "tset > 1"]) == 2
    assert main(["runs", str(folder), "--filter", "test > 99"]) == 0 and "No run fits" in capsys.readouterr().out


@pytest.mark.skipif(os.name == "nt", reason="links take rights")
def test_a_folder_that_leads_back_to_the_runs_lists_none_twice(folder: Path) -> None:
    before = len(read_rows(folder))
    (folder / "again").symlink_to(folder)
    assert len(read_rows(folder)) == before


def test_a_folder_of_folders_that_are_no_runs_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blockstudio.runs.rows.MOST_IDLE", 5)
    for name in "ab":
        for number in range(3):
            (tmp_path / name / str(number)).mkdir(parents=True)
    with pytest.raises(StudioError) as caught:
        read_rows(tmp_path)
    assert caught.value.code == "runs.folder" and "more than 5 folders that are no runs" in str(caught.value)
