"""The scripts in ``examples/`` do what they say, each in a process of its own as somebody would start it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import blockstudio as bs

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"


def run(name: str, folder: Path, *arguments: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name), *arguments],
        cwd=folder, env=environment, capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_draw_a_network(tmp_path: Path) -> None:
    out = run("draw_a_network.py", tmp_path, "net.blocks.json")
    assert "Problem: block2.add: its inputs differ: 32×16×16 and 16×32×32." in out
    report = bs.analyze(bs.load(tmp_path / "net.blocks.json"))
    assert report.complete and report.problems == ()
    assert f"{report.parameters:,}" in out and f"{report.macs:,}" in out


def test_densenet121(tmp_path: Path) -> None:
    out = run("densenet121.py", tmp_path, "net.blocks.json")
    assert "7,978,856 parameters, 2,834,161,664 multiply-accumulates, depth 121" in out
    diagram = bs.load(tmp_path / "net.blocks.json")
    assert bs.analyze(diagram).problems == () and diagram.main.block("denseblock3").repeat == 24


@pytest.mark.slow
def test_compare_widths(tmp_path: Path) -> None:
    out = run("compare_widths.py", tmp_path, "small.svg")
    rows = re.findall(r"^ *(\d+) +(\d+) +([\d,]+) ", out, flags=re.MULTILINE)
    assert len(rows) == 9
    assert ("20", "16", "269,722") in rows, "ResNet-20 has 0.27 million parameters in the paper"
    assert (tmp_path / "small.svg").read_text(encoding="utf-8").startswith("<?xml")


@pytest.mark.slow
def test_train_on_digits(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    out = run("train_on_digits.py", tmp_path, "1", "run")
    assert re.search(r"^epoch 1: validation accuracy [\d.]+%$", out, flags=re.MULTILINE)
    assert "input 1×32×32" in out and "tensors in an ordinary PyTorch module" in out
    assert (tmp_path / "run" / "events.jsonl").is_file()


def test_every_script_is_run_here_and_says_how_it_is_started() -> None:
    tests = Path(__file__).read_text(encoding="utf-8")
    for script in EXAMPLES.glob("*.py"):
        assert f'run("{script.name}"' in tests, script.name
        assert f"python examples/{script.name}" in script.read_text(encoding="utf-8")
