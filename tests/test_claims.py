"""The table of claims: a row for every figure, with evidence that exists."""

import re

import pytest
from helpers.workspace import REPOSITORY

from docs.write_tables import declarations
from rnnscope.figures.catalogue import FIGURES

CLAIMS = REPOSITORY / "docs/claims.md"


def rows(title):
    """The rows of the table below a heading, as lists of cells."""
    _, _, section = CLAIMS.read_text().partition(f"## {title}\n")
    lines = [line for line in section.partition("\n## ")[0].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def evidence():
    return [
        (row[0], name)
        for title, column in (("Figures", 2), ("README", 1))
        for row in rows(title)
        for name in row[column].split(", ")
    ]


def test_every_figure_has_one_row_with_claim_evidence_and_control():
    found = [row[0].strip("`") for row in rows("Figures")]
    assert sorted(found) == sorted(FIGURES)
    for row in rows("Figures"):
        assert len(row) == 4
        assert all(row)


@pytest.mark.parametrize("name", FIGURES)
def test_the_tables_of_a_figure_are_its_evidence(name):
    """Of the tables that it shows, one at least is named."""
    (row,) = [row for row in rows("Figures") if row[0] == f"`{name}`"]
    assert any(f"`{table}.csv`" in row[2] for table in FIGURES[name].tables.values())


def test_the_evidence_exists():
    tables = {path.removeprefix("analyses/") for path in declarations()}
    for claim, name in evidence():
        found = re.match(r"`([^`]+)`", name)
        assert found, f"{claim}: {name} is no table or test"
        assert found[1] in tables or (REPOSITORY / found[1]).is_file(), f"{claim}: no {found[1]}"


def test_the_sentences_are_those_of_readme():
    readme = " ".join((REPOSITORY / "README.md").read_text().split())
    assert [sentence for sentence, *_ in rows("README") if sentence not in readme] == []
