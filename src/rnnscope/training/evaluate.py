"""Evaluation of a checkpoint: its losses, and its probability of every character of the test part.

python -m rnnscope.training.evaluate --split DIR --checkpoint FILE --predictions FILE.parquet --losses FILE.json
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from rnnscope.command import run
from rnnscope.corpus.split import PARTS, read_part, read_steps, read_vocabulary
from rnnscope.files import write_json
from rnnscope.models.checkpoint import check_vocabulary, load_checkpoint
from rnnscope.models.network import Network
from rnnscope.predictions import write_predictions
from rnnscope.progress import progress
from rnnscope.training.devices import DEVICES, prepare_device
from rnnscope.training.segments import segments, to_device


@torch.inference_mode()
def correct_log_probabilities(network: Network, characters: Tensor, steps: int) -> Tensor:
    """Log-probability (nats) of each next character, float32 (total steps, streams).

    `characters` are uint8 ids (total steps + 1, streams). Each stream starts from a zero state and carries it to its
    end (paper section 1); `steps` only says how many are computed at a time.
    """
    network.eval()
    state = network.zero_state(characters.shape[1])
    log_probabilities = []
    with progress("evaluation", characters[1:].numel(), "characters") as advance:
        for inputs, targets in segments(characters, steps):
            logits, activations = network(inputs, state)
            log_probabilities.append(logits.log_softmax(2).gather(2, targets.unsqueeze(2)).squeeze(2))
            state = network.last_state(activations)
            advance(targets.numel())
    return torch.cat(log_probabilities)


def mean_loss(network: Network, characters: Tensor, steps: int) -> float:
    """Cross-entropy in nats per character, averaged in float64, of `characters`, uint8 ids (total steps + 1, streams)."""
    return -correct_log_probabilities(network, characters, steps).double().mean().item()


def main() -> None:
    """Evaluate one checkpoint on all three parts of its split."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--split", type=Path, required=True, help="folder written by rnnscope.corpus.split")
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--predictions", type=Path, required=True, help="parquet file to write: a row a test character")
    parser.add_argument("--losses", type=Path, required=True, help="JSON file to write: nats per character of each part")
    parser.add_argument("--device", choices=DEVICES, default="auto")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads")
    arguments = parser.parse_args()
    device = prepare_device(arguments.device, arguments.threads)
    network, description = load_checkpoint(arguments.checkpoint, device)
    check_vocabulary(arguments.checkpoint, description, read_vocabulary(arguments.split))
    steps = read_steps(arguments.split)
    losses = {}
    for name in PARTS:
        part = read_part(arguments.split, name)
        log_probability = correct_log_probabilities(network, to_device(part, device), steps).cpu().numpy().T
        losses[f"{name}_loss"] = -float(np.mean(log_probability, dtype=np.float64))
        if name == "test":
            write_predictions(arguments.predictions, part, log_probability)
    write_json(arguments.losses, losses)


if __name__ == "__main__":
    run(main)
