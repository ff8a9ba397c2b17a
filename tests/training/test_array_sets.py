"""Sets kept as numpy's arrays and as tables of pixels: Keras' MNIST, MedMNIST, KMNIST, Kaggle's digits and faces."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from blockstudio.errors import StudioError
from blockstudio.runs.datasets import describe
from blockstudio.runs.known_sets import DataInfo
from blockstudio.runs.structure import Data
from blockstudio.training.data.images import ImageSet
from blockstudio.training.data.load import DataSplits, load_data

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (12, 8, 8)).astype(np.uint8)
COLOUR = RNG.integers(0, 256, (12, 8, 9, 3)).astype(np.uint8)
LABELS = np.arange(12) % 3


def read(path: Path, shape: tuple[int, int, int] = (1, 8, 8), **more: Any) -> tuple[DataInfo, DataSplits]:
    data = Data(source=str(path), validation=0, **more)
    return describe(data), load_data(data, shape)


def pixels(part: Any) -> NDArray[np.uint8]:
    assert isinstance(part, ImageSet)
    return part.images.permute(0, 2, 3, 1).squeeze(-1).numpy()


def keras(root: Path) -> Path:
    np.savez(root / "mnist.npz", x_train=GREY, y_train=LABELS, x_test=GREY[:6], y_test=LABELS[:6])
    return root / "mnist.npz"


def medmnist(root: Path) -> Path:
    column = LABELS[:, None].astype(np.uint8)
    np.savez_compressed(
        root / "bloodmnist.npz", train_images=GREY, train_labels=column, val_images=GREY[6:], val_labels=column[6:],
        test_images=GREY[:6], test_labels=column[:6],
    )  # fmt: skip
    return root / "bloodmnist.npz"


def kmnist(root: Path) -> Path:
    for part, end in (("train", 12), ("test", 6)):
        np.savez_compressed(root / f"kmnist-{part}-imgs.npz", GREY[:end])
        np.savez_compressed(root / f"kmnist-{part}-labels.npz", LABELS[:end])
    return root


def plain(root: Path) -> Path:
    for name, array in {"X_train": GREY, "y_train": LABELS, "X_test": GREY[:6], "y_test": LABELS[:6]}.items():
        np.save(root / f"{name}.npy", array)
    return root


def table(path: Path, images: NDArray[Any], labels: NDArray[Any] | None, head: str | None = "label,{}") -> None:
    flat = images.reshape(len(images), -1)
    lines = [] if head is None else [head.format(",".join(f"pixel{at}" for at in range(flat.shape[1])))]
    for at, row in enumerate(flat):
        lines.append(",".join(map(str, [*([] if labels is None else [labels[at]]), *row])))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def kaggle(root: Path) -> Path:
    table(root / "train.csv", GREY, LABELS)
    table(root / "test.csv", GREY, None, "{}")
    (root / "sample_submission.csv").write_text("ImageId,Label\n1,0\n", encoding="utf-8")
    return root


def bare(root: Path) -> Path:
    table(root / "mnist_train.csv", GREY, LABELS, None)
    table(root / "mnist_test.csv", GREY[:6], LABELS[:6], None)
    return root


def faces(root: Path) -> Path:
    rows = ["emotion, pixels, Usage"]
    for use, images in (("Training", GREY), ("PublicTest", GREY[6:]), ("PrivateTest", GREY[:6])):
        rows += [
            f"{label},{' '.join(map(str, image.ravel()))},{use}" for image, label in zip(images, LABELS, strict=False)
        ]
    (root / "fer2013.csv").write_text("\n".join(rows), encoding="utf-8")
    return root / "fer2013.csv"


@pytest.mark.parametrize("write", [keras, medmnist, kmnist, plain, kaggle, bare, faces])
def test_published_forms_are_read_pixel_by_pixel(tmp_path: Path, write: Callable[[Path], Path]) -> None:
    facts, splits = read(write(tmp_path), test=0.25)
    assert (facts.kind, facts.classes, facts.channels, facts.size, facts.images) == ("arrays", 3, 1, 8, 12)
    assert splits.classes == ("0", "1", "2")
    assert splits.test is not None
    if write is kaggle:  # Its test images have no labels.
        assert len(splits.train) == 9 and len(splits.test) == 3
        assert any("test.csv has no column of labels" in note for note in facts.notes)
        return
    assert np.array_equal(pixels(splits.train), GREY) and splits.train.labels.tolist() == LABELS.tolist()
    assert np.array_equal(pixels(splits.test), GREY[:6]) and splits.test.labels.tolist() == LABELS[:6].tolist()
    assert (splits.validation is not None) == (write in (medmnist, faces))


def test_a_folder_with_one_file_is_that_set_and_a_known_name_finds_its_file(tmp_path: Path) -> None:
    keras(tmp_path)
    assert read(tmp_path)[0].images == 12
    facts = describe(Data(source="mnist", folder=str(tmp_path)))
    assert facts.kind == "arrays" and not facts.absent
    medmnist(tmp_path)
    with pytest.raises(StudioError, match=r"holds 2 sets: bloodmnist\.npz and mnist\.npz") as caught:
        describe(Data(source=str(tmp_path)))
    assert str(tmp_path / "bloodmnist.npz") in caught.value.hint


@pytest.mark.parametrize(
    ("images", "wanted"),
    [
        (GREY.reshape(12, 64), GREY),
        (GREY[..., None], GREY),
        (GREY.astype(np.int64), GREY),
        (GREY / 255.0, GREY),
        ((GREY / 127.5 - 1).astype(np.float32), GREY),
        (GREY.astype(np.float32), GREY),
        (GREY.astype(np.uint16) * 257, GREY),
        (GREY > 127, np.where(GREY > 127, 255, 0)),
        ((GREY > 127).astype(np.uint8), np.where(GREY > 127, 255, 0)),
        (COLOUR, COLOUR),
        (COLOUR.transpose(0, 3, 1, 2), COLOUR),
        (np.asfortranarray(COLOUR), COLOUR),
    ],
)  # fmt: skip
def test_arrangements_and_scales(tmp_path: Path, images: NDArray[Any], wanted: NDArray[Any]) -> None:
    np.savez(tmp_path / "a.npz", images=images, labels=LABELS + 5, test_images=images, test_labels=LABELS + 5)
    shape = (3, 8, 9) if wanted.ndim == 4 else (1, 8, 8)
    facts, splits = read(tmp_path / "a.npz", shape)
    assert np.array_equal(pixels(splits.train), wanted)
    assert splits.classes == ("5", "6", "7") and any("5 to 7" in note for note in facts.notes)


@pytest.mark.parametrize(
    "labels", [np.eye(3)[LABELS], np.array(["a", "b", "c"])[LABELS], LABELS.astype(float), [[b"x"], [b"y"]] * 6]
)
def test_labels_in_other_forms(tmp_path: Path, labels: Any) -> None:
    np.savez(tmp_path / "a.npz", x=GREY, y=labels)
    facts, splits = read(tmp_path / "a.npz", test=0)
    assert facts.classes == len(set(splits.classes)) == len(np.unique(splits.train.labels))
    assert splits.classes in (("0", "1", "2"), ("a", "b", "c"), ("x", "y"))


def coloured(root: Path) -> Path:
    table(root / "hmnist_8_8_RGB.csv", COLOUR[:, :, :8], None, "{},label")
    path = root / "hmnist_8_8_RGB.csv"
    head, *rows = path.read_text(encoding="utf-8").splitlines()
    path.write_text(
        "\n".join([head, *(f"{row},{label}" for row, label in zip(rows, LABELS, strict=True))]), encoding="utf-8"
    )
    return path


def test_a_coloured_table_with_its_label_last_says_how_it_was_read(tmp_path: Path) -> None:
    facts, splits = read(coloured(tmp_path), (3, 8, 8), test=0)
    kept = {image.tobytes() for image in pixels(splits.train)}
    assert facts.channels == 3 and kept < {image.tobytes() for image in np.ascontiguousarray(COLOUR[:, :, :8])}
    assert any("three colours of each pixel" in note for note in facts.notes)


def bomb(path: Path) -> None:
    """A header that claims a hundred gibibytes of zeros."""
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": "|u1", "fortran_order": False, "shape": (10**11, 8, 8)})
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x_train.npy", head.getvalue() + bytes(1000))
        archive.writestr("y_train.npy", head.getvalue())


@pytest.mark.parametrize(
    ("arrays", "code", "words"),
    [
        ({"x_train": GREY, "y_train": np.array([{}] * 12, dtype=object)}, "data.array", "holds Python objects"),
        ({"x_train": GREY, "y_train": np.ones((12, 14), int)}, "data.array", "14 labels for each image"),
        ({"x_train": GREY, "y_train": LABELS[:5]}, "data.count", "5 labels for 12 images"),
        ({"x_train": np.zeros((12, 4, 8, 8, 8)), "y_train": LABELS}, "data.array", "images: it is 12×4×8×8×8"),
        ({"x_train": GREY + np.float32("nan"), "y_train": LABELS}, "data.array", "no number"),
        ({"x_train": GREY, "y_train": LABELS * 0}, "data.classes", "one class only, 0"),
        ({"x_train": GREY, "y_train": LABELS, "x_test": GREY, "y_test": LABELS + 7}, "data.classes", "7, 8 and 9"),
        ({"a": GREY, "b": LABELS}, "data.folder", "not read as a data set"),
        (None, "data.array", "claims more than it can hold"),
        (b"PK\3\4 cut", "data.array", "cannot be read as numpy's arrays"),
    ],
)  # fmt: skip
def test_what_is_no_such_set_is_one_sentence(tmp_path: Path, arrays: Any, code: str, words: str) -> None:
    path = tmp_path / "set.npz"
    if isinstance(arrays, bytes):
        path.write_bytes(arrays)
    elif arrays is None:
        bomb(path)
    else:
        np.savez(path, **arrays)
    with pytest.raises(StudioError) as caught:
        read(path)
    assert caught.value.code == code and words in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_damaged_tables_name_the_line(tmp_path: Path) -> None:
    kaggle(tmp_path)
    path = tmp_path / "train.csv"
    good = path.read_text(encoding="utf-8").splitlines()
    for line, words in ((good[3][:40], "line 4 has"), ("x," * 64 + "1", "row 4 has something else than 64 numbers")):
        path.write_text("\n".join([*good[:3], line, *good[4:]]), encoding="utf-8")
        with pytest.raises(StudioError, match=words) as caught:
            read(tmp_path)
        assert caught.value.code == "data.table"


@pytest.mark.parametrize(
    "name", ["train.parquet", "data.h5", "mnist.pkl", "part.tfrecord", "embeddings.npy", "train.zip"]
)
def test_sets_in_other_files_are_named_with_what_to_do(tmp_path: Path, name: str) -> None:
    if name.endswith(".npy"):
        np.save(tmp_path / name, GREY)
    else:
        (tmp_path / name).write_bytes(b"PAR1....")
    with pytest.raises(StudioError, match=name) as caught:
        describe(Data(source=str(tmp_path)))
    assert caught.value.code == "data.folder"
    assert caught.value.hint == "Unpack it." if name.endswith("zip") else "numpy.savez" in caught.value.hint
