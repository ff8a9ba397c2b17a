"""`blockstudio import`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import blockstudio as bs
from blockstudio.cli import main


def test_a_network_of_torchvision_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "net.blocks.json"
    arguments = ["import", "torchvision:squeezenet1_1", "-o", str(target), "--input", "3", "64", "64", "--json"]
    assert main(arguments) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["proven"] and report["network"] == "squeezenet1_1" and report["definitions"] == 1
    assert bs.analyze(bs.load(target)).parameters == 1_235_496


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("torchvision:resnet19", "torchvision has no network 'resnet19'. Did you mean resnet"),
        ("keras:resnet50", "'keras:resnet50' is no network of an installed library"),
        ("resnet50", "Write torchvision:NAME or timm:NAME"),
    ],
)
def test_what_is_not_there_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str], source: str, words: str) -> None:
    target = tmp_path / "net.blocks.json"
    assert main(["import", source, "-o", str(target)]) == 2
    assert words in capsys.readouterr().err
    assert not target.exists()
