"""Training of n-NNs on windows of the text: the last n characters and their target (paper section 4, T2).

A minibatch is `sequence_length` targets of every stream. They may be fewer than the characters of a recurrent network's
segment, since there is no state to carry, and many small updates reach a low loss sooner than few large ones: on War and
Peace (n = 6, H = 256), 10 characters come to a validation loss of 1.50 nats in 4 epochs, 100 characters in 12.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F
from tqdm import tqdm

from rnnscope.models.feed_forward import FeedForwardNetwork, minibatches, train_windows
from rnnscope.training.optimisation import TrainingRun, optimizer_step


def train_epoch(training_run: TrainingRun[FeedForwardNetwork], part: Tensor, sequence_length: int, gradient_clip: float) -> float:
    """Make one pass over the train targets and return nats per character.

    The gradient is, as for the recurrent networks, that of the loss summed over the steps of a minibatch and averaged over
    its streams.

    Parameters
    ----------
    training_run
        Its network changes.
    part
        uint8 ids (streams, steps + 1); the targets with all n characters before them in their stream are used.
    sequence_length
        Targets of every stream in a minibatch.
    gradient_clip
        Bound on each component of the gradient.
    """
    network = training_run.network.train()
    windows = train_windows(part, network.shape.n)
    streams, steps, _ = windows.shape
    total = torch.zeros((), dtype=torch.float64, device=part.device)
    updates, read = math.ceil(steps / sequence_length), minibatches(windows, sequence_length)
    for contexts, targets in tqdm(read, total=updates, unit="minibatch", leave=False, disable=None):
        loss = F.cross_entropy(network(contexts).flatten(0, 1), targets.flatten(), reduction="sum") / streams
        optimizer_step(training_run, loss, gradient_clip)
        total += loss.detach() * streams
    return total.item() / steps / streams
