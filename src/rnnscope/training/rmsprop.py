"""RMSProp with a clipped gradient (paper section 3): two equations for every weight.

    average <- alpha average + (1 - alpha) g^2
    weight  <- weight - learning_rate g / (sqrt(average) + EPSILON)

g is a component of the gradient, clipped to [-gradient_clip, gradient_clip]. The results are those of torch.optim.RMSprop to
the bit. It is written out because torch's optimisers import its compiler, which takes longer than training a small model.
"""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from rnnscope.models import backends


class RMSProp:
    """The optimiser of some parameters, with the running average of each one's squared gradient.

    Parameters
    ----------
    parameters
        What it changes.
    learning_rate
        Of the next step; a caller may set another between two steps.
    alpha
        Weight of the old average.
    """

    def __init__(self, parameters: Iterable[nn.Parameter], learning_rate: float, alpha: float) -> None:
        self.parameters = list(parameters)
        self.learning_rate = learning_rate
        self.alpha = alpha
        self.averages: dict[nn.Parameter, Tensor] = {}

    def average_of(self, parameter: nn.Parameter) -> Tensor:
        """Return the running average of a parameter's squared gradient, of its shape; zeros before the first step."""
        if parameter not in self.averages:
            self.averages[parameter] = torch.zeros_like(parameter, requires_grad=False)
        return self.averages[parameter]

    def zero_grad(self) -> None:
        """Forget the gradients, whose memory the next backward pass allocates again."""
        for parameter in self.parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self, gradient_clip: float) -> None:
        """Change every parameter that has a gradient; what the gradients hold afterwards is not defined.

        Parameters
        ----------
        gradient_clip
            Bound on each component of the gradient.
        """
        learning = [(parameter, parameter.grad) for parameter in self.parameters if parameter.grad is not None]
        weights: list[Tensor] = [parameter for parameter, _ in learning]
        gradients = [gradient for _, gradient in learning]
        averages = [self.average_of(parameter) for parameter, _ in learning]
        backends.rmsprop_step(weights, gradients, averages, self.learning_rate, self.alpha, gradient_clip)
