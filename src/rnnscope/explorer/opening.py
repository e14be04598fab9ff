"""What the page opens with: for the best unit of every feature, the passage at which the two go together most clearly."""

from pathlib import Path

import numpy as np
import pandas as pd

from rnnscope.explorer.page_text import PageText
from rnnscope.explorer.passages import clearest_place, read_feature
from rnnscope.explorer.unit_statistics import Unit
from rnnscope.models.cells import ModelName


def traced_units(ranked: pd.DataFrame, model: str) -> set[Unit]:
    """Return the best units of a model, one for each feature and measure: those whose values are needed."""
    best = ranked[(ranked["model"] == model) & (ranked["rank"] == 1)]
    return {(int(layer), str(quantity), int(unit)) for layer, quantity, unit in best[["layer", "quantity", "unit"]].values}


def add_passages(ranked: pd.DataFrame, traces: dict[str, dict[Unit, np.ndarray]], features: Path, text: PageText) -> pd.DataFrame:
    """Add the place and the clarity of the clearest passage of the best unit of each feature, `at` and `clarity`; of others none.

    Parameters
    ----------
    ranked
        The rows of `read_ranked_units`.
    traces
        By model and unit: values over the text, float32 (streams, steps).
    features
        features.parquet.
    text
        The text of the page.
    """
    values = {name: read_feature(features, name, text) for name in ranked["feature"][ranked["rank"] == 1].unique()}
    passages: list[tuple[float, float]] = []
    for row in ranked.to_dict("records"):
        if row["rank"] != 1:
            passages.append((np.nan, np.nan))
            continue
        trace = traces[row["model"]][row["layer"], row["quantity"], row["unit"]]
        saturating = ModelName.parse(row["model"]).cell.by_name[row["quantity"]].saturating
        passages.append(clearest_place(np.tanh(trace) if saturating else trace, values[row["feature"]]))
    return ranked.assign(at=[at for at, _ in passages], clarity=[clarity for _, clarity in passages])
