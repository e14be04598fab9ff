"""How long the best unit of each yes/no feature retains it, also beyond the steps of back-propagation (section 4, F2).

Only spans (`spans`) are counted that begin in the test part, on the streams that were not used to choose the unit: the
network has read their beginning. Values are multiplied by the unit's sign, so that higher always goes along with the
feature. The unit is on the *right side* at or above the threshold that best separates characters with the feature from
those without on the other streams.
"""

import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from rnnscope.analyses.units.scoring import AUC
from rnnscope.analyses.units.spans import UnitTrace, best_threshold, curve, span_summary, trace_unit
from rnnscope.analyses.units.units import (
    UNIT_COLUMNS,
    Rows,
    display_values,
    layers_and_states,
    read_rows,
    read_states,
)
from rnnscope.cli import run
from rnnscope.corpus.split_reader import read_split
from rnnscope.settings.units import Units
from rnnscope.storage.declarations import Column
from rnnscope.storage.tables import Table, read_csv

TRACED = (
    *UNIT_COLUMNS,
    Column("feature", "text", "as in `cells.csv`"),
    Column("sign", "integer", "as in `cells.csv`; values are multiplied by it, so that they are higher with the feature"),
)
KEY = [column.name for column in TRACED]
MEMORY_SPAN = Table(
    "analyses/memory_span.csv",
    "What the best unit of each model and yes/no feature does while the feature lasts, on the streams of odd number. A *span* is "
    "an unbroken run of characters with the feature that begins in the test part. One row a unit and bin of distances.",
    (
        *TRACED,
        Column("distance", "integer", "first of the bin: characters of the span so far, 1 where it begins"),
        Column("last_distance", "integer", "last of the bin"),
        Column("characters", "integer", "characters at these distances"),
        Column("mean", "number", "mean of the unit's value at these characters, -1 to 1"),
        Column("percentile_10", "number", "10th percentile of the same"),
        Column("percentile_90", "number", "90th percentile of the same"),
        Column("right_share", "number", "fraction of these characters with the unit at or above `threshold` of the summary"),
    ),
)
MEMORY_SPAN_SUMMARY = Table(
    "analyses/memory_span_summary.csv",
    "One row a unit of `memory_span.csv`.",
    (
        *TRACED,
        Column("steps", "integer", "characters of a segment of training: the steps of back-propagation"),
        Column(
            "threshold",
            "number",
            "value that best separates characters with the feature from others on the even streams",
        ),
        Column("off_mean", "number", "mean value at characters without the feature, -1 to 1"),
        Column("off_right_share", "number", "fraction of characters without the feature with the unit at or above the threshold"),
        Column("spans", "integer", "spans that begin in the test part"),
        Column("longest_span", "integer", "characters of the longest of them, as far as it was read"),
        Column("long_spans", "integer", "spans of more than `steps` characters"),
        Column("held_beyond", "integer", "long spans with the unit at or above the threshold at every character beyond `steps`"),
        Column("held_throughout", "integer", "long spans with the unit there at every character but the first"),
        Column(
            "beyond_right_share",
            "number",
            "fraction of the characters beyond `steps` in long spans with the unit at or above the threshold; empty without long "
            "spans",
        ),
    ),
)

log = logging.getLogger(__name__)


def best_units(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the best unit of each model and yes/no feature, from cells.csv."""
    return cells.loc[(cells["rank"] == 1) & (cells["measure"] == AUC), KEY]


def trace_model(folder: Path, rows: Rows, units: pd.DataFrame) -> Iterator[tuple[dict, float, UnitTrace]]:
    """Yield units of one model, each with its threshold and its trace on the held-out streams.

    Parameters
    ----------
    folder
        Activations of the model.
    rows
        The characters to take.
    units
        Rows of cells.csv.
    """
    halves = rows.half(False), rows.half(True)
    streams = len(np.unique(rows.stream[rows.stream % 2 == 1]))
    for layer, path, state in layers_and_states(folder):
        here = units[(units["layer"] == layer) & (units["quantity"] == state.name)]
        if here.empty:
            continue
        log.info("%s: layer %d, %s", folder.name, layer, state.name)
        states = read_states(path, state.name, rows)
        for unit in here.to_dict("records"):
            selection, held_out = (unit["sign"] * display_values(state, half[:, unit["unit"]]) for half in states)
            threshold = best_threshold(halves[0][unit["feature"]], selection)
            yield unit, threshold, trace_unit(halves[1][unit["feature"]], held_out, threshold, streams)


def main(features: Path, activations: list[Path], cells: Path, split: Path, units: Units, out: Path, summary: Path) -> None:
    """Write how long the best units of some models retain their features.

    Parameters
    ----------
    features
        features.parquet.
    activations
        Folders of activations, each named like its model.
    cells
        cells.csv of the same models.
    split
        Folder that rnnscope.corpus.split wrote.
    units
        Which characters are read.
    out
        CSV file to write, one row a unit and bin of distances.
    summary
        CSV file to write, one row a unit.
    """
    sequence_length = read_split(split).sequence_length
    best = best_units(read_csv(cells, [*KEY, "measure", "rank"]))
    rows = read_rows(features, units.characters)
    curves, summaries = [], []
    for folder in activations:
        for unit, threshold, trace in trace_model(folder, rows, best[best["model"] == folder.name]):
            curves += [unit | row for row in curve(trace)]
            summaries.append(unit | {"threshold": threshold} | span_summary(trace, sequence_length))
    MEMORY_SPAN.write(pd.DataFrame(curves, columns=MEMORY_SPAN.names), out)
    MEMORY_SPAN_SUMMARY.write(pd.DataFrame(summaries, columns=MEMORY_SPAN_SUMMARY.names), summary)


if __name__ == "__main__":
    run(main)
