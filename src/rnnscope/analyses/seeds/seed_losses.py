"""How much losses vary from seed to seed, beside how much they vary with the test text.

An interval over the test text is about one trained network: other text, the same weights. What another seed would give is another
question, and no number of test characters answers it. So some models are trained again, with nothing changed but the seed. With
two or three seeds their spread is known roughly at best; what can be counted is in how many pairs of runs one model is better.
"""

from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import mannwhitneyu

from rnnscope.analyses.losses.clusters import CLUSTERS
from rnnscope.analyses.losses.loss_intervals import loss_intervals
from rnnscope.analyses.losses.losses import MODEL_COLUMNS
from rnnscope.analyses.losses.paired_differences import cluster_losses
from rnnscope.analyses.losses.run_files import parse_name, read_evaluated, read_object
from rnnscope.analyses.losses.significance import holm
from rnnscope.analyses.seeds.runs import runs_of
from rnnscope.cli import run
from rnnscope.errors import InputError
from rnnscope.settings.predictions import Intervals
from rnnscope.settings.seeds import Seeds
from rnnscope.storage.declarations import Column
from rnnscope.storage.tables import Table
from rnnscope.training.summary import check_same_precision

SEED_LOSSES = Table(
    "analyses/seed_losses.csv",
    "One row a training run of the models of `seeds`: the chosen one first, then those from further seeds.",
    (
        *MODEL_COLUMNS,
        Column("seed", "integer", "of the initial weights and of the dropout masks"),
        Column("dropout", "number", "dropout probability: of all seeds that of the chosen run"),
        Column("best_epoch", "integer", "epoch whose weights were kept"),
        Column("validation_loss", "number", "nats per character, from `evaluation.json`"),
        Column("test_loss", "number", "nats per character, from `predictions`"),
        Column("low", "number", "lower end of its 95 % interval over the test text, as in `loss_intervals.csv`"),
        Column("high", "number", "upper end of it"),
        CLUSTERS,
    ),
)
SPREAD = {
    "mean": "mean over the seeds",
    "deviation": "standard deviation over the seeds, estimated from these few",
    "lowest": "the lowest",
    "highest": "the highest",
}
SEED_SPREAD = Table(
    "analyses/seed_spread.csv",
    "How losses spread over seeds: one row a model of `seeds`.",
    (
        *MODEL_COLUMNS,
        Column("seeds", "integer", "training runs, which differ in their seed alone"),
        *(
            Column(f"{part}_{name}", "number", f"nats per character: {part} loss, {meaning}")
            for part in ("validation", "test")
            for name, meaning in SPREAD.items()
        ),
        Column("text_low", "number", "lower end of the 95 % interval of `test_mean` over the test text, for these networks"),
        Column("text_high", "number", "upper end of it"),
        CLUSTERS,
    ),
)
SEED_ORDERS = Table(
    "analyses/seed_orders.csv",
    "Which of two models of one size is better, over seeds: one row for every two models of `seeds` of equal size. Every run of "
    "the one is compared with every run of the other.",
    (
        Column("model", "text", "a model"),
        Column("other", "text", "another model of its size"),
        Column("pairs", "integer", "pairs of a run of `model` and one of `other`"),
        Column("lower", "integer", "pairs in which `model` has the lower test loss"),
        Column("difference", "number", "nats per character: mean test loss of `model` minus that of `other`"),
        Column("difference_lowest", "number", "the lowest difference of a pair"),
        Column("difference_highest", "number", "the highest difference of a pair"),
        Column(
            "p",
            "number",
            "exact test of Mann and Whitney: probability that `lower` is as far from half of the pairs if both models had the "
            "same losses over seeds. With two runs of each it is at least 1/3, with three 1/10, with four 1/35",
        ),
        Column("p_corrected", "number", "the same corrected by Holm's procedure for `comparisons`"),
        Column("comparisons", "integer", "rows of this table"),
    ),
)


def read_run(models_folder: Path, predictions_folder: Path, model: str, folder: str) -> dict[str, Any]:
    """Read a row of `SEED_LOSSES` but for what comes from the bootstrap.

    Parameters
    ----------
    models_folder, predictions_folder
        Folders of all models.
    model
        Its name.
    folder
        Of the run, below that of all models.

    Raises
    ------
    InputError
        If a file is missing or corrupt, or the files are of another model or of different runs.
    """
    path, evaluation = models_folder / folder / "summary.json", models_folder / folder / "evaluation.json"
    summary = read_object(path, ("model", "seed", "dropout", "best_epoch"))
    if summary["model"] != model:
        raise InputError(f"{path}: 'model' is {summary['model']!r}, expected {model!r}")
    name = parse_name(model)
    identity = {"model": model, "cell": name.kind, "layers": name.layers, "size": name.size}
    losses = read_object(evaluation, ("validation_loss",))
    read_evaluated(predictions_folder / f"{folder}.parquet", evaluation)
    return identity | summary | losses


def check_seeds(runs: pd.DataFrame, folders: list[str], models_folder: Path) -> None:
    """Check that the runs of a model differ in their seeds, and in nothing else.

    Parameters
    ----------
    runs
        Model and seed of each.
    folders
        Of each, below `models_folder`; of a model the chosen run first.
    models_folder
        Folder of all models.

    Raises
    ------
    InputError
        If two runs of a model have the same seed, so that they are one and the same, or were trained in different precisions.
    """
    if (again := runs.duplicated(["model", "seed"])).any():
        index = int(again.to_numpy().argmax())
        raise InputError(
            f"{models_folder / folders[index] / 'summary.json'}: found the seed {runs['seed'].iloc[index]} a second time, "
            f"expected runs of different seeds"
        )
    for _, of_model in pd.Series(folders).groupby(runs["model"], sort=False):
        chosen, *further = (models_folder / folder for folder in of_model)
        check_same_precision(chosen, further)


def spread_of(runs: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of `SEED_SPREAD` but for what comes from the bootstrap; `runs` are rows of `SEED_LOSSES`."""
    names = [column.name for column in MODEL_COLUMNS]
    by_model = runs.groupby(names, sort=False)
    table = by_model.size().rename("seeds").to_frame()
    for part in ("validation", "test"):
        losses = by_model[f"{part}_loss"]
        found = dict(zip(SPREAD, (losses.mean(), losses.std(ddof=1), losses.min(), losses.max()), strict=True))
        table = table.assign(**{f"{part}_{name}": values for name, values in found.items()})
    return table.reset_index()


def orders_of(runs: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of `SEED_ORDERS`; `runs` are rows of `SEED_LOSSES`."""
    rows = []
    for (model, own), (other, others) in combinations(runs.groupby("model", sort=False), 2):
        if own["size"].iloc[0] != others["size"].iloc[0]:
            continue
        differences = own["test_loss"].to_numpy()[:, np.newaxis] - others["test_loss"].to_numpy()
        rows.append(
            {
                "model": model,
                "other": other,
                "pairs": differences.size,
                "lower": int((differences < 0).sum()),
                "difference": differences.mean(),
                "difference_lowest": differences.min(),
                "difference_highest": differences.max(),
                "p": mannwhitneyu(own["test_loss"], others["test_loss"], method="exact").pvalue,
            }
        )
    table = pd.DataFrame(rows, columns=[name for name in SEED_ORDERS.names if name not in ("p_corrected", "comparisons")])
    return table.assign(p_corrected=holm(table["p"].to_numpy(dtype=float)), comparisons=len(table))


def main(
    models_folder: Path,
    predictions_folder: Path,
    seeds: Seeds,
    intervals: Intervals,
    out: Path,
    out_spread: Path,
    out_orders: Path,
) -> None:
    """Write the losses of some models over seeds.

    Parameters
    ----------
    models_folder
        Folder that holds <model>/ of the chosen runs, and <model>/seed-<seed>/ of the others, each with summary.json and
        evaluation.json.
    predictions_folder
        Folder that holds <model>.parquet and <model>/seed-<seed>.parquet.
    seeds
        Models and further seeds.
    intervals
        The bootstrap over the test text.
    out
        CSV file to write: a row a run.
    out_spread
        CSV file to write: a row a model.
    out_orders
        CSV file to write: a row for every two models of equal size.
    """
    of_model = {model: runs_of(model, seeds.values) for model in seeds.models}
    folders = [folder for folders in of_model.values() for folder in folders]
    runs = pd.DataFrame(
        [read_run(models_folder, predictions_folder, model, folder) for model, folders in of_model.items() for folder in folders]
    )
    check_seeds(runs, folders, models_folder)
    clusters, sums = cluster_losses(predictions_folder, folders, intervals.clusters)
    found = loss_intervals(folders, sums, intervals.samples, intervals.seed)
    runs = pd.concat([runs, found.drop(columns="model")], axis=1).assign(clusters=str(clusters))

    means = sums[:, 1:].reshape(len(sums), len(of_model), -1).mean(axis=2)  # of each model, over its runs
    of_means = loss_intervals(seeds.models, np.column_stack([sums[:, 0], means]), intervals.samples, intervals.seed)
    ends = of_means.rename(columns={"low": "text_low", "high": "text_high"})[["text_low", "text_high"]]
    spread = pd.concat([spread_of(runs), ends], axis=1).assign(clusters=str(clusters))
    SEED_LOSSES.write(runs, out)
    SEED_SPREAD.write(spread, out_spread)
    SEED_ORDERS.write(orders_of(runs), out_orders)


if __name__ == "__main__":
    run(main)
