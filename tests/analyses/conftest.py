import json
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rnnscope.command import run


@pytest.fixture
def call(monkeypatch):
    """Run a stage as from the command line; returns the message it ends with, None when all went well."""

    def call_stage(module, *words):
        monkeypatch.setattr(sys, "argv", [module.__name__, *map(str, words)])
        try:
            run(module.main)
        except SystemExit as stop:
            return stop.code
        return None

    return call_stage


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
