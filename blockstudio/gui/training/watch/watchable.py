"""What of the blocks of a run can be shown: title, unit, scale. One declaration each, for cards, lists and curves."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from blockstudio.gui.document.measures import Scale, scale_of
from blockstudio.gui.kit.parts import bytes_text
from blockstudio.text import Text, say

LOG, LINEAR = True, False


@dataclass(frozen=True)
class Watchable:
    """One figure of the blocks."""

    name: str
    """Of the measure; `figure` is what `BlockHistory` calls it."""
    figure: str
    title: Text
    about: Text
    text: Callable[[float], str]
    log: bool = True
    scale: Callable[[Iterable[float]], Scale | None] = scale_of
    words: tuple[Text, ...] = ()
    band: tuple[float, float] | None = None
    """Values that are healthy."""


def number(value: float) -> str:
    """Two or three digits: ``0.064``, ``3.5e-4``, ``1.2e4``."""
    if value == 0:
        return "0"
    if 0.01 <= abs(value) < 1000:
        digits = 2 if abs(value) < 1 else 3
        return f"{value:.{digits}g}".replace("-", "−")
    return _power(f"{value:.1e}")


def rough(value: float) -> str:
    """One digit where a number is written with a power of ten: ``4e-3``."""
    return number(value) if value == 0 or 0.01 <= abs(value) < 1000 else _power(f"{value:.0e}")


def _power(text: str) -> str:
    head, _, power = text.partition("e")
    return f"{head.removesuffix('.0')}e{int(power)}".replace("-", "−")


def share(value: float) -> str:
    """``37 %``."""
    return f"{100 * value:.0f} %"


def milliseconds(value: float) -> str:
    """``9.8 ms``."""
    return f"{value:.3g} ms" if value < 1000 else f"{value / 1000:.3g} s"


def times(value: float) -> str:
    """``× 1.08``."""
    return f"× {value:.2f}"


def _ratio_scale(values: Iterable[float]) -> Scale | None:
    return Scale(1e-4, 1e-2, two_sided=True) if any(value > 0 for value in values) else None


def _around_zero(values: Iterable[float]) -> Scale | None:
    """As far to either side as the largest value."""
    far = max((abs(value) for value in values), default=0.0)
    return Scale(-far, far, linear=True, two_sided=True) if far > 0 else None


def _whole(values: Iterable[float]) -> Scale | None:
    return Scale(0.0, 1.0, linear=True) if any(value > 0 for value in values) else None


WATCHABLE: tuple[Watchable, ...] = (
    Watchable("watch.gradient", "gradient", say("gradient norm"), say("‖gradient‖ of a step, a block a dot"), number),
    Watchable("watch.weight", "weight", say("weight norm"), say("‖w‖, each block one dot"), number),
    Watchable("watch.ratio", "ratio", say("update / weight"), say("‖Δw‖ / ‖w‖ in a step, a block a dot"), number,
              scale=_ratio_scale, words=(say("hardly moves"), say("healthy"), say("jumps")), band=(5e-4, 2e-3)),
    Watchable("watch.mean", "mean", say("activation mean"), say("of a block's output"), number, LINEAR, _around_zero),
    Watchable("watch.deviation", "deviation", say("activation deviation"), say("of a block's output"), number),
    Watchable("watch.dead", "dead", say("dead fraction"), say("zeros among a block's outputs"), share, LINEAR, _whole),
    Watchable("watch.shift", "shift", say("BatchNorm drift"), say("batch from running mean, in σ; worst"), number),
    Watchable("watch.time", "time", say("time"), say("forward and backward, of a step"), milliseconds),
    Watchable("watch.memory", "memory", say("output memory"), say("what a block's output takes"), bytes_text),
)  # fmt: skip
"""In the order of the list."""
BY_NAME = {each.name: each for each in WATCHABLE}
