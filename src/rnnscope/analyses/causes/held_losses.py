"""The rise of the loss when units of a network are held, summed over groups of targets in each stream."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from rnnscope.models.backends import cross_entropy
from rnnscope.models.cells import CELLS
from rnnscope.models.interventions import Hold, held_forward
from rnnscope.models.network import Network
from rnnscope.models.protocol import State

ROWS_AT_ONCE = 1000  # streams times cases that are read side by side
STEPS_AT_ONCE = 25


@dataclass(frozen=True)
class Unit:
    """A unit of a state of a layer, from 1."""

    layer: int
    state: str
    index: int


Case = Sequence[tuple[Unit, float | np.ndarray]]  # units that are held together, and where: a number, or (steps, streams)


@dataclass(frozen=True)
class Baseline:
    """What the network does in a window of the text, with no unit held.

    Parameters
    ----------
    characters, targets
        Int64 ids that are read and predicted, (steps, streams).
    state
        The state before the window.
    values
        For each layer every state by name, (steps, streams, H).
    losses
        Nats, (steps, streams).
    """

    characters: Tensor
    targets: Tensor
    state: State
    values: State
    losses: Tensor


@torch.inference_mode()
def read_window(network: Network, text: Tensor, start: int) -> Baseline:
    """Read a window of a text.

    Parameters
    ----------
    network
        In evaluation mode.
    text
        Ids (steps + 1, streams), from the beginning of the streams to the last target of the window.
    start
        First step of the window; those before it bring the network to the state in which the window begins.
    """
    state = network.zero_state(text.shape[1])
    if start:
        _, activations = network(text[:start].long(), state, return_gates=False)
        state = network.last_state(activations)
    read, targets = text[start:-1].long(), text[start + 1 :].long()
    logits, activations = network(read, state)
    states = CELLS[network.shape.cell].states
    values = [{name: layer[name] for name in states} for layer in activations]
    return Baseline(read, targets, state, values, cross_entropy(logits, targets))


@torch.inference_mode()
def group_rises(network: Network, baseline: Baseline, cases: Sequence[Case], groups: np.ndarray) -> np.ndarray:
    """Return how much the loss rises in each case, summed over each group of targets.

    Parameters
    ----------
    network
        In evaluation mode.
    baseline
        The window, with no unit held.
    cases
        What is held in each.
    groups
        Float32 (streams, steps, groups): 1 where a target is in a group.

    Returns
    -------
    ndarray
        Float64 (streams, cases, groups), nats.
    """
    streams = baseline.characters.shape[1]
    member = torch.from_numpy(groups).to(baseline.losses.device)
    found = np.zeros((streams, len(cases), groups.shape[2]))
    at_once = max(ROWS_AT_ONCE // streams, 1)
    for start in range(0, len(cases), at_once):
        together = cases[start : start + at_once]
        first = min(unit.layer for case in together for unit, _ in case)
        holds = _holds(together, baseline)
        state = [{name: values.repeat(len(together), 1) for name, values in layer.items()} for layer in baseline.state]
        below = baseline.characters if first == 1 else baseline.values[first - 2]["h"]
        for step in range(0, len(baseline.characters), STEPS_AT_ONCE):
            here = slice(step, step + STEPS_AT_ONCE)
            repeated = below[here].repeat(1, len(together), *[1] * (below.dim() - 2))
            logits, state = held_forward(network, repeated, state, _at(holds, here), first)
            targets = baseline.targets[here]
            losses = cross_entropy(logits, targets.repeat(1, len(together))).unflatten(1, (len(together), streams))
            rise = losses - baseline.losses[here].unsqueeze(1)
            summed = torch.einsum("tcs,stg->scg", rise, member[:, here])
            found[:, start : start + len(together)] += summed.cpu().numpy()
    return found


def _holds(cases: Sequence[Case], baseline: Baseline) -> list[Hold]:
    """The units of all cases, those of one layer and state together, for streams that are read case after case."""
    streams = baseline.characters.shape[1]
    device = baseline.losses.device
    found: dict[tuple[int, str], list[tuple[Tensor, Tensor, Tensor]]] = {}
    for index, case in enumerate(cases):
        rows = torch.arange(streams, device=device) + index * streams
        for unit, value in case:
            values = np.broadcast_to(np.asarray(value, dtype=np.float32), (len(baseline.characters), streams))
            held = rows, torch.full_like(rows, unit.index), torch.from_numpy(values.copy()).to(device)
            found.setdefault((unit.layer, unit.state), []).append(held)
    holds = []
    for (layer, state), held_together in found.items():
        streams_of, units, values_of = zip(*held_together, strict=True)
        holds.append(Hold(layer, state, torch.cat(streams_of), torch.cat(units), torch.cat(values_of, dim=1)))
    return holds


def _at(holds: list[Hold], steps: slice) -> list[Hold]:
    """The holds with the values of some steps."""
    return [Hold(hold.layer, hold.state, hold.streams, hold.units, hold.values[steps]) for hold in holds]
