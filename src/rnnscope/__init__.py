"""Train character-level recurrent networks and look inside them (Karpathy, Johnson, Fei-Fei 2015).

For notebooks and scripts: `rnnscope.open` reads what the pipeline wrote. `docs/python.md` describes it.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rnnscope.start_up import shorten_import_of_torch

if TYPE_CHECKING:
    from rnnscope.interface.results import Results

# While `python -m rnnscope...` looks for its module, that is a stage. A notebook or another program gets the whole of torch.
if sys.argv[:1] == ["-m"]:
    shorten_import_of_torch()

__all__ = ["export", "open"]


def open(folder: Path | str) -> "Results":  # noqa: A001 (only as rnnscope.open)
    """Open the results of a corpus: arrays and data frames, read when they are used.

    Parameters
    ----------
    folder
        Such as `results/war_and_peace`.

    Raises
    ------
    InputError
        If it holds no results.

    Examples
    --------
    >>> import rnnscope
    >>> results = rnnscope.open("results/tale")
    >>> results.networks[:3]
    ['gru-1-4', 'gru-2-5', 'lstm-1-4']
    """
    from rnnscope.interface.results import Results  # pandas and pyarrow take half a second: not for `import rnnscope`

    return Results(folder)


def export(results: "Results | Path | str", model: str, out: Path | str) -> None:
    """Write a recurrent network as plain torch.nn weights, with its vocabulary and a model card.

    Parameters
    ----------
    results
        What `open` returned, or the folder of a corpus.
    model
        Name of a network that torch.nn has a counterpart of: an LSTM or an RNN.
    out
        Folder to write model.safetensors, vocabulary.json and README.md to.

    Raises
    ------
    InputError
        If there is no such network, or torch.nn has no such cell.

    Examples
    --------
    >>> import rnnscope
    >>> rnnscope.export("results/tale", "lstm-1-4", "exported/lstm-1-4")
    """
    from rnnscope.interface.export import export as write
    from rnnscope.interface.results import Results

    write(results if isinstance(results, Results) else Results(results), model, Path(out))
