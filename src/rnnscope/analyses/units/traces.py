"""What the chosen units of a network do on the held-out streams, and what they do in the restarted network (`restart`)."""

import logging
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from rnnscope.analyses.units.restart import choose_cases, restarted_values
from rnnscope.analyses.units.spans import UnitTrace, best_threshold, trace_unit
from rnnscope.analyses.units.units import Rows, display_values, layers_and_states, read_states
from rnnscope.errors import InputError
from rnnscope.models.network import Network
from rnnscope.settings.units import MemorySpan

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Traced:
    """A unit, its threshold, and what it does on the held-out streams.

    Parameters
    ----------
    unit
        Its `KEY`.
    threshold
        In stored values, multiplied by the unit's sign.
    dtype
        In which values are stored.
    trace
        What it does.
    """

    unit: dict
    threshold: float
    dtype: np.dtype
    trace: UnitTrace

    def right(self, stored: np.ndarray) -> np.ndarray:
        """Return which stored values are on the right side, bool of the same shape."""
        return right_side(self.unit, stored.astype(self.dtype), self.threshold)


def signed(unit: dict, stored: np.ndarray) -> np.ndarray:
    """Return stored values multiplied by the unit's sign, float32."""
    return unit["sign"] * stored.astype(np.float32)


def right_side(unit: dict, stored: np.ndarray, threshold: float) -> np.ndarray:
    """Return which stored values of a unit are at or above its threshold, bool of the same shape."""
    return signed(unit, stored) >= threshold


def trace_model(folder: Path, network: Network, rows: Rows, units: pd.DataFrame) -> list[Traced]:
    """Trace units of one model on the held-out streams.

    Parameters
    ----------
    folder
        Activations of the model.
    network
        The model.
    rows
        The characters to take.
    units
        Rows of cells.csv.

    Raises
    ------
    InputError
        If the activations are not those of the network.
    """
    halves = rows.half(False), rows.half(True)
    streams = len(held_out_streams(rows))
    traced = []
    for layer, path, state in layers_and_states(folder):
        here = units[(units["layer"] == layer) & (units["quantity"] == state.name)]
        if here.empty:
            continue
        log.info("%s: layer %d, %s", folder.name, layer, state.name)
        states = read_states(path, state.name, rows)
        if layer > network.shape.layers or states[0].shape[1] != network.shape.hidden_width:
            raise InputError(
                f"{path}: found {states[0].shape[1]} units in layer {layer}, expected the {network.shape.hidden_width} units and "
                f"{network.shape.layers} layers of the checkpoint"
            )
        for unit in here.to_dict("records"):
            selection, held_out = (half[:, unit["unit"]] for half in states)
            threshold = best_threshold(halves[0][unit["feature"]], signed(unit, selection))
            right = right_side(unit, held_out, threshold)
            displayed = unit["sign"] * display_values(state, held_out)
            trace = trace_unit(halves[1][unit["feature"]], displayed, right, streams)
            traced.append(Traced(unit, threshold, held_out.dtype, trace))
    return traced


def held_out_streams(rows: Rows) -> np.ndarray:
    """Return the streams of the half to report on, in their order."""
    return np.unique(rows.stream[rows.stream % 2 == 1])


def ask_restarted(
    traced: list[Traced], network: Network, ids: np.ndarray, streams: np.ndarray, settings: MemorySpan
) -> list[Traced]:
    """Ask the restarted network at its characters of every unit.

    Parameters
    ----------
    traced
        Units of one model.
    network
        The model.
    ids
        Uint8 ids of the test part (streams, steps + 1).
    streams
        Those of the traces.
    settings
        After how many characters, and at how many.
    """
    if not traced:
        return []
    cases = [choose_cases(entry.trace, settings.restart_steps, settings.restart_cases) for entry in traced]
    every = np.unique(np.concatenate(cases))  # the network reads a character once for all units
    stream = streams[every // (len(traced[0].trace.step) // len(streams))]
    names = [(entry.unit["layer"], entry.unit["quantity"], entry.unit["unit"]) for entry in traced]
    values = restarted_values(network, ids, stream, traced[0].trace.step[every], settings.restart_steps, names)
    answered = []
    for entry, chosen, value in zip(traced, cases, values, strict=True):
        asked, restarted = (np.zeros_like(entry.trace.feature) for _ in range(2))
        asked[chosen] = True
        restarted[every] = entry.right(value)
        answered.append(replace(entry, trace=replace(entry.trace, asked=asked, restarted=restarted & asked)))
    return answered
