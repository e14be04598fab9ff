"""The control of what a unit remembers: the same network, started again from the zero state shortly before each character.

Much of what a unit seems to remember can be read from the last few characters. The restarted network has read those alone,
all of them inside the same span, or all of them outside of any; it does not know how the span began. Only what the kept
state does better than the restarted one is memory.
"""

import numpy as np
import torch

from rnnscope.analyses.losses.bootstrap import grouped_sums, interval, resampled_means
from rnnscope.analyses.units.spans import UnitTrace
from rnnscope.models.cells import CELLS
from rnnscope.models.network import Network
from rnnscope.settings.predictions import Resampling
from rnnscope.training.segments import to_device

BYTES_AT_ONCE = 128 * 2**20

UnitName = tuple[int, str, int]  # layer, state, unit


def choose_cases(trace: UnitTrace, restart_steps: int, cases: int) -> np.ndarray:
    """Return the characters at which the restarted network is asked.

    Parameters
    ----------
    trace
        The unit on the held-out streams.
    restart_steps
        Characters that the restarted network has read, the one asked for among them.
    cases
        How many characters to take at most with the feature, and as many without it.

    Returns
    -------
    ndarray
        Indices (cases,) of characters of the trace, evenly spaced among those whose last `restart_steps` characters are all
        inside one span, after its first, or all outside of spans.
    """
    chosen = []
    for distance in (trace.distance, np.where(trace.feature, 0, trace.run)):
        found = np.flatnonzero(distance > restart_steps)
        count = min(cases, len(found))
        chosen.append(found[np.arange(count) * len(found) // max(count, 1)])
    return np.concatenate(chosen)


@torch.inference_mode()
def restarted_values(
    network: Network, ids: np.ndarray, stream: np.ndarray, step: np.ndarray, restart_steps: int, units: list[UnitName]
) -> np.ndarray:
    """Compute the values of units after the last few characters alone, read from the zero state.

    Parameters
    ----------
    network
        In evaluation mode.
    ids
        Uint8 ids (streams, steps or more).
    stream, step
        Integers (cases,): after which character each case is.
    restart_steps
        Characters that are read, that one the last; `step` is at least `restart_steps` - 1.
    units
        Layer from 1, state and index of each unit.

    Returns
    -------
    ndarray
        Float32 (units, cases).
    """
    shape = network.shape
    values_a_case = restart_steps * shape.layers * shape.hidden_width * (len(CELLS[shape.cell].activations) + 1)
    at_once = max(BYTES_AT_ONCE // (4 * values_a_case), 1)
    before = np.arange(1 - restart_steps, 1)
    device = network.softmax.weight.device
    values = np.empty((len(units), len(stream)), dtype=np.float32)
    for start in range(0, len(stream), at_once):
        here = slice(start, start + at_once)
        read = ids[stream[here, np.newaxis], step[here, np.newaxis] + before]
        _, activations = network(to_device(read, device).long(), network.zero_state(len(read)), return_gates=False)
        state = network.last_state(activations)
        for row, (layer, name, unit) in enumerate(units):
            values[row, here] = state[layer - 1][name][:, unit].cpu().numpy()
    return values


def compare(
    feature: np.ndarray, kept: np.ndarray, restarted: np.ndarray, stream: np.ndarray, intervals: Resampling
) -> dict[str, float]:
    """Compare how well the kept and the restarted state separate characters with the feature from those without it.

    Parameters
    ----------
    feature
        Bool (cases,).
    kept, restarted
        Bool (cases,): whether the unit is at or above its threshold.
    stream
        Integers (cases,).
    intervals
        The bootstrap; it draws whole streams.

    Returns
    -------
    dict
        Counts, shares, and the difference with its interval: NaN where there are no such cases, or too few streams.
    """
    _, cluster = np.unique(stream, return_inverse=True)
    right = np.stack([kept, restarted]).astype(float)
    sums = grouped_sums(right, feature.astype(int), cluster, (max(int(cluster.max(initial=0)) + 1, 1), 2))
    streams = int(np.count_nonzero(sums[:, 0], axis=0).min())
    shares, resampled = resampled_means(sums, intervals.samples, intervals.seed)
    low, high = interval(_added(resampled), streams)
    return {
        "compared": np.count_nonzero(feature),
        "compared_off": np.count_nonzero(~feature),
        "compared_streams": streams,
        "kept_right_share": shares[0, 1],
        "kept_off_right_share": shares[0, 0],
        "restarted_right_share": shares[1, 1],
        "restarted_off_right_share": shares[1, 0],
        "difference": float(_added(shares)),
        "difference_low": float(low),
        "difference_high": float(high),
    }


def _added(shares: np.ndarray) -> np.ndarray:
    """Return how much better the kept state separates the characters, from shares (..., kept and restarted, without and with).

    A restarted network that separates them the wrong way round counts as one that does not: else the kept state would be said to
    know more than it does.
    """
    kept, restarted = np.moveaxis(shares[..., 1] - shares[..., 0], -1, 0)
    return kept - np.maximum(restarted, 0)
