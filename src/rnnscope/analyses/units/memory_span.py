"""How long the best unit of each yes/no feature holds it (paper section 4, F2: beyond the steps of back-propagation).

    python -m rnnscope.analyses.units.memory_span --features FILE --activations FOLDER [--activations FOLDER ...] --cells cells.csv
        --split DIR --characters 400000 --out FILE.csv --summary FILE.csv

A *span* is an unbroken run of characters with the feature. Those are looked at that begin in the test part, on the
streams that had no say in choosing the unit: the network has read their beginning. Distance counts the characters of the
span read so far, 1 at the one that switched the feature on. Values are turned round where the unit falls with the feature,
so that higher always speaks for it. The unit is on the *right side* at or above the threshold that tells characters with
the feature from those without best on the other streams (the largest true minus false positive rate: Youden 1950, "Index
for rating diagnostic tests").
"""

import argparse
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import roc_curve

from rnnscope.analyses.units.scoring import AUC
from rnnscope.analyses.units.units import Rows, add_unit_flags, display_values, layers_and_quantities, read_rows, read_states
from rnnscope.cli import run
from rnnscope.corpus.split import read_steps
from rnnscope.storage.tables import read_csv, write_csv

UNIT = ["model", "cell", "layer", "quantity", "unit", "feature", "sign"]
CURVE = [*UNIT, "distance", "last_distance", "characters", "mean", "percentile_10", "percentile_90", "right_share"]
SUMMARY = [
    *(*UNIT, "steps", "threshold", "off_mean", "off_right_share", "spans", "longest_span"),
    *("long_spans", "held_beyond", "held_throughout", "beyond_right_share"),
]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class UnitTrace:
    """A unit on the held-out streams: what it does at each character, how far its span has come, and which span that is.

    value: float32, higher speaking for the feature; right: bool, at or above the threshold; distance: int, 0 without the
    feature or where the beginning of the span was not read; span: int, numbers the spans. All (characters,).
    """

    value: np.ndarray
    right: np.ndarray
    distance: np.ndarray
    span: np.ndarray
    feature: np.ndarray


def distances(feature: np.ndarray) -> np.ndarray:
    """Characters of the span read so far, int (streams, steps), from the feature, bool of that shape.

    0 without the feature, and in a span that was there at the first step.
    """
    place = np.arange(feature.shape[1])
    last_off = np.maximum.accumulate(np.where(feature, -1, place), axis=1)
    found: np.ndarray = np.where(feature & (last_off >= 0), place - last_off, 0)
    return found


def best_threshold(feature: np.ndarray, value: np.ndarray) -> float:
    """The value from which on to say yes, with the largest true minus false positive rate; both (characters,)."""
    false_positive, true_positive, thresholds = roc_curve(feature, value)
    return float(thresholds[np.argmax(true_positive - false_positive)])


def trace_unit(feature: np.ndarray, value: np.ndarray, threshold: float, streams: int) -> UnitTrace:
    """Lay a unit's held-out characters out by span. feature: bool, value: float32, both (characters,), stream after stream."""
    distance = distances(feature.reshape(streams, -1)).ravel()
    return UnitTrace(value, value >= threshold, distance, np.cumsum(distance == 1), feature)


def edges(longest: int) -> np.ndarray:
    """The first distance of each bin, two bins an octave: 1, 2, 3, 4, 6, 8, 11, 16, ... up to `longest`."""
    halves = np.arange(2 * int(np.ceil(np.log2(longest + 1))) + 1)
    bounds: np.ndarray = np.unique(np.append(3, np.round(2 ** (halves / 2))).astype(int))
    return bounds[bounds <= longest]


def curve(held: UnitTrace) -> Iterator[dict[str, Any]]:
    """How the unit goes on as its spans do, a row a bin of distances that has characters."""
    first = edges(max(int(held.distance.max()), 1))
    bins = np.digitize(held.distance, first)
    for number, distance in enumerate(first, start=1):
        rows = bins == number
        if rows.any():
            low, high = np.percentile(held.value[rows], [10, 90])
            yield {
                "distance": distance,
                "last_distance": first[number] - 1 if number < len(first) else held.distance.max(),
                "characters": np.count_nonzero(rows),
                "mean": held.value[rows].mean(dtype=np.float64),
                "percentile_10": low,
                "percentile_90": high,
                "right_share": held.right[rows].mean(),
            }


def span_counts(held: UnitTrace, which: np.ndarray) -> np.ndarray:
    """How many of the characters `which`, bool (characters,), lie in each span: int (spans,)."""
    return np.bincount(held.span[which], minlength=held.span[-1] + 1)[1:]


def summary(held: UnitTrace, steps: int) -> dict[str, Any]:
    """How many spans there are, how many last beyond `steps` characters, and of how many of these the unit never lets go.

    `held_beyond` asks for the right side at every character beyond `steps`, `held_throughout` at every one but the first.
    """
    beyond = held.distance > steps
    lengths = span_counts(held, held.distance > 0)
    late_faults = span_counts(held, beyond & ~held.right)
    faults = span_counts(held, (held.distance > 1) & ~held.right)
    long = lengths > steps
    off = ~held.feature
    return {
        "steps": steps,
        "off_mean": held.value[off].mean(dtype=np.float64),
        "off_right_share": held.right[off].mean(),
        "spans": len(lengths),
        "longest_span": lengths.max(initial=0),
        "long_spans": np.count_nonzero(long),
        "held_beyond": np.count_nonzero(late_faults[long] == 0),
        "held_throughout": np.count_nonzero(faults[long] == 0),
        "beyond_right_share": held.right[beyond].mean() if long.any() else np.nan,
    }


def best_units(cells: pd.DataFrame) -> pd.DataFrame:
    """The best unit of each model and yes/no feature."""
    return cells.loc[(cells["rank"] == 1) & (cells["measure"] == AUC), UNIT]


def trace_model(folder: Path, rows: Rows, units: pd.DataFrame) -> Iterator[tuple[dict, float, UnitTrace]]:
    """Yield the units of one model, each with its threshold and what it does on the held-out streams."""
    halves = rows.half(False), rows.half(True)
    streams = len(np.unique(rows.stream[rows.stream % 2 == 1]))
    for layer, path, quantity in layers_and_quantities(folder):
        here = units[(units["layer"] == layer) & (units["quantity"] == quantity)]
        if here.empty:
            continue
        log.info("%s: layer %d, %s", folder.name, layer, quantity)
        states = read_states(path, quantity, rows)
        for unit in here.to_dict("records"):
            selection, held_out = (unit["sign"] * display_values(quantity, half[:, unit["unit"]]) for half in states)
            threshold = best_threshold(halves[0][unit["feature"]], selection)
            yield unit, threshold, trace_unit(halves[1][unit["feature"]], held_out, threshold, streams)


def main() -> None:
    """Write how the best units of the models given hold their features."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add_unit_flags(parser)
    parser.add_argument("--cells", type=Path, required=True, help="cells.csv of the same models")
    parser.add_argument("--split", type=Path, required=True, help="folder written by rnnscope.corpus.split")
    parser.add_argument("--out", type=Path, required=True, help="CSV to write, a row a unit and bin of distances")
    parser.add_argument("--summary", type=Path, required=True, help="CSV to write, a row a unit")
    arguments = parser.parse_args()
    steps = read_steps(arguments.split)
    units = best_units(read_csv(arguments.cells, [*UNIT, "measure", "rank"]))
    rows = read_rows(arguments.features, arguments.characters)
    curves, summaries = [], []
    for folder in arguments.activations:
        for unit, threshold, held in trace_model(folder, rows, units[units["model"] == folder.name]):
            curves += [unit | row for row in curve(held)]
            summaries.append(unit | {"threshold": threshold} | summary(held, steps))
    write_csv(pd.DataFrame(curves, columns=CURVE), arguments.out)
    write_csv(pd.DataFrame(summaries, columns=SUMMARY), arguments.summary)


if __name__ == "__main__":
    run(main)
