"""Whatever is written, on a disk that is full, read-only or somebody else's: one sentence, what was there before, and
nothing half done."""

from __future__ import annotations

import io
import json
import os
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import blockstudio as bs
from blockstudio.errors import StudioError
from blockstudio.experiments import Queue, loads_experiment, trials_of
from blockstudio.experiments.of_runs import experiment_of
from blockstudio.experiments.search import Searcher
from blockstudio.experiments.starting import tell_queue
from blockstudio.graph import library
from blockstudio.graph.files import append_whole
from blockstudio.graph.library import Kept, kept, packed
from blockstudio.graph.presets import open_diagram
from blockstudio.report.table import Table
from blockstudio.runs import Recipe, create_run, with_fields
from blockstudio.runs.label import Label, write_label
from blockstudio.runs.lock import Lock
from blockstudio.runs.recipes import save as keep_recipe
from blockstudio.runs.remote.mirror import Mirror, Place
from blockstudio.runs.rows import read_rows
from blockstudio.text import say
from tests.support.disks import HOW, everything, refused_command, refusing
from tests.support.tiny import tiny_network

pytest.importorskip("torch")
save_file = pytest.importorskip("safetensors.torch").save_file
pytestmark = pytest.mark.fault

STEPS = with_fields(Recipe(), {"threads": 1, "steps": 4})
PLAN = {"networks": ["cifar_resnet"], "recipe": {"data": "digits", "steps": 4}, "seeds": [0]}
SPACE = {"optimizer.lr": {"low": 0.001, "high": 1.0, "log": True}}


@dataclass
class Figure:
    """A drawing."""

    def svg(self) -> str:
        return "<svg/>" + " " * 4000


def prepared(place: Path) -> None:
    """What stood there before."""
    library.keep(packed(open_diagram("resnet18"), "BasicBlock"), place / "modules")
    keep_recipe("mine", STEPS, folder=place / "recipes")
    for seed in (0, 1):
        create_run(tiny_network(), with_fields(STEPS, {"seed": seed}), place / "runs" / f"run{seed}")
    (place / "queue").mkdir()
    with tarfile.open(place / "set.tar", "w") as archive:
        member = tarfile.TarInfo("a/b.bin")
        member.size = 3000
        archive.addfile(member, io.BytesIO(bytes(3000)))
    (place / "out").mkdir()
    for name in ("net.blocks.json", "t.md", "r.toml", "net.svg", "net.py"):
        (place / "out" / name).write_text("old")
    (place / "grown.jsonl").write_bytes(b"one\n")
    save_file(bs.compile(tiny_network(width=2)).state_dict(), place / "w.safetensors")


def another(place: Path) -> None:
    module = packed(open_diagram("googlenet"), "Inception")
    library.keep(module, place / "modules")


def renamed(place: Path) -> None:
    (found,) = [each for each in kept(place / "modules") if each.module == "BasicBlock"]
    library.rename(Kept(found.module, found.file), "Mine", place / "modules")


def queue(place: Path) -> None:
    plan = loads_experiment(json.dumps(PLAN), place)
    with Queue(trials_of(plan, place / "trials"), place / "trials"):
        pass


def search(place: Path) -> None:
    pytest.importorskip("optuna")
    plan = loads_experiment(json.dumps(PLAN | {"search": {"kind": "tpe", "trials": 3, "space": SPACE}}), place)
    Searcher(plan, place / "search").grow([], 1)


def told(place: Path) -> None:
    tell_queue(place / "queue", "pause")
    append_whole(place / "queue" / "x", b"y" * 5000)  # A file without bytes needs no room.


def answered(place: Path) -> None:
    from blockstudio.laboratory.questions.answer import Answer

    Answer("paths", {"x": [1] * 2000}, Table(["a"], []), Figure(), say("Yes.")).save(place / "lab")


def unpacked(place: Path) -> None:
    from blockstudio.training.data.archives import unpack

    os.environ["BLOCKSTUDIO_DATA"] = str(place / "sets")
    unpack([place / "set.tar"])


def fetched(place: Path) -> None:
    from blockstudio.compiler.pretrained import _fetch

    _fetch((place / "set.tar").as_uri(), place / "cache" / "weights.pth", lambda done, total: None)


def classifier(place: Path) -> None:
    from blockstudio.compiler.about import Trained
    from blockstudio.compiler.inference import write_inference

    classes = [str(each) for each in range(10)]
    data = {"classes": classes, "mean": [0.5], "std": [0.5], "input": [1, 8, 8], "range": [0, 1]}
    write_inference(tiny_network(width=2), Trained(place / "w.safetensors", data), place / "exports" / "classifier")


def downloaded(place: Path) -> None:
    from blockstudio.training.data.sets import _fetching

    with _fetching(place / "sets" / "mnist"):
        (place / "sets" / "mnist" / "raw").mkdir(exist_ok=True)
        (place / "sets" / "mnist" / "raw" / "images.gz").write_bytes(bytes(5000))


def followed(place: Path) -> None:
    mirror = Mirror(Place(host="there", directory="/run"), place / "mirror")
    mirror._claim()
    mirror._append(0, b'{"type": "note"}\n' * 300)


def commanded(place: Path) -> None:
    run = read_rows(place / "runs")[0].run
    lock = Lock(run.directory)
    if not (run.directory / "lock").exists():
        lock.claim()
    run.send("pause")
    append_whole(run.directory / "control.jsonl", b"x" * 5000, "run.write")


def labelled(place: Path) -> None:
    write_label(place / "runs" / "run0", Label(name="better", tags=("keep",), note="long " * 500))


ACTS: dict[str, Callable[[Path], object]] = {
    "module kept": another,
    "module renamed": renamed,
    "recipe": lambda place: keep_recipe("other", STEPS, folder=place / "recipes"),
    "recipe in a new folder": lambda place: keep_recipe("other", STEPS, folder=place / "mine" / "recipes"),
    "run": lambda place: create_run(tiny_network(), STEPS, place / "runs" / "new"),
    "queue": queue,
    "queue told": told,
    "search": search,
    "experiment of runs": lambda place: experiment_of(read_rows(place / "runs"), place / "experiments"),
    "laboratory": answered,
    "notes and tags": labelled,
    "archive": unpacked,
    "weights fetched": fetched,
    "export for inference": classifier,
    "set fetched": downloaded,
    "run of another machine": followed,
    "log": lambda place: append_whole(place / "grown.jsonl", b"two\n" * 2000),
}
UNKNOWN = ("queue", "archive", "set fetched", "search")
"""Of these nobody knows how many bytes they need."""
COMMANDS = {
    "export": ("export", "alexnet", "--force", "-o", "out/net.py"),
    "table": ("compare", "alexnet", "resnet18", "--force", "-o", "out/t.md"),
    "recipe": ("recipe", "save", "alexnet", "--force", "-o", "out/r.toml"),
    "import": ("import", "torchvision:squeezenet1_1", "--unproven", "--force", "-o", "out/net.blocks.json"),
    "pages": ("experiment", "page", "--all", "-o", "pages"),
}


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("name", ACTS)
def test_what_cannot_be_written_is_a_sentence_and_nothing_else(
    name: str, how: str, small_disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BLOCKSTUDIO_DATA", "")
    good = tmp_path / "good"
    good.mkdir()
    for place in (good, small_disk):
        prepared(place)
    ACTS[name](good)  # It can be done, and all that it imports is there.
    before = everything(small_disk)
    with refusing(small_disk, how), pytest.raises(StudioError) as caught:
        ACTS[name](small_disk)
    said = str(caught.value)
    assert caught.value.code.endswith((".write", ".tell", ".start", ".archive", ".download", ".usage")), said
    assert "\n" not in said and "Errno" not in said and caught.value.where, said
    expected = {"full": "the disk is full", "read-only": "read-only file system", "not allowed": "ermission denied"}
    assert expected[how] in said, said
    if how == "full" and name not in UNKNOWN:
        assert "bytes are needed" in said, said
    after = {path: data for path, data in everything(small_disk).items() if not path.endswith(".lock-guard")}
    assert {path for path in after if path not in before} <= {"queue/paused"}
    assert {path: after[path] for path in before} == before


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("name", COMMANDS)
def test_commands_say_it_in_a_line_and_keep_what_was_there(
    name: str, how: str, small_disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    refused_command(COMMANDS[name], small_disk, how, capsys)
