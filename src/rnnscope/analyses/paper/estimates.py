"""Our estimates of the paper's values, with intervals over resampled streams of the test part."""

from dataclasses import dataclass
from math import nan
from typing import NamedTuple

import numpy as np

from rnnscope.analyses.losses.bootstrap import interval, resampled_means, resampled_sums
from rnnscope.settings.predictions import Intervals


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


def mean_estimates(counts: np.ndarray, sums: np.ndarray, intervals: Intervals) -> list[Estimate]:
    """Return the estimates of means.

    Parameters
    ----------
    counts, sums
        Float (streams, means): how many cases each stream has of each mean, and the sum of their values.
    intervals
        Settings of the bootstrap; its clusters are whole streams.

    Returns
    -------
    list of Estimate
        In order; NaN where there is no case.
    """
    together = np.stack([counts, sums], axis=1).astype(np.float64)
    with np.errstate(divide="ignore"):
        means, resampled = resampled_means(together, intervals.samples, intervals.seed)
    return _with_intervals(means[0], resampled[:, 0])


def total_estimates(counts: np.ndarray, intervals: Intervals) -> list[Estimate]:
    """Return the estimates of totals over all streams; `counts` are float (streams, totals)."""
    resampled = resampled_sums(counts.astype(np.float64), intervals.samples, intervals.seed)
    return _with_intervals(counts.sum(axis=0), resampled)


def _with_intervals(values: np.ndarray, resampled: np.ndarray) -> list[Estimate]:
    """Return estimates of values (means,) from resamples (samples, means); a mean that a resample lacks has no interval."""
    low, high = np.full((2, len(values)), nan)
    known = np.isfinite(resampled).all(axis=0)
    if known.any():
        low[known], high[known] = interval(resampled[:, known])
    return [Estimate(*map(float, row)) for row in zip(values, low, high, strict=True)]
