"""What a unit does while a yes/no feature lasts, character by character of its spans.

A *span* is an unbroken run of characters with the feature. Distance counts the characters of the span read so far, 1 at the
one that switched the feature on. A span whose beginning was not read has no distances; how many there are is counted.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import roc_curve


@dataclass(frozen=True)
class UnitTrace:
    """A unit on the held-out streams, all (characters,).

    Parameters
    ----------
    value
        Float32, as it is displayed, multiplied by the unit's sign: higher with the feature.
    right
        Bool: at or above the threshold.
    distance
        Integer: characters of the span so far; 0 without the feature, or where the beginning of the span was not read.
    run
        Integer: characters of the unbroken run with the feature, or without it, that were read so far.
    span
        Integer: number of the span, from 1.
    feature
        Bool: the feature.
    step
        Integer: characters of the stream that were read before.
    asked
        Bool: the restarted network was asked (`restart`).
    restarted
        Bool: it was, and is at or above the threshold.
    """

    value: np.ndarray
    right: np.ndarray
    distance: np.ndarray
    run: np.ndarray
    span: np.ndarray
    feature: np.ndarray
    step: np.ndarray
    asked: np.ndarray
    restarted: np.ndarray


def distances(feature: np.ndarray) -> np.ndarray:
    """Count the characters of each span read so far.

    Parameters
    ----------
    feature
        Bool (streams, steps).

    Returns
    -------
    ndarray
        Integers of the same shape: 0 without the feature, and in a span that began before the first step.
    """
    index = np.arange(feature.shape[1])
    last_off = np.maximum.accumulate(np.where(feature, -1, index), axis=1)
    return np.where(feature & (last_off >= 0), index - last_off, 0)


def runs(feature: np.ndarray) -> np.ndarray:
    """Count the characters of the unbroken run, with the feature or without it, read so far: (streams, steps), from 1."""
    index = np.arange(feature.shape[1])
    turned = np.diff(feature, axis=1, prepend=feature[:, :1])
    return index + 1 - np.maximum.accumulate(np.where(turned, index, 0), axis=1)


def best_threshold(feature: np.ndarray, value: np.ndarray) -> float:
    """Return the threshold at or above which a unit best detects a feature; both (characters,), values as they are stored.

    Notes
    -----
    The largest true minus false positive rate (Youden 1950, "Index for rating diagnostic tests").
    """
    false_positive, true_positive, thresholds = roc_curve(feature, value)
    return float(thresholds[np.argmax(true_positive - false_positive)])


def trace_unit(feature: np.ndarray, value: np.ndarray, right: np.ndarray, streams: int) -> UnitTrace:
    """Assign the held-out characters of a unit to spans; the restarted network is not asked yet.

    Parameters
    ----------
    feature
        Bool (characters,), stream after stream.
    value
        Float32 (characters,), as it is displayed, multiplied by the unit's sign.
    right
        Bool (characters,): the unit is at or above its threshold.
    streams
        Number of streams.
    """
    by_stream = feature.reshape(streams, -1)
    distance, nowhere = distances(by_stream).ravel(), np.zeros_like(feature)
    return UnitTrace(
        value=value,
        right=right,
        distance=distance,
        run=runs(by_stream).ravel(),
        span=np.cumsum(distance == 1),
        feature=feature,
        step=np.tile(np.arange(by_stream.shape[1]), streams),
        asked=nowhere,
        restarted=nowhere,
    )


def edges(longest: int) -> np.ndarray:
    """Return the first distance of each bin, two bins an octave: 1, 2, 3, 4, 6, 8, 11, 16, ... up to `longest`."""
    halves = np.arange(2 * int(np.ceil(np.log2(longest + 1))) + 1)
    bounds = np.unique(np.append(3, np.round(2 ** (halves / 2))).astype(int))
    return bounds[bounds <= longest]


def curve(trace: UnitTrace) -> Iterator[dict[str, Any]]:
    """Yield what the unit does as its spans continue: one row a bin of distances that has characters."""
    first = edges(max(int(trace.distance.max()), 1))
    bins = np.digitize(trace.distance, first)
    for index, distance in enumerate(first, start=1):
        rows = bins == index
        if rows.any():
            low, high = np.percentile(trace.value[rows], [10, 90])
            yield {
                "distance": distance,
                "last_distance": first[index] - 1 if index < len(first) else trace.distance.max(),
                "characters": np.count_nonzero(rows),
                "mean": trace.value[rows].mean(dtype=np.float64),
                "percentile_10": low,
                "percentile_90": high,
                "right_share": trace.right[rows].mean(),
                **restarted_shares(trace, rows & trace.asked),
            }


def restarted_shares(trace: UnitTrace, rows: np.ndarray) -> dict[str, float]:
    """Return how many characters `rows` are, bool (characters,), and how often either state is on the right side there."""
    count = int(np.count_nonzero(rows))
    kept, restarted = (float(side[rows].mean()) if count else np.nan for side in (trace.right, trace.restarted))
    return {"compared": count, "kept_right_share": kept, "restarted_right_share": restarted}


def span_counts(trace: UnitTrace, which: np.ndarray) -> np.ndarray:
    """Count the characters `which`, bool (characters,), of each span: integers (spans,)."""
    return np.bincount(trace.span[which], minlength=trace.span[-1] + 1)[1:]


def span_summary(trace: UnitTrace, sequence_length: int) -> dict[str, Any]:
    """Count the spans, those longer than a segment, and those of them during which the unit stays on the right side.

    Parameters
    ----------
    trace
        The unit.
    sequence_length
        Characters of a segment of training.

    Returns
    -------
    dict
        `held_beyond` counts spans with the right side at every character beyond `sequence_length`, `held_throughout` those
        with it at every character but the first.
    """
    beyond = trace.distance > sequence_length
    lengths = span_counts(trace, trace.distance > 0)
    late_faults = span_counts(trace, beyond & ~trace.right)
    faults = span_counts(trace, (trace.distance > 1) & ~trace.right)
    long = lengths > sequence_length
    off = ~trace.feature
    unread = np.count_nonzero(trace.feature & (trace.step == 0))
    cut_off = np.count_nonzero((trace.distance > 0) & (trace.step == trace.step[-1]))
    return {
        "steps": sequence_length,
        "off_mean": trace.value[off].mean(dtype=np.float64),
        "off_right_share": trace.right[off].mean(),
        "spans": len(lengths),
        "spans_without_beginning": unread,
        "spans_without_end": cut_off,
        "longest_span": lengths.max(initial=0),
        "long_spans": np.count_nonzero(long),
        "held_beyond": np.count_nonzero(late_faults[long] == 0),
        "held_throughout": np.count_nonzero(faults[long] == 0),
        "beyond_right_share": trace.right[beyond].mean() if long.any() else np.nan,
    }
