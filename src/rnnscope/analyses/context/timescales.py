"""How fast every unit forgets: the time constant that its gates give it.

A gated state is a leaky integrator, s_t = k_t s_{t-1} + ..., where the share k_t of the past is the LSTM's forget gate, one minus
the GRU's update gate, or what the facts of another cell name (`cells.Cell.keeping_gate`). After n steps the product of n such
shares is left, exp(n mean(log k)), so that the time constant is tau = -1 / mean(log k) characters: what was there has fallen to
1/e. It is of the direct way through the unit alone. What a network keeps by reading it back through its weights is not in it, and
a cell without such a gate has none.
"""

import logging
from pathlib import Path

import numpy as np
import pandas as pd

from rnnscope.activations.reader import layer_files, row_groups
from rnnscope.analyses.losses.bootstrap import interval, interval_columns, resampled_means, with_interval
from rnnscope.analyses.losses.clusters import CLUSTERS
from rnnscope.analyses.units.units import UNIT_COLUMNS, cell_of
from rnnscope.cli import run
from rnnscope.errors import InputError
from rnnscope.models.cells import Cell
from rnnscope.settings.predictions import Resampling
from rnnscope.storage.declarations import Column
from rnnscope.storage.tables import Table

TIMESCALES = Table(
    "analyses/timescales.csv",
    "How fast a unit forgets by its gates: one row a unit of the displayed state, of models whose cell has a gate that keeps it. "
    "Intervals are from a bootstrap of whole streams, one for each unit.",
    (
        *UNIT_COLUMNS,
        *with_interval(
            Column(
                "tau",
                "number",
                "characters: -1 / mean(log k) over the test part, k being the share of the state that a step keeps. A share that "
                "is stored as 0 counts as the smallest that the precision of the activations has beside 0; where the share is "
                "one minus a gate, as half of the smallest, 0.00024 in float16. One that is always stored as 1 gives `inf`. In "
                "float16 a forget gate within 0.00024 of 1 is stored as 1, so that times beyond some thousands are uncertain",
            )
        ),
        CLUSTERS,
    ),
)

log = logging.getLogger(__name__)


def log_kept(cell: Cell, gates: dict[str, np.ndarray]) -> np.ndarray:
    """Return the logarithm of the share of the displayed state that each step keeps.

    Parameters
    ----------
    cell
        With a keeping or a replacing gate.
    gates
        These, float16 or float32 (rows, units), as they are stored.

    Returns
    -------
    ndarray
        Float64 (rows, units), at most 0. What is stored as a share of 0 counts as the smallest number of the dtype beside 0;
        with a replacing gate alone as half of the smallest share beside 0, one minus the largest gate below 1: a gate that is
        less than this away from 1 is rounded to it.
    """
    limits = np.finfo(gates[cell.retention_gates[0]].dtype)
    wide = {name: gates[name].astype(np.float64) for name in cell.retention_gates}
    if not cell.keeping_gate:
        return np.log(np.maximum(1 - wide[cell.replacing_gate], limits.epsneg / 2))
    kept = np.maximum(wide[cell.keeping_gate], limits.smallest_subnormal)
    if cell.replacing_gate:
        kept = kept / (kept + wide[cell.replacing_gate])
    return np.log(kept)


def stream_sums(path: Path, cell: Cell) -> np.ndarray:
    """Return how many characters of each stream a layer read, and the sum of `log_kept`: float64 (streams, 2, units).

    Memory holds one row group of the dump.

    Raises
    ------
    InputError
        If the file is missing, corrupt or empty, or a gate is not between 0 and 1.
    """
    sums: dict[int, np.ndarray] = {}
    for group in row_groups(path, list(cell.retention_gates)):
        for name in cell.retention_gates:
            if not ((group[name] >= 0) & (group[name] <= 1)).all():
                raise InputError(f"{path}: found values of the gate {name!r} that are not between 0 and 1")
        streams, starts, counts = np.unique(group["stream"], return_index=True, return_counts=True)
        of_streams = np.add.reduceat(log_kept(cell, group), starts, axis=0)
        for stream, count, of_stream in zip(streams, counts, of_streams, strict=True):
            found = np.stack([np.full_like(of_stream, count), of_stream])
            sums[stream] = sums[stream] + found if stream in sums else found
    if not sums:
        raise InputError(f"{path}: no rows; expected a row a test character")
    return np.stack(list(sums.values()))


def time_constants(sums: np.ndarray, intervals: Resampling) -> dict[str, np.ndarray]:
    """Return tau of each unit and the ends of its interval, float64 (units,), from the sums of `stream_sums`."""
    means, resampled = resampled_means(sums, intervals.samples, intervals.seed)
    ends = interval(resampled, len(sums))
    with np.errstate(divide="ignore"):
        tau, low, high = (1 / np.abs(values[0]) for values in (means, *ends))  # it grows with the mean, which is not above 0
    return {"tau": tau} | interval_columns("tau", (low, high))


def model_timescales(folder: Path, intervals: Resampling) -> pd.DataFrame:
    """Return the rows of one model in `TIMESCALES`; none of a model whose cell has no gate that keeps the state."""
    cell = cell_of(folder)
    tables = [pd.DataFrame(columns=TIMESCALES.names)]
    for layer, path in layer_files(folder).items() if cell.retention_gates else ():
        log.info("%s: layer %d", folder.name, layer)
        sums = stream_sums(path, cell)
        identity = {"model": folder.name, "cell": cell.name, "layer": layer, "quantity": cell.displayed_state}
        found = {"unit": np.arange(sums.shape[2])} | time_constants(sums, intervals)
        tables.append(pd.DataFrame(identity | found | {"clusters": f"{len(sums)} streams"}))
    return pd.concat(tables[1:] or tables)


def main(activations: list[Path], intervals: Resampling, out: Path) -> None:
    """Write the time constants of the units of some models.

    Parameters
    ----------
    activations
        Folders of activations, each named like its model.
    intervals
        The bootstrap of whole streams.
    out
        CSV file to write.
    """
    found = [model_timescales(folder, intervals) for folder in activations]
    TIMESCALES.write(pd.concat([table for table in found if len(table)] or found), out)


if __name__ == "__main__":
    run(main)
