"""README and docs: their links lead somewhere, their pictures are there, and their numbers are those of the results."""

import re
import shlex

import numpy as np
import pytest
from helpers.fork_server import ForkServer
from helpers.small_split import write_split
from helpers.workspace import REPOSITORY

from docs.write_reference import ANALYSES, BEGIN, COLUMNS, END, SIZES
from rnnscope.storage.tables import read_csv

DOCUMENTS = [
    *(REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "results/reference/README.md")),
    *sorted((REPOSITORY / "docs").glob("*.md")),
]
README = (REPOSITORY / "README.md").read_text()


def without_code(text):
    return re.sub(r"```[\s\S]*?```|`[^`\n]*`|^(?: {4}|\t).*$", "", text, flags=re.MULTILINE)


def anchor(heading):
    """What a heading is called in a link, as where the code is hosted: lower case, hyphens for spaces, no punctuation."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_links_lead_to_files_and_headings_that_exist(path):
    links = re.findall(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"", without_code(path.read_text()))
    for target in (found or source for found, source in links):
        if re.match(r"https?://|mailto:", target):
            continue
        file, _, heading = target.partition("#")
        linked = (path.parent / file).resolve() if file else path
        assert linked.exists(), target
        if heading:
            headings = re.findall(r"^#+ (.*)$", linked.read_text(), flags=re.MULTILINE)
            assert heading in map(anchor, headings), target


def commands():
    """The command lines of modules in all documents, as their words behind `python -m`; what is behind a # is a comment."""
    texts = [re.sub(r"\\\n *", "", path.read_text()) for path in DOCUMENTS]
    lines = [line for text in texts for line in re.findall(r"^(?: {4})?python -m (rnnscope\..*)$", text, flags=re.MULTILINE)]
    return [shlex.split(line, comments=True) for line in lines]


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_a_command_that_is_shown_has_the_flags_of_its_module(words, tmp_path):
    """Without its files it ends where it reads the first of them; flags that are unknown or left out end it with the usage."""
    done = ForkServer(REPOSITORY / "src").run(tmp_path, *words)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert re.match(r"error: .*: no such (file|folder)", done.stderr), done.stderr


def test_commands_are_found():
    modules = {words[0] for words in commands()}
    assert {"rnnscope.ngrams.kneser_ney", "rnnscope.training.train", "rnnscope.interface.export"} <= modules


def test_the_ngram_models_by_hand(tmp_path):
    """The command as it is shown, on a split of its own."""
    (words,) = (words for words in commands() if words[0] == "rnnscope.ngrams.kneser_ney")
    write_split(tmp_path / "DIR", np.random.default_rng(1).integers(0, 5, (3, 40), dtype=np.uint8))
    done = ForkServer(REPOSITORY / "src").run(tmp_path, *words)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "FILE.csv").exists()
    assert (tmp_path / "DIR/ngram-20.parquet").exists()
    assert (tmp_path / "DIR/validation/ngram-20.parquet").exists()


def test_every_picture_has_an_alternative_text():
    for path in DOCUMENTS:
        text = path.read_text()
        assert re.findall(r"!\[\s*\]", text) == [], path
        assert all(re.search(r'alt="[^"]+"', image) for image in re.findall(r"<img[^>]*>", text)), path


def test_readme_is_read_in_a_few_minutes():
    before, _, rest = README.partition(BEGIN)
    prose = without_code(before + rest.partition(END)[2])
    assert len(re.findall(r"\b[\w'-]+\b", prose)) <= 900


def test_the_losses_of_readme_are_those_of_the_reference_results():
    table = README.partition(BEGIN)[2].partition(END)[0]
    expected = read_csv(ANALYSES / "against_paper.csv", COLUMNS)
    expected = expected[expected["item"] == "T1"].set_index("model")
    found = {}
    for cell, layers, rest in re.findall(r"^\| (\w+), (\d) layers? \|(.*)\|$", table, flags=re.MULTILINE):
        for size, words in zip(SIZES, rest.split("|"), strict=True):
            if words.strip():
                found[f"{cell.lower()}-{layers}-{size}"] = re.fullmatch(
                    r"(?:\*\*([\d.]+)\*\*((?:\\\*)?) )?\(([\d.]+)\)", words.strip()
                ).groups()
    assert found.keys() == set(expected.index)
    rounded = read_csv(ANALYSES / "losses.csv", ["model", "precision"]).set_index("model")["precision"] == "bfloat16"
    for model, (ours, mark, paper) in found.items():
        assert float(paper) == pytest.approx(expected.loc[model, "paper"], abs=0.0005)
        if ours is None:
            assert expected.loc[model].isna()["ours"]
        else:
            assert float(ours) == pytest.approx(expected.loc[model, "ours"], abs=0.0005)
            assert bool(mark) == rounded[model]
