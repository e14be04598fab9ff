"""The errors of one model, each in the class of the oracle that removes it (paper section 4, F7)."""

import numpy as np
import pandas as pd

from rnnscope.analyses.errors.oracles import ALL, Oracle

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

    def table(self) -> pd.DataFrame:
        """Count the errors of each class and level.

        Returns
        -------
        table : DataFrame
            Columns class, level, removed, removed_share, alone, alone_share. A class has a row of level `ALL`, followed by
            one for each of its levels.
        """
        removed = np.bincount(self.removed_by[self.errors], minlength=len(self.levels))
        alone = self._alone()
        rows = []
        for name in self.classes:
            indices = [index for index, (of_class, _) in enumerate(self.levels) if of_class == name]
            rows.append((name, ALL, removed[indices].sum(), alone[name, ALL]))
            inner = [index for index in indices if self.levels[index] != (name, ALL)]
            rows += [(*self.levels[index], removed[index], alone[self.levels[index]]) for index in inner]
        table = pd.DataFrame(rows, columns=["class", "level", "removed", "alone"])
        for column, share in (("removed", 3), ("alone", 5)):
            table.insert(share, f"{column}_share", table[column] / max(self.errors.sum(), 1))
        return table

    def _alone(self) -> dict[tuple[str, str], int]:
        """Return how many of all errors each level, and each class, would remove if it came first."""
        alone = {(REMAINING, ALL): int(np.count_nonzero(self.class_of == self.classes.index(REMAINING)))}
        for oracle in self.oracles:
            removed = {level: self.errors & mask for level, mask in oracle.levels.items()}
            alone |= {(oracle.name, level): int(mask.sum()) for level, mask in removed.items()}
            alone[oracle.name, ALL] = int(np.logical_or.reduce(list(removed.values())).sum())
        return alone


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
