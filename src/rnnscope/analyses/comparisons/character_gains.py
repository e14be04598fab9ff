"""Which characters a network predicts better than an n-gram model does, character by character (paper section 4, F4).

python -m rnnscope.analyses.comparisons.character_gains --split DIR --predictions-folder DIR --losses losses.csv
    --candidates MODEL ... --ngram 20 --minimum-count 50 --block 500 --bootstrap-samples 1000 --seed 1 --out FILE.csv
"""

from pathlib import Path

import numpy as np
import pandas as pd

from rnnscope.analyses.comparisons.aligned import compared_models, parser, read_aligned
from rnnscope.analyses.losses import block_bootstrap
from rnnscope.cli import run
from rnnscope.corpus.split import read_vocabulary
from rnnscope.errors import InputError
from rnnscope.storage.predictions import read_predictions
from rnnscope.storage.tables import write_csv

# How ASCII abbreviates its control characters, by their number.
CONTROLS = (
    *("NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS", "TAB", "LF", "VT", "FF", "CR", "SO", "SI", "DLE"),
    *("DC1", "DC2", "DC3", "DC4", "NAK", "SYN", "ETB", "CAN", "EM", "SUB", "ESC", "FS", "GS", "RS", "US", "space"),
)
DELETE = 127


def name_of(byte: int) -> str:
    """How a byte is shown: as itself, by its name where it would not show (`CR`), by number where it is not ASCII (`<E9>`)."""
    if byte < len(CONTROLS):
        return CONTROLS[byte]
    if byte == DELETE:
        return "DEL"
    return chr(byte) if byte < DELETE else f"<{byte:02X}>"


def character_gains(
    targets: np.ndarray, log_prob: list[np.ndarray], block: int, samples: int, seed: int, minimum_count: int
) -> pd.DataFrame:
    """A row for each id that `targets` hold at least `minimum_count` times, the largest difference first.

    targets: uint8 (streams, steps). log_prob: of two models, float (streams, steps), nats. Columns: id, count, and for
    `network`, `ngram` and their `difference` the mean probability of the correct character and its interval, `<column>_low`
    and `<column>_high`. Raises InputError when there is no such id.
    """
    first, second = (np.exp(values.ravel(), dtype=np.float64) for values in log_prob)
    blocks = block_bootstrap.block_numbers((len(targets), targets.shape[1]), block).ravel()
    shape = int(blocks[-1]) + 1, int(targets.max()) + 1
    sums = block_bootstrap.grouped_sums(np.stack([first, second, first - second]), targets.ravel(), blocks, shape)
    counts = sums[:, 0].sum(axis=0).astype(np.int64)
    ids = np.flatnonzero(counts >= minimum_count)
    if not len(ids):
        raise InputError(f"--minimum-count: found {minimum_count}, but no test character occurs so often")
    means, resampled = block_bootstrap.resampled_means(sums[:, :, ids], samples, seed)
    columns = {"id": ids, "count": counts[ids]}
    for row, name in enumerate(("network", "ngram", "difference")):
        low, high = block_bootstrap.interval(resampled[:, row])
        columns |= {name: means[row], f"{name}_low": low, f"{name}_high": high}
    return pd.DataFrame(columns).sort_values(["difference", "id"], ascending=[False, True])


def main() -> None:
    """Write a row a character."""
    arguments_of = parser(__doc__.partition("\n")[0])
    arguments_of.add_argument("--split", type=Path, required=True, help="folder written by rnnscope.corpus.split")
    arguments_of.add_argument("--minimum-count", type=int, required=True, help="characters rarer than this are left out")
    block_bootstrap.add_flags(arguments_of)
    arguments_of.add_argument("--out", type=Path, required=True, help="CSV to write")
    arguments = arguments_of.parse_args()
    vocabulary = read_vocabulary(arguments.split)
    models = compared_models(arguments)
    targets = read_predictions(arguments.predictions_folder / f"{models[0]}.parquet").targets
    log_prob = list(read_aligned(arguments.predictions_folder, models))
    table = character_gains(
        targets, log_prob, arguments.block, arguments.bootstrap_samples, arguments.seed, arguments.minimum_count
    )
    table.insert(0, "network_model", models[0])
    table.insert(1, "ngram_model", models[1])
    table.insert(2, "character", [name_of(byte) for byte in vocabulary[table.pop("id")]])
    write_csv(table, arguments.out)


if __name__ == "__main__":
    run(main)
