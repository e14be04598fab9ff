import csv
from itertools import chain, combinations, permutations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rnnscope.analyses.errors import error_overlap
from rnnscope.analyses.errors.error_overlap import count_sets, table_of_sets

NAMES = ["lstm-3-8", "gru-1-4", "rnn-1-4", "ngram-4", "nnn-2"]


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
    table = table_of_sets(NAMES[:models], count_sets(errors))
    assert named(table) == plain_sets(dict(zip(NAMES, errors, strict=False)))
    assert table["characters"].sum() == 30
    assert table["number"].tolist() == [len(erring.replace("none", "").split()) for erring in table["erring"]]
    np.testing.assert_allclose(table["fraction"], table["characters"] / 30)
    for model, row in zip(NAMES, errors, strict=False):
        assert table["characters"][[model in erring.split() for erring in table["erring"]]].sum() == row.sum()


@given(errors=arrays(bool, (3, 12)))
def test_order_of_the_models_changes_no_count(errors):
    counts = [
        named(table_of_sets([NAMES[model] for model in order], count_sets(errors[list(order)])))
        for order in permutations(range(3))
    ]
    assert all(count == counts[0] for count in counts)


def test_tables_of_the_best_models(tmp_path, call, predicted, best_models):
    _, log_prob = predicted(NAMES)
    words = ["--predictions-folder", tmp_path / "predictions", "--best", best_models]
    outs = {"overlap": tmp_path / "overlap.csv", "intersections": tmp_path / "intersections.csv"}
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
