"""The n-NN against one-hot codes multiplied out, and its contexts against a loop over the text."""

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from rnnscope.models.feed_forward import (
    FeedForwardNetwork,
    Shape,
    correct_log_probabilities,
    log_distributions,
    minibatches,
    predictions,
    scored_windows,
    train_windows,
)
from rnnscope.training.procedures import PROCEDURES

N, K, H = 3, 5, 4


def draw_network(n=N, vocabulary=K, scale=10.0):
    """An n-NN in float64 whose weights are large enough to tell one character from another."""
    network = FeedForwardNetwork(Shape(n, H, vocabulary), torch.Generator().manual_seed(1)).double()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(scale)
    return network


def one_hot(context, size):
    """The concatenated codes of a context, oldest character first; zeros for a missing one (None)."""
    codes = np.zeros((len(context), size))
    for place, character in enumerate(context):
        if character is not None:
            codes[place, character] = 1.0
    return codes.ravel()


def plain_log_probabilities(network, context):
    """The paper's sentence written out in numpy: tanh of W x + b, softmax of V h + c."""
    n, size, width = network.table.shape
    W = network.table.detach().numpy().reshape(n * size, width).T
    V, c = (values.detach().numpy() for values in (network.softmax.weight, network.softmax.bias))
    h = np.tanh(W @ one_hot(context, size) + network.bias.detach().numpy())
    logits = V @ h + c
    return logits - np.log(np.exp(logits).sum())


def plain_gradients(network, contexts, targets):
    """Gradients of the loss summed over the examples, by the chain rule in numpy."""
    n, size, width = network.table.shape
    W = network.table.detach().numpy().reshape(n * size, width)
    V = network.softmax.weight.detach().numpy()
    dW, db, dV, dc = np.zeros_like(W), np.zeros(width), np.zeros_like(V), np.zeros(size)
    for context, target in zip(contexts, targets, strict=True):
        x = one_hot(context, size)
        h = np.tanh(x @ W + network.bias.detach().numpy())
        error = np.exp(plain_log_probabilities(network, context))
        error[target] -= 1
        slope = (V.T @ error) * (1 - h**2)
        dW += np.outer(x, slope)
        db += slope
        dV += np.outer(error, h)
        dc += error
    return {"table": dW.reshape(n, size, width), "bias": db, "softmax.weight": dV, "softmax.bias": dc}


CONTEXTS = [[0, 1, 2], [4, 4, 4], [2, 0, 3], [None, 1, 0], [None, None, 4], [None, None, None]]
TARGETS = [1, 4, 0, 2, 2, 3]


def ids(contexts):
    return torch.tensor([[K if character is None else character for character in context] for context in contexts])


def test_log_probabilities_are_those_of_one_hot_codes():
    network = draw_network()
    found = network(ids(CONTEXTS)).log_softmax(-1).detach().numpy()
    expected = [plain_log_probabilities(network, context) for context in CONTEXTS]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(np.exp(found).sum(1), 1, rtol=1e-12)


def test_gradients_are_those_of_one_hot_codes():
    network = draw_network()
    torch.nn.functional.cross_entropy(network(ids(CONTEXTS)), torch.tensor(TARGETS), reduction="sum").backward()
    expected = plain_gradients(network, CONTEXTS, TARGETS)
    for name, values in network.named_parameters():
        np.testing.assert_allclose(values.grad.numpy(), expected[name], rtol=0, atol=1e-12, err_msg=name)


def test_gradients_agree_with_finite_differences():
    network = draw_network()
    names = [name for name, _ in network.named_parameters()]

    def loss(*values):
        logits = torch.func.functional_call(network, dict(zip(names, values, strict=True)), (ids(CONTEXTS),))
        return torch.nn.functional.cross_entropy(logits, torch.tensor(TARGETS))

    assert torch.autograd.gradcheck(loss, [values.detach().requires_grad_() for values in network.parameters()])


def test_agrees_with_torch_linear_layers_on_one_hot_codes():
    network, contexts = draw_network(), ids(CONTEXTS[:3]).reshape(3, 1, N)
    hidden = torch.nn.Linear(N * K, H).double()
    with torch.no_grad():
        hidden.weight.copy_(network.table.reshape(N * K, H).T)
        hidden.bias.copy_(network.bias)
    codes = torch.nn.functional.one_hot(contexts, K).double().flatten(2)
    torch.testing.assert_close(network(contexts), network.softmax(torch.tanh(hidden(codes))), rtol=1e-12, atol=1e-12)


def test_parameters_start_uniform_within_the_papers_range():
    network = FeedForwardNetwork(Shape(4, 128, 60), torch.Generator().manual_seed(1))
    for name, values in network.named_parameters():
        assert values.abs().max() <= 0.08, name
        # Of a uniform distribution the standard deviation is 0.16 / sqrt(12); here of 60 values at least: within a quarter.
        assert values.std().item() == pytest.approx(0.16 / 12**0.5, rel=0.25), name
    assert sum(values.numel() for values in network.parameters()) == 4 * 60 * 128 + 128 + 128 * 60 + 60


parts = st.tuples(st.integers(1, 4), st.integers(2, 12)).flatmap(
    lambda shape: st.lists(
        st.lists(st.integers(0, K - 1), min_size=shape[1], max_size=shape[1]), min_size=shape[0], max_size=shape[0]
    )
)


@given(rows=parts, n=st.integers(1, 14))
@example(rows=[[0, 1], [2, 3]], n=7)  # longer than the text
def test_scored_contexts_run_through_all_streams_and_stop_at_the_start(rows, n):
    text = [character for row in rows for character in row[1:]]
    windows = scored_windows(torch.tensor(rows, dtype=torch.uint8), n, K)
    assert windows.shape == (len(rows), len(rows[0]) - 1, n + 1)
    for position, window in enumerate(windows.flatten(0, 1).tolist()):
        before = text[max(0, position - n) : position]
        assert window == [K] * (n - len(before)) + before + [text[position]]


@given(rows=parts, n=st.integers(1, 6), steps=st.integers(1, 5))
def test_training_takes_every_target_with_a_whole_context_in_its_stream_once(rows, n, steps):
    if n >= len(rows[0]):
        return
    windows = train_windows(torch.tensor(rows, dtype=torch.uint8), n)
    found = []
    for contexts, targets in minibatches(windows, steps):
        streams = zip(contexts.tolist(), targets.tolist(), strict=True)
        found.append([list(zip(*stream, strict=True)) for stream in streams])
    for segment in found[:-1]:
        assert {len(stream) for stream in segment} == {steps}
    for number, row in enumerate(rows):
        read = [pair for segment in found for pair in segment[number]]
        assert read == [(row[column - n : column], row[column]) for column in range(n, len(row))]


def test_a_vocabulary_of_all_256_bytes_has_room_for_the_missing_character():
    network = draw_network(n=2, vocabulary=256)
    part = torch.tensor([[9, 255, 0]], dtype=torch.uint8)
    found = correct_log_probabilities(network, part)
    expected = [plain_log_probabilities(network, [None, None])[255], plain_log_probabilities(network, [None, 255])[0]]
    np.testing.assert_allclose(found.numpy(), [expected], rtol=0, atol=1e-12)


@pytest.mark.parametrize("at_once", [1, 8, 10_000])
def test_distributions_and_losses_of_a_part(monkeypatch, at_once):
    """Three streams of 7 targets, in minibatches of 1, 2 and all steps."""
    monkeypatch.setattr("rnnscope.models.feed_forward.CHARACTERS_AT_ONCE", at_once)
    network = draw_network()
    rows = np.random.default_rng(1).integers(0, K, (3, 8)).astype(np.uint8)
    text = rows[:, 1:].ravel().tolist()
    expected = []
    for position in range(len(text)):
        before = text[max(0, position - N) : position]
        expected.append(plain_log_probabilities(network, [None] * (N - len(before)) + before))
    part = torch.from_numpy(rows)
    distributions = list(log_distributions(network, scored_windows(part, N, K), 2))
    assert [values.shape for values in distributions] == [(3, 2, K)] * 3 + [(3, 1, K)]
    np.testing.assert_allclose(torch.cat(distributions, 1).flatten(0, 1), expected, rtol=0, atol=1e-12)
    correct = [expected[position][character] for position, character in enumerate(text)]
    np.testing.assert_allclose(correct_log_probabilities(network, part).flatten(), correct, rtol=0, atol=1e-12)
    assert predictions(network, part)[1].flatten().tolist() == np.argmax(expected, axis=1).tolist()
    assert PROCEDURES["feed-forward"].mean_loss(network, part, 2) == pytest.approx(-np.mean(correct), abs=1e-12)
