"""What the best model gets right when it keeps learning from the test text, by the class of error.

Dynamic evaluation is the part of the memory oracle that a real model can do: learn from the text it has just read. The class
`memory` shows whether it does.
"""

from pathlib import Path

import numpy as np

from rnnscope.analyses.errors.cascade import read_cascade
from rnnscope.analyses.errors.error_changes import COLUMNS, error_changes
from rnnscope.analyses.losses.best_models import NETWORK, read_best
from rnnscope.analyses.losses.clusters import stream_groups
from rnnscope.cli import run
from rnnscope.corpus.split_reader import read_split
from rnnscope.errors import InputError
from rnnscope.models.checkpoint import check_vocabulary, load_checkpoint
from rnnscope.models.devices import prepare_device
from rnnscope.settings.predictions import DynamicEvaluation, Oracles, Resampling
from rnnscope.settings.training import Computing
from rnnscope.storage.declarations import Column
from rnnscope.storage.predictions import predictions_path, write_predictions
from rnnscope.storage.tables import Table
from rnnscope.training.dynamic_evaluation import PlainDescent, dynamic_predictions
from rnnscope.training.segments import to_device

DYNAMIC_EVALUATION = Table(
    "analyses/dynamic_evaluation.csv",
    "The errors of the best model without learning (the first model) and while it keeps learning from the test text (the "
    "second), one row a class. Its predictions while it learns are those of the name `dynamic-evaluation`: each character is"
    " predicted before the weights learn from it.",
    (Column("model", "text", "name of the model"), *COLUMNS),
)


def main(
    split: Path,
    predictions_folder: Path,
    models_folder: Path,
    best: Path,
    oracles: Oracles,
    settings: DynamicEvaluation,
    resampling: Resampling,
    computing: Computing,
    out_predictions: Path,
    out: Path,
) -> None:
    """Evaluate the best network while it learns; write its predictions, and the changes of its errors, one row a class.

    Parameters
    ----------
    split
        Folder written by rnnscope.corpus.split.
    predictions_folder
        Folder that holds <model>.parquet of the best network and ngram-<n>.parquet.
    models_folder
        Folder that holds <model>/checkpoint.safetensors.
    best
        Table best_models.csv.
    oracles
        The classes of errors.
    settings
        How the network learns.
    resampling
        Settings of the intervals. Streams that change the same weights are one cluster.
    computing
        Where it runs.
    out_predictions
        Parquet file to write: a row a test character.
    out
        CSV file to write.
    """
    device = prepare_device(computing)
    model = read_best(best, NETWORK)
    opened = read_split(split)
    before = opened.read_log_prob(predictions_path(predictions_folder, model))
    cascade = read_cascade(opened, predictions_folder, oracles)
    checkpoint = models_folder / model / "checkpoint.safetensors"
    network, description = load_checkpoint(checkpoint, device)
    check_vocabulary(checkpoint, description, opened.vocabulary)

    test = opened.part("test")
    learning = settings.sequence_length, PlainDescent(settings.learning_rate), settings.streams
    found = dynamic_predictions(network, to_device(test, device), *learning)
    log_prob, predicted = (values.cpu().numpy().T for values in found)
    if not np.isfinite(log_prob).all():
        raise InputError(f"--learning-rate: {settings.learning_rate} makes the loss of {model} infinite; expected a lower one")
    clusters = stream_groups(before.shape, settings.streams)
    table = error_changes(cascade, before, log_prob, clusters, resampling.samples, resampling.seed).assign(model=model)
    write_predictions(out_predictions, test, log_prob, predicted)
    DYNAMIC_EVALUATION.write(table, out)


if __name__ == "__main__":
    run(main)
