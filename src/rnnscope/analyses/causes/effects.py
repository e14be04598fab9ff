"""The effects of holding units, with their intervals, their ranks and the units that they are compared with."""

import numpy as np

from rnnscope.analyses.causes.groups import PLACES
from rnnscope.analyses.losses.bootstrap import interval, interval_columns, resampled_means, with_interval
from rnnscope.settings.predictions import Resampling
from rnnscope.storage.declarations import Column

EFFECTS = (
    *with_interval(Column("rise", "number", "nats per character: rise of the loss over all characters")),
    Column("inside", "integer", "characters inside the feature's spans"),
    Column(
        "ends",
        "integer",
        "characters that end a span: of a count those that take it back to 0; of two that end a line, the first",
    ),
    *with_interval(
        Column(
            "inside_effect",
            "number",
            "nats per character: mean rise inside the spans minus that of the characters that are neither inside nor an end",
        )
    ),
    *with_interval(Column("end_effect", "number", "nats per character: mean rise at the ends minus that of these others")),
    Column("others_rise", "number", "nats per character: mean rise of these others"),
)


def effect_columns(
    rises: np.ndarray, counts: np.ndarray, intervals: Resampling
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return the effects of several cases.

    Parameters
    ----------
    rises
        Float64 (streams, cases, groups): summed rises of the groups of `membership`.
    counts
        Float64 (streams, groups): how many targets are in each.
    intervals
        The bootstrap; it draws whole streams.

    Returns
    -------
    rise : dict of ndarray
        The rise over all targets with its interval, (cases,).
    features : dict of ndarray
        The other columns of `EFFECTS`, (features, cases).
    """
    sums = np.concatenate([counts[:, np.newaxis], rises], axis=1)
    means, resampled = resampled_means(sums, intervals.samples, intervals.seed)
    streams = np.count_nonzero(counts, axis=0)
    rise = {"rise": means[:, 0]} | interval_columns("rise", interval(resampled[:, :, 0], int(streams[0])))
    first = np.arange(1, counts.shape[1], len(PLACES))
    inside, ends, others = (first + place for place in range(len(PLACES)))
    columns = {"others_rise": means[:, others].T}
    for name, groups, count in (("inside_effect", inside, "inside"), ("end_effect", ends, "ends")):
        fewest = np.broadcast_to(np.minimum(streams[groups], streams[others]), means[:, groups].shape)
        low, high = interval(resampled[:, :, groups] - resampled[:, :, others], fewest)
        columns |= {name: (means[:, groups] - means[:, others]).T} | interval_columns(name, (low.T, high.T))
        columns[count] = np.broadcast_to(counts[:, groups].sum(axis=0)[:, np.newaxis].astype(int), columns[name].shape)
    return rise, columns


def closest_in_variance(variances: np.ndarray, controls: int) -> np.ndarray:
    """Return for each unit the `controls` others of the closest variance, on a logarithmic scale: int64 (units, controls)."""
    scale = np.log(np.maximum(variances, np.finfo(np.float32).tiny))
    distance = np.abs(scale[:, np.newaxis] - scale)
    np.fill_diagonal(distance, np.inf)
    return np.argsort(distance, axis=1, kind="stable")[:, : min(controls, len(variances) - 1)]


def draw_controls(nearest: np.ndarray, group: np.ndarray, controls: int, random: np.random.Generator) -> np.ndarray:
    """Draw as many units as a group has to compare it with: all different, none of the group.

    Parameters
    ----------
    nearest
        As `closest_in_variance` returns it, of at least `controls` + 2 (size of the group - 1) others for each unit, or all:
        those of the group and those drawn before are passed over.
    group
        Indices of units, at most half of all.
    controls
        For each unit of the group one is drawn from this many that are left, those of the closest variance; from fewer where
        fewer are left.
    random
        The generator.

    Returns
    -------
    drawn
        Indices of units, int64 (size of the group,).
    """
    is_left = np.ones(len(nearest), bool)
    is_left[group] = False
    drawn = []
    for unit in group:
        others = nearest[unit]
        chosen = random.choice(others[is_left[others]][:controls])
        is_left[chosen] = False
        drawn.append(chosen)
    return np.array(drawn)


def rank_down(values: np.ndarray) -> np.ndarray:
    """Return the rank of each value, 1 for the largest, the first of equals before the others; NaN counts as the smallest."""
    order = np.argsort(np.where(np.isnan(values), np.inf, -values), kind="stable")
    ranks = np.empty(len(values), dtype=int)
    ranks[order] = np.arange(1, len(values) + 1)
    return ranks
