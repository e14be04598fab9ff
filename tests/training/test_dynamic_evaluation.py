"""Dynamic evaluation against gradient descent written out, and what a prediction must not depend on."""

import numpy as np
import pytest
import torch
from helpers.plain_network import STEPS, loss_of, plain_weights, run_stream, zero_state
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnscope.models.network import Network, Shape
from rnnscope.training.cross_entropy import correct_log_probabilities, predictions
from rnnscope.training.dynamic_evaluation import dynamic_predictions
from rnnscope.training.segments import to_device

CPU = torch.device("cpu")
RATE = 0.5


def drawn(cell="lstm", dropout=0.0):
    """A network with weights large enough for predictions that differ."""
    network = Network(Shape(cell, 2, 4, 5), dropout)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.uniform_(-1, 1, generator=generator)
    return network


def plain_dynamic_evaluation(network, part, steps, learning_rate):
    """The log-probabilities (streams, steps) of some streams that change the same weights, in float64, by autograd."""
    cell = network.shape.cell
    layers, softmax = plain_weights(network)
    parameters = [values for layer in layers for values in layer.values()] + softmax
    states = [zero_state(cell, layers) for _ in part]
    found = [[] for _ in part]
    for start in range(0, part.shape[1] - 1, steps):
        stop = min(start + steps, part.shape[1] - 1)
        inputs, targets = part[:, start:stop].tolist(), part[:, start + 1 : stop + 1].tolist()
        for stream, (characters, correct) in enumerate(zip(inputs, targets, strict=True)):
            log_probabilities, _, _ = run_stream(cell, layers, softmax, characters, states[stream])
            found[stream] += [log_probabilities[t, target].item() for t, target in enumerate(correct)]
        loss, states = loss_of(cell, layers, softmax, inputs, targets, states)
        gradients = torch.autograd.grad(loss / (stop - start), parameters)
        with torch.no_grad():
            for values, gradient in zip(parameters, gradients, strict=True):
                values -= learning_rate * gradient
    return np.array(found)


@pytest.mark.parametrize("cell", sorted(STEPS))
@pytest.mark.parametrize("streams", [1, 3, 4])
def test_against_gradient_descent_written_out(part, cell, streams):
    """Four streams: by themselves, three and one, and all together; segments of 7, the last one short."""
    network = drawn(cell).double()
    found = dynamic_predictions(network, to_device(part, CPU), 7, RATE, streams)[0].numpy().T
    groups = [part[first : first + streams] for first in range(0, len(part), streams)]
    expected = np.concatenate([plain_dynamic_evaluation(network, group, 7, RATE) for group in groups])
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("cell", sorted(STEPS))
def test_a_rate_of_zero_is_plain_evaluation_to_the_bit(part, cell):
    network, characters = drawn(cell, dropout=0.5), to_device(part, CPU)
    found = dynamic_predictions(network, characters, 7, 0.0, part.shape[0])
    expected = predictions(network, characters, 7)
    assert all(torch.equal(ours, plain) for ours, plain in zip(found, expected, strict=True))


@settings(max_examples=20)
@given(step=st.integers(1, 30), stream=st.integers(0, 3), character=st.integers(0, 4), streams=st.sampled_from([1, 2, 4]))
def test_no_prediction_depends_on_what_is_read_later(step, stream, character, streams):
    """A changed character changes no probability before it: in its stream not before its own, in others only of its group and
    of later segments."""
    part = (np.cumsum(np.random.default_rng(1).integers(1, 3, size=(4, 31)), axis=1) % 5).astype(np.uint8)
    changed = part.copy()
    changed[stream, step] = character
    network = drawn()
    before, after = (dynamic_predictions(network, to_device(text, CPU), 7, RATE, streams)[0].T for text in (part, changed))
    segment = (step - 1) // 7  # of the prediction whose target it is
    assert torch.equal(before[:, : segment * 7], after[:, : segment * 7])
    assert torch.equal(before[stream, : step - 1], after[stream, : step - 1])
    for other in range(4):
        same_group = other // streams == stream // streams
        reached = (segment + 1) * 7 if same_group else 30
        if other != stream:
            assert torch.equal(before[other, :reached], after[other, :reached])


def test_it_learns_and_leaves_the_network_as_it_was():
    network, characters = drawn(), to_device(np.tile(np.array([[1, 3, 3]], np.uint8), (1, 100)), CPU)
    weights = {name: values.clone() for name, values in network.state_dict().items()}
    static = correct_log_probabilities(network, characters, 7)
    learning, _ = dynamic_predictions(network, characters, 7, RATE, 1)
    assert learning[150:].mean() > static[150:].mean() + 0.5, "a text that repeats is soon known"
    assert all(torch.equal(values, weights[name]) for name, values in network.state_dict().items())
    assert torch.equal(dynamic_predictions(network, characters, 7, RATE, 1)[0], learning)
