import base64
import json
import re
from html.parser import HTMLParser
from urllib.parse import parse_qs

import pytest
from helpers.workspace import REPOSITORY
from overview.conftest import SVG, TITLE

from rnnscope.errors import InputError
from rnnscope.figures.catalogue import FIGURES
from rnnscope.overview import page
from rnnscope.overview.captions import caption_html

VOID = {"br", "img", "link", "meta"}


class Parsed(HTMLParser):
    """The elements of a page, and its text; every element is closed."""

    def __init__(self, html):
        super().__init__()
        self.open, self.found, self.text = [], [], ""
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        self.text += " " if tag in ("br", "dd") else ""
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data if not self.open or self.open[-1] != "style" else ""

    def all(self, tag, name):
        return [attributes[name] for found, attributes in self.found if found == tag and name in attributes]


@pytest.fixture
def written(tmp_path, call, words):
    """The page, as text."""
    assert call(page, *words) is None
    return (tmp_path / "results/index.html").read_text()


def words_of(html):
    return " ".join(Parsed(html).text.split())


def test_the_losses_stand_beside_those_of_the_paper(written):
    """1.449, 1.442, 1.446: table 1 of the paper, War and Peace, size 64."""
    text = words_of(written)
    assert "LSTM, 1 layer – 1.450 1.449" in text
    assert "LSTM, 2 layers – 1.351 1.442" in text
    assert "RNN, 1 layer – 1.552 1.446" in text
    assert "GRU mine, 2 layers 1.600 –" in text
    assert written.count('class="best"') == 1
    assert re.search(r'class="best">1\.351<br>', written)


def test_for_a_text_of_ones_own_no_paper_is_mentioned(tmp_path, call, words, results):
    words[words.index("--corpora") + 1] = json.dumps({"title": "Mine"})
    (results / "analyses/against_paper.csv").unlink()
    (results / "figures/against_paper.svg").unlink()
    assert call(page, *words) is None
    text = words_of((tmp_path / "results/index.html").read_text())
    assert "the paper's" not in text.partition("Key figures")[0]
    assert "1.450 –" not in text
    assert "1.449" not in text


def test_the_findings(tmp_path, written):
    text = words_of(written)
    assert "Of 4 networks, LSTM 2×64 has the lowest validation loss; its test loss is 1.351 nats per character" in text
    assert (
        "(95 % interval 1.300 to 1.400, over 100 streams), and its most likely character is the right one 61% of the time" in text
    )
    assert "LSTM 2×64 1.351, RNN 1×64 1.552, GRU 2×5 mine 1.600" in text
    assert "values that the paper prints or draws of this text: 3 are within our 95 % interval alone, 2 differ, 1 have no" in text
    assert "Of the 4 claims that it makes in words: 2 found again, 1 undecided, 1 not found again (1 of which its own" in text
    assert "Of these, 1 would be decided otherwise if only differences as large as a second seed has made counted." in text
    (line,) = (tmp_path / "results/findings.txt").read_text().splitlines()
    # The margins over chance are (0.95 - 0.6) / 0.4 = 0.875, (0.92 - 0.5) / 0.5 = 0.84 and (0.8 - 0.2) / 0.8 = 0.75.
    assert line == (
        f"{TITLE}: LSTM 2×64 has a test loss of 1.351 nats per character (4-gram 1.778); it predicts 61% of the characters "
        "right; cell 7 in layer 2 of LSTM 2×64 follows inside quotes (AUC 0.95, chance 0.60)"
    )


def test_links_to_the_explorer_name_the_best_unit_of_each_feature_that_is_better_than_chance(written):
    addresses = [address for address in Parsed(written).all("a", "href") if "explorer.html#" in address]
    views = [parse_qs(address.partition("#")[2]) for address in addresses]
    assert [view["feature"] for view in views] == [["inside_quotes:auc"], ["line_position:spearman"]]
    unit = {name: values[0] for name, values in views[0].items() if name not in ("feature", "panel")}
    assert unit == {"model": "lstm-2-64", "layer": "2", "quantity": "c", "unit": "7"}


def test_every_link_leads_to_a_file_or_a_place_of_the_page(tmp_path, written, results):
    """Beside what other stages write: the report, and the .png of a figure."""
    parsed = Parsed(written)
    places = set(parsed.all("section", "id")) | set(parsed.all("figure", "id"))
    for address in parsed.all("a", "href"):
        path, _, place = address.partition("#")
        if not path:
            assert place in places
        elif not path.endswith((".png", "report.html", "provenance.json")):
            name = path.removeprefix("tale/")
            assert (results / name).exists() or (name.startswith("analyses/") and name.endswith(".csv"))
    for name in FIGURES:
        assert f"tale/figures/{name}.svg" in parsed.all("a", "href")


def test_key_figures_are_on_the_page_with_captions_and_alternative_texts(written):
    parsed = Parsed(written)
    keys = [name for name, entry in FIGURES.items() if entry.is_key]
    assert parsed.all("figure", "id") == [f"tale-{name}" for name in keys]
    pictures = [source.removeprefix("data:image/svg+xml;base64,") for source in parsed.all("img", "src")]
    assert [base64.b64decode(picture).decode() for picture in pictures] == [SVG] * len(keys)
    assert all(FIGURES[name].heading in alternative for name, alternative in zip(keys, parsed.all("img", "alt"), strict=True))
    for name in keys:
        assert f"How to read {name}: a < b & c." in words_of(written)


def test_the_page_stands_by_itself_and_takes_no_text_for_html(written):
    parsed = Parsed(written)
    tags = {tag for tag, _ in parsed.found}
    assert tags.isdisjoint({"script", "link", "iframe", "object", "b"})
    assert TITLE in parsed.text
    assert all(source.startswith("data:") for source in parsed.all("img", "src"))
    assert "url(" not in written
    assert "@import" not in written


def test_what_was_run(written):
    text = words_of(written)
    assert f"12,345 bytes, 67 distinct characters, SHA-256 {12 * 'a'}" in text
    assert "1:00:03 in 2 jobs, the longest 1:00:00" in text


@pytest.mark.parametrize("name", ["analyses/losses.csv", "analyses/cells.csv", "corpus/manifest.json", "explorer.html"])
def test_a_missing_file_ends_in_one_line_and_no_page(tmp_path, call, words, results, name):
    (results / name).unlink()
    message = call(page, *words)
    assert message.startswith(f"error: {results / name}: ")
    assert "\n" not in message
    assert not (tmp_path / "results/index.html").exists()


@pytest.mark.parametrize("name", FIGURES)
def test_the_caption_of_a_figure_is_html(name):
    """A mistake in its reStructuredText would end the stage."""
    html = caption_html(REPOSITORY / f"workflow/report/{name}.rst")
    Parsed(html)
    assert "**" not in html
    assert "system-message" not in html


@pytest.mark.parametrize("directive", ["raw:: html\n\n   <script>1</script>", "include:: /etc/passwd"])
def test_a_caption_cannot_read_files_or_bring_html(tmp_path, directive):
    path = tmp_path / "caption.rst"
    path.write_text(f".. {directive}\n")
    with pytest.raises(InputError, match=r"caption\.rst: not readable as reStructuredText"):
        caption_html(path)
