"""What every unit does over the whole text of the page: its range, its histogram, its highest and lowest places.

The network runs over the text twice: the bins of a histogram need the range first.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional as F

from rnnscope.explorer.page_text import PageText
from rnnscope.models.cells import CELLS
from rnnscope.models.network import Network

SEGMENT = 100  # steps at a time; the highest places of a unit come from different segments
BINS = 40
PLACES = 6

Unit = tuple[int, str, int]  # layer from 1 on, quantity, index


@dataclass(frozen=True)
class Statistics:
    """Of every activation of every layer, in the order of the layers and of the cell's activations; H units each.

    Parameters
    ----------
    loss : float
        Of the text, nats per character.
    ranges : ndarray of float32, shape (layers, activations, 2, H)
        Smallest and largest value.
    histograms : ndarray of uint16, shape (layers, activations, H, BINS)
        How often the values are in each of `BINS` equal parts of the range, in 1/65,535 of the characters.
    places : ndarray of int32, shape (layers, states, H, 2 PLACES)
        Positions of the highest values, the highest first, then of the lowest, the lowest first; -1 where there are fewer.
        The states have the order of `Cell.analysed_states`.
    traces : dict
        By unit: its values, float32 (streams, steps).
    """

    loss: float
    ranges: np.ndarray
    histograms: np.ndarray
    places: np.ndarray
    traces: dict[Unit, np.ndarray]

    def blocks(self) -> dict[str, bytes]:
        """Return the arrays as the page reads them, little-endian."""
        return {
            "ranges": self.ranges.astype("<f4").tobytes(),
            "histograms": self.histograms.astype("<u2").tobytes(),
            "places": self.places.astype("<i4").tobytes(),
        }


def unit_statistics(network: Network, text: PageText, traced: set[Unit]) -> Statistics:
    """Run a network over the text and summarise its units.

    Parameters
    ----------
    network
        The network, as it runs on the page.
    text
        The text.
    traced
        The units whose values are returned.
    """
    cell, shape = CELLS[network.shape.cell], network.shape
    size = (shape.layers, len(cell.activation_names))
    ranges = np.empty((*size, 2, shape.hidden_width), np.float32)
    ranges[:, :, 0], ranges[:, :, 1] = np.inf, -np.inf
    loss = 0.0
    for _, nats, values in _segments(network, text):
        loss += nats
        for place, array in values.items():
            np.minimum(ranges[place][0], array.min(axis=(0, 1)), out=ranges[place][0])
            np.maximum(ranges[place][1], array.max(axis=(0, 1)), out=ranges[place][1])
    counts = np.zeros((*size, shape.hidden_width, BINS), np.int64)
    traces = {unit: np.empty(text.ids.shape, np.float32) for unit in traced}
    extremes: dict[tuple[int, int], list[tuple[np.ndarray, ...]]] = {}
    for start, _, values in _segments(network, text):
        for (layer, index), array in values.items():
            name = cell.activation_names[index]
            counts[layer, index] += _histogram(array, ranges[layer, index])
            if name in cell.states:
                extremes.setdefault((layer, index), []).append(_extremes(array, start, text.ids.shape[1]))
            for (of_layer, quantity, unit), trace in traces.items():
                if (of_layer, quantity) == (layer + 1, name):
                    trace[:, start : start + len(array)] = array[:, :, unit].T
    places = np.stack(
        [
            [_places(extremes[layer, cell.activation_names.index(state)]) for state in cell.analysed_states]
            for layer in range(shape.layers)
        ]
    )
    return Statistics(loss / text.ids.size, ranges, _shares(counts, text.ids.size), places, traces)


@torch.inference_mode()
def _segments(network: Network, text: PageText) -> Iterator[tuple[int, float, dict[tuple[int, int], np.ndarray]]]:
    """Yield of every segment its first step, its loss summed, and every activation (T, B, H) by layer and index from 0 on."""
    ids, targets = (torch.from_numpy(array.T.astype(np.int64)) for array in (text.ids, text.targets))
    state = network.zero_state(ids.shape[1])
    for start in range(0, len(ids), SEGMENT):
        segment = slice(start, start + SEGMENT)
        logits, activations = network(ids[segment], state)
        state = network.last_state(activations)
        nats = F.cross_entropy(logits.flatten(0, 1), targets[segment].flatten(), reduction="sum")
        values = {
            (layer, index): array.numpy()
            for layer, by_name in enumerate(activations)
            for index, array in enumerate(by_name[name] for name in CELLS[network.shape.cell].activation_names)
        }
        yield start, float(nats), values


def _histogram(values: np.ndarray, limits: np.ndarray) -> np.ndarray:
    """Count the values (T, B, H) of each unit in equal parts of its range, limits (2, H); int64 (H, BINS)."""
    H = values.shape[2]
    width = np.maximum(limits[1] - limits[0], np.float32(1e-30))
    bins = ((values - limits[0]) * (BINS / width)).astype(np.int64)
    np.clip(bins, 0, BINS - 1, out=bins)
    bins += np.arange(H) * BINS
    return np.bincount(bins.ravel(), minlength=H * BINS).reshape(H, BINS)


def _shares(counts: np.ndarray, characters: int) -> np.ndarray:
    """The counts as uint16 in 1/65,535 of the characters; what occurs at all is at least 1."""
    shares = np.rint(counts * (65535 / characters))
    return np.where(counts > 0, np.maximum(shares, 1), 0).astype(np.uint16)


def _extremes(values: np.ndarray, start: int, steps: int) -> tuple[np.ndarray, ...]:
    """Return of a segment (T, B, H) the positions and values of each stream's highest and lowest step, each (B, H)."""
    found: list[np.ndarray] = []
    streams = np.arange(values.shape[1])[:, np.newaxis] * steps
    for index in (values.argmax(axis=0), values.argmin(axis=0)):
        found += [streams + start + index, np.take_along_axis(values, index[np.newaxis], axis=0)[0]]
    return tuple(found)


def _places(segments: list[tuple[np.ndarray, ...]]) -> np.ndarray:
    """Return the places of the highest values of every unit, then those of the lowest: int32 (H, 2 PLACES)."""
    top, high, bottom, low = (np.concatenate(parts) for parts in zip(*segments, strict=True))
    return np.hstack([_far_apart(top, -high), _far_apart(bottom, low)])


def _far_apart(positions: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Return of each unit the positions of smallest `order` (candidates, H), half a segment apart: int32 (H, PLACES)."""
    found = np.full((positions.shape[1], PLACES), -1, np.int32)
    # Of two that are too close the second one is left out: three times as many are enough to choose from.
    candidates = np.argsort(order, axis=0, kind="stable")[: 3 * PLACES]
    for unit, column in enumerate(np.take_along_axis(positions, candidates, axis=0).T):
        chosen: list[int] = []
        for position in column.tolist():
            if len(chosen) < PLACES and all(abs(position - other) >= SEGMENT // 2 for other in chosen):
                chosen.append(position)
        found[unit, : len(chosen)] = chosen
    return found
