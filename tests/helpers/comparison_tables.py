"""The tables of comparisons that the tests of figures draw."""

from itertools import pairwise

import numpy as np
import pandas as pd
from helpers.loss_tables import make_losses


def make_dynamics(snapshots=20, horizons=6):
    rows = []
    for snapshot in range(1, snapshots + 1):
        loss = 1.6 + 1.6 * 0.85**snapshot
        for n in range(1, horizons + 1):
            nnn_loss = 1.3 + 1.1 * 0.6 ** (n - 1)
            divergence = 0.1 + abs(loss - nnn_loss)
            rows.append(["lstm-3-512", snapshot, 3 * snapshot / snapshots, n, divergence, loss - nnn_loss])
    table = pd.DataFrame(rows, columns=["model", "snapshot", "epoch", "n", "symmetric_divergence", "loss_difference"])
    lowest = table["symmetric_divergence"] == table.groupby("n")["symmetric_divergence"].transform("min")
    return table.assign(nearest=lowest & (table["snapshot"] > 1) & (table["snapshot"] < snapshots))


def make_map(nnns=6):
    random = np.random.default_rng(4)
    horizons = [*(f"ngram-{n}" for n in (1, 2, 3, 4, 5, 6, 20)), *(f"nnn-{n}" for n in range(1, nnns + 1))]
    models = [*make_losses()["model"], *horizons]
    maps = [
        pd.DataFrame({"map": name, "model": models, "x": random.normal(size=len(models)), "y": random.normal(size=len(models))})
        for name in ("agreement", "probabilities")
    ]
    return pd.concat(maps, ignore_index=True)


def make_distances(models=None):
    """The distances of points on a line, and the merges of neighbours from the left on."""
    models = list(make_map()["model"].unique()) if models is None else models
    number = len(models)
    positions = np.arange(number) ** 2.0
    apart = np.abs(positions[:, np.newaxis] - positions) / positions[-1]
    pairs = {"model": np.repeat(models, number), "other": np.tile(models, number), "distance": apart.ravel()}
    pairs["disagreement"] = apart.ravel() ** 2
    merges = [[0 if row == 0 else number + row - 1, row + 1, apart[row, row + 1], row + 2] for row in range(number - 1)]
    return pd.DataFrame(pairs), pd.DataFrame(merges, columns=["first", "second", "distance", "models"])


def make_gains(characters=87):
    random = np.random.default_rng(2)
    names = ["space", "CR", "LF", "TAB", *(chr(byte) for byte in range(33, 127)), "<C3>", "<A9>"][:characters]
    network, ngram = random.uniform(0.02, 0.98, (2, len(names)))
    columns = {"network_model": "lstm-3-512", "ngram_model": "ngram-20", "character": names, "count": 100}
    for name, values in (("network", network), ("ngram", ngram), ("difference", network - ngram)):
        columns |= {name: values, f"{name}_low": values - 0.02, f"{name}_high": values + 0.02}
    # Some that are significant alone are not after the correction for their number.
    return pd.DataFrame(
        columns | {"separated": abs(columns["difference"]) > 0.03, "clusters": "48 blocks of 208 or 209 characters"}
    )


def make_closings(delimiters=("}", ")", "]", '"', "*/"), models=("lstm-3-512", "ngram-20", "nnn-6")):
    decades = [1, 2, 3, 4, 6, 10, 16, 25, 40, 63, 100, 158, 251, 398, 631, 1000]
    of_bins, rows = {"paper": [0, 20, 40, 60, 80, 100, 125, 150, 200, 250, 300], "decades": decades}, []
    for bins, edges in of_bins.items():
        for rank, delimiter in enumerate(delimiters):
            for least, beyond in list(pairwise(edges))[rank:]:
                for model, level in zip(models, (0.8, 0.6, 0.3), strict=False):
                    mean = level - 0.02 * edges.index(least)
                    count = 4000 // max(least, 1)
                    middle = (least + beyond - 1) / 2
                    rows.append([bins, delimiter, model, least, beyond - 1, middle, count, mean, mean - 0.05, mean + 0.04])
    columns = ["bins", "delimiter", "model", "least_distance", "most_distance", "mean_distance", "count"]
    return pd.DataFrame(rows, columns=[*columns, "mean_probability", "low", "high"]).assign(
        clusters="48 blocks of 208 or 209 characters"
    )
