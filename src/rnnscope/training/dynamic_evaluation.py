"""Dynamic evaluation: a network keeps learning from the text that it is evaluated on, each character once.

The text is read in segments. The probabilities of a segment's characters are those of the weights before it; then one step of
plain gradient descent on the segment's mean loss changes the weights for the next one. So no prediction depends, through
weights or state, on the character that is predicted, and a learning rate of zero is the evaluation of `cross_entropy` to the
bit.

Source: Mikolov et al. 2010, "Recurrent neural network based language model"; Krause et al. 2018, "Dynamic evaluation of
neural sequence models".
"""

import copy

import torch
from torch import Tensor

from rnnscope.models.backends import cross_entropy
from rnnscope.models.protocol import SequenceModel
from rnnscope.progress import Advance, progress
from rnnscope.training.segments import segments


def dynamic_predictions(
    network: SequenceModel, characters: Tensor, sequence_length: int, learning_rate: float, streams: int
) -> tuple[Tensor, Tensor]:
    """Return the log-probability (nats) of each next character under dynamic evaluation, and the most likely character.

    Parameters
    ----------
    network
        Not changed: copies of it learn.
    characters
        uint8 ids (total steps + 1, all streams).
    sequence_length
        Characters of every stream between two updates.
    learning_rate
        Of plain gradient descent.
    streams
        How many are read side by side and change the same weights; each such group starts from the weights of `network` and
        a zero state.

    Returns
    -------
    log_probabilities : Tensor, shape (total steps, all streams)
    predicted : Tensor of int32, the same shape
        Ids of the most likely characters.
    """
    with progress("dynamic evaluation", characters[1:].numel(), "characters") as advance:
        found = [
            _read_and_learn(copy.deepcopy(network), group, sequence_length, learning_rate, advance)
            for group in characters.split(streams, dim=1)
        ]
        log_probabilities, predicted = (torch.cat(values, 1) for values in zip(*found, strict=True))
        return log_probabilities, predicted


def _read_and_learn(
    network: SequenceModel, characters: Tensor, sequence_length: int, learning_rate: float, advance: Advance
) -> tuple[Tensor, Tensor]:
    """Return the predictions, (total steps, streams) each, of a group of streams; the weights of `network` change."""
    network.eval()  # no dropout: the predictions are also what is learned from
    parameters = list(network.parameters())
    state = network.zero_state(characters.shape[1])
    log_probabilities, predicted = [], []
    for inputs, targets in segments(characters, sequence_length):
        logits, activations = network(inputs, state)
        losses = cross_entropy(logits, targets)
        log_probabilities.append(-losses.detach())
        predicted.append(logits.detach().argmax(2).to(torch.int32))
        gradients = torch.autograd.grad(losses.mean(), parameters)
        with torch.no_grad():
            for weights, gradient in zip(parameters, gradients, strict=True):
                weights.add_(gradient, alpha=-learning_rate)
        state = network.last_state(activations)
        advance(targets.numel())
    return torch.cat(log_probabilities), torch.cat(predicted)
