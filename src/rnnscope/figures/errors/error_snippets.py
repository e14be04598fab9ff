"""Pieces of the test text that show each class of errors, the errors marked (paper section 4, F7)."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from rnnscope.cli import run
from rnnscope.figures import style
from rnnscope.figures.letters import INVISIBLE, SIGNS, drawn_letters, families, is_wide, read_letters, reads_from_the_right

PLAIN = {*SIGNS.values(), INVISIBLE}
GAP = " ... "
ABOUT = {
    "n-gram": "an n-gram model gives the character a probability of at least one half",
    "memory": "the word, framed, also occurs in the previous characters",
    "rare_words": "the word is rare in the training text",
    "word_model": "the character follows a space, quote or line feed, or is a carriage return (in the paper's reading)",
    "punctuation": "the character is punctuation",
    "boost": "a little more probability would have been enough",
    "remaining": "no oracle gets the character right",
}
OTHER_ERROR = "#DDDDDD"

# Letters are placed by their widths, in the .png as in the .svg, not on the nearest pixel, so that they fit their marks.
UNHINTED: dict[Any, Any] = {"text.hinting": "none"}
FONT = "DejaVu Sans Mono"  # comes with matplotlib
FONT_SIZE = 7.0  # points, as are all lengths below
CHARACTER = FONT_SIZE * 1233 / 2048  # the advance width of all characters
WIDE_CHARACTER, BEFORE_WIDE, AFTER_WIDE = 7.4, 38, 24  # the last two are characters
LAST_BYTE = 255
LINE, HEADING, MARGIN, TITLE, ABOUT_AT = 12.0, 16.0, 6.0, 18.0, 80.0


def _pieces(snippet: pd.DataFrame) -> Iterator[tuple[int, pd.DataFrame]]:
    """Yield the contiguous pieces of a snippet, each with the column of its first character; `GAP` is between them."""
    jump = np.flatnonzero(np.diff(snippet["position"]) != 1) + 1
    column = 0
    for start, stop in zip([0, *jump], [*jump, len(snippet)], strict=True):
        yield column, snippet.iloc[start:stop]
        column += stop - start + len(GAP)


def _runs(values: pd.Series) -> Iterator[tuple[int, int, object]]:
    """Yield start and stop of each run of equal values, and the value."""
    found = values.to_numpy()
    change = np.flatnonzero(found[1:] != found[:-1]) + 1
    for start, stop in zip([0, *change], [*change, len(found)], strict=True):
        yield int(start), int(stop), found[start]


@dataclass(frozen=True)
class Line:
    """Where the characters of a snippet are on its line: points.

    Parameters
    ----------
    width
        Of a character.
    length
        Characters of the line, gaps included.
    from_the_right
        Whether its text is read from the right.
    """

    width: float
    length: int
    from_the_right: bool

    def left(self, column: int, count: int) -> float:
        """Return the left end of `count` characters that begin at a column."""
        return MARGIN + self.width * (self.length - column - count if self.from_the_right else column)


def _draw_marks(axes: Axes, line: Line, column: int, baseline: float, piece: pd.DataFrame, name: str) -> None:
    """Mark errors of the class `name` in its colour, other errors in grey, the drawn error underlined, repeats framed."""
    for start, stop, removed_by in _runs(piece["removed_by"]):
        if removed_by != "none":
            colour = style.ERROR_COLOURS[name] if removed_by == name else OTHER_ERROR
            corner, width = (line.left(column + start, stop - start), baseline - 2.2), (stop - start) * line.width
            axes.add_patch(Rectangle(corner, width, 9.2, color=colour, alpha=0.65, linewidth=0))
    for start, stop, repeated in _runs(piece["repeated"]):
        if repeated:
            corner, width = (line.left(column + start, stop - start), baseline - 2.8), (stop - start) * line.width
            axes.add_patch(Rectangle(corner, width, 10.4, fill=False, linewidth=0.8))
    for index in np.flatnonzero(piece["position"] == 0):
        left = line.left(column + int(index), 1)
        axes.plot([left, left + line.width], [baseline - 1.8] * 2, color="black", linewidth=1.2, solid_capstyle="butt")


def _draw_snippet(axes: Axes, baseline: float, snippet: pd.DataFrame, name: str, fonts: list[str], width: float) -> None:
    """Draw one line of text with its marks. Letters beyond ASCII are placed one by one."""
    pieces = list(_pieces(snippet))
    length = pieces[-1][0] + len(pieces[-1][1])
    line = Line(width, length, reads_from_the_right(snippet["letter"]))
    is_plain = width == CHARACTER and not line.from_the_right
    plain = ""
    for column, piece in pieces:
        _draw_marks(axes, line, column, baseline, piece, name)
        plain += GAP if plain else ""
        for letter in drawn_letters(piece, SIGNS):
            if is_plain and letter.span == 1 and (letter.text.isascii() or letter.text in PLAIN):
                plain += letter.text
            else:
                plain += " " * letter.span
                middle = line.left(column + letter.index, letter.span) + letter.span * width / 2
                axes.text(middle, baseline, letter.text, family=fonts, fontsize=FONT_SIZE, ha="center", parse_math=False)
    if is_plain:
        axes.text(MARGIN, baseline, plain, family=FONT, fontsize=FONT_SIZE, parse_math=False)


def draw(table: pd.DataFrame, title: str) -> Figure:
    """Draw the snippets of `table`, one line each, under the name of their class."""
    if table.empty:
        return style.empty_figure(style.NO_ERRORS, title)
    classes = list(dict.fromkeys(table["class"]))
    lines = len(table.groupby(["class", "snippet"]))
    height = TITLE + HEADING * len(classes) + LINE * lines + MARGIN
    figure = Figure(figsize=(style.PAGE_WIDTH, height / 72))
    figure.set_layout_engine("none")  # the axes are the page, in points
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, style.PAGE_WIDTH * 72), ylim=(0, height))
    axes.set_axis_off()
    figure.suptitle(title, y=1 - 3 / height, va="top")
    axes.text(style.PAGE_WIDTH * 72 - MARGIN, height - 11, f"errors of {style.model_title(table['model'].iloc[0])}", ha="right")
    y = height - TITLE
    text = "".join(table["letter"].unique())
    fonts, width = families(text, FONT), CHARACTER
    if table["character"].max() > LAST_BYTE and any(map(is_wide, text)):
        # Letters that are as wide as they are high need the width of two; the text around the error is cut for it.
        width, table = WIDE_CHARACTER, table[table["position"].between(-BEFORE_WIDE, AFTER_WIDE)]
    for name in classes:
        y -= HEADING
        axes.text(MARGIN, y + 3, style.words(name), weight="bold")
        axes.text(ABOUT_AT, y + 3, ABOUT[name], color=style.NEUTRAL)
        axes.add_patch(Rectangle((0, y + 2), 3, 9, color=style.ERROR_COLOURS[name], linewidth=0))
        for _, snippet in table[table["class"] == name].groupby("snippet"):
            y -= LINE
            _draw_snippet(axes, y + 3, snippet, name, fonts, width)
    return figure


def main(table: Path, out_svg: Path, out_png: Path, title: str = "") -> None:
    """Draw pieces of the test text around errors.

    Parameters
    ----------
    table
        error_snippets.csv.
    out_svg, out_png
        Figure to write, as vector graphic and at 300 dots per inch.
    title
        Line above the figure, such as the name of the corpus.
    """
    numbers = ["snippet", "position", "character", "repeated"]
    snippets = style.read(table, numbers, ["model", "class", "level", "removed_by"], empty=True)
    snippets["letter"] = read_letters(table)
    with rc_context(UNHINTED):
        style.save(draw(snippets, title), out_svg, out_png)


if __name__ == "__main__":
    run(main)
