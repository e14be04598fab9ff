"""The bootstrap of losses and of other means over characters: standard deviations and confidence intervals.

A resample draws as many blocks of characters as there are, with replacement (Efron 1979, "Bootstrap methods: another look
at the jackknife"). All columns (models, groups) see the same draws. So the difference of two models is resampled in pairs,
character by character.

A block is one character where characters count as independent, as in table T1 of the paper (section 4). They are not: a
word that a model does not know makes it fail at several characters in a row. Intervals therefore draw blocks of
neighbouring characters of a stream (Carlstein 1986, "The use of subseries values for estimating the variance of a general
statistic from a stationary sequence").
"""

from math import ceil

import numpy as np

CONFIDENCE = 0.95


def resampled_sums(sums: np.ndarray, samples: int, seed: int) -> np.ndarray:
    """Return the totals over blocks that are drawn with replacement.

    Parameters
    ----------
    sums
        Float (blocks, columns): the sum of each block. Every column sees the same draws.
    samples
        Number of resamples.
    seed
        Seed of the draws.

    Returns
    -------
    ndarray
        Float64 (samples, columns).
    """
    blocks = len(sums)
    random = np.random.default_rng(seed)
    totals = np.empty((samples, sums.shape[1]))
    for sample in range(samples):
        times_drawn = np.bincount(random.integers(blocks, size=blocks), minlength=blocks)
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


def block_starts(steps: int, length: int) -> np.ndarray:
    """Return the first step of each block of a stream.

    Parameters
    ----------
    steps
        Characters of the stream.
    length
        Characters of a block at most. Blocks are as few and as equal as possible.

    Returns
    -------
    ndarray
        Int64 (blocks of the stream,).
    """
    blocks = ceil(steps / length)
    return np.arange(blocks) * steps // blocks


def block_numbers(shape: tuple[int, int], length: int) -> np.ndarray:
    """Return the index of the block of each character, counted stream after stream: int64 of `shape` (streams, steps)."""
    streams, steps = shape
    starts = block_starts(steps, length)
    within = np.searchsorted(starts, np.arange(steps), side="right") - 1
    return np.arange(streams)[:, np.newaxis] * len(starts) + within


def block_sums(values: np.ndarray, length: int) -> np.ndarray:
    """Return the sum of each block of characters, stream after stream: (streams, steps) -> float64 (blocks,)."""
    return np.add.reduceat(values, block_starts(values.shape[1], length), axis=1, dtype=np.float64).ravel()


def grouped_sums(values: np.ndarray, groups: np.ndarray, blocks: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Count the cases of each group in each block, and sum their values.

    Parameters
    ----------
    values
        Float (rows, cases).
    groups, blocks
        Integers (cases,): indices of the group and of the block of each case.
    shape
        Number of blocks, number of groups.

    Returns
    -------
    ndarray
        Float64 (blocks, 1 + rows, groups): the counts, then the sums of each row of `values`.
    """
    cells, size = blocks * shape[1] + groups, shape[0] * shape[1]
    sums = [np.bincount(cells, weights, size) for weights in (np.ones(len(groups)), *values)]
    return np.stack(sums).reshape(len(sums), *shape).transpose(1, 0, 2)


def resampled_means(sums: np.ndarray, samples: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return means over cases, and the same means in every resample of the blocks.

    Parameters
    ----------
    sums
        Float64 (blocks, 1 + rows, groups), the counts first, as from `grouped_sums`.
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
    with np.errstate(invalid="ignore"):
        return together[1:] / together[0], totals[:, 1:] / totals[:, :1]


def interval(resampled: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of the interval that holds the middle 95 % of the resamples.

    Parameters
    ----------
    resampled
        Float (samples, ...); NaN is ignored.

    Returns
    -------
    low, high : ndarray
        Each of the shape of one sample.
    """
    tail = (1 - CONFIDENCE) / 2
    low, high = np.nanquantile(resampled, [tail, 1 - tail], axis=0)
    return low, high
