"""Whether models differ by more than the choice of the test text, and the correction for asking so often."""

import numpy as np
from scipy.special import stdtr

from rnnscope.analyses.losses.bootstrap import FEWEST_CLUSTERS

SIGNIFICANCE = 0.05  # the chance that any of the differences that are called significant is none


def p_values(differences: np.ndarray, deviations: np.ndarray, clusters: int | np.ndarray) -> np.ndarray:
    """Return the two-sided probability of differences at least this large if there were none.

    Parameters
    ----------
    differences
        Float, of means over the clusters.
    deviations
        Their standard deviations over bootstrap samples, of the same shape.
    clusters
        Number of clusters that the cases are in: of all differences, or of each, integer of the same shape.

    Returns
    -------
    ndarray
        Float64 of the same shape; 1 with fewer than `FEWEST_CLUSTERS` clusters, which show nothing.

    Notes
    -----
    Student's t of the bootstrap deviation, with a degree of freedom less than there are clusters: the share of samples beyond
    zero could not be smaller than one sample, too coarse for a correction of many comparisons.
    """
    freedom = np.maximum(np.asarray(clusters) - 1, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.abs(differences) / (deviations * ((freedom + 1) / freedom) ** 0.5)
    tested = (freedom + 1 >= FEWEST_CLUSTERS) & (differences != 0)
    return np.where(tested, 2 * stdtr(freedom, -statistic), 1.0)


def holm(p: np.ndarray) -> np.ndarray:
    """Return p-values corrected for their number.

    Parameters
    ----------
    p
        Float (comparisons,).

    Returns
    -------
    ndarray
        Float64 (comparisons,). Those below a level are the comparisons that are significant together: the chance that any of
        them is none is at most that level, whatever depends on what.

    Notes
    -----
    Holm 1979, "A simple sequentially rejective multiple test procedure".
    """
    order = np.argsort(p, kind="stable")
    corrected = np.empty(len(p))
    corrected[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)), 1)
    return corrected
