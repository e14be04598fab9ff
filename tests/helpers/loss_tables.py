"""The tables of losses that the tests of figures draw."""

from itertools import combinations

import numpy as np
import pandas as pd


def make_losses(sizes=(64, 128, 256, 512), layers=(1, 2, 3), missing=("rnn", 512), seed=0):
    random = np.random.default_rng(seed)
    rows = []
    for size in sizes:
        for cell in ("gru", "lstm", "rnn"):  # not the order of the figures
            for depth in layers:
                if (cell, size) == missing:
                    continue
                loss = 2 / size**0.1 + random.uniform(-0.1, 0.1)
                rows.append(
                    {
                        "model": f"{cell}-{depth}-{size}",
                        "cell": cell,
                        "layers": depth,
                        "size": size,
                        "parameters": int(size**1.6 * 60 * random.uniform(0.97, 1.03)),
                        "precision": "float32",
                        "validation_loss": loss + random.uniform(-0.1, 0.1),
                        "test_loss": loss,
                    }
                )
    return pd.DataFrame(rows)


def make_horizons(last_ngram=20, last_nnn=6):
    rows = []
    for kind, last, distance, base in (("n-gram", last_ngram, 1.2, 90), ("n-NN", last_nnn, 1.25, 40_000)):
        for n in range(1, last + 1):
            cost = base * n**3 if kind == "n-gram" else base * n
            fall_back = max(n - 17, 0) if kind == "n-gram" else None
            rows.append([kind, n, 1.19 + distance * 0.6**n, cost, fall_back])
    return pd.DataFrame(rows, columns=["kind", "n", "test_loss", "cost", "fall_back_orders"])


def make_loss_intervals(losses=None, horizons=None):
    """An interval for each model of both tables; that of the model in row r reaches (r + 1) / 1000 down and twice that up."""
    losses = make_losses() if losses is None else losses
    horizons = make_horizons() if horizons is None else horizons
    finite = horizons.assign(
        model=[f"{kind.lower().replace('-', '')}-{n}" for kind, n in zip(horizons["kind"], horizons["n"], strict=True)]
    )
    table = pd.concat([losses[["model", "test_loss"]], finite[["model", "test_loss"]]], ignore_index=True)
    half = (table.index + 1) / 1000
    return table.assign(
        low=table["test_loss"] - half, high=table["test_loss"] + 2 * half, clusters="48 blocks of 208 or 209 characters"
    )


def make_learning_curves(epochs=50):
    rows = []
    for _, model in make_losses().iterrows():
        for epoch in range(1, epochs + 1):
            overfit = 0.01 * max(0, epoch - 20) if model["size"] == 512 else 0
            loss = model["validation_loss"] + 2 / epoch + overfit
            rows.append(
                {"cell": model["cell"], "layers": model["layers"], "size": model["size"], "epoch": epoch, "validation_loss": loss}
            )
    return pd.DataFrame(rows)


def make_differences(separated=lambda model, other: True, losses=None):
    """Every two models of a table of losses, `separated` saying which the test part tells apart."""
    losses = make_losses() if losses is None else losses
    by_model = dict(zip(losses["model"], losses["test_loss"], strict=True))
    rows = []
    for model, other in combinations(by_model, 2):
        apart, half = by_model[model] - by_model[other], 0.001
        if not separated(model, other):
            half += abs(apart)
        rows.append([model, other, apart, apart - half, apart + half, separated(model, other)])
    return pd.DataFrame(rows, columns=["model", "other", "difference", "low", "high", "separated"])


def make_ranking(losses=None, runs=((1, 3), (2, 6))):
    """The models by test loss; `runs` has the first and last ranks of the models that do not differ."""
    losses = make_losses() if losses is None else losses
    table = losses.sort_values("test_loss")[["model"]].reset_index(drop=True)
    above = losses["test_loss"].sort_values().to_numpy() - losses["test_loss"].min()
    half = np.where(table.index > 0, 0.001, 0)
    ends = table.index.to_series().add(1).map(dict(runs))
    columns = {"rank": table.index + 1, "above_lowest": above, "low": above - half, "high": above + half, "run_end": ends}
    return table.assign(**columns, comparisons=len(table) * (len(table) - 1) // 2, clusters="40 blocks of 82 or 83 characters")


def make_size_ranking(losses=None, separated=lambda model, best: True):
    """For each network the one of its size with the lowest validation loss, `separated` saying which differ from it."""
    losses = make_losses() if losses is None else losses
    rows = []
    for _, models in losses.groupby("size"):
        best = models.set_index("model")["validation_loss"].idxmin()
        for model in models["model"]:
            rows.append([model, best, model != best and separated(model, best), len(models) - 1])
    return pd.DataFrame(rows, columns=["model", "best", "separated", "comparisons"])


def make_best_models(losses=None):
    """The roles of `best_models.csv`: the lowest validation loss of each cell."""
    losses = make_losses() if losses is None else losses
    rows = [("network", "lstm-3-512", 1.2), ("ngram", "ngram-20", None), ("nnn", "nnn-6", 1.4)]
    for cell in losses["cell"].unique():
        best = losses[losses["cell"] == cell].sort_values("validation_loss").iloc[0]
        rows.append((f"best {cell}", best["model"], best["validation_loss"]))
    for size, models in losses.groupby("size"):
        best = models.sort_values("validation_loss").iloc[0]
        rows.append((f"size {size}", best["model"], best["validation_loss"]))
    return pd.DataFrame(rows, columns=["role", "model", "validation_loss"])


def make_position_loss(models=("lstm-3-512", "rnn-3-256", "gru-3-512", "ngram-20"), ranges=8):
    rows = []
    for model in models:
        for index in range(ranges):
            loss = 1.1 + (0 if model.startswith("ngram") else 2 * 0.5**index)
            rows.append([model, 2**index, 2 ** (index + 1) - 1, 100 * 2**index, loss, loss - 0.05, loss + 0.05])
    names = ["model", "first_position", "last_position", "characters", "loss", "low", "high"]
    return pd.DataFrame(rows, columns=names).assign(clusters="48 blocks of 208 or 209 characters")
