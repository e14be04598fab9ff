"""What a network loses on a part of the text: cross-entropy, the mean of -log p of the correct character, in nats."""

import torch
from torch import Tensor
from torch.nn import functional as F

from rnnscope.models import compiled
from rnnscope.models.network import Network
from rnnscope.progress import progress
from rnnscope.training.segments import segments


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """-log p of each target, nats (T, B), from logits (T, B, K) and int64 targets (T, B)."""
    if compiled.is_available_for(logits):
        return compiled.cross_entropy(logits, targets)
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none").view_as(targets)


@torch.inference_mode()
def correct_log_probabilities(network: Network, characters: Tensor, steps: int) -> Tensor:
    """Log-probability (nats) of each next character, float32 (total steps, streams).

    `characters` are uint8 ids (total steps + 1, streams). Each stream starts from a zero state and carries it to its
    end (paper section 1); `steps` only says how many are computed at a time.
    """
    network.eval()
    state = network.zero_state(characters.shape[1])
    # Filled in place: kept as one small tensor a segment, they would hold the heap of every segment in memory.
    log_probabilities = network.softmax.weight.new_empty(characters[1:].shape)
    done = 0
    with progress("evaluation", characters[1:].numel(), "characters") as advance:
        for inputs, targets in segments(characters, steps):
            logits, activations = network(inputs, state, return_gates=False)
            log_probabilities[done : done + len(targets)] = -cross_entropy(logits, targets)
            done += len(targets)
            state = network.last_state(activations)
            advance(targets.numel())
    return log_probabilities


def mean_loss(network: Network, characters: Tensor, steps: int) -> float:
    """Cross-entropy in nats per character, averaged in float64, of `characters`, uint8 ids (total steps + 1, streams)."""
    return -correct_log_probabilities(network, characters, steps).double().mean().item()
