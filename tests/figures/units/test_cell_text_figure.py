import re

import numpy as np
import pytest
from helpers.workspace import REPOSITORY
from matplotlib.collections import LineCollection, PathCollection

from rnnscope.figures import style
from rnnscope.figures.letters import families
from rnnscope.figures.units import cell_text


def letters(axes):
    """{(column, line): (outline, colour)} of what is drawn in a panel."""
    found = {}
    for collection in (found for found in axes.collections if isinstance(found, PathCollection)):
        (outline,) = collection.get_paths()
        for column, line in collection.get_offsets():
            position = (round(column), round(line - 0.8))
            assert position not in found
            found[position] = outline, tuple(collection.get_facecolor()[0][:3])
    return found


def test_every_character_is_on_its_value(cell_text_table, check_legible):
    table = cell_text_table()
    figure = cell_text.draw(table, "A tale")
    for axes, (_, panel) in zip(figure.axes, table.groupby("panel"), strict=False):
        (image,) = axes.images
        values = image.get_array()
        assert image.get_clim() == (-1, 1)
        assert image.get_cmap() is style.ACTIVATIONS
        assert values.count() == len(panel), "nothing beyond the ends of lines"
        drawn = letters(axes)
        assert set(drawn) == set(zip(panel["column"], panel["line"], strict=True))
        for row in panel.to_dict("records"):
            assert values[row["line"], row["column"]] == row["value"] * row["sign"]
            expected = {32: "·", 10: "↵", 13: "←", 9: "→", 200: "▯"}.get(row["character"], chr(row["character"]))
            size = cell_text.outline(expected, 10).get_extents().size
            outline = drawn[row["column"], row["line"]][0]
            assert outline.get_extents().width / outline.get_extents().height == pytest.approx(size[0] / size[1], rel=1e-6)
    check_legible(figure)


def test_the_true_feature_is_underlined(cell_text_table):
    table = cell_text_table()
    for axes, (_, panel) in zip(cell_text.draw(table, "").axes, table.groupby("panel"), strict=False):
        (lines,) = (found for found in axes.collections if isinstance(found, LineCollection))
        places = {(round(left), int(line)) for (left, line), _ in lines.get_segments()}
        on = panel[panel["on"]]
        assert places == set(zip(on["column"], on["line"], strict=True))
        assert (len(places) > 0) == (panel["feature"].iloc[0] == "inside_quotes")


def test_the_colours_are_those_of_the_explorer():
    """Low is orange, high is blue, and both are as light."""
    page = (REPOSITORY / "src/rnnscope/explorer/browser/page.css").read_text().partition("@media")[0]
    for name, value in (("low", 0.0), ("zero", 0.5), ("high", 1.0)):
        (expected,) = re.findall(rf"--{name}: (\d+) (\d+) (\d+);", page)
        assert np.abs(np.array(style.ACTIVATIONS(value)[:3]) * 255 - list(map(int, expected))).max() < 2


def test_letters_contrast_with_their_colour():
    for value in np.linspace(0, 1, 81):
        background = style.luminance(style.ACTIVATIONS(value)[:3])
        assert (background + 0.05) / (style.luminance(cell_text.INK) + 0.05) > style.TEXT_CONTRAST, value


def test_what_does_not_fit_on_a_page_is_left_out_and_said(cell_text_table, check_legible):
    features = [f"feature_{number}" for number in range(30)]
    table = cell_text_table([*features, "random", "random", "random"])
    figure = cell_text.draw(table, "A tale")
    check_legible(figure)
    assert figure.get_figheight() * 72 <= cell_text.PAGE_HEIGHT
    titles = [text.get_text().partition(":")[0] for text in figure.texts if ": " in text.get_text()]
    shown = [title for title in titles if title.startswith("feature")]
    assert shown == [f"feature {number}" for number in range(len(shown))], "the first are the best"
    assert titles.count("drawn at random") == 2
    assert f"{31 - len(shown)} more units are in the table" in " ".join(text.get_text() for text in figure.texts)


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
        "inside quotes: tanh(c/12.3) of cell 11, layer 1 of LSTM 3×512 (AUC 0.87)",
        "brace depth: -tanh(c) of cell 12, layer 1 of LSTM 3×512 (Spearman 0.87)",
        "drawn at random: tanh(c) of cell 13, layer 1 of LSTM 3×512",
    ]


@pytest.mark.parametrize(
    "letter", ["\N{OBJECT REPLACEMENT CHARACTER}", "\N{BRAILLE PATTERN BLANK}", "\N{ZERO WIDTH SPACE}", " ", ""]
)
def test_a_letter_without_ink_is_drawn_as_what_is_not_visible(cell_text_table, letter):
    fonts = tuple(families(letter, cell_text.MONOSPACE))
    ink = cell_text.outline(letter, 10, fonts).get_extents()
    assert ink.width > 0
    assert ink.height > 0
    table = cell_text_table()
    first = table.index[table["character"] > 32][0]
    table.loc[first, ["character", "letter"]] = [ord(letter or "\N{OBJECT REPLACEMENT CHARACTER}"), letter]
    cell_text.draw(table, "").canvas.draw()
