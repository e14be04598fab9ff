import pytest
from helpers.context_tables import LENGTHS, NETWORKS, PASTS, SIZES, make_context, make_context_summary

from rnnscope.figures.context import context, context_by_class


def test_a_panel_for_each_past_with_all_models_at_the_same_characters(check_legible):
    curves = make_context()
    figure = context.draw(curves, make_context_summary(), "A tale")
    assert len(figure.axes) == len(PASTS)
    for axes, past in zip(figure.axes, PASTS, strict=True):
        nnns, ngrams, line, *_ = axes.lines
        assert [list(ngrams.get_xdata()), list(nnns.get_xdata())] == [[1, 20], [1, 6]]
        rows = curves[(curves["model"] == NETWORKS[0]) & (curves["past"] == past) & (curves["target_class"] == "all")]
        assert list(line.get_xdata()) == LENGTHS
        assert list(line.get_ydata()) == pytest.approx(list(rows["loss"]))
        assert [list(line.get_xdata()) for line in axes.lines][-1] == [100, 100]
    check_legible(figure)


def test_the_legend_has_the_effective_context_after_each_past():
    figure = context.draw(make_context(), make_context_summary(), "A tale")
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels[0] == "LSTM 1×64: 100 / 300 / >300"
    assert labels[-2:] == ["n-NN, at T = n", "n-gram, at T = n"]


def test_without_n_gram_models(check_legible):
    figure = context.draw(make_context(finite=()), make_context_summary(), "A tale")
    assert len(figure.axes[0].lines) == len(NETWORKS) + 1
    check_legible(figure)


def test_a_panel_for_each_class_the_most_frequent_first(check_legible):
    curves = make_context()
    figure = context_by_class.draw(curves, make_context_summary(), "A tale")
    panels = [axes for axes in figure.axes if axes.get_title()]
    assert [axes.get_title().partition(" (")[0] for axes in panels] == [name for name in SIZES if name != "all"]
    rows = curves[(curves["model"] == NETWORKS[1]) & (curves["past"] == "other text") & (curves["target_class"] == "white space")]
    assert list(panels[2].lines[1].get_ydata()) == pytest.approx(list(rows["rise"]))
    check_legible(figure)


@pytest.mark.parametrize("drawn", [context, context_by_class])
def test_every_network_has_a_line_of_its_own_look(drawn, check_legible):
    networks = ("lstm-2-64", "lstm-1-128", "lstm-2-128", "gru-2-64", "gru-2-128")
    figure = drawn.draw(make_context(networks), make_context_summary(networks), "A tale")
    of_networks = [handle for handle in figure.legends[0].legend_handles if "×" in handle.get_label()]
    for lines in (of_networks, [line for line in figure.axes[0].lines if len(line.get_xdata()) == len(LENGTHS)]):
        looks = {(line.get_color(), line.get_linestyle(), str(line._dash_pattern), line.get_marker()) for line in lines}
        assert len(looks) == len(lines) == len(networks)
    check_legible(figure)
