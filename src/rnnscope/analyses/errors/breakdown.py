"""The errors of one model, each in the class of the oracle that removes it (paper section 4, F7)."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from rnnscope.analyses.errors.oracles import ALL, Oracle
from rnnscope.analyses.losses.bootstrap import count_intervals, interval_columns, share_intervals
from rnnscope.analyses.losses.clusters import Clusters

REMAINING = "remaining"
NO_ERROR = -1


class Breakdown:
    """The errors of one model, each with the oracle and level that removes it.

    Parameters
    ----------
    errors : ndarray of bool, shape (test characters,)
        Which characters are errors.
    oracles
        In their order of removal.

    Attributes
    ----------
    levels : list of (str, str)
        Class and level of every removal in order, and at the end (`REMAINING`, `ALL`).
    removed_by : ndarray of int16, shape (test characters,)
        Index in `levels` of the one that removes a character's error; `NO_ERROR` where there is none.
    """

    def __init__(self, errors: np.ndarray, oracles: list[Oracle]) -> None:
        self.errors = errors
        self.oracles = oracles
        self.levels = [(oracle.name, level) for oracle in oracles for level in oracle.levels] + [(REMAINING, ALL)]
        self.removed_by = remove_in_order(errors, [mask for oracle in oracles for mask in oracle.levels.values()])

    @property
    def classes(self) -> list[str]:
        """Names of the classes in their order."""
        return list(dict.fromkeys(name for name, _ in self.levels))

    @property
    def class_of(self) -> np.ndarray:
        """Index in `classes` of the class of each error: int16 (test characters,); `NO_ERROR` where there is none."""
        indices = [self.classes.index(name) for name, _ in self.levels]
        return np.array([*indices, NO_ERROR], dtype=np.int16)[self.removed_by]  # the last one has also the index -1

    def rows(self) -> Iterator[tuple[str, str, np.ndarray, np.ndarray]]:
        """Yield every class and level: their names, the errors removed in order, and those that would be removed alone.

        A class has a row of level `ALL`, followed by one for each of its levels. The errors are bool (test characters,).
        """
        class_of = self.class_of
        oracles = {oracle.name: oracle.levels for oracle in self.oracles}
        for index, name in enumerate(self.classes):
            removed, levels = class_of == index, oracles.get(name, {})
            alone = self.errors & np.logical_or.reduce(list(levels.values())) if levels else removed
            yield name, ALL, removed, alone
            for level, mask in levels.items():
                if level != ALL:
                    yield name, level, self.removed_by == self.levels.index((name, level)), self.errors & mask

    def table(self) -> pd.DataFrame:
        """Count the errors of each class and level.

        Returns
        -------
        table : DataFrame
            Columns class, level, removed, removed_share, alone, alone_share, a row for each of `rows`.
        """
        counts = [(name, level, removed.sum(), alone.sum()) for name, level, removed, alone in self.rows()]
        table = pd.DataFrame(counts, columns=["class", "level", "removed", "alone"])
        for column, share in (("removed", 3), ("alone", 5)):
            table.insert(share, f"{column}_share", table[column] / max(self.errors.sum(), 1))
        return table

    def intervals(self, clusters: Clusters, samples: int, seed: int) -> pd.DataFrame:
        """Return the ends of the intervals of the counts and shares of `table`.

        Parameters
        ----------
        clusters, samples, seed
            What a resample draws, how many there are, and their seed.

        Returns
        -------
        table : DataFrame
            Columns <column>_low and <column>_high for each of removed, removed_share, alone_share, and errors.
        """

        def counts(mask: np.ndarray) -> np.ndarray:
            return clusters.sums(mask.reshape(clusters.streams, clusters.steps))

        removed, alone = (
            np.stack(masks, axis=1)
            for masks in zip(*((counts(removed), counts(alone)) for _, _, removed, alone in self.rows()), strict=True)
        )
        errors = np.broadcast_to(counts(self.errors)[:, np.newaxis], removed.shape)
        columns = {
            "errors": count_intervals(errors, samples, seed),
            "removed": count_intervals(removed, samples, seed),
            "removed_share": share_intervals(removed, errors, samples, seed),
            "alone_share": share_intervals(alone, errors, samples, seed),
        }
        return pd.DataFrame(
            {name: ends for column in columns for name, ends in interval_columns(column, columns[column]).items()}
        )


def remove_in_order(errors: np.ndarray, masks: list[np.ndarray]) -> np.ndarray:
    """Return which of several masks is the first that contains each error.

    Parameters
    ----------
    errors : ndarray of bool, shape (test characters,)
    masks : list of ndarray of bool, shape (test characters,)

    Returns
    -------
    removed_by : ndarray of int16, shape (test characters,)
        Index of the mask; `len(masks)` where none contains the error, `NO_ERROR` where there is no error.
    """
    removed_by = np.where(errors, np.int16(len(masks)), np.int16(NO_ERROR))
    for index in reversed(range(len(masks))):
        removed_by[errors & masks[index]] = index
    return removed_by
