"""Which few units of a layer predict a feature almost as well as all of them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

CANDIDATES = 32  # units of a layer that are tried for a feature: bounds the time
SHARE = 0.95  # of the score of the whole layer above chance


@dataclass(frozen=True)
class Selection:
    """Units in the order in which they were added, and the probe after each.

    Parameters
    ----------
    units
        Int64 (added,): indices in the layer.
    weights
        Float64 (added, added): column k holds the weights of the first k + 1 units, zeros below.
    """

    units: np.ndarray
    weights: np.ndarray


def forward_selection(inputs: np.ndarray, feature: np.ndarray, penalty: float) -> Selection:
    """Add units one after another, each time the one that lowers the error of the ridge regression most.

    At most `CANDIDATES` are added: those of the highest correlation with the feature.

    Parameters
    ----------
    inputs
        Float32 (characters, units), standardised.
    feature
        Bool or numbers (characters,).
    penalty
        On the sum of the squared weights.

    Notes
    -----
    The error is the sum of squares that the regression minimises, its penalty included. When unit j is added, it falls by
    r_j^2 / A_jj, where A is the Schur complement of the units so far in X'X + penalty, and r that of X'y.
    """
    centred = (feature - feature.mean(dtype=np.float64)).astype(np.float32)
    tried = np.argsort(-np.abs(centred @ inputs), kind="stable")[:CANDIDATES]
    columns = inputs[:, tried]
    gram = (columns.T @ columns).astype(np.float64) + penalty * np.eye(len(tried))
    products = (centred @ columns).astype(np.float64)
    order: list[int] = []
    left, rest, remaining = np.arange(len(tried)), gram.copy(), products.copy()
    while len(left):
        added = left[np.argmax(remaining[left] ** 2 / rest[left, left])]
        order.append(int(added))
        left = left[left != added]
        column = rest[:, added] / rest[added, added]
        remaining = remaining - column * remaining[added]
        rest = rest - np.outer(column, rest[added])
    weights = np.zeros((len(order), len(order)))
    for number in range(1, len(order) + 1):
        first = order[:number]
        weights[:number, number - 1] = np.linalg.solve(gram[np.ix_(first, first)], products[first])
    return Selection(tried[order], weights)


def growing_probes(selection: Selection, inputs: np.ndarray) -> Iterator[np.ndarray]:
    """Yield what the probes of the first 1, 2, ... units predict, each float32 (characters,), but for a constant.

    Parameters
    ----------
    selection
        The units and their weights.
    inputs
        Float32 (characters, units of the layer), scaled as those of `forward_selection`.
    """
    yield from (inputs[:, selection.units] @ selection.weights.astype(np.float32)).T
