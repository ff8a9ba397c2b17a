"""`blockstudio import`."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import blockstudio as bs
from blockstudio import text
from blockstudio.cli import main


def test_a_network_of_torchvision_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "net.blocks.json"
    arguments = ["import", "torchvision:squeezenet1_1", "-o", str(target), "--input", "3", "64", "64", "--json"]
    assert main(arguments) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["proven"] and report["network"] == "squeezenet1_1" and report["definitions"] == 1
    assert bs.analyze(bs.load(target)).parameters == 1_235_496


def test_the_report_is_in_the_reader_s_language(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(text.LANGUAGE, "zh-CN")
    text.use_language("zh-CN")
    try:
        arguments = ["import", "torchvision:squeezenet1_1", "-o", str(tmp_path / "net.blocks.json"), "--unproven"]
        assert main([*arguments, "--input", "3", "64", "64"]) == 0
    finally:
        text.use_language(text.ENGLISH)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 6 and lines[0].startswith("squeezenet1_1")
    assert all(re.search("[\u4e00-\u9fff]", line) and not re.search("[a-z]{3}", line[13:]) for line in lines), lines


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
