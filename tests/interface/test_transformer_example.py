"""The example transformer: what it predicts is causal, and its file is taken by `external`."""

import importlib.util
import json
import math

import numpy as np
import pytest
import torch
from helpers.workspace import REPOSITORY

from rnnscope.analyses.losses.external import read_external
from rnnscope.corpus.split_reader import read_split

EXAMPLE = REPOSITORY / "examples/transformer.py"
CONTEXT, K = 8, 5


@pytest.fixture
def example(monkeypatch):
    specification = importlib.util.spec_from_file_location("transformer", EXAMPLE)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    monkeypatch.setattr(module, "CONTEXT", CONTEXT)
    return module


@pytest.mark.parametrize("steps", [5, 8, 12, 13, 30])
def test_every_target_is_predicted_from_what_is_before_it(example, steps):
    """Reference: one window a target, cut off before it; at least half a context where there are as many characters."""
    torch.manual_seed(1)
    network, part = example.Transformer(K, 0.0), torch.randint(K, (2, steps + 1), dtype=torch.uint8)
    found = example.predict(network, part)[0]
    for target in range(1, steps + 1):
        start = max(0, (target - 1) // (CONTEXT // 2) - 1) * (CONTEXT // 2)
        assert target - start <= CONTEXT
        with torch.no_grad():
            logits = network(part[:, start:target].long())[:, -1]
        expected = logits.log_softmax(1)[torch.arange(2), part[:, target].long()]
        np.testing.assert_allclose(found[:, target - 1], expected, atol=1e-5)


def test_it_has_the_parameters_of_the_lstm(example, monkeypatch):
    monkeypatch.setattr(example, "CONTEXT", 256)
    count = sum(parameter.numel() for parameter in example.Transformer(87, 0.0).parameters())
    assert count == 121_877
    assert abs(count - (4 * 128 * (87 + 128 + 1) + 87 * 129)) / count < 0.001


def test_its_file_is_taken(example, tmp_path, monkeypatch, capsys):
    """A text that repeats: after some epochs it predicts far better than the 1.6 nats of five equally likely characters."""
    ids = np.tile(np.array([0, 1, 2, 3, 4, 3, 2], np.uint8), 60)[: 4 * 101].reshape(4, 101)
    for part in ("train", "validation", "test"):
        np.save(tmp_path / f"{part}.npy", ids)
    (tmp_path / "vocabulary.json").write_text(json.dumps({"bytes": [97, 98, 99, 100, 101]}))
    words = ["--split", tmp_path, "--out", tmp_path / "mine.parquet", "--epochs", 20, "--batch", 8, "--learning-rate", 0.01]
    monkeypatch.setattr("sys.argv", ["transformer", *map(str, words)])
    example.main()
    log_prob, predicted = read_external(tmp_path / "mine.parquet", read_split(tmp_path))
    assert log_prob.shape == predicted.shape == (4, 100)
    assert -log_prob.mean() < 0.5 * math.log(5)
    assert f"test {-log_prob.mean(dtype=np.float64):.4f} nats per character" in capsys.readouterr().out


def test_it_is_short():
    assert len(EXAMPLE.read_text().splitlines()) < 150
