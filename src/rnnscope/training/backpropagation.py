"""Truncated back-propagation through time: one step, and one pass over the train part (paper section 3).

A step is a segment through the network, its gradient and RMSProp. On a GPU that is thousands of small kernels, and launching
them one by one takes longer than running them. So there a step is recorded once as a CUDA graph, with its inputs and its state
in memory that stays where it is; every further segment is copied in and the recording is launched as a whole. The host does
not wait before the epoch ends.
"""

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from tqdm import tqdm

from rnnscope.models.backends import cross_entropy, products_in
from rnnscope.models.protocol import SequenceModel
from rnnscope.training.optimisation import TrainingRun, optimizer_step
from rnnscope.training.segments import segments

# Steps that run one kernel at a time before one is recorded: libraries and RMSProp set themselves up in them.
STEPS_BEFORE_RECORDING = 3


class Step:
    """Learns from one segment after another of the same streams, the state carried from each to the next.

    One is made for every epoch: it starts from a zero state, and a recording holds the learning rate of its epoch.

    Parameters
    ----------
    training_run
        The run whose network learns.
    sequence_length, streams
        T and B of a segment.
    gradient_clip
        Bound on each component of the gradient.
    """

    def __init__(
        self, training_run: TrainingRun[SequenceModel], sequence_length: int, streams: int, gradient_clip: float
    ) -> None:
        self.training_run = training_run
        self.gradient_clip = gradient_clip
        network = training_run.network
        weight = next(network.parameters())
        self.inputs, self.targets = weight.new_zeros(2, sequence_length, streams, dtype=torch.int64)
        self.state = [{name: value.clone() for name, value in layer.items()} for layer in network.zero_state(streams)]
        self.loss = weight.new_zeros(())
        self.run: Callable[[], None] = self._learn
        self.to_record = weight.is_cuda
        self.taken = 0

    def __call__(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """Learn from a segment and return its loss before that, summed over its characters, nats: a scalar.

        Parameters
        ----------
        inputs, targets
            int64 ids (T, B); at the end of a part T may be smaller.
        """
        if inputs.shape != self.inputs.shape:
            self.inputs, self.targets, self.run, self.to_record = inputs, targets, self._learn, False
        self.inputs.copy_(inputs)
        self.targets.copy_(targets)
        if self.to_record and self.taken == STEPS_BEFORE_RECORDING:
            self.run = self._recorded()
        self.run()
        self.taken += 1
        return self.loss.clone()

    def _learn(self) -> None:
        """Take the step: nothing in it depends on values on the host, so that it can be recorded."""
        network, streams = self.training_run.network, self.inputs.shape[1]
        with products_in(self.training_run.precision):
            logits, activations = network(self.inputs, self.state)
            loss = cross_entropy(logits, self.targets).sum() / streams
            optimizer_step(self.training_run, loss, self.gradient_clip)
        for layer, after in zip(self.state, network.last_state(activations), strict=True):
            for name, value in after.items():
                layer[name].copy_(value)
        self.loss.copy_(loss.detach() * streams)

    def _recorded(self) -> Callable[[], None]:
        """Record the step, without taking it, and return the function that takes it."""
        # Existing gradients would keep their memory, which is not the recording's.
        self.training_run.optimizer.zero_grad()
        recording = torch.cuda.CUDAGraph()
        with torch.cuda.graph(recording):
            self._learn()
        return recording.replay


def train_segments(
    training_run: TrainingRun[SequenceModel], characters: Tensor, sequence_length: int, gradient_clip: float
) -> Iterator[Tensor]:
    """Make one pass over the train segments in order, the state carried from each to the next.

    The gradient is that of the loss summed over the steps of a segment and averaged over its streams.

    Parameters
    ----------
    training_run
        Its network changes.
    characters
        uint8 ids (total steps + 1, streams).
    sequence_length
        Steps of a segment.
    gradient_clip
        Bound on each component of the gradient.

    Yields
    ------
    Tensor
        The summed loss (nats) of each segment, once the network has learned from it.
    """
    training_run.network.train()
    step = Step(training_run, sequence_length, characters.shape[1], gradient_clip)
    total = math.ceil((len(characters) - 1) / sequence_length)
    for inputs, targets in tqdm(segments(characters, sequence_length), total=total, unit="segment", leave=False, disable=None):
        yield step(inputs, targets)


def train_epoch(
    training_run: TrainingRun[SequenceModel], characters: Tensor, sequence_length: int, gradient_clip: float
) -> float:
    """Make one pass over the train part, as `train_segments` does; return nats per character."""
    total = torch.zeros((), dtype=torch.float64, device=characters.device)
    for loss in train_segments(training_run, characters, sequence_length, gradient_clip):
        total += loss
    return total.item() / (len(characters) - 1) / characters.shape[1]
