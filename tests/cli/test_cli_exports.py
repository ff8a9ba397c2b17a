"""Networks out of the studio and weights into it from the command line."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from blockstudio import load
from blockstudio.cli import main
from blockstudio.compiler import compile
from blockstudio.runs import Recipe, Run, create_run

pytestmark = pytest.mark.xdist_group("exports")

torch.set_num_threads(1)
SMALL = ("--set", "n=1", "--set", "width=4")


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    code = main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return code, out, err


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A file of weights for `SMALL`."""
    file = tmp_path / "weights.pth"
    torch.save({"state_dict": compile(load("cifar_resnet", n=1, width=4)).state_dict()}, file)
    return file


@pytest.fixture
def trained(tmp_path: Path) -> Run:
    """A run with two checkpoints, of which the first is the better."""
    found = create_run(load("cifar_resnet", n=1, width=4), Recipe(), tmp_path / "run")
    own = compile(found.diagram()).state_dict()
    for step, score in ((10, 0.9), (20, 0.5)):
        tensors = {key: torch.full_like(value, step) for key, value in own.items()}

        def fill(folder: Path, tensors: dict[str, torch.Tensor] = tensors) -> list[str]:
            save_file(tensors, folder / "model.safetensors")
            return ["model.safetensors"]

        found.checkpoints.write(step, score, fill)
    return found


# export


@pytest.mark.parametrize("name", ["model.py", "model.pt2", "model.safetensors", "MODEL.SafeTensors"])
def test_export_by_ending(capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str) -> None:
    target = tmp_path / name
    code, out, err = run(capsys, "export", "cifar_resnet", *SMALL, "-o", target)
    assert (code, err) == (0, "")
    assert out.startswith(f"{target}: ")
    assert len(out.splitlines()) == 1
    assert target.stat().st_size > 1000


def test_export_with_trained_weights(capsys: pytest.CaptureFixture[str], tmp_path: Path, weights: Path) -> None:
    target = tmp_path / "out.safetensors"
    code, out, _ = run(capsys, "export", "cifar_resnet", *SMALL, "--weights", weights, "-o", target)
    assert code == 0
    assert str(weights) in out
    expected = torch.load(weights, weights_only=True)["state_dict"]
    found = load_file(target)
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[key], expected[key]) for key in found)


@pytest.mark.parametrize(
    ("options", "step"), [((), 10), (("--checkpoint", "best"), 10), (("--checkpoint", "last"), 20)]
)
def test_export_of_a_run(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, trained: Run, options: tuple[str, ...], step: int
) -> None:
    target = tmp_path / "out.safetensors"
    code, out, _ = run(capsys, "export", "--run", trained.directory, *options, "-o", target)
    assert code == 0
    assert f"step-{step:08d}" in out
    assert load_file(target)["conv1.weight"].eq(step).all()


def test_source_of_a_run(capsys: pytest.CaptureFixture[str], tmp_path: Path, trained: Run) -> None:
    code, out, _ = run(capsys, "export", "--run", trained.directory)
    assert code == 0
    run(capsys, "export", "--run", trained.directory, "-o", tmp_path / "model.py")
    assert (tmp_path / "model.py").read_text(encoding="utf-8") == out
    assert "nn.Module" in out


def test_a_damaged_or_missing_checkpoint_is_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, trained: Run
) -> None:
    best = trained.best()
    assert best is not None
    data = bytearray(best.model.read_bytes())
    data[-1] ^= 1
    best.model.write_bytes(data)
    code, _, err = run(capsys, "export", "--run", trained.directory, "-o", tmp_path / "out.safetensors")
    assert code == 2
    assert "model.safetensors is not what was written" in err
    assert not (tmp_path / "out.safetensors").exists()

    empty = create_run(load("cifar_resnet", n=1), Recipe(), tmp_path / "empty")
    code, _, err = run(capsys, "export", "--run", empty.directory, "-o", tmp_path / "out.safetensors")
    assert code == 2
    assert "no checkpoint" in err


# weights


def test_weights_that_fit(capsys: pytest.CaptureFixture[str], tmp_path: Path, weights: Path) -> None:
    target = tmp_path / "out.safetensors"
    code, out, err = run(capsys, "weights", "cifar_resnet", weights, *SMALL, "-o", target)
    assert (code, err) == (0, "")
    first, second, third = out.splitlines()
    assert first.startswith(str(weights))
    total = len(load_file(target))
    assert second == f"{total} of the network's {total} keys are in the weights and fit."
    assert third == f"{target}: {total} tensors"
    assert run(capsys, "weights", "cifar_resnet", target, *SMALL)[0] == 0


def test_a_classifier_for_other_classes_is_left_aside(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, weights: Path
) -> None:
    target = tmp_path / "out.safetensors"
    code, out, _ = run(capsys, "weights", "cifar_resnet", weights, *SMALL, "--set", "num_classes=3", "-o", target)
    assert code == 0
    assert "another number of classes" in out
    assert "  fc.weight (expected 3×16, found 10×16)" in out.splitlines()
    found = load_file(target)
    assert found["fc.weight"].shape == (3, 16)
    assert torch.equal(found["conv1.weight"], torch.load(weights, weights_only=True)["state_dict"]["conv1.weight"])


def test_a_setting_that_fits_is_found(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file, target = tmp_path / "weights.pt", tmp_path / "out.safetensors"
    torch.save(compile(load("cifar_resnet", n=1, width=4, bn=False)).state_dict(), file)
    arguments = ("weights", "cifar_resnet", file, *SMALL, "-o", target)
    code, out, _ = run(capsys, *arguments)
    assert code == 1
    assert out.splitlines()[-1] == "Everything fits with --set bn=false."
    assert not target.exists()
    assert run(capsys, *arguments, "--set", "bn=false")[0] == 0
    assert run(capsys, *arguments, "--partial", "--force")[0] == 1
    assert torch.equal(load_file(target)["conv1.weight"], torch.load(file, weights_only=True)["conv1.weight"])


def test_the_report_as_json(capsys: pytest.CaptureFixture[str], weights: Path) -> None:
    code, out, _ = run(capsys, "weights", "cifar_resnet", weights, *SMALL, "--set", "shortcut=B", "--json")
    report = json.loads(out)
    assert code == 1
    assert report["complete"] is False
    assert report["settings"] == {"shortcut": "A"}
    assert report["missing"] and all("downsample" in key for key in report["missing"])
    assert set(report) == {
        "network", "file", "complete", "names", "prefix", "matched", "missing", "unexpected",
        "mismatched", "kept", "settings", "beside",
    }  # fmt: skip


def test_long_lists_are_cut_in_the_text(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "weights.pt"
    torch.save({"conv1.weight": torch.zeros(4, 3, 3, 3), **{f"other{i}": torch.zeros(1) for i in range(500)}}, file)
    code, out, _ = run(capsys, "weights", "cifar_resnet", file, *SMALL)
    assert code == 1
    assert "500 in the weights, but not of the network:" in out
    assert "  and 480 more" in out.splitlines()


def test_names_of_another_library(capsys: pytest.CaptureFixture[str], tmp_path: Path, weights: Path) -> None:
    state = torch.load(weights, weights_only=True)["state_dict"]
    file, names = tmp_path / "theirs.pt", tmp_path / "names.json"
    torch.save({key.replace("layer1", "stages.0"): value for key, value in state.items()}, file)
    names.write_text(
        json.dumps({"preset": "cifar_resnet", "source": "theirs", "model": "m", "names": {"stages.0": "layer1"}})
    )
    assert run(capsys, "weights", "cifar_resnet", file, *SMALL)[0] == 1
    code, out, _ = run(capsys, "weights", "cifar_resnet", file, *SMALL, "--names", names)
    assert code == 0
    assert "names of theirs" in out


# What does not go


class Trap:
    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.target),)


def test_bad_input_is_one_sentence(capsys: pytest.CaptureFixture[str], tmp_path: Path, weights: Path) -> None:
    trap, half, there = tmp_path / "trap.pth", tmp_path / "half.safetensors", tmp_path / "there.safetensors"
    torch.save({"state_dict": {"conv1.weight": Trap(tmp_path / "ran")}}, trap)
    save_file({"conv1.weight": torch.zeros(4, 3, 3, 3)}, half)
    half.write_bytes(half.read_bytes()[:-8])
    there.write_text("mine")
    small = ("cifar_resnet", *SMALL)
    cases: list[tuple[tuple[str | Path, ...], str]] = [
        (("weights", *small, trap), "never executed"),
        (("weights", *small, half), "damaged"),
        (("weights", *small, tmp_path / "none.pt"), "no such file"),
        (("weights", *small, tmp_path), "not a file"),
        (("weights", *small, weights, "-o", tmp_path / "out.pt"), ".safetensors"),
        (("weights", *small, weights, "-o", there), "--force"),
        (("weights", *small, weights, "-o", tmp_path / "none" / "out.safetensors"), "no folder"),
        (("weights", *small, weights, "--names", tmp_path / "none.json"), "none.json"),
        (("weights", "cifar_resnet"), "FILE"),
        (("weights", "no_such_net", weights), "no_such_net"),
        (("weights", "nin_cifar10", weights), "not one key"),
        (("export", *small, "-o", tmp_path / "out.txt"), ".onnx"),
        (("export", *small, "-o", there), "--force"),
        (("export", *small, "-o", tmp_path / "none" / "out.onnx"), "no folder"),
        (("export", *small, "-o", tmp_path / "m.py", "--weights", weights), "no weights"),
        (("export", *small, "-o", tmp_path / "m.pt2", "--weights", trap), "never executed"),
        (("export", "cifar_resnet", "-o", tmp_path / "m.pt2", "--weights", weights), "do not fit"),
        (("export", "-o", tmp_path / "m.pt2"), "--run"),
        (("export", *small, "--run", tmp_path), "--run"),
        (("export", "--run", tmp_path, "--weights", weights), "--run"),
        (("export", *small, "--checkpoint", "last"), "--run"),
        (("export", "--run", tmp_path / "none", "-o", tmp_path / "m.pt2"), "is no run"),
    ]
    before = sorted(tmp_path.iterdir())
    for arguments, words in cases:
        code, out, err = run(capsys, *arguments)
        assert (code, out) == (2, ""), arguments
        assert words in err, (arguments, err)
        assert err.startswith("blockstudio: ") and len(err.splitlines()) == 1, (arguments, err)
    assert sorted(tmp_path.iterdir()) == before
    assert there.read_text() == "mine"


@pytest.mark.parametrize("verb", ["export", "weights"])
def test_help_reads_well(capsys: pytest.CaptureFixture[str], verb: str) -> None:
    with pytest.raises(SystemExit) as done:
        main([verb, "--help"])
    assert done.value.code == 0
    out = capsys.readouterr().out
    assert out.startswith(f"usage: blockstudio {verb}")
    assert max(map(len, out.splitlines())) <= 110
