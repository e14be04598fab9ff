"""Closing delimiters, and how far back the opening one of each lies (paper section 4, F5).

What is a quotation, a comment or a literal is told from the features of the text (`inside_quotes`, or in source code
`inside_string` and `inside_comment`), each the state after a character was read. A bracket in a comment or a literal is none.
"""

import numpy as np
import pandas as pd

BRACKETS = {"}": "{", ")": "(", "]": "["}
QUOTE, COMMENT = '"', "*/"
STATES = ("inside_quotes", "inside_string", "inside_comment")


def bracket_spans(characters: np.ndarray, counts: np.ndarray, closing: str) -> np.ndarray:
    """The places of each opening bracket and of the `closing` one that closes it: int64 (spans, 2), in the order of closing.

    characters: uint8 (characters,). counts: bool (characters,), False where a bracket is none. One kind of bracket is
    matched without regard to the others; one that opens or closes nothing is left out.
    """
    is_closing = characters == ord(closing)
    places = np.flatnonzero((is_closing | (characters == ord(BRACKETS[closing]))) & counts)
    spans: list[tuple[int, int]] = []
    opened: list[int] = []
    for place, closes in zip(places.tolist(), is_closing[places].tolist(), strict=True):
        if not closes:
            opened.append(place)
        elif opened:
            spans.append((opened.pop(), place))
    return np.array(spans, dtype=np.int64).reshape(-1, 2)


def state_spans(characters: np.ndarray, inside: np.ndarray, opening: str, closing: str) -> np.ndarray:
    """The places at which a state begins with the character `opening` and ends with `closing`: int64 (spans, 2).

    characters: uint8 (characters,). inside: bool (characters,). A state that holds from the first character on was
    begun before it, one that holds at the last is not over: both are left out.
    """
    turns = np.flatnonzero(inside[1:] != inside[:-1]) + 1
    turns = turns[int(inside[0]) :]
    spans = turns[: len(turns) // 2 * 2].reshape(-1, 2)
    kept: np.ndarray = spans[(characters[spans] == (ord(opening), ord(closing))).all(axis=1)]
    return kept


def spans_of(characters: np.ndarray, states: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The spans of every closing delimiter that can be told from the `states` there are: int64 (spans, 2) of each.

    A span goes from the last character of the opening delimiter to the last of the closing one.
    """
    no_state = np.zeros(len(characters), dtype=bool)
    hidden = states.get("inside_comment", no_state) | states.get("inside_string", no_state)
    spans = {closing: bracket_spans(characters, ~hidden, closing) for closing in BRACKETS}
    spans[QUOTE] = state_spans(characters, states.get("inside_string", states.get("inside_quotes", no_state)), QUOTE, QUOTE)
    spans[COMMENT] = state_spans(characters, states.get("inside_comment", no_state), "*", "/")
    return spans


def closings(characters: np.ndarray, states: dict[str, np.ndarray]) -> pd.DataFrame:
    """A row for each closing delimiter whose opening one lies in the same stream.

    characters: uint8 bytes (streams, steps). states: bool (streams, steps) by name, of `STATES` those that there are; with
    `inside_string` the text is source code, and double quotes are those of its literals. Columns: delimiter, one of
    `BRACKETS`, `QUOTE`, `COMMENT`; stream; column, that of its last character; distance, in characters, from the last
    character of the opening delimiter to its own.
    """
    found: dict[str, list[np.ndarray]] = {}
    for stream, row in enumerate(characters):
        for delimiter, spans in spans_of(row, {name: state[stream] for name, state in states.items()}).items():
            places = [np.full(len(spans), stream), spans[:, 1], spans[:, 1] - spans[:, 0]]
            found.setdefault(delimiter, []).append(np.stack(places, axis=1))
    tables = [
        pd.DataFrame(np.concatenate(rows), columns=["stream", "column", "distance"]).assign(delimiter=delimiter)
        for delimiter, rows in found.items()
    ]
    return pd.concat(tables, ignore_index=True)
