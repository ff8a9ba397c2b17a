"""``blockstudio export`` of figures: no display, no torch, every option, every mistake in one sentence."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from blockstudio import load
from blockstudio.cli import main
from blockstudio.runs import Recipe, create_run

SMALL = ("--set", "n=1", "--set", "width=4")


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    code = main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_without_a_display_and_without_torch(tmp_path: Path) -> None:
    target = tmp_path / "fig.svg"
    program = (
        "import sys; from blockstudio.cli import main; code = main(sys.argv[1:]); "
        "print(code, *[name for name in ('torch', 'blockstudio.compiler', 'pyqtgraph') if name in sys.modules])"
    )
    bare = {
        key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    }
    done = subprocess.run(
        [sys.executable, "-c", program, "export", "inception_v3", "-o", str(target)],
        capture_output=True, text=True, check=True, env=bare,
    )  # fmt: skip
    words, code = done.stdout.splitlines()
    assert code == "0", "nothing but what a picture needs was imported"
    assert not done.stderr
    assert re.fullmatch(rf"{re.escape(str(target))}: \d+ blocks, \d+ × \d+ mm, texts of 8\.2 pt", words)
    assert 'aria-label="Mixed_7c"' in target.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["fig.svg", "fig.pdf", "fig.png", "FIG.PNG"])
def test_the_ending_names_the_format(capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str) -> None:
    target = tmp_path / name
    code, out, err = run(capsys, "export", "cifar_resnet", *SMALL, "-o", target)
    assert (code, err) == (0, "")
    assert out.startswith(f"{target}: 11 blocks, ") and len(out.splitlines()) == 1
    assert target.read_bytes()[:5] in (b"<?xml", b"%PDF-", b"\x89PNG\r")


def test_every_option_together(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    target = tmp_path / "fig.svg"
    code, out, err = run(
        capsys, "export", "inception_v3", "-o", target, "--inside", "Mixed_5b", "--expand", "branch5x5_1",
        "BasicConv2d", "--columns", "1", "--bars", "macs", "--dark", "--width", "8.4cm",
    )  # fmt: skip
    assert (code, err) == (0, "")
    assert "84 × " in out
    text = target.read_text(encoding="utf-8")
    assert 'width="84mm"' in text and 'aria-label="branch5x5_1"' in text and 'aria-label="BatchNorm2d"' in text

    code, _, _ = run(
        capsys, "export", "resnet18", "-o", target, "--force", "--blocks", "conv1", "bn1", "--expand", "all"
    )
    assert code == 0
    assert re.findall(r'aria-label="([a-z]\w*)"', target.read_text(encoding="utf-8")) == ["conv1", "bn1"]


def test_the_network_of_a_run(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    made = create_run(load("cifar_resnet", n=1, width=4), Recipe(), tmp_path / "run")
    code, out, _ = run(capsys, "export", "--run", made.directory, "-o", tmp_path / "fig.pdf")
    assert code == 0, "no checkpoint is needed to draw it"
    assert "11 blocks" in out


def test_a_network_with_errors_is_drawn_as_it_is(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    from blockstudio import Diagram, save

    diagram = Diagram("half done")
    diagram.add("Input", "input", shape=[3, 8, 8])
    diagram.add("Conv2d", "conv1", kernel_size=9)
    diagram.connect("input", "conv1")
    save(diagram, tmp_path / "half.blocks.json")
    code, out, _ = run(capsys, "export", tmp_path / "half.blocks.json", "-o", tmp_path / "fig.svg")
    assert code == 0 and "2 blocks" in out


def test_bad_input_is_one_sentence(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    there, target = tmp_path / "there.svg", tmp_path / "fig.svg"
    there.write_text("mine")
    small = ("export", "cifar_resnet", *SMALL, "-o")
    cases: list[tuple[tuple[str | Path, ...], str]] = [
        ((*small, there), "--force"),
        ((*small, tmp_path / "none" / "fig.svg"), "no folder"),
        ((*small, tmp_path / "fig.gif"), ".svg"),
        ((*small, target, "--weights", "x.pth"), "no weights"),
        ((*small, target, "--scale", "2"), "--width"),
        ((*small, target, "--width", "wide"), "84mm"),
        ((*small, target, "--width", "1mm"), "from 10"),
        ((*small, target, "--columns", "x"), "--columns"),
        ((*small, target, "--columns", "0"), "from 1"),
        ((*small, target, "--bars", "money"), "Known: macs, parameters, memory"),
        ((*small, target, "--inside", "layer9"), "Did you mean layer"),
        ((*small, target, "--expand", "layer9"), "Did you mean layer"),
        ((*small, target, "--blocks", "conv7"), "Did you mean conv1?"),
        ((*small, target, "--flat", "--expand", "all"), "flat"),
        ((*small, tmp_path / "model.py", "--columns", "2"), "--columns is for figures"),
        ((*small[:-1], "--dark"), "--dark is for figures"),
        ((*small, tmp_path / "fig.png", "--scale", "20", "--flat", "--set", "n=9"), "too many"),
    ]
    for arguments, words in cases:
        code, out, err = run(capsys, *arguments)
        assert (code, out) == (2, ""), arguments
        assert words in err, (arguments, err)
        assert err.startswith("blockstudio: ") and len(err.splitlines()) == 1, (arguments, err)
    assert [each for each in tmp_path.iterdir() if each.is_file()] == [there] and there.read_text() == "mine"


def test_what_would_grow_beyond_bounds_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    inner = {"parameters": {}, "blocks": {"input": {"type": "Input"}, "output": {"type": "Output"}}}
    names = [f"M{index}" for index in range(12)]
    modules = {}
    for name, below in zip(names, [*names[1:], "Identity"], strict=True):
        blocks = {"input": {"type": "Input"}, **{each: {"type": below} for each in "abc"}, "output": {"type": "Output"}}
        modules[name] = {**inner, "blocks": blocks, "wires": ["input -> a", "a -> b", "b -> c", "c -> output"]}
    file = tmp_path / "many.blocks.json"
    file.write_text(
        json.dumps(
            {
                "format": "blockstudio", "version": 2, "name": "Many", "parameters": {},
                "blocks": {"input": {"type": "Input"}, "m": {"type": "M0"}, "output": {"type": "Output"}},
                "wires": ["input -> m", "m -> output"], "modules": modules,
            }
        )
    )  # fmt: skip
    assert main(["export", str(file), "--expand", "all", "-o", str(tmp_path / "all.svg")]) == 2
    assert "more than 3000 modules would be open" in capsys.readouterr().err
    assert main(["export", str(file), "--expand", "2", "-o", str(tmp_path / "two.svg")]) == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["resnet18", "-o", "x" * 300 + ".svg"], "name too long"),
        (["resnet18", "-o", "a\0b.svg"], "cannot be written"),
        (["cifar_resnet", "--set", "n=" + "9" * 5000, "-o", "a.svg"], "n:"),
    ],
)
def test_a_name_or_number_that_cannot_be_is_told(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    words: str,
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    code, out, err = run(capsys, "export", *arguments)
    assert (code, out) == (2, "") and words in err
    assert list(here.iterdir()) == []
