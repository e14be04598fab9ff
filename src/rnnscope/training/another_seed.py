"""The training run of a chosen model once more, from another seed of the initial weights and of the dropout masks.

Everything else is as it was for the model: its name and the dropout that was chosen are those of its checkpoint, the recipe is
that of the configuration. What comes out is, to the byte, what `rnnscope.training.train` writes with that seed.
"""

from pathlib import Path

from rnnscope.cli import run
from rnnscope.corpus.split_reader import read_split
from rnnscope.models.checkpoint import check_vocabulary, load_checkpoint
from rnnscope.settings.training import Computing, Optimisation, Patience
from rnnscope.training.summary import check_precision_of_run
from rnnscope.training.train import main as train


def main(
    split: Path,
    checkpoint: Path,
    optimisation: Optimisation,
    patience: Patience,
    computing: Computing,
    out: Path,
    source: str = "",
) -> None:
    """Train the model of a checkpoint again.

    Writes `checkpoint.safetensors`, `history.csv` and `summary.json`, as every training run does.

    Parameters
    ----------
    split
        Folder written by rnnscope.corpus.split.
    checkpoint
        Checkpoint of the chosen training run of a recurrent network: says its model and its dropout; summary.json beside it, its
        precision.
    optimisation
        Epochs, RMSProp and the other seed.
    patience
        When to end before the last epoch.
    computing
        Device and threads.
    out
        Folder for checkpoint, history and summary.
    source
        Digest of the program's source: only what the same source trained is continued. Empty: whatever trained it.

    Raises
    ------
    InputError
        If the checkpoint, its summary or the split is not readable, the checkpoint was trained on other characters or in another
        precision, the precision cannot be had or the loss diverges.
    """
    _, description = load_checkpoint(checkpoint)
    check_vocabulary(checkpoint, description, read_split(split).vocabulary)
    check_precision_of_run(optimisation.precision, checkpoint.parent)
    train(split, description.model, optimisation, patience, computing, out, description.dropout, source=source)


if __name__ == "__main__":
    run(main)
