import pytest

from rnnscope.figures import style
from rnnscope.figures.units import memory_span


def panels(figure):
    return {axes.get_title(loc="left"): axes for axes in figure.axes if axes.axison}


def test_panels_of_the_features_that_last_longest(memory_tables, check_legible):
    table, summary = memory_tables()
    figure = memory_span.draw(table, summary, "A tale")
    longest = ["inside comment", "inside string", "inside word", "capital", "sentence start", "inside if condition"]
    assert list(panels(figure)) == longest
    check_legible(figure)


def test_means_bands_and_levels(memory_tables):
    table, summary = memory_tables()
    axes = panels(memory_span.draw(table, summary, ""))["inside comment"]
    curves = {line.get_color(): line for line in axes.lines if line.get_marker() == "."}
    for cell in ("lstm", "gru"):
        rows = table[(table["cell"] == cell) & (table["feature"] == "inside_comment")]
        line = curves[style.cell_colour(cell)]
        assert line.get_xdata().tolist() == rows["distance"].tolist()
        assert line.get_ydata().tolist() == rows["mean"].tolist()
    bands = [band.get_datalim(axes.transData) for band in axes.collections]
    assert [(band.y0, band.y1) for band in bands] == [
        (pytest.approx(table["percentile_10"].min()), pytest.approx(table["percentile_90"].max()))
    ] * 2
    levels = {line.get_linestyle(): line for line in axes.lines if line.get_marker() != "."}
    assert set(levels["--"].get_xdata()) == {100}
    assert set(levels[":"].get_ydata()) == {-0.5}
    written = [text.get_text() for text in axes.texts]
    assert sorted(written) == [f"{model} layer 2 h 16: holds 3 of 6, false 7%" for model in ("gru-3-512", "lstm-3-512")]


def test_one_feature(memory_tables, check_legible):
    figure = memory_span.draw(*memory_tables(features=("inside_quotes",)), "A tale")
    assert list(panels(figure)) == ["inside quotes"]
    check_legible(figure)


def test_text_in_which_nothing_switches(tmp_path, call):
    for name, columns in (
        ("table", "model,feature,distance,last_distance,mean,percentile_10,percentile_90"),
        ("summary", "model,feature,cell,quantity,layer,unit,steps,off_mean,off_right_share,longest_span,long_spans,held_beyond"),
    ):
        (tmp_path / name).write_text(columns + "\n")
    words = ["--table", tmp_path / "table", "--summary", tmp_path / "summary"]
    assert call(memory_span, *words, "--out-svg", tmp_path / "a.svg", "--out-png", tmp_path / "a.png") is None
    assert "no yes/no feature switches in this text" in (tmp_path / "a.svg").read_text()
