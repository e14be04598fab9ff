from functools import partial

import pytest
import torch
from helpers.plain_network import joined, loss_of, plain_weights, run_stream
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnscope.models.backends import cross_entropy, run_layer
from rnnscope.models.cells import CELLS
from rnnscope.models.network import Network, Shape
from rnnscope.models.recurrences import RECURRENCES

CELL_NAMES = sorted(RECURRENCES)


def draw_network(cell, layers, hidden_width, vocabulary, seed, dtype=torch.float64, scale=8.0):
    """A network with weights large enough that gates leave the middle of their range."""
    network = Network(Shape(cell, layers, hidden_width, vocabulary), generator=torch.Generator().manual_seed(seed)).to(dtype)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(scale)
    return network


# Double precision runs in plain torch, single precision in the compiled recurrences where they are built.
IN_BOTH = pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 5e-6)])
shapes = st.tuples(st.sampled_from(CELL_NAMES), st.integers(1, 3), st.integers(1, 5), st.integers(2, 6))


@IN_BOTH
@settings(max_examples=30)
@given(shapes, st.integers(1, 6), st.integers(1, 3), st.integers(0, 2**31))
def test_forward_agrees_with_the_equations(dtype, tolerance, shape, steps, streams, seed):
    network = draw_network(*shape, seed, dtype)
    characters = torch.randint(shape[3], (steps, streams), generator=torch.Generator().manual_seed(seed))
    logits, activations = network(characters, network.zero_state(streams))
    layers, softmax = plain_weights(network)
    close = partial(torch.testing.assert_close, rtol=0, atol=tolerance, check_dtype=False)
    for stream in range(streams):
        log_probabilities, expected, _ = run_stream(shape[0], layers, softmax, characters[:, stream].tolist())
        close(logits[:, stream].log_softmax(1), log_probabilities)
        for t in range(steps):
            for depth, computed in enumerate(expected[t]):
                assert list(activations[depth]) == list(computed)
                for name, values in computed.items():
                    close(activations[depth][name][t, stream], values)


@IN_BOTH
@settings(max_examples=30)
@given(shapes, st.integers(1, 6), st.integers(1, 3), st.integers(0, 2**31))
def test_gradients_agree_with_autograd_through_the_equations(dtype, tolerance, shape, steps, streams, seed):
    network = draw_network(*shape, seed, dtype)
    generator = torch.Generator().manual_seed(seed)
    characters = torch.randint(shape[3], (steps + 1, streams), generator=generator)
    logits, _ = network(characters[:-1], network.zero_state(streams))
    loss = cross_entropy(logits, characters[1:]).sum() / streams
    loss.backward()
    layers, softmax = plain_weights(network)
    expected, _ = loss_of(shape[0], layers, softmax, characters[:-1].T.tolist(), characters[1:].T.tolist())
    expected.backward()
    close = partial(torch.testing.assert_close, rtol=10 * tolerance, atol=10 * tolerance, check_dtype=False)
    close(loss, expected)
    for layer, plain in zip(network.layers, layers, strict=True):
        close(joined(layer.W_input.grad, layer.W_hidden.grad), plain["W"].grad)
        close(layer.bias.grad, plain["b"].grad)
    close(network.softmax.weight.grad, softmax[0].grad)
    close(network.softmax.bias.grad, softmax[1].grad)


@pytest.mark.parametrize("cell", CELL_NAMES)
def test_gradients_agree_with_finite_differences(cell):
    rows, hidden_width = 3 * len(CELLS[cell].gate_order), 3
    hidden_rows = rows if CELLS[cell].hidden_input else 0
    biases = rows + 3 * len(CELLS[cell].hidden_bias)
    generator = torch.Generator().manual_seed(2)
    draw = lambda *size: torch.randn(*size, generator=generator, dtype=torch.float64)  # noqa: E731
    state = {name: draw(2, hidden_width) for name in CELLS[cell].states}
    below, W_input, W_hidden, bias = (
        draw(*size).requires_grad_() for size in ((4, 2, 5), (rows, 5), (hidden_rows, 3), (biases,))
    )
    assert torch.autograd.gradcheck(lambda *weights: run_layer(cell, *weights, state)["h"], (below, W_input, W_hidden, bias))


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize(("cell", "module"), [("lstm", torch.nn.LSTM), ("rnn", torch.nn.RNN)])
def test_agrees_with_torch_given_the_same_weights(cell, module, layers):
    vocabulary, hidden_width, steps, streams = 7, 5, 11, 4
    network = draw_network(cell, layers, hidden_width, vocabulary, seed=3)
    theirs = module(vocabulary, hidden_width, layers).double()
    # torch stacks the LSTM's gates as i, f, g, o; here they are i, f, o, g as in the paper.
    order = [0, 1, 3, 2] if cell == "lstm" else [0]
    reorder = lambda values: torch.cat([values.chunk(len(order))[gate] for gate in order])  # noqa: E731
    with torch.no_grad():
        for depth, layer in enumerate(network.layers):
            getattr(theirs, f"weight_ih_l{depth}").copy_(reorder(layer.W_input))
            getattr(theirs, f"weight_hh_l{depth}").copy_(reorder(layer.W_hidden))
            getattr(theirs, f"bias_ih_l{depth}").copy_(reorder(layer.bias))
            getattr(theirs, f"bias_hh_l{depth}").zero_()
    characters = torch.randint(vocabulary, (steps, streams), generator=torch.Generator().manual_seed(4))
    _, activations = network(characters, network.zero_state(streams))
    expected, _ = theirs(torch.nn.functional.one_hot(characters, vocabulary).double())
    torch.testing.assert_close(activations[-1]["h"], expected, rtol=0, atol=1e-12)

    direction = torch.randn(expected.shape, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    (activations[-1]["h"] * direction).sum().backward()
    (expected * direction).sum().backward()
    for depth, layer in enumerate(network.layers):
        for ours, name in ((layer.W_input, "weight_ih"), (layer.W_hidden, "weight_hh"), (layer.bias, "bias_ih")):
            torch.testing.assert_close(reorder(ours.grad), getattr(theirs, f"{name}_l{depth}").grad, rtol=1e-9, atol=1e-11)


def test_torch_gru_is_another_model():
    """Its reset gate acts after the recurrent product: the same weights must give other states."""
    network = draw_network("gru", 1, 4, 5, seed=6)
    theirs = torch.nn.GRU(5, 4).double()
    with torch.no_grad():
        theirs.weight_ih_l0.copy_(network.layers[0].W_input)
        theirs.weight_hh_l0.copy_(network.layers[0].W_hidden)
        theirs.bias_ih_l0.copy_(network.layers[0].bias)
        theirs.bias_hh_l0.zero_()
    characters = torch.arange(5).unsqueeze(1)
    _, activations = network(characters, network.zero_state(1))
    states, _ = theirs(torch.nn.functional.one_hot(characters, 5).double())
    assert (activations[0]["h"] - states).abs().max() > 1e-3


@pytest.mark.parametrize("cell", CELL_NAMES)
def test_state_carried_over_segments_equals_one_long_segment(cell):
    network = draw_network(cell, 2, 4, 5, seed=7)
    characters = torch.randint(5, (9, 3), generator=torch.Generator().manual_seed(8))
    whole, _ = network(characters, network.zero_state(3))
    first, activations = network(characters[:4], network.zero_state(3))
    second, _ = network(characters[4:], network.last_state(activations))
    torch.testing.assert_close(torch.cat((first, second)), whole, rtol=0, atol=1e-13)
