"""Where in the text a unit follows its feature most clearly: the place at which the page shows them."""

from pathlib import Path

import numpy as np

from rnnscope.errors import InputError
from rnnscope.explorer.page_text import PageText
from rnnscope.storage.parquet import read_parquet

WINDOW = 600  # characters: about what a window of a browser shows at the size of reading
STRIDE = 20
LEAST_SHARE = 0.15  # of the window, with a yes/no feature and without it
BEFORE = 40  # characters of context before the place


def read_feature(path: Path, name: str, text: PageText) -> np.ndarray:
    """Read a feature at every character of the page: float32 (streams, steps).

    Raises
    ------
    InputError
        If the file is missing or corrupt, lacks the feature or is of another text.
    """
    values = read_parquet(path, [name])[name].to_numpy()
    streams, steps = text.ids.shape
    characters = text.test_shape[0] * text.test_shape[1]
    if len(values) != characters:
        raise InputError(f"{path}: found {len(values):,} rows, expected one for each of the {characters:,} test characters")
    return values.reshape(text.test_shape)[:streams, :steps].astype(np.float32)


def clearest_place(values: np.ndarray, feature: np.ndarray) -> tuple[int, float]:
    """Find the passage in which a unit follows a feature most closely.

    Parameters
    ----------
    values, feature
        Float32 (streams, steps).

    Returns
    -------
    place : int
        Index into the streams one after another: where the feature first rises in the passage, otherwise where it first falls, so
        that both sides are seen; the passage's beginning if it does neither.
    clarity : float
        The correlation of both over the passage of `WINDOW` characters, without its sign. A yes/no feature has to take both
        values in it, and to change twice at least if it does so in any passage. 0 if no passage can be used.
    """
    steps = values.shape[1]
    width = min(WINDOW, steps)
    starts = np.arange(0, steps - width + 1, STRIDE)
    sums = [_window_sums(part, starts, width) for part in (values, feature, values**2, feature**2, values * feature)]
    mean_value, mean_feature, square_value, square_feature, product = (part / width for part in sums)
    spread = np.sqrt(np.maximum((square_value - mean_value**2) * (square_feature - mean_feature**2), 0))
    with np.errstate(divide="ignore", invalid="ignore"):
        correlation = np.abs(product - mean_value * mean_feature) / spread
    is_usable = spread > 1e-9
    if np.isin(feature, (0, 1)).all():
        is_usable &= (mean_feature >= LEAST_SHARE) & (mean_feature <= 1 - LEAST_SHARE)
        changes = np.zeros(feature.shape, np.float32)
        changes[:, 1:] = np.diff(feature) != 0
        goes_and_comes = is_usable & (_window_sums(changes, starts + 1, width - 1) >= 2)
        is_usable = goes_and_comes if goes_and_comes.any() else is_usable
    score = np.where(is_usable, correlation, -1.0)
    stream, window = np.unravel_index(int(score.argmax()), score.shape)
    first = int(starts[window])
    steps_of_feature = np.diff(feature[stream, first : first + width])
    steps_of_feature[: min(BEFORE, width // 2)] = 0
    later = next((found for found in (steps_of_feature > 0, steps_of_feature < 0) if found.any()), None)
    place = int(stream) * steps + first + (0 if later is None else int(later.argmax()) + 1)
    return place, max(float(score.max()), 0.0)


def _window_sums(values: np.ndarray, starts: np.ndarray, width: int) -> np.ndarray:
    """Sums of `width` values from each start on, of each row: float64 (rows, starts)."""
    cumulative = np.zeros((len(values), values.shape[1] + 1))
    np.cumsum(values, axis=1, dtype=np.float64, out=cumulative[:, 1:])
    return cumulative[:, starts + width] - cumulative[:, starts]
