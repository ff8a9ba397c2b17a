"""The table of docs/training.md that says which presets learn with the recipe that is chosen for them.

python tools/learning_table.py                    # all presets that have no row yet; rows are kept in a file
python tools/learning_table.py --seconds 900      # as many as begin within so long; call it again for more
python tools/learning_table.py --again vgg16
python tools/learning_table.py --write            # puts the rows that there are into docs/training.md

Each is trained on a folder of 300 photo-like JPEGs of three classes, made here, at a small size so that a core does it
in a minute or two. Size and steps are given, everything else is what the studio chooses.
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

SETTINGS: dict[str, tuple[int, int]] = {
    "alexnet": (96, 150),
    "alexnet_torchvision": (96, 150),
    "vgg16": (32, 150),
    "vgg19": (32, 150),
    "googlenet": (64, 150),
    "nin_cifar10": (16, 200),
    "nin_imagenet": (96, 150),
}
"""Of the presets without normalisation: height and width of the images, and steps."""
OTHERS: dict[str, tuple[int, int]] = {
    "bn_inception": (64, 80),
    "cifar_plain": (16, 200),
    "cifar_preact": (16, 100),
    "cifar_resnet": (16, 200),
    "googlenet_tfslim": (64, 80),
    "googlenet_torchvision": (64, 80),
    "inception_resnet_v1": (96, 60),
    "inception_v2": (96, 60),
    "inception_v3": (96, 60),
    "plain": (32, 80),
    "preact_resnet50": (32, 60),
    "resnet18": (32, 80),
    "resnet34": (32, 80),
    "resnet50": (32, 60),
    "resnext50": (32, 60),
    "se_resnet50": (32, 60),
    "wide_resnet": (16, 40),
}
"""Of those with it."""
CLASSES, IMAGES, SIDE = 3, 300, 96
HEAD = "| preset | images | steps | batch, rate | test accuracy (guessing: 33 %) |\n"
RULE = "| --- | ---: | ---: | --- | ---: |\n"
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


def train(preset: str, folder: Path, place: Path) -> tuple[float, str]:
    """The share of the test images that a preset answers rightly after its steps, and its row of the table."""
    size, steps = {**SETTINGS, **OTHERS}[preset]
    recipe = with_fields(Recipe(), {"data": str(folder), "data.input_size": size, "steps": steps, "threads": 1})
    run = create_run(load_preset(preset), recipe, place / preset)
    train_run(run)
    results, chosen = run.results(), run.recipe()
    assert results is not None
    found = float(results["test_accuracy"])
    how = f"{chosen.batch_size}, {chosen.optimizer.lr:g}"
    return found, f"| `{preset}` | {size}×{size} | {steps} | {how} | {found:.0%} |"


def _write(rows: dict[str, str]) -> None:
    page = PAGE.read_text(encoding="utf-8")
    before, _, after = page.partition(HEAD + RULE)
    rest = after.partition("\n\n")[2]
    lines = [f"{rows[name]}\n" for name in {**SETTINGS, **OTHERS} if name in rows]
    PAGE.write_text(before + HEAD + RULE + "".join(lines) + "\n" + rest, encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Print the rows that are made."""
    parser = argparse.ArgumentParser()
    parser.add_argument("presets", nargs="*", help="(default: all)")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no other preset after so long")
    parser.add_argument("--again", action="store_true", help="those too that have a row")
    parser.add_argument("--write", action="store_true", help="only write docs/training.md")
    options = parser.parse_args(arguments)
    rows: dict[str, str] = json.loads(ROWS.read_text(encoding="utf-8")) if ROWS.is_file() else {}
    if options.write:
        _write(rows)
        return 0
    ROWS.parent.mkdir(exist_ok=True)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        images = photos(Path(folder) / "photos")
        for preset in options.presets or [*SETTINGS, *OTHERS]:
            if (preset in rows and not options.again) or time.monotonic() - begun > options.seconds:
                continue
            _, rows[preset] = train(preset, images, Path(folder))
            print(rows[preset], flush=True)
            ROWS.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
