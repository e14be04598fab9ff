"""One step of training: a segment through the network, its gradient, RMSProp (paper section 3).

A step on a GPU is thousands of small kernels, and launching them one by one takes longer than running them. So there a
step is recorded once as a CUDA graph, with its inputs and its state in memory that stays where it is, and every further
segment is copied in and the whole recording launched at once; the host waits for nothing before the epoch ends.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from rnnscope.models.network import Network
from rnnscope.training.cross_entropy import cross_entropy
from rnnscope.training.optimisation import Training, optimizer_step

# Steps that run one kernel at a time before one is recorded: libraries and RMSProp set themselves up in them.
STEPS_BEFORE_RECORDING = 3


class Step:
    """Learns from one segment after another of the same streams, the state carried from each to the next.

    Made anew for every epoch: it starts from a zero state, and a recording holds the learning rate of its epoch.
    """

    def __init__(self, training: Training[Network], steps: int, streams: int, gradient_clip: float) -> None:
        self.training = training
        self.gradient_clip = gradient_clip
        weight = training.network.softmax.weight
        self.inputs, self.targets = weight.new_zeros(2, steps, streams, dtype=torch.int64)
        self.state = [{name: value.clone() for name, value in layer.items()} for layer in training.network.zero_state(streams)]
        self.loss = weight.new_zeros(())
        self.run: Callable[[], None] = self._learn
        self.to_record = weight.is_cuda
        self.taken = 0

    def __call__(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """Learn from a segment, int64 ids (T, B) each, of `steps` steps or, at the end of a part, fewer.

        Returns the loss of the segment before that, summed, in nats: a scalar.
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
        """The step itself: nothing in it depends on values on the host, so that it can be recorded."""
        network, streams = self.training.network, self.inputs.shape[1]
        logits, activations = network(self.inputs, self.state)
        loss = cross_entropy(logits, self.targets).sum() / streams
        optimizer_step(self.training, loss, self.gradient_clip)
        for layer, after in zip(self.state, network.last_state(activations), strict=True):
            for name, value in after.items():
                layer[name].copy_(value)
        self.loss.copy_(loss.detach() * streams)

    def _recorded(self) -> Callable[[], None]:
        """Record the step, which does not take it; returns what does."""
        # Gradients that are there already would keep their memory, which is not the recording's.
        self.training.optimizer.zero_grad()
        recording = torch.cuda.CUDAGraph()
        with torch.cuda.graph(recording):
            self._learn()
        return recording.replay
