import numpy as np
import pytest
from helpers.seed_tables import make_seed_losses, make_seed_orders, make_seed_spread, make_similarity

from rnnscope.figures.seeds import seeds, similarity


def draw_seeds(**choice):
    losses = make_seed_losses(**choice)
    return seeds.draw(losses, make_seed_spread(losses), make_seed_orders(losses), "A tale")


def test_every_run_has_its_loss_and_its_interval(check_legible):
    losses = make_seed_losses()
    axes, orders = draw_seeds().axes
    dots = [line for line in axes.lines if line.get_marker() == "o"]
    assert [float(line.get_xdata()[0]) for line in dots] == pytest.approx(losses["test_loss"].tolist())
    assert [line.get_markerfacecolor() == "white" for line in dots] == [False, True, True] * 3, "the first is the chosen one"
    intervals = [line.get_xdata() for line in axes.lines if line.get_linewidth() == 0.8 and len(line.get_xdata()) == 2]
    assert np.array(intervals) == pytest.approx(losses[["low", "high"]].to_numpy())
    texts = [text.get_text() for text in axes.texts]
    assert texts == ["s = 0.0100 (seeds)\n±0.0200 (text)"] * 3
    assert [text.get_text() for text in orders.texts] == ["0 of 9 below 0; p = 0.1"]
    assert [label.get_text() for label in orders.get_yticklabels()] == ["LSTM 1×64 minus RNN 1×64"]
    check_legible(draw_seeds())


@pytest.mark.parametrize(
    "choice",
    [
        {"models": ("lstm-1-64",), "seeds": (1, 2)},
        {"models": ("lstm-1-64", "gru-1-128"), "seeds": (1, 2)},
        {"models": tuple(f"{cell}-{layers}-64" for cell in ("lstm", "rnn", "gru") for layers in (1, 2))},
    ],
)
def test_other_numbers_of_models_are_legible(check_legible, choice):
    check_legible(draw_seeds(**choice))


def test_without_intervals_over_the_text_the_figure_says_so(check_legible):
    losses = make_seed_losses().assign(low=np.nan, high=np.nan, clusters="6 streams")
    spread = make_seed_spread(losses).assign(text_low=np.nan, text_high=np.nan)
    figure = seeds.draw(losses, spread, make_seed_orders(losses), "A tale")
    (legend,) = figure.legends
    assert "no 95 % intervals (6 streams): fewer than 10 of these have a case" in [text.get_text() for text in legend.texts]
    check_legible(figure)


def test_both_matrices_are_symmetric_with_an_empty_diagonal(check_legible):
    table = make_similarity(models=("lstm-1-64", "gru-1-64"))
    figure = similarity.draw(table, "A tale")
    for axes, column in zip(figure.axes, ("cka", "matched"), strict=False):
        shown = axes.images[0].get_array()
        assert np.diag(shown.mask).all()
        assert (shown == shown.T).all()
        assert shown[0, 1:].tolist() == table[column][:5].tolist()
        assert len(axes.texts) == 30, "every number but the diagonal"
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()][:2] == ["LSTM 1×64, seed 1", "LSTM 1×64, seed 2"]
    assert figure.axes[0].get_xlabel() == "control: 0.01, at most 0.01"
    check_legible(figure)


@pytest.mark.parametrize("models", [("lstm-1-64",), ("lstm-3-512", "gru-3-512", "rnn-3-256")])
def test_few_and_many_layers_are_legible(check_legible, models):
    figure = similarity.draw(make_similarity(models=models), "A tale")
    assert figure.axes[0].get_yticklabels()[-1].get_text().endswith("layer 3" if len(models) > 1 else "seed 3")
    check_legible(figure)
