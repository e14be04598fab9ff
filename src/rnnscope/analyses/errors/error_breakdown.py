"""Where the errors of the best model come from: how many each oracle removes, and snippets that show them (F7)."""

import argparse
from pathlib import Path

from rnnscope.analyses.errors.cascade import add_settings_flags, read_cascade
from rnnscope.analyses.errors.errors import best_model
from rnnscope.analyses.errors.snippets import snippet_table
from rnnscope.analyses.errors.whole_text import read_aligned
from rnnscope.cli import run
from rnnscope.errors import InputError
from rnnscope.storage.tables import read_csv, write_csv


def main() -> None:
    """Break down the errors of the candidate of the lowest validation loss."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_settings_flags(parser)
    parser.add_argument("--losses", type=Path, required=True, help="table written by rnnscope.analyses.losses.losses")
    parser.add_argument("--candidates", nargs="+", required=True, metavar="MODEL", help="the one of the lowest validation loss")
    parser.add_argument("--snippets", type=int, required=True, help="how many of each class")
    parser.add_argument("--seed", type=int, required=True, help="of the choice of snippets")
    parser.add_argument("--out-breakdown", type=Path, required=True, help="CSV to write")
    parser.add_argument("--out-snippets", type=Path, required=True, help="CSV to write")
    arguments = parser.parse_args()

    model = best_model(read_csv(arguments.losses, ["model", "validation_loss"]), arguments.candidates)
    predictions = arguments.predictions_folder / f"{model}.parquet"
    cascade = read_cascade(arguments)
    breakdown = cascade.breakdown(read_aligned(predictions, arguments.split))
    if not breakdown.errors.any():
        raise InputError(f"{predictions}: no errors; expected at least one probability below one half")
    table = breakdown.table()
    table.insert(0, "model", model)
    table["errors"] = breakdown.errors.sum()
    table["characters"] = breakdown.errors.size
    snippets = snippet_table(cascade, breakdown, arguments.snippets, arguments.seed)
    snippets.insert(0, "model", model)
    write_csv(table, arguments.out_breakdown)
    write_csv(snippets, arguments.out_snippets)


if __name__ == "__main__":
    run(main)
