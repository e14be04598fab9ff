"""The stage, on a small text whose models have the names of the paper's."""

import math
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from helpers.error_project import ErrorProject
from helpers.synthetic_activations import write_features

from rnnscope.analyses.comparisons.character_gains import name_of
from rnnscope.analyses.paper import against_paper
from rnnscope.data.paper import paper_values

MODELS = ["lstm-3-512", "lstm-2-64", "ngram-1", "ngram-2", "ngram-20", "nnn-7"]


@pytest.fixture
def project(tmp_path):
    return ErrorProject(tmp_path, MODELS)


@pytest.fixture
def compare(call, project):
    """Run the stage; returns the message that it ends with."""
    folder = project.folder
    empty = {
        "losses": against_paper.LOSSES,
        "paired-differences": against_paper.PAIRED_DIFFERENCES,
        "model-distances": against_paper.MODEL_DISTANCES,
    }
    words = []
    for flag, table in empty.items():
        (folder / f"{flag}.csv").write_text(",".join(table.names) + "\n")
        words += [f"--{flag}", folder / f"{flag}.csv"]
    features = folder / "features.parquet"  # without those that identify comments, literals and quotations
    write_features(features, *project.log_prob[MODELS[0]].shape, {})
    row = {"model": "lstm-3-512", "snapshot": 1, "characters": 10, "epoch": 0.08, "n": 1, "symmetric_divergence": 2.0}
    row |= {"loss_difference": 0.5, "snapshot_loss": 3.0, "nearest": True}
    pd.DataFrame([row]).to_csv(folder / "dynamics.csv", index=False)

    def run_stage(*more):
        of_intervals = ["--clusters", 12, "--samples", 20, "--seed", 1]
        outputs = ["--out", folder / "values.csv", "--out-claims", folder / "claims.csv"]
        words_of_stage = [*project.words, *words, "--models", *MODELS, "--dynamics", folder / "dynamics.csv"]
        words_of_stage += ["--features", features, "--minimum-count", 30]
        return call(against_paper, *words_of_stage, *of_intervals, *outputs, *more)

    return run_stage


def ours_of(table, item, quantity, model, case=""):
    chosen = (table["item"] == item) & (table["quantity"] == quantity)
    (row,) = table[chosen & (table["model"] == model) & (table["case"] == case)].to_dict("records")
    return float(row["ours"])


def test_every_value_of_the_paper_beside_plain_sums(project, compare):
    assert compare("--paper", "war_and_peace") is None
    table = pd.read_csv(project.folder / "values.csv", keep_default_na=False)
    wanted = list(paper_values("war_and_peace"))
    columns = ["item", "quantity", "model", "case", "paper"]
    assert [tuple(row) for row in table[columns].itertuples(index=False)] == [
        (value.item, value.quantity, value.model, value.case, value.value) for value in wanted
    ]
    of_t = table[table["item"].isin(["T1", "T2"])]
    assert set(of_t[of_t["outcome"] == "missing"]["model"]).isdisjoint(MODELS)
    assert set(of_t[of_t["outcome"] != "missing"]["model"]) == set(MODELS) - {"nnn-7"}
    log_prob = {model: values.astype(float) for model, values in project.log_prob.items()}
    for model in MODELS[:5]:
        item = "T1" if model.startswith("lstm") else "T2"
        assert ours_of(table, item, "test loss", model) == pytest.approx(-log_prob[model].mean())
    found = table[table["ours"] != ""].astype({"ours": float, "paper": float, "difference": float})
    np.testing.assert_allclose(found["difference"], found["ours"] - found["paper"])

    targets = [name_of(project.vocabulary[code]) for code in project.test[:, 1:].ravel()]
    seen = [value.case for value in wanted if value.item == "F4b" and value.case in targets]
    assert seen
    for character in seen:
        probabilities = [
            math.exp(value) for value, name in zip(log_prob["ngram-20"].ravel(), targets, strict=True) if name == character
        ]
        mean = ours_of(table, "F4b", "mean probability of the correct character", "ngram-20", character)
        assert mean == pytest.approx(np.mean(probabilities))


def test_errors_by_the_reading_of_the_paper_whatever_the_setting(project, compare):
    assert compare("--paper", "war_and_peace") is None
    assert "strict" in project.words
    table = pd.read_csv(project.folder / "values.csv", keep_default_na=False)
    classes = {model: Counter(project.classes(project.log_prob[model], "paper")) for model in MODELS[:2]}
    errors = {model: sum(count for name, count in counts.items() if name) for model, counts in classes.items()}
    for model, counts in classes.items():
        assert ours_of(table, "F7", "errors", model) == errors[model]
        fraction = ours_of(table, "F7", "fraction of the test characters that are errors", model)
        assert fraction == pytest.approx(errors[model] / project.test[:, 1:].size)
        share = ours_of(table, "F7", "share of the errors", model, "punctuation all")
        assert share == pytest.approx(counts["punctuation"] / errors[model])
    shares = {
        name: ours_of(table, "F7", "share of a whole class in the errors", MODELS[0], name) for name in ("n-gram", "memory")
    }
    assert shares == pytest.approx({name: classes[MODELS[0]][name] / errors[MODELS[0]] for name in shares})
    fewer = {name: classes[MODELS[1]][name] - classes[MODELS[0]][name] for name in ("n-gram", "boost")}
    fewer |= {"all": errors[MODELS[1]] - errors[MODELS[0]]}
    fewer["other"] = fewer["all"] - fewer["n-gram"] - fewer["boost"]
    quantity = "errors fewer than those of lstm-2-64"
    assert {name: ours_of(table, "F8", quantity, MODELS[0], name) for name in fewer} == fewer


def test_the_overlap_of_errors(project, compare):
    assert compare("--paper", "linux_kernel") is None
    table = pd.read_csv(project.folder / "values.csv", keep_default_na=False)
    errs = {model: np.exp(project.log_prob[model].astype(float)).ravel() < 0.5 for model in ("lstm-3-512", "nnn-7", "ngram-20")}
    sets = Counter(" ".join(sorted(model for model in errs if errs[model][index])) for index in range(errs["nnn-7"].size))
    for value in [value for value in paper_values("linux_kernel") if value.item == "F4a"]:
        expected = sets[" ".join(sorted(value.case.split()))] / errs["nnn-7"].size
        found = ours_of(table, "F4a", "fraction of the test characters", value.model, value.case)
        assert found == pytest.approx(expected)


def test_a_text_that_is_only_like_the_paper_s_has_orientation(project, compare):
    assert compare("--paper", "linux_kernel", "--numbers", "orientation") is None
    table = pd.read_csv(project.folder / "values.csv")
    assert set(table["outcome"]) == {"orientation", "missing"}
    assert (table["ours"].notna() == (table["outcome"] == "orientation")).all()


def test_claims_without_anything_to_decide_them_on_are_open(project, compare):
    assert compare("--paper", "war_and_peace") is None
    claims = pd.read_csv(project.folder / "claims.csv", keep_default_na=False)
    assert len(claims) == 14
    assert set(claims["about"]) == {"", "war_and_peace"}
    assert set(claims[claims["item"].isin(["T2", "F1", "F3"])]["outcome"]) == {"undecided"}
    assert (claims["test"].str.len() > 20).all()
    assert (claims["found"].str.len() > 5).all()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--paper", "hutter"], "error: --paper: found 'hutter', expected war_and_peace or linux_kernel"),
        (["--paper", "war_and_peace", "--numbers", "all"], "error: --numbers: found 'all', expected compared or orientation"),
    ],
)
def test_unknown_words_are_refused(project, compare, words, message):
    assert compare(*words) == message
    assert not (project.folder / "values.csv").exists()
