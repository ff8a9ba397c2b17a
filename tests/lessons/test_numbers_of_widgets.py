"""The sums behind the widgets, against figures that were worked out by hand and by torch's own conventions."""

from __future__ import annotations

import math

import numpy as np
import pytest

from blockstudio.lessons import numbers


def test_scaling_keeps_the_form() -> None:
    values = numbers.sample(0.6, 8)
    for scaled in (numbers.z_scores(values), numbers.min_max(values)):
        assert numbers.skewness(scaled) == pytest.approx(numbers.skewness(values))
    scores = numbers.z_scores(values)
    assert scores.mean() == pytest.approx(0, abs=1e-12) and scores.std() == pytest.approx(1)
    assert (numbers.min_max(values).min(), numbers.min_max(values).max()) == (0, 1)
    same = np.full(5, 3.0)
    assert not numbers.z_scores(same).any() and not numbers.min_max(same).any()
    assert np.array_equal(numbers.sample(0.3, 0), numbers.sample(0.3, 0)) and numbers.sample(0, 0).size == 400


def test_batch_normalisation_of_a_vector() -> None:
    found = numbers.batch_norm([1, 2, 3, 6])
    assert (found.mean, found.variance) == (3, 3.5) and found.unbiased == pytest.approx(14 / 3)
    assert found.normal == pytest.approx((-1.069, -0.5345, 0, 1.6036), abs=1e-3)
    shifted = numbers.batch_norm([1, 2, 3, 6], 2, 5)
    assert shifted.out == pytest.approx([2 * each + 5 for each in found.normal])
    assert numbers.batch_norm([4, 4]).normal == (0, 0) and math.isnan(numbers.batch_norm([4]).unbiased)
    assert numbers.initial_share(20, 0.1) == pytest.approx(0.12158, abs=1e-5)
    with pytest.raises(ValueError, match="no value"):
        numbers.batch_norm([])


def test_a_logistic_curve_is_flat_at_its_ends() -> None:
    assert numbers.share_saturated(0.1, 0) == pytest.approx(0, abs=1e-9)
    assert numbers.share_saturated(0.1, 6) == pytest.approx(1, abs=1e-9)
    assert numbers.share_saturated(0, 0) == 0 and numbers.share_saturated(0, 9) == 1
    draws = 2 + 3 * np.random.default_rng(0).standard_normal(200_000)
    s = numbers.logistic(draws)
    assert numbers.share_saturated(3, 2) == pytest.approx(float((s * (1 - s) < 0.025).mean()), abs=4e-3)


def test_smoothed_targets() -> None:
    ten, thousand = numbers.smoothed(10, 0.1), numbers.smoothed(1000, 0.1)
    assert (ten.right, ten.wrong) == pytest.approx((0.91, 0.01)) and ten.least == pytest.approx(0.5003, abs=1e-4)
    assert ten.gap == pytest.approx(math.log(91)) and thousand.gap == pytest.approx(9.105, abs=1e-3)
    assert (thousand.right, thousand.wrong) == pytest.approx((0.9001, 0.0001))
    assert thousand.least == pytest.approx(1.0148, abs=1e-4)
    hard = numbers.smoothed(10, 0)
    assert (hard.right, hard.wrong, hard.least, hard.gap) == (1, 0, 0, math.inf)
