"""A folder to classify images with: the network of a run and a short script that needs nothing of the studio."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from blockstudio.blocks import INPUT
from blockstudio.compiler.about import NOTES, Trained
from blockstudio.compiler.exports import write_network
from blockstudio.errors import StudioError, file_errors
from blockstudio.formats import PROGRAM
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.files import folder_for, write_atomic
from blockstudio.text import say

MODEL, SCRIPT = f"model{PROGRAM}", "classify.py"
_SCRIPT = '''"""Says what is on images: python classify.py IMAGE ... (needs torch, numpy and Pillow)"""
import json, pathlib, sys
import numpy, torch
from PIL import Image, ImageOps

notes = {"{notes}": ""}
model = torch.export.load(str(pathlib.Path(__file__).with_name("{model}")), extra_files=notes).module()
classes = json.loads(json.loads(notes["{notes}"])["classes"])
torch.set_grad_enabled(False)
for path in sys.argv[1:]:
    image = ImageOps.exif_transpose(Image.open(path))
    if image.mode[0] in "IF":  # more than 8 bits: the values that the training took for black and white
        image = Image.fromarray(((numpy.array(image, float) - {low}) * 255 / {span}).clip(0, 255).astype("uint8"))
    if image.has_transparency_data:
        image = Image.alpha_composite(Image.new("RGBA", image.size, "{ground}"), image.convert("RGBA"))
    x = torch.tensor(numpy.array(image.convert("{as}"), "float32")).view(1, *image.size[::-1], {c}).permute(0, 3, 1, 2)
{fitted}
    scores = model((x.round().clamp(0, 255) / 255){flat}).softmax(1)[0]
    print(f"{path}: {classes[scores.argmax()]} ({scores.max():.1%})")
'''
_STRETCHED = """\
    x = torch.nn.functional.interpolate(x, ({h}, {w}), mode="bilinear", antialias=True)
"""
_CUT = """\
    size = max({h}, round({w} * image.height / image.width)), max({w}, round({h} * image.width / image.height))
    x = torch.nn.functional.interpolate(x, size, mode="bilinear", antialias=True)
    x = x[:, :, (size[0] - {h}) // 2 :, (size[1] - {w}) // 2 :][:, :, :{h}, :{w}]
"""


def _script(data: Mapping[str, Any], flat: bool) -> str:
    """The program for images of a run; ``flat``: the network takes their values in a row."""
    channels, height, width = data["input"]
    low, high = data.get("range") or (0, 65535)
    parts = {
        "fitted": (_CUT if data.get("resize") == "crop" else _STRETCHED).rstrip("\n"),
        "flat": ".flatten(1)" if flat else "",
        "ground": data.get("background") or "white",
        "as": "L" if channels == 1 else "RGB",
        "notes": NOTES, "model": MODEL, "low": low, "span": high - low,
        "c": channels, "h": height, "w": width,
    }  # fmt: skip
    text = _SCRIPT
    for name, value in parts.items():
        text = text.replace(f"{{{name}}}", str(value))
    return text


def write_inference(diagram: Diagram, weights: Trained, folder: Path, *, force: bool = False) -> str:
    """Write the folder and return a few words on it. Raises `StudioError` ``export.*``, ``file.write``."""
    from blockstudio.analysis import analyze

    if not all(weights.data.get(name) for name in ("classes", "mean", "input")):
        raise StudioError("export.data", say("the run has not yet read its images."), hint=say("Train it first."))
    with file_errors():
        taken = folder.exists() and (not folder.is_dir() or (any(folder.iterdir()) and not force))
    if taken:
        raise StudioError("export.exists", say("it is there already."), where=str(folder), hint=say("Add --force."))
    shape = analyze(diagram).blocks[diagram.main.of_type(INPUT)[0]].output_shape
    text = _script(weights.data, flat=len(shape or ()) == 1)
    with folder_for(folder):
        write_network(diagram, folder / MODEL, weights=replace(weights, normalise=True), force=force)
        write_atomic(folder / SCRIPT, text.encode())
    return f"{MODEL} and {SCRIPT}"
