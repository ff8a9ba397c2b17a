"""The command line without a window: tables, source, errors."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from blockstudio.cli import main
from blockstudio.cli.root import COMMANDS
from blockstudio.text import ENGLISH, LANGUAGE, PSEUDO, use_language


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(arguments)
    out, err = capsys.readouterr()
    return code, out, err


def test_summary_prints_blocks_and_totals(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "summary", "resnet34")
    assert code == 0
    assert not err
    (layer2,) = [line for line in out.splitlines() if line.startswith("layer2")]
    assert layer2.split() == ["layer2", "BasicBlock", "×4", "128×28×28", "1,116,416", "873,463,808"]
    assert "ResNet-34: 21,797,672 parameters, 3,663,761,408 MACs, depth 34" in out


def test_summary_opens_modules_and_doubles_to_flops(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "summary", "resnet18", "--depth", "2", "--flops")
    assert "3,628,146,688 FLOPs" in out
    assert "  0 " in out and "    downsample.0 " in out


def test_summary_json_has_every_figure(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "summary", "cifar_resnet", "--set", "n=9", "--json")
    report = json.loads(out)
    assert code == 0
    assert (report["parameters"], report["macs"], report["depth"]) == (853018, 125485696, 56)
    assert report["diagram_parameters"]["n"] == 9
    assert report["output_shape"] == [10]
    paths = {block["path"]: block for block in report["blocks"]}
    assert paths["layer3.8.conv2"]["output_shape"] == [64, 8, 8]


def test_presets_list_and_describe(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "presets")
    assert out.splitlines()[0].split() == ["preset", "year", "parameters", "MACs", "depth", "network"]
    assert {"resnet18", "resnet152", "cifar_resnet", "nin_cifar10", "googlenet"} <= {
        line.split()[0] for line in out.splitlines()
    }
    _, out, _ = run(capsys, "presets", "--family", "inception")
    names = [line.split()[0] for line in out.splitlines()]
    assert names.index("googlenet") < names.index("inception_v3") < names.index("inception_v4")
    assert "resnet50" not in names
    code, _, err = run(capsys, "presets", "--family", "Transformer")
    assert code == 2 and "there is no family 'Transformer'" in err and "Inception-ResNet" in err
    _, out, _ = run(capsys, "presets", "cifar_resnet")
    assert "n=3" in out and "arXiv 1512.03385" in out


def test_export_writes_source_and_keeps_a_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    target = tmp_path / "model.py"
    code, _, _ = run(capsys, "export", "resnet34", "-o", str(target))
    assert code == 0
    assert "class ResNet34(nn.Module)" in target.read_text(encoding="utf-8")
    target.write_text("mine", encoding="utf-8")
    code, _, err = run(capsys, "export", "resnet34", "-o", str(target))
    assert code == 2
    assert "--force" in err
    assert target.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["summary", "resnet3"], "Did you mean resnet34?"),
        (["summary", "missing.blocks.json"], "missing.blocks.json"),
        (["summary", "resnet18", "--set", "n=9"], "no parameter 'n'"),
        (["summary", "cifar_resnet", "--set", "n=0"], "from 1 to 500"),
        (["summary", "cifar_resnet", "--set", "n"], "NAME=VALUE"),
        (["summary", "cifar_resnet", "--set", "n=9**9**9"], "n:"),
        (["summary"], "NAME_OR_FILE"),
        (["export", "resnet18", "-o", "model.txt"], ".py"),
        (["export", "resnet18", "-o", "/nowhere/at/all/model.py"], "/nowhere/at/all/model.py"),
        (["train"], "train needs a network"),
        (["train", "resnet18", "--data", "no_such_set"], "no_such_set"),
        (["train", "resnet18", "--epochs", "0"], "epochs"),
        (["train", "resnet18", "--epochs", "two"], "--epochs"),
        (["train", "resnet18", "--device", "tpu"], "device"),
        (["train", "--resume", "/no/such/run"], "/no/such/run"),
        (["train", "resnet18", "--resume", "/no/such/run"], "--resume"),
        (["train", "resnet18", "--recipe", "/no/such/recipe.json"], "/no/such/recipe.json"),
        (["--set", "n=9"], "--set needs"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_is_one_sentence(capsys: pytest.CaptureFixture[str], arguments: list[str], words: str) -> None:
    code, out, err = run(capsys, *arguments)
    assert code == 2
    assert words in err
    assert err.startswith("blockstudio: ")
    assert len(err.strip().splitlines()) == 1
    assert not out


def test_a_network_with_errors_is_told_and_fails(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    from blockstudio import Diagram, save

    diagram = Diagram("broken")
    diagram.add("Input", "input", shape=[3, 8, 8])
    diagram.add("Conv2d", "conv1", kernel_size=9)
    diagram.add("Output", "output")
    diagram.connect("input", "conv1")
    diagram.connect("conv1", "output")
    file = tmp_path / "broken.blocks.json"
    save(diagram, file)
    code, _, err = run(capsys, "summary", str(file))
    assert code == 1
    assert "error: conv1:" in err
    code, out, err = run(capsys, "export", str(file))
    assert code == 2
    assert "conv1" in err and not out


def test_without_a_display_the_window_says_so(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    code, _, err = run(capsys, "resnet34")
    assert code == 2
    assert "no display" in err


@pytest.mark.parametrize("verb", [[], ["train"], ["summary"], ["export"], ["presets"]])
def test_help_reads_well(capsys: pytest.CaptureFixture[str], verb: list[str]) -> None:
    with pytest.raises(SystemExit) as done:
        main([*verb, "--help"])
    assert done.value.code == 0
    out = capsys.readouterr().out
    assert out.startswith("usage: blockstudio")
    assert max(map(len, out.splitlines())) <= 110


def test_a_comparison_goes_into_a_file_with_all_that_was_asked_for(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    target = tmp_path / "both.csv"
    code, out, err = run(capsys, "compare", "nin_cifar10", "--stages", "--factorisations", "-o", str(target))
    assert (code, err) == (0, "") and re.search(r": \d+ rows$", out)
    first, stages, factorised = target.read_text(encoding="utf-8").split("\n\n")
    assert first.startswith("network,") and stages.startswith("of the image,") and factorised.startswith("layer,")
    assert "█" not in stages
    code, _, err = run(capsys, "compare", "nin_cifar10", "-o", str(target))
    assert code == 2 and "there already" in err
    assert run(capsys, "compare", "nin_cifar10", "-o", str(target), "--force")[0] == 0
    assert target.read_text(encoding="utf-8").count("\n") == 2


def test_a_comparison_with_errors_ends_so(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "none.blocks.json"
    file.write_text('{"format": "blockstudio", "version": 2, "name": "None", "blocks": {}, "wires": []}')
    code, out, _ = run(capsys, "compare", "nin_cifar10", str(file))
    assert code == 1 and "None has errors" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["summary", "resnet18", "-o", "table"], "'table' does not end in .md, .csv, .tex, .txt"),
        (["summary", "resnet18", "-o", "x" * 300 + ".md"], "name too long"),
        (["export", "resnet18", "-o", "x" * 300 + ".py"], "name too long"),
        (["export", "resnet18", "-o", "a\0b.py"], "cannot be written"),
        (["export", "cifar_resnet", "--set", "n=" + "9" * 5000, "-o", "a.py"], "n:"),
        (["summary", "resnet18", "--json", "-o", "a.md"], "--json goes to the terminal"),
        (["summary", "resnet18", "--paper", "--depth", "2"], "leave --depth and --flops out"),
        (["summary", "resnet18", "--depth", "0"], "at least 1"),
        (["presets", "resnet18", "--json"], "leave NAME out"),
        (["compare", "--factorisations", "--stages"], "--stages are those of networks"),
    ],
)
def test_what_makes_no_sense_is_told(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "") and words in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_is_in_the_readers_language(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(LANGUAGE, PSEUDO)
    monkeypatch.setenv("COLUMNS", "10000")
    with pytest.raises(SystemExit):
        main([command, "--help"] if command else ["--help"])
    text = capsys.readouterr().out
    # argparse's own words, names and what a person writes stay as they are.
    rows = [re.split(r"\s{2,}", line.strip())[-1] for line in text.splitlines() if line.startswith("  -")]
    bare = [row for row in rows if row and not row.startswith(("⟦", "-", "show"))]
    use_language(ENGLISH)
    assert text.count("⟦") > 1 and bare == []
