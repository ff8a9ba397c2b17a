"""Answers as people type them."""

from __future__ import annotations

import pytest

from blockstudio.lessons.answers import check_number, check_several, check_shape, shown
from blockstudio.lessons.lesson import Question
from blockstudio.lessons.typed import read_numbers, read_shape


def question(**facts: str) -> Question:
    return Question("q", "number", "?", 1, **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("14592", 14592),
        ("14,592", 14592),
        ("14 592", 14592),
        ("14'592", 14592),
        ("14.592", 14592),
        ("1.4592e4", 14592),
        ("14 592", 14592),
        (" 14592 ", 14592),
        ("≈14592", 14592),
        ("12·10³", 12000),
        ("2^54", 2**54),
        ("2⁸", None),
        ("1.46万", 14600),
        ("3 亿", 300_000_000),
        ("7.6 M", 7_600_000),
        ("−0.5", -0.5),
        ("0,5", 0.5),
        ("1/4", 0.25),
        ("１４，５９２。", 14592),
        ("76．1％", 76.1),
        ("约 14592 个", 14592),
        ("=14592", 14592),
        ("14.7 M MACs", 14_700_000),
        ("½", 0.5),
        ("75·192 + 192", 14592),
        ("(5×5×3 + 1) × 192", 14592),
        ("192×76", 14592),
        ("35²/17²", 1225 / 289),
        ("1 ÷ 2", 0.5),
        ("3,136 × 64", 200_704),
        ("2^(54)", 2**54),
        ("2 的 54 次方", 2**54),
        ("1,4592", 14592),
        ("14592 个参数。", 14592),
        ("共 14592 个权重", 14592),
        ("14592 params.", 14592),
        ("一万四千五百九十二", 14592),
        ("三亿", 300_000_000),
        ("两千零四十八", 2048),
        ("二十七层", 27),
        ("十", 10),
        ("负 3", -3),
        ("–3", -3),
        ("1.8 万亿", 1_800_000_000_000),
        ("1.8 billion", 1_800_000_000),
        ("百分之76.1", 76.1),
        ("二分之一", 0.5),
        ("4.24 倍", 4.24),
        ("×4.24", 4.24),
        ("4.24x", 4.24),
        ("50 %", 0.5),
        ("5‰", 0.005),
        ("2½", None),
        ("5(3", None),
        ("9**9**9", None),
        ("1/(2-2)", None),
        ("__import__", None),
        ("()", None),
        (" " * 300 + "5", None),
        ("1,2,3", None),
        ("", None),
        ("many", None),
        ("9" * 300, None),
        ("1e999", None),
        ("2^9999", None),
        ("nan", None),
        ("1__0", None),
        (".", None),
        ("1/0", None),
        ("0x10", None),
    ],
)
def test_numbers(text: str, value: float | None) -> None:
    found = [each.value for each in read_numbers(text)]
    assert value in found if value is not None else True
    assert all(abs(each) < 1e120 for each in found)


def test_what_counts_as_right() -> None:
    def state(expected: float, text: str, **facts: str) -> str:
        return check_number(question(**facts), expected, text)[0]

    assert [state(14745600, text) for text in ("14745600", "14.7 M", "14,745,600", "14.75M", "15 M", "14745601")] == [
        "right",
        "right",
        "right",
        "right",
        "unread",
        "wrong",
    ]
    assert [state(76.05, text, unit="%", tolerance="0.1") for text in ("76.1", "76,1 %", "0.761", "76.3", "76")] == [
        "right",
        "right",
        "right",
        "wrong",
        "right",
    ]
    assert state(4.6667, "4.67") == state(4.6667, "4.667") == "right" and state(4.6667, "4.5") == "wrong"
    assert state(100, "102", tolerance="2%") == "right" and state(100, "103", tolerance="2%") == "wrong"
    assert state(75, "3/4", unit="%") == state(76.1, "76.1 percent", unit="%") == "right"
    assert state(75, "0.75 %", unit="%") == "wrong"
    assert state(5, "") == "empty" and state(5, "five") == "unread"
    assert check_number(question(), 30880, "30720")[1] == "160 too few."
    assert check_number(question(), 14592, "145920")[1] == "10 times too large."
    assert check_number(question(), 95.96, "94", (94, 97))[0] == "right"


def test_shapes() -> None:
    shape = (192, 28, 28)
    for text in ("192，28，28", "１９２×２８×２８", "192、28、28", "192ｘ28ｘ28", "（192；28；28）。", "192×28²",
                 "torch.Size([192, 28, 28])"):  # fmt: skip
        assert check_shape(shape, text)[0] == "right", text
    for text in ("(1, 192, 28, 28)", "N×192×28×28", "192@28×28", "192 通道，28×28", "28×28, 192 channels",
                 "【192，28，28】", "C=192, H=28, W=28", "192乘28乘28", "192 by 28 by 28", "192,28,28,"):  # fmt: skip
        assert check_shape(shape, text)[0] == "right", text
    assert read_shape("1,024×7×7") == read_shape("1 024 x 7 x 7") == (1024, 7, 7) and read_shape("3×4×5×6") is None
    for text in ("192×28×28", "192 28 28", "192x28x28", "(192, 28, 28)", "[192,28,28]", "192*28*28", "28×28×192"):
        assert check_shape(shape, text)[0] == "right", text
    assert "channels first" in check_shape(shape, "28×28×192")[1]
    assert check_shape(shape, "192×28×27")[1] == "Not right: width."
    assert check_shape(shape, "192×28")[0] == "wrong" and check_shape(shape, "")[0] == "empty"
    assert check_shape(shape, "wide")[0] == "unread" and check_shape((1000,), "1,000")[0] == "right"
    assert read_shape("192,28,28") == shape and read_shape("1" * 20) is None


def test_values_are_written_as_lessons_write_them() -> None:
    assert [shown(each) for each in (14592, 76.05, 3.0, (192, 28, 28), "x", True, 1234567.5)] == [
        "14,592",
        "76.05",
        "3",
        "192×28×28",
        "x",
        "true",
        "1,234,567.50",
    ]


def test_what_is_ticked_wrongly_is_told_in_whole_sentences() -> None:
    told = [check_several(("a", "b"), given)[1] for given in (("a", "b", "c"), ("a",), ("a", "c"), ("c", "d"))]
    assert told == [
        "1 that is ticked is not true.", "1 is missing.", "Ticked and not true: 1; missing: 1.",
        "Ticked and not true: 2; missing: 2.",
    ]  # fmt: skip
    assert check_number(question(), 14592, "0.0001")[1] == "Far too small."
    assert check_number(question(), 14592, "3e12")[1] == "Far too large."


def test_what_is_rounded_too_far_is_no_wrong_answer() -> None:
    asked = question(tolerance="0.1")
    state, said = check_number(asked, 12.157, "12")
    assert state == "unread" and "more digits" in said
    assert check_number(asked, 12.157, "12.2")[0] == "right"
    assert check_number(asked, 12.157, "13") == ("wrong", "Too large.")
    assert check_number(question(), 12870, "1.3e4")[0] == "unread"
    assert check_number(question(), 4, "3")[0] == "wrong"
