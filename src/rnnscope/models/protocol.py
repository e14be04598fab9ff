"""What training and evaluation need from a network, so that one that is no recurrence can join."""

from collections.abc import Iterator
from typing import Any, Protocol

from torch import Tensor, nn

# Everything that a layer computes, by name: (T, B, H) of a segment, (B, H) of one step.
Activations = dict[str, Tensor]
# What a network carries from a segment to the next, for each layer.
State = list[Activations]


class Trainable(Protocol):
    """A network that the optimisation of `training.optimisation` can train: any `torch.nn.Module` is one."""

    def parameters(self) -> Iterator[nn.Parameter]:
        """Return all parameters."""
        ...

    def named_parameters(self) -> Iterator[tuple[str, nn.Parameter]]:
        """Return all parameters with their names."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """Return the weights by name."""
        ...

    def load_state_dict(self, state_dict: dict[str, Any]) -> Any:
        """Replace the weights."""
        ...

    def train(self) -> Any:
        """Switch dropout on."""
        ...

    def eval(self) -> Any:
        """Switch dropout off."""
        ...


class SequenceModel(Trainable, Protocol):
    """A network that reads a text segment by segment and carries a state from each segment to the next."""

    @property
    def vocabulary_size(self) -> int:
        """K, the number of characters that it reads and predicts."""
        ...

    def zero_state(self, streams: int) -> State:
        """Return the state before the first character of B = `streams` streams."""
        ...

    def __call__(self, characters: Tensor, state: State, return_gates: bool = True) -> tuple[Tensor, State]:
        """Read a segment, int64 ids (T, B); return the logits (T, B, K) of the next characters, and all activations."""
        ...

    def last_state(self, activations: State) -> State:
        """Return the state after the last step of a segment, detached from the gradient."""
        ...
