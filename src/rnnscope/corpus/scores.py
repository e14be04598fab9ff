"""What a model says of a text, a character a line."""

import math
from collections.abc import Iterator

import numpy as np

from rnnscope.corpus.letters import shown_letters


def score_lines(characters: np.ndarray, log_prob: np.ndarray, encoding: str) -> Iterator[str]:
    r"""Yield a line for each character: its text, its probability and its surprise in nats, with tabs between.

    Parameters
    ----------
    characters
        Bytes, uint8, or code points, uint32 (characters,).
    log_prob
        Logarithm of the probability of each, nats (characters,); NaN where there is none, as for the first character of a
        recurrent network, which has read nothing.
    encoding
        Encoding of the text, where a character is a byte.

    Yields
    ------
    str
        The text is the letter, or for what has none an escape such as `\n`, `\xd0` or `\u200d`; the last bytes of a letter of
        several bytes are escapes. Without a probability the fields are empty.
    """
    for letter, character, value in zip(
        shown_letters(characters, encoding), characters.tolist(), log_prob.astype(np.float64).tolist(), strict=True
    ):
        text = letter or escape(character)
        yield f"{text}\t\t" if math.isnan(value) else f"{text}\t{math.exp(value):.6g}\t{-value:.6g}"


def escape(character: int) -> str:
    r"""Return a visible escape of a byte or a code point, as in Python: `\n`, `\xd0`, `\u200d`."""
    spelled = repr(chr(character))[1:-1]
    return spelled if spelled.startswith("\\") else f"\\x{character:02x}" if character < 256 else f"\\u{character:04x}"
