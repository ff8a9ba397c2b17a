"""Folders of images as people lay them out: what is a part, what is a class, what is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from blockstudio.graph.presets import load_preset
from blockstudio.runs import Recipe, with_fields
from blockstudio.runs.adapt import adapt
from blockstudio.runs.datasets import describe
from blockstudio.runs.image_folders import part_of
from blockstudio.runs.layouts import Layout, layout
from blockstudio.runs.structure import Data


def lay(root: Path, *names: str, images: int = 1) -> Layout:
    """Folders with an empty file each that has an image's ending."""
    for name in names:
        (root / name).mkdir(parents=True, exist_ok=True)
        for index in range(images):
            (root / name / f"{index}.jpg").touch()
    return layout(root)


def classes(found: Layout) -> list[str]:
    return list(found.classes)


@pytest.mark.parametrize(
    "names",
    [
        ("Train", None, "Test"),
        ("TRAIN", "VALID", "TEST"),
        ("Training", "Validation", "Testing"),
        ("training_set", None, "test_set"),
        ("seg_train", None, "seg_test"),
        ("train_data", "validate", "test_data"),
        ("TrainingSet", "ValSet", "TestSet"),
        ("trainset", "valset", "testset"),
        ("train2017", "val2017", None),
        ("asl_alphabet_train", None, "asl_alphabet_test"),
        ("train-images", "dev", "tst"),
        ("trn", "vld", "tst"),
        ("trainval", None, "test"),
        ("train_val", None, "Evaluation"),
        ("训练集", "验证集", "测试集"),
        ("训练数据", "校验", "测试图片"),
        ("訓練", "驗證", "測試"),
    ],
)
def test_parts_are_known_in_any_case_and_wording(tmp_path: Path, names: tuple[str | None, ...]) -> None:
    root = tmp_path / "set"
    found = lay(root, *(f"{name}/{kind}" for name in names if name for kind in ("cat", "dog", "bird")))
    assert classes(found) == ["bird", "cat", "dog"]
    parts = (found.train, found.validation, found.test)
    assert parts == tuple(root / name if name else None for name in names)
    assert str(names[0]) in found.notes[0] and len(found.notes) == 1


def test_plain_names_need_no_word(tmp_path: Path) -> None:
    assert lay(tmp_path, "train/cat", "train/dog", "val/cat", "test/dog").notes == ()


@pytest.mark.parametrize("name", ["cat", "trainer", "test tube", "trains", "value", "develop", "train_test", "contest"])
def test_other_names_are_classes(name: str) -> None:
    assert part_of(name) is None or part_of(name)[1]  # type: ignore[index]


def test_a_class_of_trains_or_test_tubes_stays_a_class(tmp_path: Path) -> None:
    assert classes(lay(tmp_path, "train", "bus", "test_tube")) == ["bus", "test_tube", "train"]


def test_a_level_too_many_is_looked_through_and_said(tmp_path: Path) -> None:
    found = lay(tmp_path, "train/train/cat", "train/train/dog", "test/test/cat", "test/test/dog")
    assert (classes(found), found.test) == (["cat", "dog"], tmp_path / "test" / "test")
    assert "taken from train/train" in found.notes[0] and "test/test" in found.notes[1]
    found = lay(tmp_path / "outer", "inner/Train/cat", "inner/Train/dog", "inner/Test/cat")
    assert found.test == tmp_path / "outer" / "inner" / "Test"
    assert any("taken from outer/inner" in note for note in found.notes)


def test_a_folder_beside_train_that_goes_unused_is_said(tmp_path: Path) -> None:
    found = lay(tmp_path, "train/cat", "train/dog", "test/cat", "extra/cat", "unsorted")
    assert any("extra and unsorted" in note and "not used" in note for note in found.notes)


def test_images_without_classes_serve_for_no_measurement(tmp_path: Path) -> None:
    found = lay(tmp_path, "train/cat", "train/dog", "test")
    assert found.test is None
    assert "test has images but no class folders" in found.notes[0]


def test_classes_that_share_their_subfolders_are_doubted(tmp_path: Path) -> None:
    found = lay(tmp_path, *(f"{part}/{kind}" for part in ("monday", "tuesday") for kind in ("cat", "dog")))
    assert classes(found) == ["monday", "tuesday"]
    assert "same subfolders (cat and dog)" in found.notes[0]


def test_classes_that_hold_only_folders_are_said(tmp_path: Path) -> None:
    found = lay(tmp_path, "animal/cat", "animal/dog", "vehicle/car", "stone")
    assert classes(found) == ["animal", "stone", "vehicle"]
    assert "animal and vehicle hold only folders" in found.notes[0]


def test_what_was_understood_stands_among_the_notes_of_a_run(tmp_path: Path) -> None:
    lay(tmp_path, "Train/cat", "Train/dog", "Train/bird", "Test/cat")
    assert describe(Data(source=str(tmp_path))).classes == 3
    _, _, notes = adapt(load_preset("cifar_resnet"), with_fields(Recipe(), {"data": str(tmp_path)}))
    assert notes[0] == "The parts of the set: train = Train, test = Test."


def test_classes_called_like_parts_are_doubted(tmp_path: Path) -> None:
    found = lay(tmp_path, "trainA", "trainB", "testA", "testB")
    assert [note for note in found.notes if "though they are called like parts" in note and "trainB" in note]


def test_folders_of_systems_and_links_that_lead_back_are_no_classes(tmp_path: Path) -> None:
    lay(tmp_path, "train/cat", "train/dog")
    for name in ("$RECYCLE.BIN", "@eaDir", "System Volume Information", "lost+found", "__MACOSX", ".ipynb_checkpoints"):
        (tmp_path / "train" / name).mkdir()
    (tmp_path / "train" / "again").symlink_to(tmp_path / "train")
    (tmp_path / "train" / "gone").symlink_to(tmp_path / "nowhere")
    assert classes(layout(tmp_path)) == ["cat", "dog"]


def test_images_of_no_class_are_said(tmp_path: Path) -> None:
    found = lay(tmp_path, "train", "train/cat", "train/dog", "test/cat", images=2)
    assert [note for note in found.notes if note.startswith("2 images beside the class folders of train are in none")]
    assert classes(lay(tmp_path / "b", "cat", "dog")) == ["cat", "dog"]
