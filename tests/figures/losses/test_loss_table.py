import re

import pandas as pd
import pytest
from matplotlib.patches import Rectangle

from rnnscope.figures import style
from rnnscope.figures.losses import loss_table


def cell_texts(axes):
    """Text of each cell of the heat map by (row, column)."""
    return {
        (round(y), round(x)): text
        for text in axes.texts
        for x, y in [text.get_position()]
        if re.fullmatch(r"-|\d\.\d{3}", text.get_text())
    }


@pytest.mark.parametrize(
    "shape",
    [{}, {"sizes": (8, 3), "layers": (2, 1)}, {"sizes": (64,), "layers": (1,)}, {"missing": ("gru", 64), "layers": (1, 2, 3, 4)}],
)
def test_every_number_in_its_place_and_the_lowest_of_a_row_marked(losses, differences, shape, check_legible):
    table = losses(**shape)
    figure = loss_table.draw(table, differences(losses=table), "A tale")
    axes = figure.axes[0]
    sizes, layers = sorted(set(table["size"])), sorted(set(table["layers"]))
    columns = [(cell, depth) for cell in ("lstm", "rnn", "gru") for depth in layers]
    by_model = {(row.size, row.cell, row.layers): row.test_loss for row in table.itertuples()}
    texts = cell_texts(axes)
    assert len(texts) == len(sizes) * len(columns)
    for row, size in enumerate(sizes):
        for column, (cell, depth) in enumerate(columns):
            loss = by_model.get((size, cell, depth))
            assert texts[row, column].get_text() == ("-" if loss is None else f"{loss:.3f}")
            best = loss is not None and loss == min(value for key, value in by_model.items() if key[0] == size)
            assert (texts[row, column].get_weight() == "bold") == best
            frames = [patch for patch in axes.patches if isinstance(patch, Rectangle) and patch.get_bbox().contains(column, row)]
            assert bool(frames) == best
    assert [label.get_text() for label in axes.get_yticklabels()] == [str(size) for size in sizes]
    assert [label.get_text() for label in axes.get_xticklabels()] == [str(depth) for _, depth in columns]
    check_legible(figure)


def test_losses_not_significantly_above_the_lowest_have_a_dotted_frame(losses, differences):
    table = losses()
    # No difference of every second model, in the order of names, is significant.
    doubtful = set(sorted(table["model"])[::2])
    pairs = differences(lambda model, other: not {model, other} & doubtful)
    swapped = pairs.iloc[::2].rename(columns={"model": "other", "other": "model"})  # a pair may be in either order
    for chosen in (pairs, pd.concat([swapped, pairs.iloc[1::2]])):
        axes = loss_table.draw(table, chosen, "").axes[0]
        frames = {}
        for patch in axes.patches:
            if isinstance(patch, Rectangle):
                frames[round(patch.get_y() + patch.get_height() / 2), round(patch.get_x() + patch.get_width() / 2)] = patch
        found = set()
        for row, (_, models) in enumerate(table.groupby("size")):
            lowest = models.loc[models["test_loss"].idxmin(), "model"]
            for model in models.itertuples():
                column = 3 * ["lstm", "rnn", "gru"].index(model.cell) + model.layers - 1
                expected = model.model == lowest or model.model in doubtful or lowest in doubtful
                assert ((row, column) in frames) == expected
                if expected:
                    dotted = frames[row, column].get_linestyle() != "solid"
                    assert dotted == (model.model != lowest)
                    found.add(dotted)
        assert found == {True, False}


def test_deviation_is_never_rounded_down(losses, differences):
    table = losses()
    table["test_loss_standard_deviation"] = 0.00211
    assert loss_table.draw(table, differences(), "").axes[0].get_xlabel().endswith("at most 0.0022")


def test_names_are_above_their_columns(losses, differences):
    axes = loss_table.draw(losses(), differences(), "").axes[0]
    names = {text.get_text(): text.xy[0] for text in axes.texts if text.get_text() in ("LSTM", "RNN", "GRU")}
    assert names == {"LSTM": 1, "RNN": 4, "GRU": 7}


@pytest.mark.parametrize("loss", [i / 20 for i in range(21)])
def test_numbers_contrast_with_their_cell(loss):
    background = loss_table.COLOURS(loss)

    def luminance(rgb):
        linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in rgb[:3]]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    ink = {"black": 0.0, "white": 1.0}[loss_table.text_colour(background)]
    lighter, darker = sorted([ink, luminance(background)], reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5  # WCAG 2.2, level AA


def test_svg_holds_every_number(tmp_path, call, tables, losses):
    svg = tmp_path / "figure.svg"
    assert call(loss_table, *tables["loss_table"], "--out-svg", svg, "--out-png", tmp_path / "figure.png") is None
    written = re.findall(r"<!-- (\d\.\d{3}) -->", svg.read_text())
    assert sorted(written) == sorted(f"{loss:.3f}" for loss in losses()["test_loss"])


def test_width_is_that_of_a_page(losses, differences):
    assert loss_table.draw(losses(), differences(), "").get_figwidth() == style.PAGE_WIDTH
