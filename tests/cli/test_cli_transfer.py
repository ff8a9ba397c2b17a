"""``blockstudio train`` from trained weights, with blocks that stay as they are."""

from __future__ import annotations

from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

import blockstudio as bs
from blockstudio.cli import main
from blockstudio.runs import Run

NETWORK = ["cifar_resnet", "--set", "n=1", "--set", "width=4"]


@pytest.mark.slow
def test_training_begins_with_the_weights_and_leaves_the_frozen_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = bs.compile(bs.load("cifar_resnet", n=1, width=4, num_classes=3)).state_dict()
    save_file(given, tmp_path / "start.safetensors")
    options = ["--weights", str(tmp_path / "start.safetensors"), "--train-only", "layer3,fc", "--steps", "2"]
    assert main(["train", *NETWORK, *options, "--run", str(tmp_path / "run"), "--batch-size", "8"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Frozen: conv1, bn1, layer1, layer2." in said and "of them trained)" in said
    assert "fc keeps its initial values: 10 classes here, 3 in the file." in said
    run = Run(tmp_path / "run")
    assert run.recipe().start.freeze == ("conv1", "bn1", "layer1", "layer2")
    after = load_file(run.checkpoints.all()[-1].model)
    for key, value in given.items():
        frozen = key.startswith(("conv1.", "bn1.", "layer1.", "layer2."))
        assert not frozen or after[key].equal(value), key
    assert not after["layer3.0.conv1.weight"].equal(given["layer3.0.conv1.weight"])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--freeze", "conv9"], "Did you mean conv1?"),
        (["--freeze", "conv1,bn1", "--freeze", "layer1,layer2,layer3,fc"], "nothing to train"),
        (["--train-only", "head"], "no block 'head'"),
        (["--freeze", "conv1", "--train-only", "fc"], "one of them"),
        (["--weights", "gone.pth"], "is not there"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    assert main(["train", *NETWORK, *options, "--run", str(tmp_path / "run")]) == 2
    error = capsys.readouterr().err
    assert said in error and len(error.splitlines()) == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("options", [["--weights", "a.pth"], ["--freeze", "a"], ["--train-only", "a"], ["--partial"]])
def test_a_run_that_goes_on_has_its_own_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    assert main(["train", "--resume", str(tmp_path), *options]) == 2
    assert "--resume takes the run's own" in capsys.readouterr().err
