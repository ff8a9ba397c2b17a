"""Networks of a run for use elsewhere: what its images were goes along, and a script that classifies one."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import save_file

from blockstudio.cli import main
from blockstudio.compiler.about import NOTES
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.format import dumps
from blockstudio.runs import Recipe, Run, create_run, with_fields
from blockstudio.runs.recipe_files import dumps_recipe
from blockstudio.runs.run import DIAGRAM, RECIPE
from tests.support.tiny import tiny_network

pytestmark = pytest.mark.xdist_group("exports")

torch.set_num_threads(1)
CLASSES = ["red", "green", "blue"]
MEAN, STD = [0.5, 0.25, 0.125], [0.25, 0.5, 0.125]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run whose network says which colour the left half of an image is of, if it gets the image as it was trained."""
    diagram = Diagram("Colours")
    chain = [
        diagram.add("Input", "input", shape=[3, 4, 8]),
        diagram.add("AvgPool2d", "pool", kernel_size=4, stride=4),
        diagram.add("Flatten", "flatten"),
        diagram.add("Linear", "fc", out_features=3),
        diagram.add("Output", "output"),
    ]
    for one, other in pairwise(chain):
        diagram.connect(one, other)
    found = create_run(tiny_network(), Recipe(), tmp_path / "run")
    (found.directory / DIAGRAM).write_text(dumps(diagram))
    # Undoes the normalisation, then takes the left of the two means of each channel.
    weight = torch.zeros(3, 6)
    for channel in range(3):
        weight[channel, 2 * channel] = 10 * STD[channel]
    tensors = {"fc.weight": weight, "fc.bias": 10 * torch.tensor(MEAN)}

    def fill(folder: Path) -> list[str]:
        save_file(tensors, folder / "model.safetensors")
        return ["model.safetensors"]

    found.checkpoints.write(1, 0.9, fill)
    facts = {"classes": CLASSES, "input": [3, 4, 8], "mean": MEAN, "std": STD, "title": "Colours"}
    (found.directory / "data.json").write_text(json.dumps(facts))
    return found


def export(run: Run, target: Path, *more: str) -> int:
    return main(["export", "--run", str(run.directory), "-o", str(target), *more])


def known(notes: dict[str, str]) -> bool:
    wanted = {"classes": CLASSES, "mean": MEAN, "std": STD, "input": [3, 4, 8]}
    return {key: json.loads(notes[key]) for key in wanted} == wanted and notes["network"] == "Colours"


@pytest.mark.slow
def test_every_form_says_what_the_images_were(run: Run, tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxscript")
    for ending in (".onnx", ".pt2", ".safetensors", ".pt", ".pth"):
        assert export(run, tmp_path / f"a{ending}") == 0
    assert known({item.key: item.value for item in onnx.load(tmp_path / "a.onnx").metadata_props})
    with safe_open(tmp_path / "a.safetensors", "pt") as file:
        assert known(file.metadata())
    notes = {NOTES: ""}
    torch.export.load(str(tmp_path / "a.pt2"), extra_files=notes)
    assert known(json.loads(notes[NOTES]))
    for name in ("a.pt", "a.pth"):
        with zipfile.ZipFile(tmp_path / name) as archive:
            (entry,) = [each for each in archive.namelist() if each.endswith(NOTES)]
            assert known(json.loads(archive.read(entry)))


@pytest.mark.slow
def test_the_normalisation_inside(run: Run, tmp_path: Path) -> None:
    assert export(run, tmp_path / "plain.pt2") == 0
    assert export(run, tmp_path / "inside.pt2", "--normalise") == 0
    x = torch.rand(3, 3, 4, 8)
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (MEAN, STD))
    plain, inside = (torch.export.load(str(tmp_path / f"{name}.pt2")) for name in ("plain", "inside"))
    torch.testing.assert_close(inside.module()(x), plain.module()((x - mean) / std))
    assert set(inside.state_dict) == set(plain.state_dict)
    onnxruntime = pytest.importorskip("onnxruntime")
    assert export(run, tmp_path / "inside.onnx", "--normalise") == 0
    (found,) = onnxruntime.InferenceSession(tmp_path / "inside.onnx").run(None, {"input": x.numpy()})
    torch.testing.assert_close(torch.from_numpy(found), inside.module()(x))


def test_the_normalisation_where_it_cannot_be(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert export(run, tmp_path / "a.pt", "--normalise") == 2
    assert "metadata" in capsys.readouterr().err
    (run.directory / "data.json").unlink()
    assert export(run, tmp_path / "a.pt2", "--normalise") == 2
    assert "how its images were normalised" in capsys.readouterr().err
    assert export(run, tmp_path / "folder", "--inference") == 2
    assert main(["export", "resnet18", "--normalise", "-o", str(tmp_path / "a.onnx")]) == 2
    assert sorted(each.name for each in tmp_path.iterdir()) == ["run"]


@pytest.mark.slow
@pytest.mark.parametrize("resize", ["fit", "crop"])
def test_the_script_classifies_images(run: Run, tmp_path: Path, resize: str) -> None:
    (run.directory / RECIPE).write_text(dumps_recipe(with_fields(run.recipe(), {"data.resize": resize})))
    folder = tmp_path / "classifier"
    assert export(run, folder, "--inference") == 0
    assert sorted(each.name for each in folder.iterdir()) == ["classify.py", "model.pt2"]
    assert len([line for line in (folder / "classify.py").read_text().splitlines() if line]) <= 20
    colours = {"red": (250, 5, 5), "green": (5, 250, 5), "blue": (5, 5, 250)}
    expected: dict[str, str] = {}
    for name, colour in colours.items():
        image = Image.new("RGB", (80, 40), (128, 128, 128))
        image.paste(colour, (0, 0, 40, 40))
        image.save(tmp_path / f"{name}.png")
        expected[str(tmp_path / f"{name}.png")] = name
    # The blue half is on the right as it is stored, on the left as it is shown.
    turned = Image.open(tmp_path / "blue.png").rotate(180)
    exif = Image.Exif()
    exif[0x0112] = 3
    turned.save(tmp_path / "turned.jpg", exif=exif, quality=95)
    expected[str(tmp_path / "turned.jpg")] = "blue"
    clear = Image.new("RGBA", (8, 4), (0, 0, 255, 0))
    clear.paste((255, 0, 0, 200), (0, 0, 4, 4))
    clear.save(tmp_path / "clear.png")
    expected[str(tmp_path / "clear.png")] = "red"
    Image.fromarray(np.full((4, 8), 40000, np.uint16)).save(tmp_path / "deep.png")
    done = subprocess.run(
        [sys.executable, "-I", str(folder / "classify.py"), *expected, str(tmp_path / "deep.png")],
        capture_output=True, text=True, cwd=tmp_path, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    *lines, deep = done.stdout.splitlines()
    assert {line.rpartition(": ")[0]: line.rpartition(": ")[2].split()[0] for line in lines} == expected
    assert deep.endswith("(33.3%)")

    assert export(run, folder, "--inference") == 2
