"""What a recurrent network has learned at each time of its training, held against the n-NNs (paper section 4, F6).

    python -m rnnscope.analyses.comparisons.dynamics --split DIR --snapshots DIR --nnn FILE [--nnn FILE ...] --out FILE.csv

For every snapshot and every n-NN, both over all test characters: the symmetric Kullback-Leibler divergence of their
predictions p and q, KL(p || q) + KL(q || p) = sum_k (p_k - q_k) (log p_k - log q_k), in nats, as the mean per character
(the sum of the two directions, as Kullback and Leibler 1951 define it, not their mean); and the difference of their losses.

The test text is read once, segment by segment, by all networks side by side: memory holds the distributions of one
segment, whatever the length of the text.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from rnnscope.cli import run
from rnnscope.corpus.split import read_part, read_steps, read_vocabulary
from rnnscope.models import feed_forward as neural
from rnnscope.models.checkpoint import check_vocabulary, load_checkpoint
from rnnscope.models.devices import add_device_flags, prepare_device
from rnnscope.models.network import Network
from rnnscope.models.recurrences import Quantities
from rnnscope.progress import progress
from rnnscope.storage.tables import read_csv, write_csv
from rnnscope.training.segments import segments, to_device

SNAPSHOTS = ["snapshot", "characters", "epoch"]


def symmetric_divergence(p: Tensor, q: Tensor) -> Tensor:
    """KL(p || q) + KL(q || p), nats, summed over all distributions: a float64 scalar.

    p, q: log-probabilities (nats) of the K characters, (..., K).
    """
    return ((p.exp() - q.exp()) * (p - q)).sum(-1).sum(dtype=torch.float64)


def zero_state(network: Network, streams: int) -> list[Quantities]:
    """The state before the first character, in memory of its own for `read_segment` to overwrite."""
    return [{name: values.clone() for name, values in layer.items()} for layer in network.zero_state(streams)]


@torch.inference_mode()
def read_segment(network: Network, inputs: Tensor, state: list[Quantities]) -> Tensor:
    """Read a segment, int64 ids (steps, streams), from `state`, and leave the state after it there.

    Returns the log-probabilities (nats) of all K next characters, (steps, streams, K).
    """
    logits, activations = network(inputs, state, return_gates=False)
    # Overwritten in place: to hold on to the last step of `activations` would keep all its steps in memory, and small
    # copies, made anew for every snapshot and segment, would lie scattered between large blocks and keep them from reuse.
    for layer, last in zip(state, network.last_state(activations), strict=True):
        for name, values in last.items():
            layer[name].copy_(values)
    log_distribution: Tensor = logits.log_softmax(2)
    return log_distribution


def compare(
    snapshots: list[Network], nnns: list[neural.FeedForwardNetwork], characters: Tensor, steps: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean symmetric divergences float64 (snapshots, n-NNs) and the losses of both, float64 (snapshots,) and (n-NNs,).

    All in nats per character. The networks are in evaluation mode. `characters` are uint8 ids (total steps + 1, streams);
    all but the first step of them are targets.
    """
    total_steps, streams = len(characters) - 1, characters.shape[1]
    divergences = torch.zeros(len(snapshots), len(nnns), dtype=torch.float64, device=characters.device)
    losses = torch.zeros(len(snapshots) + len(nnns), dtype=torch.float64, device=characters.device)
    windows = [neural.scored_windows(characters.t(), nnn.shape.n, nnn.shape.vocabulary) for nnn in nnns]
    states = [zero_state(network, streams) for network in snapshots]
    finite = [neural.log_distributions(nnn, window, steps) for nnn, window in zip(nnns, windows, strict=True)]
    with progress("divergences", total_steps * streams, "characters") as advance:
        for inputs, targets in segments(characters, steps):
            q = [next(distributions).transpose(0, 1) for distributions in finite]
            correct = targets.unsqueeze(2)
            for row, (network, state) in enumerate(zip(snapshots, states, strict=True)):
                p = read_segment(network, inputs, state)
                losses[row] -= p.gather(2, correct).sum(dtype=torch.float64)
                divergences[row] += torch.stack([symmetric_divergence(p, other) for other in q])
            losses[len(snapshots) :] -= torch.stack([other.gather(2, correct).sum(dtype=torch.float64) for other in q])
            advance(targets.numel())
    mean = losses.cpu().numpy() / (total_steps * streams)
    return divergences.cpu().numpy() / (total_steps * streams), mean[: len(snapshots)], mean[len(snapshots) :]


def main() -> None:
    """Write a row for every snapshot and n-NN."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--split", type=Path, required=True, help="folder written by rnnscope.corpus.split")
    parser.add_argument("--snapshots", type=Path, required=True, help="folder written by rnnscope.training.snapshots")
    parser.add_argument("--nnn", type=Path, action="append", required=True, help="checkpoint of an n-NN; give it once an n-NN")
    add_device_flags(parser)
    parser.add_argument("--out", type=Path, required=True, help="CSV to write")
    arguments = parser.parse_args()
    device = prepare_device(arguments.device, arguments.threads)
    vocabulary = read_vocabulary(arguments.split)
    taken = read_csv(arguments.snapshots / "snapshots.csv", SNAPSHOTS)[SNAPSHOTS]
    networks = []
    for number in taken["snapshot"]:
        path = arguments.snapshots / f"snapshot-{number}.safetensors"
        network, description = load_checkpoint(path, device)
        check_vocabulary(path, description, vocabulary)
        networks.append(network)
    nnns = [neural.load_checkpoint(path, vocabulary, device) for path in arguments.nnn]
    characters = to_device(read_part(arguments.split, "test"), device)
    divergences, losses, nnn_losses = compare(networks, nnns, characters, read_steps(arguments.split))
    tables = [
        taken.assign(
            n=nnn.shape.n,
            symmetric_divergence=divergences[:, column],
            loss_difference=losses - nnn_losses[column],
            snapshot_loss=losses,
        )
        for column, nnn in enumerate(nnns)
    ]
    table = pd.concat(tables).sort_values(["snapshot", "n"])
    table.insert(0, "model", description.model)
    write_csv(table, arguments.out)


if __name__ == "__main__":
    run(main)
