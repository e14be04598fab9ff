"""How fast a network forgets where it was: what is left of a swapped past in its state, character by character.

At the same place of the text a network continues from two states: its own, and the one in which it is at the same place of
another stream. Both then read the same characters. The Euclidean distance of the two states of a layer, as they are displayed
(the LSTM's c as tanh(c)), starts at that of two unrelated places and falls to 0 as far as the past is forgotten. All ways of
keeping something are in it, through gates and through weights, so that it compares all cells.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import torch

from rnnscope.analyses.context.restarts import STEPS_AT_ONCE, rows_of, split_cases, states_at
from rnnscope.analyses.context.sampling import Targets, draw_places
from rnnscope.analyses.losses.bootstrap import grouped_sums, interval, interval_columns, resampled_sums, with_interval
from rnnscope.analyses.losses.clusters import CLUSTERS
from rnnscope.analyses.units.displayed import displayed_states
from rnnscope.analyses.units.units import MODEL_COLUMNS, QUANTITY_COLUMN
from rnnscope.cli import run
from rnnscope.corpus.split_reader import read_split
from rnnscope.models.cells import CELLS
from rnnscope.models.checkpoint import check_vocabulary, load_checkpoint
from rnnscope.models.devices import prepare_device
from rnnscope.models.network import Network
from rnnscope.models.protocol import State
from rnnscope.progress import progress
from rnnscope.settings.context import Timescales
from rnnscope.settings.predictions import Resampling
from rnnscope.settings.training import Computing
from rnnscope.storage.declarations import Column
from rnnscope.storage.tables import Table
from rnnscope.training.segments import ids_to_device, to_device

SWAPPED_STATES = Table(
    "analyses/swapped_states.csv",
    "What is left of a swapped past in the state of each layer: one row a model, layer and distance. Intervals are from a "
    "bootstrap of whole streams, those of the places; the streams that the other states come from are not drawn.",
    (
        *MODEL_COLUMNS,
        QUANTITY_COLUMN,
        Column("distance", "integer", "characters that were read since the swap"),
        *with_interval(
            Column(
                "left",
                "number",
                "Euclidean distance of the displayed state from that after the true past, mean over the places, as a share of "
                "that at the swap; empty where the two states are the same there",
            )
        ),
        CLUSTERS,
    ),
)
HALVING_DISTANCES = Table(
    "analyses/halving_distances.csv",
    "After how many characters half of a swapped past is left in the state: one row a model and layer.",
    (
        *MODEL_COLUMNS,
        QUANTITY_COLUMN,
        Column("halving", "integer", "characters: the first distance at which `left` is at most 0.5; empty where none is"),
        Column("halving_low", "integer", "the same for the lower ends of the intervals of `left`"),
        Column("halving_high", "integer", "the same for their upper ends"),
        Column("longest", "integer", "characters that were read after each swap"),
        Column("places", "integer", "test characters after which the past was swapped"),
        Column("sequence_length", "integer", "characters of a segment of training: the steps of back-propagation"),
        CLUSTERS,
    ),
)


@torch.inference_mode()
def state_distances(network: Network, ids: np.ndarray, sequence_length: int, places: Targets, longest: int) -> np.ndarray:
    """Return how far each state is from that after the true past.

    Parameters
    ----------
    network
        In evaluation mode.
    ids
        Ids of the test part, (streams, steps + 1).
    sequence_length
        Steps that are computed at a time on the way to the places.
    places
        Where the past is swapped, and for that of which stream.
    longest
        Characters that are read after that.

    Returns
    -------
    ndarray
        Float32 (layers, longest + 1, places): after 0, 1, 2, ... characters.
    """
    device = next(network.parameters()).device

    def between(state: State, cases: int) -> np.ndarray:
        """Distances (layers, steps, cases) of the first and the second half of the rows of each state, (steps, 2 cases, H)."""
        shown = displayed_states(network.shape.cell, state)
        return np.stack([(value[:, :cases] - value[:, cases:]).norm(dim=2).cpu().numpy() for value in shown])

    streams, steps = np.concatenate([places.stream, places.other_stream]), np.tile(places.step, 2)
    states = states_at(network, to_device(ids, device), sequence_length, streams, steps)
    found = np.empty((network.shape.layers, longest + 1, len(places)), dtype=np.float32)
    for cases in split_cases(len(places)):
        halves = rows_of(states, cases), rows_of(states, slice(cases.start + len(places), cases.stop + len(places)))
        state = [
            {name: torch.cat([values, other[name]]) for name, values in own.items()} for own, other in zip(*halves, strict=True)
        ]
        count = cases.stop - cases.start
        found[:, :1, cases] = between([{name: values[None] for name, values in layer.items()} for layer in state], count)
        read = ids[places.stream[cases], places.step[cases] + np.arange(1, longest + 1)[:, np.newaxis]]
        characters = ids_to_device(np.tile(read, 2), device).long()
        for start, inputs in enumerate(characters.split(STEPS_AT_ONCE)):
            _, activations = network(inputs, state)
            first = 1 + start * STEPS_AT_ONCE
            found[:, first : first + len(inputs), cases] = between(activations, count)
            state = network.last_state(activations)
    return found


def shares_left(distances: np.ndarray, stream: np.ndarray, intervals: Resampling) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the mean distance as a share of that at the swap, with its interval over streams.

    Parameters
    ----------
    distances
        Float (layers, longest + 1, places).
    stream
        Integers (places,).
    intervals
        The bootstrap; it draws whole streams.

    Returns
    -------
    mean, low, high : ndarray
        Each float64 (layers, longest + 1).
    """
    names, cluster = np.unique(stream, return_inverse=True)
    rows = distances.reshape(-1, distances.shape[2])
    sums = grouped_sums(rows, np.zeros(len(stream), dtype=int), cluster, (len(names), 1))[:, 1:, 0]
    totals = np.concatenate([sums.sum(axis=0, keepdims=True), resampled_sums(sums, intervals.samples, intervals.seed)])
    totals = totals.reshape(-1, *distances.shape[:2])
    with np.errstate(invalid="ignore"):
        shares = totals / totals[:, :, :1]
    return shares[0], *interval(shares[1:], len(names))


def first_at_half(left: np.ndarray) -> int | None:
    """Return the first index at which a share is at most one half; None where none is."""
    reached = np.flatnonzero(left <= 0.5)
    return int(reached[0]) if len(reached) else None


def main(
    split: Path,
    models_folder: Path,
    models: list[str],
    timescales: Timescales,
    intervals: Resampling,
    computing: Computing,
    out: Path,
    out_halving: Path,
) -> None:
    """Write what is left of a swapped past in the states of some networks.

    Parameters
    ----------
    split
        Folder that rnnscope.corpus.split wrote.
    models_folder
        Folder that holds <model>/checkpoint.safetensors.
    models
        Names of the networks.
    timescales
        How many places, and how many characters after them.
    intervals
        The bootstrap of whole streams.
    computing
        Device and threads.
    out
        CSV file to write: a row a model, layer and distance.
    out_halving
        CSV file to write: a row a model and layer.
    """
    device, opened = prepare_device(computing), read_split(split)
    ids, random = opened.part("test"), np.random.default_rng(timescales.choice_seed)
    places, longest = draw_places(len(ids), ids.shape[1] - 1, opened.sequence_length, timescales, random)
    clusters, tables, halvings = f"{len(np.unique(places.stream))} streams", [], []
    with progress("swapped states", len(models), "models") as advance:
        for model in models:
            checkpoint = models_folder / model / "checkpoint.safetensors"
            network, description = load_checkpoint(checkpoint, device)
            check_vocabulary(checkpoint, description, opened.vocabulary)
            curves = shares_left(state_distances(network, ids, opened.sequence_length, places, longest), places.stream, intervals)
            cell = CELLS[network.shape.cell]
            for layer, (left, *ends) in enumerate(zip(*curves, strict=True), start=1):
                identity = {"model": model, "cell": cell.name, "layer": layer, "quantity": cell.displayed_state}
                shown = {"distance": places.lengths, "left": left[places.lengths]}
                tables.append(
                    pd.DataFrame(identity | shown | interval_columns("left", (ends[0][places.lengths], ends[1][places.lengths])))
                )
                names = ("halving", "halving_low", "halving_high")
                halvings.append(identity | {name: first_at_half(curve) for name, curve in zip(names, (left, *ends), strict=True)})
            advance(1)
    SWAPPED_STATES.write(pd.concat(tables).assign(clusters=clusters), out)
    table = pd.DataFrame(halvings).astype(dict.fromkeys(("halving", "halving_low", "halving_high"), "Int64"))
    same = {"longest": longest, "places": len(places), "sequence_length": opened.sequence_length}
    HALVING_DISTANCES.write(table.assign(clusters=clusters, **same), out_halving)


if __name__ == "__main__":
    run(main)
