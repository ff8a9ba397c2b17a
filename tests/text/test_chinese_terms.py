"""Chinese texts call each thing by one name, the one that textbooks have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from blockstudio.lessons import lesson_names, load_lesson
from blockstudio.lessons.lesson import Lesson

ROOT = Path(__file__).parents[2]
PAGES = ("README.zh-CN.md", "docs/window.zh-CN.md")
SEARCHED = "Translators: words to search by"
"""What marks words that a person may type: there others' names are wanted."""
INSTEAD = {
    word: name
    for name, words in {
        "步幅": "步距 步长",
        "批量归一化": "批归一化 批标准化 批规范化",
        "快捷连接": "跳跃连接 捷径分支 短路连接",
        "滑动平均均值": "运行均值",
        "滑动平均": "移动平均",
        "准确率": "正确率",
        "特征图": "特征矩阵 特征映射",
        "梯度消失": "梯度弥散",
        "池化": "汇聚",
        "随机失活": "暂退",
        "全连接层": "稠密层",
        "全连接分类头": "全连接头",
        "逐通道卷积": "深度卷积",
        "空洞卷积": "膨胀卷积 扩张卷积",
        "密集连接": "稠密连接",
        "特征图尺寸缩减": "网格缩减",
        "类激活图": "类激活映射",
        "内部协变量偏移": "内部协变量漂移",
        "轮": "迭代周期",
        "前向传播": "前向计算",
        "查准率": "精确率",
        "查全率": "召回率",
        "转置卷积": "反卷积",
        "下采样": "降采样",
        "维数灾难": "维度灾难",
        "表示瓶颈": "表征瓶颈",
        "属性面板": "检查器",
        "空间聚合": "空间聚集",
        "数据增强": "数据增广",
        "批大小": "批量大小",
    }.items()
    for word in words.split()
}
"""Other names, and the one that is used."""
OTHER_SENSE = {"步长": ("and has no step", "a step above 0")}
"""Where a word means something else: the step of a range of values."""
TERMS = Path(__file__).with_name("terms.tsv")
"""The course's glossary: what each term is called (any of several), how English texts write it, where the word means
something else, and what."""
CODE = re.compile(r"\{[^{}]*\}|`[^`]*`|(?<!\w)--?[a-z]\w*|\b\w+(?:[._/]\w+)*[._]\w+|\w+=\S+|'[^']*'")
"""Gaps, names, options, values."""


@cache
def sentences() -> list[tuple[str, str]]:
    """English and Chinese of the catalogue, without words to search by."""
    found = []
    with (ROOT / "blockstudio/locale/zh_CN/LC_MESSAGES/blockstudio.po").open("rb") as file:
        for message in read_po(file):
            if message.id and not any(SEARCHED in each for each in message.auto_comments):
                one = message.id if isinstance(message.id, str) else message.id[0]
                found.append((one, message.string if isinstance(message.string, str) else " ".join(message.string)))
    return found


@cache
def texts() -> list[tuple[str, str]]:
    """Every Chinese text, with its English or the file that it stands in."""
    pages = (*map(ROOT.joinpath, PAGES), *sorted((ROOT / "presets/lessons").glob("*.zh_CN.md")))
    return [*sentences(), *((path.name, path.read_text(encoding="utf-8")) for path in pages)]


@pytest.mark.parametrize("word", INSTEAD)
def test_no_second_name(word: str) -> None:
    allowed = OTHER_SENSE.get(word, ())
    found = [where for where, said in texts() if word in said and not any(each in where for each in allowed)]
    assert found == [], f"{word}: say {INSTEAD[word]}"


def prose(lesson: Lesson) -> Iterator[str]:
    """All that a lesson says, in order."""
    yield from (lesson.title, lesson.goal, lesson.intro)
    for step in lesson.steps:
        yield from (step.title, step.text)
        for asked in step.questions:
            yield from (asked.text, asked.more, asked.explain)
            yield from (*asked.fields.values(), *asked.choices.values(), *asked.hints.values())


def paragraphs(text: str) -> list[str]:
    return [part for part in re.split(r"\n\s*\n|\n(?=[-|])", text) if part.strip()]


def of_lessons() -> Iterator[tuple[str, str]]:
    """English and Chinese of the lessons, by paragraphs."""
    for name in lesson_names():
        for one, said in zip(prose(load_lesson(name, "en")), prose(load_lesson(name, "zh-CN")), strict=True):
            yield from zip(paragraphs(one), paragraphs(said), strict=True)


def lacking(name: str, written: str, elsewhere: str, pairs: list[tuple[str, str]]) -> Iterator[str]:
    """Sentences that have a term in English, and not what it is called in Chinese."""
    term = re.compile(rf"(?<![\w-])(?:{written})(?:e?s)?(?!\w)", re.IGNORECASE)
    for one, said in pairs:
        left = re.sub(elsewhere, " ", one, flags=re.IGNORECASE) if elsewhere else one
        if term.search(left) and not re.search(name, said, re.IGNORECASE):
            yield f"{one!r}: {said!r} lacks {name}"


def test_a_term_is_called_by_its_name() -> None:
    pairs = [(CODE.sub(" ", one), said) for one, said in (*sentences(), *of_lessons())]
    rows = [line.split("\t") for line in TERMS.read_text(encoding="utf-8").splitlines()[1:]]
    found = [
        told for _, name, written, *other in rows for told in lacking(name, written, other[0] if other else "", pairs)
    ]
    assert len(rows) == 202 and found == [], "\n".join(found)


def test_a_wrong_name_is_found() -> None:
    pairs = [("Which wire?", "哪条线？"), ("The Caffe port", "移植版"), ("Two ports", "两个端子")]
    assert len(list(lacking("连线", "wire", "", pairs))) == 1
    assert list(lacking("端口", "port", "Caffe port", pairs)) == ["'Two ports': '两个端子' lacks 端口"]


HALF = re.compile(r"[\u4e00-\u9fff）”》](?:[,;:?!](?=[\W\d\u4e00-\u9fff]|$)|\(|\.(?=\s|$))")
TYPED = re.compile(r"\[[^\]]*\](\([^)]*\))?|`[^`]*`|“[^”]*: ?[^”]*”")
"""Values that are typed so, and links: ``[通道, 高, 宽]``, ``名称: 值``."""


def test_marks_between_chinese_letters_are_full_width() -> None:
    found = [
        f"{where}: …{line[max(0, mark.start() - 20) : mark.end() + 20]}…"
        for where, said in texts()
        for line in TYPED.sub("", said).splitlines()
        for mark in HALF.finditer(line)
    ]
    assert found == [], "\n".join(found)
