"""Text drawn from a checkpoint, one character at a time."""

import math
import re
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor

from rnnscope.cli import run, write_output
from rnnscope.corpus.text import as_bytes, check_characters, string_as
from rnnscope.errors import InputError
from rnnscope.models.cells import CELLS
from rnnscope.models.checkpoint import Description, load_checkpoint
from rnnscope.models.interventions import Hold, held_forward
from rnnscope.models.network import Network, Shape
from rnnscope.models.protocol import SequenceModel
from rnnscope.settings.base import check_length, check_seed
from rnnscope.training.score import encode

COLUMN = 56  # characters of a column, of two
LINE_FEED = ord("\n")

# At a lower temperature, logits that differ by 0.1 have odds of e^100: the most probable character is certain.
LOWEST_TEMPERATURE = 0.001


@torch.inference_mode()
def sample(
    network: SequenceModel,
    prime: list[int],
    length: int,
    temperature: float,
    generator: torch.Generator,
    top_k: int | None = None,
    nucleus: float = 1.0,
    holds: Sequence[Hold] = (),
) -> list[int]:
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
    top_k, nucleus
        As of `likeliest`.
    holds
        Units that are held at a value from the first character of the text on.

    Returns
    -------
    list of int
        Their ids.
    """
    state = network.zero_state(1)
    read, drawn = prime, []
    for _ in range(length):
        characters = torch.tensor(read).unsqueeze(1)
        if holds:
            logits, state = held_forward(cast(Network, network), characters, state, holds)
        else:
            logits, activations = network(characters, state)
            state = network.last_state(activations)
        last = logits[-1, 0]
        if temperature == 0:
            read = [int(last.argmax())]
        else:
            probabilities = likeliest((last / temperature).softmax(0), top_k, nucleus)
            read = torch.multinomial(probabilities, 1, generator=generator).tolist()
        drawn += read
    return drawn


def likeliest(probabilities: Tensor, top_k: int | None, nucleus: float) -> Tensor:
    """Return probabilities (K,) of which the small ones are set to 0; the others stay as they are.

    Parameters
    ----------
    probabilities
        They sum to 1.
    top_k
        How many of the most probable characters are kept (Fan et al. 2018); None for all.
    nucleus
        The fewest of the most probable characters that reach this sum are kept (Holtzman et al. 2020); 1 for all.
    """
    if top_k is None and nucleus >= 1:
        return probabilities
    in_order, index = probabilities.sort(descending=True, stable=True)
    before = in_order.cumsum(0) - in_order
    kept = index[(before < nucleus) & (torch.arange(len(index)) < (top_k or len(index)))]
    return torch.zeros_like(probabilities).index_copy(0, kept, probabilities[kept])


def first_character(network: Network, description: Description) -> list[int]:
    """Return what to begin with where no text is given: a line feed, or without one in the vocabulary the most probable start.

    That is the character to which the softmax layer gives the highest probability from a zero state.
    """
    if LINE_FEED in description.vocabulary:
        return [description.vocabulary.index(LINE_FEED)]
    return [int(network.softmax.bias.argmax())]


def prime_ids(prime: str | None, prime_bytes: str | None, encoding: str, description: Description) -> list[int] | None:
    """Return the ids of the text that the model reads first, None where none is given."""
    if prime is not None and prime_bytes is not None:
        raise InputError("--prime and --prime-bytes: expected at most one of the two")
    if prime_bytes is not None:
        try:
            given = bytes.fromhex(prime_bytes)
        except ValueError:
            raise InputError(
                f"--prime-bytes: found {prime_bytes!r}, expected bytes as hexadecimal digits, such as d0af"
            ) from None
        if description.characters == "bytes":
            return encode(np.frombuffer(given, dtype=np.uint8), description, "--prime-bytes")
        try:
            prime = given.decode(encoding)
        except UnicodeError:
            raise InputError(f"--prime-bytes: found {prime_bytes!r}, expected text in {encoding}") from None
    if prime is None:
        return None
    return encode(string_as(prime, description.symbols, encoding, "prime text"), description, "prime text")


def continue_text(
    network: Network,
    description: Description,
    prime: list[int],
    length: int,
    temperature: float,
    seed: int,
    top_k: int | None = None,
    nucleus: float = 1.0,
    holds: Sequence[Hold] = (),
) -> np.ndarray:
    """Draw the characters that follow a text.

    Parameters
    ----------
    network
        In evaluation mode, on the CPU.
    description
        What its checkpoint says of it.
    prime
        Ids of the text that it reads first.
    length, temperature, top_k, nucleus, holds
        As of `sample`.
    seed
        Seed of what is drawn.

    Returns
    -------
    ndarray
        Bytes, uint8, or code points, uint32 (length,).

    Raises
    ------
    InputError
        If a number is out of its bounds.
    """
    if temperature != 0 and not LOWEST_TEMPERATURE <= temperature < math.inf:  # in this form NaN is refused too
        raise InputError(f"temperature: found {temperature}, expected 0 or a number from {LOWEST_TEMPERATURE} on")
    check_length("length", length)
    if top_k is not None and top_k < 1:
        raise InputError(f"top-k: found {top_k}, expected at least 1 character")
    if not 0 < nucleus <= 1:
        raise InputError(f"nucleus: found {nucleus}, expected a number above 0 and at most 1")
    if not prime:
        raise InputError("prime text: found no character, expected at least one")
    check_seed("seed", seed)
    generator = torch.Generator().manual_seed(seed)
    return description.symbols[sample(network, prime, length, temperature, generator, top_k, nucleus, holds)]


def parse_hold(word: str, shape: Shape) -> Hold:
    """Return the unit that a word such as 2:68=0.5 or 2:c_68=0.5 holds, of the first stream.

    Raises
    ------
    InputError
        If it is written in another way, or the network has no such unit.
    """
    facts = CELLS[shape.cell]
    found = re.fullmatch(r"(\d+):(?:(\w+)_)?(\d+)=([-+.\deE]+)", word, re.ASCII)
    try:
        value = float(found[4]) if found else math.nan
    except ValueError:
        value = math.nan
    if not found or not math.isfinite(value):
        raise InputError(f"--hold: found {word!r}, expected <layer>:<unit>=<value>, such as 2:68=0.5 or 2:h_68=0.5")
    layer, state, unit = int(found[1]), found[2] or facts.displayed_state, int(found[3])
    if not 1 <= layer <= shape.layers or state not in facts.states or unit >= shape.hidden_width:
        raise InputError(
            f"--hold: found {word!r}, expected a layer from 1 to {shape.layers}, a state of {', '.join(facts.states)} and a unit "
            f"from 0 to {shape.hidden_width - 1}"
        )
    return Hold(layer, state, torch.tensor([0]), torch.tensor([unit]), torch.tensor([value]))


def side_by_side(left: bytes, right: bytes, encoding: str) -> bytes:
    """Return two texts in two columns of `COLUMN` characters, with a line above; a longer line continues on the next."""
    columns = [
        [heading, *(piece for line in text.decode(encoding, "replace").splitlines() for piece in _pieces(line))]
        for heading, text in (("without", left), ("with the units held", right))
    ]
    lines = zip_longest(*columns, fillvalue="")
    return "\n".join(f"{first:<{COLUMN}} | {second}".rstrip() for first, second in lines).encode()


def _pieces(line: str) -> list[str]:
    """A line in pieces of at most `COLUMN` characters, tabs as one space."""
    line = line.replace("\t", " ")
    return [line[start : start + COLUMN] for start in range(0, max(len(line), 1), COLUMN)]


def main(
    checkpoint: Path,
    prime: str | None = None,
    length: int = 500,
    temperature: float = 1.0,
    seed: int = 1,
    top_k: int | None = None,
    nucleus: float = 1.0,
    prime_bytes: str | None = None,
    encoding: str | None = None,
    raw: bool = False,
    hold: list[str] | None = None,
) -> None:
    """Print the prime text and the model's continuation of it.

    With units that are held, two columns: the continuation without and with them, from the same random numbers.

    Parameters
    ----------
    checkpoint
        Checkpoint of a recurrent network.
    prime
        Text that the model reads first. By default a line feed; without one in the model's text the most probable start.
    length
        Characters to draw.
    temperature
        Below 1 is more conservative, 0 takes the most probable character each time; otherwise at least 0.001.
    seed
        Seed of what is drawn.
    top_k
        Draw among this many most probable characters (default: all).
    nucleus
        Draw among the fewest most probable characters whose probabilities reach this sum.
    prime_bytes
        In place of the prime text, its bytes as hexadecimal digits.
    encoding
        Encoding of the model's text; as of the checkpoint when left out.
    raw
        Write control characters to a terminal as they are.
    hold
        Units that are held while the network reads and writes: <layer>:<unit>=<value>, such as 2:68=0 for unit 68 of the
        displayed state of layer 2, or 2:h_68=0 for that of another state.

    Raises
    ------
    InputError
        If the checkpoint is not readable, a number is out of its bounds or the prime text has characters that the model
        does not know.
    """
    network, description = load_checkpoint(checkpoint)
    check_characters(description.characters, encoding)
    ids = prime_ids(prime, prime_bytes, encoding or description.encoding, description)
    if ids is None:
        ids = first_character(network, description)
    drawn = continue_text(network, description, ids, length, temperature, seed, top_k, nucleus)
    text = as_bytes(description.symbols[ids]) + as_bytes(drawn)
    if hold:
        holds = [parse_hold(word, network.shape) for word in hold]
        drawn = continue_text(network, description, ids, length, temperature, seed, top_k, nucleus, holds)
        text = side_by_side(text, as_bytes(description.symbols[ids]) + as_bytes(drawn), encoding or description.encoding)
    write_output(text + b"\n", raw)


if __name__ == "__main__":
    run(main)
