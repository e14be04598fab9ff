"""Snippets of a text that are set in lines: how they are laid out, and which of them shows a feature best."""

import numpy as np

Snippet = tuple[int, int, int]  # stream, first step, characters


def layout(text: np.ndarray, lines: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Lay a text out in lines.

    Parameters
    ----------
    text
        Uint8 (characters,): the bytes of one stream from the beginning of the snippet on.
    lines
        Number of lines.
    columns
        Characters of a line at most. A line ends after its line feed, or when it is full.

    Returns
    -------
    line, column : ndarray
        Integers (characters that fit,).
    """
    line, column, cells = 0, 0, []
    for character in text[: lines * columns]:
        cells.append((line, column))
        column += 1
        if character == ord("\n") or column == columns:
            line, column = line + 1, 0
        if line == lines:
            break
    found = np.array(cells, dtype=int).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def candidate_snippets(text: np.ndarray, lines: int, columns: int) -> list[Snippet]:
    """Return the snippets that could be shown: those that begin a line in the streams of odd number.

    Parameters
    ----------
    text
        Uint8 bytes (streams, steps).
    lines, columns
        Size of a snippet.

    Returns
    -------
    list of (stream, first step, characters)
        Without those that the end of the stream cuts off, unless all are: then the beginning of each odd stream.
    """
    complete, any_length = [], []
    for stream in range(1, len(text), 2):
        row = text[stream]
        any_length.append((stream, 0, len(layout(row, lines, columns)[0])))
        for start in np.flatnonzero(row[:-1] == ord("\n")) + 1:
            line, column = layout(row[start:], lines, columns)
            ended = row[start + len(line) - 1] == ord("\n") or column[-1] == columns - 1
            if line[-1] == lines - 1 and ended:
                complete.append((stream, int(start), len(line)))
    return complete or any_length


def most_varying(feature: np.ndarray, snippets: list[Snippet]) -> Snippet:
    """Return the snippet in which a feature switches most often (bool) or has the largest variance (integer).

    Parameters
    ----------
    feature
        Bool or integers (streams, steps).
    snippets
        Candidates; of equals the first is taken.
    """

    def variation(snippet: Snippet) -> float:
        stream, start, length = snippet
        values = feature[stream, start : start + length]
        return float(np.count_nonzero(np.diff(values)) if feature.dtype == bool else values.var())

    return max(snippets, key=variation)
