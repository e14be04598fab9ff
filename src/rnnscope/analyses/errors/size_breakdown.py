"""What a larger model gets right that a smaller one does not, by the class of error (paper section 4, F8)."""

import argparse
from pathlib import Path

from rnnscope.analyses.errors.cascade import add_settings_flags, read_cascade
from rnnscope.analyses.errors.error_changes import error_changes
from rnnscope.analyses.errors.whole_text import read_aligned
from rnnscope.cli import run
from rnnscope.storage.tables import write_csv


def main() -> None:
    """Write the errors that the larger model removes and adds, a row a class."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_settings_flags(parser)
    parser.add_argument("--smaller", required=True, metavar="MODEL", help="<cell>-<layers>-<size>")
    parser.add_argument("--larger", required=True, metavar="MODEL", help="<cell>-<layers>-<size>")
    parser.add_argument("--out", type=Path, required=True, help="CSV to write")
    arguments = parser.parse_args()
    models = (arguments.smaller, arguments.larger)
    before, after = (read_aligned(arguments.predictions_folder / f"{model}.parquet", arguments.split) for model in models)
    table = error_changes(read_cascade(arguments), before, after)
    table.insert(0, "smaller", arguments.smaller)
    table.insert(1, "larger", arguments.larger)
    write_csv(table, arguments.out)


if __name__ == "__main__":
    run(main)
