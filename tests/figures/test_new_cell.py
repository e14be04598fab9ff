"""A cell that is added to the facts of cells is in every figure, without another change."""

import pytest
from matplotlib.figure import Figure

from rnnscope.figures import style
from rnnscope.figures.catalogue import FIGURES
from rnnscope.figures.units import saturation
from rnnscope.models.cells import CELLS, Activation, Cell
from tests.figures.test_every_figure import module, outputs

MADE_UP = Cell(
    name="mgu",
    title="MGU",
    activations=(
        *(Activation(f"gate{name}", name, gate=name) for name in ("first", "second", "third", "fourth")),
        Activation("m", "memory", saturating=True),
        Activation("h", "hidden state"),
    ),
    gate_order=("gatefirst", "gatesecond", "gatethird", "gatefourth"),
    states=("h", "m"),
    displayed_state="m",
    colour="#7A5C00",
)


@pytest.fixture
def made_up(monkeypatch):
    monkeypatch.setitem(CELLS, "mgu", MADE_UP)


def with_cell(path):
    """Replace the GRU (without one, the LSTM) of a table and its gates by the made-up cell and its gates."""
    text = path.read_text()
    old = "gru" if "gru" in text else "lstm"
    for before, after in ((f"{old}-", "mgu-"), (f",{old},", ",mgu,"), (f"\n{old},", "\nmgu,"), (f"best {old}", "best mgu")):
        text = text.replace(before, after)
    for before, after in (("reset", "fourth"), ("update", "second"), *([("c", "m")] if old == "lstm" else [])):
        text = text.replace(f",{before},", f",{after},")
    path.write_text(text)


@pytest.mark.parametrize("name", FIGURES)
def test_a_made_up_cell_is_in_every_figure(tmp_path, call, tables, check_legible, monkeypatch, made_up, name):
    for path in tables[name][1::2]:
        with_cell(path)
    figures = []
    monkeypatch.setattr(style, "save", lambda figure, svg, png: figures.append(figure))
    assert call(module(name), *tables[name], *outputs(tmp_path)) is None
    (figure,) = figures
    assert isinstance(figure, Figure)
    if name != "error_snippets":  # letters of its own, not hinted
        check_legible(figure)


def test_more_gates_than_panels_side_by_side(saturation_table, saturation_counts, check_legible, made_up):
    table = saturation_table(("lstm-2-64",)), saturation_counts(("lstm-2-64",))
    renamed = [
        frame.assign(
            model="mgu-2-64", gate=frame["gate"].map({"input": "first", "forget": "third", "output": "fourth"}), **columns
        )
        for frame, columns in zip(table, ({"cell": "mgu"}, {}), strict=True)
    ]
    figure = saturation.draw(*renamed, "A tale")
    assert [axes.get_title() for axes in figure.axes if axes.axison] == [
        "first gate",
        "second gate",
        "third gate",
        "fourth gate",
    ]
    check_legible(figure)
