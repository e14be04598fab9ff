"""Every stage of units on texts of two distinct bytes: most features never change in them."""

import numpy as np
import pandas as pd
import pytest
import torch
from helpers.synthetic_activations import write_layer

from rnnscope.analyses.units import cell_text, cells, features, memory_span, probes
from rnnscope.corpus import split
from rnnscope.models.checkpoint import Description, save_checkpoint
from rnnscope.models.network import Network, Shape

STREAMS, MODEL, WIDTH = 4, "lstm-1-8", 3


@pytest.fixture
def stages(tmp_path, call):
    """Run every stage on a text; returns the tables by name."""

    def run(text, listed):
        (tmp_path / "text").write_bytes(text)
        layout = ["--streams", STREAMS, "--sequence-length", 10, "--fractions", "0.6,0.2,0.2"]
        assert call(split, "--text", tmp_path / "text", *layout, "--out", tmp_path) is None
        steps = np.load(tmp_path / "test.npy").shape[1] - 1
        values = np.random.default_rng(0).normal(0, 20, (STREAMS * steps, WIDTH))
        write_layer(tmp_path / MODEL, 1, STREAMS, steps, {"c": values, "h": np.tanh(values)})
        shape = Shape("lstm", 1, WIDTH, 2)
        network = Network(shape, generator=torch.Generator().manual_seed(0))
        (tmp_path / "models" / MODEL).mkdir(parents=True)
        description = Description(MODEL, shape, 0.0, 1, sorted(set(text)))
        save_checkpoint(tmp_path / "models" / MODEL / "checkpoint.safetensors", network.state_dict(), description)
        named = ["--features", tmp_path / "features.parquet", "--activations", tmp_path / MODEL, "--characters", 1000]
        table = {name: tmp_path / f"{name}.csv" for name in ("cells", "baseline", "probes", "span", "summary", "text_of_cells")}
        out = ["--out", tmp_path / "features.parquet", "--out-changes", tmp_path / "changes.csv"]
        assert call(features, "--split", tmp_path, "--features", listed, "--newline-within", 3, *out) is None
        chance = ["--best", 2, "--permutations", 3, "--seed", 1]
        assert call(cells, *named, *chance, "--out", table["cells"], "--baseline", table["baseline"]) is None
        assert call(probes, *named, "--cells", table["cells"], "--out", table["probes"]) is None
        named += ["--cells", table["cells"], "--split", tmp_path]
        control = ["--restart-steps", 3, "--restart-cases", 5, "--samples", 2, "--seed", 1, "--device", "cpu"]
        written = ["--models-folder", tmp_path / "models", "--out", table["span"], "--summary", table["summary"]]
        assert call(memory_span, *named, *control, *written) is None
        size = ["--baseline", table["baseline"], "--lines", 2, "--columns", 20, "--random-units", 1, "--seed", 1]
        assert call(cell_text, *named, *size, "--out", table["text_of_cells"]) is None
        return table

    return run


def random_text(letters):
    return bytes(np.random.default_rng(1).choice(list(letters), 1200, p=[0.4, 0.6]).tolist())


@pytest.mark.parametrize(
    ("letters", "listed", "varying"),
    [
        (b"ab", "prose", {"line_position", "word_position"}),
        (b"\n.", "prose", {"line_position", "newline_soon"}),
        (b"()", "code", {"line_position", "inside_code_parentheses"}),
        (b'"\n', "code", {"line_position", "newline_soon", "inside_string"}),
    ],
)
def test_features_that_change_are_compared(stages, letters, listed, varying):
    table = stages(random_text(letters), listed)
    found = {name: pd.read_csv(path) for name, path in table.items()}
    assert set(found["cells"]["feature"]) == set(found["baseline"]["feature"]) == set(found["probes"]["feature"]) == varying
    yes_no = set(found["cells"].query("measure == 'auc'")["feature"])
    assert set(found["summary"]["feature"]) == yes_no
    assert set(found["text_of_cells"]["feature"]) == varying | {"random"}
    assert found["cells"]["held_out_score"].between(-1, 1).all()
