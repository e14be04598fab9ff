"""The list of all figures: where each is drawn and which tables it shows.

The workflow makes a rule of every entry and the tests draw every entry. A new figure is one entry here, its module
`rnnscope.figures.<folder>.<name>` and its caption `workflow/report/<name>.rst`.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class CatalogueEntry:
    """One figure.

    Parameters
    ----------
    folder
        Folder of the figure's module below `rnnscope.figures`: the question that it answers.
    tables
        Table of `results/<corpus>/analyses` that the figure shows, by the command-line flag that names it.
    needs
        What there must be for this figure to exist, words with spaces between: "activations" (a dumped model), "gates" (a
        dumped model whose cell has gates), "paper" (a text of the paper, or one that is like it), or the names of optional
        sections of config.yaml.
    draws_paper
        Whether it draws the paper's points where the corpus is one of its texts: `main` has the parameter `paper`.
    """

    folder: str
    tables: dict[str, str]
    needs: str = ""
    draws_paper: bool = False


FIGURES = {
    "loss_table": CatalogueEntry("losses", {"table": "losses", "ranking": "size_ranking"}),
    "loss_against_parameters": CatalogueEntry("losses", {"table": "losses", "intervals": "loss_intervals"}),
    "learning_curves": CatalogueEntry("losses", {"table": "learning_curves"}),
    "horizons": CatalogueEntry(
        "losses", {"table": "horizons", "losses": "loss_intervals", "best": "best_models"}, needs="ngrams nnn"
    ),
    "paired_differences": CatalogueEntry("losses", {"table": "ranking"}),
    "position_loss": CatalogueEntry("losses", {"table": "position_loss"}),
    "saturation": CatalogueEntry("units", {"table": "saturation", "counts": "saturation_counts"}, needs="gates"),
    "cells": CatalogueEntry(
        "units", {"table": "cells", "baseline": "cells_baseline", "changes": "feature_changes"}, needs="activations"
    ),
    "cell_text": CatalogueEntry("units", {"table": "cell_text"}, needs="activations"),
    "probes": CatalogueEntry("units", {"table": "probes"}, needs="activations"),
    "memory_span": CatalogueEntry("units", {"table": "memory_span", "summary": "memory_span_summary"}, needs="activations"),
    "error_breakdown": CatalogueEntry("errors", {"table": "error_breakdown"}, needs="ngrams", draws_paper=True),
    "error_snippets": CatalogueEntry("errors", {"table": "error_snippets"}, needs="ngrams"),
    "size_breakdown": CatalogueEntry("errors", {"table": "size_breakdown"}, needs="ngrams"),
    "dynamic_evaluation": CatalogueEntry("errors", {"table": "dynamic_evaluation"}, needs="ngrams dynamic_evaluation"),
    "error_overlap": CatalogueEntry("errors", {"table": "error_overlap"}, needs="ngrams nnn"),
    "error_intersections": CatalogueEntry(
        "errors", {"table": "error_intersections", "counts": "error_counts"}, needs="ngrams nnn"
    ),
    "model_map": CatalogueEntry("comparisons", {"table": "model_map"}),
    "model_distances": CatalogueEntry("comparisons", {"table": "model_distances", "merges": "model_merges"}),
    "character_gains": CatalogueEntry("comparisons", {"table": "character_gains"}, needs="ngrams", draws_paper=True),
    "closing_delimiters": CatalogueEntry("comparisons", {"table": "closing_delimiters"}, needs="ngrams", draws_paper=True),
    "dynamics": CatalogueEntry("comparisons", {"table": "dynamics"}, needs="dynamics nnn", draws_paper=True),
    "context": CatalogueEntry("context", {"table": "context", "summary": "context_summary"}, needs="context"),
    "context_by_class": CatalogueEntry("context", {"table": "context", "summary": "context_summary"}, needs="context"),
    "ablations": CatalogueEntry("causes", {"table": "ablations"}, needs="ablations"),
    "against_paper": CatalogueEntry("paper", {"table": "against_paper"}, needs="paper ngrams"),
}


def figures_for(available: set[str]) -> list[str]:
    """Return the names of the figures that exist when some things are there.

    Parameters
    ----------
    available
        Words of `CatalogueEntry.needs`.

    Returns
    -------
    list of str
        Names of `FIGURES`, in its order.
    """
    return [name for name, entry in FIGURES.items() if set(entry.needs.split()) <= available]
