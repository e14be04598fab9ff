"""The words of the project: the field's, and plain English."""

import pytest
from helpers.dialect import PROSE, dialect_in
from helpers.workspace import REPOSITORY

PLACES = ("src", "workflow", "docs", "README.md", "config.yaml", "Makefile", "Snakefile")


def texts():
    for place in PLACES:
        path = REPOSITORY / place
        yield from [path] if path.is_file() else sorted(found for found in path.rglob("*") if found.suffix in PROSE)


def test_no_dialect():
    lines = [
        f"{path.relative_to(REPOSITORY)}:{line}: {found!r}; write: {instead}"
        for path in texts()
        for line, found, instead in sorted(dialect_in(path.read_text()))
    ]
    assert not lines, "\n" + "\n".join(lines)


@pytest.mark.parametrize(
    "text",
    [
        "units are held\nagainst every feature",
        "hold the files of a run against it",
        "a user is told in one line",
        "the unit that tells each feature best",
        "written anew",
        "training goes on",
        "it has no say in the choice",
        "see up to so many characters",
    ],
)
def test_dialect_is_found(text):
    assert list(dialect_in(text))


@pytest.mark.parametrize(
    "text",
    [
        "position = output.tell()",
        "tell two models apart; colours are told apart",
        "the array holds log-probabilities; a bound against overflow",
        "a letter stands for a matrix",
        "values lie between 0 and 1",
        "go on foot",
        "tell the user",
    ],
)
def test_plain_english_passes(text):
    assert not list(dialect_in(text))
