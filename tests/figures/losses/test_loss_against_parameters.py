import numpy as np
import pytest
from helpers.loss_tables import make_loss_intervals
from matplotlib.colors import to_hex

from rnnscope.figures import style
from rnnscope.figures.losses import loss_against_parameters


def with_ends(losses):
    """The table with its intervals, as `main` joins them."""
    return losses.merge(make_loss_intervals(losses).drop(columns="test_loss"), on="model")


def test_a_model_without_an_interval_is_named(tmp_path, call, tables):
    _, table, _, intervals = tables["loss_against_parameters"]
    ends = make_loss_intervals()
    ends[ends["model"] != "gru-2-128"].to_csv(intervals, index=False)
    words = ["--table", table, "--intervals", intervals, "--out-svg", tmp_path / "x.svg", "--out-png", tmp_path / "x.png"]
    assert call(loss_against_parameters, *words).startswith(f"error: {intervals}: no row of gru-2-128")


def test_few_clusters_have_no_bars(losses, check_legible):
    table = with_ends(losses()).assign(low=np.nan, high=np.nan, clusters="9 blocks of 1 characters")
    figure = loss_against_parameters.draw(table, "")
    assert "no 95 % intervals" in figure.axes[0].get_xlabel()
    check_legible(figure)


def test_a_point_with_its_bar_for_every_model(losses, check_legible):
    table = with_ends(losses())
    figure = loss_against_parameters.draw(table, "A tale")
    (axes,) = figure.axes
    found = set()
    for container in axes.containers:
        points, _, (bars,) = container.lines
        for x, y, ((_, low), (_, high)) in zip(*points.get_data(), bars.get_segments(), strict=True):
            found.add((x, y, round(low, 9), round(high, 9), points.get_color(), points.get_marker()))
    expected = {
        (
            row.parameters,
            row.test_loss,
            round(row.low, 9),
            round(row.high, 9),
            style.cell_colour(row.cell),
            style.marker(row.layers),
        )
        for row in table.itertuples()
    }
    assert found == expected
    assert axes.get_xscale() == "log"
    assert axes.get_ylabel() == "test loss (nats per character)"
    check_legible(figure)


def test_light_lines_join_one_cell_and_depth_from_small_to_large(losses):
    table = with_ends(losses()).sample(frac=1, random_state=3)
    (axes,) = loss_against_parameters.draw(table, "").axes
    lines = [line for line in axes.lines if line.get_alpha() is not None]
    assert len(lines) == 9
    for line in lines:
        ordered = list(line.get_xdata())
        assert ordered == sorted(ordered)
        models = table[table["parameters"].isin(ordered)]
        assert len(set(zip(models["cell"], models["layers"], strict=True))) == 1
        assert to_hex(line.get_color()).upper() == style.cell_colour(models["cell"].iloc[0])


@pytest.mark.parametrize("shape", [{"sizes": (64,), "layers": (1,)}, {"sizes": (64, 512), "layers": (3,)}])
def test_few_models(losses, check_legible, shape):
    check_legible(loss_against_parameters.draw(with_ends(losses(**shape)), ""))


@pytest.mark.parametrize("largest", [1_000, 1_300, 3_000, 9_000, 11_000, 80_000, 100_000, 1_300_000])
def test_two_or_more_numbers_on_the_axis_of_parameters(losses, check_legible, largest):
    table = with_ends(losses(sizes=(4, 5), layers=(1,), missing=None))
    table["parameters"] = np.linspace(900, largest, len(table))
    figure = loss_against_parameters.draw(table, "")
    check_legible(figure)
    (axes,) = figure.axes
    low, high = axes.get_xlim()
    assert sum(low <= tick <= high for tick in axes.get_xticks()) >= 2


def test_legend_names_what_is_there(losses):
    table = with_ends(losses(layers=(1, 2)))
    figure = loss_against_parameters.draw(table[table["cell"] != "rnn"], "")
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["LSTM", "GRU", "1 layer", "2 layers"]
