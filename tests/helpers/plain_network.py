"""The network of paper section 2, one character of one stream at a time, straight from the equations, in float64.

Shares no code with rnnscope. Works on torch tensors so that autograd gives reference gradients, but uses nothing of
torch.nn: every affine map is written out as W [x_below; h_previous] + b.
"""

import torch


def one_hot(character, size):
    vector = torch.zeros(size, dtype=torch.float64)
    vector[character] = 1.0
    return vector


def sigma(values):
    return 1 / (1 + torch.exp(-values))


def rnn_step(weights, x, state):
    (h_previous,) = state
    W, b = weights["W"], weights["b"]
    h = torch.tanh(W @ torch.cat((x, h_previous)) + b)
    return (h,), {"h": h}


def lstm_step(weights, x, state):
    h_previous, c_previous = state
    a = weights["W"] @ torch.cat((x, h_previous)) + weights["b"]
    H = len(h_previous)
    i, f, o, g = sigma(a[:H]), sigma(a[H : 2 * H]), sigma(a[2 * H : 3 * H]), torch.tanh(a[3 * H :])
    c = f * c_previous + i * g
    h = o * torch.tanh(c)
    return (h, c), {"i": i, "f": f, "o": o, "g": g, "c": c, "h": h}


def gru_step(weights, x, state):
    (h_previous,) = state
    H, D = len(h_previous), len(x)
    W, b = weights["W"], weights["b"]
    joined = torch.cat((x, h_previous))
    r, z = sigma(W[:H] @ joined + b[:H]), sigma(W[H : 2 * H] @ joined + b[H : 2 * H])
    W_x, W_g = W[2 * H :, :D], W[2 * H :, D:]
    candidate = torch.tanh(W_x @ x + W_g @ (r * h_previous) + b[2 * H :])
    h = (1 - z) * h_previous + z * candidate
    return (h,), {"r": r, "z": z, "candidate": candidate, "h": h}


def gru_after_step(weights, x, state):
    (h_previous,) = state
    H, D = len(h_previous), len(x)
    W, b = weights["W"], weights["b"]
    joined = torch.cat((x, h_previous))
    r, z = sigma(W[:H] @ joined + b[:H]), sigma(W[H : 2 * H] @ joined + b[H : 2 * H])
    W_x, W_g, b_x, b_g = W[2 * H :, :D], W[2 * H :, D:], b[2 * H : 3 * H], b[3 * H :]
    candidate = torch.tanh(W_x @ x + b_x + r * (W_g @ h_previous + b_g))
    h = (1 - z) * h_previous + z * candidate
    return (h,), {"r": r, "z": z, "candidate": candidate, "h": h}


def mingru_step(weights, x, state):
    (h_previous,) = state
    a = weights["W"] @ x + weights["b"]
    H = len(h_previous)
    z, candidate = sigma(a[:H]), a[H:]
    h = (1 - z) * h_previous + z * candidate
    return (h,), {"z": z, "candidate": candidate, "h": h}


def minlstm_step(weights, x, state):
    (h_previous,) = state
    a = weights["W"] @ x + weights["b"]
    H = len(h_previous)
    f, i, candidate = sigma(a[:H]), sigma(a[H : 2 * H]), a[2 * H :]
    h = f / (f + i) * h_previous + i / (f + i) * candidate
    return (h,), {"f": f, "i": i, "candidate": candidate, "h": h}


# Of every cell its equations, how many biases of H units they have, and how many states.
STEPS = {
    "rnn": (rnn_step, 1, 1),
    "lstm": (lstm_step, 4, 2),
    "gru": (gru_step, 3, 1),
    "gru-after": (gru_after_step, 4, 1),
    "mingru": (mingru_step, 2, 1),
    "minlstm": (minlstm_step, 3, 1),
}


def joined(W_input, W_hidden):
    """The matrix of W [x_below; h_previous] from its two halves; a cell without hidden input has only the first."""
    return torch.cat((W_input, W_hidden), dim=1) if len(W_hidden) else W_input


def plain_weights(network):
    """The weights of an rnnscope network as float64 leaves that require gradients: one (W, b) a layer, and the softmax's."""
    layers = []
    for layer in network.layers:
        W = joined(layer.W_input, layer.W_hidden).detach().double().clone().requires_grad_()
        layers.append({"W": W, "b": layer.bias.detach().double().clone().requires_grad_()})
    softmax = [values.detach().double().clone().requires_grad_() for values in (network.softmax.weight, network.softmax.bias)]
    return layers, softmax


def zero_state(cell, layers):
    _, biases, states = STEPS[cell]
    return [tuple(torch.zeros(len(layer["b"]) // biases).double() for _ in range(states)) for layer in layers]


def run_stream(cell, layers, softmax, characters, state=None, masks=None):
    """Read one stream; returns the log-probabilities (steps, K), the activations [step][layer][name] and the last state.

    `masks[connection][step]`, where given, multiplies the input of layer 2, 3, ... and of the softmax.
    """
    step, _, _ = STEPS[cell]
    state = list(state or zero_state(cell, layers))
    log_probabilities, activations = [], []
    for t, character in enumerate(characters):
        below, here = one_hot(character, len(softmax[1])), []
        for depth, layer in enumerate(layers):
            if depth and masks is not None:
                below = below * masks[depth - 1][t]
            state[depth], computed = step(layer, below, state[depth])
            below = computed["h"]
            here.append(computed)
        if masks is not None:
            below = below * masks[-1][t]
        logits = softmax[0] @ below + softmax[1]
        log_probabilities.append(logits - torch.log(torch.exp(logits).sum()))
        activations.append(here)
    return torch.stack(log_probabilities), activations, state


def loss_of(cell, layers, softmax, inputs, targets, states=None, masks=None):
    """Cross-entropy summed over steps and averaged over streams; inputs and targets (streams, steps); and the last states."""
    total, last = 0.0, []
    for stream, (characters, correct) in enumerate(zip(inputs, targets, strict=True)):
        stream_masks = None if masks is None else [mask[:, stream] for mask in masks]
        state = None if states is None else states[stream]
        log_probabilities, _, state = run_stream(cell, layers, softmax, characters, state, stream_masks)
        total = total - sum(log_probabilities[t, target] for t, target in enumerate(correct))
        last.append([tuple(values.detach() for values in layer) for layer in state])
    return total / len(inputs), last
