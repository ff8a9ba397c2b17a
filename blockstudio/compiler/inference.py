"""A folder to classify images with: the network of a run and a short script that needs nothing of the studio."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from blockstudio.blocks import INPUT
from blockstudio.compiler.about import NOTES, OF_DATA, Trained
from blockstudio.compiler.exports import write_network
from blockstudio.errors import StudioError
from blockstudio.formats import PROGRAM
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.files import write_atomic
from blockstudio.text import say

MODEL, SCRIPT = f"model{PROGRAM}", "classify.py"
_SCRIPT = '''"""Says what is on images: python classify.py IMAGE ... (needs torch, numpy and Pillow)"""
import json, pathlib, sys
import numpy, torch
from PIL import Image, ImageOps

notes = {"NOTES": ""}
model = torch.export.load(str(pathlib.Path(__file__).with_name("MODEL")), extra_files=notes).module()
about = {key: json.loads(text) for key, text in json.loads(notes["NOTES"]).items() if key in KEYS}
channels, height, width = about["input"]
for path in sys.argv[1:]:
    image = ImageOps.exif_transpose(Image.open(path))
    if image.mode[0] in "IF":  # more than 8 bits: the values that the training took for black and white
        low, high = about.get("range", (0, 65535))
        image = Image.fromarray(((numpy.array(image, float) - low) / (high - low) * 255).clip(0, 255).astype("uint8"))
    if image.has_transparency_data:
        ground = Image.new("RGBA", image.size, about.get("background", "white"))
        image = Image.alpha_composite(ground, image.convert("RGBA"))
    x = torch.from_numpy(numpy.array(image.convert("L" if channels == 1 else "RGB"))).float()
    x, scales = x.reshape(*x.shape[:2], channels).permute(2, 0, 1)[None], (height / x.shape[0], width / x.shape[1])
    if about.get("resize") == "crop":
        scales = (max(scales),) * 2
    size = max(height, round(x.shape[2] * scales[0])), max(width, round(x.shape[3] * scales[1]))
    x = torch.nn.functional.interpolate(x, size, mode="bilinear", antialias=True).round().clamp(0, 255) / 255
    top, left = (size[0] - height) // 2, (size[1] - width) // 2
    with torch.no_grad():
        scores = model(x[:, :, top : top + height, left : left + width].reshape(1, *SHAPE)).softmax(1)[0]
    print(f"{path}: {about['classes'][int(scores.argmax())]} ({float(scores.max()):.1%})")
'''


def write_inference(diagram: Diagram, weights: Trained, folder: Path, *, force: bool = False) -> str:
    """Write the folder and return a few words on it. Raises `StudioError` ``export.*``, ``file.write``."""
    from blockstudio.analysis import analyze

    if not weights.data.get("classes") or not weights.data.get("mean"):
        raise StudioError("export.data", say("the run has not yet read its images."), hint=say("Train it first."))
    if folder.exists() and (not folder.is_dir() or (any(folder.iterdir()) and not force)):
        raise StudioError("export.exists", say("it is there already."), where=str(folder), hint=say("Add --force."))
    shape = analyze(diagram).blocks[diagram.main.of_type(INPUT)[0]].output_shape
    text = _SCRIPT.replace("NOTES", NOTES).replace("MODEL", MODEL).replace("KEYS", repr(OF_DATA))
    text = text.replace("SHAPE", repr(tuple(shape or ())))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as reason:
        raise StudioError("file.write", say("the folder cannot be made: {reason}.", reason=reason.strerror),
                          where=str(folder)) from reason  # fmt: skip
    write_network(diagram, folder / MODEL, weights=replace(weights, normalise=True), force=force)
    write_atomic(folder / SCRIPT, text.encode())
    return f"{MODEL} and {SCRIPT}"
