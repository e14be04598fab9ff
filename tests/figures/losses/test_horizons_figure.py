from pathlib import Path

import pytest
from helpers.loss_tables import make_horizons, make_loss_intervals
from matplotlib.backends.backend_agg import FigureCanvasAgg

from rnnscope.figures import style
from rnnscope.figures.losses import horizons as figure_module
from rnnscope.figures.losses.horizons import best_losses


@pytest.fixture
def horizons():
    """The table with its intervals, as `main` joins them."""

    def make(*last):
        table = make_horizons(*last)
        names = [f"{kind.lower().replace('-', '')}-{n}" for kind, n in zip(table["kind"], table["n"], strict=True)]
        return table.assign(model=names).merge(make_loss_intervals(horizons=table).drop(columns="test_loss"), on="model")

    return make


@pytest.fixture
def best(losses, best_models):
    def make():
        models = losses()
        return best_losses(models, best_models(models), Path("best_models.csv"))

    return make


def horizontal_lines(axes):
    return {line.get_label(): line for line in axes.lines if list(line.get_xdata()) == [0, 1]}


@pytest.mark.parametrize(("last_ngram", "last_nnn"), [(20, 6), (3, 2)])
def test_curves_are_the_table(horizons, best, check_legible, last_ngram, last_nnn):
    table = horizons(last_ngram, last_nnn)
    figure = figure_module.draw(table, best(), "A tale")
    left, right = figure.axes
    assert [container.get_label() for container in left.containers] == ["n-gram", "n-NN"]
    costs = {line.get_label(): line for line in right.lines}
    assert right.get_yscale() == "log"
    for container in left.containers:
        rows = table[table["kind"] == container.get_label()]
        curve, _, (bars,) = container.lines
        assert list(zip(*curve.get_data(), strict=True)) == list(zip(rows["n"], rows["test_loss"], strict=True))
        ends = [(low, high) for (_, low), (_, high) in bars.get_segments()]
        assert ends == [pytest.approx(pair) for pair in zip(rows["low"], rows["high"], strict=True)]
        cost = costs[container.get_label()]
        assert list(zip(*cost.get_data(), strict=True)) == list(zip(rows["n"], rows["cost"], strict=True))
        assert cost.get_color() == curve.get_color()
    check_legible(figure)


@pytest.mark.parametrize("seed", range(5))
def test_the_best_models_are_those_of_their_table(horizons, losses, best_models, seed):
    models = losses(seed=seed)
    roles = best_models(models)
    axes, _ = figure_module.draw(horizons(), best_losses(models, roles, Path("best_models.csv")), "").axes
    lines = horizontal_lines(axes)
    assert len(lines) == 3
    for cell in ("lstm", "rnn", "gru"):
        best = roles["model"][roles["role"] == f"best {cell}"].item()
        _, layers, size = best.split("-")
        loss = models["test_loss"][models["model"] == best].item()
        line = lines[f"{cell.upper()} {layers}×{size}: {loss:.3f}"]
        assert set(line.get_ydata()) == {loss}
        assert line.get_color() == style.cell_colour(cell)


@pytest.mark.parametrize(
    ("orders", "said"), [([0, 0, 3, 2], "0 to 3 orders"), ([0, 0, 0, 0], "0 orders"), ([1, 1, 1, 1], "1 order")]
)
def test_fall_back_discounts_are_said(horizons, best, orders, said):
    table = horizons(4, 1)
    table.loc[table["kind"] == "n-gram", "fall_back_orders"] = orders
    _, right = figure_module.draw(table, best(), "").axes
    assert right.get_xlabel().endswith(f"fall-back discounts:\n{said}")


def test_a_best_model_without_a_loss_is_refused(tmp_path, call, tables, losses, best_models):
    (_, table, _, path, _, best) = tables["horizons"]
    models = losses()
    make_loss_intervals(models[models["cell"] != "gru"]).to_csv(path, index=False)
    words = ["--table", table, "--losses", path, "--best", best]
    message = call(figure_module, *words, "--out-svg", tmp_path / "figure.svg", "--out-png", tmp_path / "figure.png")
    roles = best_models(models)
    missing = roles["model"][roles["role"] == "best gru"].item()
    assert message == f"error: {best}: best model {missing} is not in the table of losses"


def test_dashes_are_in_each_others_gaps(horizons, best):
    axes, _ = figure_module.draw(horizons(), best(), "").axes
    patterns = [line._unscaled_dash_pattern for line in horizontal_lines(axes).values()]
    assert len(patterns) == 3
    for step in range(120):
        position = 0.05 + 0.1 * step  # never on the end of a dash
        assert [(position + offset) % sum(dashes) < dashes[0] for offset, dashes in patterns].count(True) == 1


def test_names_are_at_their_lines_and_off_the_panels(horizons, best):
    models = best()
    models["test_loss"] += 3  # worse than every n-gram model
    figure = figure_module.draw(horizons(20, 6), models, "")
    FigureCanvasAgg(figure).draw()
    left, right = figure.axes
    names = {text.get_text(): text.get_window_extent() for text in left.texts}
    above_its_last_point = names.pop("n-NN")
    place = left.transData.transform((6, horizons(20, 6).query("kind == 'n-NN' and n == 6")["high"].item()))
    assert above_its_last_point.x0 < place[0] < above_its_last_point.x1
    assert 0 < above_its_last_point.y0 - place[1] < above_its_last_point.height
    assert set(names) == {"n-gram", *horizontal_lines(left)}
    for name, box in names.items():
        assert left.get_window_extent().x1 < box.x0 < box.x1 < right.get_window_extent().x0, name


@pytest.mark.parametrize("cells", [["lstm"], ["gru", "rnn"]])
def test_fewer_cells_and_a_short_table(horizons, best, check_legible, cells):
    models = best()
    figure = figure_module.draw(horizons(3, 1), models[models["cell"].isin(cells)], "")
    assert len(horizontal_lines(figure.axes[0])) == len(cells)
    check_legible(figure)
