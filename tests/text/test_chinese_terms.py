"""Chinese texts call each thing by one name, the one that textbooks have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

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
NAMES = {
    "stride": "步幅",
    "shortcut": "快捷连接",
    "receptive field": "感受野",
    "batch normalisation": "批量归一化",
    "global average pooling": "全局平均池化",
    "label smoothing": "标签平滑",
    "fully connected layer": "全连接层",
    "learning rate": "学习率",
    "confusion matrix": "混淆矩阵",
    "running averages": "滑动平均",
    "auxiliary head": "辅助分类",
    "feature maps": "特征图",
    "checkpoint": "检查点",
    "weight decay": "权重衰减",
    "data augmentation": "数据增强",
}
"""English terms, and what stands for them."""
NO_TERM = ("Set stride to", "Takes each stride", "Keyboard shortcuts")
"""Where they are a parameter's name, or keys."""


def sentences() -> Iterator[tuple[str, str]]:
    """English and Chinese of the catalogue, without words to search by."""
    with (ROOT / "blockstudio/locale/zh_CN/LC_MESSAGES/blockstudio.po").open("rb") as file:
        for message in read_po(file):
            if message.id and not any(SEARCHED in each for each in message.auto_comments):
                one = message.id if isinstance(message.id, str) else message.id[0]
                yield one, message.string if isinstance(message.string, str) else " ".join(message.string)


def texts() -> Iterator[tuple[str, str]]:
    """Every Chinese text, with its English or the file that it stands in."""
    yield from sentences()
    for path in (*map(ROOT.joinpath, PAGES), *sorted((ROOT / "presets/lessons").glob("*.zh_CN.md"))):
        yield path.name, path.read_text(encoding="utf-8")


@pytest.mark.parametrize("word", INSTEAD)
def test_no_second_name(word: str) -> None:
    allowed = OTHER_SENSE.get(word, ())
    found = [where for where, said in texts() if word in said and not any(each in where for each in allowed)]
    assert found == [], f"{word}: say {INSTEAD[word]}"


def test_a_term_is_called_by_its_name() -> None:
    pairs = [(re.sub(r"\{[^}]*\}|--?\w+|\w+[._]\w+|\w+=\S+|'[^']*'", " ", one), said) for one, said in sentences()]
    found = [
        f"{one!r}: {said!r} lacks {name}"
        for term, name in NAMES.items()
        for one, said in pairs
        if re.search(rf"\b{term}s?\b", one, re.IGNORECASE) and name not in said and not one.startswith(NO_TERM)
    ]
    assert found == [], "\n".join(found)
