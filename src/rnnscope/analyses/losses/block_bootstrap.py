"""Bootstrap intervals that allow for neighbouring characters not being independent (paper section 4 resamples characters).

A word that a model does not know spoils several characters in a row. So not characters but blocks of them are drawn, with
replacement, until there are as many blocks as before (Carlstein 1986, "The use of subseries values for estimating the
variance of a general statistic from a stationary sequence"); blocks lie within a stream. All models see the same draws, and
so the difference of two models is resampled in pairs, character by character.
"""

import argparse
from math import ceil

import numpy as np

CONFIDENCE = 0.95


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags of the block bootstrap."""
    parser.add_argument("--block", type=int, required=True, help="characters of a stream that are drawn together, at most")
    parser.add_argument("--bootstrap-samples", type=int, required=True, help="resamples behind an interval")
    parser.add_argument("--seed", type=int, required=True, help="seed of the bootstrap")


def block_starts(steps: int, length: int) -> np.ndarray:
    """The first step of each block of a stream, int64: blocks of at most `length` characters, as equal as can be."""
    blocks = ceil(steps / length)
    return np.arange(blocks) * steps // blocks


def block_numbers(shape: tuple[int, int], length: int) -> np.ndarray:
    """The number of the block that each character lies in: int64 of `shape` (streams, steps), counted stream after stream."""
    streams, steps = shape
    starts = block_starts(steps, length)
    within = np.searchsorted(starts, np.arange(steps), side="right") - 1
    numbers: np.ndarray = np.arange(streams)[:, np.newaxis] * len(starts) + within
    return numbers


def block_sums(values: np.ndarray, length: int) -> np.ndarray:
    """The sum of the characters of each block: (streams, steps) -> float64 (blocks,), stream after stream."""
    sums: np.ndarray = np.add.reduceat(values, block_starts(values.shape[1], length), axis=1, dtype=np.float64)
    return sums.ravel()


def resampled_sums(sums: np.ndarray, samples: int, seed: int) -> np.ndarray:
    """Totals over blocks drawn with replacement: (blocks, columns) -> float64 (samples, columns), the same draws for all."""
    blocks = len(sums)
    random = np.random.default_rng(seed)
    totals = np.empty((samples, sums.shape[1]))
    for sample in range(samples):
        times_drawn = np.bincount(random.integers(blocks, size=blocks), minlength=blocks)
        # Not a matrix product: the order of its sums, and with it the last digit, may follow the number of threads.
        totals[sample] = np.einsum("bc,b->c", sums, times_drawn)
    return totals


def grouped_sums(values: np.ndarray, groups: np.ndarray, blocks: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """How many cases of each group lie in each block, and what their values add up to: float64 (blocks, 1 + rows, groups).

    values: float (rows, cases). blocks, groups: int (cases,), which block and which group a case is of, from 0.
    shape: how many blocks and groups there are. The counts come first, then a row of sums for each row of `values`.
    """
    places, size = blocks * shape[1] + groups, shape[0] * shape[1]
    sums = [np.bincount(places, weights, size) for weights in (np.ones(len(groups)), *values)]
    return np.stack(sums).reshape(len(sums), *shape).transpose(1, 0, 2)


def resampled_means(sums: np.ndarray, samples: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Means, float64 (rows, groups), and the same in every resample of the blocks, (samples, rows, groups).

    sums: (blocks, 1 + rows, groups), the counts first. A mean is NaN in a resample that has no case of the group.
    """
    totals = resampled_sums(sums.reshape(len(sums), -1), samples, seed).reshape(samples, *sums.shape[1:])
    together = sums.sum(axis=0)
    with np.errstate(invalid="ignore"):
        return together[1:] / together[0], totals[:, 1:] / totals[:, :1]


def interval(resampled: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The ends of the interval that holds the middle 95 % of the resamples, (samples, ...) -> two of (...); NaN is left out."""
    tail = (1 - CONFIDENCE) / 2
    low, high = np.nanquantile(resampled, [tail, 1 - tail], axis=0)
    return low, high
