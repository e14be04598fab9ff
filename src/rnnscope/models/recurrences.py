"""The recurrences in plain torch, each as one forward and one backward pass over time (paper section 2).

A recurrence takes `projected`, the part of every affine map that does not depend on the previous state
(W_input x + b, for all steps at once), and runs the rest of its equations step by step. The forward pass keeps
every gate and state, because the backward pass needs them; the activation dumps get the same tensors.

Shapes: T steps, B streams, H hidden units, G gates, stacked in the `gate_order` of the cell's facts (`cells.CELLS`). A
forward pass takes (projected, W_hidden, *states), with the biases of the hidden product before the states where the cell has
any, and returns the cell's activations, both in the order of these facts.
W_hidden is (0, H) for a cell without hidden input. Backward passes are truncated: no gradient flows into the initial state.
To add a cell, add its facts to `cells.CELLS`, its class here and its name to `RECURRENCES`.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.nn import functional as F

# Fused d(sigma) and d(tanh), from the gradient of the value and the value itself.
sigmoid_backward = torch.ops.aten.sigmoid_backward
tanh_backward = torch.ops.aten.tanh_backward


class RNN(Function):
    """h_t = tanh(W_hidden h_{t-1} + projected_t)."""

    @staticmethod
    def forward(ctx: Any, projected: Tensor, W_hidden: Tensor, h_0: Tensor) -> Tensor:
        """Return h (T, B, H) from projected (T, B, H), W_hidden (H, H) and h_0 (B, H)."""
        h = torch.empty_like(projected)
        W = W_hidden.t()
        h_previous = h_0
        for projected_t, h_t in zip(projected, h, strict=True):
            torch.addmm(projected_t, h_previous, W, out=h_t).tanh_()
            h_previous = h_t
        ctx.save_for_backward(W_hidden, h_0, h)
        return h

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of projected, W_hidden and (none) h_0 from that of h."""
        W_hidden, h_0, h = ctx.saved_tensors
        (dh,) = gradients
        d_projected = torch.empty_like(h)
        dh_t = dh[-1]
        for t in reversed(range(len(h))):
            tanh_backward(dh_t, h[t], grad_input=d_projected[t])
            if t:
                dh_t = torch.addmm(dh[t - 1], d_projected[t], W_hidden)
        return d_projected, _over_time(d_projected, _previous(h, h_0)), None


class LSTM(Function):
    """i, f, o = sigma(...), g = tanh(...) of W_hidden h_{t-1} + projected_t; c_t = f.c_{t-1} + i.g; h_t = o.tanh(c_t)."""

    @staticmethod
    def forward(ctx: Any, projected: Tensor, W_hidden: Tensor, h_0: Tensor, c_0: Tensor) -> tuple[Tensor, ...]:
        """Return i, f, o, g, c, h, each (T, B, H), from projected (T, B, 4H), W_hidden (4H, H), h_0 and c_0 (B, H)."""
        H = W_hidden.shape[1]
        gates = torch.empty_like(projected)
        c, h, tanh_c = gates.new_empty(3, *projected.shape[:2], H)
        W = W_hidden.t()
        h_t, c_t = h_0, c_0
        for t, (i, f, o, g) in enumerate(_each_step(gates, H)):
            torch.addmm(projected[t], h_t, W, out=gates[t])
            gates[t, :, : 3 * H].sigmoid_()
            g.tanh_()
            c_t = torch.mul(f, c_t, out=c[t]).addcmul_(i, g)
            h_t = torch.mul(o, torch.tanh(c_t, out=tanh_c[t]), out=h[t])
        ctx.save_for_backward(W_hidden, h_0, c_0, gates, c, h, tanh_c)
        i, f, o, g = gates.chunk(4, dim=2)
        ctx.mark_non_differentiable(i, f, o, g, c)
        return i, f, o, g, c, h

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of projected, W_hidden and (none) h_0, c_0 from that of h."""
        W_hidden, h_0, c_0, gates, c, h, tanh_c = ctx.saved_tensors
        dh = gradients[-1]
        H = W_hidden.shape[1]
        d_gates = torch.empty_like(gates)
        values, slopes = _each_step(gates, H), _each_step(d_gates, H)
        dh_t, dc_t = dh[-1], torch.zeros_like(c_0)
        for t in reversed(range(len(h))):
            (i, f, o, g), (d_i, d_f, d_o, d_g) = values[t], slopes[t]
            torch.mul(dh_t, tanh_c[t], out=d_o)
            dc_t.add_(tanh_backward(dh_t * o, tanh_c[t]))
            torch.mul(dc_t, g, out=d_i)
            torch.mul(dc_t, c[t - 1] if t else c_0, out=d_f)
            torch.mul(dc_t, i, out=d_g)
            through_sigmoid = d_gates[t, :, : 3 * H]
            sigmoid_backward(through_sigmoid, gates[t, :, : 3 * H], grad_input=through_sigmoid)
            tanh_backward(d_g, g, grad_input=d_g)
            if t:
                dh_t = torch.addmm(dh[t - 1], d_gates[t], W_hidden)
                dc_t.mul_(f)
        return d_gates, _over_time(d_gates, _previous(h, h_0)), None, None


class GRU(Function):
    """r, z = sigma(W_rz h_{t-1} + ...); h~ = tanh(W_g (r.h_{t-1}) + ...); h_t = (1-z).h_{t-1} + z.h~."""

    @staticmethod
    def forward(ctx: Any, projected: Tensor, W_hidden: Tensor, h_0: Tensor) -> tuple[Tensor, ...]:
        """Return r, z, candidate, h, each (T, B, H), from projected (T, B, 3H), W_hidden (3H, H) and h_0 (B, H)."""
        H = W_hidden.shape[1]
        gates = torch.empty_like(projected)
        h, reset_h = gates.new_empty(2, *projected.shape[:2], H)
        W_rz, W_g = W_hidden[: 2 * H].t(), W_hidden[2 * H :].t()
        h_t = h_0
        for t, (r, z, candidate) in enumerate(_each_step(gates, H)):
            torch.addmm(projected[t, :, : 2 * H], h_t, W_rz, out=gates[t, :, : 2 * H]).sigmoid_()
            torch.mul(r, h_t, out=reset_h[t])
            torch.addmm(projected[t, :, 2 * H :], reset_h[t], W_g, out=candidate).tanh_()
            h_t = torch.lerp(h_t, candidate, z, out=h[t])
        ctx.save_for_backward(W_hidden, h_0, gates, h, reset_h)
        r, z, candidate = gates.chunk(3, dim=2)
        ctx.mark_non_differentiable(r, z, candidate)
        return r, z, candidate, h

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of projected, W_hidden and (none) h_0 from that of h."""
        W_hidden, h_0, gates, h, reset_h = ctx.saved_tensors
        dh = gradients[-1]
        H = W_hidden.shape[1]
        W_rz, W_g = W_hidden[: 2 * H], W_hidden[2 * H :]
        d_gates = torch.empty_like(gates)
        values, slopes = _each_step(gates, H), _each_step(d_gates, H)
        dh_t = dh[-1]
        for t in reversed(range(len(h))):
            (r, z, candidate), (d_r, d_z, d_candidate) = values[t], slopes[t]
            h_previous = h[t - 1] if t else h_0
            torch.mul(dh_t, z, out=d_candidate)
            tanh_backward(d_candidate, candidate, grad_input=d_candidate)
            d_reset_h = d_candidate @ W_g
            torch.mul(d_reset_h, h_previous, out=d_r)
            torch.mul(dh_t, candidate - h_previous, out=d_z)
            through_sigmoid = d_gates[t, :, : 2 * H]
            sigmoid_backward(through_sigmoid, gates[t, :, : 2 * H], grad_input=through_sigmoid)
            if t:
                directly = torch.addcmul(dh_t, dh_t, z, value=-1).addcmul_(d_reset_h, r)
                dh_t = torch.addmm(dh[t - 1], through_sigmoid, W_rz).add_(directly)
        dW_rz = _over_time(d_gates[:, :, : 2 * H], _previous(h, h_0))
        dW_g = _over_time(d_gates[:, :, 2 * H :], reset_h)
        return d_gates, torch.cat((dW_rz, dW_g)), None


class GRUAfter(Function):
    """r, z = sigma(W_rz h_{t-1} + ...); h~ = tanh(r.(W_g h_{t-1} + b_g) + ...); h_t = (1-z).h_{t-1} + z.h~.

    The reset gate acts after the recurrent product, as in torch.nn.GRU (and in Cho et al. 2014, arXiv:1406.1078, version 1).
    """

    @staticmethod
    def forward(ctx: Any, projected: Tensor, W_hidden: Tensor, b_g: Tensor, h_0: Tensor) -> tuple[Tensor, ...]:
        """Return r, z, candidate, h, each (T, B, H), from projected (T, B, 3H), W_hidden (3H, H), b_g (H,) and h_0 (B, H)."""
        H = W_hidden.shape[1]
        gates = torch.empty_like(projected)
        h, product = gates.new_empty(2, *projected.shape[:2], H)
        W_rz, W_g = W_hidden[: 2 * H].t(), W_hidden[2 * H :].t()
        h_t = h_0
        for t, (r, z, candidate) in enumerate(_each_step(gates, H)):
            torch.addmm(projected[t, :, : 2 * H], h_t, W_rz, out=gates[t, :, : 2 * H]).sigmoid_()
            torch.addmm(b_g, h_t, W_g, out=product[t])
            torch.addcmul(projected[t, :, 2 * H :], r, product[t], out=candidate).tanh_()
            h_t = torch.lerp(h_t, candidate, z, out=h[t])
        ctx.save_for_backward(W_hidden, h_0, gates, h, product)
        r, z, candidate = gates.chunk(3, dim=2)
        ctx.mark_non_differentiable(r, z, candidate)
        return r, z, candidate, h

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of projected, W_hidden, b_g and (none) h_0 from that of h."""
        W_hidden, h_0, gates, h, product = ctx.saved_tensors
        dh = gradients[-1]
        H = W_hidden.shape[1]
        d_gates, d_hidden = torch.empty_like(gates), torch.empty_like(gates)  # of W_input x + b, of W_hidden h
        values, slopes = _each_step(gates, H), _each_step(d_gates, H)
        dh_t = dh[-1]
        for t in reversed(range(len(h))):
            (r, z, candidate), (d_r, d_z, d_candidate) = values[t], slopes[t]
            torch.mul(dh_t, z, out=d_candidate)
            tanh_backward(d_candidate, candidate, grad_input=d_candidate)
            torch.mul(d_candidate, product[t], out=d_r)
            torch.mul(dh_t, candidate - (h[t - 1] if t else h_0), out=d_z)
            through_sigmoid = d_gates[t, :, : 2 * H]
            sigmoid_backward(through_sigmoid, gates[t, :, : 2 * H], grad_input=through_sigmoid)
            d_hidden[t, :, : 2 * H] = through_sigmoid
            torch.mul(d_candidate, r, out=d_hidden[t, :, 2 * H :])
            if t:
                directly = torch.addcmul(dh_t, dh_t, z, value=-1)
                dh_t = torch.addmm(dh[t - 1], d_hidden[t], W_hidden).add_(directly)
        d_b_g = d_hidden[:, :, 2 * H :].sum((0, 1))
        return d_gates, _over_time(d_hidden, _previous(h, h_0)), d_b_g, None


class MinGRU(Function):
    """z = sigma(projected_z); h~ = projected_h; h_t = (1-z).h_{t-1} + z.h~ (Feng et al. 2024, arXiv:2410.01201, section 3.1)."""

    @staticmethod
    def forward(ctx: Any, projected: Tensor, W_hidden: Tensor, h_0: Tensor) -> tuple[Tensor, ...]:
        """Return z, candidate, h, each (T, B, H), from projected (T, B, 2H), W_hidden (0, H) and h_0 (B, H)."""
        z, candidate = projected.chunk(2, dim=2)
        z, candidate = z.sigmoid(), candidate.clone()
        h = torch.empty_like(z)
        h_t = h_0
        for t in range(len(h)):
            h_t = torch.lerp(h_t, candidate[t], z[t], out=h[t])
        ctx.save_for_backward(W_hidden, h_0, z, candidate, h)
        ctx.mark_non_differentiable(z, candidate)
        return z, candidate, h

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of projected, W_hidden (none of its rows) and (none) h_0 from that of h."""
        W_hidden, h_0, z, candidate, h = ctx.saved_tensors
        dh = _through_time(gradients[-1], 1 - z)
        d_z = sigmoid_backward(dh * (candidate - _previous(h, h_0)), z)
        return torch.cat((d_z, dh * z), dim=2), torch.zeros_like(W_hidden), None


class MinLSTM(Function):
    """f, i = sigma(projected_fi); f' = f/(f+i), i' = i/(f+i); h_t = f'.h_{t-1} + i'.projected_h (Feng et al. 2024)."""

    @staticmethod
    def forward(ctx: Any, projected: Tensor, W_hidden: Tensor, h_0: Tensor) -> tuple[Tensor, ...]:
        """Return f, i, candidate, h, each (T, B, H), from projected (T, B, 3H), W_hidden (0, H) and h_0 (B, H)."""
        H = h_0.shape[1]
        f, i = projected[:, :, : 2 * H].sigmoid().chunk(2, dim=2)
        candidate = projected[:, :, 2 * H :].clone()
        input_share = i / (f + i)
        h = torch.empty_like(candidate)
        h_t = h_0
        for t in range(len(h)):
            h_t = torch.lerp(h_t, candidate[t], input_share[t], out=h[t])
        ctx.save_for_backward(W_hidden, h_0, f, i, candidate, h)
        ctx.mark_non_differentiable(f, i, candidate)
        return f, i, candidate, h

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of projected, W_hidden (none of its rows) and (none) h_0 from that of h."""
        W_hidden, h_0, f, i, candidate, h = ctx.saved_tensors
        total = f + i
        dh = _through_time(gradients[-1], f / total)
        # d(i')/di = f / (f + i)^2 and d(i')/df = -i / (f + i)^2; f' = 1 - i'.
        d_share = dh * (candidate - _previous(h, h_0)) / total**2
        d_f, d_i = sigmoid_backward(-d_share * i, f), sigmoid_backward(d_share * f, i)
        return torch.cat((d_f, d_i, dh * i / total), dim=2), torch.zeros_like(W_hidden), None


RECURRENCES: dict[str, type[Function]] = {
    "lstm": LSTM,
    "rnn": RNN,
    "gru": GRU,
    "gru-after": GRUAfter,
    "mingru": MinGRU,
    "minlstm": MinLSTM,
}


def run_layer(cell: str, below: Tensor, W_input: Tensor, W_hidden: Tensor, bias: Tensor, *states: Tensor) -> tuple[Tensor, ...]:
    """Run one layer of `cell`; shapes as in `backends.run_layer`. Return all its activations, each (T, B, H)."""
    rows = len(W_input)
    hidden_bias = (bias[rows:],) if len(bias) > rows else ()
    values = RECURRENCES[cell].apply(project(below, W_input, bias[:rows]), W_hidden, *hidden_bias, *states)
    return (values,) if isinstance(values, Tensor) else values


def project(below: Tensor, W_input: Tensor, bias: Tensor) -> Tensor:
    """Return W_input x + b for all steps at once, (T, B, G H)."""
    if below.dim() == 2:
        # W x for a one-hot x is a column of W: look it up instead of multiplying.
        return F.embedding(below, W_input.t() + bias)
    return F.linear(below, W_input, bias)


def _each_step(gates: Tensor, hidden_width: int) -> list[tuple[Tensor, ...]]:
    """For every step, one view (B, H) a gate of the stacked gates (T, B, G H)."""
    return list(zip(*(gate.unbind() for gate in gates.split(hidden_width, dim=2)), strict=True))


def _through_time(dh: Tensor, kept: Tensor) -> Tensor:
    """The whole gradient of each h_t (T, B, H): its own, and what h_{t+1} = kept_{t+1}.h_t + ... passes back to it."""
    total = dh.clone()
    for t in reversed(range(len(total) - 1)):
        total[t].addcmul_(total[t + 1], kept[t + 1])
    return total


def _previous(values: Tensor, first: Tensor) -> Tensor:
    """The values (T, B, H) one step earlier, with `first` (B, H) before them."""
    return torch.cat((first.unsqueeze(0), values[:-1]))


def _over_time(d_output: Tensor, layer_input: Tensor) -> Tensor:
    """The gradient of a weight matrix (G, H) used at every step: one product over all steps and streams."""
    return d_output.flatten(0, 1).t() @ layer_input.flatten(0, 1)
