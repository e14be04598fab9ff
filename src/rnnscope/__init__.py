"""Train character-level recurrent networks and look inside them (Karpathy, Johnson, Fei-Fei 2015).

For notebooks and scripts: `rnnscope.open` reads what the pipeline wrote. `docs/python.md` describes it.
"""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

    from rnnscope.interface.results import Results

__all__ = ["export", "open"]


def _explain(kind: type[BaseException], error: BaseException, trace: "TracebackType | None") -> None:
    """End a job of a run: in one line, where the source was changed since, perhaps so that it cannot be imported."""
    try:
        from rnnscope.source_files import changed_file

        changed = changed_file(error)
    except (ImportError, SyntaxError, AttributeError, NameError):  # the run began with one that could be imported
        changed = Path(__file__).parent
    if changed is None:
        sys.__excepthook__(kind, error, trace)
    else:
        print(f"error: {changed}: changed since this run of snakemake began; run snakemake again", file=sys.stderr)


if "RNNSCOPE_SOURCES" in os.environ:
    sys.excepthook = _explain


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
