import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from helpers.synthetic_predictions import write_one_stream


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
        write_one_stream(tmp_path / f"predictions/{model}.parquet", log_prob, (np.arange(characters) % 2).astype(np.uint8))
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
                "predicted": random.integers(vocabulary, size=streams * steps).astype(np.uint8),
                "log_prob": log_prob[model].ravel(),
            }
            pq.write_table(pa.table(columns), tmp_path / f"predictions/{model}.parquet")
        return targets, log_prob

    return write


@pytest.fixture
def best_models(tmp_path):
    """Write best_models.csv: lstm-3-8, ngram-4 and nnn-2, and the best network of each cell; returns its path."""
    path = tmp_path / "best_models.csv"
    rows = ["network,lstm-3-8,1.25", "ngram,ngram-4,", "nnn,nnn-2,1.25"]
    rows += ["best lstm,lstm-3-8,1.25", "best gru,gru-1-4,1.0", "best rnn,rnn-1-4,1.75"]
    path.write_text("\n".join(["role,model,validation_loss", *rows]) + "\n")
    return path
