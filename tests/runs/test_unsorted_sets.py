"""Sets without a folder for each class, as published: tables, names, lists of parts, parts inside classes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from blockstudio.errors import StudioError
from blockstudio.runs.datasets import describe
from blockstudio.runs.layouts import Layout, layout
from blockstudio.runs.listing import list_folder
from blockstudio.runs.structure import Data
from blockstudio.training.data.folder import scan

COUNT = 4
KINDS = ("beagle", "pug")
EACH = [(index, label, kind) for index in range(2, 2 + COUNT) for label, kind in enumerate(KINDS)]


def lay(root: Path, *images: str, tables: Mapping[str, list[str]] | None = None) -> Path:
    """Files with a byte each that have an image's ending, and tables."""
    for name in images:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")
    for name, lines in (tables or {}).items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root


def every(pattern: str) -> list[str]:
    return [pattern.format(index=index, label=label, kind=kind) for index, label, kind in EACH]


def parts(found: Layout) -> dict[str, int]:
    return {part: len(it.photos) for part, it in found.lists.items()}


PUBLISHED: dict[str, tuple[list[str], dict[str, list[str]], tuple[str, ...], dict[str, int], str]] = {
    "Kaggle: cats and dogs": (
        [*every("train/{kind}.{index}.jpg"), "test1/1.jpg", "test1/2.jpg"], {}, KINDS, {"train": 8},
        "beside the number"),
    "names in one folder": (every("{kind}_{index}.jpg"), {}, KINDS, {"train": 8}, "beside the number"),
    "number first": (every("{label}{index}_{kind}.jpg"), {}, KINDS, {"train": 8}, "beside the number"),
    "Explorer's copies": (every("{kind} ({index}).jpg"), {}, KINDS, {"train": 8}, "beside the number"),
    "COIL": (every("{kind}7__{index}.png"), {}, ("beagle7", "pug7"), {"train": 8}, "beside the number"),
    "Kaggle: breeds": (
        [*every("train/{index}a{label}.jpg"), "test/zz.jpg"],
        {"labels.csv": ["id,breed", *every("{index}a{label},{kind}")], "sample_submission.csv": ["id,beagle,pug"]},
        KINDS, {"train": 8}, "labels.csv"),
    "Kaggle: CIFAR-10": (
        every("train/{index}{label}.png"), {"trainLabels.csv": ["id,label", *every("{index}{label},{kind}")]},
        KINDS, {"train": 8}, "trainLabels.csv"),
    "beside the photos": (
        every("{index}a{label}.jpg"), {"labels.csv": ["filename;label", *every("{index}a{label}.jpg;{kind}")]},
        KINDS, {"train": 8}, "labels.csv"),
    "no header, words": (
        every("images/x{index}a{label}.jpg"), {"list.txt": every("x{index}a{label}.jpg a {kind}")},
        ("a beagle", "a pug"), {"train": 8}, "list.txt"),
    "a table for each part": (
        [*every("images/x{index}a{label}.jpg"), *every("images/y{index}a{label}.jpg")],
        {"train.csv": ["image,class", *every("images/x{index}a{label}.jpg,{kind}")],
         "test.csv": ["image,class", *every("images/y{index}a{label}.jpg,{kind}")]},
        KINDS, {"train": 8, "test": 8}, "train.csv"),
    "a column of parts": (
        [*every("images/x{index}a{label}.jpg"), *every("images/y{index}a{label}.jpg")],
        {"all.csv": ["split,image,class,width", *every("train,x{index}a{label}.jpg,{kind},5"),
                     *every("test,y{index}a{label}.jpg,{kind},5")]},
        KINDS, {"train": 8, "test": 8}, "all.csv"),
    "columns in Chinese": (
        [*every("图片/x{index}a{label}.jpg"), *every("图片/y{index}a{label}.jpg")],
        {"标注.csv": ["划分,图片,标签", *every("训练,x{index}a{label}.jpg,{kind}"),
                     *every("测试,y{index}a{label}.jpg,{kind}")]},
        KINDS, {"train": 8, "test": 8}, "标注.csv"),
    "Hugging Face": (
        every("train/{index}a{label}.jpg"),
        {"train/metadata.jsonl": [json.dumps({"file_name": f"{i}a{n}.jpg", "label": kind}) for i, n, kind in EACH]},
        KINDS, {"train": 8}, "metadata.jsonl"),
    "Roboflow": (
        [*every("train/{index}a{label}.jpg"), *every("valid/{index}b{label}.jpg")],
        {"train/_classes.csv": ["filename, beagle, pug", *(f"{i}a{n}.jpg, {1 - n}, {n}" for i, n, _ in EACH)],
         "valid/_classes.csv": ["filename, beagle, pug", *(f"{i}b{n}.jpg, {1 - n}, {n}" for i, n, _ in EACH)]},
        KINDS, {"train": 8, "validation": 8}, "_classes.csv"),
    "HAM10000": (
        every("HAM_images_part_{label}/ISIC_{index}{label}.jpg"),
        {"HAM_metadata.csv": ["lesion_id,image_id,dx,age", *every("H{index},ISIC_{index}{label},{kind},{index}")]},
        KINDS, {"train": 8}, "HAM_metadata.csv"),
    "Caltech's birds": (
        every("images/00{label}.{kind}/{kind}_{index}.jpg"),
        {"images.txt": [f"{n} 00{label}.{kind}/{kind}_{i}.jpg" for n, (i, label, kind) in enumerate(EACH)],
         "train_test_split.txt": [f"{n} {int(i < 5)}" for n, (i, _, _) in enumerate(EACH)],
         "attributes/attributes.txt": ["x"]},
        ("000.beagle", "001.pug"), {"train": 6, "test": 2}, "train_test_split.txt"),
    "Food-101": (
        every("images/{kind}/{index}.jpg"),
        {"meta/train.txt": every("{kind}/{index}")[:6], "meta/test.txt": every("{kind}/{index}")[6:],
         "meta/classes.txt": list(KINDS)},
        KINDS, {"train": 6, "test": 2}, "meta holds none"),
    "textures": (
        every("images/{kind}/{kind}_{index}.jpg"),
        {"labels/train1.txt": every("{kind}/{kind}_{index}.jpg")[:4],
         "labels/val1.txt": every("{kind}/{kind}_{index}.jpg")[4:6],
         "labels/test1.txt": every("{kind}/{kind}_{index}.jpg")[6:]},
        KINDS, {"train": 4, "validation": 2, "test": 2}, "labels holds none"),
    "aircraft": (
        every("images/{index}7{label}.jpg"),
        {"images_variant_train.txt": every("{index}7{label} {kind}")[:6],
         "images_variant_test.txt": every("{index}7{label} {kind}")[6:]},
        KINDS, {"train": 6, "test": 2}, "images_variant_test.txt"),
    "parts inside classes": (
        [*every("{kind}/train/{index}.jpg"), *every("{kind}/test/{index}.jpg")], {}, KINDS, {"train": 8, "test": 8},
        "hold the parts"),
    "traffic signs of Kaggle": (
        [*every("Train/{label}/{index}.png"), *every("Test/{index}0{label}.png"), "Meta/0.png"],
        {"Test.csv": ["Width,Roi.X1,ClassId,Path", *every("12,1,{label},Test/{index}0{label}.png")]},
        ("0", "1"), {"test": 8}, "Test.csv"),
    "traffic signs": (
        [*every("Final_Training/Images/0000{label}/{index}.ppm"), *every("Final_Test/Images/{index}{label}.ppm")],
        {"GT-final_test.csv": ["Filename;Width;Roi.X1;ClassId", *every("{index}{label}.ppm;12;1;{label}")]},
        ("00000", "00001"), {"test": 8}, "GT-final_test.csv"),
    "Stanford's dogs": (
        every("Images/n1-{kind}/{index}.jpg"), {f"Annotation/n1-{kind}/0": ["<x/>"] for kind in KINDS},
        ("n1-beagle", "n1-pug"), {}, "Annotation holds none"),
    "packed twice": (
        [*every("{kind}/{index}.jpg"), *every("leaves/{kind}/{index}.jpg")], {}, KINDS, {}, "once more"),
}  # fmt: skip
"""Files, tables; classes, images of the parts that are not in class folders, and what is said."""


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_set_is_read_as_it_is_published(tmp_path: Path, name: str) -> None:
    images, tables, classes, counts, said = PUBLISHED[name]
    root = lay(tmp_path / "set", *images, tables=tables)
    found = layout(root)
    assert (found.classes, parts(found)) == (classes, counts)
    assert any(said in note for note in found.notes), found.notes
    assert describe(Data(source=str(root))).classes == len(classes)
    read, told = scan(root), list_folder(root)
    assert (len(read.train), len(told.train.paths)) == (len(read.train.paths),) * 2
    assert read.train.labels.tolist() == told.train.labels
    for label, path in zip(read.train.labels.tolist(), read.train.paths, strict=True):
        inner = path.relative_to(root).as_posix()
        known = [kind for kind in KINDS if kind in inner]
        assert known == [KINDS[label]] or re.findall("[01]", inner)[-1] == str(label)
    assert (read.test is None) == (told.test is None) == ("test" not in counts)


def test_what_says_no_class_is_told_what_would(tmp_path: Path) -> None:
    for name, images, tables in (
        ("camera", ["IMG_1.jpg", "IMG_2.jpg", "DSC_1.jpg", "DSC_2.jpg"], {}),
        ("one", [f"cat.{index}.jpg" for index in range(4)], {}),
        ("train", ["train/a1b.jpg", "train/c2d.jpg", "test/x.jpg"], {}),
        ("half", every("{index}a{label}.jpg"), {"labels.csv": ["image,label", "2a0.jpg,pug", "3a1.jpg,beagle"]}),
    ):
        with pytest.raises(StudioError) as caught:
            describe(Data(source=str(lay(tmp_path / name, *images, tables=tables))))
        assert caught.value.code == "data.folder" and "labels.csv" in caught.value.hint, name


def test_a_table_of_which_the_classes_are_unsure_is_asked_about(tmp_path: Path) -> None:
    images = [f"{index:02}a.jpg" for index in range(24)]
    rows = [f"{name},{KINDS[index % 2]},{['north', 'south'][index % 2]}" for index, name in enumerate(images)]
    lay(tmp_path / "two", *images, tables={"t.csv": ["image,dog,place", *rows]})
    with pytest.raises(StudioError, match="dog and place") as caught:
        layout(tmp_path / "two")
    assert caught.value.code == "data.list" and "label" in caught.value.hint
    lay(tmp_path / "many", *images, tables={"t.csv": ["image,dog,cat", *(f"{name},1,1" for name in images)]})
    with pytest.raises(StudioError, match="several classes"):
        layout(tmp_path / "many")


def test_a_photo_that_a_table_leaves_out_is_said(tmp_path: Path) -> None:
    table = ["image,label", *every("{index}a{label}.jpg,{kind}")]
    root = lay(tmp_path, *every("{index}a{label}.jpg"), "odd.jpg", tables={"labels.csv": table})
    assert [note for note in layout(root).notes if "does not name 1 image" in note]


def test_names_that_differ_in_case_alone(tmp_path: Path) -> None:
    found = layout(lay(tmp_path / "a", "Cat/1.jpg", "cat/1.jpg", "dog/1.jpg"))
    assert found.classes == ("Cat", "cat", "dog") and "differ in case alone" in found.notes[0]
    root = lay(tmp_path / "b", *every("train/{kind}/{index}.jpg"), *every("test/{kind}/{index}.jpg"))
    (root / "test" / "pug").rename(root / "test" / "Pug")
    read, told = scan(root), list_folder(root)
    assert read.test is not None and told.test is not None
    assert read.test.labels.tolist() == told.test.labels == [0] * COUNT + [1] * COUNT
