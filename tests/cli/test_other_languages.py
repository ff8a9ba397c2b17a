"""The command line in Chinese: help, mistakes and tables, each letter two columns wide."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from blockstudio import text
from blockstudio.cli import main
from blockstudio.cli.helping import Formatter
from blockstudio.cli.root import root_parser
from blockstudio.report.columns import cells_of, wrapped
from blockstudio.report.summary import presets_table
from blockstudio.report.table import Table
from blockstudio.runs.recipes import built_in

ENGLISH = re.compile(r"\b(the|and|of|is|are|with|this|from|not allowed|required|usage|options|help)\b", re.IGNORECASE)
WIDTH = 90


@pytest.fixture
def chinese(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv(text.LANGUAGE, "zh-CN")
    text.use_language("zh-CN")
    yield
    text.use_language(text.ENGLISH)


def test_help_is_in_the_readers_language(chinese: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    root, commands = root_parser()
    wrong = []
    for name, parser in {"": root, **commands}.items():
        for line in parser.format_help().splitlines():
            bare = re.sub(r"--?[\w-]+|\w*[_.=/*]\S*|“[^”]*”|\b[A-Z_]+\b|blockstudio[ \w-]*|\{[^}]*\}", "", line)
            long = cells_of(line) > WIDTH and re.search("[\u4e00-\u9fff]", line) and parser.formatter_class is Formatter
            if ENGLISH.search(bare) or long:
                wrong.append(f"{name}: {line}")
    assert wrong == [], "\n".join(wrong)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("summary", "缺少参数：NAME_OR_FILE"),
        ("train plain --epochs x", "--epochs 应为整数，而给出的是 'x'"),
        ("train plain --lr x", "应为数"),
        ("train plain --lr", "--lr 需要一个值"),
        ("train plain --optimizer x", "只能是"),
        ("train plain --epochs 1 --steps 1", "不能与"),
        ("train plain --t x", "--t 可能是"),
        ("lesson tell", "只能是"),
        ("summary plain --json=3", "不带值"),
    ],
)
def test_what_argparse_finds_is_told_in_it_too(
    chinese: None, capsys: pytest.CaptureFixture[str], words: str, told: str
) -> None:
    assert main(words.split()) == 2
    said = capsys.readouterr().err
    assert told in said and not ENGLISH.search(re.sub(r"--\w+|blockstudio \w+ --help", "", said)), said


def test_columns_of_a_table_stand_below_each_other(chinese: None) -> None:
    table = Table(("名称", "n"), [("卷积", "1"), ("conv", "12"), ("e\u0301", "3")], " r")
    lines = table.text().splitlines()
    assert [cells_of(line) for line in lines] == [8, 8, 8, 8] and lines[1] == "卷积   1" and lines[2] == "conv  12"
    heads, first, *_ = presets_table("VGG").text().splitlines()
    assert heads.startswith("预设网络") and "VGG-16" in first


def test_lines_are_broken_by_what_they_take(chinese: None) -> None:
    lines = wrapped("不用窗口训练网络。每次训练是一个目录；Ctrl-C 停止并保存检查点，--resume DIR 从停下处继续。", 20)
    assert all(cells_of(line) <= 22 for line in lines) and not any(line[0] in "，。；" for line in lines)
    assert "".join(lines).replace(" ", "").startswith("不用窗口训练网络。每次训练是一个目录；Ctrl-C停止")
    assert wrapped("", 20) == [] and wrapped("x" * 30, 20) == ["x" * 30]


def test_recipes_that_come_along_are_told_in_it(chinese: None, capsys: pytest.CaptureFixture[str]) -> None:
    for named, file in built_in():
        said = file.about.said()
        for each in (said.name, *said.notes):
            assert re.search("[\u4e00-\u9fff]", each), (named.name, each)
    assert main(["recipe", "list"]) == 0 and main(["recipe", "show", "resnet50:paper"]) == 0
    told = capsys.readouterr().out
    assert "ResNet 用于 ImageNet 的配置" in told and "- 8 个 GPU 各有 32 张图像" in told and "'s for" not in told
