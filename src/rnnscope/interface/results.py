"""The results of one corpus, read when they are used: `rnnscope.open`."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from rnnscope.activations.reader import layer_files, read_units, units_by_quantity
from rnnscope.analyses.units.features import read_features
from rnnscope.corpus.split_reader import read_split
from rnnscope.corpus.text import as_string
from rnnscope.errors import InputError
from rnnscope.interface.arguments import is_whole_number, number, string, whole_number, whole_numbers
from rnnscope.interface.text import Text
from rnnscope.storage.files import read_json
from rnnscope.storage.parquet import open_parquet, read_parquet
from rnnscope.storage.predictions import REQUIRED, SCHEMA, predictions_path
from rnnscope.storage.tables import read_csv

if TYPE_CHECKING:
    from rnnscope.models.checkpoint import AnyNetwork

CHECKPOINT = "checkpoint.safetensors"


class Results:
    """What the pipeline found on one corpus: the folder `results/<corpus>`.

    Nothing is read before it is asked for. Rows of `predictions`, `activations` and `features` are about the same test
    characters in the same order; `docs/tables.md` describes every file.

    Parameters
    ----------
    folder
        Such as `results/war_and_peace`.

    Raises
    ------
    InputError
        If there is no such folder, or it holds no results.

    Examples
    --------
    >>> import rnnscope
    >>> results = rnnscope.open("results/tale")
    >>> results
    <rnnscope results of tale: ... models, ... with activations, ... tables>
    """

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        if not self.folder.is_dir():
            raise InputError(f"{self.folder}: no such folder; expected one that the pipeline wrote, such as results/<corpus>")
        if not (self.folder / "split").is_dir():
            inside = sorted(path.name for path in self.folder.iterdir() if (path / "split").is_dir())
            hint = f"; found results of {', '.join(inside)} in it" if inside else ""
            raise InputError(f"{self.folder}: no results of a corpus, expected a folder `split`{hint}")

    def __repr__(self) -> str:
        """Return what there is, in one line."""
        counts = f"{len(self.models)} models, {len(self.dumped_models)} with activations, {len(self.tables)} tables"
        return f"<rnnscope results of {self.folder.resolve().name}: {counts}>"

    @property
    def models(self) -> list[str]:
        """Names of all models with predictions: networks, n-NNs and n-gram models.

        Examples
        --------
        >>> import rnnscope
        >>> rnnscope.open("results/tale").models[:4]
        ['dynamic-evaluation', 'gru-1-4', 'gru-2-5', 'lstm-1-4']
        """
        return _names(self.folder / "predictions", "*.parquet")

    @property
    def networks(self) -> list[str]:
        """Names of the models with a checkpoint."""
        return sorted(path.parent.name for path in (self.folder / "models").glob(f"*/{CHECKPOINT}"))

    @property
    def dumped_models(self) -> list[str]:
        """Names of the models with activations."""
        return sorted(path.name for path in (self.folder / "activations").glob("*") if path.is_dir())

    @property
    def tables(self) -> list[str]:
        """Names of the tables of all analyses."""
        return _names(self.folder / "analyses", "*.csv")

    @cached_property
    def text(self) -> Text:
        """The text: its parts as bytes, its vocabulary."""
        return Text(read_split(self.folder / "split"))

    @property
    def losses(self) -> pd.DataFrame:
        """The test cross-entropy of every recurrent network, nats per character: the table `losses`."""
        return self.table("losses")

    @property
    def features(self) -> pd.DataFrame:
        """What the text is doing at every test character: columns stream, step and one a feature.

        Examples
        --------
        >>> import rnnscope
        >>> features = rnnscope.open("results/tale").features
        >>> features["inside_quotes"].dtype
        dtype('bool')
        """
        return pd.DataFrame(read_features(self.folder / "analyses/features.parquet"))

    def table(self, name: str) -> pd.DataFrame:
        """Read the table of an analysis.

        Parameters
        ----------
        name
            One of `tables`, without the folder and `.csv`.

        Raises
        ------
        InputError
            If there is none of this name, or it is damaged.

        Examples
        --------
        >>> import rnnscope
        >>> rnnscope.open("results/tale").table("best_models").columns[:2].tolist()
        ['role', 'model']
        """
        _check_name(self.folder / "analyses", "table", name, self.tables)
        return read_csv(self.folder / f"analyses/{name}.csv", [])

    def predictions(self, model: str) -> pd.DataFrame:
        """Read what a model predicted: a row a test character.

        Parameters
        ----------
        model
            One of `models`.

        Returns
        -------
        DataFrame
            `stream`, `step`, `target` (id of the character that came), `predicted` (id of the most likely one) and `log_prob`
            (of the target, nats). `predicted` is absent from the models `realisable-...` and from external ones that lack it.

        Raises
        ------
        InputError
            If there are none of this model, or the file is damaged.

        Examples
        --------
        >>> import rnnscope
        >>> predictions = rnnscope.open("results/tale").predictions("lstm-1-4")
        >>> bool((predictions["log_prob"] < 0).all())
        True
        """
        folder = self.folder / "predictions"
        _check_name(folder, "predictions of model", model, self.models)
        path = predictions_path(folder, model)
        with open_parquet(path, REQUIRED) as file:
            columns = [name for name in SCHEMA.names if name in file.schema_arrow.names]
        return read_parquet(path, columns).to_pandas()

    def layers(self, model: str) -> dict[int, Path]:
        """Return the files of a model's activations by layer, the lowest first.

        Raises
        ------
        InputError
            If there are none of this model.
        """
        folder = self.folder / "activations"
        _check_name(folder, "activations of model", model, self.dumped_models)
        return layer_files(folder / model)

    def activations(self, model: str, layer: int, quantity: str, units: int | Iterable[int] | None = None) -> np.ndarray:
        """Read gates or states at every test character.

        Parameters
        ----------
        model
            One of `dumped_models`.
        layer
            From 1, the lowest.
        quantity
            Name of a gate or state, such as "c" or "f" of an LSTM.
        units
            Numbers of units, from 0, as a list, range or array; a single number; or None for all.

        Returns
        -------
        ndarray of float32
            Of a single unit (test characters,), otherwise (test characters, units).

        Raises
        ------
        InputError
            If there is no such model, layer, quantity or unit, an argument is of another type, or the file is damaged.

        Examples
        --------
        >>> import rnnscope
        >>> results = rnnscope.open("results/tale")
        >>> results.activations("lstm-1-4", layer=1, quantity="c", units=2).shape
        (1720,)
        >>> results.activations("lstm-1-4", layer=1, quantity="f", units=[0, 3]).shape
        (1720, 2)
        """
        files = self.layers(model)
        layer = whole_number(f"{model}: layer", layer)
        if layer not in files:
            raise InputError(f"{model}: no layer {layer}; found {', '.join(map(str, files))}")
        widths = units_by_quantity(files[layer])
        if quantity not in list(widths):
            raise InputError(f"{model}, layer {layer}: no quantity {quantity!r}; found {', '.join(widths)}")
        every = range(widths[quantity])
        chosen = list(every) if units is None else whole_numbers(f"{model}, layer {layer}: units", units)
        unknown = [unit for unit in chosen if unit not in every]
        if unknown:
            raise InputError(f"{model}, layer {layer}: no unit {unknown[0]} of {quantity}; found 0 to {widths[quantity] - 1}")
        values = read_units(files[layer], quantity, chosen).astype(np.float32)
        return values[:, 0] if is_whole_number(units) else values

    def summary(self, model: str) -> dict[str, Any]:
        """Return what a network's training says of it: summary.json and, where it was evaluated, evaluation.json."""
        folder = self.folder / "models"
        _check_name(folder, "network", model, self.networks)
        evaluation = folder / model / "evaluation.json"
        return read_json(folder / model / "summary.json") | (read_json(evaluation) if evaluation.is_file() else {})

    def network(self, model: str) -> "AnyNetwork":
        """Load a network with its weights, on the CPU, in evaluation mode.

        Parameters
        ----------
        model
            One of `networks`.

        Returns
        -------
        Network or FeedForwardNetwork
            A torch.nn.Module.

        Raises
        ------
        InputError
            If there is none of this name, or its checkpoint is damaged.

        Examples
        --------
        >>> import rnnscope
        >>> rnnscope.open("results/tale").network("lstm-1-4").shape.hidden_width
        4
        """
        from torch import nn

        from rnnscope.models.checkpoint import load_checkpoint

        return load_checkpoint(self.checkpoint(model), "cpu", nn.Module)[0]  # type: ignore[return-value]

    def checkpoint(self, model: str) -> Path:
        """Return the checkpoint of a network. Raises InputError if there is none."""
        _check_name(self.folder / "models", "network", model, self.networks)
        return self.folder / "models" / model / CHECKPOINT

    def sample(self, model: str, prime: str = "\n", length: int = 500, temperature: float = 1.0, seed: int = 1) -> str:
        """Draw a continuation of a text from a recurrent network.

        Parameters
        ----------
        model
            One of `networks`, a recurrent one.
        prime
            Text that the network reads first.
        length
            Characters to draw.
        temperature
            Below 1 is more conservative, 0 takes the most probable character each time.
        seed
            Seed of what is drawn.

        Returns
        -------
        str
            The drawn characters, without the prime text.

        Raises
        ------
        InputError
            If there is no such network, an argument is of another type or out of its bounds, or the prime text has characters
            that the network does not know.

        Examples
        --------
        >>> import rnnscope
        >>> len(rnnscope.open("results/tale").sample("lstm-1-4", "The ", length=20))
        20
        """
        from rnnscope.models.checkpoint import load_checkpoint
        from rnnscope.training.sample import continue_text, prime_ids

        network, description = load_checkpoint(self.checkpoint(model))
        length, seed = whole_number("length", length), whole_number("seed", seed)
        prime, temperature = string("prime text", prime), number("temperature", temperature)
        ids = prime_ids(prime, None, description.encoding, description) or []
        return as_string(continue_text(network, description, ids, length, temperature, seed), description.encoding)


def _names(folder: Path, pattern: str) -> list[str]:
    """The names of files without their suffix, sorted; hidden files are partial ones."""
    return sorted(path.stem for path in folder.glob(pattern) if not path.name.startswith("."))


def _check_name(place: Path, kind: str, name: str, found: Sequence[str]) -> None:
    """Raise InputError, which lists what there is, unless `name` is among `found`."""
    if name not in found:
        raise InputError(f"{place}: no {kind} {name!r}; found {', '.join(found) or 'none'}")
