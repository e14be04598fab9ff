"""The layers of recurrences.py by `compiled.cpp`: what CPU cores run in single precision.

Where plain torch makes several calls a step, this is one call for a segment, and its matrix products are faster. `library`
says whether it can run here; `backends` chooses between this and plain torch.

Shapes as in recurrences.py; `below` is a layer's input, int64 characters (T, B) or the h of the layer below, (T, B, D).
"""

from typing import Any, cast

import torch
from torch import Tensor
from torch.autograd import Function
from torch.nn import functional as F

from rnnscope.models.library import call

REGISTER = 16  # floats at most; compiled.cpp takes hidden widths that are multiples of this, and at least this many logits


class RNN(Function):
    """As recurrences.RNN."""

    @staticmethod
    def forward(
        ctx: Any, return_gates: bool, below: Tensor, W_input: Tensor, W_hidden: Tensor, bias: Tensor, h_0: Tensor
    ) -> Tensor:
        """Return h (T, B, H)."""
        T, B, H = *below.shape[:2], W_hidden.shape[1]
        h = _states(h_0, T)
        call("rnn_forward", T, B, H, *_input(below, W_input, bias), W_hidden, h)
        ctx.save_for_backward(below, W_input, W_hidden, h)
        return h[1:]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of below, W_input, W_hidden and bias from that of h."""
        below, W_input, W_hidden, h = ctx.saved_tensors
        d_a = torch.empty_like(h[1:])
        call("rnn_backward", *d_a.shape, W_hidden, h, gradients[-1].contiguous(), d_a)
        d_below, dW_input, d_bias = _input_gradients(below, W_input, d_a)
        return None, d_below, dW_input, _over_time(d_a, h[:-1]), d_bias, None


class LSTM(Function):
    """As recurrences.LSTM."""

    @staticmethod
    def forward(
        ctx: Any,
        return_gates: bool,
        below: Tensor,
        W_input: Tensor,
        W_hidden: Tensor,
        bias: Tensor,
        h_0: Tensor,
        c_0: Tensor,
    ) -> tuple[Tensor, ...]:
        """Return i, f, o, g, c, h, each (T, B, H); without `return_gates` the last c (1, B, H) and h."""
        T, B, H = *below.shape[:2], W_hidden.shape[1]
        kept = T if return_gates else 1
        gates = W_hidden.new_empty(kept, B, 4 * H)
        h, c = _states(h_0, T), _states(c_0, T if return_gates else 0)
        call("lstm_forward", T, B, H, *_input(below, W_input, bias), W_hidden, return_gates, gates, c, h)
        if not return_gates:
            return c, h[1:]
        ctx.save_for_backward(below, W_input, W_hidden, gates, c, h)
        i, f, o, g = gates.chunk(4, dim=2)
        ctx.mark_non_differentiable(i, f, o, g, c_t := c[1:])
        ctx.set_materialize_grads(False)
        return i, f, o, g, c_t, h[1:]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of below, W_input, W_hidden and bias from that of h."""
        below, W_input, W_hidden, gates, c, h = ctx.saved_tensors
        d_gates = torch.empty_like(gates)
        call("lstm_backward", *h[1:].shape, W_hidden, gates, c, gradients[-1].contiguous(), d_gates)
        d_below, dW_input, d_bias = _input_gradients(below, W_input, d_gates)
        return None, d_below, dW_input, _over_time(d_gates, h[:-1]), d_bias, None, None


class GRU(Function):
    """As recurrences.GRU."""

    @staticmethod
    def forward(
        ctx: Any, return_gates: bool, below: Tensor, W_input: Tensor, W_hidden: Tensor, bias: Tensor, h_0: Tensor
    ) -> Tensor | tuple[Tensor, ...]:
        """Return r, z, candidate, h, each (T, B, H); without `return_gates` only h."""
        T, B, H = *below.shape[:2], W_hidden.shape[1]
        kept = T if return_gates else 1
        gates, reset_h, h = W_hidden.new_empty(kept, B, 3 * H), W_hidden.new_empty(kept, B, H), _states(h_0, T)
        call("gru_forward", T, B, H, *_input(below, W_input, bias), W_hidden, return_gates, gates, reset_h, h)
        if not return_gates:
            return h[1:]
        ctx.save_for_backward(below, W_input, W_hidden, gates, reset_h, h)
        r, z, candidate = gates.chunk(3, dim=2)
        ctx.mark_non_differentiable(r, z, candidate)
        ctx.set_materialize_grads(False)
        return r, z, candidate, h[1:]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of below, W_input, W_hidden and bias from that of h."""
        below, W_input, W_hidden, gates, reset_h, h = ctx.saved_tensors
        H = W_hidden.shape[1]
        d_gates = torch.empty_like(gates)
        call("gru_backward", *reset_h.shape, W_hidden, gates, h, gradients[-1].contiguous(), d_gates)
        d_below, dW_input, d_bias = _input_gradients(below, W_input, d_gates)
        dW_rz, dW_g = _over_time(d_gates[:, :, : 2 * H], h[:-1]), _over_time(d_gates[:, :, 2 * H :], reset_h)
        return None, d_below, dW_input, torch.cat((dW_rz, dW_g)), d_bias, None


# Of the cells whose facts have `has_kernel`; the others run the plain equations.
KERNELS: dict[str, type[Function]] = {"lstm": LSTM, "rnn": RNN, "gru": GRU}


def run_layer(
    cell: str, return_gates: bool, below: Tensor, W_input: Tensor, W_hidden: Tensor, bias: Tensor, *states: Tensor
) -> tuple[Tensor, ...]:
    """Run one layer of a cell of `KERNELS`; return what its forward pass does, each tensor with H units.

    A width that does not fill the processor's registers is padded with units whose weights are zero; they are removed from
    what is returned, and from the gradients.
    """
    H = W_hidden.shape[1]
    G, missing = len(W_hidden) // H, -H % REGISTER
    if missing:
        W_input = F.pad(W_input.unflatten(0, (G, H)), (0, 0, 0, missing)).flatten(0, 1)
        W_hidden = F.pad(W_hidden.unflatten(0, (G, H)), (0, missing, 0, missing)).flatten(0, 1)
        bias = F.pad(bias.unflatten(0, (G, H)), (0, missing)).flatten()
        states = tuple(F.pad(state, (0, missing)) for state in states)
    # The compiled functions take the address of the first element, and rows without gaps.
    inputs = [tensor.contiguous() for tensor in (below, W_input, W_hidden, bias)]
    values = KERNELS[cell].apply(return_gates, *inputs, *states)
    values = (values,) if isinstance(values, Tensor) else values
    return tuple(value[:, :, :H] for value in values) if missing else values


class Affine(Function):
    """W x + b at every step and stream."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, W: Tensor, b: Tensor) -> Tensor:
        """Return (T, B, K) from x (T, B, H), W (K, H) and b (K,)."""
        ctx.save_for_backward(x, W)
        return multiply(x.flatten(0, 1), W.t(), b).view(*x.shape[:2], -1)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, ...]:
        """Return the gradients of x, W and b."""
        x, W = ctx.saved_tensors
        (d_output,) = gradients
        d_output = d_output.flatten(0, 1)
        return multiply(d_output, W).view_as(x), multiply(d_output.t(), x.flatten(0, 1)), d_output.sum(0)


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Return -log p of each target, nats (T, B), from logits (T, B, K) and int64 targets (T, B)."""
    _check_ids(targets, logits.shape[2])
    missing = max(0, REGISTER - logits.shape[2])
    if missing:
        logits = F.pad(logits, (0, missing), value=-torch.inf)
    return cast(Tensor, CrossEntropy.apply(logits, targets))  # type: ignore[no-untyped-call]


class CrossEntropy(Function):
    """-log of the softmax's probability of each target."""

    @staticmethod
    def forward(ctx: Any, logits: Tensor, targets: Tensor) -> Tensor:
        """Return nats, of the shape of the int64 targets, from logits with one dimension more, K."""
        logits, targets = logits.contiguous(), targets.contiguous()
        losses = torch.empty_like(targets, dtype=logits.dtype)
        gradient = torch.empty_like(logits) if ctx.needs_input_grad[0] else None
        call("cross_entropy", targets.numel(), logits.shape[-1], logits, targets, losses, gradient)
        ctx.save_for_backward(gradient)
        return losses

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradient of the logits."""
        (gradient,) = ctx.saved_tensors
        return gradient * gradients[0].unsqueeze(-1), None


def multiply(left: Tensor, right: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return the product (M, N) of two matrices, (M, depth) and (depth, N), of any strides; plus a bias (N,)."""
    product = left.new_empty(left.shape[0], right.shape[1])
    call("product", *left.shape, right.shape[1], left, *left.stride(), right, *right.stride(), bias, product)
    return product


def rmsprop_step(
    weights: Tensor,
    gradient: Tensor,
    average: Tensor,
    learning_rate: float,
    alpha: float,
    gradient_clip: float,
    epsilon: float,
) -> None:
    """Take a step of RMSProp as `backends.rmsprop_step` does, for one tensor of weights.

    The square root is torch's, which with MKL is not always the nearest float: with another the results would differ from
    those of plain torch.
    """
    gradient = gradient.contiguous()
    count = weights.numel()
    call("rmsprop_averages", count, gradient_clip, alpha, 1 - alpha, gradient, average)
    call("rmsprop_weights", count, gradient_clip, -learning_rate, epsilon, gradient, average.sqrt(), weights)


def _check_ids(characters: Tensor, vocabulary: int) -> None:
    """Raise IndexError for ids outside the vocabulary: the compiled functions would read and write outside their arrays."""
    lowest, highest = characters.aminmax()
    if lowest < 0 or highest >= vocabulary:
        raise IndexError(f"characters: found ids from {lowest} to {highest}, expected 0 to {vocabulary - 1}")


def _states(first: Tensor, steps: int) -> Tensor:
    """Allocate the states before each of some steps and after the last, (T + 1, B, H), with `first` (B, H) in place."""
    states = first.new_empty(steps + 1, *first.shape)
    states[0] = first
    return states


def _input(below: Tensor, W_input: Tensor, bias: Tensor) -> tuple[Tensor | int | None, ...]:
    """What the compiled forward passes take for the part W_input x + b: D, characters, x, weights and bias."""
    if below.dim() == 2:
        _check_ids(below, W_input.shape[1])
        # W x for a one-hot x is a column of W, so that W x + b is a row of this table.
        return 0, below, None, W_input.t().contiguous() + bias, None
    return W_input.shape[1], None, below, W_input, bias


def _input_gradients(below: Tensor, W_input: Tensor, d_output: Tensor) -> tuple[Tensor | None, Tensor, Tensor]:
    """The gradients of x (none for characters), W_input and b from that of W_input x + b, (T, B, G H)."""
    d_output = d_output.flatten(0, 1)
    if below.dim() == 2:
        sums = d_output.new_zeros(W_input.shape[1], W_input.shape[0])
        call("add_rows", *d_output.shape, below, d_output, sums)
        return None, sums.t(), sums.sum(0)
    return multiply(d_output, W_input).view_as(below), multiply(d_output.t(), below.flatten(0, 1)), d_output.sum(0)


def _over_time(d_output: Tensor, layer_input: Tensor) -> Tensor:
    """The gradient of a weight matrix (G, H) used at every step: one product over all steps and streams."""
    return multiply(d_output.flatten(0, 1).t(), layer_input.flatten(0, 1))
