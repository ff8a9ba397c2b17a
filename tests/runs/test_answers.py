"""What a command answers a program, and what is made of it, whole or broken."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import blockstudio as bs
from blockstudio.answers import StudioErrors, as_dict, collected, error_line, from_dict, read_answer
from blockstudio.cli import main
from blockstudio.errors import StudioError
from blockstudio.text import Language, say

PARTS = ("code", "message", "where", "hint")


def parts(error: StudioError | None) -> tuple[str, ...]:
    assert error is not None
    return tuple(str(getattr(error, name)) for name in PARTS)


@pytest.mark.parametrize(
    "error",
    [
        StudioError("a.b", "one: two: three.", where="layer1.0: conv", hint="Do: this."),
        StudioError("a.b", "lines\nof {text} “ü” \x00", where="", hint=""),
        StudioError("a.b", say("there is no '{name}' in {inner}.", name="x: y", inner=say("block {n:,}", n=1234))),
    ],
    ids=str,
)
def test_an_error_comes_back_with_all_its_parts(error: StudioError) -> None:
    line = error_line(error)
    assert "\n" not in line and parts(from_dict(json.loads(line))) == parts(error)
    found = read_answer(2, "", f"UserWarning: {{it is late}}\n{line}\nbye").error
    assert parts(found) == parts(error)
    pseudo = Language("en-XA")
    assert found is not None and pseudo.render(found.message) == pseudo.render(error.message)


def test_several_errors_come_back_one_by_one() -> None:
    error = collected([StudioError("a", "one.", where="x"), StudioError("b", "two.", hint="Now.")])
    found = from_dict(json.loads(error_line(error)))
    assert isinstance(found, StudioErrors) and [parts(one) for one in found.problems] == [
        ("a", "one.", "x", ""), ("b", "two.", "", "Now."),
    ]  # fmt: skip
    assert as_dict(found) == as_dict(error)
    told = Language("en-XA").render(collected([StudioError("a", say("Add it."), where="x"), error]).message)
    assert "\n  x: ⟦Àdd ît.⟧\n  x: one.\n" in told, "each in the reader's language, however late that is chosen"


def test_what_ends_without_a_word_has_an_error_too() -> None:
    assert read_answer(-9, "", "").error.code == "child.killed"  # type: ignore[union-attr]
    silent = read_answer(3, "", "").error
    assert silent is not None and silent.code == "child.broken" and "3 without saying why" in silent.message
    traced = read_answer(1, "", "Traceback (most recent call last):\n  File ...\nMemoryError: no\n").error
    assert traced is not None and "MemoryError: no" in traced.message
    for out in ("half a", '{"half": ', "[1]"):
        assert read_answer(1, out, "").error is not None
    answered = read_answer(1, '{"complete": false}', "warning: something")
    assert answered.error is None and answered.value == {"complete": False}


def test_a_real_process_that_breaks(tmp_path: Path) -> None:
    for code, expected in (("import os; os.abort()", "child.killed"), ("raise SystemExit(7)", "child.broken")):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
        error = read_answer(done.returncode, done.stdout, done.stderr).error
        assert error is not None and error.code == expected


@pytest.mark.parametrize(
    "arguments",
    [
        ["summary", "resnet34", "--set", "colour=3"],
        ["export", "resnet34", "-o", "net.zip"],
        ["export", "resnet34", "--set", "classes=3", "-o", "net.py"],
        ["weights", "resnet34", "none.pth"],
        ["presets", "--nothing"],
    ],
    ids=" ".join,
)
def test_commands_fail_in_json_where_they_answer_in_json(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    sentence = capsys.readouterr().err
    assert main([*arguments, "--json"]) == 2
    out, err = capsys.readouterr()
    error = read_answer(2, out, err).error
    assert out == "" and error is not None and error.code
    assert sentence.strip() == f"blockstudio: {error}"


def test_export_answers_what_it_wrote(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "net: a.py"
    assert main(["export", "nin_cifar10", "-o", str(target), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    lines = len(target.read_text(encoding="utf-8").splitlines())
    assert found == {"file": str(target), "written": f"{lines} lines of PyTorch", "weights": ""}
    assert main(["export", "nin_cifar10", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["source"] == target.read_text(encoding="utf-8")


def test_a_figure_that_fails_says_which_error_it_is(tmp_path: Path) -> None:
    with pytest.raises(bs.StudioError) as raised:
        bs.figure(bs.load("nin_cifar10"), tmp_path / "a.svg", bars="colour: blue")
    assert raised.value.code == "figure.bars" and raised.value.hint.startswith("Known: ")
