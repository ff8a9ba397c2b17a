"""Checkpoints on disk: complete or absent, and every flipped byte found."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path

import pytest

from blockstudio.errors import StudioError
from blockstudio.runs.checkpoints import Checkpoint, CheckpointFolder


def fill(folder: Path) -> Iterable[str]:
    (folder / "model.safetensors").write_bytes(bytes(range(256)) * 8)
    (folder / "state.json").write_text("{}")
    return "model.safetensors", "state.json"


def add(folder: CheckpointFolder, step: int, score: float | None = None) -> Checkpoint:
    return folder.write(step, score, fill)


@pytest.fixture
def folder(tmp_path: Path) -> CheckpointFolder:
    return CheckpointFolder(tmp_path / "checkpoints")


def test_a_checkpoint_is_written_and_verified(folder: CheckpointFolder) -> None:
    assert folder.all() == []
    assert folder.latest_good() is None
    checkpoint = add(folder, 7, 0.5)
    assert checkpoint.path.name == "step-00000007"
    assert checkpoint.verify().step == 7
    assert folder.latest_good() == checkpoint
    assert checkpoint.score() == 0.5


@pytest.mark.parametrize("name", ["model.safetensors", "state.json", "manifest.json"])
def test_any_flipped_byte_is_found(folder: CheckpointFolder, name: str) -> None:
    add(folder, 1)
    path = add(folder, 2).path / name
    whole = path.read_bytes()
    chance = random.Random(name)
    places = range(len(whole)) if len(whole) < 300 else chance.sample(range(len(whole)), 60)
    for place in places:
        flipped = bytearray(whole)
        flipped[place] ^= 1 << chance.randrange(8)
        path.write_bytes(flipped)
        said: list[StudioError] = []
        good = folder.latest_good(said.append)
        assert good is not None and good.step == 1, place
        assert [error.code for error in said] == ["checkpoint.damaged"]
        assert "step-00000002" in said[0].where
    path.write_bytes(whole)
    good = folder.latest_good()
    assert good is not None and good.step == 2


@pytest.mark.parametrize("name", ["model.safetensors", "manifest.json"])
def test_a_missing_file_is_damage(folder: CheckpointFolder, name: str) -> None:
    add(folder, 1)
    (add(folder, 2).path / name).unlink()
    good = folder.latest_good()
    assert good is not None and good.step == 1


def test_writing_a_step_again_replaces_it(folder: CheckpointFolder) -> None:
    add(folder, 3, 0.1)
    add(folder, 3, 0.9)
    assert [item.step for item in folder.all()] == [3]
    assert folder.all()[0].score() == 0.9


def test_pruning_keeps_the_latest_and_the_best(folder: CheckpointFolder) -> None:
    for step, score in ((1, 0.2), (2, 0.9), (3, 0.5), (4, None), (5, 0.4)):
        add(folder, step, score)
    folder.prune(2)
    assert [item.step for item in folder.all()] == [2, 4, 5]
    best = folder.best()
    assert best is not None and best.step == 2


def test_of_equal_scores_the_later_is_best(folder: CheckpointFolder) -> None:
    add(folder, 1, 0.5)
    add(folder, 2, 0.5)
    best = folder.best()
    assert best is not None and best.step == 2


def test_a_failed_write_leaves_no_checkpoint(folder: CheckpointFolder) -> None:
    def full(path: Path) -> Iterable[str]:
        (path / "model.safetensors").write_bytes(b"half")
        raise OSError(28, "No space left on device")

    add(folder, 1)
    with pytest.raises(StudioError, match="the disk is full"):
        folder.write(2, None, full)
    assert [item.step for item in folder.all()] == [1]
    assert [path.name for path in folder.path.iterdir()] == ["step-00000001"]


def test_what_a_killed_trainer_left_is_swept(folder: CheckpointFolder) -> None:
    add(folder, 1)
    (folder.path / ".step-00000002.tmp").mkdir()
    (folder.path / ".step-00000002.tmp" / "model.safetensors").write_bytes(b"half")
    assert [item.step for item in folder.all()] == [1]
    folder.sweep()
    assert [path.name for path in folder.path.iterdir()] == ["step-00000001"]


def test_later_checkpoints_are_discarded(folder: CheckpointFolder) -> None:
    for step in (1, 2, 3):
        add(folder, step)
    folder.discard_after(1)
    assert [item.step for item in folder.all()] == [1]
