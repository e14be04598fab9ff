import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest


@pytest.fixture
def trained(tmp_path):
    """Write what training and evaluation of a model leave behind; returns the log-probabilities."""

    def write(model, best_epoch=2, characters=1000):
        cell, layers, size = model.split("-")
        random = np.random.default_rng(int(size))
        log_prob = np.log(random.uniform(0.01, 1, characters)).astype(np.float32)
        folder = tmp_path / "models" / model
        folder.mkdir(parents=True)
        summary = {
            "model": model,
            "cell": cell,
            "layers": int(layers),
            "size": int(size),
            "hidden_width": 7,
            "parameters": 1234,
            "dropout": 0.25,
            "seed": 1,
            "epochs": 3,
            "best_epoch": best_epoch,
            "validation_loss": 1.5,
        }
        (folder / "summary.json").write_text(json.dumps(summary))
        loss = -sum(map(float, log_prob)) / characters
        (folder / "evaluation.json").write_text(json.dumps({"train_loss": 1.25, "validation_loss": 1.5, "test_loss": loss}))
        rows = [f"{epoch},{0.002 / epoch},{3 / epoch},{3.5 / epoch + int(size)}" for epoch in (1, 2, 3)]
        (folder / "history.csv").write_text("\n".join(["epoch,learning_rate,train_loss,validation_loss", *rows]) + "\n")
        (tmp_path / "predictions").mkdir(exist_ok=True)
        columns = {
            "stream": np.zeros(characters, np.int16),
            "step": np.arange(characters, dtype=np.int32),
            "target": np.zeros(characters, np.uint8),
            "log_prob": log_prob,
        }
        pq.write_table(pa.table(columns), tmp_path / "predictions" / f"{model}.parquet")
        return log_prob

    return write


@pytest.fixture
def predicted(tmp_path):
    """Write predictions of random text by random models; returns targets (streams, steps) and log-probabilities by model."""

    def write(models, streams=3, steps=40, vocabulary=5, seed=0):
        random = np.random.default_rng(seed)
        targets = random.integers(vocabulary, size=(streams, steps)).astype(np.uint8)
        log_prob = {}
        (tmp_path / "predictions").mkdir(exist_ok=True)
        for model in models:
            log_prob[model] = np.log(random.uniform(0.01, 1, (streams, steps))).astype(np.float32)
            columns = {
                "stream": np.repeat(np.arange(streams, dtype=np.int16), steps),
                "step": np.tile(np.arange(steps, dtype=np.int32), streams),
                "target": targets.ravel(),
                "log_prob": log_prob[model].ravel(),
            }
            pq.write_table(pa.table(columns), tmp_path / f"predictions/{model}.parquet")
        return targets, log_prob

    return write


@pytest.fixture
def comparison_words(tmp_path):
    """The words that choose lstm-3-8, ngram-4 and nnn-2 by validation loss, among models whose test losses say otherwise."""
    rows = ["lstm-3-4,1.5,0.1", "lstm-3-8,1.25,0.9", "gru-1-4,1.0,0.8", "gru-1-8,1.125,0.2", "rnn-1-4,1.75,0.7"]
    (tmp_path / "losses.csv").write_text("\n".join(["model,validation_loss,test_loss", *rows]) + "\n")
    words = ["--predictions-folder", tmp_path / "predictions", "--losses", tmp_path / "losses.csv"]
    words += ["--candidates", "lstm-3-4", "lstm-3-8", "--ngram", "4"]
    nnns = []
    for n, loss in ((1, 1.5), (2, 1.25), (3, 1.75)):
        (tmp_path / f"nnn/nnn-{n}").mkdir(parents=True)
        (tmp_path / f"nnn/nnn-{n}/summary.json").write_text(json.dumps({"validation_loss": loss}))
        nnns += ["--nnn", tmp_path / f"nnn/nnn-{n}"]
    return words, nnns
