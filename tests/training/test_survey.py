"""A data set looked at before training: what is in it, what is wrong with it, what the network will get."""

from __future__ import annotations

import base64
import io
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from blockstudio.errors import StudioError
from blockstudio.graph.presets import load_preset
from blockstudio.runs.listing import list_folder, split_counts
from blockstudio.runs.photo_sizes import usual_side
from blockstudio.runs.recipe import Data, Recipe, with_fields
from blockstudio.training.augment import Augmenter, Normaliser
from blockstudio.training.data.decode import reading, survey
from blockstudio.training.data.ends import what_else
from blockstudio.training.data.load import load_data
from blockstudio.training.random import AUGMENT
from blockstudio.training.survey.checking import Checking
from blockstudio.training.survey.material import open_material
from blockstudio.training.survey.samples import Samples
from blockstudio.training.survey.serve import serve


def photo(seed: int, size: tuple[int, int] = (12, 12)) -> Image.Image:
    return Image.fromarray((np.random.default_rng(seed).random((*size, 3)) * 255).astype(np.uint8))


@pytest.fixture
def wardrobe(tmp_path: Path) -> Path:
    """Three classes of 20, 20 and 5 photos, and what is found among photos."""
    root = tmp_path / "wardrobe"
    for label, (name, count) in enumerate((("boot", 20), ("coat", 20), ("bag", 5))):
        (root / name).mkdir(parents=True)
        for index in range(count):
            photo(100 * label + index).save(root / name / f"{index:03}.png")
    whole = (root / "boot" / "000.png").read_bytes()
    (root / "boot" / "cut.png").write_bytes(whole[: len(whole) // 2])
    (root / "boot" / "empty.png").write_bytes(b"")
    (root / "coat" / "text.png").write_text("this is a note and no picture")
    (root / "coat" / "Thumbs.db").write_bytes(b"\0")
    (root / "bag" / "._001.png").write_bytes(b"\0")
    (root / "bag" / "white.png").write_bytes(_png(Image.new("RGB", (12, 12), "white")))
    shutil.copy(root / "boot" / "003.png", root / "coat" / "same.png")
    photo(7, (12, 24)).save(root / "coat" / "wide.png")
    return root


def _png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def checked(recipe: Recipe) -> Checking:
    checking = Checking(open_material(recipe))
    for _ in checking.steps():
        pass
    return checking


def test_counts_come_from_the_names_alone_and_are_those_of_a_run(wardrobe: Path) -> None:
    for each in ("boot/cut.png", "boot/empty.png", "coat/text.png"):
        (wardrobe / each).unlink()
    data = Data(source=str(wardrobe), validation=0.25, test=0.3, split=5)
    listing = list_folder(wardrobe)
    assert listing.classes == ("bag", "boot", "coat") and len(listing) == 48
    counts = split_counts(listing.train.counts(3), None, None, data)
    splits = load_data(data, (3, 12, 12))
    for part, found in (
        (splits.train, counts.train),
        (splits.validation, counts.validation),
        (splits.test, counts.test),
    ):
        assert part is not None and torch.bincount(part.labels, minlength=3).tolist() == list(found)


def test_every_file_that_is_wrong_is_named_with_its_reason(wardrobe: Path) -> None:
    checking = checked(with_fields(Recipe(), {"data.source": str(wardrobe)}))
    said = {odd.name: (odd.kind, str(odd.reason)) for files in checking.found.values() for odd in files}
    assert said.pop("boot/cut.png")[0] == "broken"
    twins = {name for name, (kind, _) in said.items() if kind == "duplicate"}
    assert len(twins) == 1 and twins <= {"coat/same.png", "boot/003.png"}
    (reason,) = [said.pop(name)[1] for name in twins]
    assert reason.startswith("the same picture is in ")
    assert said == {
        "boot/empty.png": ("broken", "empty file"),
        "coat/text.png": ("broken", "not an image: the first bytes are text"),
        "coat/Thumbs.db": ("no image", "not an image"),
        "bag/._001.png": ("no image", "not an image: the system's own notes"),
        "bag/white.png": ("odd", "one even colour"),
    }
    report = checking.report()
    assert report["done"] == report["total"] == 51
    assert report["sizes"] == [[12, 12, 47], [24, 12, 1]]
    (json_text,) = {json.dumps(report)}
    assert json.loads(json_text)["statistics"] == report["statistics"]


def test_mean_and_deviation_are_those_of_the_pixels() -> None:
    checking = checked(Recipe())
    train = load_data(Data(), (1, 8, 8)).train
    (row,) = checking.statistics()
    values = train.images.double() / 255  # type: ignore[union-attr]
    assert row["mean"] == pytest.approx(float(values.mean())) and row["std"] == pytest.approx(
        float(values.std(correction=0))
    )
    assert sum(checking.report()["histogram"]) == values.numel()


def test_tiles_are_what_the_network_gets_and_each_can_be_explained(wardrobe: Path) -> None:
    recipe = with_fields(Recipe(), {
        "data.source": str(wardrobe), "augmentation.pad_crop": 2, "augmentation.flip": True,
        "augmentation.color_jitter": 0.3, "augmentation.cutout": 3,
    })  # fmt: skip
    material = open_material(recipe, load_preset("cifar_resnet"))
    samples = Samples(material)
    assert material.fits and material.shape == (3, 32, 32)
    tiles = samples.tiles("train", 1, 4, 6)
    assert tiles == samples.tiles("train", 1, 4, 6) != samples.tiles("train", 1, 5, 6)
    for tile in tiles:
        stages = samples.explain("train", 1, 4, 6, tile["index"])
        names = [stage["name"] for stage in stages]
        assert names == ["stored", "resize", "pad", "crop", "flip", "colour", "cutout", "normalise"]
        assert stages[-1]["pixels"] == tile["pixels"]
        left, top, width, height = stages[2]["frame"]
        pad, crop = (_pixels(stages[place]) for place in (2, 3))
        assert np.array_equal(pad[top : top + height, left : left + width], crop)
        flipped = _pixels(stages[4])
        assert np.array_equal(flipped, crop) or np.array_equal(flipped, crop[:, ::-1])
    # What a run would do with the same draws, to the last bit.
    mean, std = samples.normalisation
    images = torch.randint(0, 256, (4, 3, 32, 32), dtype=torch.uint8)
    cpu = torch.device("cpu")
    augment = Augmenter(recipe.augmentation, mean, std, recipe.seed, cpu)
    theirs = augment(Normaliser(mean, std, cpu)(images), torch.zeros(4, dtype=torch.int64), 4, 1).images
    assert torch.equal(theirs, samples.seen(images, "train", 1, 4)) and AUGMENT == 1
    plain = samples.explain("validation", 1, 4, 6, samples.tiles("validation", 1, 4, 6)[0]["index"])
    assert [stage["off"] for stage in plain] == [False, False, True, True, True, False]


def _pixels(data: dict[str, Any]) -> np.ndarray[Any, Any]:
    found = np.frombuffer(base64.b64decode(data["pixels"]), np.uint8)
    return found.reshape(data["height"], data["width"], 3)


def test_a_survey_tells_what_it_knows_as_it_goes_on(wardrobe: Path) -> None:
    told: list[dict[str, Any]] = []

    class Asking:
        """Asks, and ends the input once it was answered."""

        def __iter__(self) -> Iterator[str]:
            yield json.dumps({"ask": "tiles", "labels": [0, 1], "draw": 1, "count": 3})
            yield "half a li"
            yield json.dumps({"ask": "stages", "label": 99, "index": 0})

    serve(with_fields(Recipe(), {"data.source": str(wardrobe)}), None, Asking(), told.append)  # type: ignore[arg-type]
    kinds = [event["event"] for event in told]
    assert kinds[:2] == ["set", "checked"] and "refused" in kinds
    assert told[1]["done"] == 0 and told[1]["total"] == 51
    tiles = [event for event in told if event["event"] == "tiles"]
    assert [event["label"] for event in tiles] == [0, 1] and all(len(event["tiles"]) == 3 for event in tiles)


@pytest.mark.parametrize("source", ["digits", "fashion_sample", "shapes"])
def test_sets_that_come_along_can_be_looked_at(source: str) -> None:
    material = open_material(with_fields(Recipe(), {"data.source": source, "data.shapes.images": 50}))
    assert sum(material.counts().totals) == len(material)
    assert len(Samples(material).tiles("train", 3, 0, 4)) == 4


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes")
def test_a_pipe_among_the_images_is_told_and_holds_nobody(tmp_path: Path) -> None:
    """Opening a pipe waits for a writer that never comes, and a device never ends."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        for index in range(4):
            noise = np.random.default_rng(index).random((12, 12, 3))
            Image.fromarray((noise * 255).astype(np.uint8)).save(tmp_path / name / f"{index}.png")
    os.mkfifo(tmp_path / "one" / "pipe.png")
    (tmp_path / "two" / "endless.png").symlink_to("/dev/zero")
    odd = (tmp_path / "one" / "pipe.png", tmp_path / "two" / "endless.png")
    assert set(survey([*sorted(tmp_path.glob("*/?.png")), *odd]).damaged) == set(odd)
    for path in odd:
        with pytest.raises(StudioError), reading(path):
            pass
        assert what_else(path) is None
    assert usual_side(tmp_path) == 12
