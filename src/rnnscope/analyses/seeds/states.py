"""The states of several networks that read the same text side by side, as sums over its characters.

Every stream starts from the zero state, and a unit that keeps a sum drifts away from it for hundreds of characters. Two units
that drift are correlated in any two networks, whatever they read. So of every value the mean over all streams at the same step is
subtracted: what is left is what the text does, not the distance from the start.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from rnnscope.analyses.losses.run_files import read_object
from rnnscope.analyses.seeds.moments import Moments
from rnnscope.analyses.seeds.runs import runs_of
from rnnscope.analyses.units.displayed import displayed_states
from rnnscope.corpus.split_reader import Split
from rnnscope.errors import InputError
from rnnscope.models.checkpoint import check_vocabulary, load_checkpoint
from rnnscope.models.network import Network
from rnnscope.progress import progress
from rnnscope.settings.seeds import Seeds
from rnnscope.training.summary import check_same_precision

VALUES_AT_ONCE = 4_000_000  # of all units: each takes 24 bytes, of which some are temporary


@dataclass(frozen=True)
class Layer:
    """One layer of one training run.

    Parameters
    ----------
    model, seed
        Of the run.
    layer
        1 is the lowest.
    units
        Which columns among all units are its own.
    """

    model: str
    seed: int
    layer: int
    units: slice

    @property
    def run(self) -> tuple[str, int]:
        """Which run it is of."""
        return self.model, self.seed

    @property
    def width(self) -> int:
        """How many units it has."""
        return self.units.stop - self.units.start


def load_runs(models_folder: Path, seeds: Seeds, split: Split, device: torch.device) -> tuple[list[Network], list[Layer]]:
    """Load the networks of all runs, in the order of the models and then of the seeds.

    Returns
    -------
    networks : list of Network
        A network a run.
    layers : list of Layer
        Of all networks, one network after another, the lowest first.

    Raises
    ------
    InputError
        If a file is missing or corrupt, a network is another model or was trained on other characters, or the runs of a
        model were trained in different precisions.
    """
    networks, layers, first = [], [], 0
    for model in seeds.models:
        folders = [models_folder / run for run in runs_of(model, seeds.values)]
        check_same_precision(folders[0], folders[1:])
        for folder in folders:
            checkpoint = folder / "checkpoint.safetensors"
            network, description = load_checkpoint(checkpoint, device)
            check_vocabulary(checkpoint, description, split.vocabulary)
            if description.model != model:
                raise InputError(f"{checkpoint}: found {description.model}, expected {model}")
            seed = read_object(folder / "summary.json", ("seed",))["seed"]
            networks.append(network)
            for layer in range(1, network.shape.layers + 1):
                layers.append(Layer(model, seed, layer, slice(first, first + network.shape.hidden_width)))
                first += network.shape.hidden_width
    return networks, layers


@torch.inference_mode()
def read_states(networks: Sequence[Network], characters: Tensor, steps: int) -> Iterator[Tensor]:
    """Yield the displayed states of all layers of all networks, float32 (steps, streams, units), some steps at a time.

    Parameters
    ----------
    networks
        In evaluation mode.
    characters
        Ids that are read, (total steps, streams); each stream starts from a zero state.
    steps
        How many at a time.
    """
    states = [network.zero_state(characters.shape[1]) for network in networks]
    for inputs in characters.split(steps):
        displayed = []
        for index, network in enumerate(networks):
            _, activations = network(inputs.long(), states[index])
            states[index] = network.last_state(activations)
            displayed += displayed_states(network.shape.cell, activations)
        yield torch.cat(displayed, dim=2)


def moments_of_halves(
    networks: Sequence[Network], characters: Tensor, features: dict[str, np.ndarray]
) -> tuple[Moments, Moments]:
    """Return the sums over the streams of even number and over those of odd number, less the mean at each step.

    Parameters
    ----------
    networks
        In evaluation mode.
    characters
        Ids that are read, (total steps, streams), of at least four streams.
    features
        Each (streams, total steps), bool or integers, by name: columns behind those of the units.
    """
    total_steps, streams = characters.shape
    columns = sum(network.shape.layers * network.shape.hidden_width for network in networks) + len(features)
    steps = max(VALUES_AT_ONCE // (streams * columns), 1)
    halves = Moments(columns, characters.device), Moments(columns, characters.device)
    with progress("states", total_steps * streams, "characters") as advance:
        for start, states in zip(itertools.count(0, steps), read_states(networks, characters, steps), strict=False):
            known = [values[:, start : start + len(states)].T.astype(np.float32) for values in features.values()]
            columns_here = [states, *(torch.from_numpy(values).to(states.device).unsqueeze(2) for values in known)]
            values = torch.cat(columns_here, dim=2).double()
            values -= values.mean(dim=1, keepdim=True)
            for half, moments in enumerate(halves):
                moments.add(values[:, half::2])
            advance(len(states) * streams)
    return halves
