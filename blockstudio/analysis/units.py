"""How the studio writes counts and sizes, the same on the canvas, in the status bar and in a terminal.

Conventions: *MACs* are multiply-accumulates of convolution and linear layers for one image; biases, normalisation,
activations, pooling and additions are not counted (this is what the papers' "FLOPs" columns count).
*FLOPs* are floating-point operations: two for each multiply-accumulate. Bytes are of 32-bit floats, one image.
"""

from __future__ import annotations

BYTES_PER_SCALAR = 4
"""Of the 32-bit floats that all byte counts assume."""
FLOPS_PER_MAC = 2
UNKNOWN = "?"
MOST = 1e300
"""What is larger is shown as without end."""

_COUNT_STEPS = ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k"))
_BYTE_STEPS = ((2**40, "TiB"), (2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"))


def flops(macs: int) -> int:
    """Floating-point operations: a multiplication and an addition for each multiply-accumulate."""
    return FLOPS_PER_MAC * macs


def count_text(count: int | None) -> str:
    """``1,234,567``; ``?`` if unknown."""
    return UNKNOWN if count is None else f"{count:,}"


def short_text(count: float | None) -> str:
    """Four significant figures: ``1.583 G``, ``25.56 M``, ``64``; ``?`` if unknown."""
    if count is None:
        return UNKNOWN
    return _short(count, _COUNT_STEPS, 1000)


def bytes_text(size: int | None) -> str:
    """``37.55 MiB``, ``512 B``; ``?`` if unknown."""
    if size is None:
        return UNKNOWN
    return _short(size, _BYTE_STEPS, 1024, "B")


def operations_text(macs: int | None, as_flops: bool = False) -> str:
    """``1.583 G MACs``, or the same work as ``3.165 G FLOPs``."""
    if macs is None:
        return UNKNOWN
    return f"{short_text(flops(macs))} FLOPs" if as_flops else f"{short_text(macs)} MACs"


def _short(value: float, steps: tuple[tuple[int, str], ...], base: int, unit: str = "") -> str:
    if value != value:
        return UNKNOWN
    if abs(value) > MOST:
        return f"{'-' if value < 0 else ''}∞"
    for index, (step, name) in enumerate(steps):
        # 999,960 would be written 1000 k: take the larger unit where rounding reaches it.
        if abs(value) >= step * 0.99995 and abs(value) >= steps[-1][0]:
            text = f"{value / step:.4g}"
            if float(text) >= base and index:
                step, name = steps[index - 1]
                text = f"{value / step:.4g}"
            return f"{text} {name}"
    text = f"{value:g}" if isinstance(value, int) or float(value).is_integer() else f"{value:.4g}"
    return f"{text} {unit}".strip()
