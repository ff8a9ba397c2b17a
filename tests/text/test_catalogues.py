"""What is said in the code reaches the translators, and what they wrote is whole."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from blockstudio import text
from blockstudio.analysis.offers.matching import match
from blockstudio.analysis.offers.offers import lines
from blockstudio.graph.diagram import Diagram
from blockstudio.text import say, say_many
from tests.support.catalogues import tool

pytestmark = pytest.mark.xdist_group("catalogues")  # the code is read once

PACKAGE = Path(text.__file__).parent
PASSES_ON = {"gui/kit/text.py"}
"""Where `tr` is made of `say`."""

CODE = """
a = f"{x}: {tr('inside {name}', name=f'{y}')} and {f"{say_many('one', 'many', n)}"}"
b = say("chosen" if x else "other")
c = tr(value or "by default")
d = say("over "
        "lines")
e = self.say("a note of a method, not a template")
f = tr(title)
"""


def test_a_call_is_found_wherever_it_stands() -> None:
    source = CODE.replace("f\"{say_many('one', 'many', n)}\"", "say_many('one', 'many', n)")  # as 3.11 reads it
    found = [(call.function, call.templates) for call in tool("calls").calls(source)]
    assert sorted(found) == [
        ("say", (("chosen",), ("other",))), ("say", (("over lines",),)), ("say_many", (("one", "many"),)),
        ("tr", ()), ("tr", (("by default",),)), ("tr", (("inside {name}",),)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "source", ['say(f"there is {name}")', 'tr("one" + name)', 'say("a " + b + "c")', 'tr(x if y else f"{z} left")']
)
def test_words_glued_together_are_told(source: str) -> None:
    (call,) = tool("calls").calls(source)
    assert call.glued


@cache
def collected() -> Any:
    return tool("translations").collected()


def test_every_call_in_the_code_is_collected() -> None:
    known = {message.id if isinstance(message.id, str) else message.id[0] for message in collected()}
    wrong = []
    for file in sorted(PACKAGE.rglob("*.py")):
        source, place = file.read_text(encoding="utf-8"), file.relative_to(PACKAGE).as_posix()
        for call in tool("calls").calls(source):
            words = {each[0] for each in call.templates if any(each)}
            if not words <= known:
                wrong.append(f"{place}:{call.line}: not collected: {words - known}")
            if call.glued:
                wrong.append(f"{place}:{call.line}: its words are glued together; make it one template with gaps")
            if not call.templates and call.function.startswith("say") and place not in PASSES_ON:
                wrong.append(f"{place}:{call.line}: its template stands elsewhere; write it in the call")
        if "import" in source and re.search(r"import.*\b(say|tr)(_many)? as ", source):
            wrong.append(f"{place}: calls it by another name")
    assert not wrong, "\n".join(wrong)


TRANSLATIONS = tool("translations").translations()
TITLES = re.compile(r"《[^》]*》|“[^”]*”|'[^']*'|`[^`]*`")
CODE_WORDS = re.compile(r"\S*[\d_=/\\.:*$<>\[\]@&-]\S*|\b[A-Z]{2,}\b|\b[A-Za-z]*[a-z][A-Z]\w*\b")
"""Names of files, commands, options, fields, types, abbreviations."""
KEPT = set((Path(__file__).with_name("kept_words.txt")).read_text(encoding="utf-8").split())
"""Words that stay as they are in every language: names, values of fields, types of blocks, commands."""


@pytest.mark.parametrize("file", TRANSLATIONS, ids=lambda file: file.parent.parent.name)
def test_a_translation_has_the_gaps_of_the_sentence_and_no_english_left(file: Path) -> None:
    translations = tool("translations")
    catalogue = translations.read(file)
    assert list(translations.wrong(catalogue)) == []
    left: dict[str, str] = {}
    for message in catalogue:
        for said in message.string if isinstance(message.string, tuple) else (message.string,):
            if message.id and said and said != message.id and not said.startswith(("示例：", "用块画出")):
                bare = CODE_WORDS.sub(" ", TITLES.sub(" ", re.sub(r"\{[^{}]*\}", " ", said)))
                left.update({word: said for word in re.findall(r"[A-Za-z]{2,}", bare) if word not in KEPT})
    assert not left, "\n".join(f"{word}: {said}" for word, said in sorted(left.items()))


@pytest.mark.parametrize("file", TRANSLATIONS, ids=lambda file: file.parent.parent.name)
def test_no_sentence_is_without_a_translation(file: Path) -> None:
    translations = tool("translations")
    missing = list(translations.untranslated(translations.read(file), collected()))
    assert not missing, f"python tools/translations.py update {file.parent.parent.name}, translate, compile: {missing}"


@pytest.mark.parametrize("file", TRANSLATIONS, ids=lambda file: file.parent.parent.name)
def test_what_is_shipped_is_what_was_translated(file: Path) -> None:
    assert file.with_suffix(".mo").read_bytes() == tool("translations").as_mo(file)


def test_chinese_is_spoken_and_what_is_missing_falls_back_to_english() -> None:
    chinese = text.Language("zh-CN")
    assert "zh-CN" in text.languages()
    assert chinese.render(say("there is no block '{name}'.", name="conv1")) == "没有块“conv1”。"
    assert chinese.render(say_many("{count} block", "{count:,} blocks", 3)) == "3 个块"
    assert chinese.render(say("no such sentence as {this}", this="that")) == "no such sentence as that"
    parts = [say_many("{count} block", "{count:,} blocks", 3), say_many("{count} trial", "{count:,} trials", 9)]
    assert chinese.render(text.join(parts, "; ")) == "3 个块；9 个试验"
    assert chinese.render(text.join(["conv1", "conv2"], ", ")) == "conv1, conv2"


@pytest.mark.parametrize(
    ("wanted", "code"),
    [("zh_CN.UTF-8", "zh-CN"), ("zh-Hans-CN", "zh-CN"), ("zh", "zh-CN"), ("zh_SG", "zh-CN"), ("fr", "en")],
)
def test_what_the_system_calls_chinese_is_understood(wanted: str, code: str) -> None:
    assert text.best([wanted]) == code


@pytest.mark.parametrize(
    ("word", "types"),
    [
        ("卷积", {"Conv2d", "DepthwiseConv2d", "ConvTranspose2d"}),
        ("池化", {"MaxPool2d", "AvgPool2d", "GlobalAvgPool"}),
        ("批量归一化", {"BatchNorm2d"}), ("批归一化", {"BatchNorm2d"}), ("全连接", {"Linear"}), ("残差", {"Add"}),
        ("拼接", {"Concat"}), ("展平", {"Flatten"}), ("激活函数", {"ReLU", "Sigmoid"}), ("随机失活", {"Dropout"}),
    ],
)  # fmt: skip
def test_blocks_are_found_by_chinese_words(word: str, types: set[str]) -> None:
    text.use_language("zh-CN")
    try:
        found = {line.type for line in lines(Diagram()) if match([word], line.title, line.words)}
    finally:
        text.use_language(text.ENGLISH)
    assert types <= found


NEVER_ONE = {
    "After {steps} steps {share} % of a running mean are still its initial value.",
    "Nothing normalises, and in fewer than {steps:,} steps dropout would hide what is to be learnt: it is off "
    "(dropout = 0).",
    "a lesson has at most {most} steps.",
    "asks for {count:,} trials; {most:,} are the most.",
    "{count} steps",  # every so many: each step has words of its own
}
COUNTED = re.compile(r"\{\w+(:,)?\} (steps|runs|trials|epochs|definitions)\b")


def test_what_may_be_one_has_a_form_for_one() -> None:
    single = {message.id for message in collected() if isinstance(message.id, str)}
    assert {each for each in single if COUNTED.search(each)} <= NEVER_ONE
