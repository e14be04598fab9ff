import csv
import json

import numpy as np
import pytest
import torch
from helpers.plain_network import plain_weights, run_stream
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy

from rnnscope.analyses.comparisons import dynamics
from rnnscope.analyses.comparisons.dynamics import compare, inner_minimum, symmetric_divergence
from rnnscope.models.checkpoint import Description, save_checkpoint
from rnnscope.models.feed_forward import FeedForwardNetwork
from rnnscope.models.feed_forward import Shape as FeedForwardShape
from rnnscope.models.network import Network, Shape

K = 5
VOCABULARY = [10, 97, 98, 99, 100]
TEST = np.random.default_rng(2).integers(0, K, (3, 18)).astype(np.uint8)


def drawn(network, seed):
    """The network with weights large enough for predictions that differ."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.uniform_(-1.5, 1.5, generator=generator)
    return network.double().eval()


def snapshot_networks():
    return [drawn(Network(Shape(cell, layers, 4, K)), seed) for seed, (cell, layers) in enumerate([("lstm", 2), ("gru", 1)])]


def nnns():
    return [drawn(FeedForwardNetwork(FeedForwardShape(n, 4, K)), 10 + n) for n in (1, 3)]


def recurrent_probabilities(network):
    """Every distribution over the test characters, (characters, K), one stream after another from a zero state."""
    layers, softmax = plain_weights(network)
    streams = [run_stream(network.shape.cell, layers, softmax, row[:-1].tolist())[0] for row in TEST]
    return torch.cat(streams).exp().detach().numpy()


def nnn_probabilities(network):
    """The same of an n-NN, whose context is what precedes a target in the one text of all targets."""
    text, n = TEST[:, 1:].ravel().tolist(), network.shape.n
    found = []
    for position in range(len(text)):
        hidden = network.bias.detach().numpy().copy()
        for back in range(1, min(n, position) + 1):
            hidden += network.table[n - back, text[position - back]].detach().numpy()
        logits = network.softmax.weight.detach().numpy() @ np.tanh(hidden) + network.softmax.bias.detach().numpy()
        found.append(np.exp(logits) / np.exp(logits).sum())
    return np.array(found)


@pytest.mark.parametrize("sequence_length", [1, 7, 17, 100])
def test_streamed_comparison_equals_that_of_whole_matrices(sequence_length):
    networks, others = snapshot_networks(), nnns()
    divergences, losses, nnn_losses = compare(networks, others, torch.from_numpy(TEST.T.copy()), sequence_length)
    p, q = [recurrent_probabilities(network) for network in networks], [nnn_probabilities(network) for network in others]
    targets = TEST[:, 1:].ravel()
    places = np.arange(len(targets))
    assert divergences.shape == (2, 2)
    for row in range(2):
        assert losses[row] == pytest.approx(-np.log(p[row][places, targets]).mean(), abs=1e-10)
        assert nnn_losses[row] == pytest.approx(-np.log(q[row][places, targets]).mean(), abs=1e-10)
        for column in range(2):
            both_ways = entropy(p[row], q[column], axis=1) + entropy(q[column], p[row], axis=1)
            assert divergences[row, column] == pytest.approx(both_ways.mean(), abs=1e-10)


distributions = st.lists(st.lists(st.floats(0.01, 1), min_size=4, max_size=4), min_size=3, max_size=3).map(
    lambda rows: np.array(rows) / np.sum(rows, axis=1, keepdims=True)
)


@given(p=distributions, q=distributions)
def test_divergence_is_the_sum_of_both_directions(p, q):
    found = symmetric_divergence(torch.from_numpy(np.log(p)), torch.from_numpy(np.log(q))).item()
    expected = (p * np.log(p / q)).sum() + (q * np.log(q / p)).sum()
    assert found == pytest.approx(expected, abs=1e-12)
    assert symmetric_divergence(torch.from_numpy(np.log(p)), torch.from_numpy(np.log(p))).item() == 0


@pytest.fixture
def words(tmp_path):
    """The words of the stage, with split, two snapshots and two n-NNs written, in float32 as they always are."""
    np.save(tmp_path / "test.npy", TEST)
    (tmp_path / "vocabulary.json").write_text(json.dumps({"bytes": VOCABULARY}))
    (tmp_path / "split.json").write_text(json.dumps({"sequence_length": 7}))
    for number, network in enumerate(snapshot_networks(), start=1):
        description = Description("lstm-2-3", network.shape, 0.0, 0, VOCABULARY)
        save_checkpoint(tmp_path / f"snapshot-{number}.safetensors", network.float().state_dict(), description)
    (tmp_path / "snapshots.csv").write_text("snapshot,characters,epoch\n1,600,0.5\n2,1200,1.0\n")
    checkpoints = []
    for network in nnns():
        path = tmp_path / f"nnn-{network.shape.n}.safetensors"
        description = Description(f"nnn-{network.shape.n}", network.shape, 0.0, 1, VOCABULARY, FeedForwardNetwork.kind)
        save_checkpoint(path, network.float().state_dict(), description)
        checkpoints.append(path)
    words = ["--split", tmp_path, "--snapshots", tmp_path, "--nnns", *checkpoints]
    yield [*words, "--device", "cpu", "--out", tmp_path / "dynamics.csv"]
    torch.set_flush_denormal(False)  # which the stage turns on for its whole process


def test_a_row_a_snapshot_and_horizon(call, tmp_path, words):
    assert call(dynamics, *words) is None
    with (tmp_path / "dynamics.csv").open() as file:
        rows = list(csv.DictReader(file))
    keys = ("model", "snapshot", "characters", "epoch", "n")
    assert [tuple(row[key] for key in keys) for row in rows] == [
        ("lstm-2-3", "1", "600", "0.5", "1"),
        ("lstm-2-3", "1", "600", "0.5", "3"),
        ("lstm-2-3", "2", "1200", "1.0", "1"),
        ("lstm-2-3", "2", "1200", "1.0", "3"),
    ]
    targets = TEST[:, 1:].ravel()
    pairs = [(p, q) for p in map(recurrent_probabilities, snapshot_networks()) for q in map(nnn_probabilities, nnns())]
    for row, (p, q) in zip(rows, pairs, strict=True):
        loss, nnn_loss = (-np.log(values[np.arange(len(targets)), targets]).mean() for values in (p, q))
        assert float(row["snapshot_loss"]) == pytest.approx(loss, abs=1e-5)
        assert float(row["loss_difference"]) == pytest.approx(nnn_loss - loss, abs=1e-5)
        both_ways = (entropy(p, q, axis=1) + entropy(q, p, axis=1)).mean()
        assert float(row["symmetric_divergence"]) == pytest.approx(both_ways, abs=1e-5)


@pytest.mark.parametrize(
    ("values", "expected"),
    [([3, 1, 2], 1), ([3, 1, 1, 2], 1), ([1, 2, 3], None), ([3, 2, 1], None), ([1, 1, 1], None), ([1], None)],
)
def test_a_minimum_at_an_end_is_none(values, expected):
    assert np.flatnonzero(inner_minimum(np.array(values))).tolist() == ([] if expected is None else [expected])


def test_a_missing_snapshot_ends_in_one_line(call, tmp_path, words):
    (tmp_path / "snapshot-2.safetensors").unlink()
    assert call(dynamics, *words) == f"error: {tmp_path}/snapshot-2.safetensors: no such file; expected a checkpoint"
    assert not (tmp_path / "dynamics.csv").exists()
