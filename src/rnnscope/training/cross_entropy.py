"""What a network loses on a part of the text: cross-entropy, the mean of -log p of the correct character, in nats."""

import torch
from torch import Tensor

from rnnscope.models.network import Network
from rnnscope.progress import progress
from rnnscope.training.segments import segments


@torch.inference_mode()
def correct_log_probabilities(network: Network, characters: Tensor, steps: int) -> Tensor:
    """Log-probability (nats) of each next character, float32 (total steps, streams).

    `characters` are uint8 ids (total steps + 1, streams). Each stream starts from a zero state and carries it to its
    end (paper section 1); `steps` only says how many are computed at a time.
    """
    network.eval()
    state = network.zero_state(characters.shape[1])
    log_probabilities = []
    with progress("evaluation", characters[1:].numel(), "characters") as advance:
        for inputs, targets in segments(characters, steps):
            logits, activations = network(inputs, state)
            log_probabilities.append(logits.log_softmax(2).gather(2, targets.unsqueeze(2)).squeeze(2))
            state = network.last_state(activations)
            advance(targets.numel())
    return torch.cat(log_probabilities)


def mean_loss(network: Network, characters: Tensor, steps: int) -> float:
    """Cross-entropy in nats per character, averaged in float64, of `characters`, uint8 ids (total steps + 1, streams)."""
    return -correct_log_probabilities(network, characters, steps).double().mean().item()
