"""Statistics of experiments, against tables and against counting."""

from __future__ import annotations

import itertools
import math
import random

import pytest

from blockstudio.experiments.statistics import (
    deviation,
    fisher_exact,
    holm,
    incomplete_beta,
    mean,
    paired_t_test,
    pareto,
    student_p,
)


def test_mean_and_deviation() -> None:
    assert mean([1.0, 2.0, 6.0]) == 3.0
    assert deviation([1.0, 2.0, 6.0]) == pytest.approx(math.sqrt(7))
    assert deviation([4.0]) is None


def test_students_distribution_is_that_of_the_tables() -> None:
    # Two-sided critical values; Abramowitz and Stegun, table 26.10.
    for t, freedom, p in (
        (12.706, 1, 0.05), (4.303, 2, 0.05), (2.776, 4, 0.05), (2.262, 9, 0.05), (2.042, 30, 0.05),
        (63.657, 1, 0.01), (4.604, 4, 0.01), (3.250, 9, 0.01), (0.727, 5, 0.5),
    ):  # fmt: skip
        assert student_p(t, freedom) == pytest.approx(p, abs=2e-4 + 5e-4 * p)
        assert student_p(-t, freedom) == student_p(t, freedom)
    assert student_p(0.0, 3) == pytest.approx(1.0)
    # One degree of freedom is Cauchy's distribution, which has a closed form.
    for t in (0.1, 1.0, 7.0, 300.0):
        assert student_p(t, 1) == pytest.approx(1 - 2 * math.atan(t) / math.pi, rel=1e-10)


def test_the_beta_function_agrees_with_the_binomial_sum() -> None:
    for a, b in itertools.product((1, 2, 5, 11), repeat=2):
        for x in (0.01, 0.3, 0.5, 0.77, 0.999):
            n = a + b - 1
            exact = math.fsum(math.comb(n, j) * x**j * (1 - x) ** (n - j) for j in range(a, n + 1))
            assert incomplete_beta(a, b, x) == pytest.approx(exact, rel=1e-10, abs=1e-14)


def test_pairs() -> None:
    assert paired_t_test([1.0], [2.0]) is None
    assert paired_t_test([1.0, 2.0], [1.0, 2.0]) == 1.0
    assert paired_t_test([2.0, 3.0], [1.0, 2.0]) == 0.0
    # Student's own sleep data (1908), the paired form: t = 4.0621 with nine degrees of freedom, p = 0.002833.
    first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
    second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
    assert paired_t_test(first, second) == pytest.approx(0.002833, abs=1e-6)
    with pytest.raises(ValueError):
        paired_t_test([1.0, 2.0], [1.0])


def test_fisher_counts_tables() -> None:
    # The lady tasting tea: all four of four right by chance, 1 in 70 each way.
    assert fisher_exact(4, 4, 0, 4) == pytest.approx(2 / 70)
    assert fisher_exact(3, 4, 1, 4) == pytest.approx(34 / 70)
    assert fisher_exact(2, 5, 2, 5) == pytest.approx(1.0)
    for a, n, b, m in ((0, 3, 3, 3), (1, 5, 4, 5), (2, 2, 0, 6)):
        people = [True] * (a + b) + [False] * (n + m - a - b)
        tables = [sum(people[index] for index in chosen) for chosen in itertools.combinations(range(n + m), n)]
        rare = tables.count(a)
        exact = sum(tables.count(count) for count in set(tables) if tables.count(count) <= rare) / len(tables)
        assert fisher_exact(a, n, b, m) == pytest.approx(exact)


def test_holm_steps_down() -> None:
    assert holm([0.01, 0.04, 0.03, None]) == [0.03, 0.06, 0.06, None]
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


def test_no_point_of_the_front_is_beaten() -> None:
    draw = random.Random(3)
    points = [(float(draw.randrange(9)), float(draw.randrange(9))) for _ in range(60)]
    front = pareto(points)

    def beaten(one: tuple[float, float]) -> bool:
        return any(cost <= one[0] and gain >= one[1] and (cost, gain) != one for cost, gain in points)

    assert sorted(front) == [index for index, point in enumerate(points) if not beaten(point)]
    assert [points[index][0] for index in front] == sorted(points[index][0] for index in front)
