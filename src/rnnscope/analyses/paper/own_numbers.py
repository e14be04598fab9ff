"""The numbers of the paper as the tables that its claims are decided on, each number taken as exact.

What is found here by the same tests says what a claim that does not hold of our networks is worth: whether the paper's own
numbers bear it out.
"""

from itertools import combinations
from math import nan

import pandas as pd

from rnnscope.analyses.paper.claims import Tables
from rnnscope.analyses.paper.estimates import Estimate
from rnnscope.analyses.paper.values import LARGER, NGRAM, SMALLER
from rnnscope.data.paper import DIVERGENCE, paper_points
from rnnscope.models.cells import ModelName


def tables_of_the_paper(text: str) -> Tables:
    """Return the numbers of one text of the paper as tables; empty where it has none.

    Parameters
    ----------
    text
        A key of `texts` in `paper.json`.
    """
    networks = {model: loss for (model, _), loss in paper_points(text, "T1", "test loss").items()}
    losses = networks | {model: loss for (model, _), loss in paper_points(text, "T2", "test loss").items()}
    pairs = [(model, other, losses[model] - losses[other], True) for model, other in combinations(losses, 2)]
    names = {model: ModelName.parse(model) for model in networks}
    # The paper has no validation losses: of two depths, the better one by test loss stands for that by validation loss.
    table = [(model, name.kind, name.layers, name.size, losses[model]) for model, name in names.items()]
    return Tables(
        losses=pd.DataFrame(table, columns=["model", "cell", "layers", "size", "validation_loss"]),
        differences=pd.DataFrame(pairs, columns=["model", "other", "difference", "separated"]),
        distances=pd.DataFrame(),
        leads=_leads(text),
        dynamics=_dynamics(text),
        saturation=pd.DataFrame(),
        ngram_share=_ngram_share(text),
    )


def _leads(text: str) -> dict[int, Estimate]:
    """Return the lead of the network in closing braces, by the least distance of a bin."""
    points = paper_points(text, "F5", "mean probability of a closing brace")
    bins = [case for model, case in points if model == LARGER]
    leads = {int(case.split("-")[0]): points[LARGER, case] - points[NGRAM, case] for case in bins}
    return {least: Estimate(lead, lead, lead) for least, lead in leads.items()}


def _dynamics(text: str) -> pd.DataFrame:
    """Return the divergences from the n-NNs by snapshot."""
    points = paper_points(text, "F6", DIVERGENCE)
    epochs = sorted({epoch for _, epoch in points}, key=float)
    snapshots = {epoch: index for index, epoch in enumerate(epochs, start=1)}
    rows = [(snapshots[epoch], ModelName.parse(model).context, divergence) for (model, epoch), divergence in points.items()]
    return pd.DataFrame(rows, columns=["snapshot", "n", "symmetric_divergence"])


def _ngram_share(text: str) -> Estimate | None:
    """Return the share of n-gram errors in what scaling up fixes."""
    share = paper_points(text, "F8", f"share of the errors fewer than those of {SMALLER}").get((LARGER, "n-gram"), nan)
    return None if pd.isna(share) else Estimate(share, share, share)
