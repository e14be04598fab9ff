"""Dynamic evaluation against its updates written out, and what a prediction must not depend on."""

import numpy as np
import pytest
import torch
from helpers.plain_network import STEPS, loss_of, plain_weights, run_stream, zero_state
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnscope.models.network import Network, Shape
from rnnscope.settings.predictions import LARGEST_THETA
from rnnscope.settings.predictions import RATE as RATE_BOUNDS
from rnnscope.training.cross_entropy import correct_log_probabilities, predictions
from rnnscope.training.dynamic_evaluation import EPSILON, PlainDescent, ScaledDescent, dynamic_predictions, gradient_roots
from rnnscope.training.neural_cache import cache_log_probabilities
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


def plain_dynamic_evaluation(network, part, steps, update, gradients_of_segments=None):
    """The log-probabilities (streams, steps) of some streams that change the same weights, in float64, by autograd.

    `update` takes a weight, its gradient and its index among all. Gradients are added to a list where there is one.
    """
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
        if gradients_of_segments is not None:
            gradients_of_segments.append(gradients)
        with torch.no_grad():
            for index, (values, gradient) in enumerate(zip(parameters, gradients, strict=True)):
                values.copy_(update(values, gradient, index))
    return np.array(found)


def groups_of(part, streams):
    return [part[first : first + streams] for first in range(0, len(part), streams)]


def plain_roots(network, part, steps, streams):
    """The root mean square of each gradient over all segments, in the order of `plain_weights`: float64 tensors."""
    segments = []
    for group in groups_of(part, streams):
        plain_dynamic_evaluation(network, group, steps, lambda values, gradient, index: values, segments)
    return [(sum(gradient**2 for gradient in of_weight) / len(segments)) ** 0.5 for of_weight in zip(*segments, strict=True)]


def in_order_of(network, plain):
    """Tensors like those of `plain_weights` as tensors like the network's parameters."""
    found, remaining = [], list(plain)
    for layer in network.layers:
        W, b = remaining[:2]
        remaining = remaining[2:]
        width = layer.W_input.shape[1]
        found += [W[:, :width], W[: len(layer.W_hidden), width:], b]
    return [*found, *remaining]


@pytest.mark.parametrize("cell", sorted(STEPS))
@pytest.mark.parametrize("streams", [1, 3, 4])
def test_against_gradient_descent_written_out(part, cell, streams):
    """Four streams: by themselves, three and one, and all together; segments of 7, the last one short."""
    network = drawn(cell).double()
    found = dynamic_predictions(network, to_device(part, CPU), 7, PlainDescent(RATE), streams)[0].numpy().T

    def descend(values, gradient, _):
        return values - RATE * gradient

    expected = np.concatenate([plain_dynamic_evaluation(network, group, 7, descend) for group in groups_of(part, streams)])
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("cell", sorted(STEPS))
@pytest.mark.parametrize(("streams", "decay"), [(1, 0.3), (3, 0.0), (4, 1.0)])
def test_scaled_steps_with_decay_against_the_update_written_out(part, cell, streams, decay):
    """Gradients of one text scale the steps on another, as those of the train part do on the test part."""
    network, train = drawn(cell).double(), (part[:, ::-1] + 1) % 5
    roots = gradient_roots(network, to_device(train, CPU), 7, streams)
    expected_roots = plain_roots(network, train, 7, streams)
    for found, expected in zip(roots, in_order_of(network, expected_roots), strict=True):
        np.testing.assert_allclose(found.numpy().ravel(), expected.numpy().ravel(), rtol=1e-9, atol=1e-12)
    mean = torch.cat([root.flatten() for root in expected_roots]).mean().item()
    layers, softmax = plain_weights(network)
    trained = [values.detach().clone() for values in [*(value for layer in layers for value in layer.values()), *softmax]]

    def update(values, gradient, index):
        root = expected_roots[index]
        back = torch.minimum(decay * root / mean, torch.ones_like(root)) * (trained[index] - values)
        return values + back - 0.01 * gradient / (root + EPSILON * mean)

    scaled = ScaledDescent([weight.detach() for weight in network.parameters()], roots, 0.01, decay)
    found = dynamic_predictions(network, to_device(part, CPU), 7, scaled, streams)[0].numpy().T
    expected = np.concatenate([plain_dynamic_evaluation(network, group, 7, update) for group in groups_of(part, streams)])
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)
    static = correct_log_probabilities(network, to_device(part, CPU), 7).numpy().T
    assert np.abs(found - static).max() > 0.01, "it learns"


@pytest.mark.parametrize("cell", sorted(STEPS))
def test_a_rate_of_zero_is_plain_evaluation_to_the_bit(part, cell):
    network, characters = drawn(cell, dropout=0.5), to_device(part, CPU)
    expected = predictions(network, characters, 7)
    roots = gradient_roots(network, characters, 7, 2)
    for update in (PlainDescent(0.0), ScaledDescent([weight.detach() for weight in network.parameters()], roots, 0.0, 0.7)):
        found = dynamic_predictions(network, characters, 7, update, part.shape[0])
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
    update = PlainDescent(RATE)
    before, after = (dynamic_predictions(network, to_device(text, CPU), 7, update, streams)[0].T for text in (part, changed))
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
    learning, _ = dynamic_predictions(network, characters, 7, PlainDescent(RATE), 1)
    assert learning[150:].mean() > static[150:].mean() + 0.5, "a text that repeats is soon known"
    assert all(torch.equal(values, weights[name]) for name, values in network.state_dict().items())
    assert torch.equal(dynamic_predictions(network, characters, 7, PlainDescent(RATE), 1)[0], learning)


@pytest.mark.parametrize("cell", ["lstm", "rnn", "gru"])
def test_the_largest_allowed_numbers_give_numbers(cell):
    """Of what every candidate is chosen by: a rate that spoils a network is no fault, a loss that is no number is one."""
    network = drawn(cell)
    characters = to_device(np.random.default_rng(3).integers(0, network.vocabulary_size, (3, 400), dtype=np.uint8), CPU)
    weights = [weight.detach().clone() for weight in network.parameters()]
    update = ScaledDescent(weights, gradient_roots(network, characters[:41], 20, 3), RATE_BOUNDS["maximum"], 0.0)
    found, _ = dynamic_predictions(network, characters, 20, update, 3)
    assert found.isfinite().all()
    assert not cache_log_probabilities(network, characters, 50, [float(LARGEST_THETA)]).isnan().any()
