"""Miniatures of published data sets in the true layout of their files."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.io import savemat


def jpeg(value: int, side: int = 8) -> bytes:
    """A small grey-blue photo whose red is ``value``."""
    made = io.BytesIO()
    pixels = np.full((side, side, 3), (value, 90, 160), np.uint8)
    pixels[: side // 2] = (20, value, 20)
    Image.fromarray(pixels).save(made, "JPEG", quality=95)
    return made.getvalue()


def flowers17(root: Path, splits: bool = True) -> Path:
    """``jpg/image_0001.jpg`` to 1360 and ``datasplits.mat``."""
    photos = [jpeg(10 * kind) for kind in range(17)]
    (root / "jpg").mkdir(parents=True)
    for number in range(1, 1361):
        photo = root / "jpg" / f"image_{number:04d}.jpg"
        first = root / "jpg" / f"image_{number - (number - 1) % 80:04d}.jpg"
        if photo == first:
            photo.write_bytes(photos[(number - 1) // 80])
        else:
            os.link(first, photo)  # Three times as fast as writing it.
    (root / "jpg" / "files.txt").write_text("".join(f"image_{number:04d}.jpg\n" for number in range(1, 1361)))
    if splits:
        order = np.random.default_rng(0).permutation(np.arange(1, 1361)).astype(float)
        parts = {"trn": order[:680], "val": order[680:1020], "tst": order[1020:]}
        savemat(root / "datasplits.mat", {f"{part}{n}": parts[part] for n in (1, 2, 3) for part in parts})
    return root


def pack(folder: Path, archive: Path, *members: str) -> Path:
    """``members`` of ``folder`` in a gzipped tar file."""
    with tarfile.open(archive, "w:gz", dereference=True) as packed:
        for member in members:
            packed.add(folder / member, member)
    return archive


def flowers102(root: Path, count: int = 20) -> Path:
    """``jpg/image_00001.jpg`` on, ``imagelabels.mat`` and ``setid.mat``."""
    (root / "jpg").mkdir(parents=True)
    labels = (np.arange(count) % 5 + 77).astype(np.uint8)
    for number in range(1, count + 1):
        (root / "jpg" / f"image_{number:05d}.jpg").write_bytes(jpeg(int(labels[number - 1])))
    savemat(root / "imagelabels.mat", {"labels": labels}, do_compression=True)
    ids = np.arange(1, count + 1, dtype=np.uint16)
    savemat(root / "setid.mat", {"trnid": ids[: count // 2], "valid": ids[-5:], "tstid": ids[count // 2 : -5]})
    return root


def svhn(root: Path, counts: tuple[int, int] = (24, 6)) -> Path:
    """``train_32x32.mat`` and ``test_32x32.mat``, compressed as those of its makers."""
    root.mkdir(parents=True, exist_ok=True)
    for part, count in zip(("train", "test"), counts, strict=True):
        images = np.random.default_rng(count).integers(0, 255, (32, 32, 3, count), np.uint8)
        labels = (np.arange(count) % 10 + 1).astype(np.uint8).reshape(-1, 1)
        savemat(root / f"{part}_32x32.mat", {"X": images, "y": labels}, do_compression=True)
    return root


def stl10(root: Path, counts: tuple[int, int] = (20, 10)) -> Path:
    """``stl10_binary`` with its five files."""
    root.mkdir(parents=True, exist_ok=True)
    names = "airplane bird car cat deer dog horse monkey ship truck"
    (root / "class_names.txt").write_text("\n".join(names.split()))
    (root / "fold_indices.txt").write_text("0 1 2\n")
    for part, count in zip(("train", "test"), counts, strict=True):
        pixels = np.random.default_rng(count).integers(0, 255, (count, 3, 96, 96), np.uint8)
        pixels.transpose(0, 1, 3, 2).tofile(root / f"{part}_X.bin")
        (np.arange(count) % 10 + 1).astype(np.uint8).tofile(root / f"{part}_y.bin")
        np.save(root / f"{part}_pixels.npy", pixels)
    return root


def pets(root: Path) -> Path:
    """``images`` and ``annotations`` with ``list.txt``, ``trainval.txt``, ``test.txt``."""
    (root / "images").mkdir(parents=True)
    (root / "annotations").mkdir()
    lines = {"trainval": [], "test": []}
    for label, name in enumerate(("Abyssinian", "american_bulldog", "Egyptian_Mau"), start=1):
        for number in range(1, 9):
            (root / "images" / f"{name}_{number}.jpg").write_bytes(jpeg(60 * label))
            lines["trainval" if number <= 6 else "test"].append(f"{name}_{number} {label} {1 + label % 2} 1")
    (root / "images" / "Abyssinian_100.mat").write_bytes(b"")
    for part, listed in lines.items():
        (root / "annotations" / f"{part}.txt").write_text("\n".join(listed) + "\n")
    head = "#Image CLASS-ID SPECIES BREED ID\n#ID: 1:37 Class ids\n"
    (root / "annotations" / "list.txt").write_text(head + "\n".join(lines["trainval"] + lines["test"]) + "\n")
    return root


WNIDS = ("n01443537", "n01629819", "n02124075")
TITLES = ("goldfish, Carassius auratus", "European fire salamander, Salamandra salamandra", "Egyptian cat")


def tiny_imagenet(root: Path) -> Path:
    """``train/n…/images``, ``val/images`` with ``val_annotations.txt``, ``test/images``, two lists of names."""
    lines = []
    for label, wnid in enumerate(WNIDS):
        (root / "train" / wnid / "images").mkdir(parents=True)
        (root / "train" / wnid / f"{wnid}_boxes.txt").write_text(f"{wnid}_0.JPEG\t0\t0\t7\t7\n")
        for number in range(4):
            (root / "train" / wnid / "images" / f"{wnid}_{number}.JPEG").write_bytes(jpeg(60 * label + number))
    (root / "val" / "images").mkdir(parents=True)
    (root / "test" / "images").mkdir(parents=True)
    for number in range(6):
        (root / "val" / "images" / f"val_{number}.JPEG").write_bytes(jpeg(60 * (number % 3)))
        (root / "test" / "images" / f"test_{number}.JPEG").write_bytes(jpeg(9))
        lines.append(f"val_{number}.JPEG\t{WNIDS[number % 3]}\t0\t0\t7\t7\n")
    (root / "val" / "val_annotations.txt").write_text("".join(lines))
    (root / "wnids.txt").write_text("\n".join(WNIDS))
    words = [f"{wnid}\t{title}\n" for wnid, title in zip(WNIDS, TITLES, strict=True)]
    (root / "words.txt").write_text("n00001740\tentity\n" + "".join(words))
    return root


def imagenet(root: Path, form: str) -> Path:
    """ImageNet's challenge of 2012: ``devkit`` (its makers' archives unpacked), ``kaggle``, ``synsets`` (a list of
    them), ``caffe`` (``val.txt``) or ``bare`` (no list at all)."""
    parts = root / "ILSVRC" / "Data" / "CLS-LOC" if form == "kaggle" else root
    names = ("train", "val") if form == "kaggle" else ("ILSVRC2012_img_train", "ILSVRC2012_img_val")
    for label, wnid in enumerate(WNIDS):
        (parts / names[0] / wnid).mkdir(parents=True)
        for number in range(3):
            (parts / names[0] / wnid / f"{wnid}_{number}.JPEG").write_bytes(jpeg(60 * label + number))
    (parts / names[1]).mkdir()
    order = [2, 0, 1, 1, 2]
    photos = [f"ILSVRC2012_val_{number:08d}" for number in range(1, 6)]
    for photo, label in zip(photos, order, strict=True):
        (parts / names[1] / f"{photo}.JPEG").write_bytes(jpeg(60 * label))
    if form == "devkit":
        kit = root / "ILSVRC2012_devkit_t12" / "data"
        kit.mkdir(parents=True)
        # Its numbers are not in the order of the names.
        numbers = (3, 1, 2)
        (kit / "ILSVRC2012_validation_ground_truth.txt").write_text("".join(f"{numbers[label]}\n" for label in order))
        kinds = [("ILSVRC2012_ID", "f8"), ("WNID", "O"), ("words", "O"), ("num_children", "f8")]
        rows = [(n, w, t, 0.0) for n, w, t in sorted(zip(numbers, WNIDS, TITLES, strict=True))]
        savemat(kit / "meta.mat", {"synsets": np.array(rows, dtype=kinds).reshape(-1, 1)}, do_compression=True)
    elif form == "kaggle":
        (root / "ILSVRC" / "Annotations").mkdir()
        (root / "ILSVRC" / "ImageSets").mkdir()
        lines = [f"{photo},{WNIDS[label]} 1 2 7 8 \n" for photo, label in zip(photos, order, strict=True)]
        (root / "LOC_val_solution.csv").write_text("ImageId,PredictionString\n" + "".join(lines))
        lines = [f"{wnid} {title}\n" for wnid, title in zip(WNIDS, TITLES, strict=True)]
        (root / "LOC_synset_mapping.txt").write_text("".join(lines))
    elif form == "synsets":
        text = "".join(f"{WNIDS[label]}\n" for label in order)
        (root / "imagenet_2012_validation_synset_labels.txt").write_text(text)
    elif form == "caffe":
        lines = [f"{photo}.JPEG {label}\n" for photo, label in zip(photos, order, strict=True)]
        (root / "val.txt").write_text("".join(lines))
    return root
