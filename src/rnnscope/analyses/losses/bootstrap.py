"""The bootstrap of losses and of other means over characters: standard deviations and confidence intervals.

A resample draws as many clusters of characters as there are, with replacement (Efron 1979, "Bootstrap methods: another look
at the jackknife"). All columns (models, groups) see the same draws. So the difference of two models is resampled in pairs,
character by character.

A cluster is one character where characters count as independent, as in table T1 of the paper (section 4). They are not; the
clusters of all intervals are those of `clusters`.
"""

import numpy as np
from scipy.special import ndtr, stdtrit

from rnnscope.storage.declarations import Column

INDEPENDENT_DEVIATION = Column(
    "independent_standard_deviation",
    "number",
    "nats per character: of the test loss over resamples of single test characters, as if they were independent, as the paper "
    "has it; several times too small (see `loss_intervals.csv`)",
)
CONFIDENCE = 0.95
ENDS = {"low": "lower", "high": "upper"}
FEWEST_CLUSTERS = 10  # cases from fewer say too little about how clusters differ: they have no interval


def resampled_sums(sums: np.ndarray, samples: int, seed: int) -> np.ndarray:
    """Return the totals over clusters that are drawn with replacement.

    Parameters
    ----------
    sums
        Float (clusters, columns): the sum of each cluster. Every column sees the same draws.
    samples
        Number of resamples.
    seed
        Seed of the draws.

    Returns
    -------
    ndarray
        Float64 (samples, columns).
    """
    clusters = len(sums)
    random = np.random.default_rng(seed)
    totals = np.empty((samples, sums.shape[1]))
    for sample in range(samples):
        times_drawn = np.bincount(random.integers(clusters, size=clusters), minlength=clusters)
        # Not a matrix product: the order of its sums, and with it the last digit, may depend on the number of threads.
        totals[sample] = np.einsum("bc,b->c", sums, times_drawn, dtype=np.float64)
    return totals


def loss_standard_deviations(log_prob: np.ndarray, samples: int, seed: int) -> np.ndarray:
    """Return the standard deviation of each model's mean loss over resamples of independent characters.

    Parameters
    ----------
    log_prob
        Float (models, characters): log-probabilities of the correct characters, nats.
    samples
        Number of resamples, at least 2.
    seed
        Seed of the draws.

    Returns
    -------
    ndarray
        Float64 (models,), nats per character.

    Notes
    -----
    Paper section 4, table T1. The transpose is a view: memory does not hold the predictions twice.
    """
    means = resampled_sums(log_prob.T, samples, seed) / log_prob.shape[1]
    return means.std(axis=0, ddof=1)


def grouped_sums(values: np.ndarray, groups: np.ndarray, clusters: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Count the cases of each group in each cluster, and sum their values.

    Parameters
    ----------
    values
        Float (rows, cases).
    groups, clusters
        Integers (cases,): indices of the group and of the cluster of each case.
    shape
        Number of clusters, number of groups.

    Returns
    -------
    ndarray
        Float64 (clusters, 1 + rows, groups): the counts, then the sums of each row of `values`.
    """
    cells, size = clusters * shape[1] + groups, shape[0] * shape[1]
    sums = [np.bincount(cells, weights, size) for weights in (np.ones(len(groups)), *values)]
    return np.stack(sums).reshape(len(sums), *shape).transpose(1, 0, 2)


def resampled_means(sums: np.ndarray, samples: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return means over cases, and the same means in every resample of the clusters.

    Parameters
    ----------
    sums
        Float64 (clusters, 1 + rows, groups), the counts first, as from `grouped_sums`.
    samples
        Number of resamples.
    seed
        Seed of the draws.

    Returns
    -------
    means : ndarray
        Float64 (rows, groups).
    resampled : ndarray
        Float64 (samples, rows, groups); NaN where a resample has no case of the group.
    """
    totals = resampled_sums(sums.reshape(len(sums), -1), samples, seed).reshape(samples, *sums.shape[1:])
    together = sums.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return together[1:] / together[0], totals[:, 1:] / totals[:, :1]


def tail_probability(clusters: int) -> float:
    """Return the probability on either side of a 95 % interval of a mean of clusters.

    Notes
    -----
    The percentiles of a bootstrap ignore that the spread of n clusters is estimated from them. These are expanded, as
    Student's t is: Hesterberg 2015, "What teachers should know about the bootstrap", section 4.
    """
    beyond = stdtrit(clusters - 1, (1 - CONFIDENCE) / 2)
    return float(ndtr(beyond * (clusters / (clusters - 1)) ** 0.5))


def interval(resampled: np.ndarray, clusters: int | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of the 95 % interval.

    Parameters
    ----------
    resampled
        Float (samples, ...); NaN is ignored.
    clusters
        Number of clusters that the cases are in: of all values, or of each, integer (...).

    Returns
    -------
    low, high : ndarray
        Each of the shape of one sample; NaN where there are fewer than `FEWEST_CLUSTERS` clusters, or nothing but NaN.
    """
    numbers = np.broadcast_to(clusters, resampled.shape[1:])
    numbers = np.where(np.isnan(resampled).all(axis=0), 0, numbers)
    ends = np.full((2, *numbers.shape), np.nan)
    for number in np.unique(numbers[numbers >= FEWEST_CLUSTERS]):
        chosen, tail = numbers == number, tail_probability(int(number))
        ends[:, chosen] = np.nanquantile(resampled[:, chosen], [tail, 1 - tail], axis=0)
    return ends[0], ends[1]


def with_interval(column: Column) -> tuple[Column, Column, Column]:
    """Return a column and those of the ends of its interval, `<name>_low` and `<name>_high`."""
    low, high = (Column(f"{column.name}_{end}", "number", f"{word} end of its 95 % interval") for end, word in ENDS.items())
    return column, low, high


def interval_columns(name: str, ends: tuple[np.ndarray, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the columns of a table that hold the ends of the intervals of the column `name`."""
    return {f"{name}_low": ends[0], f"{name}_high": ends[1]}


def count_intervals(
    counts: np.ndarray, samples: int, seed: int, cases: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of the intervals of sums over all clusters.

    Parameters
    ----------
    counts
        Float (clusters, columns): what is counted in each cluster.
    samples, seed
        Of the resamples.
    cases
        As many numbers: how many cases they are counts of. Left out: the counts. A difference of counts may be 0 where there
        are cases of both.

    Returns
    -------
    low, high : ndarray
        Float64 (columns,); NaN where what is counted occurs in too few clusters.
    """
    return interval(resampled_sums(counts, samples, seed), np.count_nonzero(counts if cases is None else cases, axis=0))


def share_intervals(
    parts: np.ndarray,
    wholes: np.ndarray,
    samples: int,
    seed: int,
    part_cases: np.ndarray | None = None,
    whole_cases: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of the intervals of shares.

    Parameters
    ----------
    parts, wholes
        Float (clusters, columns): what is counted in each cluster, and what it is a share of.
    samples, seed
        Of the resamples.
    part_cases, whole_cases
        As the cases of `count_intervals`.

    Returns
    -------
    low, high : ndarray
        Float64 (columns,); NaN where the parts, or the wholes, occur in too few clusters.
    """
    _, resampled = resampled_means(np.stack(np.broadcast_arrays(wholes, parts), axis=1), samples, seed)
    cases = parts if part_cases is None else part_cases, wholes if whole_cases is None else whole_cases
    return interval(resampled[:, 0], np.minimum(*(np.count_nonzero(of_cluster, axis=0) for of_cluster in cases)))
