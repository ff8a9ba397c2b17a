"""Folders that may not be entered or looked into, names that are too long, links that go round: lists leave out what
they cannot see, and what is asked for by name is told in a sentence."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

import blockstudio as bs
from blockstudio.cli import main
from blockstudio.errors import StudioError
from blockstudio.experiments import Trial, loads_experiment, trials_of
from blockstudio.experiments.library import experiment_path
from blockstudio.experiments.standing import standing
from blockstudio.experiments.starting import tell_queue
from blockstudio.graph import library
from blockstudio.graph.library import kept, packed
from blockstudio.graph.presets import open_diagram
from blockstudio.graph.recovery import pending
from blockstudio.lessons.library import own_lessons
from blockstudio.runs import Recipe, create_run, with_fields
from blockstudio.runs.checkpoints import CheckpointFolder
from blockstudio.runs.label import Label, read_label
from blockstudio.runs.layouts import layout
from blockstudio.runs.photo_sizes import usual_side
from blockstudio.runs.predictions import kept as predictions
from blockstudio.runs.recipes import find, saved
from blockstudio.runs.recipes import save as keep_recipe
from blockstudio.runs.rows import read_rows
from blockstudio.runs.run import Run, list_runs
from tests.support.disks import ordinary_user
from tests.support.tiny import tiny_network

pytest.importorskip("torch")
pytestmark = [pytest.mark.fault, pytest.mark.skipif(os.name == "nt", reason="folders are closed otherwise there")]

STEPS = with_fields(Recipe(), {"threads": 1, "steps": 4})
PLAN = {"networks": ["cifar_resnet"], "recipe": {"data": "digits", "steps": 4}, "seeds": [0]}
WHERE = {
    "closed": "closed",
    "in one that is closed": "closed/deeper",
    "a file in one": "closed/net.blocks.json",
    "names are all one sees": "sealed",
    "a run of which one sees the names": "sealed/run",
    "only who knows the names may enter": "blind",
    "holds closed ones": "holder",
    "a closed run": "holder/run",
    "a name too long": "n" * 300,
    "in a name too long": f"{'n' * 300}/x",
    "a link in a circle": "loop",
    "in a link in a circle": "loop/x",
    "a link into a closed one": "link",
}


def trials(place: Path) -> list[Trial]:
    return trials_of(loads_experiment(json.dumps(PLAN), place.parent), place)


def stood(place: Path) -> object:
    found = trials(place)
    return [each.outcome() for each in found], standing(found[0].plan, found, place).ended


LISTS: dict[str, tuple[Callable[[Path], object], object]] = {
    "modules": (kept, []),
    "recipes": (saved, []),
    "lessons": (own_lessons, []),
    "runs": (list_runs, []),
    "rows of runs": (read_rows, []),
    "checkpoints": (lambda place: CheckpointFolder(place).all(), []),
    "unsaved work": (pending, []),
    "notes and tags": (read_label, Label()),
    "predictions": (predictions, []),
    "half-made checkpoints": (lambda place: CheckpointFolder(place).sweep(), None),
}
"""What a list or page asks for each time it is shown, and what it gets where nothing can be seen."""
NAMED: dict[str, Callable[[Path], object]] = {
    "diagram": bs.load,
    "run": Run,
    "new run": lambda place: create_run(tiny_network(), STEPS, place),
    "images": lambda place: create_run(tiny_network(), with_fields(STEPS, {"data.source": str(place)}), place / "r"),
    "folder of images": layout,
    "module kept": lambda place: library.keep(packed(open_diagram("resnet18"), "BasicBlock"), place),
    "recipe kept": lambda place: keep_recipe("mine", STEPS, folder=place),
    "recipe": lambda place: find(f"{place}.toml").load(),
    "queue told": lambda place: tell_queue(place, "pause"),
    "export for inference": lambda place: inference(place),
    "onnx": lambda place: onnx(place),
    "exported program": lambda place: program(place),
}


def told(act: Callable[[Path], object], place: Path) -> str:
    """What is said of it, in a line; empty where it can be done."""
    try:
        act(place)
    except StudioError as error:
        assert error.where and "\n" not in str(error) and "Errno" not in str(error), str(error)
        return str(error)
    return ""


def inference(place: Path) -> None:
    from blockstudio.compiler.about import Trained
    from blockstudio.compiler.inference import write_inference

    data = {"classes": ["a", "b"], "mean": [0.0], "std": [1.0], "input": [1, 8, 8]}
    write_inference(tiny_network(), Trained("model.safetensors", data), place)


def onnx(place: Path) -> None:
    pytest.importorskip("onnx")
    from blockstudio.imports.onnx_read import read

    read(place)


def program(place: Path) -> None:
    from blockstudio.imports.pt2_archive import Archive

    Archive(place)


@pytest.fixture
def places(closed_places: Path) -> Path:
    """Folders with one of everything, some closed."""
    for name in ("closed", "sealed", "blind", "holder"):
        place = closed_places / name
        place.mkdir()
        library.keep(packed(open_diagram("resnet18"), "BasicBlock"), place)
        keep_recipe("mine", STEPS, folder=place)
        create_run(tiny_network(), STEPS, place / "run")
        (place / "class").mkdir()
        (place / "class" / "a.png").write_bytes(b"x")
        bs.save(tiny_network(), place / "net.blocks.json")
    for name, mode in (("closed", 0), ("sealed", 0o444), ("blind", 0o111), ("holder/run", 0), ("holder/class", 0)):
        (closed_places / name).chmod(mode)
    (closed_places / "loop").symlink_to("loop")
    (closed_places / "link").symlink_to("closed/deeper")
    return closed_places


@pytest.mark.parametrize("name", LISTS)
def test_a_list_leaves_out_what_it_may_not_see(name: str, places: Path) -> None:
    act, nothing = LISTS[name]
    act(places)  # All that it imports is there.
    with ordinary_user():
        found = {where: act(places / path) for where, path in WHERE.items()}
    inside = found.pop("holds closed ones")
    assert inside == nothing or {"modules": "BasicBlock", "recipes": "mine"}[name] in repr(inside)
    seen = found.pop("names are all one sees")
    assert seen == nothing or name == "modules"
    assert {where: each for where, each in found.items() if each != nothing} == {}


@pytest.mark.parametrize("name", NAMED)
def test_what_is_named_is_told_in_a_sentence(name: str, places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(places)
    for path in (places / "nowhere" / "x", places / "elsewhere"):
        told(NAMED[name], path)  # All that it imports is there.
    with ordinary_user():
        refused = {path: told(NAMED[name], places / path) for path in WHERE.values()}
    assert "ermission denied" in refused["closed/deeper"] and refused[f"{'n' * 300}/x"], refused


def test_trials_of_an_experiment_are_as_if_none_was_made(places: Path) -> None:
    stood(places)
    with ordinary_user():
        for path in WHERE.values():
            outcomes, ended = stood(places / path)
            assert ended == 0 and {each.status for each in outcomes} == {"queued"}


def test_a_link_to_where_nobody_may_look_hides_no_other_run(places: Path) -> None:
    runs = places / "runs"
    create_run(tiny_network(), STEPS, runs / "mine")
    (runs / "theirs").symlink_to(places / "closed" / "run")
    (runs / "round").symlink_to("round")
    (runs / "experiment").symlink_to(places / "sealed")
    read_rows(runs)
    with ordinary_user():
        assert [row.run.directory.name for row in read_rows(runs)] == ["mine"]
        assert [run.directory.name for run in list_runs(runs)] == ["mine"]


def test_photos_beside_a_closed_class_still_have_a_size(places: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    for name in ("cats", "dogs", "birds"):
        (places / "photos" / name).mkdir(parents=True)
        image.new("RGB", (48, 40)).save(places / "photos" / name / "a.png")
    (places / "photos" / "gone").symlink_to("nowhere")
    usual_side(places / "photos")
    with ordinary_user():
        assert usual_side(places / "photos") == 40


def test_the_table_of_runs_says_that_it_may_not_look(places: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["runs", str(places / "holder")])
    capsys.readouterr()
    with ordinary_user():
        for path in ("closed", "blind", "closed/deeper"):
            assert main(["runs", str(places / path)]) == 2
            told = capsys.readouterr().err
            assert "ermission denied" in told and told.count("\n") == 1, told


def test_an_experiment_by_name_says_that_it_may_not_look(places: Path) -> None:
    with ordinary_user(), pytest.raises(StudioError, match="ermission denied"):
        experiment_path(str(places / "closed" / "a.experiment.json"))
