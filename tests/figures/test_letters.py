"""Letters of any script in figures: where they are drawn, and in which fonts."""

import pandas as pd
import pytest
from matplotlib.figure import Figure

from rnnscope.figures import letters, style
from rnnscope.figures.letters import DrawnLetter, drawn_letters, families, reads_from_the_right


def rows(text: str, encoding: str | None = None) -> pd.DataFrame:
    """A table of code points, or of bytes, with the letters that they write."""
    pairs = []
    for letter in text:
        codes = letter.encode(encoding) if encoding else [ord(letter)]
        pairs += [(code, letter if not index and letter != "\n" else "") for index, code in enumerate(codes)]
    return pd.DataFrame(pairs, columns=["character", "letter"])


def test_a_letter_is_over_its_bytes():
    signs = {10: "↵", 32: "·"}
    assert drawn_letters(rows("aЖ 中\n", "utf-8"), signs) == [
        DrawnLetter(0, 1, "a", is_space=False),
        DrawnLetter(1, 2, "Ж", is_space=False),
        DrawnLetter(3, 1, "·", is_space=True),
        DrawnLetter(4, 3, "中", is_space=False),
        DrawnLetter(7, 1, "↵", is_space=True),
    ]
    assert [letter.span for letter in drawn_letters(rows("aЖ中"), signs)] == [1, 1, 1]


def test_a_line_that_begins_inside_a_letter_shows_a_sign_there():
    assert drawn_letters(rows("中a", "utf-8").iloc[1:], {})[0] == DrawnLetter(0, 2, letters.INVISIBLE, is_space=False)


@pytest.mark.parametrize(
    ("text", "right"), [("مرحبا abc", True), ("שלום", True), ("abc", False), ("中文 ا", False), ("12.", False)]
)
def test_text_that_is_read_from_the_right(text, right):
    assert reads_from_the_right(list(text)) == right


def test_letters_of_the_fonts_of_matplotlib_need_no_other():
    assert families("Что? é ← 中"[:-1], "DejaVu Sans Mono") == ["DejaVu Sans Mono"]
    assert families("مرحبا", "DejaVu Sans") == ["DejaVu Sans"]


def test_a_letter_that_one_family_lacks_is_taken_from_another():
    """DejaVu Sans Mono has no Georgian capital and no tetragram; DejaVu Sans has the latter."""
    tetragram = "\N{TETRAGRAM FOR CENTRE}"
    found = families(f"a{tetragram}", "DejaVu Sans Mono")
    assert found[0] == "DejaVu Sans Mono"
    assert len(found) == 2


def test_one_warning_names_the_package(tmp_path, capsys, monkeypatch):
    """No font has these: private ideographs stand for a script of which no font is installed."""
    monkeypatch.setattr(letters.font_manager, "findSystemFonts", list)
    entries = [entry for entry in letters.font_manager.fontManager.ttflist if "DejaVu" in entry.name]
    monkeypatch.setattr(letters.font_manager.fontManager, "ttflist", entries)
    letters._warn_once.cache_clear()
    figure = Figure(figsize=(3, 2))
    figure.suptitle("文件目录")
    figure.subplots().set_xlabel("文件")
    style.save(figure, tmp_path / "x.svg", tmp_path / "x.png")
    warnings = capsys.readouterr().out.splitlines()
    assert any("no installed font has 4 of the characters of this figure, such as 件" in line for line in warnings)
    assert all("fonts-noto-cjk" in line for line in warnings)


@pytest.mark.skipif(
    not any(0x4E2D in letters._characters_of(path) for path in letters.font_manager.findSystemFonts()),
    reason="no font with ideographs is installed: fonts-noto-cjk or fonts-wqy-microhei",
)
def test_ideographs_are_drawn_in_an_installed_font(tmp_path):
    found = families("中文", "DejaVu Sans")
    assert len(found) == 2
    figure = Figure(figsize=(3, 2))
    title = figure.suptitle("中文")
    style.save(figure, tmp_path / "x.svg", tmp_path / "x.png")
    assert title.get_fontfamily() == found
