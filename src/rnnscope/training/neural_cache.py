"""A neural cache: the last characters of a stream, found again by the states in which the network read them.

With h_t the last layer's h after step t, x_(t+1) the character that came next, and n the length of the cache,

    p(w after step t) = sum_i [x_(i+1) = w] exp(theta h_t . h_i) / sum_i exp(theta h_t . h_i),   i = t - n, ..., t - 1,

each i a step of the same stream, none before its first. Where there is none yet, all K characters are equally likely. A theta of
zero counts characters; the larger it is, the more similar a state has to be.

Source: Grave et al. 2017, "Improving neural language models with a continuous cache" (arXiv:1612.04426), section 3.
"""

import math

import torch
from torch import Tensor

from rnnscope.models.protocol import SequenceModel
from rnnscope.progress import progress
from rnnscope.training.cross_entropy import read_text

SHORTEST_BLOCK, LONGEST_BLOCK = 64, 512  # steps that are compared with the cache at a time
NUMBERS_OF_STATES = 2**24  # of the states that are kept, of some streams that are read side by side


def cache_log_probabilities(network: SequenceModel, characters: Tensor, length: int, thetas: list[float]) -> Tensor:
    """Return the log-probability (nats) that a cache gives to each next character.

    Parameters
    ----------
    network
        Switched to evaluation mode.
    characters
        uint8 ids (total steps + 1, streams).
    length
        Characters that the cache holds.
    thetas
        Each of them at least 0.

    Returns
    -------
    Tensor
        Of the network's dtype (thetas, total steps, streams); minus infinity where the cache does not hold the character.
    """
    steps, streams = characters[1:].shape
    found = next(network.parameters()).new_empty(len(thetas), steps, streams)
    block = min(max(length, SHORTEST_BLOCK), LONGEST_BLOCK)
    kept = min(length, steps) + block
    together = max(1, NUMBERS_OF_STATES // (kept * network.zero_state(1)[-1]["h"].numel()))
    with progress(f"cache of {length} characters", characters[1:].numel(), "characters") as advance:
        for first in range(0, streams, together):
            group = characters[:, first : first + together].contiguous()
            keys, followers = network.zero_state(group.shape[1])[-1]["h"].expand(0, -1, -1), group[:0].long()
            for part, _, targets, states in read_text(network, group, block, quiet=True):
                keys, followers = torch.cat([keys, states]), torch.cat([followers, targets])
                for stream in range(group.shape[1]):
                    compared = keys[:, stream], followers[:, stream]
                    found[:, part, first + stream] = _of_block(*compared, len(targets), length, thetas, network.vocabulary_size)
                keys, followers = keys[-length:], followers[-length:]
                advance(targets.numel())
    return found


@torch.inference_mode()
def _of_block(keys: Tensor, followers: Tensor, steps: int, length: int, thetas: list[float], K: int) -> Tensor:
    """Return the log-probabilities of the last characters of a stream, (thetas, steps).

    Parameters
    ----------
    keys
        The states of the stream that are known, (n, H), the `steps` last of which ask.
    followers
        The character after each of them, int64 ids (n,).
    steps, length, thetas, K
        How many states ask, and what they find in the cache.
    """
    states, before = keys[len(keys) - steps :], len(keys) - steps
    index, asking = torch.arange(len(keys), device=keys.device), torch.arange(steps, device=keys.device).unsqueeze(1) + before
    held = (index < asking) & (index >= asking - length)  # (steps, n)
    correct = followers == followers[before:].unsqueeze(1)
    similarity = (states @ keys.t()).masked_fill_(~held, -math.inf)
    similarity -= similarity.amax(1, keepdim=True)  # the largest weight is 1
    found = []
    for theta in thetas:
        weights = (similarity * theta).exp_() if theta else held.to(similarity.dtype)
        found.append(((weights * correct).sum(1) / weights.sum(1)).log_())
    empty = ~held.any(1)
    return torch.stack(found).masked_fill_(empty, -math.log(K))
