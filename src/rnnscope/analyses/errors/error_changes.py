"""Which errors come and go between two models, by the class of each (paper section 4, F8)."""

import numpy as np
import pandas as pd

from rnnscope.analyses.errors.cascade import Cascade


def error_changes(cascade: Cascade, before: np.ndarray, after: np.ndarray) -> pd.DataFrame:
    """How many errors of each class a model makes, and how many another removes and adds: a row a class.

    before, after: log-probabilities of the correct characters, float (test characters,), nats. Columns: class, errors_before,
    errors_after, removed, removed_share (of all removed), added, added_share, test_loss_before, test_loss_after. A removed
    error has the class it has among those of `before`, an added one that among those of `after`.
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
