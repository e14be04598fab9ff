"""A cell that is added to the facts of cells is in every figure, without another change."""

import pytest
from matplotlib.figure import Figure

from rnnscope.figures import style
from rnnscope.figures.catalogue import FIGURES
from rnnscope.models.cells import CELLS, Activation, Cell
from tests.figures.test_every_figure import module, outputs

MADE_UP = Cell(
    name="mgu",
    title="MGU",
    activations=tuple(Activation(f"gate{name}", name, gate=name) for name in ("first", "second", "third", "fourth"))
    + (Activation("m", "memory", saturating=True), Activation("h", "hidden state")),
    gate_order=("gatefirst", "gatesecond", "gatethird", "gatefourth"),
    states=("h", "m"),
    displayed_state="m",
    colour="#7A5C00",
)


@pytest.fixture
def made_up(monkeypatch):
    monkeypatch.setitem(CELLS, "mgu", MADE_UP)


def with_cell(path, flag):
    """Replace the GRU, or where there is none the LSTM, of a table by the made-up cell; its gates in place of the GRU's."""
    text = path.read_text()
    old = "gru" if "gru" in text else "lstm"
    text = text.replace(f"{old}-", "mgu-").replace(f",{old},", ",mgu,").replace(f"\n{old},", "\nmgu,")
    text = (
        text.replace(f"best {old}", "best mgu").replace(",c,", ",m,") if old == "lstm" else text.replace("best gru", "best mgu")
    )
    path.write_text(text.replace(",reset,", ",fourth,").replace(",update,", ",second,"))


@pytest.mark.parametrize("name", FIGURES)
def test_a_made_up_cell_is_in_every_figure(tmp_path, call, tables, check_legible, monkeypatch, made_up, name):
    for flag, path in zip(tables[name][::2], tables[name][1::2], strict=True):
        with_cell(path, flag)
    figures = []
    monkeypatch.setattr(style, "save", lambda figure, svg, png: figures.append(figure))
    assert call(module(name), *tables[name], *outputs(tmp_path)) is None
    (figure,) = figures
    assert isinstance(figure, Figure)
    if name != "error_snippets":  # letters of its own, not hinted
        check_legible(figure)


def test_more_gates_than_panels_side_by_side(saturation_table, saturation_counts, check_legible, made_up):
    from rnnscope.figures.units import saturation

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
