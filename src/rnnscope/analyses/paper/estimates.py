"""Our estimates of the paper's values, with intervals over resampled clusters of the test characters."""

from dataclasses import dataclass
from math import nan
from typing import NamedTuple

import numpy as np

from rnnscope.analyses.losses.bootstrap import count_intervals, interval, resampled_means, share_intervals
from rnnscope.settings.predictions import Resampling


@dataclass(frozen=True)
class Estimate:
    """A value and the ends of its 95 % interval, NaN for none."""

    value: float
    low: float = nan
    high: float = nan


class Key(NamedTuple):
    """What identifies a value, as in `rnnscope.data.paper`."""

    item: str
    quantity: str
    model: str
    case: str


Estimates = dict[Key, Estimate]


def mean_estimates(counts: np.ndarray, sums: np.ndarray, settings: Resampling) -> list[Estimate]:
    """Return the estimates of means.

    Parameters
    ----------
    counts, sums
        Float (clusters, means): how many cases each cluster has of each mean, and the sum of their values.
    settings
        How many resamples, and their seed.

    Returns
    -------
    list of Estimate
        In order; NaN where there is no case.
    """
    together = np.stack([counts, sums], axis=1).astype(np.float64)
    means, resampled = resampled_means(together, settings.samples, settings.seed)
    return _estimates(means[0], interval(resampled[:, 0], np.count_nonzero(counts, axis=0)))


def share_estimates(
    parts: np.ndarray,
    wholes: np.ndarray,
    settings: Resampling,
    part_cases: np.ndarray | None = None,
    whole_cases: np.ndarray | None = None,
) -> list[Estimate]:
    """Return the estimates of shares of `parts` in `wholes`, float (clusters, shares) each.

    The settings are those of `mean_estimates`, the cases those of `share_intervals`.
    """
    wholes = np.broadcast_to(wholes, parts.shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = parts.sum(axis=0) / wholes.sum(axis=0)
    return _estimates(shares, share_intervals(parts, wholes, settings.samples, settings.seed, part_cases, whole_cases))


def total_estimates(counts: np.ndarray, settings: Resampling, cases: np.ndarray | None = None) -> list[Estimate]:
    """Return the estimates of totals of `counts`, float (clusters, totals).

    The settings are those of `mean_estimates`, the cases those of `count_intervals`.
    """
    return _estimates(counts.sum(axis=0), count_intervals(counts.astype(np.float64), settings.samples, settings.seed, cases))


def _estimates(values: np.ndarray, ends: tuple[np.ndarray, np.ndarray]) -> list[Estimate]:
    return [Estimate(*map(float, row)) for row in zip(values, *ends, strict=True)]
