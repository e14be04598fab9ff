import numpy as np
import pytest
from matplotlib import colormaps
from matplotlib.colors import to_rgba

from rnnscope.figures.units import cell_text


def letters(axes):
    """{(column, line): (outline, colour)} of what is drawn in a panel."""
    found = {}
    for collection in axes.collections:
        (outline,) = collection.get_paths()
        for column, line in collection.get_offsets():
            position = (round(column), round(line - 0.8))
            assert position not in found
            found[position] = outline, tuple(collection.get_facecolor()[0][:3])
    return found


def relative_luminance(colour):
    """Web Content Accessibility Guidelines 2.1."""
    rgb = np.array(to_rgba(colour)[:3])
    return np.where(rgb <= 0.03928, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]


def test_every_character_is_on_its_value(cell_text_table, check_legible):
    table = cell_text_table()
    figure = cell_text.draw(table, "A tale")
    for axes, (_, panel) in zip(figure.axes, table.groupby("panel"), strict=False):
        (image,) = axes.images
        values = image.get_array()
        assert image.get_clim() == (-1, 1)
        assert image.get_cmap().name == "RdBu"
        assert values.count() == len(panel), "nothing beyond the ends of lines"
        drawn = letters(axes)
        assert set(drawn) == set(zip(panel["column"], panel["line"], strict=True))
        for row in panel.to_dict("records"):
            assert values[row["line"], row["column"]] == row["value"]
            expected = {32: "·", 10: "↵", 13: "←", 9: "→", 200: "▯"}.get(row["character"], chr(row["character"]))
            size = cell_text.outline(expected, 10).get_extents().size
            outline = drawn[row["column"], row["line"]][0]
            assert outline.get_extents().width / outline.get_extents().height == pytest.approx(size[0] / size[1], rel=1e-6)
    check_legible(figure)


def test_red_is_minus_one_and_blue_plus_one():
    low, high = (colormaps[cell_text.COLOURS](end) for end in (0.0, 1.0))
    assert low[0] > 3 * max(low[1:3])
    assert high[2] > 1.5 * max(high[:2])


def test_letters_contrast_with_their_colour():
    for value in np.linspace(-1, 1, 81):
        background = relative_luminance(colormaps[cell_text.COLOURS]((value + 1) / 2))
        letter = 0.0 if cell_text.DARK[0] <= value <= cell_text.DARK[1] else 1.0
        lighter, darker = max(background, letter), min(background, letter)
        assert (lighter + 0.05) / (darker + 0.05) > 4.5, value


@pytest.mark.parametrize("columns", [20, 90, 110])
def test_letters_fill_the_width_and_are_legible(cell_text_table, columns):
    figure = cell_text.draw(cell_text_table(columns=columns), "")
    figure.canvas.draw()
    axes = figure.axes[0]
    points = axes.get_window_extent().width * 72 / figure.dpi / columns
    advance = cell_text.outline("MM", 10).get_extents().x1 - cell_text.outline("M", 10).get_extents().x1
    assert points >= 7 * advance / 10, "no smaller than a font of 7 points"
    widest = max(outline.get_extents().width for outline, _ in letters(axes).values())
    assert points / 2 < widest < points


def test_titles(cell_text_table):
    texts = [text.get_text() for text in cell_text.draw(cell_text_table(), "").texts]
    assert texts[:3] == [
        "inside quotes: tanh(c/12.3) of cell 11, layer 1 of lstm-3-512 (AUC 0.87)",
        "brace depth: tanh(c) of cell 12, layer 1 of lstm-3-512 (Spearman 0.87)",
        "drawn at random: tanh(c) of cell 13, layer 1 of lstm-3-512",
    ]
