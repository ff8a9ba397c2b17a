"""Emitted source as a reader sees it, kept in ``golden/``.

After a change that is meant, write them anew and read the difference:

    python tests/compiler/test_golden_source.py
"""

from __future__ import annotations

from pathlib import Path

import pytest

from blockstudio.compiler import source
from blockstudio.graph.presets import load_preset

GOLDEN = Path(__file__).parent / "golden"
NAMES = ["resnet34", "module_inception", "googlenet", "preact_resnet50"]


@pytest.mark.parametrize("name", NAMES)
def test_emitted_source_is_as_kept(name: str) -> None:
    assert source(load_preset(name)) == (GOLDEN / f"{name}.py.txt").read_text(encoding="utf-8")


def test_resnet34_reads_like_a_model_file() -> None:
    text = source(load_preset("resnet34"))
    lines = text.splitlines()
    assert len(lines) < 110 and max(map(len, lines)) <= 100
    assert text.count("class ") == 2
    forwards = text.split("def forward")[1:]
    assert [len(part.split("class ")[0].strip().splitlines()) for part in forwards] == [8, 12]


if __name__ == "__main__":
    for each in NAMES:
        (GOLDEN / f"{each}.py.txt").write_text(source(load_preset(each)), encoding="utf-8")
