import copy

import pytest
from configuration.test_schema import CONFIGURATION
from helpers.workspace import REPOSITORY

from rnnscope.configuration.checks import check_configuration, grid_models
from rnnscope.configuration.kept import DYNAMICS, FILES, kept_models, nearest, with_kept_models
from rnnscope.errors import InputError

ONE = CONFIGURATION | {"run": ["war_and_peace"], "kept_models": "somewhere"}


def keep(folder, *models, corpus="war_and_peace", files=FILES):
    for model in models:
        for name in files:
            path = folder / corpus / "models" / model / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()


def test_an_experiment_of_which_every_model_is_kept_is_unchanged(tmp_path):
    keep(tmp_path, *grid_models(ONE), *(f"nnn-{n}" for n in range(1, 8)))
    keep(tmp_path, ONE["dynamics"]["model"], files=[DYNAMICS])
    before = copy.deepcopy(ONE)
    changed, remarks = with_kept_models(ONE, tmp_path)
    assert before == ONE
    assert len(remarks) == 1
    assert grid_models(changed) == grid_models(ONE)
    assert changed | {"grid": ONE["grid"]} == ONE


@pytest.mark.parametrize(
    ("models", "observed"),
    [(["nnn-1"], ""), ([], "lstm-3-512"), (["nnn-1"], "lstm-2-512")],
    ids=["no table", "no n-NN", "another model's"],
)
def test_dynamics_that_would_be_trained_are_left_out(tmp_path, models, observed):
    keep(tmp_path, "lstm-3-512", "lstm-2-512", *models)
    keep(tmp_path, *filter(None, [observed]), files=[DYNAMICS])
    assert "dynamics" not in with_kept_models(ONE, tmp_path)[0]


def test_what_is_not_kept_is_left_out_and_said(tmp_path):
    """Some networks, one beyond the grid; of the n-NNs 1, 2 and 4, of which 3 is missing; and one without its weights."""
    keep(tmp_path, "gru-2-128", "lstm-3-64", "lstm-3-128", "lstm-2-64", "lstm-1-64", "lstm-1-32", "nnn-1", "nnn-2", "nnn-4")
    keep(tmp_path, "lstm-3-512", files=FILES[1:])
    keep(tmp_path, "rnn-1-64", corpus="linux_kernel")
    changed, remarks = with_kept_models(ONE, tmp_path)
    assert grid_models(changed) == ["lstm-1-64", "lstm-2-64", "lstm-3-64", "lstm-3-128", "gru-2-128", "lstm-1-32"]
    assert changed["nnn"] == ONE["nnn"] | {"longest_context": 2}
    assert changed["activations"]["models"] == ["lstm-3-128", "gru-2-128"]
    assert changed["size_breakdown"] == {"smaller": "lstm-2-64", "larger": "lstm-3-128"}
    assert set(changed["errors"]["candidates"]) <= set(grid_models(changed))
    check_configuration(changed)
    text = "\n".join(remarks)
    missing = [model for model in grid_models(ONE) if model not in grid_models(changed)]
    assert f"left out: {', '.join([*missing, 'nnn-3', 'nnn-4', 'nnn-5', 'nnn-6', 'nnn-7'])}" in text
    assert 'activations.models: ["lstm-3-128", "gru-2-128"] in place of ["lstm-3-512", "gru-3-512"]' in text
    assert 'size_breakdown.larger: "lstm-3-128" in place of "lstm-3-512"' in text
    assert "size_breakdown.smaller" not in text


def test_without_n_nns_there_are_none(tmp_path):
    keep(tmp_path, "lstm-1-64")
    changed, _ = with_kept_models(ONE, tmp_path)
    assert "nnn" not in changed
    assert "size_breakdown" not in changed, "there is only one network"
    check_configuration(changed)


def test_one_kept_model_alone_is_one_line(tmp_path):
    keep(tmp_path, "lstm-1-64")
    without = {key: value for key, value in ONE.items() if key not in ("ngrams", "external")}
    with pytest.raises(InputError, match=r"^grid: found lstm-1-64 alone, expected two models at least, which are compared: "):
        with_kept_models(without, tmp_path)
    keep(tmp_path, "nnn-1")
    check_configuration(with_kept_models(without, tmp_path)[0])


def test_sections_that_are_left_out_stay_away(tmp_path):
    keep(tmp_path, "lstm-1-64", "lstm-2-64", "nnn-1")
    without = {key: value for key, value in ONE.items() if key not in ("nnn", "activations", "dynamics")}
    changed, _ = with_kept_models(without, tmp_path)
    assert changed.keys() == without.keys()


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        (["lstm-1-64", "lstm-3-512"], "lstm-3-512"),
        (["gru-3-512", "lstm-1-64"], "lstm-1-64"),  # rather the cell
        (["lstm-3-64", "lstm-1-256"], "lstm-1-256"),  # then the size
        (["lstm-1-128", "lstm-2-128"], "lstm-2-128"),  # then the depth
        (["rnn-1-64", "gru-2-256"], "gru-2-256"),
    ],
)
def test_the_nearest_model(kept, expected):
    assert nearest("lstm-3-512", kept) == expected


def test_no_model_and_several_corpora_are_one_line(tmp_path):
    keep(tmp_path, "nnn-1")
    with pytest.raises(
        InputError, match=r"^kept_models: found no network in .*war_and_peace/models, expected folders with check"
    ):
        with_kept_models(ONE, tmp_path)
    with pytest.raises(InputError, match=r"^run: found 2 corpora, expected one, because they have other kept_models$"):
        with_kept_models(ONE | {"run": ["war_and_peace", "linux_kernel"]}, tmp_path)


def test_the_reference_models_are_such_folders():
    found = kept_models(REPOSITORY / "results/reference/war_and_peace/models")
    assert {"lstm-1-64", "lstm-2-64", "lstm-3-64", "rnn-1-64", "gru-2-64"} <= set(found)


@pytest.mark.parametrize("name", ["lstm-3", "ngram-3"])
def test_a_folder_that_is_not_named_like_a_model_is_one_line(tmp_path, name):
    keep(tmp_path, "lstm-1-64", name)
    with pytest.raises(InputError, match=rf"^kept_models: .*/{name}: .*expected "):
        with_kept_models(ONE, tmp_path)
