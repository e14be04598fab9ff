"""Closing delimiters, and the distance to the opening one of each (paper section 4, F5).

Quotations, comments and literals are recognised by the features of the text (`inside_quotes`, or in source code
`inside_string` and `inside_comment`), each the state after a character was read. A bracket in a comment or a literal does not
count.
"""

import numpy as np
import pandas as pd

BRACKETS = {"}": "{", ")": "(", "]": "["}
QUOTE, COMMENT = '"', "*/"
STATES = ("inside_quotes", "inside_string", "inside_comment")


def bracket_spans(characters: np.ndarray, counts: np.ndarray, closing: str) -> np.ndarray:
    """Return the indices of each opening bracket and of the `closing` one that closes it, in the order of closing.

    One kind of bracket is matched without regard to the others; one that opens or closes nothing is left out.

    Parameters
    ----------
    characters : ndarray of uint8, shape (characters,)
    counts : ndarray of bool, shape (characters,)
        False where a bracket does not count.
    closing
        A key of `BRACKETS`.

    Returns
    -------
    spans : ndarray of int64, shape (spans, 2)
    """
    is_closing = characters == ord(closing)
    indices = np.flatnonzero((is_closing | (characters == ord(BRACKETS[closing]))) & counts)
    spans: list[tuple[int, int]] = []
    opened: list[int] = []
    for index, closes in zip(indices.tolist(), is_closing[indices].tolist(), strict=True):
        if not closes:
            opened.append(index)
        elif opened:
            spans.append((opened.pop(), index))
    return np.array(spans, dtype=np.int64).reshape(-1, 2)


def state_spans(characters: np.ndarray, inside: np.ndarray, opening: str, closing: str) -> np.ndarray:
    """Return the indices at which a state begins with the character `opening` and ends with `closing`.

    A state that is true at the first character began before it, one that is true at the last has not ended: both are left
    out.

    Parameters
    ----------
    characters : ndarray of uint8, shape (characters,)
    inside : ndarray of bool, shape (characters,)
        The state after each character.
    opening, closing
        One character each.

    Returns
    -------
    spans : ndarray of int64, shape (spans, 2)
    """
    turns = np.flatnonzero(inside[1:] != inside[:-1]) + 1
    turns = turns[int(inside[0]) :]
    spans = turns[: len(turns) // 2 * 2].reshape(-1, 2)
    return spans[(characters[spans] == (ord(opening), ord(closing))).all(axis=1)]


def spans_of(characters: np.ndarray, states: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the spans of every closing delimiter that the given states identify: int64 (spans, 2) of each.

    A span goes from the last character of the opening delimiter to the last of the closing one.
    """
    no_state = np.zeros(len(characters), dtype=bool)
    hidden = states.get("inside_comment", no_state) | states.get("inside_string", no_state)
    spans = {closing: bracket_spans(characters, ~hidden, closing) for closing in BRACKETS}
    spans[QUOTE] = state_spans(characters, states.get("inside_string", states.get("inside_quotes", no_state)), QUOTE, QUOTE)
    spans[COMMENT] = state_spans(characters, states.get("inside_comment", no_state), "*", "/")
    return spans


def closings(characters: np.ndarray, states: dict[str, np.ndarray]) -> pd.DataFrame:
    """Return a row for each closing delimiter whose opening one is in the same stream.

    Parameters
    ----------
    characters : ndarray of uint8, shape (streams, steps)
        The bytes of the text.
    states : dict of str to ndarray of bool, shape (streams, steps)
        By name, some of `STATES`. With `inside_string` the text is source code, and double quotes are those of its literals.

    Returns
    -------
    table : DataFrame
        Columns: delimiter, one of `BRACKETS`, `QUOTE`, `COMMENT`; stream; column, that of its last character; distance, in
        characters from the last one of the opening delimiter to its own.
    """
    found: dict[str, list[np.ndarray]] = {}
    for stream, row in enumerate(characters):
        for delimiter, spans in spans_of(row, {name: state[stream] for name, state in states.items()}).items():
            columns = [np.full(len(spans), stream), spans[:, 1], spans[:, 1] - spans[:, 0]]
            found.setdefault(delimiter, []).append(np.stack(columns, axis=1))
    tables = [
        pd.DataFrame(np.concatenate(rows), columns=["stream", "column", "distance"]).assign(delimiter=delimiter)
        for delimiter, rows in found.items()
    ]
    return pd.concat(tables, ignore_index=True)
