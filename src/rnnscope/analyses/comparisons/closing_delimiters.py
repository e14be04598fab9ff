"""How surely models close what was opened, by how long ago that was (paper section 4, F5).

    python -m rnnscope.analyses.comparisons.closing_delimiters --split DIR --features features.parquet --predictions-folder DIR
        --losses losses.csv --candidates MODEL ... --ngram 20 --nnn DIR [--nnn DIR ...] --minimum-count 50 --block 500
        --bootstrap-samples 1000 --seed 1 --out FILE.csv

An n-gram model, and an n-NN, sees the opening delimiter only where it is at most n characters back; a network may remember it.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from rnnscope.analyses.comparisons.aligned import add_nnn, compared_models, parser, read_aligned
from rnnscope.analyses.comparisons.delimiters import STATES, closings
from rnnscope.analyses.losses import block_bootstrap
from rnnscope.cli import run
from rnnscope.corpus.split import read_part, read_vocabulary
from rnnscope.errors import InputError
from rnnscope.storage.parquet import open_parquet, read_parquet
from rnnscope.storage.tables import write_csv

BUCKETS_A_DECADE = 5
COLUMNS = ["delimiter", "model", "least_distance", "most_distance", "mean_distance", "count"]
COLUMNS += ["mean_probability", "low", "high"]


def bucket_edges(largest: int) -> np.ndarray:
    """The least distance of each bucket: 1, 2, 3, 4, 6, 10, 16, 25, ..., five a decade, up to the first beyond `largest`."""
    edges = [round(10 ** (step / BUCKETS_A_DECADE)) for step in range(BUCKETS_A_DECADE * len(str(largest)) + 1)]
    return np.array(edges[: int(np.searchsorted(edges, largest, side="right")) + 1])


def probabilities(log_prob: np.ndarray, found: pd.DataFrame) -> np.ndarray:
    """The probability of each closing delimiter in `found`, float64 (delimiters,): of all its characters, one after another.

    log_prob: float (streams, steps), nats; step t is about column t + 1.
    """
    streams, steps = found["stream"].to_numpy(), found["column"].to_numpy() - 1
    total = log_prob[streams, steps].astype(np.float64)
    longer = (found["delimiter"].str.len() > 1).to_numpy()
    total[longer] += log_prob[streams[longer], steps[longer] - 1]
    return np.asarray(np.exp(total))


def frequent_groups(found: pd.DataFrame, minimum_count: int) -> pd.DataFrame:
    """The rows of `found` whose delimiter occurs often enough at about this distance, with `bucket` and `group` numbered."""
    edges = bucket_edges(int(found["distance"].max()) if len(found) else 1)
    found = found.assign(bucket=np.searchsorted(edges, found["distance"], side="right") - 1)
    groups = found.groupby(["delimiter", "bucket"], sort=False)
    kept = found[groups["bucket"].transform("size") >= minimum_count]
    kept = kept.assign(group=kept.groupby(["delimiter", "bucket"], sort=False).ngroup())
    return kept.assign(least_distance=edges[kept["bucket"]], most_distance=edges[kept["bucket"] + 1] - 1)


def closing_probabilities(
    found: pd.DataFrame, log_prob: dict[str, np.ndarray], block: int, samples: int, seed: int, minimum_count: int
) -> pd.DataFrame:
    """A row for each delimiter, bucket of distances and model, `COLUMNS`, where the bucket has `minimum_count` cases.

    found: closing delimiters as of `delimiters.closings`. log_prob: by model, float (streams, steps), nats.
    """
    found = frequent_groups(found, minimum_count)
    if found.empty:
        return pd.DataFrame(columns=COLUMNS)
    streams, steps = next(iter(log_prob.values())).shape
    blocks = block_bootstrap.block_numbers((streams, steps), block)
    shape = int(blocks[-1, -1]) + 1, int(found["group"].max()) + 1
    values = np.stack([probabilities(of_model, found) for of_model in log_prob.values()])
    sums = block_bootstrap.grouped_sums(values, found["group"].to_numpy(), blocks[found["stream"], found["column"] - 1], shape)
    means, resampled = block_bootstrap.resampled_means(sums, samples, seed)
    low, high = block_bootstrap.interval(resampled)
    groups = found.groupby("group").agg(
        delimiter=("delimiter", "first"),
        least_distance=("least_distance", "first"),
        most_distance=("most_distance", "first"),
        mean_distance=("distance", "mean"),
        count=("distance", "size"),
    )
    rows = [
        groups.assign(model=model, mean_probability=means[row], low=low[row], high=high[row])
        for row, model in enumerate(log_prob)
    ]
    order = {delimiter: rank for rank, delimiter in enumerate(found["delimiter"].unique())}
    table = pd.concat(rows)[COLUMNS]
    return table.sort_values(["delimiter", "least_distance"], key=lambda column: column.replace(order), kind="stable")


def read_states(path: Path, shape: tuple[int, int]) -> dict[str, np.ndarray]:
    """Read of the features of the test characters those that tell delimiters: bool (streams, steps) by name.

    Raises InputError when the file is missing or damaged, or when it has another number of characters.
    """
    with open_parquet(path, []) as file:
        names = [name for name in STATES if name in file.schema_arrow.names]
        rows = file.metadata.num_rows
    if rows != shape[0] * shape[1]:
        raise InputError(f"{path}: found {rows:,} rows, expected {shape[0] * shape[1]:,}, a row a test character")
    table = read_parquet(path, names)
    return {name: table[name].to_numpy().reshape(shape) for name in names}


def main() -> None:
    """Write a row a delimiter, bucket and model."""
    arguments_of = parser(__doc__.partition("\n")[0])
    add_nnn(arguments_of)
    arguments_of.add_argument("--split", type=Path, required=True, help="folder written by rnnscope.corpus.split")
    arguments_of.add_argument("--features", type=Path, required=True, help="features.parquet, of the test characters")
    arguments_of.add_argument("--minimum-count", type=int, required=True, help="buckets with fewer cases are left out")
    block_bootstrap.add_flags(arguments_of)
    arguments_of.add_argument("--out", type=Path, required=True, help="CSV to write")
    arguments = arguments_of.parse_args()
    test = read_vocabulary(arguments.split)[read_part(arguments.split, "test")[:, :-1]]
    found = closings(test, read_states(arguments.features, test.shape))
    models = compared_models(arguments)
    log_prob = dict(zip(models, read_aligned(arguments.predictions_folder, models), strict=True))
    settings = arguments.block, arguments.bootstrap_samples, arguments.seed, arguments.minimum_count
    write_csv(closing_probabilities(found, log_prob, *settings), arguments.out)


if __name__ == "__main__":
    run(main)
