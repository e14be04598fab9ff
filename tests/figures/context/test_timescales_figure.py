import numpy as np
import pytest
from helpers.context_tables import make_halving_distances, make_mutual_information, make_swapped_states, make_timescales

from rnnscope.figures.context import timescales


@pytest.fixture
def figure():
    return timescales.draw(
        make_timescales(), make_halving_distances(), make_swapped_states(), make_mutual_information(), "A tale"
    )


def test_units_and_halving_distances_are_in_the_line_of_their_layer(figure, check_legible):
    layers, units = figure.axes[0], make_timescales()
    names = [label.get_text() for label in layers.get_yticklabels()]
    assert names == [f"LSTM 3×512, layer {layer}" for layer in (1, 2, 3)] + [f"GRU 2×64, layer {n}" for n in (1, 2)] + [
        "RNN 1×64, layer 1"
    ]
    ticks = {line.get_ydata()[0]: line.get_xdata() for line in layers.lines if line.get_marker() == "|" and len(line.get_xdata())}
    assert sorted(ticks) == [0, 1, 2, 3, 4], "the RNN has no gates"
    expected = units[(units["model"] == "gru-2-64") & (units["layer"] == 2)]["tau"]
    assert sorted(ticks[4])[:-1] == pytest.approx(sorted(np.maximum(expected, timescales.SHORTEST))[:-1])
    assert max(ticks[4]) == timescales.LONGEST, "what never forgets is at the edge"
    diamonds = {int(line.get_ydata()[0]): line.get_xdata()[0] for line in layers.lines if line.get_marker() == "D"}
    assert [diamonds[row] for row in (0, 1, 3, 4, 5)] == [4, 8, 4, 8, 4]
    assert np.isnan(float(diamonds[2]))
    check_legible(figure)


def test_information_is_left_out_where_the_shuffled_text_has_as_much(figure):
    (line,) = [line for line in figure.axes[2].lines if line.get_marker() == "."]
    table = make_mutual_information()
    known = table["distance"] < 60
    assert np.isnan(line.get_ydata()[~known]).all()
    assert list(line.get_ydata()[known]) == pytest.approx(list(table["information"][known]))


def test_models_without_gates_alone(check_legible):
    models = ("rnn-1-64",)
    tables = make_timescales()[:0], make_halving_distances(models), make_swapped_states(models)
    check_legible(timescales.draw(*tables, make_mutual_information(), "A tale"))


@pytest.mark.parametrize("models", [("lstm-3-512", "gru-2-64"), ("rnn-1-64",)])
def test_states_that_are_the_same_everywhere_have_no_line(tmp_path, models):
    """On a text that repeats itself; of one model among others, or of all."""
    without = models[-1]
    halving, swapped = make_halving_distances(models), make_swapped_states(models)
    halving.loc[halving["model"] == without, ["halving", "halving_low", "halving_high"]] = np.nan
    swapped.loc[swapped["model"] == without, ["left", "left_low", "left_high"]] = np.nan
    units = make_timescales()
    tables = units[units["model"].isin(models)], halving, swapped, make_mutual_information()
    paths = [tmp_path / f"{name}.csv" for name in ("timescales", "halving", "swapped", "information")]
    for table, path in zip(tables, paths, strict=True):
        table.to_csv(path, index=False)
    timescales.main(*paths, tmp_path / "figure.svg", tmp_path / "figure.png", "A tale")
    assert (tmp_path / "figure.png").stat().st_size > 0
    lines = timescales.draw(*tables, "A tale").axes[1].lines
    drawn = [line for line in lines if len(line.get_xdata()) > 2 and np.isfinite(line.get_ydata()).any()]
    assert len(drawn) == swapped[swapped["left"].notna()].groupby(["model", "layer"]).ngroups
