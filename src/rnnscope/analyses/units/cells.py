"""Which units of a network detect which feature of the text (paper section 4, F2).

Every unit of every layer is compared with every feature on the half of the streams to choose by. The best are reported on
the other half (`units`).

The baseline is the score of the best of as many units for a feature that is unrelated to the text that they read: the
feature itself, shifted along the text by a random number of characters. The feature keeps how often it switches and how
long it lasts, and the units keep everything they do; only the one no longer goes along with the other. Each such permutation
chooses its best unit and reports it as the real search does. It costs one more matrix product and no more ranks.
"""

import logging
from pathlib import Path

import numpy as np
import pandas as pd

from rnnscope.analyses.units.scoring import Targets, effects, score, targets
from rnnscope.analyses.units.units import (
    MODEL_COLUMNS,
    UNIT_COLUMNS,
    Rows,
    cell_of,
    display_values,
    layers_and_states,
    read_rows,
    read_states,
    varying,
)
from rnnscope.cli import run
from rnnscope.settings.units import Cells, Units
from rnnscope.storage.declarations import Column
from rnnscope.storage.tables import Table

UNITS_AT_ONCE = 64

FEATURE_COLUMNS = (
    Column("feature", "text", "a column of `features.parquet`"),
    Column("measure", "text", "`auc`, `pearson` or `spearman`"),
)
CELLS_TABLE = Table(
    "analyses/cells.csv",
    "The best units for each feature, on all layers of each dumped model. They are chosen on the streams of even number and "
    "reported on those of odd number. A feature that takes only one value in either half is left out. `measure` is `auc` for a "
    "yes/no feature: the probability that the unit is higher at a character with the feature than at one without it, ties "
    "counting half; for a count it is both `pearson` and `spearman`, its correlations with the unit. `auc` and `spearman` rank "
    "the values as they are in `activations`; `pearson` is of a state as it is displayed, the tanh of one without bounds, such "
    "as the LSTM's `c`.",
    (
        *UNIT_COLUMNS,
        *FEATURE_COLUMNS,
        Column(
            "selection_score",
            "number",
            "in the half to choose by, in the direction `sign`: AUC from 0.5 to 1, correlation from 0",
        ),
        Column("held_out_score", "number", "in the other half, in the same direction"),
        Column("sign", "integer", "1: higher with the feature, or the higher the count; -1: lower"),
        Column(
            "rank",
            "integer",
            "by `selection_score` among all units of the model, 1 the best; `cells: best` of each quantity are kept",
        ),
    ),
)
CELLS_BASELINE = Table(
    "analyses/cells_baseline.csv",
    "The score of the best of as many units when the feature is shifted along the text by a random number of characters, so "
    "that it keeps its switches and spans but is unrelated to what the units read: mean and 95th percentile over such "
    "permutations. Every feature and measure has its own percentile: of twenty that no unit follows, one is expected beyond it.",
    (
        *MODEL_COLUMNS[:2],
        *FEATURE_COLUMNS,
        Column("units", "integer", "units that were searched"),
        Column("permutations", "integer", "random shifts"),
        Column("selection_mean", "number", "score of the best unit in the half that it was chosen by"),
        Column("selection_percentile_95", "number", "the same, exceeded by one permutation in twenty"),
        Column("held_out_mean", "number", "score of the unit chosen so in the other half"),
        Column("held_out_percentile_95", "number", "the same, exceeded by one permutation in twenty"),
    ),
)

log = logging.getLogger(__name__)


def draw_shifts(permutations: int, characters: int, random: np.random.Generator) -> np.ndarray:
    """Return `permutations` random shifts of at least a tenth of the text to either side (of the ring)."""
    return random.integers(characters // 10, characters - characters // 10, size=permutations)


def model_effects(
    folder: Path, rows: Rows, halves: tuple[Targets, Targets], shifts: tuple[np.ndarray, np.ndarray]
) -> tuple[pd.DataFrame, np.ndarray]:
    """Compute the effects of all units of a model.

    Parameters
    ----------
    folder
        Activations of the model.
    rows
        The characters to take.
    halves
        The features in both halves.
    shifts
        Shifts of the text in both halves.

    Returns
    -------
    units : DataFrame
        `layer`, `quantity` and `unit`, one row a unit.
    effects : ndarray
        Float32 (2 halves, 1 + shifts, units, targets), as of `scoring.effects`.
    """
    units, found = [], []
    for layer, path, state in layers_and_states(folder):
        log.info("%s: layer %d, %s", folder.name, layer, state.name)
        states = read_states(path, state.name, rows)
        count = states[0].shape[1]
        units.append(pd.DataFrame({"layer": layer, "quantity": state.name, "unit": np.arange(count)}))
        for start in range(0, count, UNITS_AT_ONCE):
            blocks = [np.ascontiguousarray(half[:, start : start + UNITS_AT_ONCE].T) for half in states]
            displayed = [display_values(state, block, np.float64) for block in blocks]
            found.append([effects(*arguments) for arguments in zip(blocks, displayed, halves, shifts, strict=True)])
    by_half = [np.concatenate([block[half] for block in found], axis=1) for half in (0, 1)]
    return pd.concat(units, ignore_index=True), np.stack(by_half)


def best_units(units: pd.DataFrame, selection: np.ndarray, held_out: np.ndarray, measure: str, best: int) -> pd.DataFrame:
    """Return the best units for one target.

    Parameters
    ----------
    units
        `layer`, `quantity` and `unit`, one row a unit.
    selection, held_out
        Float (units,): effects in the half to choose by, and in the half to report on.
    measure
        The measure of the target.
    best
        Number of units to keep of each quantity.

    Returns
    -------
    DataFrame
        The first `best` of each quantity, ranked together; of equal units the first.
    """
    sign = np.where(selection < 0, -1, 1)
    table = units.assign(
        measure=measure,
        selection_score=score(sign * selection, measure),
        held_out_score=score(sign * held_out, measure),
        sign=sign,
    ).sort_values("selection_score", ascending=False, kind="stable")
    table["rank"] = np.arange(1, len(table) + 1)
    return table.groupby("quantity").head(best)


def baseline_row(selection: np.ndarray, held_out: np.ndarray, measure: str) -> dict[str, float]:
    """Return the scores of the best unit of each permutation, from the effects (permutations, units) in both halves."""
    best = np.abs(selection).argmax(axis=1)[:, np.newaxis]
    chosen = np.take_along_axis(selection, best, axis=1)[:, 0]
    reported = np.take_along_axis(held_out, best, axis=1)[:, 0] * np.sign(chosen)
    row: dict[str, float] = {}
    for name, found in (("selection", score(np.abs(chosen), measure)), ("held_out", score(reported, measure))):
        row |= {f"{name}_mean": found.mean(), f"{name}_percentile_95": np.percentile(found, 95)}
    return row


def model_tables(folder: Path, rows: Rows, names: list[str], settings: Cells) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows of one model in `CELLS_TABLE` and in `CELLS_BASELINE`, for the features `names`."""
    halves = [{name: half[name] for name in names} for half in (rows.half(False), rows.half(True))]
    prepared = targets(halves[0]), targets(halves[1])
    random = np.random.default_rng(settings.seed)
    shifts = tuple(draw_shifts(settings.permutations, len(half.columns), random) for half in prepared)
    units, found = model_effects(folder, rows, prepared, (shifts[0], shifts[1]))
    identity = {"model": folder.name, "cell": cell_of(folder).name}
    tables, baselines = [], []
    for column, (feature, measure) in enumerate(prepared[0].names):
        selection, held_out = found[..., column]
        table = best_units(units, selection[0], held_out[0], measure, settings.best)
        tables.append(table.assign(feature=feature, **identity))
        row = identity | {"feature": feature, "measure": measure, "units": len(units), "permutations": settings.permutations}
        baselines.append(row | baseline_row(selection[1:], held_out[1:], measure))
    return pd.concat(tables), pd.DataFrame(baselines)


def main(features: Path, activations: list[Path], units: Units, cells: Cells, out: Path, baseline: Path) -> None:
    """Write the best units of some models for every feature, and the baselines.

    Parameters
    ----------
    features
        features.parquet.
    activations
        Folders of activations, each named like its model.
    units
        Which characters are read.
    cells
        Settings of the search.
    out
        CSV file of the best units to write.
    baseline
        CSV file of the baselines to write.
    """
    rows = read_rows(features, units.characters)
    names = varying(rows)
    log.info("features that never change, and are left out: %s", ", ".join(sorted(set(rows.features) - set(names))) or "none")
    tables, baselines = zip(*(model_tables(folder, rows, names, cells) for folder in activations), strict=True)
    CELLS_TABLE.write(pd.concat(tables), out)
    CELLS_BASELINE.write(pd.concat(baselines), baseline)


if __name__ == "__main__":
    run(main)
