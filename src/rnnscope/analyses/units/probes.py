"""What a whole layer knows of each feature of the text, held against what its best unit alone knows (paper section 4, F2).

    python -m rnnscope.analyses.units.probes --features FILE --activations FOLDER [--activations FOLDER ...] --cells cells.csv
        --characters 400000 --out FILE.csv

A probe (Alain and Bengio 2016, "Understanding intermediate layers using linear classifier probes") is a linear read-out:
the weighted sum of all units of a layer that comes closest to the feature, 0 or 1 or a count, by least squares. It is
fitted on the streams of even number and scored on those of odd number (`units`), by the AUC of a yes/no feature and by
Pearson's correlation with a count. Least squares, because one factorisation serves all features; for two classes it finds
Fisher's linear discriminant.
"""

import argparse
import logging
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import Ridge
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

from rnnscope.analyses.units.scoring import AUC, PEARSON
from rnnscope.analyses.units.units import (
    Rows,
    add_unit_flags,
    display_values,
    layers_and_quantities,
    read_rows,
    read_states,
    varying,
)
from rnnscope.cli import run
from rnnscope.storage.tables import read_csv, write_csv

# Next to the number of characters, enough to keep units that never change or say the same from blowing up the weights.
PENALTY = 1.0

log = logging.getLogger(__name__)


def fit_probe(selection: np.ndarray, held_out: np.ndarray, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fit a linear read-out of each feature, and return what it says in both halves: (characters of the half, features).

    selection, held_out: float32 (characters, units), which are scaled in place. features: (characters, features) of the first.
    """
    scaler = StandardScaler(copy=False)
    probe = Ridge(alpha=PENALTY, copy_X=False, solver="cholesky")
    inputs = scaler.fit_transform(selection)
    probe.fit(inputs.copy(), features)
    return probe.predict(inputs), probe.predict(scaler.transform(held_out))


def measure_of(feature: np.ndarray) -> str:
    """How a probe of a feature is scored."""
    return AUC if feature.dtype == bool else PEARSON


def score(feature: np.ndarray, said: np.ndarray) -> float:
    """AUC or Pearson's correlation of what a probe said, both (characters,); 0.5 or 0 when it always said the same."""
    if feature.dtype == bool:
        return float(roc_auc_score(feature, said))
    return float(np.corrcoef(feature, said)[0, 1]) if np.ptp(said) > 0 else 0.0


def probe_layer(path: Path, quantity: str, rows: Rows, names: list[str]) -> pd.DataFrame:
    """The scores of the probes of one layer, a row a feature of `names`."""
    halves = [rows.half(False), rows.half(True)]
    states = [display_values(quantity, half) for half in read_states(path, quantity, rows)]
    said = fit_probe(states[0], states[1], np.stack([halves[0][name] for name in names], axis=1).astype(np.float32))
    return pd.DataFrame(
        {
            "quantity": quantity,
            "units": states[0].shape[1],
            "feature": name,
            "measure": measure_of(halves[0][name]),
            "selection_score": score(halves[0][name], said[0][:, column]),
            "held_out_score": score(halves[1][name], said[1][:, column]),
        }
        for column, name in enumerate(names)
    )


def probe_model(folder: Path, rows: Rows, names: list[str]) -> pd.DataFrame:
    """The probes of every layer and state of a model."""
    tables = []
    for layer, path, quantity in layers_and_quantities(folder):
        log.info("%s: layer %d, %s", folder.name, layer, quantity)
        table = probe_layer(path, quantity, rows, names)
        table.insert(0, "model", folder.name)
        table.insert(1, "cell", folder.name.partition("-")[0])
        table.insert(2, "layer", layer)
        tables.append(table)
    return pd.concat(tables)


def beside_best_unit(probes: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """Add `best_unit_score`, the held-out score of the model's best unit for the feature, from `cells.csv`."""
    key = ["model", "feature", "measure"]
    best = cells[cells["rank"] == 1].rename(columns={"held_out_score": "best_unit_score"})
    return probes.merge(best[[*key, "best_unit_score"]], on=key, how="left", validate="many_to_one")


def main() -> None:
    """Write the scores of the probes of the models given."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add_unit_flags(parser)
    parser.add_argument("--cells", type=Path, required=True, help="cells.csv of the same models")
    parser.add_argument("--out", type=Path, required=True, help="CSV to write")
    arguments = parser.parse_args()
    cells = read_csv(arguments.cells, ["model", "feature", "measure", "held_out_score", "rank"])
    rows = read_rows(arguments.features, arguments.characters)
    names = varying(rows)
    probes = pd.concat([probe_model(folder, rows, names) for folder in arguments.activations])
    write_csv(beside_best_unit(probes, cells), arguments.out)


if __name__ == "__main__":
    run(main)
