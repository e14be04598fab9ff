"""Which errors disappear and appear between two models, by the class of each (paper section 4, F8)."""

import numpy as np
import pandas as pd

from rnnscope.analyses.errors.cascade import Cascade
from rnnscope.storage.declarations import Column

COLUMNS = (
    Column("class", "text", "as in `error_breakdown.csv`"),
    Column("errors_before", "integer", "errors of the first model, characters"),
    Column("errors_after", "integer", "errors of the second model, characters"),
    Column("removed", "integer", "errors of the first model that the second does not make, characters; class as of the first"),
    Column("removed_share", "number", "the same as a fraction of all removed errors"),
    Column("added", "integer", "errors of the second model that the first does not make, characters; class as of the second"),
    Column("added_share", "number", "the same as a fraction of all added errors"),
    Column("test_loss_before", "number", "test loss of the first model, nats per character"),
    Column("test_loss_after", "number", "test loss of the second model, nats per character"),
)


def error_changes(cascade: Cascade, before: np.ndarray, after: np.ndarray) -> pd.DataFrame:
    """Count the errors of each class that two models make, and those that only one of them makes.

    Parameters
    ----------
    cascade
        The oracles.
    before, after : ndarray of float, shape (test characters,)
        Log-probabilities of the correct characters under the first and the second model, nats.

    Returns
    -------
    table : DataFrame
        One row a class, `COLUMNS`. A removed error has its class among the errors of `before`, an added one its class among
        those of `after`.
    """
    first, second = cascade.breakdown(before), cascade.breakdown(after)
    counts = {
        "errors_before": first.class_of[first.errors],
        "errors_after": second.class_of[second.errors],
        "removed": first.class_of[first.errors & ~second.errors],
        "added": second.class_of[second.errors & ~first.errors],
    }
    table = pd.DataFrame({"class": first.classes})
    for name, classes in counts.items():
        count = np.bincount(classes, minlength=len(table))
        table[name] = count
        if name in ("removed", "added"):
            table[f"{name}_share"] = count / max(count.sum(), 1)
    return table.assign(test_loss_before=-before.mean(dtype=np.float64), test_loss_after=-after.mean(dtype=np.float64))
