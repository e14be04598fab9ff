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


def test_kept_and_restarted_shares_and_levels(memory_tables):
    table, summary = memory_tables()
    axes = panels(memory_span.draw(table, summary, ""))["inside comment"]
    for cell in ("lstm", "gru"):
        rows = table[(table["cell"] == cell) & (table["feature"] == "inside_comment")]
        lines = {line.get_marker(): line for line in axes.lines if line.get_color() == style.cell_colour(cell)}
        assert lines["."].get_xdata().tolist() == rows["distance"].tolist()
        assert lines["."].get_ydata().tolist() == rows["right_share"].tolist()
        asked = rows[rows["distance"] > 25]
        assert lines["o"].get_xdata().tolist() == asked["distance"].tolist()
        assert lines["o"].get_ydata().tolist() == asked["restarted_right_share"].tolist()
        assert lines["o"].get_linestyle() == "--"
    levels = {line.get_linestyle(): line for line in axes.lines if line.get_marker() == "None"}
    assert set(levels["-."].get_xdata()) == {100}
    assert set(levels[":"].get_ydata()) == {0.07}
    assert set(levels["--"].get_ydata()) == {0.21}, "what is subtracted from the restarted share"


def test_nothing_is_drawn_that_is_subtracted_from_nothing(memory_tables):
    table, summary = memory_tables()
    axes = panels(memory_span.draw(table, summary, ""))["inside if condition"]
    assert "--" not in [line.get_linestyle() for line in axes.lines if line.get_marker() == "None"]


def test_differences_over_the_panels(memory_tables):
    table, summary = memory_tables()
    drawn = panels(memory_span.draw(table, summary, ""))
    expected = {
        "inside comment": "h 16: +12 points (-1 to +20)",
        "inside if condition": "h 11: spans too short to compare",
        "sentence start": "h 12: +4 points (too few streams)",
    }
    for name, text in expected.items():
        written = [text.get_text() for text in drawn[name].texts]
        assert sorted(written) == [f"{model} 3×512, layer 2, {text}" for model in ("GRU", "LSTM")]


def test_one_feature(memory_tables, check_legible):
    figure = memory_span.draw(*memory_tables(features=("inside_quotes",)), "A tale")
    assert list(panels(figure)) == ["inside quotes"]
    check_legible(figure)


def test_text_in_which_nothing_switches(tmp_path, call):
    unit = "model,feature,cell,quantity,layer,unit,steps,off_right_share,longest_span,restart_steps"
    for name, columns in (
        ("table", "model,feature,distance,last_distance,right_share,restarted_right_share"),
        ("summary", f"{unit},restarted_off_right_share,difference,difference_low,difference_high"),
    ):
        (tmp_path / name).write_text(columns + "\n")
    words = ["--table", tmp_path / "table", "--summary", tmp_path / "summary"]
    assert call(memory_span, *words, "--out-svg", tmp_path / "a.svg", "--out-png", tmp_path / "a.png") is None
    assert "no yes/no feature switches in this text" in (tmp_path / "a.svg").read_text()
