"""How well all units of a layer together detect each feature of the text, beside its best unit alone (paper section 4, F2).

A probe (Alain and Bengio 2016, "Understanding intermediate layers using linear classifier probes") is a linear read-out:
the weighted sum of all units of a layer that comes closest to the feature, 0 or 1 or a count, by ridge regression. It reads
states as they are displayed, the LSTM's c as tanh(c), which is what the cell itself passes on. It is fitted on the streams of
even number and scored on those of odd number (`units`), by the AUC of a yes/no feature and by Pearson's correlation with a
count. By ridge regression, because one factorisation is enough for all features; for two classes it finds Fisher's linear
discriminant.
"""

import logging
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import Ridge
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

from rnnscope.analyses.units.scoring import AUC, PEARSON
from rnnscope.analyses.units.units import (
    MODEL_COLUMNS,
    QUANTITY_COLUMN,
    Rows,
    cell_of,
    display_values,
    layers_and_states,
    read_rows,
    read_states,
    varying,
)
from rnnscope.cli import run
from rnnscope.models.cells import Activation
from rnnscope.settings.units import Units
from rnnscope.storage.declarations import Column
from rnnscope.storage.tables import Table, read_csv

# Small beside the number of characters, enough to bound the weights of units that never change or are all equal.
PENALTY = 1.0

PROBES = Table(
    "analyses/probes.csv",
    "Linear read-outs of a whole layer, fitted by ridge regression (least squares with a penalty of 1 on the weights of "
    "standardised units) on the streams of even number: one row a model, layer, state and feature. Of a state without bounds, "
    "such as the LSTM's `c`, the probe reads the tanh.",
    (
        *MODEL_COLUMNS,
        QUANTITY_COLUMN,
        Column("units", "integer", "units of the layer"),
        Column("feature", "text", "as in `cells.csv`"),
        Column("measure", "text", "`auc` of a yes/no feature, `pearson` of a count"),
        Column("selection_score", "number", "on the streams that it was fitted on"),
        Column("held_out_score", "number", "on the streams of odd number"),
        Column("best_unit_score", "number", "on these, of the best unit of all layers of the model, from `cells.csv`"),
    ),
)

log = logging.getLogger(__name__)


def fit_probe(selection: np.ndarray, held_out: np.ndarray, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fit a linear read-out of each feature.

    Parameters
    ----------
    selection, held_out
        Float32 (characters of the half, units). Both are scaled in place.
    features
        Float32 (characters of the first half, features).

    Returns
    -------
    selection, held_out : ndarray
        What the probes predict in both halves: (characters of the half, features).
    """
    scaler = StandardScaler(copy=False)
    probe = Ridge(alpha=PENALTY, copy_X=False, solver="cholesky")
    inputs = scaler.fit_transform(selection)
    probe.fit(inputs.copy(), features)
    # scikit-learn drops the axis of a single feature.
    predicted = probe.predict(inputs), probe.predict(scaler.transform(held_out))
    return predicted[0].reshape(len(inputs), -1), predicted[1].reshape(len(held_out), -1)


def measure_of(feature: np.ndarray) -> str:
    """Return the measure by which a probe of a feature is scored."""
    return AUC if feature.dtype == bool else PEARSON


def score(feature: np.ndarray, predicted: np.ndarray) -> float:
    """Score what a probe predicts of a feature, both (characters,).

    Returns
    -------
    float
        AUC or Pearson's correlation; 0.5 or 0 when it always predicts the same.
    """
    if feature.dtype == bool:
        return float(roc_auc_score(feature, predicted))
    return float(np.corrcoef(feature, predicted)[0, 1]) if np.ptp(predicted) > 0 else 0.0


def probe_layer(path: Path, state: Activation, rows: Rows, names: list[str]) -> pd.DataFrame:
    """Return the scores of the probes of one state of one layer, one row a feature of `names`."""
    halves = [rows.half(False), rows.half(True)]
    states = [display_values(state, half) for half in read_states(path, state.name, rows)]
    predicted = fit_probe(states[0], states[1], np.stack([halves[0][name] for name in names], axis=1).astype(np.float32))
    return pd.DataFrame(
        {
            "quantity": state.name,
            "units": states[0].shape[1],
            "feature": name,
            "measure": measure_of(halves[0][name]),
            "selection_score": score(halves[0][name], predicted[0][:, column]),
            "held_out_score": score(halves[1][name], predicted[1][:, column]),
        }
        for column, name in enumerate(names)
    )


def probe_model(folder: Path, rows: Rows, names: list[str]) -> pd.DataFrame:
    """Return the scores of the probes of every layer and state of a model."""
    tables = []
    for layer, path, state in layers_and_states(folder):
        log.info("%s: layer %d, %s", folder.name, layer, state.name)
        table = probe_layer(path, state, rows, names)
        tables.append(table.assign(model=folder.name, cell=cell_of(folder).name, layer=layer))
    return pd.concat(tables)


def beside_best_unit(probes: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """Add `best_unit_score`, the held-out score of the model's best unit for the feature, from `cells.csv`."""
    key = ["model", "feature", "measure"]
    best = cells[cells["rank"] == 1].rename(columns={"held_out_score": "best_unit_score"})
    return probes.merge(best[[*key, "best_unit_score"]], on=key, how="left", validate="many_to_one")


def main(features: Path, activations: list[Path], cells: Path, units: Units, out: Path) -> None:
    """Write the scores of the probes of some models.

    Parameters
    ----------
    features
        features.parquet.
    activations
        Folders of activations, each named like its model.
    cells
        cells.csv of the same models.
    units
        Which characters are read.
    out
        CSV file to write.
    """
    best = read_csv(cells, ["model", "feature", "measure", "held_out_score", "rank"])
    rows = read_rows(features, units.characters)
    names = varying(rows)
    probes = pd.concat([probe_model(folder, rows, names) for folder in activations])
    PROBES.write(beside_best_unit(probes, best), out)


if __name__ == "__main__":
    run(main)
