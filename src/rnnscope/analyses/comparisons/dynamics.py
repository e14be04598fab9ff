"""What a recurrent network has learned at each time of its training, compared with the n-NNs (paper section 4, F6).

For every snapshot and every n-NN, both over all test characters: the symmetric Kullback-Leibler divergence of their
predictions p and q, KL(p || q) + KL(q || p) = sum_k (p_k - q_k) (log p_k - log q_k), in nats, as the mean per character
(the sum of the two directions, as Kullback and Leibler 1951 define it, not their mean); and the difference of their losses.

The test text is read once, segment by segment, by all networks side by side: memory holds the distributions of one
segment, whatever the length of the text.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from rnnscope.cli import run
from rnnscope.corpus.split_reader import read_split
from rnnscope.models.checkpoint import check_vocabulary, load_checkpoint
from rnnscope.models.devices import prepare_device
from rnnscope.models.feed_forward import FeedForwardNetwork, log_distributions, scored_windows
from rnnscope.models.network import Network
from rnnscope.models.protocol import State
from rnnscope.progress import progress
from rnnscope.settings.training import Computing
from rnnscope.storage.declarations import Column
from rnnscope.storage.tables import Table, read_csv
from rnnscope.training.segments import segments, to_device
from rnnscope.training.snapshots import TABLE as SNAPSHOTS_TABLE

SNAPSHOTS = [column.name for column in SNAPSHOTS_TABLE]
DYNAMICS = Table(
    "analyses/dynamics.csv",
    "Figure F6: one row a snapshot and n-NN. Both predict every test character; p and q are their distributions over the K "
    "characters.",
    (
        Column("model", "text", "name of the model whose snapshots they are"),
        Column("snapshot", "integer", "its number, from 1"),
        Column("characters", "integer", "as in `snapshots.csv`"),
        Column("epoch", "number", "as in `snapshots.csv`"),
        Column("n", "integer", "characters of context that the n-NN sees"),
        Column("symmetric_divergence", "number", "KL(p‖q) + KL(q‖p), the mean over the test characters, nats per character"),
        Column("loss_difference", "number", "test loss of the n-NN minus that of the snapshot, nats per character"),
        Column("snapshot_loss", "number", "test loss of the snapshot, nats per character"),
        Column(
            "nearest",
            "yes/no",
            "whether no snapshot is nearer to the n-NN; never the first or the last one, beyond which others may be nearer",
        ),
    ),
)


def symmetric_divergence(p: Tensor, q: Tensor) -> Tensor:
    """Return KL(p || q) + KL(q || p), summed over all distributions.

    Parameters
    ----------
    p, q : Tensor, shape (..., K)
        Log-probabilities of the K characters, nats.

    Returns
    -------
    divergence : Tensor, a float64 scalar
        In nats.
    """
    return ((p.exp() - q.exp()) * (p - q)).sum(-1).sum(dtype=torch.float64)


def zero_state(network: Network, streams: int) -> State:
    """Return the state before the first character, in memory of its own that `read_segment` may overwrite."""
    return [{name: values.clone() for name, values in layer.items()} for layer in network.zero_state(streams)]


@torch.inference_mode()
def read_segment(network: Network, inputs: Tensor, state: State) -> Tensor:
    """Read a segment from a state, and overwrite the state with the one after the segment.

    Parameters
    ----------
    network
        In evaluation mode.
    inputs : Tensor of int64, shape (steps, streams)
        Ids of the characters.
    state
        As `zero_state` returns it.

    Returns
    -------
    log_distribution : Tensor, shape (steps, streams, K)
        Log-probabilities of all next characters, nats.
    """
    logits, activations = network(inputs, state, return_gates=False)
    # Overwritten in place: a view of the last step of `activations` would keep all its steps in memory, and small copies,
    # allocated for every snapshot and segment, would lie between large blocks and prevent their reuse.
    for layer, last in zip(state, network.last_state(activations), strict=True):
        for name, values in last.items():
            layer[name].copy_(values)
    return logits.log_softmax(2)


def compare(
    snapshots: list[Network], nnns: list[FeedForwardNetwork], characters: Tensor, sequence_length: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Compare the predictions of every snapshot with those of every n-NN.

    Parameters
    ----------
    snapshots, nnns
        Networks in evaluation mode.
    characters : Tensor of uint8, shape (steps + 1, streams)
        Ids of the text; all but the first step are targets.
    sequence_length
        Characters of a segment.

    Returns
    -------
    divergences : ndarray of float64, shape (snapshots, n-NNs)
        Mean symmetric divergences, nats per character.
    losses : ndarray of float64, shape (snapshots,)
        In nats per character.
    nnn_losses : ndarray of float64, shape (n-NNs,)
        In nats per character.
    """
    steps, streams = len(characters) - 1, characters.shape[1]
    divergences = torch.zeros(len(snapshots), len(nnns), dtype=torch.float64, device=characters.device)
    losses = torch.zeros(len(snapshots) + len(nnns), dtype=torch.float64, device=characters.device)
    windows = [scored_windows(characters.t(), nnn.shape.n, nnn.shape.vocabulary) for nnn in nnns]
    states = [zero_state(network, streams) for network in snapshots]
    finite = [log_distributions(nnn, window, sequence_length) for nnn, window in zip(nnns, windows, strict=True)]
    with progress("divergences", steps * streams, "characters") as advance:
        for inputs, targets in segments(characters, sequence_length):
            q = [next(distributions).transpose(0, 1) for distributions in finite]
            correct = targets.unsqueeze(2)
            for row, (network, state) in enumerate(zip(snapshots, states, strict=True)):
                p = read_segment(network, inputs, state)
                losses[row] -= p.gather(2, correct).sum(dtype=torch.float64)
                divergences[row] += torch.stack([symmetric_divergence(p, other) for other in q])
            losses[len(snapshots) :] -= torch.stack([other.gather(2, correct).sum(dtype=torch.float64) for other in q])
            advance(targets.numel())
    mean = losses.cpu().numpy() / (steps * streams)
    return divergences.cpu().numpy() / (steps * streams), mean[: len(snapshots)], mean[len(snapshots) :]


def inner_minimum(values: np.ndarray) -> np.ndarray:
    """Return which value is the lowest, the first of equals: bool; of no value if it is at an end, where it is no minimum."""
    lowest = int(values.argmin())
    return (np.arange(len(values)) == lowest) & (0 < lowest < len(values) - 1)


def main(split: Path, snapshots: Path, nnns: list[Path], computing: Computing, out: Path) -> None:
    """Compare snapshots of a network's training with the n-NNs.

    Parameters
    ----------
    split
        Folder written by rnnscope.corpus.split.
    snapshots
        Folder written by rnnscope.training.snapshots.
    nnns
        Checkpoints of the n-NNs.
    computing
        Where the networks run.
    out
        CSV file to write: a row a snapshot and n-NN.
    """
    device = prepare_device(computing)
    opened = read_split(split)
    taken = read_csv(snapshots / "snapshots.csv", SNAPSHOTS)[SNAPSHOTS]
    networks, finite = [], []
    for number in taken["snapshot"]:
        path = snapshots / f"snapshot-{number}.safetensors"
        network, description = load_checkpoint(path, device)
        check_vocabulary(path, description, opened.vocabulary)
        networks.append(network)
    for path in nnns:
        nnn, of_nnn = load_checkpoint(path, device, FeedForwardNetwork)
        check_vocabulary(path, of_nnn, opened.vocabulary)
        finite.append(nnn)
    characters = to_device(opened.part("test"), device)
    divergences, losses, nnn_losses = compare(networks, finite, characters, opened.sequence_length)
    tables = [
        taken.assign(
            n=nnn.shape.n,
            symmetric_divergence=divergences[:, column],
            loss_difference=nnn_losses[column] - losses,
            snapshot_loss=losses,
            nearest=inner_minimum(divergences[:, column]),
        )
        for column, nnn in enumerate(finite)
    ]
    table = pd.concat(tables).sort_values(["snapshot", "n"]).assign(model=description.model)
    DYNAMICS.write(table, out)


if __name__ == "__main__":
    run(main)
