import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from rnnscope.figures import ngram_losses as figure_module
from rnnscope.figures import style


def horizontal_lines(axes):
    return {line.get_label(): line for line in axes.lines if list(line.get_xdata()) == [0, 1]}


def test_curve_is_the_table(ngram_losses, losses, check_legible):
    table = ngram_losses()
    figure = figure_module.draw(table, losses(), "A tale")
    (axes,) = figure.axes
    curve, _, (bars,) = axes.containers[0].lines
    assert list(zip(*curve.get_data(), strict=True)) == list(zip(table["n"], table["test_loss"], strict=True))
    half = [(high - low) / 2 for (_, low), (_, high) in bars.get_segments()]
    assert half == pytest.approx(list(table["test_loss_standard_deviation"]))
    check_legible(figure)


@pytest.mark.parametrize("seed", range(5))
def test_validation_chooses_the_best_models(ngram_losses, losses, seed):
    models = losses(seed=seed)
    (axes,) = figure_module.draw(ngram_losses(), models, "").axes
    lines = horizontal_lines(axes)
    assert len(lines) == 3
    for cell in ("lstm", "rnn", "gru"):
        rows = [row for row in models.itertuples() if row.cell == cell]
        best = min(rows, key=lambda row: row.validation_loss)
        layers = "1 layer" if best.layers == 1 else f"{best.layers} layers"
        line = lines[f"{cell.upper()}, {layers}, size {best.size}: {best.test_loss:.3f}"]
        assert set(line.get_ydata()) == {best.test_loss}
        assert line.get_color() == style.CELL_COLOURS[cell]


def test_validation_and_test_choose_differently_somewhere(losses):
    # Else the test above could not tell the one from the other.
    models = [losses(seed=seed).groupby("cell") for seed in range(5)]
    assert any((group["validation_loss"].idxmin() != group["test_loss"].idxmin()).any() for group in models)


def test_dashes_lie_in_each_others_gaps(ngram_losses, losses):
    (axes,) = figure_module.draw(ngram_losses(), losses(), "").axes
    patterns = [line._unscaled_dash_pattern for line in horizontal_lines(axes).values()]
    assert len(patterns) == 3
    for step in range(120):
        position = 0.05 + 0.1 * step  # never on the end of a dash
        assert [(position + offset) % sum(dashes) < dashes[0] for offset, dashes in patterns].count(True) == 1


def test_legend_keeps_off_the_lines_wherever_they_lie(ngram_losses, losses):
    models = losses()
    models["test_loss"] += 3  # worse than every n-gram model
    figure = figure_module.draw(ngram_losses(), models, "")
    FigureCanvasAgg(figure).draw()
    assert not figure.legends[0].get_window_extent().overlaps(figure.axes[0].get_window_extent())


@pytest.mark.parametrize("cells", [["lstm"], ["gru", "rnn"]])
def test_fewer_cells_and_a_short_table(ngram_losses, losses, check_legible, cells):
    models = losses()
    figure = figure_module.draw(ngram_losses(3), models[models["cell"].isin(cells)], "")
    assert len(horizontal_lines(figure.axes[0])) == len(cells)
    check_legible(figure)
