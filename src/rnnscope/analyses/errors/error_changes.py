"""Which errors disappear and appear between two models, by the class of each (paper section 4, F8)."""

import numpy as np
import pandas as pd

from rnnscope.analyses.errors.cascade import Cascade
from rnnscope.analyses.losses.bootstrap import (
    count_intervals,
    interval,
    interval_columns,
    resampled_means,
    share_intervals,
    with_interval,
)
from rnnscope.analyses.losses.clusters import CLUSTERS, Clusters
from rnnscope.storage.declarations import Column

COLUMNS = (
    Column("class", "text", "as in `error_breakdown.csv`"),
    *with_interval(Column("errors_before", "integer", "errors of the first model, characters")),
    *with_interval(Column("errors_after", "integer", "errors of the second model, characters")),
    *with_interval(
        Column("removed", "integer", "errors of the first model that the second does not make, characters; class as of the first")
    ),
    *with_interval(Column("removed_share", "number", "the same as a fraction of all removed errors")),
    *with_interval(
        Column("added", "integer", "errors of the second model that the first does not make, characters; class as of the second")
    ),
    *with_interval(Column("added_share", "number", "the same as a fraction of all added errors")),
    *with_interval(
        Column("net_share", "number", "`added` minus `removed`, as a fraction of `errors_before`; empty where that is 0")
    ),
    Column("test_loss_before", "number", "test loss of the first model, nats per character"),
    Column("test_loss_after", "number", "test loss of the second model, nats per character"),
    *with_interval(
        Column("test_loss_difference", "number", "the second minus the first, resampled in pairs, nats per character")
    ),
    CLUSTERS,
)


def error_changes(
    cascade: Cascade, before: np.ndarray, after: np.ndarray, clusters: Clusters, samples: int, seed: int
) -> pd.DataFrame:
    """Count the errors of each class that two models make, and those that only one of them makes.

    Parameters
    ----------
    cascade
        The oracles.
    before, after : ndarray of float, shape (streams, steps)
        Log-probabilities of the correct characters under the first and the second model, nats.
    clusters, samples, seed
        What a resample draws, how many there are, and their seed.

    Returns
    -------
    table : DataFrame
        One row a class, `COLUMNS`. A removed error has its class among the errors of `before`, an added one its class among
        those of `after`.
    """
    first, second = cascade.breakdown(before.ravel()), cascade.breakdown(after.ravel())
    counted = {
        "errors_before": (first.class_of, first.errors),
        "errors_after": (second.class_of, second.errors),
        "removed": (first.class_of, first.errors & ~second.errors),
        "added": (second.class_of, second.errors & ~first.errors),
    }
    number = clusters.numbers.ravel()
    shape = len(clusters), len(first.classes)
    counts = {
        name: np.bincount(number[errors] * shape[1] + class_of[errors], minlength=shape[0] * shape[1]).reshape(shape)
        for name, (class_of, errors) in counted.items()
    }
    table = pd.DataFrame({"class": first.classes})
    for name, of_clusters in counts.items():
        table[name] = of_clusters.sum(axis=0)
        table = table.assign(**interval_columns(name, count_intervals(of_clusters, samples, seed)))
    for name in ("removed", "added"):
        wholes = counts[name].sum(axis=1, keepdims=True)
        table[f"{name}_share"] = table[name] / max(wholes.sum(), 1)
        table = table.assign(**interval_columns(f"{name}_share", share_intervals(counts[name], wholes, samples, seed)))
    net, cases = counts["added"] - counts["removed"], counts["added"] + counts["removed"]
    occurs = table["errors_before"].to_numpy() > 0
    low, high = np.full((2, len(table)), np.nan)
    low[occurs], high[occurs] = share_intervals(
        net[:, occurs], counts["errors_before"][:, occurs], samples, seed, cases[:, occurs]
    )
    table["net_share"] = np.where(occurs, net.sum(axis=0) / np.maximum(table["errors_before"], 1), np.nan)
    table = table.assign(**interval_columns("net_share", (low, high)))
    losses = np.stack([clusters.sums(np.ones(before.shape)), *(clusters.sums(-values) for values in (before, after))], axis=1)
    means, resampled = resampled_means(losses[:, :, np.newaxis], samples, seed)
    differences = interval(resampled[:, 1] - resampled[:, 0], len(clusters))
    return table.assign(
        test_loss_before=means[0, 0],
        test_loss_after=means[1, 0],
        test_loss_difference=means[1, 0] - means[0, 0],
        **{name: end.item() for name, end in interval_columns("test_loss_difference", differences).items()},
        clusters=str(clusters),
    )
