from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

from rnnscope.errors import InputError
from rnnscope.figures import style
from rnnscope.models.cells import CELLS

# Machado, Oliveira and Fernandes (2009), "A physiologically-based model for simulation of color vision deficiency", severity 1.
DEFICIENCIES = {
    "none": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


CELL_COLOURS = {cell.name: cell.colour for cell in CELLS.values()}


def seen(colour, deficiency):
    """CIE L*a*b* (D65) of a colour as it is seen with a deficiency."""
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    linear = np.clip(np.array(DEFICIENCIES[deficiency]) @ linear, 0, 1)
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    x, y, z = np.cbrt(np.maximum(to_xyz @ linear / [0.9505, 1, 1.089], 1e-9))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
@pytest.mark.parametrize(
    "colours",
    [CELL_COLOURS, *(style.ordered_colours(range(count)) for count in (2, 3, 4))],
)
def test_colours_differ_from_each_other_and_from_paper(colours, deficiency):
    lab = [seen(colour, deficiency) for colour in [*colours.values(), "white"]]
    # A difference of 2.3 is just noticeable (Mahy et al. 1994).
    assert min(np.linalg.norm(one - other) for one, other in combinations(lab, 2)) > 15


def test_ordered_colours_get_lighter_in_the_order_of_the_values():
    colours = style.ordered_colours([512, 64, 256, 64])
    assert list(colours) == [64, 256, 512]
    lightness = [seen(colour, "none")[0] for colour in colours.values()]
    assert lightness == sorted(lightness)


def test_depths_differ_in_marker_and_in_line():
    assert len({style.marker(layers) for layers in (1, 2, 3, 4)}) == 4
    assert len({style.line_style(layers) for layers in (1, 2, 3, 4)}) == 4


def test_both_files_at_their_size_and_the_same_bytes_again(tmp_path):
    def draw(stem):
        figure = Figure(figsize=(2.5, 1.5))
        figure.add_subplot().scatter([1, 2], [3, 4], label="label")
        style.save(figure, tmp_path / f"{stem}.svg", tmp_path / f"{stem}.png")
        return [(tmp_path / f"{stem}.{suffix}").read_bytes() for suffix in ("svg", "png")]

    assert draw("first") == draw("second")
    with Image.open(tmp_path / "first.png") as image:
        image.load()
        assert image.size == (750, 450)
    assert (tmp_path / "first.svg").read_text().rstrip().endswith("</svg>")


def test_a_dollar_sign_is_one_and_the_numbers_of_an_axis_are_formulas(tmp_path):
    """Two dollar signs would be the bounds of a formula, which may have mistakes or lose its spaces."""
    figure = Figure()
    axes = figure.subplots()
    axes.loglog([1, 1000], [1, 1000])
    texts = [figure.suptitle(r"$\frac$ of $5"), axes.set_xlabel("$a b$"), axes.text(1, 1, "$x_1$")]
    style.save(figure, tmp_path / "a.svg", tmp_path / "a.png")
    assert not any(text.get_parse_math() for text in texts)
    ticks = [text for text in axes.get_xticklabels() if text.get_text()]
    assert ticks
    assert all(text.get_parse_math() for text in ticks)


def test_neither_file_when_drawing_fails(tmp_path, monkeypatch):
    def fail(*words):
        raise ValueError("a fraction without a denominator")

    monkeypatch.setattr(style.FigureCanvasAgg, "print_png", fail)
    with pytest.raises(ValueError, match="fraction"):
        style.save(Figure(), tmp_path / "a.svg", tmp_path / "a.png")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("cell,test_loss\nlstm,1.5\ngru,1.", "the last line has no end"),
        ("cell,loss\nlstm,1.5\n", "no column 'test_loss'"),
        ("cell,test_loss\n", "no rows"),
        ("cell,test_loss\nlstm,high\n", "column 'test_loss' holds 'high', expected numbers"),
        ("cell,test_loss\nlstm,1.5\ngru,\n", "column 'test_loss' is empty in row 2"),
        ("cell,test_loss\nlstm,1.5\n,1.5\n", "column 'cell' is empty in row 2"),
        ("cell,test_loss\nlstm,1.5\nlsmt,1.5\n", "cell 'lsmt', expected lstm, rnn, gru"),
    ],
)
def test_bad_table_is_reported_in_one_line(tmp_path, content, message):
    path = tmp_path / "table.csv"
    path.write_text(content)
    with pytest.raises(InputError) as error:
        style.read(path, ["test_loss"], ["cell"])
    assert str(error.value).startswith(f"{path}: {message}")
    assert "\n" not in str(error.value)


def test_only_the_columns_asked_for(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("model,test_loss,cell\nlstm-1-64,1.5,lstm\n")
    table = style.read(path, ["test_loss"], ["cell"])
    assert table.to_dict("list") == {"cell": ["lstm"], "test_loss": [1.5]}
