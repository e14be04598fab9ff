"""Text drawn from a checkpoint, one character at a time."""

import math
from pathlib import Path

import torch

from rnnscope.cli import run, write_output
from rnnscope.errors import InputError
from rnnscope.models.checkpoint import load_checkpoint
from rnnscope.models.protocol import SequenceModel
from rnnscope.settings.base import SEED, Setting

# At a lower temperature, logits that differ by 0.1 have odds of e^100: the most probable character is certain.
LOWEST_TEMPERATURE = 0.001


@torch.inference_mode()
def sample(network: SequenceModel, prime: list[int], length: int, temperature: float, generator: torch.Generator) -> list[int]:
    """Draw the characters that follow a text.

    Parameters
    ----------
    network
        In evaluation mode.
    prime
        Ids of the text, at least one.
    length
        Characters to draw.
    temperature
        They are drawn from softmax(logits / temperature); 0 takes the most probable character each time.
    generator
        Source of randomness.

    Returns
    -------
    list of int
        Their ids.
    """
    state = network.zero_state(1)
    read, drawn = prime, []
    for _ in range(length):
        logits, activations = network(torch.tensor(read).unsqueeze(1), state)
        state = network.last_state(activations)
        last = logits[-1, 0]
        if temperature == 0:
            read = [int(last.argmax())]
        else:
            read = torch.multinomial((last / temperature).softmax(0), 1, generator=generator).tolist()
        drawn += read
    return drawn


def continue_text(network: SequenceModel, vocabulary: list[int], prime: str, length: int, temperature: float, seed: int) -> bytes:
    """Draw the characters that follow a text, both as bytes.

    Parameters
    ----------
    network
        In evaluation mode, on the CPU.
    vocabulary
        The byte of each of its ids.
    prime
        The text that it reads first.
    length, temperature
        As of `sample`.
    seed
        Seed of what is drawn.

    Raises
    ------
    InputError
        If a number is out of its bounds or the prime text has characters that the network does not know.
    """
    if temperature != 0 and not LOWEST_TEMPERATURE <= temperature < math.inf:  # in this form NaN is refused too
        raise InputError(f"temperature: found {temperature}, expected 0 or a number from {LOWEST_TEMPERATURE} on")
    if length < 0:
        raise InputError(f"length: found {length}, expected at least 0")
    if not prime:
        raise InputError("prime text: found no character, expected at least one")
    Setting("", **SEED).check("seed", seed, int)
    id_of = {byte: index for index, byte in enumerate(vocabulary)}
    unknown = [byte for byte in prime.encode() if byte not in id_of]
    if unknown:
        raise InputError(f"prime text: byte {bytes(unknown[:1])!r} is not among the {len(id_of)} characters of the model's text")
    generator = torch.Generator().manual_seed(seed)
    drawn = sample(network, [id_of[byte] for byte in prime.encode()], length, temperature, generator)
    return bytes(vocabulary[character] for character in drawn)


def main(
    checkpoint: Path, prime: str = "\n", length: int = 500, temperature: float = 1.0, seed: int = 1, raw: bool = False
) -> None:
    """Print the prime text and the model's continuation of it.

    Parameters
    ----------
    checkpoint
        Checkpoint of a recurrent network.
    prime
        Text that the model reads first (default: a line feed).
    length
        Characters to draw.
    temperature
        Below 1 is more conservative, 0 takes the most probable character each time; otherwise at least 0.001.
    seed
        Seed of what is drawn.
    raw
        Write control characters to a terminal as they are.

    Raises
    ------
    InputError
        If the checkpoint is not readable, a number is out of its bounds or the prime text has characters that the model
        does not know.
    """
    network, description = load_checkpoint(checkpoint)
    drawn = continue_text(network, description.vocabulary, prime, length, temperature, seed)
    write_output(prime.encode() + drawn + b"\n", raw)


if __name__ == "__main__":
    run(main)
