"""One root for all commands: mistakes in writing, completion, folders, and answers for programs."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from blockstudio import folders
from blockstudio.answers import read_answer
from blockstudio.cli import main
from blockstudio.cli.root import COMMANDS, root_parser
from blockstudio.graph.presets import preset_names
from blockstudio.runs.datasets import describe
from blockstudio.runs.structure import Data

TINY = ["train", "cifar_resnet", "--set", "n=1", "--set", "width=4", "--batch-size", "8", "--steps", "2"]


@pytest.mark.parametrize(
    ("arguments", "near"),
    [
        (["trian", "resnet34"], "train"),
        (["trian"], "train"),
        (["sumary", "resnet34"], "summary"),
        (["resnet43"], "resnet34"),
        (["summary", "gogglenet"], "googlenet"),
        (["train", "resnet18", "--epohcs", "2"], "--epochs"),
        (["export", "resnet18", "--wieghts", "a.pt"], "--weights"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value,
)
def test_the_nearest_word_is_offered(arguments: list[str], near: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and f"Did you mean {near}?" in err


@pytest.mark.parametrize("arguments", [["weights", "resnet18", "w.pth"], ["train", "resnet18", "--weights", "w.pth"],
                                       ["export", "resnet18", "--weights", "w.pth", "-o", "a.pt2"]])  # fmt: skip
def test_weights_that_are_missing_are_not_found(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    err = capsys.readouterr().err
    assert "not found" in err and "w.pth" in err


def test_every_command_has_help_and_says_what_it_does(capsys: pytest.CaptureFixture[str]) -> None:
    _, parsers = root_parser()
    assert set(parsers) == set(COMMANDS)
    for name, parser in parsers.items():
        assert parser.description and COMMANDS[name].help
        with pytest.raises(SystemExit) as left:
            main([name, "--help"])
        assert left.value.code == 0 and capsys.readouterr().out.startswith("usage: blockstudio")


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_shells_get_a_script_with_every_command(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert all(name in script for name in COMMANDS) and "--epochs" in script
    assert all(name in script for name in preset_names())


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize(
    ("words", "found"),
    [(["tra"], "train"), (["train", "googlene"], "googlenet"), (["export", "a", "--chec"], "--checkpoint")],
)
def test_bash_completes(words: list[str], found: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["completion", "bash"])
    script = tmp_path / "script"
    asked = " ".join(["blockstudio", *words])
    script.write_text(
        capsys.readouterr().out + f"\nCOMP_WORDS=({asked}); COMP_CWORD={len(words)}; COMP_LINE='{asked}'\n"
        f"_shtab_blockstudio blockstudio '{words[-1]}'\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"\n",
        encoding="utf-8",
    )
    done = subprocess.run(["bash", script], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert found in done.stdout.split(), done.stderr


def test_compare_answers_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "resnet18", "alexnet", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["name"], row["parameters"], row["macs"]) for row in rows] == [
        ("ResNet-18", 11_689_512, 1_814_073_344), ("AlexNet", 60_965_224, 724_406_816),
    ]  # fmt: skip
    assert sum(stage["macs"] for stage in rows[0]["stages"]) == rows[0]["macs"]


@pytest.mark.slow
def test_train_tells_its_events_to_programs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*TINY, "--run", str(tmp_path / "r"), "--json"]) == 0
    out, err = capsys.readouterr()
    events = [json.loads(line) for line in out.splitlines()]
    assert err == "" and events[0] == {"type": "run", "directory": str(tmp_path / "r")}
    assert {"started", "epoch", "finished"} <= {event["type"] for event in events}
    environment = json.loads((tmp_path / "r" / "environment.json").read_text(encoding="utf-8"))
    assert {"torch", "torchvision", "numpy", "cuda", "command"} <= set(environment) and environment["numpy"]


def test_a_run_that_fails_tells_programs_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main([*TINY, "--run", str(tmp_path / "r"), "--json", "--data", str(tmp_path)])
    out, err = capsys.readouterr()
    error = read_answer(code, out, err).error
    assert code == 2 and error is not None and error.code == "data.folder"


@pytest.mark.slow
def test_folders_are_named_by_the_environment_and_quiet_says_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BLOCKSTUDIO_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("BLOCKSTUDIO_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    assert folders.runs() == tmp_path / "runs"
    assert describe(Data(source="stl10")).root == folders.data_sets() == tmp_path / "data"
    if sys.platform == "linux":
        assert folders.unsaved_work() == tmp_path / "state" / "blockstudio" / "recovery"
    assert main([*TINY, "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")
    assert len(list((tmp_path / "runs").iterdir())) == 1


@pytest.mark.parametrize("arguments", [["summary", "{}"], ["weights", "alexnet", "{}"], ["recipe", "show", "{}"]])
def test_a_name_tells_the_terminal_nothing(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([each.format("\x1b]0;title\x07\x1b[31m\u202e") for each in arguments]) == 2
    told = capsys.readouterr().err
    assert "\\x1b]0;title\\x07\\x1b[31m\\u202e" in told or "\\x1b]0;title" in told
    assert all(each.isprintable() or each == "\n" for each in told)
