"""Dynamic evaluation: a network goes on learning from the text that it is evaluated on, each character once.

Mikolov et al. 2010, "Recurrent neural network based language model"; Krause et al. 2018, "Dynamic evaluation of neural
sequence models". The text is read in segments. The probabilities of a segment's characters are those of the weights that
were there before it; then one step of plain gradient descent on the segment's mean loss changes them for the next one. So
what a prediction rests on, weights and state, has never seen the character that is predicted, and a learning rate of zero
is the evaluation of `cross_entropy` to the bit.
"""

import copy

import torch
from torch import Tensor

from rnnscope.models.network import Network
from rnnscope.progress import Advance, progress
from rnnscope.training.cross_entropy import cross_entropy
from rnnscope.training.segments import segments


def dynamic_log_probabilities(network: Network, characters: Tensor, steps: int, learning_rate: float, streams: int) -> Tensor:
    """Log-probability (nats) of each next character under dynamic evaluation, float32 (total steps, all streams).

    characters: uint8 ids (total steps + 1, all streams). steps: characters of every stream between two updates. streams:
    how many are read side by side and change the same weights; each such group begins anew with those of `network`, which is
    left as it is, and with a zero state.
    """
    with progress("dynamic evaluation", characters[1:].numel(), "characters") as advance:
        groups = characters.split(streams, dim=1)
        return torch.cat([_read_and_learn(copy.deepcopy(network), group, steps, learning_rate, advance) for group in groups], 1)


def _read_and_learn(network: Network, characters: Tensor, steps: int, learning_rate: float, advance: Advance) -> Tensor:
    """The log-probabilities, float32 (total steps, streams), of a group of streams; the weights of `network` change."""
    network.eval()  # no dropout: what is predicted is also what is learned from
    optimizer = torch.optim.SGD(network.parameters(), lr=learning_rate)
    state = network.zero_state(characters.shape[1])
    log_probabilities = []
    for inputs, targets in segments(characters, steps):
        logits, activations = network(inputs, state)
        losses = cross_entropy(logits, targets)
        log_probabilities.append(-losses.detach())
        optimizer.zero_grad()
        torch.autograd.backward(losses.mean())
        optimizer.step()
        state = network.last_state(activations)
        advance(targets.numel())
    return torch.cat(log_probabilities)
