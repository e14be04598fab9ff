import re

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
def test_every_number_in_its_place_and_the_best_of_a_row_by_validation_marked(losses, size_ranking, shape, check_legible):
    table = losses(**shape)
    figure = loss_table.draw(table, size_ranking(table), "A tale")
    axes = figure.axes[0]
    sizes, layers = sorted(set(table["size"])), sorted(set(table["layers"]))
    columns = [(cell, depth) for cell in ("lstm", "rnn", "gru") for depth in layers]
    by_model = {(row.size, row.cell, row.layers): row.test_loss for row in table.itertuples()}
    by_validation = {(row.size, row.cell, row.layers): row.validation_loss for row in table.itertuples()}
    texts = cell_texts(axes)
    assert len(texts) == len(sizes) * len(columns)
    for row, size in enumerate(sizes):
        for column, (cell, depth) in enumerate(columns):
            loss = by_model.get((size, cell, depth))
            assert texts[row, column].get_text() == ("-" if loss is None else f"{loss:.3f}")
            best = loss is not None and by_validation[size, cell, depth] == min(
                value for key, value in by_validation.items() if key[0] == size
            )
            assert (texts[row, column].get_weight() == "bold") == best
            frames = [patch for patch in axes.patches if isinstance(patch, Rectangle) and patch.get_bbox().contains(column, row)]
            assert bool(frames) == best
    assert [label.get_text() for label in axes.get_yticklabels()] == [str(size) for size in sizes]
    assert [label.get_text() for label in axes.get_xticklabels()] == [str(depth) for _, depth in columns]
    check_legible(figure)


def test_losses_that_do_not_differ_from_the_best_have_a_dotted_frame(losses, size_ranking):
    table = losses()
    # Every second model, in the order of names, does not differ from the best of its size.
    doubtful = set(sorted(table["model"])[::2])
    axes = loss_table.draw(table, size_ranking(table, lambda model, best: model not in doubtful), "").axes[0]
    frames = {}
    for patch in axes.patches:
        if isinstance(patch, Rectangle):
            frames[round(patch.get_y() + patch.get_height() / 2), round(patch.get_x() + patch.get_width() / 2)] = patch
    found = set()
    for row, (_, models) in enumerate(table.groupby("size")):
        best = models.loc[models["validation_loss"].idxmin(), "model"]
        for model in models.itertuples():
            column = 3 * ["lstm", "rnn", "gru"].index(model.cell) + model.layers - 1
            expected = model.model == best or model.model in doubtful
            assert ((row, column) in frames) == expected
            if expected:
                dotted = frames[row, column].get_linestyle() != "solid"
                assert dotted == (model.model != best)
                found.add(dotted)
    assert found == {True, False}


@pytest.mark.parametrize(
    ("missing", "number"),
    [(None, "the 8 comparisons"), (("rnn", 512), "the 5 to 8 comparisons"), (("gru", 64), "the 5 to 8 comp")],
)
def test_the_number_of_comparisons_is_said(losses, size_ranking, missing, number):
    table = losses(missing=missing)
    assert number in loss_table.draw(table, size_ranking(table), "").axes[0].get_xlabel()


def test_networks_that_were_trained_in_bfloat16_have_a_star(losses, size_ranking):
    table = losses()
    rounded = {"gru-2-64", "lstm-3-512"}
    table.loc[table["model"].isin(rounded), "precision"] = "bfloat16"
    table.loc[table["model"] == "rnn-1-64", "precision"] = "unknown"
    axes = loss_table.draw(table, size_ranking(table), "").axes[0]
    starred = {text.get_text() for text in axes.texts if text.get_text().endswith("*")}
    expected = table.set_index("model").loc[sorted(rounded), "test_loss"]
    assert starred == {f"{loss:.3f}*" for loss in expected}
    assert "bfloat16" in axes.get_xlabel()
    assert "bfloat16" not in loss_table.draw(losses(), size_ranking(), "").axes[0].get_xlabel()


def test_names_are_above_their_columns(losses, size_ranking):
    axes = loss_table.draw(losses(), size_ranking(), "").axes[0]
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


def test_width_is_that_of_a_page(losses, size_ranking):
    assert loss_table.draw(losses(), size_ranking(), "").get_figwidth() == style.PAGE_WIDTH
