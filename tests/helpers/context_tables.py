"""Tables of the context used with contents that a test chooses."""

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
    return table.assign(clusters="100 streams")


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
    return table.astype(dict.fromkeys(ends, "Int64")).assign(clusters="100 streams")
