"""What a larger model gets right that a smaller one does not, by the class of error (paper section 4, F8)."""

from pathlib import Path

from rnnscope.analyses.errors.cascade import read_cascade
from rnnscope.analyses.errors.error_changes import COLUMNS, error_changes
from rnnscope.analyses.losses.clusters import draw_clusters
from rnnscope.cli import run
from rnnscope.corpus.split_reader import read_split
from rnnscope.settings.predictions import Intervals, Oracles, SizeBreakdown
from rnnscope.storage.declarations import Column
from rnnscope.storage.predictions import predictions_path
from rnnscope.storage.tables import Table

SIZE_BREAKDOWN = Table(
    "analyses/size_breakdown.csv",
    "Figure F8: the errors of a smaller and a larger model, one row a class. The smaller model is the first of the two.",
    (Column("smaller", "text", "name of the smaller model"), Column("larger", "text", "name of the larger model"), *COLUMNS),
)


def main(split: Path, predictions_folder: Path, oracles: Oracles, models: SizeBreakdown, intervals: Intervals, out: Path) -> None:
    """Write the errors that a larger model removes and adds, one row a class.

    Parameters
    ----------
    split
        Folder written by rnnscope.corpus.split.
    predictions_folder
        Folder that holds <model>.parquet of both models and ngram-<n>.parquet.
    oracles
        The classes of errors.
    models
        The two models.
    intervals
        Settings of the intervals.
    out
        CSV file to write.
    """
    opened = read_split(split)
    before, after = (
        opened.read_log_prob(predictions_path(predictions_folder, model)) for model in (models.smaller, models.larger)
    )
    cascade = read_cascade(opened, predictions_folder, oracles)
    clusters = draw_clusters(before.shape, intervals.clusters)
    table = error_changes(cascade, before, after, clusters, intervals.samples, intervals.seed)
    SIZE_BREAKDOWN.write(table.assign(smaller=models.smaller, larger=models.larger), out)


if __name__ == "__main__":
    run(main)
