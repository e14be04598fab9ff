"""How well all units of a layer together detect each feature of the text, beside its best unit alone (paper section 4, F2).

A probe (Alain and Bengio 2016, "Understanding intermediate layers using linear classifier probes") is a linear read-out:
the weighted sum of all units of a layer that comes closest to the feature, 0 or 1 or a count, by ridge regression. It reads
states as they are displayed, the LSTM's c as tanh(c), which is what the cell itself passes on. It is fitted on the streams of
even number and scored on those of odd number (`units`), by the AUC of a yes/no feature and by Pearson's correlation with a
count. By ridge regression, because one factorisation is enough for all features; for two classes it finds Fisher's linear
discriminant.

A probe of a wide layer may score well because of what the probe can learn, not because of what the layer represents. So the same
probe is fitted to control tasks, random labels of the characters (`control_tasks`): what it scores more on the feature is its
selectivity. And few of the units may be enough: they are chosen one after another (`few_units`).
"""

import logging
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler

from rnnscope.activations.reader import layer_files
from rnnscope.analyses.units.control_tasks import TASKS, control_features
from rnnscope.analyses.units.few_units import CANDIDATES, SHARE, forward_selection, growing_probes
from rnnscope.analyses.units.scoring import AUC, PEARSON, area_under_curve
from rnnscope.analyses.units.units import (
    MODEL_COLUMNS,
    QUANTITY_COLUMN,
    Rows,
    cell_of,
    display_values,
    layers_and_states,
    read_characters,
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
CHANCE = {AUC: 0.5, PEARSON: 0.0}

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
        Column(
            "control_score",
            "number",
            f"mean score on these of the probes of {TASKS} control tasks, random labels of the characters with the share or the "
            "values of the feature, the same for all models; empty where these do not vary",
        ),
        Column("selectivity", "number", "`held_out_score` minus `control_score`"),
        Column(
            "units_for_95_percent",
            "integer",
            f"smallest number of units whose probe reaches {SHARE:.0%} of what `held_out_score` is above chance (0.5 of an AUC, "
            "0 of a correlation), on the same streams. Units are added one after another by the error on the streams of even "
            f"number, from the {CANDIDATES} of the highest correlation with the feature there; empty where these are not enough",
        ),
    ),
)

Half = dict[str, np.ndarray]  # values of the characters of one half, by name
Controls = dict[str, list[tuple[np.ndarray, np.ndarray]]]  # of each feature its control tasks, in both halves

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
        AUC or Pearson's correlation; 0.5 or 0 when it always predicts the same; NaN of a feature that does not vary.
    """
    if feature.min() == feature.max():
        return np.nan
    if feature.dtype == bool:
        return area_under_curve(feature, predicted)
    return float(np.corrcoef(feature, predicted)[0, 1]) if np.ptp(predicted) > 0 else CHANCE[PEARSON]


def count_units(states: tuple[np.ndarray, np.ndarray], halves: tuple[np.ndarray, np.ndarray], whole: float) -> int | None:
    """Return how few units reach the share `SHARE` of the score of a whole layer above chance.

    Parameters
    ----------
    states
        Standardised states of both halves, each float32 (characters of the half, units).
    halves
        The feature in both halves.
    whole
        Score of all units on the second half.

    Returns
    -------
    int or None
        None where the candidates do not reach it, or `whole` is not above chance.
    """
    chance = CHANCE[measure_of(halves[0])]
    wanted = chance + SHARE * (whole - chance)
    if whole <= chance:
        return None
    selection = forward_selection(states[0], halves[0], PENALTY)
    for units, predicted in enumerate(growing_probes(selection, states[1]), start=1):
        if score(halves[1], predicted) >= wanted:
            return units
    return None


def probe_layer(path: Path, state: Activation, halves: tuple[Half, Half], controls: Controls, rows: Rows) -> pd.DataFrame:
    """Return the scores of the probes of one state of one layer, one row a feature.

    Parameters
    ----------
    path, state
        File of the layer's activations, and the state.
    halves
        The features of both halves by name, which vary in both.
    controls
        The control tasks of each feature by name, each like `halves`.
    rows
        The characters to take.
    """
    selection, held_out = (display_values(state, half) for half in read_states(path, state.name, rows))
    columns = [values for name in halves[0] for values in (halves[0][name], *(task[0] for task in controls[name]))]
    predicted = fit_probe(selection, held_out, np.stack(columns, axis=1).astype(np.float32))
    found, column = [], 0
    for name in halves[0]:
        of_feature = halves[0][name], halves[1][name]
        whole = score(of_feature[1], predicted[1][:, column])
        tasks = [score(task[1], predicted[1][:, column + number]) for number, task in enumerate(controls[name], start=1)]
        control = float(np.mean(known)) if (known := [task for task in tasks if not np.isnan(task)]) else np.nan
        found.append(
            {
                "quantity": state.name,
                "units": selection.shape[1],
                "feature": name,
                "measure": measure_of(of_feature[0]),
                "selection_score": score(of_feature[0], predicted[0][:, column]),
                "held_out_score": whole,
                "control_score": control,
                "selectivity": whole - control,
                "units_for_95_percent": count_units((selection, held_out), of_feature, whole),
            }
        )
        column += 1 + len(tasks)
    return pd.DataFrame(found).astype({"units_for_95_percent": "Int64"})


def probe_model(folder: Path, halves: tuple[Half, Half], controls: Controls, rows: Rows) -> pd.DataFrame:
    """Return the scores of the probes of every layer and state of a model; parameters as of `probe_layer`."""
    tables = []
    for layer, path, state in layers_and_states(folder):
        log.info("%s: layer %d, %s", folder.name, layer, state.name)
        table = probe_layer(path, state, halves, controls, rows)
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
    selection, held_out = ({name: half[name] for name in names} for half in (rows.half(False), rows.half(True)))
    halves = selection, held_out
    characters = read_characters(next(iter(layer_files(activations[0]).values())), rows)
    controls = {name: control_features(values, characters, name) for name, values in selection.items()}
    probes = pd.concat([probe_model(folder, halves, controls, rows) for folder in activations])
    PROBES.write(beside_best_unit(probes, best), out)


if __name__ == "__main__":
    run(main)
