import csv
from itertools import chain, combinations, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import norm, t

from rnnscope.analyses.errors import error_overlap
from rnnscope.analyses.errors.error_overlap import sets_by_cluster, sets_of, table_of_sets
from rnnscope.analyses.losses.clusters import Clusters
from rnnscope.settings.predictions import MOST_INTERSECTED
from rnnscope.settings.sections import Intervals

NAMES = ["lstm-3-8", "gru-1-4", "rnn-1-4", "ngram-4", "nnn-2"]


def sets_table(models, errors, samples=2):
    """The table of some models' errors, (models, characters), in one stream of ten blocks."""
    clusters = Clusters(1, errors.shape[1], blocks=min(10, errors.shape[1]))
    counts = sets_by_cluster(sets_of(errors[:, np.newaxis]), len(models), clusters)
    return table_of_sets(models, counts, clusters, Intervals(clusters=10, samples=samples, seed=3))


def subsets(models):
    return chain.from_iterable(combinations(models, number) for number in range(len(models) + 1))


def plain_sets(errors):
    """Positions of each model's errors as sets; of every subset of models the positions that exactly they have."""
    positions = {model: {index for index, wrong in enumerate(row) if wrong} for model, row in errors.items()}
    everywhere = set(range(len(next(iter(errors.values())))))
    found = {}
    for subset in subsets(errors):
        inside = everywhere.intersection(*(positions[model] for model in subset))
        found[frozenset(subset)] = len(inside.difference(*(positions[model] for model in errors if model not in subset)))
    return found


def named(table):
    return {frozenset(row.erring.replace("none", "").split()): row.characters for row in table.itertuples()}


@given(models=st.integers(1, 5), data=st.data())
def test_sets_are_those_of_set_algebra_and_add_up_to_the_text(models, data):
    errors = data.draw(arrays(bool, (models, 30)))
    table = sets_table(NAMES[:models], errors)
    assert named(table) == plain_sets(dict(zip(NAMES, errors, strict=False)))
    assert table["characters"].sum() == 30
    assert table["number"].tolist() == [len(erring.replace("none", "").split()) for erring in table["erring"]]
    np.testing.assert_allclose(table["fraction"], table["characters"] / 30)
    some = [0 < row.number < models and row.characters > 0 for row in table.itertuples()]
    assert table["disagreement"].tolist() == some
    for model, row in zip(NAMES, errors, strict=False):
        assert table["characters"][[model in erring.split() for erring in table["erring"]]].sum() == row.sum()


@settings(max_examples=25)
@given(errors=arrays(bool, (3, 12)))
def test_order_of_the_models_changes_no_count(errors):
    counts = [named(sets_table([NAMES[model] for model in order], errors[list(order)])) for order in permutations(range(3))]
    assert all(count == counts[0] for count in counts)


def test_intervals_against_a_loop_over_the_clusters_that_were_drawn():
    errors = np.random.default_rng(0).random((2, 200)) < 0.4
    table = sets_table(NAMES[:2], errors, samples=20).set_index("erring")
    assert set(table["clusters"]) == {"10 blocks of 20 characters"}
    only_first = (errors[0] & ~errors[1]).reshape(10, 20)
    random = np.random.default_rng(3)
    counts = [sum(only_first[cluster].sum() for cluster in random.integers(10, size=10)) for _ in range(20)]
    inside = int(only_first.any(axis=1).sum())
    assert inside == 10, "the example must have it in every cluster"
    tail = norm.cdf(np.sqrt(10 / 9) * t.ppf(0.025, 9))
    row = table.loc[NAMES[0]]
    expected = np.quantile(counts, [tail, 1 - tail])
    assert (row["characters_low"], row["characters_high"]) == pytest.approx(tuple(expected))
    assert (row["fraction_low"], row["fraction_high"]) == pytest.approx(tuple(expected / 200))


def test_tables_of_the_best_models(tmp_path, call, predicted, best_models):
    _, log_prob = predicted(NAMES)
    words = ["--predictions-folder", tmp_path / "predictions", "--best", best_models]
    words += ["--clusters", 12, "--samples", 20, "--seed", 1]
    outs = {name: tmp_path / f"{name}.csv" for name in ("overlap", "intersections", "counts")}
    flags = [word for name, path in outs.items() for word in (f"--out-{name}", path)]
    assert call(error_overlap, *words, *flags) is None
    for name, chosen in (("overlap", ["lstm-3-8", "ngram-4", "nnn-2"]), ("intersections", NAMES)):
        with outs[name].open() as file:
            rows = list(csv.DictReader(file))
        errors = {model: [float(np.exp(value)) < 0.5 for value in log_prob[model].ravel()] for model in chosen}
        found = {frozenset(row["erring"].replace("none", "").split()): int(row["characters"]) for row in rows}
        assert found == plain_sets(errors)
        assert {row["compared"] for row in rows} == {" ".join(chosen)}
        counts = [int(row["characters"]) for row in rows]
        assert counts == sorted(counts, reverse=True)
    with outs["counts"].open() as file:
        totals = {row["model"]: (int(row["errors"]), float(row["fraction"])) for row in csv.DictReader(file)}
    wrong = {model: int((np.exp(log_prob[model].astype(float)) < 0.5).sum()) for model in NAMES}
    assert totals == {model: (count, pytest.approx(count / 120)) for model, count in wrong.items()}


def test_the_intersections_are_of_the_best_of_all_networks_whatever_the_candidates(tmp_path, call, predicted, best_models):
    """The candidates need not have the best network of their cell."""
    predicted([*NAMES, "lstm-1-4"])
    best_models.write_text(best_models.read_text().replace("best lstm,lstm-3-8", "best lstm,lstm-1-4"))
    words = ["--predictions-folder", tmp_path / "predictions", "--best", best_models]
    words += ["--clusters", 12, "--samples", 20, "--seed", 1]
    outs = {name: tmp_path / f"{name}.csv" for name in ("overlap", "intersections", "counts")}
    assert call(error_overlap, *words, *(word for name, path in outs.items() for word in (f"--out-{name}", path))) is None
    compared = {name: outs[name].read_text().splitlines()[1].split(",")[0] for name in ("overlap", "intersections")}
    assert compared == {"overlap": "lstm-3-8 ngram-4 nnn-2", "intersections": "lstm-1-4 gru-1-4 rnn-1-4 ngram-4 nnn-2"}


def test_without_n_nns_the_others_are_compared(tmp_path, call, predicted, best_models):
    _, log_prob = predicted(NAMES)
    lines = best_models.read_text().splitlines(keepends=True)
    best_models.write_text("".join(line for line in lines if not line.startswith("nnn,")))
    words = ["--predictions-folder", tmp_path / "predictions", "--best", best_models]
    words += ["--clusters", 12, "--samples", 20, "--seed", 1]
    outs = {name: tmp_path / f"{name}.csv" for name in ("overlap", "intersections", "counts")}
    assert call(error_overlap, *words, *(word for name, path in outs.items() for word in (f"--out-{name}", path))) is None
    for name, chosen in (("overlap", ["lstm-3-8", "ngram-4"]), ("intersections", NAMES[:-1])):
        with outs[name].open() as file:
            found = {frozenset(row["erring"].replace("none", "").split()): int(row["characters"]) for row in csv.DictReader(file)}
        assert found == plain_sets({model: [float(np.exp(value)) < 0.5 for value in log_prob[model].ravel()] for model in chosen})


def test_the_sets_of_the_most_models_and_no_more(tmp_path, call, predicted, best_models):
    errors = np.eye(MOST_INTERSECTED, dtype=bool)
    assert sets_of(errors).tolist() == [2**model for model in range(MOST_INTERSECTED)]
    external = [f"external-{number}" for number in range(MOST_INTERSECTED + 1 - len(NAMES))]
    predicted([*NAMES, *external])
    words = ["--predictions-folder", tmp_path / "predictions", "--best", best_models, "--external", *external]
    words += ["--clusters", 12, "--samples", 20, "--seed", 1]
    outs = {name: tmp_path / f"{name}.csv" for name in ("overlap", "intersections", "counts")}
    message = call(error_overlap, *words, *(word for name, path in outs.items() for word in (f"--out-{name}", path)))
    assert message == f"error: --external: found 17 models with those of {best_models}, expected at most 16"
    assert not any(path.exists() for path in outs.values())
