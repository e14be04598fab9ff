"""How well single units tell features of the text: AUC for yes/no features, Pearson and Spearman correlation for counts.

Every measure is kept as a signed *effect*, 0 when the unit says nothing: AUC - 1/2, or the correlation. Its sign is the
direction of the unit, and `score` turns it into what is reported: a score of at least 1/2 (AUC) or 0 (correlation) in
the direction that was found, whichever that is.

The AUC is the probability that the unit is higher at a character with the feature than at one without it, ties counting
half (Mann and Whitney 1947; Bamber 1975); like Spearman's correlation it is a product of ranks, so that all units, features
and permutations of a block come from matrix products.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

AUC, PEARSON, SPEARMAN = "auc", "pearson", "spearman"
FLOAT16_VALUES = 2**16


@dataclass(frozen=True)
class Targets:
    """What units are held against: a column for each feature and measure.

    names: (feature, measure) of the columns, those that go by rank first; by_rank: how many these are. columns: float32
    (characters, columns), each of mean 0 and standard deviation 1. scale: (columns,), of the effect to the correlation.
    """

    names: list[tuple[str, str]]
    by_rank: int
    columns: np.ndarray
    scale: np.ndarray


def midranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 1 along the last axis, equal values sharing the mean of theirs: float64 of the same shape.

    Values are told apart as far as float16 does, which is how activations are stored unless asked otherwise: ranks then
    come from counting the 65,536 values there are, in place of sorting. Infinite values or NaN are not expected.
    """
    bits = (values.astype(np.float16) + np.float16(0)).view(np.uint16)  # + 0 makes -0 and 0 the same
    keys = np.where(bits >> 15, ~bits, bits | 0x8000)  # ascending as the numbers are
    ranks = np.empty(values.shape)
    for place in np.ndindex(values.shape[:-1]):
        counts = np.bincount(keys[place], minlength=FLOAT16_VALUES)
        ranks[place] = (np.cumsum(counts) - (counts - 1) / 2)[keys[place]]
    return ranks


def standardised(values: np.ndarray) -> np.ndarray:
    """Mean 0 and standard deviation 1 along the last axis, float32; all 0 where all are equal."""
    centred = values - values.mean(axis=-1, keepdims=True, dtype=np.float64)
    deviation = np.sqrt((centred**2).mean(axis=-1, keepdims=True))
    scaled: np.ndarray = centred / np.where(deviation == 0, 1, deviation)
    return scaled.astype(np.float32)


def targets(features: dict[str, np.ndarray]) -> Targets:
    """Prepare features, each bool or int (characters,) and not constant, to hold units against."""
    names, columns = [], []
    for feature, values in features.items():
        names.append((feature, AUC if values.dtype == bool else SPEARMAN))
        columns.append(standardised(values if values.dtype == bool else rank_of_counts(values)))
    counted = [feature for feature, values in features.items() if values.dtype != bool]
    for feature in counted:
        names.append((feature, PEARSON))
        columns.append(standardised(features[feature]))
    scale = [auc_scale(features[feature]) if measure == AUC else 1.0 for feature, measure in names]
    return Targets(names, len(features), np.stack(columns, axis=1), np.array(scale))


def auc_scale(feature: np.ndarray) -> float:
    """What the correlation of midranks, standardised by those without ties, with a yes/no feature is multiplied by for AUC - 1/2.

    With n1 of n characters on and n0 off, AUC - 1/2 = covariance(rank, feature) n / (n1 n0).
    """
    n, on = len(feature), np.count_nonzero(feature)
    return float(np.sqrt((n**2 - 1) / 12 / (on * (n - on))))


def rank_of_counts(values: np.ndarray) -> np.ndarray:
    """Midranks of whole numbers of any size, float64."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: np.ndarray = (np.cumsum(counts) - (counts - 1) / 2)[place]
    return ranks


def effects(units: np.ndarray, held_against: Targets, shifts: ArrayLike = (0,)) -> np.ndarray:
    """The effect of every unit for every target: float32 (shifts, units, targets).

    units: (units, characters). shifts: how many characters further along in the text each copy of the targets lies,
    which closes into a ring; 0 is the text as it is.
    """
    ranks = midranks(units)
    n = ranks.shape[1]
    tied = np.sqrt((ranks**2).mean(axis=1) - ((n + 1) / 2) ** 2) / np.sqrt(
        (n**2 - 1) / 12
    )  # 1 without ties, 0 for a constant unit
    by_rank, by_value = standardised(ranks), standardised(units)
    found = []
    for shift in np.asarray(shifts):
        ranked = ring_product(by_rank, held_against.columns[:, : held_against.by_rank], shift)
        for column, (_, measure) in enumerate(held_against.names[: held_against.by_rank]):
            if measure == AUC:
                ranked[:, column] *= tied
        valued = ring_product(by_value, held_against.columns[:, held_against.by_rank :], shift)
        found.append(np.concatenate([ranked, valued], axis=1) * held_against.scale / n)
    return np.stack(found).astype(np.float32)


def ring_product(units: np.ndarray, columns: np.ndarray, shift: int) -> np.ndarray:
    """`units` (units, n) times `columns` (n, columns) moved down by `shift` rows, the last ones coming back at the top."""
    n = len(columns)
    product: np.ndarray = units[:, shift:] @ columns[: n - shift] + units[:, :shift] @ columns[n - shift :]
    return product


def score(effect: np.ndarray, measure: str) -> np.ndarray:
    """What is reported of an effect, in the direction that its sign gives or that it was multiplied by."""
    return effect + 0.5 if measure == AUC else effect
