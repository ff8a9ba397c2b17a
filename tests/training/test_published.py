"""Data sets in the files of their makers: miniatures in the true layout, read to the right labels."""

from __future__ import annotations

import io
import struct
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.io import savemat

from blockstudio.errors import StudioError
from blockstudio.runs.datasets import describe
from blockstudio.runs.known_sets import DATASETS
from blockstudio.runs.mat_files import read_mat
from blockstudio.runs.structure import Data
from blockstudio.training.data import DataSplits, load_data
from blockstudio.training.data.flowers import CLASSES17
from tests.support.published import flowers17, flowers102, imagenet, jpeg, pack, pets, stl10, svhn, tiny_imagenet

SHAPE = (3, 8, 8)


def load(source: Path | str, shape: tuple[int, int, int] = SHAPE, **fields: object) -> DataSplits:
    return load_data(Data(source=str(source), validation=0.0, **fields), shape)  # type: ignore[arg-type]


def names(splits: DataSplits, part: str) -> list[str]:
    found = getattr(splits, part)
    return [splits.classes[label] for label in found.labels.tolist()]


def is_right(splits: DataSplits, part: str, red: Callable[[int], int]) -> None:
    """The lower half of each photo has the red of its class."""
    found = getattr(splits, part)
    for image, label in zip(found.images, found.labels.tolist(), strict=True):
        assert abs(int(image[0, 6, 4]) - red(label)) <= 12, (label, image[0, 6, 4])


@pytest.mark.slow
def test_flowers17_folder_as_published(tmp_path: Path) -> None:
    root = flowers17(tmp_path / "17flowers")
    facts = describe(Data(source=str(root)))
    assert (facts.name, facts.classes, facts.kind) == ("flowers17", 17, "published")
    splits = load(root)
    assert (len(splits.train), len(splits.validation or ()), len(splits.test or ())) == (680, 340, 340)
    assert splits.classes == CLASSES17 and splits.classes[0] == "daffodil" and splits.classes[16] == "pansy"
    is_right(splits, "train", lambda label: 10 * label)
    is_right(splits, "test", lambda label: 10 * label)
    (root / "datasplits.mat").unlink()
    # Its photos alone, found under the set's name in the data folder.
    assert describe(Data(source=str(root / "jpg"))).name == "flowers17"
    splits = load_data(Data(source="flowers17", folder=str(tmp_path)), SHAPE)
    assert torch.bincount(splits.train.labels).min() >= 57 and len(splits.test or ()) == 272
    assert any("no datasplits.mat" in note for note in splits.notes)


@pytest.mark.slow  # 1,360 photos, twice; Pets keeps packed sets in the ordinary run
def test_flowers17_archive_as_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLOCKSTUDIO_DATA", str(tmp_path / "cache"))
    root = flowers17(tmp_path / "made")
    here = tmp_path / "downloads"
    here.mkdir()
    (root / "datasplits.mat").rename(here / "datasplits.mat")
    archive = pack(root, here / "17flowers.tgz", "jpg")
    for source in (archive, here):
        assert describe(Data(source=str(source))).classes == 17
        splits = load(source)
        assert (len(splits.train), len(splits.test or ())) == (680, 340)
        is_right(splits, "train", lambda label: 10 * label)
    assert len(list((tmp_path / "cache" / "unpacked").iterdir())) == 1  # unpacked once


def test_flowers102_as_published(tmp_path: Path) -> None:
    root = flowers102(tmp_path / "flowers-102")
    splits = load_data(Data(source="flowers102", folder=str(tmp_path)), SHAPE)
    assert (len(splits.train), len(splits.validation or ()), len(splits.test or ())) == (10, 5, 5)
    assert len(splits.classes) == 102
    assert load(root).train.labels.tolist() == [76, 77, 78, 79, 80, 76, 77, 78, 79, 80]
    is_right(splits, "train", lambda label: label + 1)
    (root / "imagelabels.mat").unlink()
    with pytest.raises(StudioError) as caught:
        load(root)
    assert caught.value.code == "data.missing" and caught.value.where.endswith("imagelabels.mat")


def test_svhn_and_stl10_as_published(tmp_path: Path) -> None:
    root = svhn(tmp_path / "svhn")
    for data in (Data(source="svhn", folder=str(tmp_path), validation=0), Data(source=str(root), validation=0)):
        splits = load_data(data, (3, 32, 32))
        # Label 10 is the digit 0.
        assert names(splits, "train")[:10] == list("1234567890") and len(splits.test or ()) == 6
        wanted = np.random.default_rng(24).integers(0, 255, (32, 32, 3, 24), np.uint8)
        assert np.array_equal(splits.train.images[3].numpy().transpose(1, 2, 0), wanted[..., 3])
    root = stl10(tmp_path / "stl10_binary")
    splits = load_data(Data(source="stl10", folder=str(tmp_path), validation=0), (3, 96, 96))
    assert names(splits, "test")[:3] == ["airplane", "bird", "car"]
    assert np.array_equal(splits.train.images.numpy(), np.load(root / "train_pixels.npy"))


def test_pets_as_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLOCKSTUDIO_DATA", str(tmp_path / "cache"))
    root = pets(tmp_path / "pets")
    splits = load(root)
    assert (len(splits.train), len(splits.test or ())) == (18, 6)
    assert splits.classes[:3] == ("Abyssinian", "american bulldog", "Egyptian Mau") and len(splits.classes) == 37
    is_right(splits, "train", lambda label: 60 * (label + 1))
    packed = tmp_path / "packed"
    packed.mkdir()
    pack(root, packed / "images.tar.gz", "images")
    with pytest.raises(StudioError, match=r"annotations\.tar\.gz"):
        describe(Data(source=str(packed / "images.tar.gz")))
    pack(root, packed / "annotations.tar.gz", "annotations")
    assert load(packed).train.labels.tolist() == splits.train.labels.tolist()
    (root / "images" / "Abyssinian_2.jpg").unlink()
    with (root / "annotations" / "test.txt").open("a") as file:
        file.write("../x 38 1 1\n")
    with pytest.raises(StudioError) as caught:
        load(root)
    assert [problem.code for problem in caught.value.problems] == ["data.image", "data.list"]  # type: ignore[attr-defined]


def test_tiny_imagenet_as_published(tmp_path: Path) -> None:
    root = tiny_imagenet(tmp_path / "tiny-imagenet-200")
    facts = describe(Data(source=str(root)))
    assert facts.classes == 3 and not any("hold only folders" in note for note in facts.notes)
    splits = load(root)
    assert splits.classes == ("goldfish", "European fire salamander", "Egyptian cat")
    assert len(splits.train) == 12 and splits.test is splits.validation
    assert sorted(splits.test.labels.tolist()) == [0, 0, 1, 1, 2, 2]  # type: ignore[union-attr]
    is_right(splits, "test", lambda label: 60 * label)


@pytest.mark.parametrize("form", ["devkit", "kaggle", "synsets", "caffe"])
def test_imagenet_as_published(tmp_path: Path, form: str) -> None:
    root = imagenet(tmp_path, form)
    splits = load(root)
    assert len(splits.train) == 9 and splits.test is not None
    assert splits.test.labels.tolist() == [2, 0, 1, 1, 2]
    is_right(splits, "test", lambda label: 60 * label)
    assert (splits.classes[2] == "Egyptian cat") == (form == "kaggle")


def test_imagenet_without_labels_says_what_is_needed(tmp_path: Path) -> None:
    root = imagenet(tmp_path, "bare")
    (note,) = [note for note in describe(Data(source=str(root))).notes if "not used" in note]
    assert "ILSVRC2012_validation_ground_truth.txt" in note and "LOC_val_solution.csv" in note
    (root / "val.txt").write_text("ILSVRC2012_val_00000001.JPEG n99999999\n")
    with pytest.raises(StudioError, match=r"does not name ILSVRC2012_val_00000002\.JPEG"):
        describe(Data(source=str(root)))


def test_an_archive_keeps_to_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLOCKSTUDIO_DATA", str(tmp_path / "cache"))
    for name, kind in (("../out.jpg", tarfile.REGTYPE), ("jpg/image_0001.jpg", tarfile.SYMTYPE)):
        archive = tmp_path / "17flowers.tgz"
        with tarfile.open(archive, "w:gz") as packed:
            member = tarfile.TarInfo(name)
            member.type, member.linkname, member.size = kind, "/etc/passwd", 4 if kind == tarfile.REGTYPE else 0
            packed.addfile(member, io.BytesIO(b"abcd"))
        with pytest.raises(StudioError) as caught:
            load(archive)
        assert caught.value.code == "data.archive"
    archive.write_bytes(b"no archive")
    with pytest.raises(StudioError) as caught:
        load(archive)
    assert caught.value.code == "data.archive"
    assert not (tmp_path / "out.jpg").exists() and list((tmp_path / "cache").rglob("*")) == []
    other = tmp_path / "photos.zip"
    other.write_bytes(jpeg(1))
    with pytest.raises(StudioError, match="Unpack it"):
        describe(Data(source=str(other)))


@pytest.mark.parametrize("packed", [False, True])
def test_mat_files_hold_what_was_written(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / "some.mat"
    values = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    cell = np.empty((1, 2), object)
    cell[0, 0], cell[0, 1] = "one", np.array([[1.5, -2.0]])
    savemat(path, {"a": values, "text": "grün", "cell": cell, "s": {"x": 1.0, "y": "two"}}, do_compression=packed)
    found = read_mat(path)
    assert np.array_equal(found["a"], values) and found["text"] == "grün"
    assert found["cell"][0] == "one" and found["cell"][1].tolist() == [[1.5, -2.0]]  # type: ignore[index,union-attr]
    assert found["s"]["x"][0].item() == 1.0 and found["s"]["y"] == ["two"]  # type: ignore[call-overload,index]
    assert set(read_mat(path, "text")) == {"text"}


def test_a_damaged_mat_file_is_one_error(tmp_path: Path) -> None:
    path = tmp_path / "x.mat"
    savemat(path, {"a": np.arange(40.0), "s": {"x": "text"}}, do_compression=False)
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    changes = [bytes(whole[:cut]) for cut in rng.integers(0, len(whole), 60)]
    for _ in range(300):
        broken = bytearray(whole)
        for place in rng.integers(124, len(whole), 3):
            broken[place] = rng.integers(256)
        changes.append(bytes(broken))
    head = whole[:128]
    bomb = zlib.compress(struct.pack("<II", 14, 1 << 31) + bytes(64))
    deep = b""
    for _ in range(40):
        inner = struct.pack("<IIII", 6, 8, 1, 0) + struct.pack("<IIii", 5, 8, 1, 1) + struct.pack("<II", 1, 0) + deep
        deep = struct.pack("<II", 14, len(inner)) + inner
    changes += [head + struct.pack("<II", 15, len(bomb)) + bomb, head + deep, b"\x89HDF" + bytes(600), b"", head]
    refused = 0
    for data in changes:
        path.write_bytes(data)
        try:
            read_mat(path, "a", "s")
        except StudioError as error:
            refused += error.code == "data.mat"
    assert refused >= 60


def test_absent_sets_are_known_as_such(tmp_path: Path) -> None:
    for name, known in DATASETS.items():
        facts = describe(Data(source=name, folder=str(tmp_path)))
        assert facts.absent == (not known.built_in), name
