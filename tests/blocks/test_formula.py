"""Where the numbers come from: the computation shown gives the number shown."""

from __future__ import annotations

import re
from math import ceil, floor

import pytest
from hypothesis import HealthCheck, assume, given

from blockstudio.blocks import CATALOGUE, Refusal
from tests.support.block_cases import Case, cases
from tests.support.properties import examples

IN_WORDS = {"each value", "height of a window", "width of a window"}
"""Rows that describe and do not compute."""


def compute(text: str) -> int:
    """The value of a computation as the screen shows it."""
    text = re.sub(r"⌊(.*?)⌋", r"floor(\1)", text)
    text = re.sub(r"⌈(.*?)⌉", r"ceil(\1)", text)
    text = re.sub(r" (zeros|pixels)", "", text)
    text = text.replace("·", "*").replace("−", "-").replace(",", "")
    assert re.fullmatch(r"[\d.+\-*/() ]*", text.replace("floor", "").replace("ceil", "")), text
    return int(eval(text, {"floor": floor, "ceil": ceil}))  # noqa: S307


@pytest.mark.parametrize("name", [name for name, kind in CATALOGUE.items() if not kind.foreign])
def test_the_computation_shown_gives_the_number_shown(name: str) -> None:
    @examples(30, suppress_health_check=list(HealthCheck))
    @given(case=cases(name))
    def shown(case: Case) -> None:
        kind, p = case.kind, case.values
        try:
            output = kind.shape(p, case.inputs)
        except Refusal:
            assume(False)
            return
        rows = kind.formula(p, case.inputs, output)
        counted = kind.count(p, case.inputs) or kind.macs(p, case.inputs, output)
        assert rows or (not counted and all(shape == output for shape in case.inputs)), "something is to be explained"
        for label, text, result in rows:
            if label not in IN_WORDS:
                assert compute(text) == int(result.replace(",", ""))
        found = {label: result for label, _, result in rows}
        for label, number in (("weights", kind.count(p, case.inputs)), ("MACs", kind.macs(p, case.inputs, output))):
            assert found.get(label, f"{number:,}") == f"{number:,}"
        for label, axis in (("channels", 0), ("features", 0), ("height", 1), ("width", 2), ("height, width", 1)):
            assert label not in found or int(found[label].replace(",", "")) == output[axis]

    shown()


def test_the_stem_of_resnet() -> None:
    kind = CATALOGUE["Conv2d"]
    given = {"out_channels": 64, "kernel_size": 7, "stride": 2, "padding": 3, "bias": False}
    values = {key: parameter.check(given.get(key, parameter.default)) for key, parameter in kind.parameters.items()}
    output = kind.shape(values, [(3, 224, 224)])
    assert kind.formula(values, [(3, 224, 224)], output) == [
        ("height, width", "⌊(224 + 6 − 7) / 2⌋ + 1", "112"),
        ("weights", "7·7·3·64", "9,408"),
        ("MACs", "9,408 · 112·112", "118,013,952"),
    ]


def test_ceil_mode_says_when_a_window_is_left_out() -> None:
    kind = CATALOGUE["MaxPool2d"]
    given = {"kernel_size": 2, "stride": 3, "ceil_mode": True}
    values = {key: parameter.check(given.get(key, parameter.default)) for key, parameter in kind.parameters.items()}
    output = kind.shape(values, [(8, 6, 6)])
    assert output == (8, 2, 2)
    assert kind.formula(values, [(8, 6, 6)], output) == [("height, width", "⌈(6 − 2) / 3⌉ + 1 − 1", "2")]
