"""Reading data: built-in, drawn, IDX, CIFAR, folders; and every way in which they can be wrong."""

from __future__ import annotations

import dataclasses
import gzip
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from blockstudio.answers import StudioErrors
from blockstudio.errors import StudioError
from blockstudio.runs import Recipe, with_fields
from blockstudio.runs.datasets import describe
from blockstudio.runs.structure import Data, Shapes
from blockstudio.training.data import batches as feeding
from blockstudio.training.data import load as loading
from blockstudio.training.data.batches import Feeder
from blockstudio.training.data.folder import Files
from blockstudio.training.data.images import ImageSet, fit, statistics
from blockstudio.training.data.load import DataSplits, load_data, stratified
from blockstudio.training.data.shapes import class_names, draw

CPU = torch.device("cpu")


def in_memory(splits: DataSplits) -> ImageSet:
    assert isinstance(splits.train, ImageSet)
    return splits.train


# Digits


def test_digits_are_split_by_class_and_always_alike() -> None:
    one, two = load_data(Data(), (1, 8, 8)), load_data(Data(), (1, 8, 8))
    assert one.fingerprint() == two.fingerprint()
    assert one.validation is not None and one.test is not None
    assert len(one.train) + len(one.validation) + len(one.test) == 1797
    for part, share in ((one.test, 0.2), (one.validation, 0.08)):
        counts = torch.bincount(part.labels, minlength=10)
        assert counts.min() > 0
        assert counts.float().max() / counts.float().min() < 1.2
        assert len(part) / 1797 == pytest.approx(share, abs=0.01)


def test_digits_are_the_real_ones() -> None:
    datasets = pytest.importorskip("sklearn.datasets")
    splits = load_data(Data(validation=0), (1, 8, 8))
    assert isinstance(splits.test, ImageSet)
    ours = torch.cat([in_memory(splits).images, splits.test.images]).float().sum(0)
    theirs = torch.from_numpy(np.rint(datasets.load_digits().images * (255 / 16))).float().sum(0)
    assert torch.equal(ours[0], theirs)


FASHION = Path("/usr/share/datasets/fashion-mnist")


def test_the_fashion_sample_is_balanced_and_known_by_its_sums() -> None:
    splits = load_data(Data(source="fashion_sample", validation=0), (1, 28, 28))
    assert isinstance(splits.test, ImageSet)
    assert torch.bincount(splits.train.labels).tolist() == [600] * 10
    assert torch.bincount(splits.test.labels).tolist() == [100] * 10
    assert splits.classes[0] == "T-shirt" and splits.classes[9] == "ankle boot"
    assert 0.28 < splits.mean[0] < 0.29 and 0.35 < splits.std[0] < 0.36, "as of the whole set: 0.286, 0.353"


@pytest.mark.skipif(not FASHION.is_dir(), reason="the whole set is not installed")
def test_the_fashion_sample_holds_images_of_the_whole_set() -> None:
    sample = load_data(Data(source="fashion_sample", validation=0), (1, 28, 28))
    whole = load_data(Data(source=str(FASHION), validation=0), (1, 28, 28))
    known = {
        image.numpy().tobytes(): int(label)
        for image, label in zip(in_memory(whole).images, whole.train.labels, strict=True)
    }
    for image, label in zip(in_memory(sample).images, sample.train.labels, strict=True):
        assert known[image.numpy().tobytes()] == int(label)


def test_a_set_of_the_program_that_is_not_whole_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "digits.npz"
    for data in (b"", b"PK nonsense"):
        broken.write_bytes(data)
        monkeypatch.setattr("blockstudio.training.data.digits.FILE", broken)
        with pytest.raises(StudioError) as caught:
            load_data(Data(), (1, 8, 8))
        assert caught.value.code == "data.packaged" and "again" in caught.value.hint


def test_no_image_is_in_two_parts() -> None:
    labels = torch.arange(100) % 7
    kept, held = stratified(labels, 0.3, 0, 0)
    assert sorted([*kept.tolist(), *held.tolist()]) == list(range(100))
    counts = torch.bincount(labels).tolist()
    assert torch.bincount(labels[held]).tolist() == [round(0.3 * count) for count in counts]
    again, other = stratified(labels, 0.3, 0, 0)[1], stratified(labels, 0.3, 0, 1)[1]
    assert torch.equal(again, held) and not torch.equal(other, held)


def test_the_recipe_says_how_much_is_held_out_for_testing(tmp_path: Path) -> None:
    for label, name in enumerate(("dark", "light")):
        (tmp_path / name).mkdir()
        for index in range(10):
            Image.new("L", (8, 8), 100 * label + index).save(tmp_path / name / f"{index}.png")
    for share, held in ((0.2, 4), (0.5, 10)):
        splits = load_data(Data(source=str(tmp_path), test=share, validation=0), (1, 8, 8))
        assert splits.test is not None
        assert (len(splits.train), len(splits.test)) == (20 - held, held)


def test_a_class_of_one_image_keeps_it() -> None:
    kept, held = stratified(torch.tensor([0, 0, 0, 0, 1]), 0.5, 0, 0)
    assert 4 in kept.tolist()
    assert len(held) == 2


# Resizing


def test_fitting_is_as_the_recipe_says() -> None:
    images = torch.arange(2 * 3 * 4 * 8, dtype=torch.uint8).view(2, 3, 4, 8)
    assert fit(images, (3, 6, 6), Data(), "x").shape == (2, 3, 6, 6)
    assert fit(images, (1, 4, 8), Data(), "x").shape == (2, 1, 4, 8)
    cropped = fit(images, (3, 4, 4), Data(resize="crop"), "x")
    assert torch.equal(cropped, images[:, :, :, 2:6])
    assert fit(images, (3, 4, 8), Data(resize="none", channels="none"), "x").data_ptr() == images.data_ptr()


def test_grey_images_are_repeated_for_a_colour_network() -> None:
    grey = torch.randint(0, 256, (3, 1, 5, 5), dtype=torch.uint8)
    colour = fit(grey, (3, 5, 5), Data(), "x")
    assert all(torch.equal(colour[:, channel], grey[:, 0]) for channel in range(3))
    assert torch.equal(fit(colour, (1, 5, 5), Data(), "x"), grey)


@pytest.mark.parametrize(
    ("shape", "data", "code"),
    [
        ((1, 9, 9), Data(resize="none"), "data.size"),
        ((3, 8, 8), Data(channels="none"), "data.channels"),
        ((5, 8, 8), Data(), "data.channels"),
    ],
)
def test_what_the_recipe_forbids_is_refused(shape: tuple[int, int, int], data: Data, code: str) -> None:
    with pytest.raises(StudioError) as caught:
        load_data(data, shape)
    assert caught.value.code == code
    assert caught.value.hint


def test_statistics_are_those_of_the_pixels() -> None:
    images = torch.randint(0, 256, (3000, 2, 3, 3), dtype=torch.uint8)
    mean, std = statistics(images)
    values = images.double() / 255
    assert mean == pytest.approx(values.mean((0, 2, 3)).tolist())
    assert std == pytest.approx(values.std((0, 2, 3), unbiased=False).tolist())
    assert statistics(torch.zeros(4, 1, 2, 2, dtype=torch.uint8))[1] == [1.0]


# Shapes


def test_shapes_do_not_depend_on_how_many_are_asked_for() -> None:
    few, many = (draw(Shapes(size=24), count, part=0) for count in (10, 300))
    assert torch.equal(few.images, many.images[:10])
    assert not torch.equal(few.images, draw(Shapes(size=24, seed=1), 10, part=0).images)
    assert not torch.equal(few.images, draw(Shapes(size=24), 10, part=1).images)


def test_every_object_lies_in_its_box_and_nowhere_else() -> None:
    size = 40
    drawn = draw(Shapes(size=size, classes=10), 60, part=0)
    assert drawn.boxes is not None
    for image, (left, top, right, bottom) in zip(drawn.images.float(), drawn.boxes.int().tolist(), strict=True):
        assert 0 <= left < right <= size and 0 <= top < bottom <= size
        assert 5 <= right - left <= size and 5 <= bottom - top <= size
        # The row just inside the box's edge differs from the one just outside where the object touches it.
        if top > 1:
            inside, outside = image[:, top, left:right], image[:, top - 2, left:right]
            assert (inside - outside).abs().sum(0).max() > 20


def test_many_classes_are_kinds_and_colours() -> None:
    names = class_names(25)
    assert len(set(names)) == 25
    splits = load_data(Data(source="shapes", shapes=Shapes(classes=25, images=100, size=16)), (3, 16, 16))
    assert splits.classes == names
    assert splits.test is not None
    assert set(splits.train.labels.tolist()) == set(range(25)) == set(splits.test.labels.tolist())


# IDX


def write_idx(path: Path, values: np.ndarray[Any, Any]) -> None:
    raw = struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape) + values.astype(np.uint8).tobytes()
    path.write_bytes(gzip.compress(raw) if path.suffix == ".gz" else raw)


def idx_folder(root: Path, ending: str = "", test: bool = True) -> None:
    rng = np.random.default_rng(0)
    for stem, count in (("train", 40), ("t10k", 10)) if test else (("train", 40),):
        write_idx(root / f"{stem}-images-idx3-ubyte{ending}", rng.integers(0, 256, (count, 7, 7)))
        write_idx(root / f"{stem}-labels-idx1-ubyte{ending}", np.arange(count) % 4)


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_idx_files_are_read(tmp_path: Path, ending: str) -> None:
    idx_folder(tmp_path, ending)
    splits = load_data(Data(source=str(tmp_path), validation=0), (1, 7, 7))
    assert splits.classes == ("0", "1", "2", "3")
    assert splits.test is not None and len(splits.test) == 10
    expected = np.random.default_rng(0).integers(0, 256, (40, 7, 7))
    assert np.array_equal(in_memory(splits).images[:, 0].numpy(), expected)


def test_without_a_test_part_some_are_held_out_and_it_is_said(tmp_path: Path) -> None:
    idx_folder(tmp_path, test=False)
    splits = load_data(Data(source=str(tmp_path), validation=0.25), (1, 7, 7))
    assert splits.test is not None and splits.validation is not None
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (24, 8, 8)
    assert "held out for testing" in splits.notes[0]


@pytest.mark.parametrize(
    ("name", "change", "code"),
    [
        ("train-images-idx3-ubyte", lambda raw: raw[:-1], "data.idx"),
        ("train-images-idx3-ubyte", lambda raw: raw + b"x", "data.idx"),
        ("t10k-labels-idx1-ubyte", lambda raw: raw[:4] + struct.pack(">I", 9) + raw[8:-1], "data.count"),
        ("t10k-images-idx3-ubyte", lambda raw: b"\0\0\x08\1" + raw[4:], "data.idx"),
    ],
)
def test_a_damaged_idx_file_is_named(tmp_path: Path, name: str, change: Any, code: str) -> None:
    idx_folder(tmp_path)
    (tmp_path / name).write_bytes(change((tmp_path / name).read_bytes()))
    with pytest.raises(StudioError) as caught:
        load_data(Data(source=str(tmp_path)), (1, 7, 7))
    assert caught.value.code == code
    assert caught.value.where.endswith(name) or name.replace("images-idx3", "labels-idx1") in caught.value.where


FASHION = Path("/usr/share/datasets/fashion-mnist")


@pytest.mark.slow
@pytest.mark.skipif(not FASHION.is_dir(), reason="Fashion-MNIST is not installed")
def test_fashion_mnist_is_found_where_the_system_keeps_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BLOCKSTUDIO_DATA", str(tmp_path))
    splits = load_data(Data(source="fashion_mnist"), (1, 28, 28))
    assert len(splits.train) == 54_000
    assert splits.classes[0] == "T-shirt"


def test_mean_and_deviation_may_be_given() -> None:
    own = load_data(Data(source="shapes"), (3, 32, 32))
    given = load_data(Data(source="shapes", mean=(0.485, 0.456, 0.406), std=(0.5,)), (3, 32, 32))
    assert (given.mean, given.std) == ([0.485, 0.456, 0.406], [0.5, 0.5, 0.5])
    assert load_data(Data(source="shapes", mean=(0.5,)), (3, 32, 32)).std == own.std
    with pytest.raises(StudioError, match="has 2 numbers; the network takes 3 channels") as caught:
        load_data(Data(source="shapes", mean=(0.1, 0.2)), (3, 32, 32))
    assert caught.value.where == "data.mean"


def test_mean_and_deviation_are_read_from_text_in_any_order() -> None:
    recipe = with_fields(Recipe(), {"data.mean": "0.485, 0.456 0.406", "data.std": "0.229"})
    assert (recipe.data.mean, recipe.data.std) == ((0.485, 0.456, 0.406), (0.229,))
    with pytest.raises(StudioError, match=r"a number for each channel from 0\.001 to 10"):
        with_fields(Recipe(), {"data.std": "0"})


# CIFAR and torchvision


def test_cifar_10_is_read_in_its_binary_form(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    folder = tmp_path / "cifar-10-batches-bin"
    folder.mkdir()
    rows = {}
    for name in ("data_batch_1.bin", "data_batch_2.bin", "test_batch.bin"):
        rows[name] = rng.integers(0, 256, (20, 3073), dtype=np.uint8)
        rows[name][:, 0] = np.arange(20) % 10
        (folder / name).write_bytes(rows[name].tobytes())
    (folder / "batches.meta.txt").write_text("\n".join(f"name{label}" for label in range(10)) + "\n\n")
    splits = load_data(Data(source="cifar10", folder=str(tmp_path), validation=0), (3, 32, 32))
    assert splits.classes[3] == "name3"
    assert len(splits.train) == 40
    assert np.array_equal(in_memory(splits).images[20].numpy().ravel(), rows["data_batch_2.bin"][0, 1:])
    (folder / "test_batch.bin").write_bytes(b"short")
    with pytest.raises(StudioError) as caught:
        load_data(Data(source=str(tmp_path)), (3, 32, 32))
    assert caught.value.where.endswith("test_batch.bin")


def test_cifar_100_takes_the_fine_labels(tmp_path: Path) -> None:
    row = np.zeros((4, 3074), np.uint8)
    row[:, 0], row[:, 1], row[:, 2] = 3, [7, 8, 99, 7], 200
    for name in ("train.bin", "test.bin"):
        (tmp_path / name).write_bytes(row.tobytes())
    splits = load_data(Data(source=str(tmp_path), validation=0), (3, 32, 32))
    assert splits.train.labels.tolist() == [7, 8, 99, 7]
    assert len(splits.classes) == 100
    row[0, 1] = 100
    (tmp_path / "test.bin").write_bytes(row.tobytes())
    with pytest.raises(StudioError, match="label 100"):
        load_data(Data(source=str(tmp_path)), (3, 32, 32))


@pytest.mark.parametrize("name", ["cifar10", "mnist", "stl10", "food101", "oxford_pets", "gtsrb", "imagenette"])
def test_a_set_that_is_not_there_is_never_fetched_unasked(name: str, tmp_path: Path) -> None:
    with pytest.raises(StudioError) as caught:
        load_data(Data(source=name, folder=str(tmp_path)), (3, 32, 32))
    assert caught.value.code == "data.absent"
    assert "data.download" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_a_torchvision_set_is_read(tmp_path: Path) -> None:
    # SVHN's own form is a Matlab file; torchvision checks no hash when it opens it, only when it fetches.
    scipy = pytest.importorskip("scipy.io")
    datasets = pytest.importorskip("torchvision.datasets")
    rng = np.random.default_rng(0)
    for part in ("train", "test"):
        pixels = rng.integers(0, 256, (32, 32, 3, 30), dtype=np.uint8)
        scipy.savemat(tmp_path / f"{part}_32x32.mat", {"X": pixels, "y": (np.arange(30) % 10 + 1)[:, None]})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(datasets.SVHN, "_check_integrity", lambda self: True)
        splits = load_data(Data(source="svhn", folder=str(tmp_path), validation=0), (3, 32, 32))
    assert (len(splits.train), len(splits.classes)) == (30, 10)
    assert in_memory(splits).images.shape == (30, 3, 32, 32)


# Folders


def photo(path: Path, size: tuple[int, int] = (12, 10), mode: str = "RGB", seed: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    bands = len(Image.new(mode, (1, 1)).getbands())
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], bands), dtype=np.uint8)
    image = Image.fromarray(pixels.squeeze(), mode)
    if mode == "P":
        image.putpalette([shade for value in range(256) for shade in (value, value, value)])
    image.save(path)


def photos(root: Path, count: int = 6, size: tuple[int, int] = (12, 10)) -> Path:
    for label, name in enumerate(("cat", "dog", "owl")):
        for number in range(count):
            photo(root / name / f"{number}.png", size, seed=100 * label + number)
    return root


def test_a_folder_of_classes_is_read_and_split(tmp_path: Path) -> None:
    splits = load_data(Data(source=str(photos(tmp_path, 10)), validation=0.25), (3, 8, 8))
    assert splits.classes == ("cat", "dog", "owl")
    assert splits.validation is not None and splits.test is not None
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (18, 6, 6)
    assert in_memory(splits).images.shape == (18, 3, 8, 8)


def test_pictures_of_other_kinds_are_read_or_said_to_be_left_out(tmp_path: Path) -> None:
    photos(tmp_path, 4)
    for path in (tmp_path / "cat").iterdir():
        path.rename(path.with_suffix(".JFIF"))  # Known by what is in it.
    (tmp_path / "dog" / "IMG_1.HEIC").write_bytes(b"\0\0\0\x18ftypheic")
    splits = load_data(Data(source=str(tmp_path), validation=0), (3, 8, 8))
    assert len(splits.train) + len(splits.test or ()) == 12
    assert [note for note in splits.notes if "1 picture is left out" in note and ".heic" in note]
    for path in (tmp_path / "owl").iterdir():
        path.rename(path.with_suffix(".heic"))
    with pytest.raises(StudioError, match=r"owl: has no image in it\. Its pictures are of a kind .*\(\.heic\)"):
        load_data(Data(source=str(tmp_path)), (3, 8, 8))


def test_train_val_and_test_folders_are_taken_as_they_are(tmp_path: Path) -> None:
    for part, count in (("train", 5), ("val", 2), ("test", 3)):
        photos(tmp_path / part, count)
    splits = load_data(Data(source=str(tmp_path)), (3, 8, 8))
    assert splits.validation is not None and splits.test is not None
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (15, 6, 9)
    assert splits.notes == []


def test_without_a_test_folder_the_validation_images_serve(tmp_path: Path) -> None:
    for part, count in (("train", 5), ("val", 2)):
        photos(tmp_path / part, count)
    splits = load_data(Data(source=str(tmp_path)), (3, 8, 8))
    assert splits.test is splits.validation
    assert "no test folder" in splits.notes[0]


@pytest.mark.parametrize(
    ("mode", "ending"), [("L", "png"), ("RGBA", "png"), ("RGB", "jpg"), ("CMYK", "jpg"), ("P", "gif")]
)
def test_images_of_any_kind_become_colour_or_grey(tmp_path: Path, mode: str, ending: str) -> None:
    for name in ("a", "b"):
        for number in range(3):
            photo(tmp_path / name / f"{number}.{ending}", mode=mode, seed=number)
    for channels in (1, 3):
        splits = load_data(Data(source=str(tmp_path), validation=0), (channels, 10, 12))
        assert in_memory(splits).images.shape[1:] == (channels, 10, 12)


def test_sixteen_bit_images_are_scaled_not_clipped(tmp_path: Path) -> None:
    for name in ("a", "b"):
        for number in range(2):
            (tmp_path / name).mkdir(exist_ok=True)
            ramp = np.linspace(0, 65535, 64).reshape(8, 8).astype(np.uint16)
            Image.fromarray(ramp).save(tmp_path / name / f"{number}.png")
    splits = load_data(Data(source=str(tmp_path), validation=0), (1, 8, 8))
    assert len(in_memory(splits).images[0].unique()) > 50


def test_every_unreadable_image_is_named_at_once(tmp_path: Path) -> None:
    photos(tmp_path)
    (tmp_path / "cat" / "0.png").write_bytes(b"not an image")
    whole = (tmp_path / "dog" / "1.png").read_bytes()
    (tmp_path / "dog" / "1.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(StudioErrors) as caught:
        load_data(Data(source=str(tmp_path), validation=0), (3, 8, 8))
    assert {Path(problem.where).parent.name for problem in caught.value.problems} == {"cat", "dog"}
    assert {problem.code for problem in caught.value.problems} == {"data.image"}


def test_an_empty_file_an_empty_class_and_an_unknown_class_are_told_together(tmp_path: Path) -> None:
    photos(tmp_path / "train")
    photos(tmp_path / "test")
    (tmp_path / "train" / "cat" / "0.png").write_bytes(b"")
    (tmp_path / "train" / "yak").mkdir()
    (tmp_path / "train" / "yak" / "notes.txt").write_text("no image")
    photo(tmp_path / "test" / "zebra" / "1.png")
    with pytest.raises(StudioErrors) as caught:
        load_data(Data(source=str(tmp_path)), (3, 8, 8))
    found = {(problem.code, Path(problem.where).name) for problem in caught.value.problems}
    assert found == {("data.image", "0.png"), ("data.empty", "yak"), ("data.classes", "zebra")}


def test_very_many_bad_files_are_not_all_listed(tmp_path: Path) -> None:
    photos(tmp_path, 15)
    for path in tmp_path.rglob("*.png"):
        path.write_bytes(b"broken")
    with pytest.raises(StudioErrors) as caught:
        load_data(Data(source=str(tmp_path), validation=0), (3, 8, 8))
    assert len(caught.value.problems) == 11
    assert "more" in caught.value.problems[-1].message


def test_one_class_is_not_enough(tmp_path: Path) -> None:
    photo(tmp_path / "cat" / "1.png")
    with pytest.raises(StudioError) as caught:
        load_data(Data(source=str(tmp_path)), (3, 8, 8))
    assert caught.value.code == "data.classes"


# From disk, batch by batch


@pytest.fixture
def feeder() -> Iterator[Callable[..., Feeder]]:
    made: list[Feeder] = []

    def make(source: Path, shape: tuple[int, int, int] = (3, 10, 12), **fields: Any) -> Feeder:
        recipe = with_fields(Recipe(), {"batch_size": 4, "data": {"source": str(source), "validation": 0, **fields}})
        made.append(Feeder(load_data(recipe.data, shape), recipe, CPU))
        return made[-1]

    yield make
    for item in made:
        item.close()


MakeFeeder = Callable[..., Feeder]


@pytest.mark.parametrize("workers", [0, 2])
def test_disk_and_memory_give_the_same_batches(feeder: MakeFeeder, tmp_path: Path, workers: int) -> None:
    photos(tmp_path, 10)
    memory, disk = feeder(tmp_path, storage="memory"), feeder(tmp_path, storage="disk", workers=workers)
    for epoch, first in ((0, 0), (1, 2)):
        pairs = list(zip(memory.train(epoch, first), disk.train(epoch, first), strict=True))
        assert len(pairs) == memory.steps_per_epoch - first
        for ours, theirs in pairs:
            assert torch.equal(ours.labels, theirs.labels)
            assert torch.equal(ours.images, theirs.images)


def test_disk_and_memory_resize_alike(feeder: MakeFeeder, tmp_path: Path) -> None:
    photos(tmp_path, 10, size=(31, 23))
    for resize in ("fit", "crop"):
        memory = feeder(tmp_path, (3, 16, 16), storage="memory", resize=resize)
        disk = feeder(tmp_path, (3, 16, 16), storage="disk", resize=resize, workers=0)
        ours, theirs = next(memory.train(0, 0)), next(disk.train(0, 0))
        # One step of 256, at a deviation of some 0.3: rounding differs.
        assert (ours.images - theirs.images).abs().max() < 0.05


def test_an_image_that_breaks_while_training_is_named(feeder: MakeFeeder, tmp_path: Path) -> None:
    photos(tmp_path, 10)
    reading = feeder(tmp_path, storage="disk", workers=1)
    for path in tmp_path.rglob("*.png"):
        path.write_bytes(b"gone bad")
    with pytest.raises(StudioError) as caught:
        list(reading.train(0, 0))
    assert caught.value.code == "data.image"
    assert caught.value.where.endswith(".png")


def test_headers_are_checked_before_training_from_disk(tmp_path: Path) -> None:
    photos(tmp_path, 10)
    (tmp_path / "owl" / "3.png").write_bytes(b"not an image")
    with pytest.raises(StudioError) as caught:
        load_data(Data(source=str(tmp_path), storage="disk"), (3, 8, 8))
    assert caught.value.where.endswith("3.png")


def test_too_much_for_memory_stays_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photos(tmp_path)
    monkeypatch.setattr(loading, "MEMORY_LIMIT", 18 * 3 * 8 * 8 - 1)
    assert isinstance(load_data(Data(source=str(tmp_path)), (3, 8, 8)).train, Files)
    monkeypatch.setattr(loading, "MEMORY_LIMIT", 18 * 3 * 8 * 8)
    assert isinstance(load_data(Data(source=str(tmp_path)), (3, 8, 8)).train, ImageSet)


# Batches


def test_every_image_comes_once_an_epoch_in_another_order() -> None:
    recipe = with_fields(Recipe(), {"batch_size": 50})
    splits = load_data(Data(validation=0), (1, 8, 8))
    reading = Feeder(splits, recipe, CPU)
    assert reading.steps_per_epoch == 28
    epochs = [torch.cat([batch.images for batch in reading.train(epoch, 0)]) for epoch in (0, 0, 1)]
    assert torch.equal(epochs[0], epochs[1])
    assert not torch.equal(epochs[0], epochs[2])
    assert len(epochs[0].flatten(1).unique(dim=0)) > 1390
    late = torch.cat([batch.images for batch in reading.train(0, 20)])
    assert torch.equal(late, epochs[0][1000:])


def test_bytes_and_floats_in_memory_give_the_same_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = with_fields(Recipe(), {"batch_size": 64, "augmentation": {"flip": True}})
    splits = load_data(recipe.data, (1, 8, 8))
    floats = [batch.images for batch in Feeder(splits, recipe, CPU).train(0, 0)]
    monkeypatch.setattr(feeding, "FLOAT_LIMIT", 0)
    from_bytes = [batch.images for batch in Feeder(splits, recipe, CPU).train(0, 0)]
    assert all(torch.equal(one, two) for one, two in zip(floats, from_bytes, strict=True))


def test_a_batch_larger_than_the_set_is_the_set() -> None:
    recipe = with_fields(Recipe(), {"batch_size": 60_000})
    reading = Feeder(load_data(recipe.data, (1, 8, 8)), recipe, CPU)
    assert (reading.batch_size, reading.steps_per_epoch) == (1299, 1)


def test_evaluation_sees_every_image_in_order() -> None:
    recipe = with_fields(Recipe(), {"batch_size": 64})
    splits = load_data(recipe.data, (1, 8, 8))
    reading = Feeder(splits, recipe, CPU)
    assert splits.test is not None
    labels = torch.cat([labels for _, labels in reading.evaluate(splits.test)])
    assert torch.equal(labels, splits.test.labels)


def test_small_images_that_the_network_wants_large_are_fitted_batch_by_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = with_fields(Recipe(), {"batch_size": 64, "augmentation": {"pad_crop": 2}})
    at_once = load_data(recipe.data, (3, 20, 20))
    monkeypatch.setattr(loading, "MEMORY_LIMIT", 1)
    later = load_data(recipe.data, (3, 20, 20))
    assert in_memory(later).images.shape[1:] == (1, 8, 8)
    assert later.mean == pytest.approx(at_once.mean, abs=0.01)
    later = dataclasses.replace(later, mean=at_once.mean, std=at_once.std)
    for ours, theirs in zip(
        Feeder(later, recipe, CPU).train(0, 0), Feeder(at_once, recipe, CPU).train(0, 0), strict=True
    ):
        assert torch.equal(ours.images, theirs.images)


def test_validation_and_test_folders_beside_the_classes_are_no_classes(tmp_path: Path) -> None:
    photos(tmp_path)
    photos(tmp_path / "test", 2)
    assert describe(Data(source=str(tmp_path))).classes == 3
    splits = load_data(Data(source=str(tmp_path), validation=0), (3, 8, 8))
    assert splits.classes == ("cat", "dog", "owl")
    assert splits.test is not None and len(splits.test) == 6
