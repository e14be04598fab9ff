"""The table of the paper's values that the tests of figures draw."""

import numpy as np
import pandas as pd

from rnnscope.data.paper import paper_values


def make_against_paper(text="war_and_peace", missing=("rnn-3-256",), seed=0):
    """Ours within 0.03 of every value of the paper, but for the models in `missing`."""
    random = np.random.default_rng(seed)
    rows = []
    for value in paper_values(text):
        ours = np.nan if value.model in missing else value.value + random.uniform(-0.03, 0.03)
        outcome = "missing" if value.model in missing else random.choice(["within interval", "within tolerance", "differs"])
        rows.append([value.item, value.model, value.value, ours, outcome])
    return pd.DataFrame(rows, columns=["item", "model", "paper", "ours", "outcome"])
