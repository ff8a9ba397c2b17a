"""The first step of a network against torch itself; its questions at the command line."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

import blockstudio as bs  # noqa: E402
from blockstudio.cli import main  # noqa: E402
from blockstudio.laboratory.beginning import beginning, fitted  # noqa: E402
from blockstudio.laboratory.questions import start  # noqa: E402
from blockstudio.runs import with_fields  # noqa: E402
from blockstudio.training.prepare import build_network  # noqa: E402


def test_gradients_of_the_first_step_are_torch_s() -> None:
    diagram, recipe = fitted(bs.load("cifar_plain", n=1))
    torch_like, he = beginning(diagram, recipe, ["torch", "he"], [3, 4], batch_size=16)
    assert [each.initial for each in (torch_like, he)] == ["torch", "he"]
    assert torch_like.even == pytest.approx(math.log(10))
    blocks = {block.path: block for block in torch_like.blocks}
    assert next(iter(blocks)) == "conv1" and list(blocks)[-1] == "fc" and "layer3.0.conv2" in blocks
    # The weights are those that a run with this seed begins with.
    norms = []
    for seed in (3, 4):
        model = build_network(
            diagram, with_fields(recipe, {"start.initial": "torch", "seed": seed}), torch.device("cpu")
        )
        norms.append(float(model.get_submodule("conv1").weight.detach().norm()))
    assert blocks["conv1"].weight == pytest.approx(math.sqrt(norms[0] * norms[1]), rel=1e-3)
    one, other = blocks["conv1"].gradients
    assert blocks["conv1"].gradient == pytest.approx(math.sqrt(one * other), rel=1e-6)
    # The deviation behind a normalisation is that of its scale.
    assert blocks["layer1.0.bn1"].deviation == pytest.approx(1, abs=0.1)


def test_the_first_step_at_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["lab", "start", "cifar_plain", "--set", "n=1", "--seeds", "0", "--batch-size", "8", "-o", str(tmp_path)]
    assert main([*asked, "--initial", "gaussian"]) == 0
    assert "gaussian: loss" in capsys.readouterr().out
    data = json.loads((tmp_path / "start.json").read_text(encoding="utf-8"))
    assert set(data["initials"]) == {"gaussian"} and data["initials"]["gaussian"]["blocks"]["conv1"]["gradient"] >= 0
    assert (tmp_path / "start.svg").read_text(encoding="utf-8").startswith("<svg")


def test_auxiliary_outputs_are_counted_and_stand_aside() -> None:
    diagram = bs.Diagram("Two outputs")
    diagram.add("Input", "input", shape=[1, 8, 8])
    diagram.add("Flatten", "flat")
    for name, end, options in (("fc", "Output", {}), ("side", "AuxOutput", {"weight": 0.5})):
        diagram.add("Linear", name, out_features=10)
        diagram.add(end, f"{name}_end", **options)
        diagram.connect("flat", name)
        diagram.connect(name, f"{name}_end")
    diagram.connect("input", "flat")
    fitted_, recipe = fitted(diagram)
    (found,) = beginning(fitted_, recipe, ["torch"], [0], batch_size=16)
    assert found.even == pytest.approx(1.5 * math.log(10))
    assert {block.path: block.aside for block in found.blocks} == {"fc": False, "side": True}
    assert str(start(fitted_, recipe, ["torch"], [0], 16).sentence).endswith("; fc alone has weights.")
