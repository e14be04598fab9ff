"""How much of the past each network uses: its loss with the last characters alone, on the same targets for all models.

Each target is predicted after its last T characters were read, with three different pasts before them. *none*: the network
starts from the zero state, which is a state that hardly occurs in a text and disturbs it. *other text*: the network
starts from the state in which it is at the same place of another stream, so that it has read as much text, but the wrong one.
*shuffled*: it first reads the characters right before the T in a random order, which keeps what they are and loses their order.
The loss with the whole past is that of the ordinary evaluation. n-gram models and n-NNs see the last n characters by their
construction; their losses are of the same targets.

Source: Khandelwal et al. 2018, "Sharp nearby, fuzzy far away: how neural language models use context" (arXiv:1805.04623).
"""

from pathlib import Path

import numpy as np
import pandas as pd

from rnnscope.analyses.context.restarts import losses_after, read_characters, rows_of, split_cases, states_at
from rnnscope.analyses.context.sampling import Targets, draw_targets, fitted
from rnnscope.analyses.context.target_classes import ALL, CLASSES, classes_of
from rnnscope.analyses.losses.bootstrap import grouped_sums, interval, interval_columns, resampled_means, with_interval
from rnnscope.analyses.losses.clusters import CLUSTERS
from rnnscope.analyses.losses.run_files import parse_name
from rnnscope.analyses.units.features import whole_text
from rnnscope.cli import run
from rnnscope.corpus.split_reader import Split, read_split
from rnnscope.models.checkpoint import check_vocabulary, load_checkpoint
from rnnscope.models.devices import prepare_device
from rnnscope.models.protocol import SequenceModel
from rnnscope.progress import Advance, progress
from rnnscope.settings.context import Context
from rnnscope.settings.predictions import Resampling
from rnnscope.settings.training import Computing
from rnnscope.storage.declarations import Column
from rnnscope.storage.predictions import predictions_path
from rnnscope.storage.tables import Table
from rnnscope.training.segments import to_device

PASTS = ("none", "other text", "shuffled")  # what a network has read before the last characters
FINITE = "nothing more"  # of models that see the last n characters by their construction
MODEL = Column("model", "text", "name of a network of `context: models`, or of an n-gram model or n-NN")
CLASS = Column("target_class", "text", f"of the target: {', '.join(CLASSES)}, or `{ALL}`")
TARGETS = Column("targets", "integer", "test characters of the class that are predicted")
CONTEXT = Table(
    "analyses/context.csv",
    "The loss on the same test characters after the last T characters alone; one row a model, past, class and T. "
    "Intervals are from a bootstrap of whole streams.",
    (
        MODEL,
        Column(
            "past",
            "text",
            f"what a network read before the T characters: `{PASTS[0]}` (the zero state), `{PASTS[1]}` (it is in the state of "
            f"another stream at the same place), `{PASTS[2]}` (the characters before them, in a random order); of an n-gram "
            f"model or n-NN `{FINITE}`",
        ),
        CLASS,
        Column("length", "integer", "T, characters; of an n-gram model or n-NN its n"),
        TARGETS,
        *with_interval(Column("loss", "number", "nats per character: mean loss of the targets")),
        *with_interval(
            Column("rise", "number", "nats per character: `loss` minus the loss with the whole past; empty for n-grams and n-NNs")
        ),
        CLUSTERS,
    ),
)
CONTEXT_SUMMARY = Table(
    "analyses/context_summary.csv",
    "The effective context of each network: one row a network, past and class.",
    (
        MODEL,
        Column("past", "text", "as in `context.csv`"),
        CLASS,
        TARGETS,
        *with_interval(Column("loss", "number", "nats per character: mean loss of the targets with the whole past")),
        Column("tolerance", "number", "nats per character: `context: tolerance`"),
        Column(
            "effective",
            "integer",
            "characters: the smallest T from which on every `rise` of `context.csv` is at most the tolerance; empty where that "
            "of the longest T is larger",
        ),
        Column("effective_low", "integer", "the same for the lower ends of the intervals of the rises"),
        Column("effective_high", "integer", "the same for their upper ends"),
        Column("longest", "integer", "the longest T, characters"),
        Column("sequence_length", "integer", "characters of a segment of training: the steps of back-propagation"),
        CLUSTERS,
    ),
)


def characters_to_read(targets: Targets, shuffled: int) -> int:
    """Return how many characters a network reads for all targets: each length after every past, and those that are shuffled.

    Parameters
    ----------
    targets
        The targets and the lengths.
    shuffled
        Characters that are read in a random order before each length.
    """
    return len(targets) * sum(len(PASTS) * length + shuffled for length in targets.lengths)


def limited_losses(
    network: SequenceModel, ids: np.ndarray, sequence_length: int, targets: Targets, shuffled: int, seed: int, advance: Advance
) -> np.ndarray:
    """Return the loss of every target with each past and length.

    Parameters
    ----------
    network
        In evaluation mode.
    ids
        Ids of the test part, (streams, steps + 1).
    sequence_length
        Steps that are computed at a time.
    targets
        The targets and the lengths.
    shuffled
        Characters that are read in a random order.
    seed
        Seed of the orders.
    advance
        Called with the characters read since its last call.

    Returns
    -------
    ndarray
        Float32 (pasts, lengths, targets), nats.
    """
    random = np.random.default_rng(seed)
    characters = to_device(ids, next(network.parameters()).device)
    found = np.empty((len(PASTS), len(targets.lengths), len(targets)), dtype=np.float32)
    other = states_at(network, characters, sequence_length, targets.other_stream, targets.step)
    for cases in split_cases(len(targets)):
        stream, step = targets.stream[cases, np.newaxis], targets.step[cases, np.newaxis]
        zero, replaced = network.zero_state(len(stream)), rows_of(other, cases)
        for index, length in enumerate(targets.lengths):
            read = ids[stream, step + np.arange(1 - length, 2)]
            before = ids[stream, step + np.arange(1 - length - shuffled, 1 - length)]
            mixed = read_characters(network, random.permuted(before, axis=1), zero)
            for past, state in enumerate((zero, replaced, mixed)):
                found[past, index, cases] = losses_after(network, read, state)
            advance(len(stream) * (len(PASTS) * length + shuffled))
    return found


def effective(rise: np.ndarray, lengths: list[int], tolerance: float) -> int | None:
    """Return the smallest length from which on no rise exceeds the tolerance; None where the last one does, or is no number.

    Parameters
    ----------
    rise
        Float (lengths,), nats per character.
    lengths
        Ascending.
    tolerance
        Nats per character.
    """
    exceeds = np.flatnonzero(~(rise <= tolerance))  # in this form NaN exceeds it too
    first = exceeds[-1] + 1 if len(exceeds) else 0
    return lengths[first] if first < len(lengths) else None


def class_means(values: np.ndarray, classes: np.ndarray, stream: np.ndarray, intervals: Resampling) -> dict[str, np.ndarray]:
    """Return the mean of each class of targets, and of all of them, with its interval over streams.

    Parameters
    ----------
    values
        Float (rows, targets).
    classes, stream
        Integers (targets,): indices in `CLASSES`, and the streams.
    intervals
        The bootstrap; it draws whole streams.

    Returns
    -------
    dict of ndarray
        `mean`, `low` and `high`, float64 (rows, classes + 1), the last of all; `targets`, their number, (classes + 1,).
    """
    names, cluster = np.unique(stream, return_inverse=True)
    sums = grouped_sums(values, classes, cluster, (len(names), len(CLASSES)))
    sums = np.concatenate([sums, sums.sum(axis=2, keepdims=True)], axis=2)
    means, resampled = resampled_means(sums, intervals.samples, intervals.seed)
    low, high = interval(resampled, np.broadcast_to(np.count_nonzero(sums[:, 0], axis=0), means.shape))
    return {"mean": means, "low": low, "high": high, "targets": sums[:, 0].sum(axis=0).astype(int)}


def network_tables(
    model: str, full: np.ndarray, limited: np.ndarray, found: dict[str, np.ndarray], settings: Context, lengths: list[int]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows of one network in `CONTEXT` and `CONTEXT_SUMMARY`, but for what is the same in all rows.

    Parameters
    ----------
    model
        Its name.
    full
        The mean of the class's loss with the whole past and its interval, (3, classes + 1).
    limited
        The same of the losses with each past and length, (3, pasts, lengths, classes + 1).
    found
        The same of the rises, as `class_means` returns it, with rows (pasts, lengths).
    settings, lengths
        The tolerance, and the lengths.
    """
    shape = limited.shape[1:]
    rise = {name: found[name].reshape(shape) for name in ("mean", "low", "high")}
    rows, summaries = [], []
    for past, name in enumerate(PASTS):
        for column, of_class in enumerate((*CLASSES, ALL)):
            if not found["targets"][column]:
                continue
            identity = {"model": model, "past": name, "target_class": of_class, "targets": found["targets"][column]}
            curves = {key: values[past, :, column] for key, values in rise.items()}
            losses = {"loss": limited[0, past, :, column]} | interval_columns("loss", tuple(limited[1:, past, :, column]))
            rises = {"rise": curves["mean"]} | interval_columns("rise", (curves["low"], curves["high"]))
            rows.append(pd.DataFrame(identity | {"length": lengths} | losses | rises))
            ends = {"effective": "mean", "effective_low": "low", "effective_high": "high"}
            summary = {key: effective(curves[end], lengths, settings.tolerance) for key, end in ends.items()}
            loss = {"loss": full[0, column], "loss_low": full[1, column], "loss_high": full[2, column]}
            summaries.append(identity | loss | summary)
    return pd.concat(rows), pd.DataFrame(summaries)


def finite_table(model: str, found: dict[str, np.ndarray]) -> pd.DataFrame:
    """Return the rows of an n-gram model or n-NN in `CONTEXT`, but for what is the same in all rows; `found` is its loss."""
    present = found["targets"] > 0
    columns = {"target_class": [*CLASSES, ALL], "targets": found["targets"], "loss": found["mean"][0]}
    columns |= interval_columns("loss", (found["low"][0], found["high"][0]))
    table = pd.DataFrame(columns)[present]
    return table.assign(
        model=model, past=FINITE, length=parse_name(model).context, rise=np.nan, rise_low=np.nan, rise_high=np.nan
    )


def target_classes(opened: Split) -> np.ndarray:
    """Return the class of every target of the test part, an index in `CLASSES`: int8 (streams, steps)."""
    text = opened.text
    found = classes_of(whole_text(text))
    found = np.append(found, np.int8(len(CLASSES) - 1))  # of the last target, which the text does not have any more
    return found[text.positions].reshape(opened.streams, -1)


def main(
    split: Path,
    models_folder: Path,
    predictions_folder: Path,
    context: Context,
    intervals: Resampling,
    computing: Computing,
    out: Path,
    out_summary: Path,
    finite: list[str] | None = None,
) -> None:
    """Write the losses of some networks with the last characters alone.

    Parameters
    ----------
    split
        Folder that rnnscope.corpus.split wrote.
    models_folder
        Folder that holds <model>/checkpoint.safetensors.
    predictions_folder
        Folder that holds <model>.parquet of each model.
    context
        Networks, lengths, and how many targets.
    intervals
        The bootstrap of whole streams.
    computing
        Device and threads.
    out
        CSV file to write: a row a model, past, class and length.
    out_summary
        CSV file to write: a row a network, past and class.
    finite
        Names of n-gram models and n-NNs.
    """
    device, opened = prepare_device(computing), read_split(split)
    ids, classes = opened.part("test"), target_classes(opened)
    context = fitted(context, ids.shape[1] - 1)
    targets = draw_targets(len(ids), ids.shape[1] - 1, context, np.random.default_rng(context.choice_seed))
    place = targets.stream, targets.step
    tables, summaries = [], []
    work = len(context.models) * characters_to_read(targets, context.shuffled)
    with progress("limited context", work, "characters") as advance:
        for model in context.models:
            checkpoint = models_folder / model / "checkpoint.safetensors"
            network, description = load_checkpoint(checkpoint, device)
            check_vocabulary(checkpoint, description, opened.vocabulary)
            full = -opened.read_log_prob(predictions_path(predictions_folder, model))[place]
            limited = limited_losses(
                network, ids, opened.sequence_length, targets, context.shuffled, context.choice_seed, advance
            )
            losses = limited.reshape(-1, len(targets))
            found = class_means(np.concatenate([[full], losses, losses - full]), classes[place], targets.stream, intervals)
            ends = np.stack([found[name] for name in ("mean", "low", "high")])
            of_limited = ends[:, 1 : 1 + len(losses)].reshape(3, *limited.shape[:2], -1)
            rises = {name: values[1 + len(losses) :] if name != "targets" else values for name, values in found.items()}
            table, summary = network_tables(model, ends[:, 0], of_limited, rises, context, targets.lengths)
            tables.append(table)
            summaries.append(summary)
    for model in finite or []:
        losses = -opened.read_log_prob(predictions_path(predictions_folder, model))[place]
        tables.append(finite_table(model, class_means(losses[np.newaxis], classes[place], targets.stream, intervals)))
    clusters = f"{len(np.unique(targets.stream))} streams"
    CONTEXT.write(pd.concat(tables).assign(clusters=clusters), out)
    summary = pd.concat(summaries).astype(dict.fromkeys(("effective", "effective_low", "effective_high"), "Int64"))
    same = {"tolerance": context.tolerance, "longest": targets.lengths[-1], "sequence_length": opened.sequence_length}
    CONTEXT_SUMMARY.write(summary.assign(clusters=clusters, **same), out_summary)


if __name__ == "__main__":
    run(main)
