"""The loss of a network that has only the last characters before a target, after another past or none.

A network starts from a given state, reads the last T characters and predicts the next one. The state is what is left of an
earlier past: none (the zero state), that of another text, or that of the same characters in another order.

Source: Khandelwal et al. 2018, "Sharp nearby, fuzzy far away: how neural language models use context".
"""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from rnnscope.models.backends import cross_entropy
from rnnscope.models.protocol import SequenceModel, State
from rnnscope.training.segments import ids_to_device, segments

TARGETS_AT_ONCE = 256
STEPS_AT_ONCE = 50


@torch.inference_mode()
def read_characters(network: SequenceModel, characters: np.ndarray, state: State) -> State:
    """Return the state after some characters.

    Parameters
    ----------
    network
        In evaluation mode.
    characters
        Ids (cases, T), T at least 1.
    state
        The state before them, (cases, H) by name for each layer.
    """
    for inputs in _on_device(characters, state).split(STEPS_AT_ONCE):
        _, activations = network(inputs, state, return_gates=False)
        state = network.last_state(activations)
    return state


@torch.inference_mode()
def losses_after(network: SequenceModel, characters: np.ndarray, state: State) -> np.ndarray:
    """Return the loss of the last character of each case, nats, float32 (cases,).

    Parameters
    ----------
    network
        In evaluation mode.
    characters
        Ids (cases, T + 1): the T characters that are read, and the one that is predicted.
    state
        The state before them, (cases, H) by name for each layer.
    """
    read, target = characters[:, :-1], characters[:, -1:]
    found = np.empty(len(characters), dtype=np.float32)
    for inputs in _on_device(read, state).split(STEPS_AT_ONCE):
        logits, activations = network(inputs, state, return_gates=False)
        state = network.last_state(activations)
    found[:] = cross_entropy(logits[-1:], _on_device(target, state))[0].cpu().numpy()
    return found


def _on_device(characters: np.ndarray, state: State) -> Tensor:
    """Ids (cases, T) as int64 (T, cases), where the state is."""
    device = next(iter(state[0].values())).device
    return ids_to_device(np.ascontiguousarray(characters.T), device).long()


@torch.inference_mode()
def states_at(network: SequenceModel, characters: Tensor, sequence_length: int, stream: np.ndarray, step: np.ndarray) -> State:
    """Return the states at some places of a text, as the evaluation passes them.

    Parameters
    ----------
    network
        In evaluation mode.
    characters
        Ids (total steps + 1, streams); each stream starts from a zero state.
    sequence_length
        Steps that are computed at a time.
    stream, step
        Integers (cases,): after which character each state is.

    Returns
    -------
    list of dict
        For each layer every state by name, (cases, H).
    """
    state = network.zero_state(characters.shape[1])
    found = [{name: values.new_empty(len(stream), values.shape[1]) for name, values in layer.items()} for layer in state]
    start = 0
    for inputs, _ in segments(characters[: int(step.max()) + 2], sequence_length):
        _, activations = network(inputs, state)
        cases = np.flatnonzero((start <= step) & (step < start + len(inputs)))
        index, within, streams = (torch.from_numpy(values) for values in (cases, step[cases] - start, stream[cases]))
        for layer, computed in zip(found, activations, strict=True):
            for name, values in layer.items():
                values[index] = computed[name][within, streams]
        state = network.last_state(activations)
        start += len(inputs)
    return found


def split_cases(cases: int) -> Iterator[slice]:
    """Yield slices of at most `TARGETS_AT_ONCE` of some cases: memory does not grow with their number."""
    for start in range(0, cases, TARGETS_AT_ONCE):
        yield slice(start, min(start + TARGETS_AT_ONCE, cases))


def rows_of(state: State, rows: slice) -> State:
    """Return some rows of a state."""
    return [{name: values[rows] for name, values in layer.items()} for layer in state]
