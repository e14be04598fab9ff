from pathlib import Path

import numpy as np
import pytest
from helpers.synthetic_activations import write_features, write_layer

from rnnscope.analyses.units.units import cell_of, display_values, layers_and_states, read_rows, varying
from rnnscope.errors import InputError
from rnnscope.models.cells import CELLS, Activation


def test_states_of_every_layer_the_displayed_one_first(tmp_path):
    for layer in (10, 2, 1):
        write_layer(tmp_path / "lstm-10-8", layer, 1, 2, {"c": np.zeros((2, 1))})
    found = [(layer, path.name, state.name) for layer, path, state in layers_and_states(tmp_path / "lstm-10-8")]
    assert found == [(layer, f"layer-{layer}.parquet", state) for layer in (1, 2, 10) for state in "ch"]
    assert cell_of(tmp_path / "lstm-10-8") == CELLS["lstm"]


@pytest.mark.parametrize("name", ["lstn-1-64", "lstm-64", "nnn-3", "ngram-3", "activations"])
def test_a_folder_that_is_no_recurrent_network_s_is_named(name):
    with pytest.raises(InputError, match=f"^/x/{name}: .* expected <cell>-<layers>-<size> with a cell of {', '.join(CELLS)}$"):
        cell_of(Path("/x") / name)


def test_only_unbounded_states_are_displayed_through_tanh():
    values = np.array([-3, 0.5, 4], np.float16)
    bounded, unbounded = Activation("c", ""), Activation("n", "", saturating=True)
    assert display_values(bounded, values).tolist() == [-3, 0.5, 4]
    np.testing.assert_allclose(display_values(unbounded, values), np.tanh([-3, 0.5, 4]), rtol=1e-6)
    assert display_values(unbounded, values).dtype == display_values(bounded, values).dtype == np.float32


def test_halves_and_features_that_vary_in_both(tmp_path):
    features = {
        "both": np.tile([True, False], 6),
        "first_half_alone": np.repeat([1, 0, 0, 0], 3).astype(np.int32),
        "never": np.zeros(12, bool),
    }
    rows = read_rows(write_features(tmp_path / "features.parquet", 4, 3, features), characters=11)
    assert rows.kept.tolist() == [True, True, False] * 4
    assert rows.held_out.tolist() == [False, False, True, True] * 2
    assert rows.half(False)["first_half_alone"].tolist() == [1, 1, 0, 0]
    assert varying(rows) == ["both"]


def test_a_text_in_which_nothing_varies_is_refused(tmp_path):
    rows = read_rows(write_features(tmp_path / "features.parquet", 2, 3, {"never": np.zeros(6, bool)}), characters=6)
    with pytest.raises(InputError, match="none of never takes two values"):
        varying(rows)
