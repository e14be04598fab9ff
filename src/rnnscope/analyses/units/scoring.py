"""How well single units detect features of the text: AUC for yes/no features, Pearson and Spearman correlation for counts.

Every measure is kept as a signed *effect*, 0 when the unit says nothing: AUC - 1/2, or the correlation. Its sign is the
direction of the unit. `score` turns it into what is reported: a score of at least 1/2 (AUC) or 0 (correlation) in the
direction that was found, whichever that is.

The AUC is the probability that the unit is higher at a character with the feature than at one without it, ties counting
half (Mann and Whitney 1947; Bamber 1975). Like Spearman's correlation it is a product of ranks, so that all units, features
and permutations of a block come from matrix products.

Ranks are those of the stored values. A tanh in between would change none of them in exact numbers, but rounded it makes all
large values equal. Pearson's correlation is that of the displayed values, in float64.
"""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike

AUC, PEARSON, SPEARMAN = "auc", "pearson", "spearman"
FLOAT16_VALUES = 2**16
CHARACTERS_AT_ONCE = 512
ROUNDING = 1e-13  # of a mean in float64: a smaller deviation says nothing


@dataclass(frozen=True)
class Targets:
    """What units are compared with: a column for each feature and measure.

    Parameters
    ----------
    names
        (feature, measure) of each column, those that use ranks first.
    by_rank
        Number of columns that use ranks.
    columns
        Float64 (characters, columns), each of mean 0 and standard deviation 1.
    scale
        Float64 (columns,): factor from the correlation to the effect.
    """

    names: list[tuple[str, str]]
    by_rank: int
    columns: np.ndarray
    scale: np.ndarray


def midranks(values: np.ndarray) -> np.ndarray:
    """Rank values along the last axis, from 1; equal values share the mean of their ranks.

    Parameters
    ----------
    values
        Float16 or float32, finite.

    Returns
    -------
    ndarray
        Float64 of the same shape.

    Notes
    -----
    There are 65,536 values of float16: to count them is faster than to sort.
    """
    ranks = np.empty(values.shape)
    if values.dtype != np.float16:
        for index in np.ndindex(values.shape[:-1]):
            ranks[index] = sorted_midranks(values[index])
        return ranks
    bits = (values + np.float16(0)).view(np.uint16)  # + 0 makes -0 and 0 the same
    keys = np.where(bits >> 15, ~bits, bits | 0x8000)  # ascending as the numbers are
    for index in np.ndindex(values.shape[:-1]):
        counts = np.bincount(keys[index], minlength=FLOAT16_VALUES)
        ranks[index] = (np.cumsum(counts) - (counts - 1) / 2)[keys[index]]
    return ranks


def sorted_midranks(values: np.ndarray) -> np.ndarray:
    """Rank numbers (characters,) of any dtype from 1, float64; equal values share the mean of their ranks."""
    _, index, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[index]


def standardised(values: np.ndarray) -> np.ndarray:
    """Scale values to mean 0 and standard deviation 1 along the last axis, float64; to 0 where all are equal to rounding."""
    mean = values.mean(axis=-1, keepdims=True, dtype=np.float64)
    centred = values - mean
    deviation = np.sqrt(np.vecdot(centred, centred) / values.shape[-1])[..., np.newaxis]
    centred /= np.where(deviation <= ROUNDING * np.abs(mean), np.inf, deviation)
    return centred


def targets(features: dict[str, np.ndarray]) -> Targets:
    """Prepare features, each bool or integers (characters,) and not constant, to compare units with."""
    names, columns = [], []
    for feature, values in features.items():
        names.append((feature, AUC if values.dtype == bool else SPEARMAN))
        columns.append(standardised(values if values.dtype == bool else sorted_midranks(values)))
    counted = [feature for feature, values in features.items() if values.dtype != bool]
    for feature in counted:
        names.append((feature, PEARSON))
        columns.append(standardised(features[feature]))
    scale = [auc_scale(features[feature]) if measure == AUC else 1.0 for feature, measure in names]
    return Targets(names, len(features), np.stack(columns, axis=1), np.array(scale))


def auc_scale(feature: np.ndarray) -> float:
    """Return the factor from the correlation of ranks with a yes/no feature to AUC - 1/2.

    Parameters
    ----------
    feature
        Bool (characters,).

    Notes
    -----
    With n1 of n characters on and n0 off, AUC - 1/2 = covariance(rank, feature) n / (n1 n0). The ranks are standardised by
    the deviation of ranks without ties.
    """
    n, on = len(feature), np.count_nonzero(feature)
    return float(np.sqrt((n**2 - 1) / 12 / (on * (n - on))))


def area_under_curve(feature: np.ndarray, values: np.ndarray) -> float:
    """Return the AUC of one series of numbers for a yes/no feature that is on somewhere and off somewhere, both (characters,)."""
    on, off = np.sort(values[feature]), np.sort(values[~feature])
    higher, not_lower = (np.searchsorted(off, on, side).sum(dtype=np.int64) for side in ("left", "right"))
    return float((higher + not_lower) / (2 * len(on) * len(off)))


def effects(stored: np.ndarray, displayed: np.ndarray, compared: Targets, shifts: ArrayLike = ()) -> np.ndarray:
    """Compute the effect of every unit for every target.

    Parameters
    ----------
    stored
        Float16 or float32 (units, characters): the values that are ranked.
    displayed
        Float (units, characters): the values whose Pearson correlation is taken.
    compared
        The targets.
    shifts
        Characters by which copies of the targets are shifted along the text, which is closed to a ring.

    Returns
    -------
    ndarray
        Float32 (1 + shifts, units, targets): those of the targets themselves, then of each copy.

    Notes
    -----
    Float64 all through for the targets themselves; for the copies, which only chance is judged by, the products are float32.
    """
    ranks = midranks(stored)
    n = ranks.shape[1]
    tied = ranks.std(axis=1) / np.sqrt((n**2 - 1) / 12)  # 1 without ties, 0 for a constant unit
    by_rank, by_value = compared.columns[:, : compared.by_rank], compared.columns[:, compared.by_rank :]
    products = [
        np.concatenate([(units @ columns)[np.newaxis], shifted_products(units, columns, np.asarray(shifts, dtype=np.int64))])
        for units, columns in ((standardised(ranks), by_rank), (standardised(displayed), by_value))
    ]
    is_auc = [measure == AUC for _, measure in compared.names]
    factors = np.where(is_auc, tied[:, np.newaxis], 1) * compared.scale / n
    return (np.concatenate(products, axis=2) * factors).astype(np.float32)


def shifted_products(units: np.ndarray, columns: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Multiply units by columns that are shifted along the text.

    Parameters
    ----------
    units
        Float (units, n).
    columns
        Float (n, columns).
    shifts
        Int (shifts,), each from 0 to n: by how many rows the columns are rolled down.

    Returns
    -------
    ndarray
        Float32 (shifts, units, columns).

    Notes
    -----
    All shifts of some characters at once are one large product, which is several times as fast as one a shift.
    """
    n, count = columns.shape
    factors, ring = units.astype(np.float32), np.tile(columns.T.astype(np.float32), 2)
    found = np.zeros((len(units), count * len(shifts)), np.float32)
    for start in range(0, n, CHARACTERS_AT_ONCE):
        some = factors[:, start : start + CHARACTERS_AT_ONCE]
        windows = sliding_window_view(ring, some.shape[1], axis=1)[:, n - shifts + start]
        found += some @ windows.reshape(count * len(shifts), some.shape[1]).T
    return found.reshape(len(units), count, len(shifts)).transpose(2, 0, 1)


def score(effect: np.ndarray, measure: str) -> np.ndarray:
    """Return what is reported of an effect that was multiplied by the sign of the unit."""
    return effect + 0.5 if measure == AUC else effect
