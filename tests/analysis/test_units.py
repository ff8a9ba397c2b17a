"""How numbers are written."""

from __future__ import annotations

import pytest

from blockstudio.analysis.units import bytes_text, count_text, flops, operations_text, short_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"), (64, "64"), (999, "999"), (1000, "1 k"), (1234, "1.234 k"), (25_557_032, "25.56 M"),
        (1_582_671_872, "1.583 G"), (999_960, "1 M"), (999_940, "999.9 k"), (3.2e12, "3.2 T"), (0.25, "0.25"),
        (None, "?"),
    ],
)  # fmt: skip
def test_short(value: float | None, text: str) -> None:
    assert short_text(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0 B"), (512, "512 B"), (1024, "1 KiB"), (39_375_667, "37.55 MiB"), (5 * 2**30, "5 GiB"), (None, "?")],
)
def test_bytes(value: int | None, text: str) -> None:
    assert bytes_text(value) == text


def test_counts_and_operations() -> None:
    assert count_text(1_234_567) == "1,234,567" and count_text(None) == "?"
    assert flops(5) == 10
    assert operations_text(1_582_671_872) == "1.583 G MACs"
    assert operations_text(1_582_671_872, as_flops=True) == "3.165 G FLOPs"
    assert operations_text(None) == "?"


@pytest.mark.parametrize(
    ("value", "text"),
    [(10**400, "∞"), (float("inf"), "∞"), (float("-inf"), "-∞"), (float("nan"), "?"), (2**70, "1.181e+09 T")],
)
def test_what_no_float_holds_is_written_too(value: float, text: str) -> None:
    assert short_text(value) == text
    assert operations_text(value) == f"{text} MACs"  # type: ignore[arg-type]
    assert bytes_text(value) == ("1.074e+09 TiB" if value == 2**70 else text)  # type: ignore[arg-type]
