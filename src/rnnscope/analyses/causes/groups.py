"""Which targets a feature concerns: those inside of its spans, those that end them, and the others."""

import numpy as np

PLACES = ("inside", "end", "others")
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
    return np.where(ends, 1, np.where(inside, 0, 2)).astype(np.int8)


def membership(features: dict[str, np.ndarray]) -> np.ndarray:
    """Return which targets are in which group: float32 (streams, steps, 1 + 3 features); the first group is of all targets.

    Parameters
    ----------
    features
        By name, (streams, steps + 1): after each character that is read, and after the last target.
    """
    streams, steps = next(iter(features.values())).shape
    columns = [np.ones((streams, steps - 1), np.float32)]
    for values in features.values():
        places = places_of(values[:, :-1], values[:, 1:])
        columns += [(places == index).astype(np.float32) for index in range(len(PLACES))]
    return np.stack(columns, axis=2)
