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
    heading
        What it shows, in a few words.
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
    is_key
        Whether results/index.html shows it; it links to the others.
    """

    heading: str
    folder: str
    tables: dict[str, str]
    needs: str = ""
    draws_paper: bool = False
    is_key: bool = False


# What the report and results/index.html call the figures of a folder, in their order.
SECTIONS = {
    "losses": "Results",
    "paper": "Results",
    "units": "Units",
    "causes": "Units",
    "errors": "Errors",
    "comparisons": "Models",
    "context": "Models",
    "seeds": "Models",
}


FIGURES = {
    "loss_table": CatalogueEntry("Test loss of every network", "losses", {"table": "losses", "ranking": "size_ranking"}),
    "loss_against_parameters": CatalogueEntry(
        "Test loss against the number of parameters", "losses", {"table": "losses", "intervals": "loss_intervals"}
    ),
    "learning_curves": CatalogueEntry("Validation loss during training", "losses", {"table": "learning_curves"}),
    "horizons": CatalogueEntry(
        "What the last n characters alone predict",
        "losses",
        {"table": "horizons", "losses": "loss_intervals", "best": "best_models"},
        needs="ngrams nnn",
        is_key=True,
    ),
    "paired_differences": CatalogueEntry("Which models differ in test loss", "losses", {"table": "ranking"}),
    "position_loss": CatalogueEntry("Loss by position in the stream", "losses", {"table": "position_loss"}),
    "saturation": CatalogueEntry(
        "How often gates are open or shut",
        "units",
        {"table": "saturation", "counts": "saturation_counts"},
        needs="gates",
        is_key=True,
    ),
    "cells": CatalogueEntry(
        "The best unit of each feature of the text",
        "units",
        {"table": "cells", "baseline": "cells_baseline", "changes": "feature_changes"},
        needs="activations",
        is_key=True,
    ),
    "cell_text": CatalogueEntry(
        "Text coloured by the values of single units", "units", {"table": "cell_text"}, needs="activations", is_key=True
    ),
    "probes": CatalogueEntry("What a whole layer knows of each feature", "units", {"table": "probes"}, needs="activations"),
    "memory_span": CatalogueEntry(
        "How long units keep a feature", "units", {"table": "memory_span", "summary": "memory_span_summary"}, needs="activations"
    ),
    "error_breakdown": CatalogueEntry(
        "Where the errors come from", "errors", {"table": "error_breakdown"}, needs="ngrams", draws_paper=True, is_key=True
    ),
    "error_snippets": CatalogueEntry("Errors of each class in the text", "errors", {"table": "error_snippets"}, needs="ngrams"),
    "size_breakdown": CatalogueEntry(
        "Which errors a larger network removes", "errors", {"table": "size_breakdown"}, needs="ngrams size_breakdown"
    ),
    "dynamic_evaluation": CatalogueEntry(
        "Which errors learning from the test text removes",
        "errors",
        {"table": "dynamic_evaluation"},
        needs="ngrams dynamic_evaluation",
    ),
    "realisable": CatalogueEntry(
        "What real models remove of the oracles' errors", "errors", {"table": "realisable"}, needs="ngrams realisable"
    ),
    "error_overlap": CatalogueEntry("Errors in common", "errors", {"table": "error_overlap"}, needs="ngrams nnn"),
    "error_intersections": CatalogueEntry(
        "Which models err on the same characters",
        "errors",
        {"table": "error_intersections", "counts": "error_counts"},
        needs="ngrams nnn",
    ),
    "model_map": CatalogueEntry("A map of the models by their predictions", "comparisons", {"table": "model_map"}),
    "model_distances": CatalogueEntry(
        "Distances of the models' predictions", "comparisons", {"table": "model_distances", "merges": "model_merges"}
    ),
    "character_gains": CatalogueEntry(
        "Characters that the network predicts better, and worse",
        "comparisons",
        {"table": "character_gains"},
        needs="ngrams",
        draws_paper=True,
    ),
    "closing_delimiters": CatalogueEntry(
        "Closing delimiters by the distance of the opening one",
        "comparisons",
        {"table": "closing_delimiters"},
        needs="ngrams",
        draws_paper=True,
        is_key=True,
    ),
    "dynamics": CatalogueEntry(
        "A network in training compared with n-NNs", "comparisons", {"table": "dynamics"}, needs="dynamics nnn", draws_paper=True
    ),
    "context": CatalogueEntry(
        "How much of the past networks use", "context", {"table": "context", "summary": "context_summary"}, needs="context"
    ),
    "context_by_class": CatalogueEntry(
        "Which characters need the distant past", "context", {"table": "context", "summary": "context_summary"}, needs="context"
    ),
    "timescales": CatalogueEntry(
        "How long states keep their past",
        "context",
        {
            "table": "timescales",
            "halving": "halving_distances",
            "swapped": "swapped_states",
            "information": "mutual_information",
        },
        needs="timescales activations",
    ),
    "ablations": CatalogueEntry(
        "What a unit causes, against how well it detects", "causes", {"table": "ablations"}, needs="ablations"
    ),
    "seeds": CatalogueEntry(
        "How much losses vary with the seed",
        "seeds",
        {"table": "seed_losses", "spread": "seed_spread", "orders": "seed_orders"},
        needs="seeds",
    ),
    "similarity": CatalogueEntry("What comes back from another seed", "seeds", {"table": "similarity"}, needs="seeds"),
    "against_paper": CatalogueEntry("Test losses beside the paper's", "paper", {"table": "against_paper"}, needs="paper ngrams"),
}


def numbered_section(name: str) -> str:
    """Return the section of a figure with its number, such as `2 Units`."""
    return f"{_sections().index(SECTIONS[FIGURES[name].folder]) + 1} {SECTIONS[FIGURES[name].folder]}"


def numbered_heading(name: str) -> str:
    """Return the heading of a figure with its number in its section, such as `2.1 How often gates are open or shut`."""
    section = SECTIONS[FIGURES[name].folder]
    beside = [other for other, entry in FIGURES.items() if SECTIONS[entry.folder] == section]
    return f"{_sections().index(section) + 1}.{beside.index(name) + 1} {FIGURES[name].heading}"


def _sections() -> list[str]:
    return list(dict.fromkeys(SECTIONS.values()))


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
