"""Tables of models from several seeds with contents that a test chooses."""

from itertools import combinations, product

import numpy as np
import pandas as pd

from rnnscope.models.cells import ModelName

MODELS, SEEDS = ("lstm-1-64", "rnn-1-64", "gru-2-128"), (1, 2, 3)


def make_seed_losses(models=MODELS, seeds=SEEDS):
    """Each model is 0.1 nats better than the one before it, with 0.01 between seeds."""
    rows = [[model, seed, 1.5 - 0.1 * rank + 0.01 * seed] for rank, model in enumerate(models) for seed in seeds]
    table = pd.DataFrame(rows, columns=["model", "seed", "test_loss"])
    return table.assign(low=table["test_loss"] - 0.02, high=table["test_loss"] + 0.02, clusters="100 streams")


def make_seed_spread(losses=None):
    """What follows from the losses."""
    losses = make_seed_losses() if losses is None else losses
    found = losses.groupby("model", sort=False)["test_loss"].agg(["mean", "std", "min", "max"]).reset_index()
    found.columns = ["model", "test_mean", "test_deviation", "test_lowest", "test_highest"]
    return found.assign(text_low=found["test_mean"] - 0.02, text_high=found["test_mean"] + 0.02)


def make_seed_orders(losses=None):
    """What follows from the losses, for models of one size."""
    losses = make_seed_losses() if losses is None else losses
    rows = []
    for model, other in combinations(dict.fromkeys(losses["model"]), 2):
        if ModelName.parse(model).size == ModelName.parse(other).size:
            own, others = (losses[losses["model"] == name]["test_loss"].to_numpy() for name in (model, other))
            differences = np.subtract.outer(own, others)
            ends = [differences.mean(), differences.min(), differences.max()]
            rows.append([model, other, differences.size, (differences < 0).sum(), *ends, 0.1])
    names = ["model", "other", "pairs", "lower", "difference", "difference_lowest", "difference_highest", "p_corrected"]
    return pd.DataFrame(rows, columns=names)


def make_similarity(models=MODELS, seeds=SEEDS):
    """Layers of one model are alike, those of different ones less so."""
    layers = [
        (model, seed, layer) for model, seed in product(models, seeds) for layer in range(1, ModelName.parse(model).layers + 1)
    ]
    rows = []
    for index, (first, second) in enumerate(combinations(layers, 2)):
        alike = 0.9 if first[0] == second[0] else 0.4
        rows.append([*first, *second, alike, 0.01, alike - 0.001 * index, 0.05])
    names = ["model", "seed", "layer"]
    return pd.DataFrame(
        rows, columns=[*names, *(f"other_{name}" for name in names), "cka", "cka_control", "matched", "matched_control"]
    )
