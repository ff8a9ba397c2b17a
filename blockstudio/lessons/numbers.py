"""The sums behind the widgets: scaling, batch normalisation of a vector, a logistic curve, smoothed targets."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def z_scores(values: Floats) -> Floats:
    """Mean 0, standard deviation 1 (of the values themselves, not an estimate); of equal values zeros."""
    deviation = values.std()
    return (values - values.mean()) / deviation if deviation > 0 else np.zeros_like(values)


def min_max(values: Floats) -> Floats:
    """From 0 to 1; of equal values zeros."""
    span = values.max() - values.min()
    return (values - values.min()) / span if span > 0 else np.zeros_like(values)


def skewness(values: Floats) -> float:
    """How lopsided a distribution is; no scaling changes it."""
    scores = z_scores(values)
    return float((scores**3).mean())


def sample(skew: float, outlier: float, count: int = 400) -> Floats:
    """Values of a distribution that leans to the right the more the larger ``skew`` (0 to 1); with ``outlier`` > 0 one
    value so many deviations away. The same values at every call."""
    normal = np.random.default_rng(7).standard_normal(count)
    values = (1 - skew) * normal + skew * (np.exp(normal) - math.exp(0.5)) if skew else normal
    values = 50 + 12 * values
    if outlier > 0:
        values = np.append(values, values.mean() + outlier * values.std())
    return np.asarray(values, dtype=np.float64)


@dataclass(frozen=True)
class Normalised:
    """The four lines of batch normalisation for one channel."""

    mean: float
    variance: float
    """Of the batch, over m."""
    unbiased: float
    """Over m − 1: what enters the running variance."""
    normal: tuple[float, ...]
    out: tuple[float, ...]


def batch_norm(values: Sequence[float], gamma: float = 1.0, beta: float = 0.0, eps: float = 0.0) -> Normalised:
    """Batch normalisation of the values of one channel, as in training.

    Raises:
        ValueError: For no value.
    """
    if not values:
        raise ValueError("no value")
    count = len(values)
    mean = math.fsum(values) / count
    variance = math.fsum((value - mean) ** 2 for value in values) / count
    unbiased = variance * count / (count - 1) if count > 1 else math.nan
    root = math.sqrt(variance + eps)
    normal = tuple((value - mean) / root if root > 0 else 0.0 for value in values)
    return Normalised(mean, variance, unbiased, normal, tuple(gamma * each + beta for each in normal))


def initial_share(steps: int, momentum: float) -> float:
    """What is left of the first value in a running mean after so many steps: (1 − momentum)^steps."""
    return float((1 - momentum) ** steps)


def logistic(x: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-x)))


def share_saturated(gamma: float, beta: float, edge: float = 0.1) -> float:
    """Of values with mean β and deviation γ under a logistic curve the share whose slope is below ``edge`` of the
    steepest: σ(1 − σ) < edge/4."""
    if gamma <= 0:
        return 1.0 if _slope(beta) < edge / 4 else 0.0
    root = math.sqrt(1 - edge)
    bound = math.log((1 + root) / (1 - root))  # where σ(1 − σ) = edge / 4
    return _normal((-bound - beta) / gamma) + 1 - _normal((bound - beta) / gamma)


def _slope(x: float) -> float:
    s = 1 / (1 + math.exp(-x))
    return s * (1 - s)


def _normal(x: float) -> float:
    return 0.5 * (1 + math.erf(x / math.sqrt(2)))


@dataclass(frozen=True)
class Smoothed:
    """Targets with label smoothing."""

    right: float
    wrong: float
    """Of each other class."""
    least: float
    """The smallest loss that there is: the entropy of the targets."""
    gap: float
    """Between the logit of the right class and the others at that loss; infinite without smoothing."""


def smoothed(classes: int, smoothing: float) -> Smoothed:
    """Targets over ``classes`` with a share ``smoothing`` spread over all of them."""
    wrong = smoothing / classes
    right = 1 - smoothing + wrong
    least = -math.fsum(p * math.log(p) * n for p, n in ((right, 1), (wrong, classes - 1)) if p > 0)
    return Smoothed(right, wrong, least, math.log(right / wrong) if wrong > 0 else math.inf)
