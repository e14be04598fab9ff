"""The loss of a network on a part of the text: cross-entropy, the mean of -log p of the correct character, in nats."""

import torch
from torch import Tensor

from rnnscope.models.backends import cross_entropy
from rnnscope.models.protocol import SequenceModel
from rnnscope.progress import progress
from rnnscope.training.segments import segments


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
    network.eval()
    state = network.zero_state(characters.shape[1])
    # Filled in place: one small tensor a segment would fragment the heap and keep every segment's memory.
    log_probabilities = next(network.parameters()).new_empty(characters[1:].shape)
    done = 0
    with progress("evaluation", characters[1:].numel(), "characters") as advance:
        for inputs, targets in segments(characters, sequence_length):
            logits, activations = network(inputs, state, return_gates=False)
            log_probabilities[done : done + len(targets)] = -cross_entropy(logits, targets)
            done += len(targets)
            state = network.last_state(activations)
            advance(targets.numel())
    return log_probabilities
