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
from rnnscope.training import backpropagation, windows
from rnnscope.training.cross_entropy import correct_log_probabilities
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
    evaluated_parts
        The parts whose losses an evaluation reports; the last is the test part.
    """

    to_device: Callable[[np.ndarray, torch.device], Tensor]
    train_epoch: Callable[[TrainingRun[Any], Tensor, int, float], float]
    log_probabilities: Callable[[Any, Tensor, int], Tensor]
    evaluated_parts: tuple[str, ...]

    def mean_loss(self, network: Any, part: Tensor, sequence_length: int) -> float:
        """Return the cross-entropy of a part's targets in nats per character, averaged in float64."""
        return -self.log_probabilities(network, part, sequence_length).double().mean().item()


PROCEDURES = {
    Network.kind: Procedure(
        to_device=to_device,
        train_epoch=backpropagation.train_epoch,
        log_probabilities=lambda network, part, sequence_length: correct_log_probabilities(network, part, sequence_length).t(),
        evaluated_parts=PARTS,
    ),
    FeedForwardNetwork.kind: Procedure(
        to_device=lambda part, device: ids_to_device(np.array(part), device),
        train_epoch=windows.train_epoch,
        log_probabilities=lambda network, part, _: feed_forward.correct_log_probabilities(network, part),
        evaluated_parts=("validation", "test"),
    ),
}
