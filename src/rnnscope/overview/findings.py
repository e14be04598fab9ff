"""What was found in one corpus, in a few sentences: for the page and for the screen at the end of a run."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pandas as pd

from rnnscope.analyses.units.margins import CHANCE, GROUP, with_margins
from rnnscope.models.cells import ModelName
from rnnscope.storage.tables import read_csv

MEASURES = {"auc": "AUC", "spearman": "Spearman's correlation", "pearson": "Pearson's correlation"}
MOST_UNITS = 6
PAPER_OUTCOMES = {
    "within tolerance": "are within the stated tolerance",
    "within interval": "are within our 95 % interval alone",
    "differs": "differ",
    "missing": "have no counterpart in this run",
}
REFUTED = "does not hold"
CLAIM_OUTCOMES = {"holds": "found again", "undecided": "undecided", REFUTED: "not found again"}
UNIT = ["layer", "quantity", "unit", "held_out_score"]


@dataclass(frozen=True)
class TellingUnit:
    """The best unit of a feature, better than chance.

    Parameters
    ----------
    words
        Which unit of which model it is.
    feature
        The feature that it follows.
    score
        How well, and what chance reaches.
    address
        What follows the name of the explorer's page in a link to it.
    """

    words: str
    feature: str
    score: str
    address: str


@dataclass(frozen=True)
class Findings:
    """What was found in one corpus.

    Parameters
    ----------
    line
        The main findings on one line.
    sentences
        All of them, one each.
    units
        The best units of the features that go farthest beyond chance, the farthest first.
    """

    line: str
    sentences: list[str]
    units: list[TellingUnit] = field(default_factory=list)


def find(analyses: Path, title: str, units: bool, paper: bool) -> Findings:
    """Read from the tables of a corpus what was found.

    Parameters
    ----------
    analyses
        Folder of the tables.
    title
        Name of the corpus.
    units
        Whether units were compared with features.
    paper
        Whether the corpus is compared with the paper.

    Raises
    ------
    InputError
        If a table is missing or corrupt.
    """
    losses = read_csv(analyses / "losses.csv", ["model", "validation_loss", "test_accuracy"])
    intervals = read_csv(analyses / "loss_intervals.csv", ["model", "test_loss", "low", "high", "clusters"])
    best_models = read_csv(analyses / "best_models.csv", ["role", "model"])
    roles = dict(zip(best_models["role"], best_models["model"], strict=True))
    test = intervals.set_index("model").to_dict("index")
    best = losses.sort_values("validation_loss", kind="stable").iloc[0]
    name, found = ModelName.parse(best["model"]).title, test[best["model"]]
    context = [
        f"{ModelName.parse(roles[role]).title} {test[roles[role]]['test_loss']:.3f}" for role in ("nnn", "ngram") if role in roles
    ]
    beside = f" ({', '.join(context)})" if context else ""
    telling = telling_units(analyses) if units else []
    line = f"{title}: {name} has a test loss of {found['test_loss']:.3f} nats per character{beside}"
    line += f"; it predicts {best['test_accuracy']:.0%} of the characters right"
    line += f"; {telling[0].words} follows {telling[0].feature} ({telling[0].score})" if telling else ""
    sentences = [
        f"Of {len(losses)} networks, {name} has the lowest validation loss; its test loss is {found['test_loss']:.3f} nats per "
        f"character{_interval(found)}, and its most likely character is the right one {best['test_accuracy']:.0%} of the time.",
        *_best_of_cells(roles, test),
        *([f"Beside it, models that see only the last characters: {', '.join(context)}."] if context else []),
        *(_against_paper(analyses) if paper else []),
    ]
    return Findings(line, sentences, telling)


def _interval(found: dict[Any, Any]) -> str:
    return (
        "" if pd.isna(found["low"]) else f" (95 % interval {found['low']:.3f} to {found['high']:.3f}, over {found['clusters']})"
    )


def _best_of_cells(roles: dict[str, str], test: dict[Any, Any]) -> list[str]:
    """A sentence with the best network of each cell, if there are several cells."""
    models = [model for role, model in roles.items() if role.startswith("best ")]
    words = [f"{ModelName.parse(model).title} {test[model]['test_loss']:.3f}" for model in models]
    return [f"The best network of each cell, by validation loss: {', '.join(words)}."] if len(words) > 1 else []


def _against_paper(analyses: Path) -> list[str]:
    """Two sentences: how many of the paper's values and claims were found again."""
    outcomes = read_csv(analyses / "against_paper.csv", ["outcome"])["outcome"].value_counts()
    table = read_csv(analyses / "paper_claims.csv", ["outcome", "strict_outcome", "paper_outcome"])
    claims = table["outcome"].value_counts()
    neither = int(((table["outcome"] == REFUTED) & (table["paper_outcome"] == REFUTED)).sum())
    strict = int((table["outcome"] != table["strict_outcome"]).sum())
    bound = f" Of these, {strict} would be decided otherwise if only differences as large as a second seed has made counted."
    beside = f" ({neither} of which its own numbers do not bear out either)" if neither else ""
    values = [f"{outcomes[name]} {words}" for name, words in PAPER_OUTCOMES.items() if outcomes.get(name)]
    decided = [f"{claims[name]} {words}" for name, words in CLAIM_OUTCOMES.items() if claims.get(name)]
    return [
        f"Of {outcomes.sum()} values that the paper prints or draws of this text: {', '.join(values)}.",
        f"Of the {claims.sum()} claims that it makes in words: {', '.join(decided)}{beside}.{bound if strict else ''}",
    ]


def telling_units(analyses: Path) -> list[TellingUnit]:
    """Return the best unit of each feature, if it is better than chance, the one of the largest margin first.

    Of all models and measures the unit of the largest margin; it is the one with which the explorer's list of the feature begins.
    """
    cells = read_csv(analyses / "cells.csv", [*GROUP, *UNIT, "rank"])
    path = analyses / "cells_baseline.csv"
    first = with_margins(cells[cells["rank"] == 1], read_csv(path, [*GROUP, CHANCE]), path)
    best = first[first["margin"] > 0].sort_values("margin", ascending=False, kind="stable").drop_duplicates("feature")
    return [_telling_unit(row) for row in best.head(MOST_UNITS).to_dict("records")]


def _telling_unit(row: dict[Any, Any]) -> TellingUnit:
    name = ModelName.parse(row["model"])
    kind = "cell" if row["quantity"] != "h" else "unit"
    return TellingUnit(
        words=f"{kind} {row['unit']} in layer {row['layer']} of {name.title}",
        feature=row["feature"].replace("_", " "),
        score=f"{MEASURES[row['measure']]} {row['held_out_score']:.2f}, chance {row['chance']:.2f}",
        address=urlencode(
            {
                **{name: row[name] for name in ("model", "layer", "quantity", "unit")},
                "feature": f"{row['feature']}:{row['measure']}",
                "panel": "list",
            }
        ),
    )
