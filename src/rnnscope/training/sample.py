"""Text drawn from a checkpoint, one character at a time.

python -m rnnscope.training.sample --checkpoint FILE --prime "The " --length 500 --temperature 0.8 --seed 1
"""

import argparse
import sys
from pathlib import Path

import torch

from rnnscope.cli import run
from rnnscope.errors import InputError
from rnnscope.models.checkpoint import load_checkpoint
from rnnscope.models.network import Network


@torch.inference_mode()
def sample(network: Network, prime: list[int], length: int, temperature: float, generator: torch.Generator) -> list[int]:
    """Ids of `length` characters that follow the ids `prime` (at least one), drawn from softmax(logits / temperature).

    A temperature of 0 takes the most probable character each time.
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


def main() -> None:
    """Print the prime text and what the model continues it with."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--prime", default="\n", help="text that the model reads first (default: a line feed)")
    parser.add_argument("--length", type=int, default=500, help="characters to draw")
    parser.add_argument("--temperature", type=float, default=1.0, help="below 1 is more conservative, 0 takes the most probable")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    if arguments.temperature < 0 or arguments.length < 0 or not arguments.prime:
        raise InputError("expected a prime text of at least one character, a length and a temperature of at least 0")
    network, description = load_checkpoint(arguments.checkpoint)
    identity = {byte: position for position, byte in enumerate(description.vocabulary)}
    unknown = [byte for byte in arguments.prime.encode() if byte not in identity]
    if unknown:
        raise InputError(f"--prime: byte {bytes(unknown[:1])!r} is not among the {len(identity)} characters of the model's text")
    prime = [identity[byte] for byte in arguments.prime.encode()]
    generator = torch.Generator().manual_seed(arguments.seed)
    drawn = sample(network, prime, arguments.length, arguments.temperature, generator)
    sys.stdout.buffer.write(arguments.prime.encode() + bytes(description.vocabulary[character] for character in drawn) + b"\n")


if __name__ == "__main__":
    run(main)
