"""Every number and every claim of the paper beside ours (paper section 4).

A text that is one of the paper's is compared value by value. A text that is only like one of them has other numbers; the
paper's are shown for orientation, and claims alone are decided.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from rnnscope.analyses.comparisons.closing_delimiters import read_states
from rnnscope.analyses.comparisons.delimiters import closings
from rnnscope.analyses.comparisons.dynamics import DYNAMICS
from rnnscope.analyses.comparisons.model_distances import MODEL_DISTANCES
from rnnscope.analyses.errors.cascade import read_cascade
from rnnscope.analyses.losses.losses import LOSSES
from rnnscope.analyses.losses.paired_differences import PAIRED_DIFFERENCES
from rnnscope.analyses.paper import values
from rnnscope.analyses.paper.claims import COUNTS_FROM, SEED_MOVED, Tables
from rnnscope.analyses.paper.claims_of_figures import CLAIMS
from rnnscope.analyses.paper.estimates import Estimate, Estimates, Key
from rnnscope.analyses.paper.own_numbers import tables_of_the_paper
from rnnscope.analyses.paper.values import ClosingBraces, ErrorCounts, Predicted
from rnnscope.analyses.units.saturation import SATURATION
from rnnscope.cli import run
from rnnscope.corpus.split_reader import read_split
from rnnscope.data.paper import PaperValue, paper_values
from rnnscope.errors import InputError
from rnnscope.models.cells import ModelName
from rnnscope.settings.corpus import PAPER_NUMBERS, PAPER_TEXTS
from rnnscope.settings.predictions import Intervals, MinimumCount, Oracles
from rnnscope.storage.declarations import Column
from rnnscope.storage.tables import Table

WITHIN_INTERVAL, WITHIN_TOLERANCE, DIFFERS = "within interval", "within tolerance", "differs"
MISSING, ORIENTATION = "missing", "orientation"
# How far a value may be off without counting as different, in its unit. n-gram models have neither seed nor dropout.
TOLERANCES = {
    "T1": COUNTS_FROM,
    "T2": COUNTS_FROM,
    "F4a": 0.01,
    "F4b": 0.03,
    "F5": 0.05,
    "F6": 0.2,
    "F7": 0.005,
    "F8": 0.03,
}
NGRAM_TOLERANCE = 0.001
COUNT_TOLERANCE = 0.05  # of a number of errors, as a fraction of the paper's
AGAINST_PAPER = Table(
    "analyses/against_paper.csv",
    "Every number that the paper prints or draws of this text, beside ours: one row a number. The interval is the one of 95 % of "
    "the resamples of clusters of the test characters (`intervals`): it says nothing about other seeds of the training.",
    (
        Column("item", "text", "table or figure of the paper: T1, T2, F4a, F4b, F5, F6, F7, F8"),
        Column("quantity", "text", "what is compared"),
        Column("unit", "text", "its unit; empty for a probability or a fraction"),
        Column("model", "text", "the model that the paper has it of; several with spaces between"),
        Column("case", "text", "a character, a bin of distances, an epoch, a class of errors; empty for none"),
        Column("paper", "number", "the paper's value"),
        Column("origin", "text", "`printed`, or `digitised`: measured in the paper's picture"),
        Column("ours", "number", "our value; empty where there is none"),
        Column("difference", "number", "ours minus the paper's"),
        Column("low", "number", "lower end of the 95 % interval of our value; empty for none"),
        Column("high", "number", "upper end of it"),
        Column("tolerance", "number", "a difference that does not count, in the unit, beside the rounding of the paper's value"),
        Column(
            "outcome",
            "text",
            "`within tolerance`, as far as the paper's rounding says; else, of trained models alone, `within interval`: the "
            "paper's value lies in it; `differs`; `missing`: its model is not in the grid, too few cases, or no snapshot at this "
            "epoch; `orientation`: another text than the paper's",
        ),
    ),
)
PAPER_CLAIMS = Table(
    "analyses/paper_claims.csv",
    "Every claim that the paper makes in words of this text or of both of its texts: one row a claim, with the test that "
    "decides it.",
    (
        Column("item", "text", "table or figure of the paper: T1, T2, F1, F3, F5, F6, F8"),
        Column("claim", "text", "the claim"),
        Column("about", "text", "the text of the paper that it is made of; empty for both"),
        Column("test", "text", "what decides it"),
        Column("found", "text", "what was found"),
        Column("outcome", "text", "`holds`, `does not hold` or `undecided`"),
        Column(
            "strict_outcome",
            "text",
            f"the same if differences of two losses count only above {SEED_MOVED} nats, the larger of the two differences that a "
            "second seed made to a network of War and Peace",
        ),
        Column(
            "paper_outcome",
            "text",
            "what the same test makes of the numbers that the paper prints or draws, each taken as exact; empty for none",
        ),
    ),
)


def tolerance_of(value: PaperValue) -> float:
    """Return the difference from a value of the paper that does not count, in its unit."""
    if value.unit == "characters":
        return COUNT_TOLERANCE * value.value
    if value.item == "T2" and ModelName.parse(value.model).kind == "ngram":
        return NGRAM_TOLERANCE
    return TOLERANCES[value.item]


def outcome_of(value: PaperValue, ours: Estimate, same_text: bool) -> str:
    """Return the column `outcome` of a value that we have too."""
    if not same_text:
        return ORIENTATION
    if abs(ours.value - value.value) <= tolerance_of(value) + value.rounding + 1e-12:
        return WITHIN_TOLERANCE
    # The interval is one over other test texts. For a network it stands for what is not known of other trainings.
    trained = any(ModelName.parse(model).kind != "ngram" for model in value.model.split())
    within = ours.low - value.rounding <= value.value <= ours.high + value.rounding
    return WITHIN_INTERVAL if trained and within else DIFFERS


def value_rows(wanted: list[PaperValue], estimates: Estimates, same_text: bool) -> pd.DataFrame:
    """Return the rows of `AGAINST_PAPER`, one a value of the paper."""
    rows: list[dict[str, Any]] = []
    for value in wanted:
        ours = estimates.get(key_of(value))
        row = {name: getattr(value, name) for name in ("item", "quantity", "unit", "model", "case", "origin")}
        row |= {"paper": value.value, "tolerance": tolerance_of(value), "outcome": MISSING}
        if ours is not None:
            row |= {"ours": ours.value, "difference": ours.value - value.value, "low": ours.low, "high": ours.high}
            row["outcome"] = outcome_of(value, ours, same_text)
        rows.append(row)
    return pd.DataFrame(rows, columns=AGAINST_PAPER.names)


def key_of(value: PaperValue) -> Key:
    """Return what identifies a value."""
    return Key(value.item, value.quantity, value.model, value.case)


def estimate(
    predicted: Predicted, wanted: list[Key], braces: ClosingBraces, dynamics: pd.DataFrame, counts: dict[str, ErrorCounts]
) -> Estimates:
    """Return our estimates of the values of the paper that there is a model for."""
    return {
        **values.losses(predicted, (key for key in wanted if key.item in ("T1", "T2"))),
        **values.error_sets(predicted),
        **values.characters(predicted),
        **braces.estimates(),
        **values.dynamics(dynamics, (key for key in wanted if key.item == "F6")),
        **values.error_classes(predicted, counts),
        **values.scaling_up(predicted, counts),
    }


def claim_rows(tables: Tables, paper: str) -> pd.DataFrame:
    """Return the rows of `PAPER_CLAIMS`: the claims about a text of the paper, decided on our tables and on its own numbers."""
    own = tables_of_the_paper(paper)
    rows = []
    for claim in CLAIMS:
        if claim.about in ("", paper):
            of_the_paper = claim.decide(own)[1] if claim.has_numbers else ""
            strict = claim.decide(replace(tables, bound=SEED_MOVED))[1]
            rows.append((claim.item, claim.text, claim.about, claim.test, *claim.decide(tables), strict, of_the_paper))
    return pd.DataFrame(rows, columns=PAPER_CLAIMS.names)


def _read(table: Table, path: Path | None) -> pd.DataFrame:
    """Read a table; without a path, return one without rows."""
    return table.read(path) if path else pd.DataFrame(columns=table.names)


def main(
    split: Path,
    predictions_folder: Path,
    models: list[str],
    losses: Path,
    paired_differences: Path,
    model_distances: Path,
    features: Path,
    oracles: Oracles,
    minimum_count: MinimumCount,
    intervals: Intervals,
    out: Path,
    out_claims: Path,
    paper: str,
    numbers: str = "compared",
    dynamics: Path | None = None,
    saturation: Path | None = None,
) -> None:
    """Compare every number of the paper with ours, and decide its claims.

    Parameters
    ----------
    split
        Folder written by rnnscope.corpus.split.
    predictions_folder
        Folder that holds <model>.parquet.
    models
        Names of the models that there are, n-gram models and n-NNs too.
    losses, paired_differences, model_distances
        losses.csv, paired_differences.csv and model_distances.csv.
    features
        features.parquet, of the test characters.
    oracles
        The classes of errors; the reading is the paper's in any case.
    minimum_count
        Bins with fewer closing braces are left out.
    intervals
        Settings of the bootstrap.
    out
        CSV file to write: a row a number of the paper.
    out_claims
        CSV file to write: a row a claim.
    paper
        The text of the paper that this one is, or is like.
    numbers
        "compared" for a text of the paper; "orientation" for one that is only like it.
    dynamics
        dynamics.csv; None where no model is observed in training.
    saturation
        saturation.csv; None where no gates are dumped.
    """
    for flag, found, expected in (("--paper", paper, PAPER_TEXTS), ("--numbers", numbers, PAPER_NUMBERS)):
        if found not in expected:
            raise InputError(f"{flag}: found {found!r}, expected {' or '.join(expected)}")
    predicted = Predicted(read_split(split), predictions_folder, models, intervals)
    cascade = read_cascade(predicted.split, predictions_folder, oracles).under("paper")
    analysed = [model for model in (values.LARGER, values.SMALLER) if predicted.has(model)]
    counts = {model: ErrorCounts(cascade, predicted.log_prob(model), predicted.clusters) for model in analysed}
    wanted = list(paper_values(paper))
    test = predicted.split.vocabulary[predicted.split.part("test")[:, :-1]]
    braces = ClosingBraces(predicted, closings(test, read_states(features, test.shape)), minimum_count.minimum_count)
    tables = Tables(
        losses=LOSSES.read(losses),
        differences=PAIRED_DIFFERENCES.read(paired_differences),
        distances=MODEL_DISTANCES.read(model_distances),
        leads=braces.leads(),
        dynamics=_read(DYNAMICS, dynamics),
        saturation=_read(SATURATION, saturation),
        ngram_share=next((found for key, found in values.scaling_up(predicted, counts).items() if "share" in key.quantity), None),
    )
    estimates = estimate(predicted, list(map(key_of, wanted)), braces, tables.dynamics, counts)
    AGAINST_PAPER.write(value_rows(wanted, estimates, same_text=numbers == "compared"), out)
    PAPER_CLAIMS.write(claim_rows(tables, paper), out_claims)


if __name__ == "__main__":
    run(main)
