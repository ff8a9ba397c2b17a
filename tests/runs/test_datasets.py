"""Telling what a data source is before reading it."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import pytest

from blockstudio.errors import StudioError
from blockstudio.runs.datasets import describe
from blockstudio.runs.known_sets import DATASETS
from blockstudio.runs.structure import Data, Shapes


def idx(path: Path, *shape: int, data: bytes = b"") -> Path:
    raw = struct.pack(f">HBB{len(shape)}I", 0, 8, len(shape), *shape) + data
    path.write_bytes(gzip.compress(raw) if path.suffix == ".gz" else raw)
    return path


def test_named_sets_are_known_without_reading() -> None:
    digits = describe(Data())
    assert (digits.classes, digits.channels, digits.size, digits.root) == (10, 1, 8, None)
    shapes = describe(Data(source="shapes", shapes=Shapes(classes=4, size=48)))
    assert (shapes.classes, shapes.channels, shapes.size) == (4, 3, 48)


def test_a_named_set_lies_in_the_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLOCKSTUDIO_DATA", str(tmp_path))
    found = describe(Data(source="cifar100"))
    assert (found.kind, found.root, found.classes) == ("torchvision", tmp_path, 100)
    assert describe(Data(source="cifar100", folder="/elsewhere")).root == Path("/elsewhere")


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_a_folder_of_idx_files(tmp_path: Path, ending: str) -> None:
    idx(tmp_path / f"train-images-idx3-ubyte{ending}", 3, 7, 7)
    idx(tmp_path / f"train-labels-idx1-ubyte{ending}", 3, data=bytes([0, 4, 2]))
    found = describe(Data(source=str(tmp_path)))
    assert (found.kind, found.classes, found.channels, found.size, found.images) == ("idx", 5, 1, 7, 3)


def test_idx_files_of_a_named_set_are_found_where_torchvision_puts_them(tmp_path: Path) -> None:
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    idx(raw / "train-images-idx3-ubyte", 1, 28, 28)
    idx(raw / "train-labels-idx1-ubyte", 1, data=b"\0")
    found = describe(Data(source="mnist", folder=str(tmp_path)))
    assert (found.kind, found.root, found.name) == ("idx", raw, "mnist")


def test_cifar_in_either_form(tmp_path: Path) -> None:
    (tmp_path / "cifar-10-batches-py").mkdir()
    found = describe(Data(source=str(tmp_path)))
    assert (found.kind, found.name, found.root) == ("torchvision", "cifar10", tmp_path)
    for name in ("data_batch_1.bin", "test_batch.bin"):
        (tmp_path / name).write_bytes(b"")
    found = describe(Data(source=str(tmp_path)))
    assert (found.kind, found.name, found.root) == ("cifar", "cifar10", tmp_path)


def test_a_folder_of_classes(tmp_path: Path) -> None:
    for name in ("train/cat", "train/dog", "train/.cache", "val/cat"):
        (tmp_path / name).mkdir(parents=True)
    found = describe(Data(source=str(tmp_path)))
    assert (found.kind, found.classes, found.channels, found.size) == ("folder", 2, 3, None)


@pytest.mark.parametrize(
    ("source", "code", "words"),
    [
        ("fashion-mnist", "data.unknown", "fashion_mnist"),
        ("/no/such/folder", "data.folder", "no such folder"),
        ("./absent", "data.folder", "no such folder"),
    ],
)
def test_an_unknown_source_is_a_clear_error(source: str, code: str, words: str) -> None:
    with pytest.raises(StudioError) as caught:
        describe(Data(source=source))
    assert caught.value.code == code
    assert words in str(caught.value)


def test_a_folder_that_is_no_data_set(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="is no data set"):
        describe(Data(source=str(tmp_path)))
    (tmp_path / "a.txt").write_text("")
    with pytest.raises(StudioError, match="is a file"):
        describe(Data(source=str(tmp_path / "a.txt")))


@pytest.mark.parametrize(
    "raw",
    [b"", b"\0\0\x08", b"PK\3\4 not idx at all", b"\0\0\x0d\1\0\0\0\1", b"\0\0\x08\3\0\0", b"\0\0\x08\1\0\0\0\1a"],
)
def test_a_bad_idx_file_is_named(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "train-images-idx3-ubyte").write_bytes(raw)
    idx(tmp_path / "train-labels-idx1-ubyte", 1, data=b"\0")
    with pytest.raises(StudioError) as caught:
        describe(Data(source=str(tmp_path)))
    assert caught.value.code == "data.idx"
    assert "train-images-idx3-ubyte" in caught.value.where


def test_a_truncated_gzip_is_named(tmp_path: Path) -> None:
    path = idx(tmp_path / "train-images-idx3-ubyte.gz", 1, 4, 4, data=bytes(16))
    path.write_bytes(path.read_bytes()[:12])
    idx(tmp_path / "train-labels-idx1-ubyte", 1, data=b"\0")
    with pytest.raises(StudioError) as caught:
        describe(Data(source=str(tmp_path)))
    assert "train-images-idx3-ubyte.gz" in caught.value.where


def test_the_built_in_sets_come_first() -> None:
    assert [name for name, known in DATASETS.items() if known.built_in] == list(DATASETS)[:4]
    assert list(DATASETS)[:4] == ["digits", "fashion_sample", "shapes", "corners"]
