"""Tables of the context used and of what units cause with contents that a test chooses."""

import numpy as np
import pandas as pd

from rnnscope.models.cells import ModelName

NETWORKS = ("lstm-1-64", "lstm-2-64", "lstm-3-64", "rnn-1-64", "gru-1-64", "gru-2-64")
SIZES = {"inside a word": 3000, "first of a word": 900, "white space": 800, "other": 150, "line end": 80, "all": 4930}
PASTS = {"none": 1.0, "other text": 0.5, "shuffled": 0.7}
LENGTHS = [1, 2, 5, 10, 20, 50, 100, 300]


def make_context(networks=NETWORKS, finite=("ngram-1", "ngram-20", "nnn-1", "nnn-6")):
    """Losses that fall with the length, and n-gram models and n-NNs beside them."""
    rows = []
    for rank, model in enumerate(networks):
        for past, scale in PASTS.items():
            for of_class, targets in SIZES.items():
                for length in LENGTHS:
                    rise = scale * (1 + 0.1 * rank) * np.exp(-length / 20)
                    rows.append([model, past, of_class, length, targets, 1.5 + rise, rise])
    for model in finite:
        length = ModelName.parse(model).context
        rows += [[model, "nothing more", of_class, length, targets, 2.5, np.nan] for of_class, targets in SIZES.items()]
    table = pd.DataFrame(rows, columns=["model", "past", "target_class", "length", "targets", "loss", "rise"])
    for column in ("loss", "rise"):
        table[f"{column}_low"], table[f"{column}_high"] = table[column] - 0.02, table[column] + 0.02
    return table.assign(clusters="48 blocks of 208 or 209 characters")


def make_context_summary(networks=NETWORKS, effective=(100, 300)):
    """Effective contexts of all networks; that of the shuffled past is longer than the longest length."""
    reached = dict(zip(PASTS, [*effective, None], strict=True))
    rows = [
        [model, past, of_class, targets, 1.5, 1.48, 1.52, 0.01, reached[past], 50, None, 300, 100]
        for model in networks
        for past in PASTS
        for of_class, targets in SIZES.items()
    ]
    ends = ["effective", "effective_low", "effective_high"]
    names = ["model", "past", "target_class", "targets", "loss", "loss_low", "loss_high", "tolerance", *ends, "longest"]
    table = pd.DataFrame(rows, columns=[*names, "sequence_length"])
    return table.astype(dict.fromkeys(ends, "Int64")).assign(clusters="48 blocks of 208 or 209 characters")


def make_timescales(models=("lstm-3-512", "gru-2-64"), units=40):
    """Units whose time constants are longer in the upper layers; the last one never forgets."""
    random = np.random.default_rng(1)
    rows = []
    for model in models:
        name = ModelName.parse(model)
        for layer in range(1, name.layers + 1):
            taus = [*np.exp(random.normal(layer, 1, units - 1)), np.inf]
            rows += [[model, name.kind, layer, unit, tau] for unit, tau in enumerate(taus)]
    return pd.DataFrame(rows, columns=["model", "cell", "layer", "unit", "tau"])


def make_halving_distances(models=("lstm-3-512", "gru-2-64", "rnn-1-64")):
    """Distances of each layer; in the highest layer of the first model half is never reached, and the RNN has no interval."""
    rows = []
    for model in models:
        name = ModelName.parse(model)
        for layer in range(1, name.layers + 1):
            found = [None] * 3 if (model, layer) == (models[0], name.layers) else [4 * layer, 3 * layer, 5 * layer]
            rows.append([model, name.kind, layer, found[0], *([None, None] if name.kind == "rnn" else found[1:])])
    ends = ["halving", "halving_low", "halving_high"]
    table = pd.DataFrame(rows, columns=["model", "cell", "layer", *ends]).astype(dict.fromkeys(ends, float))
    return table.assign(sequence_length=100)


def make_swapped_states(models=("lstm-3-512", "gru-2-64", "rnn-1-64")):
    """What is left falls exponentially, more slowly in the upper layers."""
    table = make_halving_distances(models)[["model", "cell", "layer"]].merge(pd.DataFrame({"distance": LENGTHS}), how="cross")
    left = np.exp(-table["distance"] / (5 * table["layer"]))
    return table.assign(left=left, left_low=0.9 * left, left_high=1.1 * left, clusters="100 streams")


def make_mutual_information():
    """A power law, which the last distances do not distinguish from a shuffled text."""
    table = pd.DataFrame({"distance": LENGTHS, "shuffled": 1e-3, "shuffled_highest": 1.1e-3})
    plug_in = 1e-3 + np.where(table["distance"] < 60, 1 / table["distance"] ** 1.5, 0)
    return table.assign(plug_in=plug_in, information=plug_in - 1e-3)


def make_ablations(models=("lstm-3-512", "gru-3-512"), units=40):
    """One unit of each model that is the best by score and by effect, among others that do little."""
    random = np.random.default_rng(1)
    rows = []
    for model in models:
        name = ModelName.parse(model)
        for feature, measure in (("all", None), ("inside_quotes", "auc"), ("line_position", "spearman")):
            for unit in range(units):
                effect = 0.8 if unit == 7 else float(random.normal(0, 0.02))
                score = {"auc": 0.6, "spearman": 0.1}.get(measure, np.nan) + (0.3 if unit == 7 else 0.01 * random.random())
                identity = [model, name.kind, 2, name.cell.displayed_state, unit, "mean", feature, measure, score]
                rows.append([*identity, 0.01, effect, effect - 0.1, effect + 0.1, 0.01])
    unit = ["model", "cell", "layer", "quantity", "unit", "hold", "feature", "measure", "score"]
    effects = ["rise", "end_effect", "end_effect_low", "end_effect_high", "control"]
    table = pd.DataFrame(rows, columns=[*unit, *effects])
    of_feature = table.groupby(["model", "feature"])
    table["effect_rank"] = of_feature["end_effect"].rank(ascending=False, method="first").astype(int)
    table["score_rank"] = of_feature["score"].rank(ascending=False, method="first").astype("Int64")
    return table.assign(clusters="50 streams")
