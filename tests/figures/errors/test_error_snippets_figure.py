import numpy as np
import pandas as pd
import pytest
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

from rnnscope.figures import style
from rnnscope.figures.errors import error_snippets


def lines_of(axes):
    """The lines of text, from the top down: (baseline, text)."""
    mono = [text for text in axes.texts if text.get_family() == [error_snippets.FONT]]
    return sorted(((text.get_position()[1], text.get_text()) for text in mono), reverse=True)


def marks(axes, baseline, colour=None):
    """The columns, counted in characters, of the rectangles on a line: filled with a colour, or frames where it is None."""
    found = []
    for patch in axes.patches:
        on_line = isinstance(patch, Rectangle) and patch.get_y() < baseline < patch.get_y() + patch.get_height()
        if on_line and patch.get_x() >= error_snippets.MARGIN - 0.01:
            same = to_hex(patch.get_facecolor()) == colour.lower() if colour and patch.get_fill() else not patch.get_fill()
            if same and bool(colour) == patch.get_fill():
                start = (patch.get_x() - error_snippets.MARGIN) / error_snippets.CHARACTER
                width = patch.get_width() / error_snippets.CHARACTER
                assert start == pytest.approx(round(start), abs=1e-6)
                found += range(round(start), round(start + width))
    return sorted(found)


@pytest.fixture
def snippet():
    """`and the man` and, further on, `an and`, whose last `n` is the error that was drawn."""
    text = "and\tthe\r\n" + "an and \xff"
    positions = [*range(-50, -41), *range(-4, 4)]
    removed_by = ["none"] * 9 + ["memory", "none", "n-gram", "none", "memory", "memory", "none", "none"]
    repeated = [index < 3 or 12 <= index < 15 for index in range(17)]
    letters = ["" if letter in "\t\r\n" else letter.replace("\xff", "\N{WHITE VERTICAL RECTANGLE}") for letter in text]
    columns = {"position": positions, "character": list(text.encode("latin-1")), "removed_by": removed_by, "repeated": repeated}
    columns["letter"] = letters
    return pd.DataFrame({"model": "lstm-3-512", "class": "memory", "snippet": 1, "level": "100", **columns})


def test_a_line_with_its_marks(snippet):
    figure = error_snippets.draw(snippet, "A tale")
    (axes,) = figure.axes
    ((baseline, line),) = lines_of(axes)
    assert line == "and→the←↵ ... an·and·▯"
    assert marks(axes, baseline, style.ERROR_COLOURS["memory"]) == [14, 18, 19]
    assert marks(axes, baseline, error_snippets.OTHER_ERROR) == [16]
    assert marks(axes, baseline) == [0, 1, 2, 17, 18, 19]
    (underline,) = axes.lines
    assert (np.array(underline.get_xdata()) - error_snippets.MARGIN) / error_snippets.CHARACTER == pytest.approx([18, 19])


def test_letters_are_over_their_marks(snippet):
    """A line of text is as wide as its characters are said to be, to a tenth of one."""
    figure = error_snippets.draw(snippet.assign(**{"class": "boost"}), "")
    figure.set_dpi(style.PNG_DOTS_PER_INCH)
    canvas = FigureCanvasAgg(figure)
    axes = figure.axes[0]
    text = axes.text(0, 0, "m" * 100, family=error_snippets.FONT, fontsize=error_snippets.FONT_SIZE)
    with rc_context(error_snippets.UNHINTED):
        canvas.draw()
    points = text.get_window_extent().width / style.PNG_DOTS_PER_INCH * 72
    assert points == pytest.approx(100 * error_snippets.CHARACTER, abs=0.2 * error_snippets.CHARACTER)


def test_every_snippet_has_a_line_under_its_class(error_snippets_table, check_legible):
    table = error_snippets_table()
    figure = error_snippets.draw(table, "A tale")
    (axes,) = figure.axes
    lines = lines_of(axes)
    assert len(lines) == len(table.groupby(["class", "snippet"]))
    names = {style.words(name): name for name in table["class"]}
    headings = {text.get_position()[1]: names[text.get_text()] for text in axes.texts if text.get_text() in names}
    for (baseline, _), name in zip(lines, np.repeat(table["class"].unique(), 2), strict=True):
        assert headings[min(heading for heading in headings if heading > baseline)] == name
    with rc_context(error_snippets.UNHINTED):
        check_legible(figure)


def test_the_words_of_a_class_fit_the_page_and_hold_for_a_carriage_return(snippet, check_legible):
    """The oracle of the paper's reading counts it, whatever is before it."""
    figure = error_snippets.draw(snippet.assign(**{"class": "word_model"}), "")
    assert any("is a carriage return" in text.get_text() for text in figure.axes[0].texts)
    with rc_context(error_snippets.UNHINTED):
        check_legible(figure)


def test_a_model_without_errors(tmp_path, call, error_snippets_table):
    error_snippets_table()[:0].to_csv(tmp_path / "snippets.csv", index=False)
    words = ["--table", tmp_path / "snippets.csv", "--out-svg", tmp_path / "figure.svg", "--out-png", tmp_path / "figure.png"]
    assert call(error_snippets, *words) is None
    assert style.NO_ERRORS in (tmp_path / "figure.svg").read_text()
