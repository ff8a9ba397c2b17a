"""`blockstudio.figure`, and figures of the laboratory: the same from a script, without Qt in its process."""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

import blockstudio as bs
from blockstudio.analysis.trunk import trunk
from blockstudio.laboratory import questions


def test_a_figure_of_a_diagram_that_no_file_holds(tmp_path: Path) -> None:
    diagram = bs.load("resnet18")
    diagram.set("conv1", out_channels=32)
    words = bs.figure(
        diagram, tmp_path / "net.svg", blocks=["conv1", "layer1"], expand=["BasicBlock"], width=90, bars="macs"
    )

    text = (tmp_path / "net.svg").read_text(encoding="utf-8")
    assert words.startswith("2 blocks, 90 × ")
    assert 'aria-label="7×7, 32, /2"' in text and 'aria-label="conv2"' in text and 'width="90mm"' in text


@pytest.mark.parametrize("given", [{"path": "a\0.svg"}, {"inside": "a\0"}, {"blocks": ["\0"]}, {"bars": "\0"}])
def test_what_no_process_can_be_given_is_refused(tmp_path: Path, given: dict[str, Any]) -> None:
    with pytest.raises(bs.StudioError, match=r"zero byte|found 'a"):
        bs.figure(bs.load("plain"), **{"path": tmp_path / "net.svg", **given})


@pytest.mark.slow
def test_what_is_wrong_is_told(tmp_path: Path) -> None:
    with pytest.raises(bs.StudioError, match="no module 'layer7' to expand"):
        bs.figure(bs.load("resnet18"), tmp_path / "net.pdf", expand="layer7")
    (tmp_path / "net.pdf").write_text("mine")
    with pytest.raises(bs.StudioError, match="there already"):
        bs.figure(bs.load("resnet18"), tmp_path / "net.pdf")
    assert bs.figure(bs.load("resnet18"), tmp_path / "net.pdf", force=True).startswith("13 blocks")


def test_qt_stays_out_of_the_script(tmp_path: Path) -> None:
    program = (
        "import sys, blockstudio as bs; bs.figure(bs.load('resnet18'), sys.argv[1], scale=0.5); "
        "print([name for name in ('PySide6', 'torch') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "net.png")], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
    assert (tmp_path / "net.png").read_bytes().startswith(b"\x89PNG")


def test_a_figure_is_saved_in_pixels_from_python_too(tmp_path: Path) -> None:
    answer = questions.paths(trunk(bs.load("cifar_resnet", n=1)))
    answer.save(str(tmp_path / "new"), png=True)
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["paths.json", "paths.png", "paths.svg"]
    head = (tmp_path / "new" / "paths.png").read_bytes()[:24]
    own = ElementTree.fromstring(answer.figure.svg())
    width, height = (round(float(own.attrib[name]) * 2) for name in ("width", "height"))
    assert head.startswith(b"\x89PNG") and struct.unpack(">II", head[16:]) == (width, height), "twice as large"
    with pytest.raises(bs.StudioError) as refused:
        answer.save(None)  # type: ignore[arg-type]
    assert refused.value.code == "argument.type"
