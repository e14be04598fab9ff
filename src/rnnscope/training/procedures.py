"""What training and evaluation do differently for each kind of network: all that the stages ask of a kind."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from rnnscope.corpus.split_reader import PARTS
from rnnscope.models import feed_forward
from rnnscope.models.feed_forward import FeedForwardNetwork
from rnnscope.models.network import Network
from rnnscope.training import backpropagation, cross_entropy, windows
from rnnscope.training.optimisation import TrainingRun
from rnnscope.training.segments import ids_to_device, to_device


@dataclass(frozen=True)
class Procedure:
    """How networks of one kind read a part of the split.

    Parameters
    ----------
    to_device
        Puts a part, ids (streams, steps + 1), on a device, laid out as the other functions need it.
    train_epoch
        Makes one pass over the train part, given the sequence length and the gradient clip; returns nats per character.
    log_probabilities
        Of every target of a part, nats, (streams, steps); the sequence length is how many are computed at a time.
    predictions
        The same, and the most likely character at each of them: two tensors (streams, steps), the second of int32 ids.
    evaluated_parts
        The parts whose losses an evaluation reports; the last is the test part.
    """

    to_device: Callable[[np.ndarray, torch.device], Tensor]
    train_epoch: Callable[[TrainingRun[Any], Tensor, int, float], float]
    log_probabilities: Callable[[Any, Tensor, int], Tensor]
    predictions: Callable[[Any, Tensor, int], tuple[Tensor, Tensor]]
    evaluated_parts: tuple[str, ...]

    def mean_loss(self, network: Any, part: Tensor, sequence_length: int) -> float:
        """Return the cross-entropy of a part's targets in nats per character, averaged in float64."""
        return -self.log_probabilities(network, part, sequence_length).double().mean().item()


def _streams_first(predictions: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """Return predictions (steps, streams) as (streams, steps)."""
    log_probabilities, predicted = predictions
    return log_probabilities.t(), predicted.t()


PROCEDURES = {
    Network.kind: Procedure(
        to_device=to_device,
        train_epoch=backpropagation.train_epoch,
        log_probabilities=lambda network, part, length: cross_entropy.correct_log_probabilities(network, part, length).t(),
        predictions=lambda network, part, length: _streams_first(cross_entropy.predictions(network, part, length)),
        evaluated_parts=PARTS,
    ),
    FeedForwardNetwork.kind: Procedure(
        to_device=lambda part, device: ids_to_device(np.array(part), device),
        train_epoch=windows.train_epoch,
        log_probabilities=lambda network, part, _: feed_forward.correct_log_probabilities(network, part),
        predictions=lambda network, part, _: feed_forward.predictions(network, part),
        evaluated_parts=("validation", "test"),
    ),
}
