"""How long the best unit of each yes/no feature retains it, also beyond the steps of back-propagation (section 4, F2).

Only spans (`spans`) are counted that begin in the test part, on the streams that were not used to choose the unit: the
network has read their beginning. Values are multiplied by the unit's sign, so that higher always goes along with the
feature. The unit is on the *right side* at or above the threshold that best separates characters with the feature from
those without on the other streams. The threshold is one of the stored values.

The control is the same network, restarted from the zero state inside of the span (`restart`): what it does as well needs no
memory of the span's beginning.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from rnnscope.analyses.losses.bootstrap import with_interval
from rnnscope.analyses.units.restart import compare
from rnnscope.analyses.units.scoring import AUC
from rnnscope.analyses.units.spans import curve, span_summary
from rnnscope.analyses.units.traces import ask_restarted, held_out_streams, trace_model
from rnnscope.analyses.units.units import UNIT_COLUMNS, Rows, read_rows
from rnnscope.cli import run
from rnnscope.corpus.split_reader import Split, read_split
from rnnscope.errors import InputError
from rnnscope.models.checkpoint import check_vocabulary, load_checkpoint
from rnnscope.models.devices import prepare_device
from rnnscope.settings.predictions import Resampling
from rnnscope.settings.training import Computing
from rnnscope.settings.units import MemorySpan, Units
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
        Column("mean", "number", "mean of the unit's value at these characters as it is displayed, -1 to 1"),
        Column("percentile_10", "number", "10th percentile of the same"),
        Column("percentile_90", "number", "90th percentile of the same"),
        Column("right_share", "number", "fraction of these characters with the unit at or above `threshold` of the summary"),
        Column(
            "compared", "integer", "how many of these characters the restarted network was asked at; only those beyond its steps"
        ),
        Column("kept_right_share", "number", "`right_share` of the compared characters alone; empty without any"),
        Column("restarted_right_share", "number", "the same of the restarted network"),
    ),
)
MEMORY_SPAN_SUMMARY = Table(
    "analyses/memory_span_summary.csv",
    "One row a unit of `memory_span.csv`. The control is the same network, started from the zero state `restart_steps` "
    "characters before, inside of the span (or, without the feature, as long after the last one): it has not read what switched "
    "the feature on or off. `difference` is what the kept state adds; its interval is from a bootstrap of whole streams, and is "
    "empty with fewer than 10.",
    (
        *TRACED,
        Column("steps", "integer", "characters of a segment of training: the steps of back-propagation"),
        Column(
            "threshold",
            "number",
            "stored value, multiplied by `sign`, that best separates characters with the feature from others on the even streams",
        ),
        Column("off_mean", "number", "mean value at characters without the feature as it is displayed, -1 to 1"),
        Column("off_right_share", "number", "fraction of characters without the feature with the unit at or above the threshold"),
        Column("spans", "integer", "spans that begin in the test part"),
        Column("spans_without_beginning", "integer", "spans that are on already at step 0, which are left out"),
        Column(
            "spans_without_end",
            "integer",
            "of `spans`, those that are on still at the last step, counted as far as they were read",
        ),
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
        Column("restart_steps", "integer", "characters that the restarted network has read, the compared one the last"),
        Column("compared", "integer", "characters with the feature at which it was asked, all further than that into their span"),
        Column("compared_off", "integer", "characters without the feature, all further than that from a span"),
        Column(
            "compared_streams", "integer", "streams that they are in, of `compared` or of `compared_off`, whichever are fewer"
        ),
        Column("kept_right_share", "number", "fraction of `compared` with the unit at or above the threshold; empty without any"),
        Column("kept_off_right_share", "number", "the same fraction of `compared_off`"),
        Column("restarted_right_share", "number", "fraction of `compared` with the unit of the restarted network there"),
        Column("restarted_off_right_share", "number", "the same fraction of `compared_off`"),
        *with_interval(
            Column(
                "difference",
                "number",
                "(`kept_right_share` - `kept_off_right_share`) - (`restarted_right_share` - `restarted_off_right_share`), the "
                "latter 0 where it is negative: how much better the kept state separates the compared characters; 0 when "
                "nothing is used from before the restart",
            )
        ),
    ),
)


def best_units(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the best unit of each model and yes/no feature, from cells.csv."""
    return cells.loc[(cells["rank"] == 1) & (cells["measure"] == AUC), KEY]


def read_test(split: Split, rows: Rows, features: Path) -> np.ndarray:
    """Return the ids of the test part, uint8 (streams, steps + 1).

    Raises
    ------
    InputError
        If the features are of other characters.
    """
    ids = split.part("test")
    if ids[:, 1:].size != len(rows.stream):
        expected = f"expected {ids[:, 1:].size} as in {split.path('test')}"
        raise InputError(f"{features}: found {len(rows.stream)} rows, {expected}; one of the two is stale")
    return ids


def main(
    features: Path,
    activations: list[Path],
    models_folder: Path,
    cells: Path,
    split: Path,
    units: Units,
    memory_span: MemorySpan,
    intervals: Resampling,
    computing: Computing,
    out: Path,
    summary: Path,
) -> None:
    """Write how long the best units of some models retain their features.

    Parameters
    ----------
    features
        features.parquet.
    activations
        Folders of activations, each named like its model.
    models_folder
        Folder that holds <model>/checkpoint.safetensors of each.
    cells
        cells.csv of the same models.
    split
        Folder that rnnscope.corpus.split wrote.
    units
        Which characters are read.
    memory_span
        The restarted network.
    intervals
        The bootstrap of whole streams.
    computing
        Device and threads.
    out
        CSV file to write, one row a unit and bin of distances.
    summary
        CSV file to write, one row a unit.
    """
    device, text = prepare_device(computing), read_split(split)
    best = best_units(read_csv(cells, [*KEY, "measure", "rank"]))
    rows = read_rows(features, units.characters)
    ids, streams = read_test(text, rows, features), held_out_streams(rows)
    curves, summaries = [], []
    for folder in activations:
        checkpoint = models_folder / folder.name / "checkpoint.safetensors"
        network, description = load_checkpoint(checkpoint, device)
        check_vocabulary(checkpoint, description, text.vocabulary)
        traced = trace_model(folder, network, rows, best[best["model"] == folder.name])
        for entry in ask_restarted(traced, network, ids, streams, memory_span):
            trace, asked = entry.trace, entry.trace.asked
            stream = np.repeat(streams, len(asked) // len(streams))
            compared = compare(trace.feature[asked], trace.right[asked], trace.restarted[asked], stream[asked], intervals)
            curves += [entry.unit | row for row in curve(trace)]
            found = span_summary(trace, text.sequence_length) | {"restart_steps": memory_span.restart_steps} | compared
            summaries.append(entry.unit | {"threshold": entry.threshold} | found)
    MEMORY_SPAN.write(pd.DataFrame(curves, columns=MEMORY_SPAN.names), out)
    MEMORY_SPAN_SUMMARY.write(pd.DataFrame(summaries, columns=MEMORY_SPAN_SUMMARY.names), summary)


if __name__ == "__main__":
    run(main)
