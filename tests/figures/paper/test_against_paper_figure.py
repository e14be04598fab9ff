import pytest
from helpers.paper_tables import make_against_paper
from matplotlib.colors import to_rgb

from rnnscope.figures import style
from rnnscope.figures.paper import against_paper


@pytest.mark.parametrize("text", ["war_and_peace", "linux_kernel"])
def test_every_loss_of_the_paper_with_ours_and_the_difference(check_legible, text):
    table = make_against_paper(text)
    figure = against_paper.draw(table, "A tale")
    assert figure.get_figwidth() == style.COLUMN_WIDTH
    axes = figure.axes[0]
    rows = [label.get_text() for label in axes.get_yticklabels()]
    sizes = [label.get_text() for label in axes.get_xticklabels()]
    assert (rows, sizes) == ([f"{cell} {n}" for cell in ("LSTM", "RNN", "GRU") for n in (1, 2, 3)], ["64", "128", "256", "512"])
    written = {}
    for text_of_cell in axes.texts:
        x, y = text_of_cell.get_position()
        written.setdefault((rows[round(y - 0.01)], sizes[round(x)]), []).append(text_of_cell.get_text())
    losses = table[table["item"] == "T1"]
    assert len(written) == len(losses) == 33
    for row in losses.itertuples():
        cell, layers, size = row.model.split("-")
        found = written[f"{cell.upper()} {layers}", size]
        if row.model == "rnn-3-256":
            assert found == [f"{row.paper:.3f}"]
        else:
            ours, paper, difference = [found[0], *found[1].split()]
            assert (ours, paper) == (f"{row.ours:.3f}", f"{row.paper:.3f}")
            assert float(difference.replace("\N{MINUS SIGN}", "-")) == pytest.approx(row.ours - row.paper, abs=6e-4)
    check_legible(figure)


def test_the_colour_is_that_of_the_difference():
    table = make_against_paper()
    table.loc[table["model"] == "lstm-1-64", "ours"] = table["paper"] + 0.05
    table.loc[table["model"] == "lstm-2-64", "ours"] = table["paper"] - 0.05
    table.loc[table["model"] == "lstm-3-64", "ours"] = table["paper"]
    axes = against_paper.draw(table, "").axes[0]
    colour = {tuple(map(round, patch.get_center())): to_rgb(patch.get_facecolor()) for patch in axes.patches}
    higher, lower, equal = colour[0, 0], colour[0, 1], colour[0, 2]
    assert higher[0] < higher[2], "purple"
    assert lower[0] > lower[2], "orange"
    assert min(equal) > 0.95


@pytest.mark.parametrize("difference", [-0.2, -0.06, -0.03, 0.0, 0.03, 0.06, 0.2])
def test_numbers_contrast_with_their_colour(difference):
    table = make_against_paper()
    table["ours"] = table["paper"] + difference
    axes = against_paper.draw(table, "").axes[0]
    for patch in axes.patches:
        assert (style.luminance(to_rgb(patch.get_facecolor())) + 0.05) / 0.05 > style.TEXT_CONTRAST
    known = [text for text in axes.texts if text.get_text()]
    assert {text.get_color() for text in known} == {"black"}


def test_how_many_values_agree():
    table = make_against_paper()
    counts = table["outcome"].value_counts()
    words = against_paper.summary(table)
    assert f"{counts['within tolerance']} within tolerance, {counts['within interval']} more in" in words
    assert f"{counts['differs']} differ, {counts['missing']} without ours" in words
    table["outcome"] = "orientation"
    assert "another text" in against_paper.summary(table)


def test_a_table_without_losses_is_refused(tmp_path, call):
    path = tmp_path / "table.csv"
    table = make_against_paper()
    table[table["item"] != "T1"].to_csv(path, index=False)
    message = call(against_paper, "--table", path, "--out-svg", tmp_path / "x.svg", "--out-png", tmp_path / "x.png")
    assert message == f"error: {path}: no row of the item T1, expected the paper's table of losses"
