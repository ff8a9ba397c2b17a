"""The table of docs/training.md: what a small folder of photos gives with the recipe that is chosen for a preset.

python tools/learning_table.py                    # all of SIZES that have no row yet; rows are kept in a file
python tools/learning_table.py --again resnet18
python tools/learning_table.py --write            # puts the rows that there are into docs/training.md

Each is trained on a folder of 300 photo-like JPEGs of three classes, made here. The size of the images is given, so
that one core does it in minutes; everything else is what the studio chooses.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

from blockstudio.graph.presets import load_preset
from blockstudio.runs import Recipe, create_run, with_fields
from blockstudio.runs.structure import Shapes
from blockstudio.training.data.shapes import load_shapes
from blockstudio.training.trainer import train_run

SIZES = {"nin_cifar10": 32, "cifar_resnet": 32, "resnet18": 64, "googlenet": 64, "alexnet_torchvision": 64}
"""Height and width of the images."""
CLASSES, IMAGES, SIDE = 3, 300, 96
HEAD = "| preset | images | epochs | batch, rate | test accuracy (guessing: 33 %) | processor min |\n"
RULE = "| --- | ---: | ---: | --- | ---: | ---: |\n"
ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "training.md"
ROWS = ROOT / "build" / "learning_table.json"


def photos(root: Path) -> Path:
    """A folder of class folders with coloured objects on textured ground, as JPEGs."""
    drawn = load_shapes(Shapes(classes=CLASSES, images=IMAGES, size=SIDE))
    for index, (pixels, label) in enumerate(zip(drawn.train.images, drawn.train.labels.tolist(), strict=True)):
        path = root / drawn.classes[label] / f"{index:03}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels.permute(1, 2, 0).numpy()).save(path, quality=92)
    return root


def train(preset: str, folder: Path, place: Path) -> str:
    """The row of a preset that is trained on the photos of ``folder``."""
    size, began = SIZES[preset], time.process_time()
    recipe = with_fields(Recipe(), {"data": str(folder), "data.input_size": size, "threads": 1})
    run = create_run(load_preset(preset), recipe, place / preset)
    train_run(run)
    results, chosen = run.results(), run.recipe()
    assert results is not None
    found = float(results["test_accuracy"])
    how = f"{chosen.batch_size}, {chosen.optimizer.lr:g}"
    minutes = (time.process_time() - began) / 60
    return f"| `{preset}` | {size}×{size} | {chosen.epochs} | {how} | {found:.0%} | {minutes:.1f} |"


def _write(rows: dict[str, str]) -> None:
    page = PAGE.read_text(encoding="utf-8")
    before, _, after = page.partition(HEAD + RULE)
    rest = after.partition("\n\n")[2]
    lines = [f"{rows[name]}\n" for name in SIZES if name in rows]
    PAGE.write_text(before + HEAD + RULE + "".join(lines) + "\n" + rest, encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Print the rows that are made."""
    parser = argparse.ArgumentParser()
    parser.add_argument("presets", nargs="*", help="(default: all)")
    parser.add_argument("--again", action="store_true", help="those too that have a row")
    parser.add_argument("--write", action="store_true", help="only write docs/training.md")
    options = parser.parse_args(arguments)
    rows: dict[str, str] = json.loads(ROWS.read_text(encoding="utf-8")) if ROWS.is_file() else {}
    if options.write:
        _write(rows)
        return 0
    ROWS.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        images = photos(Path(folder) / "photos")
        for preset in options.presets or SIZES:
            if preset in rows and not options.again:
                continue
            rows[preset] = train(preset, images, Path(folder))
            print(rows[preset], flush=True)
            ROWS.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
