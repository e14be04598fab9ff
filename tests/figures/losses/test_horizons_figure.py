import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from rnnscope.figures import style
from rnnscope.figures.losses import horizons as figure_module


def horizontal_lines(axes):
    return {line.get_label(): line for line in axes.lines if list(line.get_xdata()) == [0, 1]}


@pytest.mark.parametrize(("last_ngram", "last_nnn"), [(20, 6), (3, 2)])
def test_curves_are_the_table(horizons, losses, check_legible, last_ngram, last_nnn):
    table = horizons(last_ngram, last_nnn)
    figure = figure_module.draw(table, losses(), "A tale")
    left, right = figure.axes
    assert [container.get_label() for container in left.containers] == ["n-gram", "n-NN"]
    costs = {line.get_label(): line for line in right.lines}
    assert right.get_yscale() == "log"
    for container in left.containers:
        rows = table[table["kind"] == container.get_label()]
        curve, _, (bars,) = container.lines
        assert list(zip(*curve.get_data(), strict=True)) == list(zip(rows["n"], rows["test_loss"], strict=True))
        half = [(high - low) / 2 for (_, low), (_, high) in bars.get_segments()]
        assert half == pytest.approx(list(rows["test_loss_standard_deviation"]))
        cost = costs[container.get_label()]
        assert list(zip(*cost.get_data(), strict=True)) == list(zip(rows["n"], rows["cost"], strict=True))
        assert cost.get_color() == curve.get_color()
    check_legible(figure)


@pytest.mark.parametrize("seed", range(5))
def test_validation_chooses_the_best_models(horizons, losses, seed):
    models = losses(seed=seed)
    axes, _ = figure_module.draw(horizons(), models, "").axes
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


def test_dashes_lie_in_each_others_gaps(horizons, losses):
    axes, _ = figure_module.draw(horizons(), losses(), "").axes
    patterns = [line._unscaled_dash_pattern for line in horizontal_lines(axes).values()]
    assert len(patterns) == 3
    for step in range(120):
        position = 0.05 + 0.1 * step  # never on the end of a dash
        assert [(position + offset) % sum(dashes) < dashes[0] for offset, dashes in patterns].count(True) == 1


def test_legend_keeps_off_the_lines_wherever_they_lie(horizons, losses):
    models = losses()
    models["test_loss"] += 3  # worse than every n-gram model
    figure = figure_module.draw(horizons(), models, "")
    FigureCanvasAgg(figure).draw()
    assert not figure.legends[0].get_window_extent().overlaps(figure.axes[0].get_window_extent())


@pytest.mark.parametrize("cells", [["lstm"], ["gru", "rnn"]])
def test_fewer_cells_and_a_short_table(horizons, losses, check_legible, cells):
    models = losses()
    figure = figure_module.draw(horizons(3, 1), models[models["cell"].isin(cells)], "")
    assert len(horizontal_lines(figure.axes[0])) == len(cells)
    check_legible(figure)
