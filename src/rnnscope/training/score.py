"""Score a text with a checkpoint: what the network gave to every character of it."""

from pathlib import Path

import numpy as np
import torch

from rnnscope.cli import run
from rnnscope.corpus.scores import score_lines
from rnnscope.corpus.text import read_as
from rnnscope.errors import InputError
from rnnscope.models.checkpoint import Description, load_checkpoint
from rnnscope.training.cross_entropy import correct_log_probabilities

SEQUENCE_LENGTH = 1000  # characters that are computed at a time


def encode(characters: np.ndarray, description: Description, name: str) -> list[int]:
    """Return the ids of characters, uint8 or uint32 (characters,), in the vocabulary of a checkpoint.

    Raises
    ------
    InputError
        If the checkpoint does not know one: its first occurrence is named. `name` is what the message calls the text.
    """
    id_of = {character: index for index, character in enumerate(description.vocabulary)}
    found = characters.tolist()
    unknown = next((index for index, character in enumerate(found) if character not in id_of), None)
    if unknown is not None:
        is_byte = characters.dtype == np.uint8
        spelled = f"the byte {bytes([found[unknown]])!r}" if is_byte else f"the character {chr(found[unknown])!r}"
        raise InputError(f"{name}: found {spelled} at position {unknown}, expected one of the model's {len(id_of)} characters")
    return [id_of[character] for character in found]


def score(path: Path, text: Path, encoding: str | None = None) -> tuple[np.ndarray, np.ndarray, str]:
    """Return what the network of a checkpoint gave to the characters of a text, which it reads as one stream.

    Parameters
    ----------
    path
        Checkpoint of a recurrent network.
    text
        The text.
    encoding
        Its encoding; that of the checkpoint's text if None.

    Returns
    -------
    characters : ndarray
        Bytes, uint8, or code points, uint32 (characters,).
    log_prob : ndarray
        Log-probability of each, nats; NaN for the first, before which the network has read nothing.
    encoding : str
        The encoding of the text.
    """
    network, description = load_checkpoint(path)
    encoding = encoding or description.encoding
    characters = read_as(text, description.symbols, encoding)
    ids = torch.tensor(encode(characters, description, str(text))).unsqueeze(1)
    log_prob = np.full(len(ids), np.nan, dtype=np.float32)
    if len(ids) > 1:
        log_prob[1:] = correct_log_probabilities(network, ids, SEQUENCE_LENGTH)[:, 0].numpy()
    return characters, log_prob, encoding


def main(checkpoint: Path, text: Path, encoding: str | None = None) -> None:
    """Print every character of a text with its probability and its surprise, then the mean loss.

    Parameters
    ----------
    checkpoint
        Checkpoint of a recurrent network.
    text
        The text; the network reads it as one stream, from a zero state.
    encoding
        Encoding of the text; that of the text of the checkpoint when left out.
    """
    characters, log_prob, found = score(checkpoint, text, encoding)
    for line in score_lines(characters, log_prob, found):
        print(line)
    if len(log_prob) > 1:
        print(f"{-log_prob[1:].mean(dtype=np.float64):.4f} nats per character, {len(log_prob) - 1:,} characters after the first")


if __name__ == "__main__":
    run(main)
