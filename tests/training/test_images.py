"""An image is what a viewer shows: upright, on a ground, one scale for the set. What cannot be read is said in time."""

from __future__ import annotations

import gc
import io
import json
import os
import struct
import warnings
import weakref
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageCms, ImageOps

from blockstudio.errors import StudioError
from blockstudio.runs import create_run
from blockstudio.runs.recipe import Recipe, with_fields
from blockstudio.runs.structure import Data
from blockstudio.training.data.decode import Decoder, range_of, survey
from blockstudio.training.data.images import ImageSet
from blockstudio.training.data.load import DataSplits, load_data
from blockstudio.training.trainer import train_run
from tests.support.tiny import tiny_network

GREY = Decoder(1)
COLOUR = Decoder(3)
PHOTO = (np.random.default_rng(0).random((12, 20, 3)) * 255).astype(np.uint8)


def noisy(seed: int, size: tuple[int, int] = (8, 8)) -> np.ndarray[Any, Any]:
    return (np.random.default_rng(seed).random((*size, 3)) * 255).astype(np.uint8)


def folder(root: Path, ending: str = ".png", count: int = 10, **options: Any) -> Path:
    """Two classes of noise, told apart by their brightness."""
    for label, name in enumerate(("dark", "light")):
        (root / name).mkdir(parents=True)
        for index in range(count):
            pixels = noisy(index + 100 * label) // 2 + 127 * label
            Image.fromarray(pixels.astype(np.uint8)).save(root / name / f"{index:02}{ending}", **options)
    return root


def values(splits: DataSplits) -> torch.Tensor:
    assert isinstance(splits.train, ImageSet)
    return splits.train.images


# Upright, first frame, any mode


@pytest.mark.parametrize("ending", [".png", ".jpg", ".tif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_photo_is_upright(tmp_path: Path, orientation: int, ending: str) -> None:
    path = tmp_path / f"photo{ending}"
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(PHOTO).save(path, exif=exif, **({"quality": 100, "subsampling": 0} if ending == ".jpg" else {}))
    wanted = np.asarray(ImageOps.exif_transpose(Image.open(path)))
    found = COLOUR.read(path).permute(1, 2, 0).numpy()
    assert found.shape == wanted.shape and (found == wanted).all()
    assert found.shape[0] == (12 if orientation <= 4 else 20)


def test_of_a_moving_image_the_first_frame_counts(tmp_path: Path) -> None:
    frames = [Image.new("L", (6, 6), value) for value in (40, 250, 90)]
    for ending in (".gif", ".png", ".webp", ".tif"):
        path = tmp_path / f"moving{ending}"
        frames[0].save(
            path, save_all=True, append_images=frames[1:], **({"lossless": True} if ending == ".webp" else {})
        )
        assert (GREY.read(path) == 40).all(), ending


@pytest.mark.parametrize(
    ("mode", "ending", "colour"),
    [
        ("1", ".png", (255, 255, 255)), ("L", ".png", (255, 255, 255)), ("P", ".png", (255, 255, 255)),
        ("RGB", ".png", (255, 255, 255)), ("CMYK", ".jpg", (255, 255, 255)), ("CMYK", ".tif", (255, 255, 255)),
        ("YCbCr", ".jpg", (255, 255, 255)), ("LAB", ".tif", (255, 255, 255)),
    ],
)  # fmt: skip
def test_every_mode_is_shown_in_colour_and_grey(tmp_path: Path, mode: str, ending: str, colour: tuple) -> None:
    path = tmp_path / f"white{ending}"
    if mode == "LAB":
        Image.fromarray(np.full((5, 4, 3), (255, 0, 0), np.uint8), "LAB").save(path)
    else:
        Image.new("RGB", (4, 5), colour).convert(mode).save(path)
    found, grey = COLOUR.read(path), GREY.read(path)
    assert found.shape == (3, 5, 4) and grey.shape == (1, 5, 4)
    assert (found.float() - torch.tensor(colour).view(3, 1, 1)).abs().max() <= 2
    assert (grey.float() - 255).abs().max() <= 2


def test_a_profile_is_applied_as_a_viewer_does(tmp_path: Path) -> None:
    """A profile that swaps nothing but curves: ProPhoto-like gamma 1.8 in the place of sRGB's."""
    profile = wide_profile()
    flat = Image.new("RGB", (8, 8), (128, 64, 200))
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    wanted = ImageCms.profileToProfile(flat, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    assert wanted is not None and wanted.getpixel((0, 0)) != (128, 64, 200)
    for ending, options in (
        (".png", {}),
        (".jpg", {"quality": 100, "subsampling": 0}),
        (".tif", {}),
        (".webp", {"lossless": True}),
    ):
        flat.save(tmp_path / f"a{ending}", icc_profile=profile, **options)
        found = COLOUR.read(tmp_path / f"a{ending}")
        assert (found[:, 0, 0] - torch.tensor(wanted.getpixel((0, 0)))).abs().max() <= 3, ending
    half = flat.convert("RGBA")
    half.putalpha(0)
    half.save(tmp_path / "b.png", icc_profile=profile)
    assert (COLOUR.read(tmp_path / "b.png") == 255).all()
    for known in (ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(), b"no profile"):
        flat.save(tmp_path / "c.png", icc_profile=known)
        assert COLOUR.read(tmp_path / "c.png")[:, 0, 0].tolist() == [128, 64, 200]


def wide_profile() -> bytes:
    """A profile of RGB with gamma 1.8 and Adobe's primaries, made by hand: nothing on this machine is needed."""

    def xyz(*values: float) -> bytes:
        return b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(value * 65536)) for value in values)

    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(1.8 * 256)) + b"\0\0"
    text = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"wide\0" + bytes(4 + 4 + 2 + 1 + 67) + b"\0" * 3
    parts = {
        b"desc": text, b"cprt": b"text\0\0\0\0none\0\0\0\0", b"wtpt": xyz(0.9642, 1.0, 0.8249),
        b"rXYZ": xyz(0.60974, 0.31111, 0.01947), b"gXYZ": xyz(0.20528, 0.62567, 0.06087),
        b"bXYZ": xyz(0.14919, 0.06322, 0.74457), b"rTRC": curve, b"gTRC": curve, b"bTRC": curve,
    }  # fmt: skip
    table, data = struct.pack(">I", len(parts)), b""
    start = 128 + 4 + 12 * len(parts)
    for name, content in parts.items():
        content += bytes(-len(content) % 4)
        table += name + struct.pack(">II", start + len(data), len(content))
        data += content
    head = bytearray(128)
    head[4:24] = b"none\x02\x10\0\0mntrRGB XYZ "
    head[36:40], head[68:80] = b"acsp", xyz(0.9642, 1.0, 0.8249)[8:]
    whole = bytes(head) + table + data
    return struct.pack(">I", len(whole)) + whole[4:]


# Transparent


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA"])
def test_a_black_drawing_on_nothing_stands_on_the_ground(tmp_path: Path, mode: str) -> None:
    drawing = np.zeros((8, 8, 4), np.uint8)
    drawing[2:6, 2:6, 3] = 255
    path = tmp_path / "drawing.png"
    Image.fromarray(drawing, "RGBA").convert("LA" if mode == "LA" else "RGBA").save(path)
    if mode == "PA":
        Image.fromarray(drawing, "RGBA").quantize(4).save(path)
    for decoder in (GREY, COLOUR):
        found = decoder.read(path)
        assert (found[:, 2:6, 2:6] == 0).all() and (found[:, 0] == 255).all()
    on_blue = Decoder(3, background="#0000ff").read(path)
    assert on_blue[:, 0, 0].tolist() == [0, 0, 255]


def test_half_transparent_is_half_ground(tmp_path: Path) -> None:
    path = tmp_path / "half.png"
    Image.new("RGBA", (3, 3), (255, 0, 0, 128)).save(path)
    assert COLOUR.read(path)[:, 1, 1].tolist() == [255, 127, 127]


def test_a_transparent_colour_of_a_png_counts_too(tmp_path: Path) -> None:
    path = tmp_path / "key.png"
    Image.new("RGB", (3, 3), (0, 0, 0)).save(path, transparency=(0, 0, 0))
    assert (COLOUR.read(path) == 255).all()

    # Of two and four bits the file names the grey in its own numbers.
    for bits, key, step in ((2, 1, 85), (4, 7, 17)):
        rows = b"\0" + bytes([key << 8 - bits | 2 << 8 - 2 * bits])
        parts = [(b"IHDR", struct.pack(">IIBBBBB", 2, 1, bits, 0, 0, 0, 0)), (b"tRNS", struct.pack(">H", key)),
                 (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]  # fmt: skip
        whole = [struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
                 for name, data in parts]  # fmt: skip
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(whole))
        assert COLOUR.read(path)[0, 0].tolist() == [255, 2 * step]


def test_transparent_sets_say_so_once_and_a_wrong_colour_is_refused(tmp_path: Path) -> None:
    root = folder(tmp_path / "set")
    for path in sorted(root.rglob("*.png"))[:3]:
        Image.open(path).convert("RGBA").save(path)
    splits = load_data(Data(source=str(root)), (3, 8, 8))
    assert [note for note in splits.notes if "transparent" in note] == [
        "3 images are transparent: they stand on white (data.background)."
    ]
    with pytest.raises(StudioError) as caught:
        load_data(Data(source=str(root), background="whitish"), (3, 8, 8))
    assert caught.value.code == "data.background" and "whitish" in str(caught.value)


# More than eight bits


def deep_folder(root: Path, arrays: list[np.ndarray[Any, Any]], ending: str = ".png") -> Path:
    for index, array in enumerate(arrays):
        here = root / ("a" if index % 2 else "b")
        here.mkdir(parents=True, exist_ok=True)
        Image.fromarray(array).save(here / f"{index:02}{ending}")
    return root


def test_sixteen_bits_are_scaled_by_their_kind_not_by_each_file(tmp_path: Path) -> None:
    dull = np.full((4, 4), 200, np.uint16)
    bright = dull.copy()
    bright[0, 0] = 65535
    root = deep_folder(tmp_path / "set", [dull, bright] * 4)
    splits = load_data(Data(source=str(root), validation=0), (1, 4, 4))
    assert set(values(splits).flatten().tolist()) == {1, 255}
    assert GREY.read(root / "b" / "00.png").unique().tolist() == [1]
    assert not [note for note in splits.notes if "8 bits" in note]


def test_twelve_bits_in_sixteen_have_one_scale_that_is_said(tmp_path: Path) -> None:
    ramp = np.arange(16, dtype=np.uint16).reshape(4, 4)
    root = deep_folder(tmp_path / "set", [ramp * 273, ramp * 100] * 4)
    splits = load_data(Data(source=str(root), validation=0), (1, 4, 4))
    assert int(values(splits).max()) == 255
    single = Decoder(1, range=(0, 4095))
    assert single.read(root / "a" / "01.png").max() == round(1500 / 4095 * 255)
    assert splits.range == (0, 4095)
    assert "8 images have more than 8 bits a pixel: 0 is black, 4095 is white (data.black, data.white)." in splits.notes


@pytest.mark.parametrize(
    ("low", "high", "wanted"),
    [
        (0.0, 1.0, (0, 255)),
        (-1.0, 1.0, (0, 255)),
        (0.0, 255.0, (0, 255)),
        (10.0, 3000.0, (0, 255)),
        (0.0, 0.5, (0, 128)),
    ],
)
def test_floats_get_one_scale(tmp_path: Path, low: float, high: float, wanted: tuple[int, int]) -> None:
    ramp = np.linspace(low, high, 16, dtype=np.float32).reshape(4, 4)
    root = deep_folder(tmp_path / "set", [ramp, ramp[::-1].copy()] * 4, ".tif")
    splits = load_data(Data(source=str(root), validation=0), (1, 4, 4))
    found = values(splits)
    assert (int(found.min()), int(found.max())) == wanted
    assert any("8 images have more than 8 bits" in note for note in splits.notes)


def tiff(path: Path, values: np.ndarray[Any, Any], photometric: int, kind: int) -> Path:
    """One strip of grey pixels; ``kind``: 1 whole numbers, 2 with a sign."""
    data = values.astype(values.dtype.newbyteorder("<")).tobytes()
    tags = ((256, values.shape[1]), (257, values.shape[0]), (258, 8 * values.itemsize), (259, 1), (262, photometric),
            (273, 8), (277, 1), (278, values.shape[0]), (279, len(data)), (339, kind))  # fmt: skip
    body = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    path.write_bytes(
        b"II*\0" + struct.pack("<I", 8 + len(data)) + data + struct.pack("<H", len(tags)) + body + bytes(4)
    )
    return path


def test_deep_tiffs_with_white_as_zero_and_without_a_sign(tmp_path: Path) -> None:
    ramp = np.array([[0, 200, 65535, 257]], np.uint16)
    assert GREY.read(tiff(tmp_path / "a.tif", ramp, 0, 1))[0, 0].tolist() == [255, 254, 0, 254]
    assert GREY.read(tiff(tmp_path / "b.tif", ramp, 1, 1))[0, 0].tolist() == [0, 1, 255, 1]
    large = tiff(tmp_path / "c.tif", np.array([[0, 2**31, 2**32 - 1]], np.uint32), 1, 1)
    found = survey([large]).range
    assert found == (0, 2**32 - 1) and Decoder(1, range=found).read(large)[0, 0].tolist() == [0, 128, 255]
    signed = tiff(tmp_path / "d.tif", np.array([[-(2**31), 0, 2**31 - 1]], np.int32), 1, 2)
    assert Decoder(1, range=survey([signed]).range).read(signed)[0, 0].tolist() == [0, 128, 255]


def test_the_recipe_can_give_the_scale(tmp_path: Path) -> None:
    ramp = np.arange(16, dtype=np.uint16).reshape(4, 4) * 100
    root = deep_folder(tmp_path / "set", [ramp] * 8)
    splits = load_data(Data(source=str(root), validation=0, black=500.0, white=1000.0), (1, 4, 4))
    assert values(splits)[0, 0, 0].tolist() == [0, 0, 0, 0] and values(splits)[0, 0, 2].tolist() == [153, 204, 255, 255]
    assert int(values(load_data(Data(source=str(root), validation=0, white=1500.0), (1, 4, 4)))[0, 0, 0, 3]) == 51
    with pytest.raises(StudioError) as caught:
        load_data(Data(source=str(root), black=9.0, white=3.0), (1, 4, 4))
    assert caught.value.code == "data.range" and caught.value.hint


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_refused_with_its_file(tmp_path: Path, bad: float) -> None:
    ramp = np.linspace(0, 1, 16, dtype=np.float32).reshape(4, 4)
    root = deep_folder(tmp_path / "set", [ramp] * 8, ".tif")
    spoilt = ramp.copy()
    spoilt[1, 1] = bad
    Image.fromarray(spoilt).save(root / "a" / "01.tif")
    with pytest.raises(StudioError) as caught:
        load_data(Data(source=str(root)), (1, 4, 4))
    assert caught.value.code == "data.image" and "01.tif" in str(caught.value) and "NaN" in str(caught.value)


@pytest.mark.parametrize("storage", ["memory", "disk"])
def test_a_set_of_one_even_colour_is_an_error(tmp_path: Path, storage: str) -> None:
    root = deep_folder(tmp_path / "set", [np.zeros((4, 4), np.uint16)] * 8)
    with pytest.raises(StudioError) as caught:
        load_data(Data(source=str(root), storage=storage), (1, 4, 4))
    assert caught.value.code == "data.constant" and "0 of 255" in str(caught.value)


def test_ranges_by_kind() -> None:
    assert range_of(0, 200, False) == (0, 65535) == range_of(0, 65535, False) == range_of(0, 4096, False)
    assert range_of(3, 256, False) == (0, 4095) == range_of(0, 4095, False)
    assert range_of(-5, 90, False) == (-5, 90) and range_of(0, 70000, False) == (0, 70000)
    assert range_of(-2.0, 0.5, True) == (-2.0, 0.5) and range_of(7.0, 7.0, True) == (0.0, 255.0)


# Large and damaged


def test_too_many_pixels_are_one_plain_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "huge.png"
    Image.new("1", (14_000, 13_000)).save(path)
    with warnings.catch_warnings(), pytest.raises(StudioError) as caught:
        warnings.simplefilter("ignore")
        COLOUR.read(path)
    assert str(caught.value) == f"{path}: has more than 178,956,970 pixels, the most that is read. Save it smaller."


@pytest.mark.parametrize("ending", [".png", ".jpg", ".gif", ".webp", ".bmp"])
def test_a_file_without_its_end_is_told_from_a_whole_one(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"photo{ending}"
    Image.fromarray(noisy(3, (40, 40))).save(path)
    assert not survey([path]).damaged
    whole = path.read_bytes()
    path.write_bytes(whole + bytes(100))
    assert not survey([path]).damaged, "padding behind the end is harmless"
    path.write_bytes(whole[: len(whole) // 2])
    assert path in survey([path]).damaged


@pytest.mark.parametrize("ending", [".png", ".jpg", ".gif", ".webp", ".bmp"])
def test_a_film_behind_a_photo_is_no_damage(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"photo{ending}"
    Image.fromarray(noisy(3, (40, 40))).save(path)
    whole = path.read_bytes()
    path.write_bytes(whole + b"\0\0\0\x18ftypmp42" * 2000)
    assert not survey([path]).damaged and COLOUR.read(path).shape == (3, 40, 40)


@pytest.mark.parametrize("cut", [3, 60, 200])
def test_the_end_of_a_picture_in_the_notes_is_not_that_of_the_photo(tmp_path: Path, cut: int) -> None:
    """A JPEG with a small one in its head, cut."""
    path, small = tmp_path / "photo.jpg", io.BytesIO()
    Image.fromarray(noisy(3, (64, 64))).resize((8, 8)).save(small, "JPEG")
    Image.fromarray(noisy(3, (64, 64))).save(path, exif=b"Exif\0\0" + small.getvalue())
    path.write_bytes(path.read_bytes()[:-cut])
    assert path in survey([path]).damaged


def test_what_is_no_image_is_named(tmp_path: Path) -> None:
    for data, words in (
        (b"", "is empty"), (b"version https://git-lfs.github.com/spec/v1\n", "git LFS"),
        (b"<!DOCTYPE html>", "page of the web"),
        (b"\0\0\0\x18ftypheic", "HEIC"), (b"%!PS-Adobe-3.0 EPSF", "never executed"), (b"%PDF-1.4", "PDF"),
    ):  # fmt: skip
        (tmp_path / "a.jpg").write_bytes(data)
        with pytest.raises(StudioError, match=words) as caught:
            COLOUR.read(tmp_path / "a.jpg")
        assert caught.value.code == "data.image"


def test_empty_files_and_links_to_nothing_are_skipped_or_named(tmp_path: Path) -> None:
    root = folder(tmp_path / "set")
    (root / "dark" / "03.png").write_bytes(b"")
    (root / "light" / "no.png").symlink_to(tmp_path / "nowhere.png")
    (root / "light" / "more").symlink_to(folder(tmp_path / "other", count=3) / "light")
    with pytest.raises(StudioError) as caught:
        load_data(Data(source=str(root)), (3, 8, 8))
    assert "03.png: is empty" in str(caught.value) and "no.png: is a link that leads nowhere" in str(caught.value)
    splits = load_data(Data(source=str(root), damaged="skip", validation=0), (3, 8, 8))
    assert len(splits.train) + len(splits.test or ()) == 9 + 10 + 3
    assert any("2 damaged images are left out" in note for note in splits.notes)


@pytest.mark.parametrize("storage", ["memory", "disk"])
def test_a_cut_test_image_is_found_before_the_first_step(tmp_path: Path, storage: str) -> None:
    root = tmp_path / "set"
    folder(root / "train")
    folder(root / "test")
    victim = root / "test" / "light" / "03.png"
    victim.write_bytes(victim.read_bytes()[:-20])
    with pytest.raises(StudioError) as caught:
        load_data(Data(source=str(root), storage=storage), (3, 8, 8))
    assert caught.value.code == "data.image" and str(victim) in str(caught.value)
    splits = load_data(Data(source=str(root), storage=storage, damaged="skip"), (3, 8, 8))
    assert splits.test is not None and len(splits.test) == 19
    assert [note for note in splits.notes if "damaged" in note and str(victim) in note]


def spoil_inside(path: Path) -> None:
    """Header and end stay; the pixels between are noise."""
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 30] = bytes(30)
    path.write_bytes(bytes(data))


def disk_recipe(root: Path, **fields: Any) -> Recipe:
    return with_fields(
        Recipe(),
        {
            "data.source": str(root), "data.storage": "disk", "data.workers": 0, "data.validation": 0, "steps": 12,
            "batch_size": 4, "optimizer.lr": 0.01, "optimizer.weight_decay": 0.0, "device": "cpu", "seed": 1, **fields,
        },
    )  # fmt: skip


def events(run: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run.directory / "events.jsonl").read_text().splitlines()]


def trained_on_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **fields: Any) -> tuple[Any, StudioError | None]:
    """Train on a folder of which one image turns out damaged only when it is decoded."""
    root = folder(tmp_path / "set", count=12)
    victim = root / "light" / "05.png"
    network = tiny_network(channels=3)
    network.set("fc", out_features=2)
    run = create_run(network, disk_recipe(root, **fields), tmp_path / "run")
    monkeypatch.setattr("blockstudio.training.data.load.STATISTICS_IMAGES", 1)
    spoil_inside(victim)
    try:
        train_run(run)
    except StudioError as error:
        return run, error
    return run, None


def test_damage_found_in_training_leaves_a_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run, error = trained_on_damage(tmp_path, monkeypatch)
    assert error is not None and error.code == "data.image" and "05.png" in str(error)
    steps = [event["step"] for event in events(run) if event["type"] == "checkpoint"]
    assert steps and steps[-1] > 0 and events(run)[-1]["type"] == "failed"


def test_damage_found_in_training_is_skipped_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run, error = trained_on_damage(tmp_path, monkeypatch, **{"data.damaged": "skip"})
    assert error is None and events(run)[-1]["type"] == "finished"
    told = [event["text"] for event in events(run) if event["type"] == "warning" and "damaged" in event["text"]]
    assert len(told) == 1 and "05.png" in told[0] and told[0].startswith("1 damaged image is left out")


# Memory


def test_however_many_photos_there_are_few_are_held_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes of decoded photos that are alive at the same time, for 6 and for 60 of them."""
    live, peak = 0, 0
    read = Decoder.read

    def let_go(size: int) -> None:
        nonlocal live
        live -= size

    def counted(self: Decoder, path: Path, at_least: Any = None) -> torch.Tensor:
        nonlocal live, peak
        found = read(self, path, at_least)
        live += found.nbytes
        peak = max(peak, live)
        weakref.finalize(found, let_go, found.nbytes)
        return found

    monkeypatch.setattr(Decoder, "read", counted)
    peaks = []
    for count in (3, 30):
        root = tmp_path / f"set{count}"
        for name in ("a", "b"):
            (root / name).mkdir(parents=True)
            for index in range(count):
                Image.fromarray(noisy(index, (300, 400))).save(root / name / f"{index}.png")
        live = peak = 0
        load_data(Data(source=str(root), storage="memory"), (3, 8, 8))
        gc.collect()
        peaks.append(peak)
    most = 2 * min(8, os.cpu_count() or 1) * 300 * 400 * 3
    assert max(peaks) <= most, peaks
    assert live == 0


def test_a_photo_far_larger_than_wanted_is_decoded_small(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    Image.fromarray(noisy(1, (1200, 1600))).resize((1600, 1200)).save(path)
    assert COLOUR.read(path, (32, 32)).shape[1:] < (400, 400)
    assert min(COLOUR.read(path, (32, 32)).shape[1:]) >= 64
    assert COLOUR.read(path).shape[1:] == (1200, 1600)


def test_each_file_is_opened_once_to_be_surveyed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [tmp_path / name for name in ("a.png", "b.jpg", "deep.png")]
    for path in paths[:2]:
        Image.fromarray(noisy(3, (20, 20))).save(path)
    Image.fromarray(np.arange(400, dtype=np.uint16).reshape(20, 20)).save(paths[2])
    opened: list[str] = []
    real = io.open

    def count(file: Any, *given: Any, **more: Any) -> Any:
        opened.append(str(file))
        return real(file, *given, **more)

    monkeypatch.setattr("io.open", count)
    monkeypatch.setattr("builtins.open", count)
    found = survey(paths)
    assert found.deep == 1 and found.range == (0.0, 4095.0)
    assert sorted(opened) == sorted(map(str, paths))
