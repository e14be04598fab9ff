"""Control tasks of a probe: random labels of the characters, which a layer has no reason to represent.

Every kind of character gets a random label, whose distribution is that of the feature. A probe that scores as well on these
labels as on the feature shows only that the layer knows which character was read last, and that the probe can learn any function
of it.

Source: Hewitt and Liang 2019, "Designing and interpreting probes with control tasks" (arXiv:1909.03368).
"""

import zlib

import numpy as np

TASKS = 3  # for each feature
SEED = 1  # of the labels


def control_features(
    feature: np.ndarray, characters: tuple[np.ndarray, np.ndarray], name: str
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Draw the control tasks of a feature.

    Parameters
    ----------
    feature
        Bool or integers (characters of the first half,).
    characters
        Ids of the characters of both halves.
    name
        Of the feature: other features have other labels.

    Returns
    -------
    list of tuple of ndarray
        Of each task the labels of both halves, of the feature's dtype.
    """
    random = np.random.default_rng([SEED, zlib.crc32(name.encode())])
    kinds = 1 + max(int(half.max()) for half in characters)
    draw = shared_labels if feature.dtype == bool else drawn_labels
    tasks = [draw(feature, characters[0], kinds, random) for _ in range(TASKS)]
    return [(labels[characters[0]], labels[characters[1]]) for labels in tasks]


def shared_labels(feature: np.ndarray, characters: np.ndarray, kinds: int, random: np.random.Generator) -> np.ndarray:
    """Draw a yes/no label for each kind of character, bool (kinds,).

    The first characters of a random order have it: as many as bring its share closest to that of the feature, and neither
    none nor all.
    """
    counts = np.bincount(characters, minlength=kinds)
    order = random.permutation(np.flatnonzero(counts))
    labels = np.zeros(kinds, dtype=bool)
    if len(order) > 1:
        reached = np.cumsum(counts[order])[:-1]
        labels[order[: 1 + np.argmin(np.abs(reached - np.count_nonzero(feature)))]] = True
    return labels


def drawn_labels(feature: np.ndarray, characters: np.ndarray, kinds: int, random: np.random.Generator) -> np.ndarray:
    """Draw a value for each kind of character, from those that a feature has, as often as it has them: (kinds,)."""
    return random.choice(feature, kinds)
