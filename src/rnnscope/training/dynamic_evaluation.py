"""Dynamic evaluation: a network keeps learning from the text that it is evaluated on, each character once.

The text is read in segments. The probabilities of a segment's characters are those of the weights before it; then one update,
from the gradient g of the segment's mean loss, changes the weights for the next one. So no prediction depends, through weights
or state, on the character that is predicted, and a learning rate of zero is the evaluation of `cross_entropy` to the bit. There
are two updates:

    PlainDescent    weight <- weight - learning_rate g
    ScaledDescent   weight <- weight - learning_rate g / (r + EPSILON m) + min(decay r / m, 1) (trained - weight)

with r the root mean square of g in the train part, and m the mean of r over all weights.

Source: Mikolov et al. 2010, "Recurrent neural network based language model"; Krause et al. 2018, "Dynamic evaluation of
neural sequence models" (arXiv:1709.07432). There EPSILON is a constant; as a share of m it does not depend on the scale of the
loss.
"""

import copy
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from rnnscope.models.backends import cross_entropy
from rnnscope.models.protocol import SequenceModel
from rnnscope.progress import Advance, progress
from rnnscope.training.segments import segments

EPSILON = 0.1  # of the mean root mean square, beside that of a weight: those of rare characters would take steps without bound

# Changes some weights, given the gradients.
Update = Callable[[Sequence[Tensor], Sequence[Tensor]], None]


class PlainDescent:
    """Plain gradient descent.

    Parameters
    ----------
    learning_rate
        Of the mean loss of a segment.
    """

    def __init__(self, learning_rate: float) -> None:
        self.learning_rate = learning_rate

    def __call__(self, weights: Sequence[Tensor], gradients: Sequence[Tensor]) -> None:
        """Take one step in place."""
        for weight, gradient in zip(weights, gradients, strict=True):
            weight.add_(gradient, alpha=-self.learning_rate)


class ScaledDescent:
    """Gradient descent in steps scaled by typical gradients, with a decay towards the trained weights.

    Parameters
    ----------
    trained
        The trained weights; they must not be those that are changed.
    roots
        Root mean squares of their gradients, of the same shapes, as from `gradient_roots`.
    learning_rate
        Of the scaled gradient.
    decay
        Share of the way back to the trained weight at each step, of a weight with a mean gradient.
    """

    def __init__(self, trained: Sequence[Tensor], roots: Sequence[Tensor], learning_rate: float, decay: float) -> None:
        self.trained = list(trained)
        mean = sum(root.sum().item() for root in roots) / sum(root.numel() for root in roots)
        mean = mean or 1.0  # without any gradient nothing is scaled
        self.rates = [learning_rate / (root + EPSILON * mean) for root in roots]
        self.returns = [(decay * root / mean).clamp_(max=1) for root in roots]

    def __call__(self, weights: Sequence[Tensor], gradients: Sequence[Tensor]) -> None:
        """Take one step in place."""
        for weight, gradient, trained, rate, back in zip(weights, gradients, self.trained, self.rates, self.returns, strict=True):
            weight.lerp_(trained, back).addcmul_(rate, gradient, value=-1)


def dynamic_predictions(
    network: SequenceModel, characters: Tensor, sequence_length: int, update: Update, streams: int
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
    update
        What the network learns by.
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
            _read_and_learn(copy.deepcopy(network), group, sequence_length, update, advance)
            for group in characters.split(streams, dim=1)
        ]
        log_probabilities, predicted = (torch.cat(values, 1) for values in zip(*found, strict=True))
        return log_probabilities, predicted


def gradient_roots(network: SequenceModel, characters: Tensor, sequence_length: int, streams: int) -> list[Tensor]:
    """Return the root mean square, over segments, of each weight's gradient of a segment's mean loss.

    Parameters
    ----------
    network
        Not changed but for its mode: it is read without dropout.
    characters, sequence_length, streams
        As of `dynamic_predictions`; a part of the train part.

    Returns
    -------
    list of Tensor
        Of the shapes of the network's parameters, in their order.
    """
    squares = [torch.zeros_like(weight, requires_grad=False) for weight in network.parameters()]
    read = 0
    with progress("gradients of the train part", characters[1:].numel(), "characters") as advance:
        for group in characters.split(streams, dim=1):
            for _, _, gradients in _read(network, group, sequence_length, advance):
                torch._foreach_addcmul_(squares, gradients, gradients)
                read += 1
    return [(square / read).sqrt_() for square in squares]


def _read_and_learn(
    network: SequenceModel, characters: Tensor, sequence_length: int, update: Update, advance: Advance
) -> tuple[Tensor, Tensor]:
    """Return the predictions, (total steps, streams) each, of a group of streams; the weights of `network` change."""
    log_probabilities, predicted = [], []
    parameters = list(network.parameters())
    for losses, most_likely, gradients in _read(network, characters, sequence_length, advance):
        log_probabilities.append(-losses)
        predicted.append(most_likely)
        with torch.no_grad():
            update(parameters, gradients)
    return torch.cat(log_probabilities), torch.cat(predicted)


def _read(
    network: SequenceModel, characters: Tensor, sequence_length: int, advance: Advance
) -> Iterator[tuple[Tensor, Tensor, tuple[Tensor, ...]]]:
    """Yield of each segment the losses, the most likely characters, (T, streams) each, and the gradients of the mean loss."""
    network.eval()  # no dropout: the predictions are also what is learned from
    parameters = list(network.parameters())
    state = network.zero_state(characters.shape[1])
    for inputs, targets in segments(characters, sequence_length):
        logits, activations = network(inputs, state)
        losses = cross_entropy(logits, targets)
        gradients = torch.autograd.grad(losses.mean(), parameters)
        yield losses.detach(), logits.detach().argmax(2).to(torch.int32), gradients
        state = network.last_state(activations)
        advance(targets.numel())
