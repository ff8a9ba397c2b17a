"""IDX and CIFAR files as they are published: names, numbering, orientation, and pickles that are never executed."""

from __future__ import annotations

import gzip
import os
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from blockstudio.errors import StudioError
from blockstudio.runs.datasets import describe
from blockstudio.runs.structure import Data
from blockstudio.training.data.cifar_batch import read_batch
from blockstudio.training.data.images import ImageSet
from blockstudio.training.data.load import DataSplits, load_data

RNG = np.random.default_rng(0)


def write(path: Path, values: NDArray[Any]) -> None:
    raw = struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape) + values.astype(np.uint8).tobytes()
    path.write_bytes(gzip.compress(raw) if path.suffix == ".gz" else raw)


def files(root: Path, pattern: str, labels: NDArray[Any], parts: tuple[str, str] = ("train", "t10k")) -> NDArray[Any]:
    """Images and labels of both parts under names such as ``{part}-{what}-{kind}-ubyte``; the images."""
    images = RNG.integers(0, 256, (len(labels), 6, 6))
    for part in parts:
        write(root / pattern.format(part=part, what="images", kind="idx3"), images)
        write(root / pattern.format(part=part, what="labels", kind="idx1"), labels)
    return images


def in_memory(splits: DataSplits) -> NDArray[np.uint8]:
    assert isinstance(splits.train, ImageSet)
    return splits.train.images[:, 0].numpy()


@pytest.mark.parametrize(
    "pattern", ["{part}-{what}.{kind}-ubyte", "{part}-{what}-{kind}-ubyte.gz", "my-{part}-{what}.{kind}-ubyte"]
)
def test_names_with_dots_and_beginnings_are_known(tmp_path: Path, pattern: str) -> None:
    images = files(tmp_path, pattern, np.arange(12) % 3)
    splits = load_data(Data(source=str(tmp_path), validation=0), (1, 6, 6))
    assert np.array_equal(in_memory(splits), images)
    assert splits.test is not None and len(splits.test) == 12


def test_letters_are_26_classes_by_name_and_stand_upright(tmp_path: Path) -> None:
    images = files(tmp_path, "emnist-letters-{part}-{what}-{kind}-ubyte.gz", np.arange(52) % 26 + 1, ("train", "test"))
    facts = describe(Data(source=str(tmp_path)))
    assert facts.classes == 26
    assert any("26 classes" in note for note in facts.notes) and any("upright" in note for note in facts.notes)
    splits = load_data(Data(source=str(tmp_path), validation=0), (1, 6, 6))
    assert splits.classes == tuple("abcdefghijklmnopqrstuvwxyz")
    assert splits.train.labels.tolist() == [index % 26 for index in range(52)]
    assert np.array_equal(in_memory(splits), images.transpose(0, 2, 1))


def test_labels_that_begin_late_keep_their_names(tmp_path: Path) -> None:
    files(tmp_path, "{part}-{what}-{kind}-ubyte", np.arange(12) % 4 + 5)
    splits = load_data(Data(source=str(tmp_path), validation=0), (1, 6, 6))
    assert splits.classes == ("5", "6", "7", "8")
    assert sorted(set(splits.train.labels.tolist())) == [0, 1, 2, 3]


def test_of_several_sets_one_is_named(tmp_path: Path) -> None:
    files(tmp_path, "emnist-digits-{part}-{what}-{kind}-ubyte", np.arange(20) % 10, ("train", "test"))
    files(tmp_path, "emnist-letters-{part}-{what}-{kind}-ubyte", np.arange(52) % 26 + 1, ("train", "test"))
    with pytest.raises(StudioError, match="emnist-digits, emnist-letters"):
        describe(Data(source=str(tmp_path)))
    data = Data(source=str(tmp_path / "emnist-digits"), validation=0)
    assert (describe(data).classes, len(load_data(data, (1, 6, 6)).train)) == (10, 20)


def test_an_images_file_without_labels_is_said(tmp_path: Path) -> None:
    files(tmp_path, "{part}-{what}-{kind}-ubyte", np.arange(12) % 3)
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()
    assert "t10k-images-idx3-ubyte is not used" in describe(Data(source=str(tmp_path))).notes[0]
    (tmp_path / "train-labels-idx1-ubyte").unlink()
    with pytest.raises(StudioError, match="no file train-labels-idx1-ubyte"):
        describe(Data(source=str(tmp_path)))


# CIFAR's Python version


def cifar(root: Path, fine: bool = False, protocol: int = 2) -> Path:
    folder = root / ("cifar-100-python" if fine else "cifar-10-batches-py")
    folder.mkdir()
    names = ("train", "test") if fine else ("data_batch_1", "data_batch_2", "test_batch")
    for number, name in enumerate(names):
        data = np.full((10, 3072), number, np.uint8)
        data[:, 5] = np.arange(10)
        labels = {b"fine_labels": [99, *range(9)], b"coarse_labels": [0] * 10} if fine else {b"labels": list(range(10))}
        (folder / name).write_bytes(pickle.dumps({b"data": data, **labels, b"filenames": [b"a"] * 10}, protocol))
    key, count = ("fine_label_names", 100) if fine else ("label_names", 10)
    meta = {key: [f"name{label}" for label in range(count)]}
    (folder / ("meta" if fine else "batches.meta")).write_bytes(pickle.dumps(meta, protocol))
    return folder


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("fine", [False, True])
def test_the_python_version_is_read_from_its_own_folder_or_the_one_above(
    tmp_path: Path, fine: bool, protocol: int
) -> None:
    folder = cifar(tmp_path, fine, protocol)
    for source in (folder, tmp_path):
        splits = load_data(Data(source=str(source), validation=0), (3, 32, 32))
        assert len(splits.classes) == (100 if fine else 10) and splits.classes[3] == "name3"
        assert splits.train.labels.tolist()[:2] == ([99, 0] if fine else [0, 1])
        assert isinstance(splits.train, ImageSet)
        assert splits.train.images[7, 0, 0, 5] == 7 and splits.train.images[-1, 2, 31, 31] == (0 if fine else 1)


class Harm:
    def __reduce__(self) -> tuple[Any, ...]:
        return print, ("executed",)


def test_a_pickle_is_never_executed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = cifar(tmp_path)
    for hostile in (Harm(), {b"data": Harm()}, {b"data": torch.nn.Linear(1, 1)}):
        (folder / "test_batch").write_bytes(pickle.dumps(hostile))
        with pytest.raises(StudioError, match="never executed") as caught:
            load_data(Data(source=str(folder)), (3, 32, 32))
        assert caught.value.where.endswith("test_batch")
    assert "executed" not in capsys.readouterr().out


@pytest.mark.parametrize("cut", [0, 1, 40, 700, 30_000])
def test_a_damaged_batch_is_named(tmp_path: Path, cut: int) -> None:
    file = cifar(tmp_path) / "data_batch_1"
    file.write_bytes(file.read_bytes()[:cut])
    with pytest.raises(StudioError) as caught:
        read_batch(file)
    assert caught.value.code == "data.cifar" and caught.value.where == str(file)


def test_a_batch_of_something_else_is_told(tmp_path: Path) -> None:
    folder = cifar(tmp_path)
    (folder / "data_batch_1").write_bytes(pickle.dumps({b"data": np.zeros((3, 3072), np.uint8), b"labels": [1, 2]}))
    with pytest.raises(StudioError, match="no images with a label each"):
        load_data(Data(source=str(folder)), (3, 32, 32))
    (folder / "data_batch_1").write_bytes(pickle.dumps({b"data": np.zeros((3, 3072), np.float32), b"labels": [1] * 3}))
    with pytest.raises(StudioError, match="damaged"):
        load_data(Data(source=str(folder)), (3, 32, 32))


def test_parts_that_do_not_agree_are_told_before_the_first_step(tmp_path: Path) -> None:
    write(tmp_path / "train-images-idx3-ubyte", RNG.integers(0, 256, (6, 5, 5)))
    write(tmp_path / "t10k-images-idx3-ubyte", RNG.integers(0, 256, (4, 5, 5)))
    cases = {
        ((0, 1, 2, 0, 1, 2), (0, 1, 3, 5)): "the classes 3 and 5, of which there is no image",
        ((1, 1, 1, 1, 1, 1), (1, 1, 1, 1)): "one class only",
        ((1, 1, 1, 1, 1, 1), (0, 1, 1, 1)): "one class only",
        ((0, 1, 2, 0, 1), (0, 1, 2, 2)): "5 labels for 6 images",
    }
    for (train, test), words in cases.items():
        write(tmp_path / "train-labels-idx1-ubyte", np.array(train))
        write(tmp_path / "t10k-labels-idx1-ubyte", np.array(test))
        with pytest.raises(StudioError, match=words) as caught:
            load_data(Data(source=str(tmp_path)), (1, 5, 5))
        assert caught.value.code in ("data.classes", "data.count"), words


def test_a_packed_file_is_not_read_before_its_header_is_believed(tmp_path: Path) -> None:
    """3.2 GB by its header: refused from a few bytes, and a count that differs before the images are unpacked."""
    labels = struct.pack(">HBBI", 0, 8, 1, 4) + bytes([0, 1, 0, 1])
    (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(labels))
    images = tmp_path / "train-images-idx3-ubyte.gz"
    for count, words in ((4_100_000, "4 labels for 4,100,000"), (4, "claims")):
        side = 28 if count > 4 else 28_300
        images.write_bytes(gzip.compress(struct.pack(">HBBIII", 0, 8, 3, count, side, side) + bytes(1000)))
        with pytest.raises(StudioError, match=words):
            load_data(Data(source=str(tmp_path)), (1, 8, 8))


@pytest.mark.skipif(os.name == "nt", reason="names are bytes on POSIX")
def test_a_class_folder_whose_name_is_no_text_is_refused(tmp_path: Path) -> None:
    root = os.fsencode(tmp_path)
    for name in (b"cat", b"gr\xfcn"):
        try:
            os.mkdir(root + b"/" + name)
        except OSError:
            pytest.skip("this disk takes text only")
        with open(root + b"/" + name + b"/1.png", "wb"):
            pass
    for source in (tmp_path, Path(os.fsdecode(root + b"/gr\xfcn"))):
        with pytest.raises(StudioError) as caught:
            describe(Data(source=str(source)))
        assert caught.value.code == "data.name"
        str(caught.value).encode()
