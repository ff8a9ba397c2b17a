"""Make ``blockstudio/training/data/fashion_sample.npz``: 600 training and 100 test images of each class.

python tools/fashion_sample.py FOLDER

``FOLDER`` holds the four IDX files of Fashion-MNIST (Debian: package dataset-fashion-mnist). The same files give the
same sample.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from blockstudio.training.data.fashion_sample import FILE
from blockstudio.training.data.idx import load_idx

EACH = {"train": 600, "test": 100}


def main(folder: Path) -> None:
    raw = load_idx(folder, 10, "fashion_mnist")
    assert raw.test is not None
    arrays = {}
    for part, images in (("train", raw.train), ("test", raw.test)):
        draw = np.random.default_rng(0)
        labels = images.labels.numpy()
        chosen = np.sort(
            np.concatenate([draw.permutation(np.flatnonzero(labels == label))[: EACH[part]] for label in range(10)])
        )
        # Neighbours' differences take half the room of the pixels, once compressed.
        pixels = images.images.numpy()[chosen, 0]
        arrays[part] = np.diff(pixels, axis=2, prepend=np.uint8(0))
        arrays[f"{part}_labels"] = labels[chosen].astype(np.uint8)
    np.savez_compressed(FILE, **arrays)
    print(f"{FILE.name}: {FILE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
