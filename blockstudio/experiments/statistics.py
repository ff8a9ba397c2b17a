"""What seeds support: spread, paired differences, and how likely they are by chance. Plain Python."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean, stdev


def mean(values: Sequence[float]) -> float:
    """The arithmetic mean of one value or more."""
    return fmean(values)


def deviation(values: Sequence[float]) -> float | None:
    """The sample's standard deviation, n − 1 in the denominator; ``None`` for fewer than two values."""
    return stdev(values) if len(values) > 1 else None


def paired_t_test(first: Sequence[float], second: Sequence[float]) -> float | None:
    """How likely a mean difference at least this large is if there is none (two-sided Student's t-test of pairs).

    Args:
        first: Values of one side, by seed.
        second: Those of the other, the same seeds in the same order.

    Returns:
        p from 0 to 1; ``None`` for fewer than two pairs.

    Raises:
        ValueError: If the lengths differ.
    """
    differences = [a - b for a, b in zip(first, second, strict=True)]
    if len(differences) < 2:
        return None
    spread = deviation(differences)
    assert spread is not None
    middle = mean(differences)
    if spread == 0:
        return 1.0 if middle == 0 else 0.0
    t = middle / (spread / math.sqrt(len(differences)))
    return student_p(t, len(differences) - 1)


def confidence(differences: Sequence[float], level: float = 0.05) -> float | None:
    """Half the width of the interval around the mean of paired differences that holds the true one with probability
    1 − ``level``; ``None`` for fewer than two."""
    spread = deviation(differences)
    if spread is None:
        return None
    freedom = len(differences) - 1
    low, high = 0.0, 1e6
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if student_p(middle, freedom) > level else (low, middle)
    return high * spread / math.sqrt(len(differences))


def student_p(t: float, freedom: int) -> float:
    """P(\\|T\\| ≥ \\|t\\|) of Student's distribution with ``freedom`` degrees: I_x(ν/2, 1/2) with x = ν / (ν + t²)
    (Abramowitz and Stegun, 26.7.1 and 26.5.27)."""
    return incomplete_beta(freedom / 2, 0.5, freedom / (freedom + t * t))


def incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function I_x(a, b), by its continued fraction (Abramowitz and Stegun, 26.5.8)."""
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):
        # The fraction converges quickly on the other side.
        return 1 - incomplete_beta(b, a, 1 - x)
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    ) / a  # fmt: skip
    # Evaluated from its far end; 400 terms are more than any number of seeds asks for.
    fraction = 1.0
    for n in range(400, 0, -1):
        m = n // 2
        if n % 2:
            term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        fraction = 1 + term / fraction
    return front / fraction


def fisher_exact(reached: int, of: int, other: int, of_other: int) -> float:
    """How likely counts at least as uneven as these are if both sides get there equally often (Fisher's exact test,
    two-sided).

    Args:
        reached: How many of the one side's trials got there.
        of: How many trials it has.
        other: The same of the other side.
        of_other: How many trials that has.

    Returns:
        p from 0 to 1.
    """
    total, both = of + of_other, reached + other
    ways = math.comb(total, both)

    def share(count: int) -> float:
        return math.comb(of, count) * math.comb(of_other, both - count) / ways

    seen = share(reached)
    possible = range(max(0, both - of_other), min(of, both) + 1)
    return min(1.0, math.fsum(share(count) for count in possible if share(count) <= seen * (1 + 1e-9)))


def holm(values: Sequence[float | None]) -> list[float | None]:
    """p-values of several comparisons made in one go, adjusted by Holm's step-down rule; ``None`` stays."""
    known = sorted((value, index) for index, value in enumerate(values) if value is not None)
    adjusted: list[float | None] = [None] * len(values)
    highest = 0.0
    for rank, (value, index) in enumerate(known):
        highest = max(highest, min(1.0, (len(known) - rank) * value))
        adjusted[index] = highest
    return adjusted


def pareto(points: Sequence[tuple[float, float]]) -> list[int]:
    """Which points no other beats: ``(cost, gain)`` with a cost as low and a gain as high, one of them better.

    Returns:
        Their places in rising order of cost.
    """
    order = sorted(range(len(points)), key=lambda index: (points[index][0], -points[index][1]))
    front: list[int] = []
    for index in order:
        cost, gain = points[index]
        if not front or gain > points[front[-1]][1] or (cost, gain) == points[front[-1]]:
            front.append(index)
    return front
