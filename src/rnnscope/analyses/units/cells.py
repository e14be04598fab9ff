"""Which units of a network tell which feature of the text (paper section 4, F2).

    python -m rnnscope.analyses.units.cells --features FILE --activations FOLDER [--activations FOLDER ...] --characters 400000
        --best 20 --permutations 50 --seed 1 --out cells.csv --baseline cells_baseline.csv

Every unit of every layer is held against every feature on the half of the streams to choose by; the best are reported
on the other half (`units`).

The baseline is what the best of as many units gets for a feature that has nothing to do with the text that they read: the
feature itself, moved along the text by a random number of characters. So it keeps how often the feature switches and
how long it lasts, and the units keep all they do; only the one no longer goes with the other. Each such permutation chooses
its best unit and reports it as the real search does, and costs one more matrix product, no more ranks.
"""

import argparse
import logging
from pathlib import Path

import numpy as np
import pandas as pd

from rnnscope.analyses.units.scoring import Targets, effects, score, targets
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
from rnnscope.storage.tables import write_csv

UNITS_AT_ONCE = 16

log = logging.getLogger(__name__)


def draw_shifts(permutations: int, characters: int, random: np.random.Generator) -> np.ndarray:
    """No shift, then `permutations` random ones of at least a tenth of the text to either side (of the ring)."""
    return np.append(0, random.integers(characters // 10, characters - characters // 10, size=permutations))


def model_effects(
    folder: Path, rows: Rows, halves: tuple[Targets, Targets], shifts: tuple[np.ndarray, np.ndarray]
) -> tuple[pd.DataFrame, np.ndarray]:
    """The effects of all units of a model, float32 (2 halves, shifts, units, targets), and which units these are."""
    units, found = [], []
    for layer, path, quantity in layers_and_quantities(folder):
        log.info("%s: layer %d, %s", folder.name, layer, quantity)
        states = read_states(path, quantity, rows)
        count = states[0].shape[1]
        units.append(pd.DataFrame({"layer": layer, "quantity": quantity, "unit": np.arange(count)}))
        for start in range(0, count, UNITS_AT_ONCE):
            blocks = [display_values(quantity, half[:, start : start + UNITS_AT_ONCE].T) for half in states]
            found.append([effects(*args) for args in zip(blocks, halves, shifts, strict=True)])
    by_half = [np.concatenate([block[half] for block in found], axis=1) for half in (0, 1)]
    return pd.concat(units, ignore_index=True), np.stack(by_half)


def best_units(units: pd.DataFrame, selection: np.ndarray, held_out: np.ndarray, measure: str, best: int) -> pd.DataFrame:
    """The best units for one target by the effects on the selection half, reported on the other, both (units,).

    The first `best` of each quantity, ranked all together; of equal units the first.
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
    """What the best units get under permutations, from the effects (permutations, units) in both halves."""
    best = np.abs(selection).argmax(axis=1)[:, np.newaxis]
    chosen = np.take_along_axis(selection, best, axis=1)[:, 0]
    reported = np.take_along_axis(held_out, best, axis=1)[:, 0] * np.sign(chosen)
    row: dict[str, float] = {}
    for name, found in (("selection", score(np.abs(chosen), measure)), ("held_out", score(reported, measure))):
        row |= {f"{name}_mean": found.mean(), f"{name}_percentile_95": np.percentile(found, 95)}
    return row


def model_tables(
    folder: Path, rows: Rows, names: list[str], best: int, permutations: int, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The best units of one model for each of the features `names`, and the baselines to hold them against."""
    halves = [{name: half[name] for name in names} for half in (rows.half(False), rows.half(True))]
    prepared = targets(halves[0]), targets(halves[1])
    random = np.random.default_rng(seed)
    shifts = tuple(draw_shifts(permutations, len(half.columns), random) for half in prepared)
    units, found = model_effects(folder, rows, prepared, (shifts[0], shifts[1]))
    identity = {"model": folder.name, "cell": folder.name.partition("-")[0]}
    tables, baselines = [], []
    for column, (feature, measure) in enumerate(prepared[0].names):
        selection, held_out = found[..., column]
        table = best_units(units, selection[0], held_out[0], measure, best)
        tables.append(table.assign(feature=feature, **identity))
        row = identity | {"feature": feature, "measure": measure, "units": len(units), "permutations": permutations}
        baselines.append(row | baseline_row(selection[1:], held_out[1:], measure))
    return pd.concat(tables), pd.DataFrame(baselines)


COLUMNS = [
    "model",
    "cell",
    "layer",
    "quantity",
    "unit",
    "feature",
    "measure",
    "selection_score",
    "held_out_score",
    "sign",
    "rank",
]


def main() -> None:
    """Write the best units of the models given, and the baselines."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add_unit_flags(parser)
    parser.add_argument("--best", type=int, required=True, help="units to keep of each model, quantity, feature and measure")
    parser.add_argument("--permutations", type=int, required=True, help="random shifts of the text for the baseline")
    parser.add_argument("--seed", type=int, required=True, help="of the shifts")
    parser.add_argument("--out", type=Path, required=True, help="CSV of the best units to write")
    parser.add_argument("--baseline", type=Path, required=True, help="CSV of the baselines to write")
    arguments = parser.parse_args()
    rows = read_rows(arguments.features, arguments.characters)
    names = varying(rows)
    log.info("features that never change, and are left out: %s", ", ".join(sorted(set(rows.features) - set(names))) or "none")
    made = [
        model_tables(folder, rows, names, arguments.best, arguments.permutations, arguments.seed)
        for folder in arguments.activations
    ]
    write_csv(pd.concat([table for table, _ in made])[COLUMNS], arguments.out)
    write_csv(pd.concat([baseline for _, baseline in made]), arguments.baseline)


if __name__ == "__main__":
    run(main)
