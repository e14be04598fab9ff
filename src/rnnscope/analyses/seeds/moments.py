"""Correlations of all units with each other and linear CKA of all layers, from sums over the characters of a text.

The units of several networks that read the same characters are columns of one matrix, a row a character. Sums over its rows, of
each column and of each product of two columns, are enough for every covariance. So memory does not grow with the text, only with
the square of the number of units.

The control is the same with one of two units elsewhere in the text: in another stream at the same step. Each keeps everything
that it does, how long it stays on and how strongly it varies; only what they read is not the same any more.
"""

from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

# Of a unit whose values are between -1 and 1 in float32; what varies less is rounding, and correlates with nothing.
LEAST_VARIANCE = 1e-14


class Moments:
    """Sums over the characters that some units read.

    Parameters
    ----------
    units
        How many there are.
    device
        Where their values are.
    """

    def __init__(self, units: int, device: torch.device) -> None:
        self.characters = 0
        self.sums = torch.zeros(units, dtype=torch.float64, device=device)
        self.products = torch.zeros(units, units, dtype=torch.float64, device=device)
        self.shifted = torch.zeros_like(self.products)

    def add(self, values: Tensor) -> None:
        """Add the values of some steps, (steps, streams, units): of at least two streams, in the same order each time."""
        steps, streams, units = values.shape
        here = values.double()
        elsewhere = here.roll(streams // 2, dims=1).reshape(-1, units)
        rows = here.reshape(-1, units)
        self.characters += steps * streams
        self.sums += rows.sum(dim=0)
        self.products += rows.T @ rows
        self.shifted += rows.T @ elsewhere

    def covariances(self) -> "Covariances":
        """Return what follows from the sums."""
        return covariances_of(self.characters, *(sums.cpu().numpy() for sums in (self.sums, self.products, self.shifted)))

    def with_other(self, other: "Moments") -> "Covariances":
        """Return what follows from these sums and those over other characters together."""
        pairs = ((self.sums, other.sums), (self.products, other.products), (self.shifted, other.shifted))
        return covariances_of(self.characters + other.characters, *((first + second).cpu().numpy() for first, second in pairs))


@dataclass(frozen=True)
class Covariances:
    """Covariances of all units.

    Parameters
    ----------
    same
        Float64 (units, units): of two units that read the same characters.
    shifted
        Float64 (units, units): of two of which the second reads another stream.
    deviations
        Float64 (units,): standard deviations; infinite of a unit that does not vary, so that it correlates with nothing.
    """

    same: np.ndarray
    shifted: np.ndarray
    deviations: np.ndarray

    def correlations(self, first: slice, second: slice, shifted: bool = False) -> np.ndarray:
        """Return Pearson's correlation of each unit of `first` with each of `second`."""
        covariance = (self.shifted if shifted else self.same)[first, second]
        return covariance / np.outer(self.deviations[first], self.deviations[second])

    def similarity(self, first: slice, second: slice, shifted: bool = False) -> float:
        """Return the linear CKA of two layers, from 0 to 1; 0 where one does not vary.

        Notes
        -----
        Kornblith et al. 2019, "Similarity of neural network representations revisited", equation 5 with linear kernels:
        |Y'X|^2 / (|X'X| |Y'Y|), X and Y being centred, in Frobenius norms. It is the same after any rotation of a layer's units.
        """
        across = np.linalg.norm((self.shifted if shifted else self.same)[first, second]) ** 2
        own = np.linalg.norm(self.same[first, first]) * np.linalg.norm(self.same[second, second])
        return float(across / own) if own else 0.0


def covariances_of(characters: int, sums: np.ndarray, products: np.ndarray, shifted: np.ndarray) -> Covariances:
    """Return covariances from sums over characters; a shift leaves the sum of each unit as it is."""
    means = sums / characters
    of_means = np.outer(means, means)
    same = products / characters - of_means
    variances = np.diag(same)
    deviations = np.sqrt(np.where(variances > LEAST_VARIANCE, variances, np.inf))
    return Covariances(same, shifted / characters - of_means, deviations)


def match_units(correlations: np.ndarray) -> np.ndarray:
    """Return for each unit of the first layer the one of the second that it is matched with, -1 for none.

    Each has at most one. Of all such matchings it is the one of the largest sum of absolute correlations: a unit may come back
    with its sign turned round (Li et al. 2016, "Convergent learning", arXiv:1511.07543).

    Parameters
    ----------
    correlations
        Float (units of the first, units of the second).
    """
    found = np.full(len(correlations), -1)
    rows, columns = linear_sum_assignment(np.abs(correlations), maximize=True)
    found[rows] = columns
    return found
