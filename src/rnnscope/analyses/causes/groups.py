"""Which targets a feature concerns: those inside of its spans, those that end them, and the others."""

import numpy as np

PLACES = ("inside", "end", "others")
INSIDE, END, OTHERS = range(len(PLACES))
ALL = "all"


def places_of(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Return the place of each target for one feature, an index in `PLACES`: int8, of the same shape.

    Of a yes/no feature a target is *inside* when the feature is on before and after it, and the *end* when it switches the
    feature off. Of a count the end is the target that takes it back to 0, and nothing is inside.

    Parameters
    ----------
    before, after
        Bool or integers: the feature after the character that was read, and after the target.
    """
    ends = (before > 0) & (after == 0)
    inside = before & after if before.dtype == bool else np.zeros_like(ends)
    return np.where(ends, END, np.where(inside, INSIDE, OTHERS)).astype(np.int8)


def ends_of_lines(targets: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Return which targets are a carriage return before a line feed: bool, of the same shape.

    There the end of the line has to be predicted; the line feed follows of itself.

    Parameters
    ----------
    targets
        Integers (streams, steps): ids of characters.
    codes
        Integers (characters,): code point of each id.
    """
    characters = codes[targets]
    ends = np.zeros(targets.shape, dtype=bool)
    ends[:, :-1] = (characters[:, :-1] == ord("\r")) & (characters[:, 1:] == ord("\n"))
    return ends


def membership(features: dict[str, np.ndarray], line_ends: np.ndarray) -> np.ndarray:
    """Return which targets are in which group: float32 (streams, steps, 1 + 3 features); the first group is of all targets.

    Parameters
    ----------
    features
        By name, (streams, steps + 1): after each character that is read, and after the last target.
    line_ends
        Of `ends_of_lines`, (streams, steps): what would end at the line feed ends there, if it is more than an empty line.
    """
    columns = [np.ones(line_ends.shape, np.float32)]
    for values in features.values():
        places = places_of(values[:, :-1], values[:, 1:])
        moved = line_ends[:, :-1] & (places[:, 1:] == END)
        places[:, 1:][moved] = OTHERS
        places[:, :-1][moved & (values[:, :-2] > 0)] = END
        columns += [(places == index).astype(np.float32) for index in range(len(PLACES))]
    return np.stack(columns, axis=2)
