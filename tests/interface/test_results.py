"""What `rnnscope.open` gives, compared with the files read by pandas and numpy alone."""

import doctest
import json
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch

import rnnscope
import rnnscope.interface.results
import rnnscope.interface.text
from rnnscope.errors import InputError
from rnnscope.models.network import Network

MODULES = (rnnscope, rnnscope.interface.results, rnnscope.interface.text)


@pytest.fixture(scope="module")
def folder(finished):
    return finished.folder / "results/tale"


@pytest.fixture
def results(folder):
    return rnnscope.open(folder)


def test_importing_rnnscope_imports_nothing_heavy():
    heavy = ["numpy", "pandas", "pyarrow", "torch", "matplotlib", "sklearn"]
    words = [sys.executable, "-c", f"import rnnscope, sys; print([name for name in {heavy} if name in sys.modules])"]
    assert subprocess.run(words, check=True, capture_output=True, text=True).stdout == "[]\n"


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_the_examples_of_docstrings(finished, tmp_path, monkeypatch, module):
    """Some write files, beside the results and not into the workspace that other tests share."""
    (tmp_path / "results").symlink_to(finished.folder / "results")
    monkeypatch.chdir(tmp_path)
    found = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
    assert found.attempted
    assert not found.failed


def test_a_unit_of_a_dump(results, folder):
    whole = pd.read_parquet(folder / "activations/gru-2-5/layer-2.parquet")
    width = sum(name.startswith("z_") for name in whole.columns)
    every = results.activations("gru-2-5", 2, "z")
    np.testing.assert_array_equal(every, whole[[f"z_{unit}" for unit in range(width)]].to_numpy())
    assert every.dtype == np.float32
    np.testing.assert_array_equal(results.activations("gru-2-5", 2, "z", units=1), whole["z_1"].astype(np.float32))
    np.testing.assert_array_equal(results.activations("gru-2-5", 2, "z", units=[2, 0]), every[:, [2, 0]])
    assert list(results.layers("gru-2-5")) == [1, 2]


@pytest.mark.parametrize(
    "units", [[2, 0], (2, 0), np.array([2, 0]), np.array([2, 0], np.uint8), pd.Series([2, 0]), range(2, -1, -2)]
)
def test_units_in_any_sequence_of_whole_numbers(results, units):
    every = results.activations("gru-2-5", 2, "z")
    np.testing.assert_array_equal(results.activations("gru-2-5", 2, "z", units), every[:, [2, 0]])
    np.testing.assert_array_equal(results.activations("gru-2-5", np.int64(2), "z", np.int32(1)), every[:, 1])
    assert results.activations("gru-2-5", 2, "z", []).shape == (len(every), 0)


ONE_OR_SEVERAL = "a whole number or a list of them$"
MASK = "whole numbers; numpy.flatnonzero gives the numbers of a mask$"


@pytest.mark.parametrize(
    ("units", "message"),
    [
        (np.array([True, False, True, False]), f"found np.True_ in the list, expected {MASK}"),
        ([False, True], f"found False in the list, expected {MASK}"),
        ([1.7], "found 1.7 in the list, expected whole numbers$"),
        (np.array([1.0]), r"found np.float64\(1.0\) in the list, expected whole numbers$"),
        ([[0, 1]], r"found \[0, 1\] in the list, expected whole numbers$"),
        (np.array([[0, 1]]), rf"found array\(\[\[0, 1\]\]\), expected {ONE_OR_SEVERAL}"),
        (np.array(1), rf"found array\(1\), expected {ONE_OR_SEVERAL}"),
        (True, f"found True, expected {ONE_OR_SEVERAL}"),
        (1.0, f"found 1.0, expected {ONE_OR_SEVERAL}"),
        (slice(0, 3), rf"found slice\(0, 3, None\), expected {ONE_OR_SEVERAL}"),
        ("a", f"found 'a', expected {ONE_OR_SEVERAL}"),
        (b"\x01", rf"found b'\\x01', expected {ONE_OR_SEVERAL}"),
        ({0, 1}, rf"found \{{0, 1\}}, expected {ONE_OR_SEVERAL}"),
        ({0: 1}, rf"found \{{0: 1\}}, expected {ONE_OR_SEVERAL}"),
    ],
)
def test_units_that_are_no_whole_numbers_are_refused(results, units, message):
    """int() takes True for 1, 1.7 for 1 and a mask for the units 1 and 0, again and again."""
    with pytest.raises(InputError, match=f"^lstm-1-4, layer 1: units: {message}"):
        results.activations("lstm-1-4", 1, "c", units=units)


@pytest.mark.parametrize("layer", ["1", True, 1.0, None, [1]])
def test_a_layer_that_is_no_whole_number_is_refused(results, layer):
    with pytest.raises(InputError) as caught:
        results.activations("lstm-1-4", layer, "c")
    assert str(caught.value) == f"lstm-1-4: layer: found {layer!r}, expected a whole number"


def test_rows_are_about_the_same_characters(results, folder):
    ids = np.load(folder / "split/test.npy")
    vocabulary = np.array(json.loads((folder / "split/vocabulary.json").read_text())["bytes"], np.uint8)
    np.testing.assert_array_equal(results.text.test, vocabulary[ids[:, :-1]])
    predictions, features = results.predictions("rnn-1-4"), results.features
    np.testing.assert_array_equal(predictions[["stream", "step"]], features[["stream", "step"]])
    np.testing.assert_array_equal(results.text.vocabulary[predictions["target"]], vocabulary[ids[:, 1:]].ravel())
    text = (folder / "corpus/text.bin").read_bytes()
    assert results.text.snippet(5, 60) in text.decode()
    assert results.text.part("train").shape[0] == len(ids)


def test_every_model_has_predictions(results, folder):
    """Those of the realisable methods have no most likely character."""
    without = set()
    for model in results.models:
        whole = pd.read_parquet(folder / f"predictions/{model}.parquet")
        pd.testing.assert_frame_equal(results.predictions(model), whole)
        without |= set() if "predicted" in whole else {model.partition("-")[0]}
    assert without == {"realisable"}


def test_external_predictions_need_no_most_likely_character(folder, tmp_path):
    shutil.copytree(folder / "split", tmp_path / "split")
    whole = pd.read_parquet(folder / "predictions/lstm-1-4.parquet").drop(columns="predicted")
    (tmp_path / "predictions").mkdir()
    whole.to_parquet(tmp_path / "predictions/external-mine.parquet")
    results = rnnscope.open(tmp_path)
    assert results.models == ["external-mine"]
    pd.testing.assert_frame_equal(results.predictions("external-mine"), whole)


def test_tables_and_summaries(results, folder):
    assert results.tables == sorted(path.stem for path in (folder / "analyses").glob("*.csv"))
    pd.testing.assert_frame_equal(results.losses, pd.read_csv(folder / "analyses/losses.csv"))
    summary = results.summary("lstm-1-4")
    assert summary["test_loss"] == json.loads((folder / "models/lstm-1-4/evaluation.json").read_text())["test_loss"]
    assert summary["cell"] == "lstm"


def test_a_network_gives_the_losses_that_were_evaluated(results, folder):
    network = results.network("lstm-1-4")
    assert isinstance(network, Network)
    ids = torch.from_numpy(np.load(folder / "split/test.npy").T.astype(np.int64))
    with torch.no_grad():
        logits, _ = network(ids[:-1], network.zero_state(ids.shape[1]))
    loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1).double(), ids[1:].flatten()).item()
    assert loss == pytest.approx(results.summary("lstm-1-4")["test_loss"], abs=1e-5)


def test_a_sample_repeats_with_its_seed(results):
    first, again, other = (results.sample("lstm-1-4", "The ", 40, seed=seed) for seed in (1, 1, 2))
    assert first == again != other


def test_numbers_of_numpy_are_numbers(results):
    expected = results.sample("lstm-1-4", "The ", 20, 0.5, seed=3)
    assert results.sample("lstm-1-4", "The ", np.int64(20), np.float32(0.5), seed=np.uint8(3)) == expected
    assert results.text.snippet(np.int64(2), np.int32(20)) == results.text.snippet(2, 20)


def test_a_snippet_ends_with_the_test_part(results):
    part = bytes(results.text.test.ravel()).decode()
    assert results.text.snippet(len(part) - 5, 20) == part[-5:]
    assert results.text.snippet(len(part) - 1, 1) == part[-1]
    assert results.text.snippet(0, 0) == ""


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda results: results.table("lossess"), r"analyses: no table 'lossess'; found .*losses.*"),
        (lambda results: results.predictions("lstm-9-4"), r"predictions: no predictions of model 'lstm-9-4'; found .*lstm-1-4.*"),
        (lambda results: results.network("ngram-2"), r"models: no network 'ngram-2'; found gru-1-4, .*"),
        (lambda results: results.activations("rnn-1-4", 1, "h"), r"no activations of model 'rnn-1-4'; found gru-2-5, .*"),
        (lambda results: results.activations("lstm-1-4", 2, "c"), r"^lstm-1-4: no layer 2; found 1$"),
        (
            lambda results: results.activations("lstm-1-4", 1, "z"),
            r"^lstm-1-4, layer 1: no quantity 'z'; found i, f, o, g, c, h$",
        ),
        (lambda results: results.activations("lstm-1-4", 1, ["c"]), r"no quantity \['c'\]; found i, f, o, g, c, h$"),
        (
            lambda results: results.activations("lstm-1-4", 1, "c", units=[0, 4]),
            r"^lstm-1-4, layer 1: no unit 4 of c; found 0 to 3$",
        ),
        (
            lambda results: results.activations("lstm-1-4", 1, "c", units=-1),
            r"^lstm-1-4, layer 1: no unit -1 of c; found 0 to 3$",
        ),
        (lambda results: results.text.part("tests"), r"^text: no part 'tests'; found train, validation, test$"),
        (
            lambda results: results.sample("lstm-1-4", "\0"),
            r"prime text: found the byte b'\\x00' at position 0, expected one of the model's ",
        ),
        (lambda results: results.sample("lstm-1-4", prime=b"The"), r"^prime text: found b'The', expected a text \(str\)$"),
        (lambda results: results.sample("lstm-1-4", prime=None), r"^prime text: found None, expected a text \(str\)$"),
        (lambda results: results.sample("lstm-1-4", temperature="x"), r"^temperature: found 'x', expected a number$"),
        (lambda results: results.sample("lstm-1-4", temperature=True), r"^temperature: found True, expected a number$"),
        (lambda results: results.sample("lstm-1-4", temperature=-1), r"^temperature: found -1.0, expected 0 or a number from "),
        (lambda results: results.sample("lstm-1-4", length="5"), r"^length: found '5', expected a whole number$"),
        (lambda results: results.sample("lstm-1-4", length=-5), r"^length: found -5, expected a whole number from 0 to "),
        (lambda results: results.sample("lstm-1-4", seed=1.5), r"^seed: found 1.5, expected a whole number$"),
        (lambda results: results.text.snippet(-1, 20), r"^text: row: found -1, expected a whole number from 0 to 1719$"),
        (lambda results: results.text.snippet(1720, 20), r"^text: row: found 1720, expected a whole number from 0 to 1719$"),
        (lambda results: results.text.snippet(1.0, 20), r"^text: row: found 1.0, expected a whole number from 0 to 1719$"),
        (lambda results: results.text.snippet(0, -3), r"^text: length: found -3, expected a whole number of at least 0$"),
        (lambda results: results.text.snippet(0, None), r"^text: length: found None, expected a whole number of at least 0$"),
        (lambda results: results.sample("nnn-1"), r"found a feed-forward network, expected a recurrent one"),
    ],
)
def test_a_mistake_is_one_line_that_says_what_there_is(results, ask, message):
    with pytest.raises(InputError, match=message) as caught:
        ask(results)
    assert "\n" not in str(caught.value)


def test_a_folder_without_results_is_named(tmp_path, folder):
    with pytest.raises(InputError, match=r"nothing: no such folder; expected one that the pipeline wrote"):
        rnnscope.open(tmp_path / "nothing")
    with pytest.raises(InputError, match=r"no results of a corpus, expected a folder `split`$"):
        rnnscope.open(tmp_path)
    with pytest.raises(InputError, match=r"results: no results of a corpus, .*; found results of tale in it$"):
        rnnscope.open(folder.parent)
