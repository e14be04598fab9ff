import pytest

from rnnscope.figures import style
from rnnscope.figures.units import saturation
from rnnscope.models.cells import CELLS

GATES = {"lstm": ["input", "forget", "output"], "gru": ["reset", "update"]}


def panels(figure):
    """The axes that hold points, by model and gate: the model is named at the left of its row."""
    found, model = {}, None
    for axes in figure.axes:
        if axes.collections:
            model = axes.get_ylabel().split("\n")[0] or model
            found[model, axes.get_title().removesuffix(" gate")] = axes
    return found


@pytest.mark.parametrize(
    "models", [("gru-2-64", "lstm-3-512"), ("lstm-1-64",), ("gru-1-64",), ("lstm-3-512", "gru-3-512", "lstm-2-64")]
)
def test_every_unit_is_a_point_in_the_panel_of_its_gate(saturation_table, saturation_counts, check_legible, models):
    table = saturation_table(models)
    figure = saturation.draw(table, saturation_counts(models), "A tale")
    found = panels(figure)
    lstm_first = [model for cell in ("lstm", "gru") for model in models if model.startswith(cell)]
    assert list(found) == [(style.model_title(model), gate) for model in lstm_first for gate in GATES[model.split("-")[0]]]
    colours = style.ordered_colours(table["layer"])
    for (model, gate), axes in found.items():
        drawn = set()
        for points in axes.collections:
            layer = int(points.get_label())
            assert points.get_edgecolor()[0][:3] == pytest.approx([int(colours[layer][i : i + 2], 16) / 255 for i in (1, 3, 5)])
            drawn |= {(layer, x, y) for x, y in points.get_offsets().tolist()}
        rows = table[(table["model"].map(style.model_title) == model) & (table["gate"] == gate)]
        assert drawn == set(zip(rows["layer"], rows["right_fraction"], rows["left_fraction"], strict=True))
    check_legible(figure)


def test_bound_and_equal_axes(saturation_table, saturation_counts):
    for axes in panels(saturation.draw(saturation_table(), saturation_counts(), "")).values():
        (bound,) = axes.lines
        assert all(x + y == 1 for x, y in zip(*bound.get_data(), strict=True))
        assert sorted(bound.get_xdata()) == [0, 1]
        assert axes.get_xlim() == axes.get_ylim() == (0, 1)
        assert axes.get_aspect() == 1
        assert axes.get_xlabel() == "fraction right-saturated"


def test_legend_takes_the_slot_after_the_last_gate(saturation_table, saturation_counts):
    figure = saturation.draw(saturation_table(), saturation_counts(), "")
    sixth = figure.axes[5]
    assert not sixth.axison
    texts = [text.get_text() for text in sixth.get_legend().get_texts()]
    assert texts == ["layer 1", "layer 2", "layer 3", "bound: the two add up to 1"]
    assert not figure.legends


def test_legend_is_below_without_a_free_slot(saturation_table, saturation_counts):
    figure = saturation.draw(saturation_table(("lstm-2-64",)), saturation_counts(("lstm-2-64",)), "")
    assert len(figure.legends) == 1


def test_units_on_an_axis_are_drawn_whole(saturation_table, saturation_counts):
    for axes in panels(saturation.draw(saturation_table(), saturation_counts(), "")).values():
        assert not any(points.get_clip_on() for points in axes.collections)


def test_counts_are_beyond_the_bound_of_their_panel(saturation_table, saturation_counts):
    counts = saturation_counts()
    for (model, gate), axes in panels(saturation.draw(saturation_table(), counts, "")).items():
        rows = counts[(counts["model"] == model) & (counts["gate"] == gate)].sort_values("layer")
        written = [text.get_text() for text in axes.texts]
        expected = [f"{row['mostly_right']} / {row['mostly_left']} of {row['units']}" for _, row in rows.iterrows()]
        assert written == ["right / left > 90 %", *expected]


def test_cell_without_gates_is_refused(tmp_path, call):
    table = tmp_path / "saturation.csv"
    table.write_text("model,cell,layer,gate,unit,right_fraction,left_fraction\nrnn-1-64,rnn,1,input,0,0.5,0.5\n")
    message = call(
        saturation, "--table", table, "--counts", table, "--out-svg", tmp_path / "a.svg", "--out-png", tmp_path / "a.png"
    )
    assert message == f"error: {table}: cell 'rnn', expected one with gates: {', '.join(name for name in CELLS if name != 'rnn')}"
