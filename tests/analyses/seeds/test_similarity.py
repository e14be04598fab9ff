import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch
from helpers.plain_network import plain_weights, run_stream

from rnnscope.analyses.seeds import similarity
from rnnscope.analyses.seeds.states import moments_of_halves, read_states
from rnnscope.models.cells import CELLS
from rnnscope.models.checkpoint import Description, save_checkpoint
from rnnscope.models.network import Network, Shape
from rnnscope.storage.parquet import write_parquet

VOCABULARY = [10, 97, 98, 99]
STREAMS, STEPS = 12, 40
MODELS = {"lstm-2-4": Shape("lstm", 2, 5, 4), "rnn-1-4": Shape("rnn", 1, 7, 4)}


def make_network(shape, seed):
    network = Network(shape, generator=torch.Generator().manual_seed(seed)).eval()
    for parameter in network.parameters():
        parameter.data *= 8
    return network


def permuted(network, order):
    """The same network with the units of its one layer in another order, every second with its sign turned round."""
    found = Network(network.shape).eval()
    layer, other, signs = network.layers[0], found.layers[0], torch.tensor([1.0, -1.0] * 7)[: len(order)]
    with torch.no_grad():
        other.W_input[:] = (signs[:, None] * layer.W_input)[order]
        other.W_hidden[:] = (signs[:, None] * layer.W_hidden * signs)[order][:, order]
        other.bias[:] = (signs * layer.bias)[order]
        found.softmax.weight[:] = (network.softmax.weight * signs)[:, order]
        found.softmax.bias[:] = network.softmax.bias
    return found, signs


@pytest.fixture
def project(tmp_path):
    """A split, its features, and networks of two models from two seeds; of the RNN the second is the first, permuted."""
    random = np.random.default_rng(1)
    ids = random.integers(0, 4, (STREAMS, STEPS + 1)).astype(np.uint8)
    (tmp_path / "split").mkdir()
    np.save(tmp_path / "split/test.npy", ids)
    (tmp_path / "split/vocabulary.json").write_text(json.dumps({"bytes": VOCABULARY}))
    (tmp_path / "split/split.json").write_text(json.dumps({"sequence_length": 7}))
    columns = {
        "stream": np.repeat(np.arange(STREAMS, dtype=np.int16), STEPS),
        "step": np.tile(np.arange(STEPS, dtype=np.int32), STREAMS),
        "is_a": (ids[:, :-1] == 1).ravel(),
        "count": random.integers(0, 9, STREAMS * STEPS).astype(np.int32),
        "never": np.zeros(STREAMS * STEPS, bool),
    }
    write_parquet(pa.table(columns), tmp_path / "features.parquet")
    networks = {(model, seed): make_network(shape, seed) for model, shape in MODELS.items() for seed in (1, 2)}
    order = random.permutation(7)
    networks["rnn-1-4", 2], signs = permuted(networks["rnn-1-4", 1], order)
    for (model, seed), network in networks.items():
        folder = tmp_path / "models" / model / ("" if seed == 1 else f"seed-{seed}")
        description = Description(model, network.shape, 0.0, 1, VOCABULARY)
        save_checkpoint(folder / "checkpoint.safetensors", network.state_dict(), description)
        (folder / "summary.json").write_text(json.dumps({"model": model, "seed": seed}))
    return tmp_path, ids, networks, order, signs.numpy()


def compare(call, folder, characters=10**6):
    words = ["--split", folder / "split", "--models-folder", folder / "models", "--features", folder / "features.parquet"]
    words += ["--models", *MODELS, "--values", 2, "--device", "cpu", "--characters", characters]
    names = {"out": "similarity", "out-matches": "unit_matches", "out-feature-matches": "feature_unit_matches"}
    outputs = [word for flag, name in names.items() for word in (f"--{flag}", folder / f"{name}.csv")]
    return call(similarity, *words, *outputs) or [pd.read_csv(folder / f"{name}.csv") for name in names.values()]


def plain_states(network, ids, steps):
    """The displayed state of each layer, float64 (streams, steps, units), one character at a time, less their means."""
    cell = CELLS[network.shape.cell]
    displayed = cell.by_name[cell.displayed_state]
    layers, softmax = plain_weights(network)
    found = []
    for stream in ids[:, :steps].tolist():
        states = run_stream(cell.name, layers, softmax, stream)[1]
        values = [[state[layer][displayed.name].detach().numpy() for state in states] for layer in range(network.shape.layers)]
        found.append(values)
    stacked = np.array(found).transpose(1, 0, 2, 3)
    shown = np.tanh(stacked) if displayed.saturating else stacked
    return shown - shown.mean(axis=1, keepdims=True)


def test_every_number_is_that_of_states_computed_one_by_one(call, project):
    folder, ids, networks, _, _ = project
    table, matches, _ = compare(call, folder, characters=30 * STREAMS)
    states = {
        (model, seed, layer): values
        for (model, seed), network in networks.items()
        for layer, values in enumerate(plain_states(network, ids, 30), start=1)
    }
    assert len(table) == 15, "every two of six layers"
    for row in table.itertuples():
        first, second = states[row.model, row.seed, row.layer], states[row.other_model, row.other_seed, row.other_layer]
        rows = [values.reshape(-1, values.shape[2]) for values in (first, second)]
        centred = [values - values.mean(axis=0) for values in rows]
        covariance = centred[0].T @ centred[1]
        own = [np.linalg.norm(values.T @ values) for values in centred]
        assert row.cka == pytest.approx(np.linalg.norm(covariance) ** 2 / own[0] / own[1], abs=1e-5)
        assert row.matched_units == min(first.shape[2], second.shape[2])
        of_pair = matches[
            (matches[["model", "seed", "layer", "other_model", "other_seed"]] == list(row[1:6])).all(axis=1)
            & (row.layer == row.other_layer)
            & ((row.model, row.seed) != (row.other_model, row.other_seed))
        ].dropna(subset=["other_unit"])
        if row.layer != row.other_layer:
            assert of_pair.empty
            continue
        assert row.matched == pytest.approx(of_pair["correlation"].abs().mean())
        assert row.matched_control == pytest.approx(of_pair["control"].mean(), abs=0.1)
        for match in of_pair.itertuples():
            pair = first[1::2, :, match.unit].ravel(), second[1::2, :, int(match.other_unit)].ravel()
            assert match.correlation == pytest.approx(np.corrcoef(*pair)[0, 1], abs=1e-4), "of the streams of odd number"


def test_permuted_units_come_back_with_their_signs(call, project):
    folder, _, _, order, signs = project
    table, matches, features = compare(call, folder)
    rnn = table[(table["model"] == "rnn-1-4") & (table["other_model"] == "rnn-1-4")].iloc[0]
    assert (rnn["matched"], rnn["above_control"]) == pytest.approx((1, 1), abs=1e-6)
    assert rnn["matched_control"] < 0.3
    units = matches[(matches["model"] == "rnn-1-4") & (matches["other_model"] == "rnn-1-4")]
    assert units["other_unit"].tolist() == np.argsort(order).tolist()
    assert units["correlation"].tolist() == pytest.approx(list(signs[: len(order)]), abs=1e-6)
    returned = features[features["model"] == "rnn-1-4"]
    assert returned["is_best"].all()
    assert returned["correlation"].abs().tolist() == pytest.approx([1] * len(returned), abs=1e-6)
    assert returned["score"].tolist() == pytest.approx(returned["other_score"].tolist(), abs=1e-6)
    assert set(returned["feature"]) == {"is_a", "count"}, "one never changes"


def test_the_best_unit_of_a_feature_is_that_of_the_even_streams(call, project):
    folder, ids, networks, _, _ = project
    _, matches, features = compare(call, folder)
    found = features[(features["model"] == "lstm-2-4") & (features["feature"] == "is_a")].set_index("seed")
    is_a = (ids[:, :-1] == 1) - (ids[:, :-1] == 1).mean(axis=0)
    best = {}
    for seed in (1, 2):
        states = plain_states(networks["lstm-2-4", seed], ids, STEPS)
        scores = [[np.corrcoef(layer[::2, :, unit].ravel(), is_a[::2].ravel())[0, 1] for unit in range(5)] for layer in states]
        layer, unit = np.unravel_index(np.abs(scores).argmax(), (2, 5))
        best[seed] = int(layer) + 1, int(unit)
        assert (found.loc[seed, "layer"], found.loc[seed, "unit"]) == best[seed]
        held_out = np.corrcoef(states[layer][1::2, :, unit].ravel(), is_a[1::2].ravel())[0, 1] * np.sign(scores[layer][unit])
        assert found.loc[seed, "score"] == pytest.approx(held_out, abs=1e-4)
        assert found.loc[3 - seed, "other_best_score"] == pytest.approx(held_out, abs=1e-4)
    for seed, row in found.iterrows():
        assert row["is_best"] == ((row["layer"], row["other_unit"]) == best[3 - seed])
    own = matches[(matches["model"] == "lstm-2-4") & (matches["other_model"] == "lstm-2-4") & (matches["layer"] == best[1][0])]
    assert found.loc[1, "other_unit"] == own.set_index("unit").loc[best[1][1], "other_unit"]


def test_features_are_columns_behind_the_units(project):
    _, ids, networks, _, _ = project
    chosen = [networks["rnn-1-4", 1]]
    characters = torch.from_numpy(ids[:, :-1].T.copy())
    without, _ = moments_of_halves(chosen, characters, {})
    with_one, _ = moments_of_halves(chosen, characters, {"is_a": ids[:, :-1] == 1})
    assert without.sums.shape == (7,)
    torch.testing.assert_close(with_one.products[:7, :7], without.products)
    is_a = (ids[:, :-1] == 1) - (ids[:, :-1] == 1).mean(axis=0)
    assert float(with_one.products[7, 7]) == pytest.approx((is_a[::2] ** 2).sum())


def test_units_that_drift_from_the_zero_state_alone_have_nothing_in_common():
    """Two units that count the characters since the start, each with some noise of its own text."""
    counter = make_network(Shape("rnn", 1, 1, 4), 1)
    with torch.no_grad():
        counter.layers[0].W_hidden[:], counter.layers[0].bias[:] = 1.0, 0.01
        counter.layers[0].W_input[:] = torch.tensor([[0.002, -0.002, 0.001, -0.001]])
    reversed_text = make_network(Shape("rnn", 1, 1, 4), 1)
    reversed_text.load_state_dict(counter.state_dict())
    with torch.no_grad():
        reversed_text.layers[0].W_input[:] = torch.tensor([[0.001, 0.001, -0.002, 0.0]])
    ids = np.random.default_rng(2).integers(0, 4, (50, 40)).astype(np.uint8)
    characters = torch.from_numpy(ids.T.copy())
    even, odd = moments_of_halves([counter, reversed_text], characters, {})
    one, other = slice(0, 1), slice(1, 2)
    states = [next(read_states([network], characters, 40)).reshape(-1).numpy() for network in (counter, reversed_text)]
    assert np.corrcoef(*states)[0, 1] > 0.9, "as they are, they are nearly the same"
    assert abs(even.with_other(odd).correlations(one, other, shifted=True)) < 0.2


def test_runs_of_one_model_in_two_precisions_are_one_line(call, project):
    folder = project[0]
    path = folder / "models/rnn-1-4/seed-2/summary.json"
    path.write_text(json.dumps({"model": "rnn-1-4", "seed": 2, "precision": "bfloat16"}))
    expected = f"error: {path}: trained in bfloat16, expected float32 as {folder / 'models/rnn-1-4/summary.json'} says"
    assert compare(call, folder) == expected
    assert not (folder / "similarity.csv").exists()


def test_another_model_in_a_folder_and_too_few_streams_are_one_line(call, project):
    folder, ids, networks, _, _ = project
    path = folder / "models/rnn-1-4/seed-2/checkpoint.safetensors"
    network = networks["rnn-1-4", 2]
    description = Description("rnn-1-4", network.shape, 0.0, 1, VOCABULARY)
    save_checkpoint(path, network.state_dict(), replace(description, model="rnn-1-5"))
    assert compare(call, folder) == f"error: {path}: found rnn-1-5, expected rnn-1-4"
    np.save(folder / "split/test.npy", ids[:3])
    assert compare(call, folder) == f"error: {folder / 'split/test.npy'}: found 3 streams, expected at least 4"
    assert not (folder / "similarity.csv").exists()
