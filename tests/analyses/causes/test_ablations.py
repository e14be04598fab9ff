import numpy as np
import pytest
import torch

from rnnscope.analyses.causes.ablations import ModelAblations, held_at, window_of
from rnnscope.analyses.causes.effects import closest_in_variance, draw_controls, effect_columns, rank_down
from rnnscope.analyses.causes.groups import PLACES, ends_of_lines, membership, places_of
from rnnscope.analyses.causes.held_losses import Unit, group_rises, read_window
from rnnscope.models.cells import CELLS
from rnnscope.models.network import Network, Shape
from rnnscope.settings.context import Ablations
from rnnscope.settings.predictions import Resampling
from rnnscope.training.cross_entropy import correct_log_probabilities

K, OPEN, CLOSE = 5, 3, 4
WEIGHT = 3.0  # of the quote unit on the closing quote
STREAMS, STEPS, START = 24, 60, 10
SETTINGS = {"models": ["rnn-1-4"], "characters": 1, "controls": 2, "control_groups": 2, "choice_seed": 1}


@pytest.fixture
def text():
    """Ids (streams, steps + 1) with quotations, and whether one is open after each."""
    random = np.random.default_rng(1)
    ids = random.integers(0, 3, (STREAMS, STEPS + 1))
    inside = np.zeros(ids.shape, bool)
    for stream in range(STREAMS):
        step = 1 + stream % 3
        while step < STEPS - 8:
            length = int(random.integers(3, 8))
            ids[stream, step], ids[stream, step + length] = OPEN, CLOSE
            inside[stream, step : step + length] = True
            step += length + int(random.integers(2, 5))
    return ids, inside


@pytest.fixture
def network():
    """Unit 1 is 1 from an opening quote to the closing one, and -1 outside; what comes depends on it alone."""
    network = Network(Shape("rnn", 1, 3, K)).eval()
    layer = network.layers[0]
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
        layer.W_hidden[1, 1] = 40.0
        layer.W_input[1, OPEN], layer.W_input[1, CLOSE] = 80.0, -80.0
        layer.bias[1] = -0.001  # before the first quote it is outside
        layer.W_input[0] = torch.randn(K, generator=torch.Generator().manual_seed(1))
        layer.W_input[2] = 0.5 * torch.randn(K, generator=torch.Generator().manual_seed(2))
        network.softmax.weight[CLOSE, 1] = WEIGHT
    return network


def ablations_of(network, text, features, holds=("mean",), sizes=(1, 2)):
    baseline = read_window(network, torch.from_numpy(text[0].T.copy()), START)
    settings = Ablations(**SETTINGS, holds=list(holds), group_sizes=list(sizes))
    line_ends = np.zeros(baseline.losses.T.shape, bool)
    return ModelAblations("rnn-1-4", network, baseline, features, line_ends, settings, Resampling(samples=30, seed=1))


def surprise(state, is_close):
    """The loss when the quote unit is at `state`: the closing quote has the logit WEIGHT * state, the others 0."""
    return np.log(np.exp(WEIGHT * state) + K - 1) - WEIGHT * state * is_close


def test_a_unit_that_keeps_a_quote_is_found_and_its_effect_is_what_the_weights_say(network, text):
    found = ablations_of(network, text, {"inside": text[1][:, START:]})
    table = found.unit_table("zero")
    of_feature = table[table["feature"] == "inside"].set_index("unit")
    quote = of_feature.loc[1]
    assert (quote["score"], quote["score_rank"], quote["effect_rank"]) == (1.0, 1, 1)
    at_end = surprise(0, True) - surprise(1, True)
    within = surprise(0, False) - surprise(1, False)
    others = surprise(0, False) - surprise(-1, False)
    assert quote["end_effect"] == pytest.approx(at_end - others, abs=1e-5)
    assert quote["inside_effect"] == pytest.approx(within - others, abs=1e-5)
    assert quote["others_rise"] == pytest.approx(others, abs=1e-5)
    assert quote["end_effect_low"] == pytest.approx(quote["end_effect"], abs=1e-5), "all streams agree"
    assert of_feature.loc[[0, 2], ["end_effect", "rise"]].to_numpy() == pytest.approx(np.zeros((2, 2)), abs=1e-6)
    assert quote["control"] == pytest.approx(0, abs=1e-6)
    inside = text[1][1::2, START:]
    assert quote["ends"] == np.count_nonzero(inside[:, :-1] & ~inside[:, 1:])
    assert quote["inside"] == np.count_nonzero(inside[:, :-1] & inside[:, 1:])


def test_a_group_with_the_quote_unit_does_what_it_does_alone(network, text):
    groups = ablations_of(network, text, {"inside": text[1][:, START:]}).group_table().set_index("units")
    assert list(groups.index) == [1, 2]
    assert groups.loc[2, "end_effect"] == pytest.approx(groups.loc[1, "end_effect"], abs=1e-5)
    assert groups.loc[1, "control_end_effect"] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("units", [5, 9, 30])
def test_control_groups_are_as_many_other_units_each_once(text, units):
    network = Network(Shape("rnn", 1, units, K), generator=torch.Generator().manual_seed(2)).eval()
    sizes = (1, 2, 4, 9)
    found = ablations_of(network, text, {"inside": text[1][:, START:]}, sizes=sizes)
    held, effects_of = [], found.effects_of
    found.effects_of = lambda cases: held.append(cases) or effects_of(cases)
    table = found.group_table().set_index("units")
    cases = iter([{unit.index for unit, _ in case} for case in held[0]])
    assert list(table.index) == [size for size in sizes if size <= units]
    best = np.argsort(-found.scores[:, 0], kind="stable").tolist()
    for size, row in table.iterrows():
        group = next(cases)
        assert group == set(best[:size])
        assert row["control_groups"] == (2 if size <= units - size else 0)
        for _ in range(row["control_groups"]):
            control = next(cases)
            assert len(control) == size
            assert not control & group
        assert row[["control_rise", "control_end_effect", "control_inside_effect"]].isna().all() == (size > units - size)
    assert next(cases, None) is None


@pytest.mark.parametrize("seed", range(20))
def test_a_control_is_one_of_the_closest_that_are_left(seed):
    random = np.random.default_rng(seed)
    controls, size = 3, 1 + seed % 8
    variances = np.exp(random.normal(size=16))
    group = random.permutation(16)[:size]
    nearest = closest_in_variance(variances, controls + 2 * (size - 1))
    drawn = draw_controls(nearest, group, controls, random).tolist()
    left = set(range(16)) - set(group.tolist())
    for unit, control in zip(group, drawn, strict=True):
        by_distance = sorted(left, key=lambda other: abs(np.log(variances[other]) - np.log(variances[unit])))
        assert control in by_distance[:controls]
        left.remove(control)


@pytest.mark.parametrize("cell", CELLS)
def test_holding_a_unit_where_it_is_changes_nothing_and_sums_are_those_of_a_loop(cell, text):
    network = Network(Shape(cell, 2, 4, K), generator=torch.Generator().manual_seed(3)).eval()
    for parameter in network.parameters():
        parameter.data *= 10
    ids, inside = text
    baseline = read_window(network, torch.from_numpy(ids.T.copy()), START)
    evaluated = correct_log_probabilities(network, torch.from_numpy(ids.T.astype(np.uint8)), START).numpy()
    assert baseline.losses.numpy() == pytest.approx(-evaluated[START:], abs=1e-5)
    groups = membership({"inside": inside[:, START:]}, np.zeros((STREAMS, STEPS - START), bool))
    state = CELLS[cell].displayed_state
    itself = baseline.values[0][state][:, :, 1].numpy()
    cases = [[(Unit(1, state, 1), itself)], [(Unit(1, state, 1), 0.3), (Unit(2, "h", 0), np.zeros(1))]]
    rises = group_rises(network, baseline, cases, groups)
    assert rises[:, 0] == pytest.approx(np.zeros(rises[:, 0].shape), abs=1e-3)
    alone = group_rises(network, baseline, cases[1:], groups)
    assert rises[:, 1:] == pytest.approx(alone, abs=1e-3), "whatever is read side by side"
    assert rises[:, :, 1:].sum(axis=2) == pytest.approx(rises[:, :, 0], abs=1e-4), "every target is in one place"


def test_places_of_a_yes_no_feature_and_of_a_count():
    on = np.array([False, True, True, False, False, True])
    assert list(places_of(on[:-1], on[1:])) == [2, 0, 1, 2, 2]
    count = np.array([0, 1, 2, 3, 0, 1], np.int32)
    assert list(places_of(count[:-1], count[1:])) == [2, 2, 2, 1, 2]


def test_a_line_ends_at_its_first_sign_not_at_the_line_feed_that_follows_of_itself():
    string = "a line\r\nthe next\n\r\nnot\rhere\r\n"
    values, ids = np.unique([ord(letter) for letter in string], return_inverse=True)
    position = np.array([len(string[: index + 1].rpartition("\n")[2]) for index in range(len(string))])
    groups = membership({"position": position[np.newaxis]}, ends_of_lines(ids[np.newaxis, 1:], values))
    ends, start = [], 0
    for line in string.split("\n")[:-1]:
        if content := line.removesuffix("\r"):  # an empty line does not end a count
            ends.append(start + len(content) - 1)  # targets begin with the second character
        start += len(line) + 1
    assert list(np.flatnonzero(groups[0, :, 1 + PLACES.index("end")])) == ends
    assert groups[0, :, 1:].sum(axis=1).tolist() == [1] * (len(string) - 1)


def test_where_a_unit_is_held(network, text):
    baseline = read_window(network, torch.from_numpy(text[0].T.copy()), START)
    unit, values = Unit(1, "h", 0), baseline.values[0]["h"][:, :, 0].numpy()
    assert held_at(baseline, unit, "zero") == 0
    assert held_at(baseline, unit, "mean") == pytest.approx(values.mean(), abs=1e-6)
    elsewhere = held_at(baseline, unit, "elsewhere")
    assert np.array_equal(elsewhere[:, 1:], values[:, :-1])
    assert np.array_equal(elsewhere[:, 0], values[:, -1])


def test_effects_are_differences_of_means_over_targets():
    random = np.random.default_rng(3)
    counts = random.integers(1, 9, (12, 4)).astype(float)
    rises = random.normal(size=(12, 2, 4))
    rise, found = effect_columns(rises, counts, Resampling(samples=20, seed=1))
    means = rises.sum(axis=0) / counts.sum(axis=0)
    assert rise["rise"] == pytest.approx(means[:, 0])
    assert found["inside_effect"][0] == pytest.approx(means[:, 1] - means[:, 3])
    assert found["end_effect"][0] == pytest.approx(means[:, 2] - means[:, 3])
    assert (found["end_effect_low"] < found["end_effect"]).all()
    assert list(found["ends"][0]) == [counts[:, 2].sum()] * 2


def test_controls_are_the_units_of_the_closest_variance():
    assert [set(row) for row in closest_in_variance(np.array([1.0, 100, 1.1, 90, 0]), 1).tolist()] == [{2}, {3}, {0}, {1}, {0}]
    assert list(rank_down(np.array([0.1, np.nan, 0.5, 0.5]))) == [3, 4, 1, 2]


@pytest.mark.parametrize(("steps", "expected"), [(1000, (100, 50)), (120, (70, 50)), (30, (0, 30))])
def test_the_window_begins_after_a_segment_if_it_can(steps, expected):
    assert window_of(20, steps, 100, 1000) == expected
