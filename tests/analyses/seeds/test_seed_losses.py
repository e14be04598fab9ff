import itertools
import json

import numpy as np
import pandas as pd
import pytest

from rnnscope.analyses.losses import loss_intervals
from rnnscope.analyses.seeds import seed_losses
from rnnscope.analyses.seeds.runs import runs_of, seed_of
from rnnscope.analyses.seeds.seed_losses import SEED_ORDERS, orders_of

MODELS, SEEDS = ("lstm-1-8", "rnn-1-8", "gru-2-4"), (5, 7)
RUNS = [run for model in MODELS for run in runs_of(model, list(SEEDS))]


@pytest.fixture
def project(tmp_path, predicted):
    """Runs of three models with predictions of a short text; returns the folder and -log p of each run, (streams, steps)."""
    for model in MODELS:
        (tmp_path / "predictions" / model).mkdir(parents=True)
    _, log_prob = predicted(RUNS, streams=12, steps=30)
    for number, run in enumerate(RUNS):
        folder, model = tmp_path / "models" / run, run.partition("/")[0]
        folder.mkdir(parents=True, exist_ok=True)
        seed = 1 if run == model else seed_of(run.rpartition("/")[2])
        summary = {"model": model, "seed": seed, "dropout": 0.25, "best_epoch": 2}
        (folder / "summary.json").write_text(json.dumps(summary))
        loss = -float(log_prob[run].mean(dtype=np.float64))
        (folder / "evaluation.json").write_text(json.dumps({"validation_loss": 1 + number / 10, "test_loss": loss}))
    return tmp_path, {run: -values.astype(np.float64) for run, values in log_prob.items()}


def collect(call, folder):
    words = ["--models-folder", folder / "models", "--predictions-folder", folder / "predictions", "--models", *MODELS]
    words += ["--values", *SEEDS, "--clusters", 12, "--samples", 40, "--seed", 3]
    names = {"out": "seed_losses", "out-spread": "seed_spread", "out-orders": "seed_orders"}
    outputs = [word for flag, name in names.items() for word in (f"--{flag}", folder / f"{name}.csv")]
    return call(seed_losses, *words, *outputs) or [pd.read_csv(folder / f"{name}.csv") for name in names.values()]


def test_losses_of_every_run_with_their_intervals(call, project):
    folder, losses = project
    table, _, _ = collect(call, folder)
    assert list(zip(table["model"], table["seed"], strict=True)) == list(itertools.product(MODELS, (1, *SEEDS)))
    assert table["test_loss"].tolist() == pytest.approx([losses[run].mean() for run in RUNS], abs=1e-6)
    assert table["validation_loss"].tolist() == pytest.approx(np.arange(1, 1.9, 0.1))
    words = ["--predictions-folder", folder / "predictions", "--models", *RUNS, "--clusters", 12, "--samples", 40, "--seed", 3]
    assert call(loss_intervals, *words, "--out", folder / "intervals.csv") is None
    expected = pd.read_csv(folder / "intervals.csv")
    pd.testing.assert_frame_equal(table[["low", "high", "clusters"]], expected[["low", "high", "clusters"]])


def test_the_spread_over_seeds_and_the_interval_of_its_mean_over_the_text(call, project):
    folder, losses = project
    _, spread, _ = collect(call, folder)
    for row, model in zip(spread.itertuples(), MODELS, strict=True):
        own = [losses[run] for run in runs_of(model, list(SEEDS))]
        means = [values.mean() for values in own]
        middle = sum(means) / 3
        deviation = (sum((mean - middle) ** 2 for mean in means) / 2) ** 0.5
        assert (row.model, row.seeds) == (model, 3)
        found = (row.test_mean, row.test_deviation, row.test_lowest, row.test_highest)
        assert found == pytest.approx((middle, deviation, min(means), max(means)), abs=1e-6)
        assert row.text_low < row.test_mean < row.text_high
        # The deviation of the mean of twelve streams, from their spread: the interval is some four of them wide.
        of_streams = np.mean(own, axis=0).mean(axis=1)
        assert row.text_high - row.text_low == pytest.approx(4 * of_streams.std(ddof=1) / 12**0.5, rel=0.4)
    assert spread["validation_mean"].tolist() == pytest.approx([1.1, 1.4, 1.7])


def test_only_models_of_one_size_are_ordered(call, project):
    folder, losses = project
    _, _, orders = collect(call, folder)
    assert orders[["model", "other"]].to_numpy().tolist() == [["lstm-1-8", "rnn-1-8"]]
    (row,) = orders.itertuples()
    pairs = [
        losses[own].mean() - losses[other].mean()
        for own in runs_of("lstm-1-8", list(SEEDS))
        for other in runs_of("rnn-1-8", list(SEEDS))
    ]
    assert (row.pairs, row.lower, row.comparisons) == (9, sum(pair < 0 for pair in pairs), 1)
    assert (row.difference, row.difference_lowest, row.difference_highest) == pytest.approx(
        (np.mean(pairs), min(pairs), max(pairs)), abs=1e-6
    )
    assert row.p == row.p_corrected


def runs_with(losses):
    rows = [(model, 8, loss) for model, values in losses.items() for loss in values]
    return pd.DataFrame(rows, columns=["model", "size", "test_loss"])


@pytest.mark.parametrize(("own", "others"), [([1, 2, 3], [4, 5, 6]), ([1, 4, 5], [2, 3, 6]), ([1, 2], [3, 4]), ([2, 1], [3, 0])])
def test_the_probability_is_that_of_all_ways_to_divide_the_runs(own, others):
    orders = orders_of(runs_with({"a": own, "b": others}))
    together, half = own + others, len(own) * len(others) / 2

    def lower(first):
        second = list(together)
        for value in first:
            second.remove(value)
        return sum(mine < other for mine in first for other in second)

    counts = [lower(first) for first in itertools.combinations(together, len(own))]
    expected = np.mean([abs(count - half) >= abs(lower(own) - half) for count in counts])
    assert (orders["lower"].iloc[0], orders["p"].iloc[0]) == (lower(own), pytest.approx(expected))


def test_probabilities_are_corrected_for_the_number_of_comparisons():
    orders = orders_of(runs_with({"a": [1, 2, 3], "b": [4, 5, 6], "c": [7, 8, 9]}))
    assert orders["comparisons"].tolist() == [3] * 3
    assert orders["p"].tolist() == pytest.approx([0.1] * 3)
    assert orders["p_corrected"].tolist() == pytest.approx([0.3] * 3)
    assert list(orders_of(runs_with({"a": [1, 2]})).columns) == SEED_ORDERS.names


def test_a_seed_that_is_there_twice_and_files_of_another_model_are_one_line(call, project):
    folder, _ = project
    path = folder / "models/lstm-1-8/seed-7/summary.json"
    summary = json.loads(path.read_text())
    path.write_text(json.dumps(summary | {"seed": 5}))
    assert collect(call, folder) == f"error: {path}: found the seed 5 a second time, expected runs of different seeds"
    path.write_text(json.dumps(summary | {"model": "lstm-1-9"}))
    assert collect(call, folder) == f"error: {path}: 'model' is 'lstm-1-9', expected 'lstm-1-8'"
    assert not (folder / "seed_losses.csv").exists()


def test_runs_of_one_model_in_two_precisions_are_one_line_and_those_of_two_models_are_not(call, project):
    """A summary without the key is of a float32 run."""
    folder, _ = project
    paths = [folder / "models" / run / "summary.json" for run in runs_of("rnn-1-8", list(SEEDS))]
    for changed, path in enumerate(paths, start=1):
        path.write_text(json.dumps(json.loads(path.read_text()) | {"precision": "bfloat16"}))
        found = collect(call, folder)
        if changed < len(paths):
            assert found == f"error: {paths[changed]}: trained in float32, expected bfloat16 as {paths[0]} says"
            assert not (folder / "seed_losses.csv").exists()
    assert [len(table) for table in found] == [len(RUNS), len(MODELS), 1]
