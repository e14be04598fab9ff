"""The one choice between the compiled kernels and plain torch.

The kernels of `compiled.cpp` run single precision on CPU cores. Everything else (a GPU, double precision, a cell without a
kernel, a machine without a compiler, the environment variable `RNNSCOPE_PLAIN`) runs in plain torch, which gives the same
results to rounding.
"""

from contextlib import AbstractContextManager

import torch
from torch import Tensor
from torch.nn import functional as F

from rnnscope.errors import InputError
from rnnscope.models import compiled, library, recurrences
from rnnscope.models.cells import CELLS, CELLS_WITH_KERNELS
from rnnscope.models.protocol import Activations
from rnnscope.storage.checksums import computing_device

RMSPROP_EPSILON = 1e-8  # beside the root of the average


def uses_kernels(weights: Tensor, cell: str | None = None) -> bool:
    """Return whether these weights run in the compiled kernels.

    Parameters
    ----------
    weights
        Any tensor of the network: says its device and precision.
    cell
        Key of `CELLS` that they belong to; None for what is no cell (the softmax layer, the loss).
    """
    return (cell is None or CELLS[cell].has_kernel) and library.is_available_for(weights)


def rounding_of(weights: Tensor) -> list[str | bool]:
    """Return what the rounding of a run with these weights depends on: the kind of device, and whether the kernels run."""
    return [computing_device(), uses_kernels(weights)]


def check_precision(precision: str, weights: Tensor, cell: str) -> None:
    """Check that a network can be trained with products of this precision here.

    Parameters
    ----------
    precision
        Of the section `training`.
    weights
        Any tensor of the network: says its device.
    cell
        Name of its cell.

    Raises
    ------
    InputError
        If the precision is bfloat16, which only the compiled kernels have, and only on some processors.
    """
    if precision != "bfloat16":
        return
    if not CELLS[cell].has_kernel:
        reason = f"the cell {cell} has no compiled kernel, unlike {', '.join(CELLS_WITH_KERNELS)}"
    else:
        reason = library.obstacle(weights) or library.obstacle_to_bfloat16()
    if reason:
        raise InputError(f"training.precision: found bfloat16, expected float32 here: {reason}")


def products_in(precision: str) -> AbstractContextManager[None]:
    """Round the factors of the recurrent networks' matrix products to this precision, float32 or bfloat16, in a with block.

    Products and their sums, and everything else, stay in float32. `check_precision` says whether it can be had.
    """
    return library.products_in(precision)


def run_layer(
    cell: str,
    below: Tensor,
    W_input: Tensor,
    W_hidden: Tensor,
    bias: Tensor,
    state: Activations,
    return_gates: bool = True,
) -> Activations:
    """Run one recurrent layer over a segment.

    Parameters
    ----------
    cell
        A key of `CELLS`.
    below
        The layer's input: int64 characters (T, B), or the h of the layer below, (T, B, D).
    W_input, W_hidden, bias
        (G H, D), (G H, H) and (G H,); W_hidden is (0, H) for a cell without hidden input, and the bias of a cell with biases
        of the hidden product has H more for each.
    state
        The states before the first step, (B, H) each.
    return_gates
        Whether the caller needs more than h and the last step of every state, or a gradient.

    Returns
    -------
    activations : dict
        Every activation of every step, (T, B, H), in the order of the equations. Without `return_gates` there may be only
        the states, and of those other than h only the last step.
    """
    facts = CELLS[cell]
    names, states = facts.activation_names, [state[name] for name in facts.states]
    if uses_kernels(W_hidden, cell):
        names = names if return_gates else tuple(name for name in names if name in facts.states)
        values = compiled.run_layer(cell, return_gates, below, W_input, W_hidden, bias, *states)
    else:
        values = recurrences.run_layer(cell, below, W_input, W_hidden, bias, *states)
    return dict(zip(names, values, strict=True))


def affine(x: Tensor, W: Tensor, b: Tensor) -> Tensor:
    """Return W x + b at every step and stream, (T, B, K), from x (T, B, H), W (K, H) and b (K,)."""
    return compiled.Affine.apply(x, W, b) if uses_kernels(x) else F.linear(x, W, b)  # type: ignore[no-untyped-call]


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Return -log p of each target, nats (T, B), from logits (T, B, K) and int64 targets (T, B)."""
    if uses_kernels(logits):
        return compiled.cross_entropy(logits, targets)
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none").view_as(targets)


def rmsprop_step(
    weights: list[Tensor],
    gradients: list[Tensor],
    averages: list[Tensor],
    learning_rate: float,
    alpha: float,
    gradient_clip: float,
) -> None:
    """Take a step of RMSProp (`training.rmsprop` has the equations) in place: weights and averages change.

    Parameters
    ----------
    weights, gradients, averages
        As many tensors of each, those of the same index of the same shape. The gradients may change too.
    learning_rate, alpha, gradient_clip
        As in the equations.
    """
    if not weights:
        return
    if all(uses_kernels(tensor) for tensor in weights):
        for tensors in zip(weights, gradients, averages, strict=True):
            compiled.rmsprop_step(*tensors, learning_rate, alpha, gradient_clip, RMSPROP_EPSILON)
        return
    # On a GPU each of these is one kernel for all tensors.
    torch._foreach_clamp_min_(gradients, -gradient_clip)
    torch._foreach_clamp_max_(gradients, gradient_clip)
    torch._foreach_mul_(averages, alpha)
    torch._foreach_addcmul_(averages, gradients, gradients, value=1 - alpha)
    roots = torch._foreach_sqrt(averages)
    torch._foreach_add_(roots, RMSPROP_EPSILON)
    torch._foreach_addcdiv_(weights, gradients, roots, value=-learning_rate)
