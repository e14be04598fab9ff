"""The loss of a network on a part of the text: cross-entropy, the mean of -log p of the correct character, in nats."""

from collections.abc import Iterator
from contextlib import nullcontext

import torch
from torch import Tensor

from rnnscope.models.backends import cross_entropy
from rnnscope.models.protocol import SequenceModel
from rnnscope.progress import progress
from rnnscope.training.segments import segments


@torch.inference_mode()
def read_text(
    network: SequenceModel, characters: Tensor, sequence_length: int, quiet: bool = False
) -> Iterator[tuple[slice, Tensor, Tensor, Tensor]]:
    """Read a text segment by segment.

    Parameters
    ----------
    network, characters, sequence_length
        Those of `correct_log_probabilities`.
    quiet
        Whether the caller reports the progress.

    Yields
    ------
    steps : slice
        The steps of the segment.
    logits : Tensor, shape (T, streams, K)
    targets : Tensor of int64, shape (T, streams)
    states : Tensor, shape (T, streams, H)
        The h of the last layer.
    """
    network.eval()
    state = network.zero_state(characters.shape[1])
    done = 0
    with nullcontext(lambda _: None) if quiet else progress("evaluation", characters[1:].numel(), "characters") as advance:
        for inputs, targets in segments(characters, sequence_length):
            logits, activations = network(inputs, state, return_gates=False)
            yield slice(done, done + len(targets)), logits, targets, activations[-1]["h"]
            done += len(targets)
            state = network.last_state(activations)
            advance(targets.numel())


@torch.inference_mode()
def correct_log_probabilities(network: SequenceModel, characters: Tensor, sequence_length: int) -> Tensor:
    """Return the log-probability (nats) of each next character, (total steps, streams), in the network's dtype.

    Parameters
    ----------
    network
        Switched to evaluation mode.
    characters
        uint8 ids (total steps + 1, streams). Each stream starts from a zero state and carries it to its end (paper
        section 1).
    sequence_length
        Steps that are computed at a time; does not change the result but for rounding.
    """
    # Filled in place: one small tensor a segment would fragment the heap and keep every segment's memory.
    log_probabilities = next(network.parameters()).new_empty(characters[1:].shape)
    for steps, logits, targets, _ in read_text(network, characters, sequence_length):
        log_probabilities[steps] = -cross_entropy(logits, targets)
    return log_probabilities


@torch.inference_mode()
def predictions(network: SequenceModel, characters: Tensor, sequence_length: int) -> tuple[Tensor, Tensor]:
    """Return what `correct_log_probabilities` does, and the most likely character at each step, int32 ids of the same shape."""
    log_probabilities = next(network.parameters()).new_empty(characters[1:].shape)
    predicted = torch.empty_like(characters[1:], dtype=torch.int32)
    for steps, logits, targets, _ in read_text(network, characters, sequence_length):
        log_probabilities[steps] = -cross_entropy(logits, targets)
        predicted[steps] = logits.argmax(2)  # the first of equals
    return log_probabilities, predicted
