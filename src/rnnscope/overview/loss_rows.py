"""The table of losses on the page: a row a cell and depth, a column a size, the paper's losses below ours."""

from dataclasses import dataclass

import pandas as pd

from rnnscope.data.paper import paper_points
from rnnscope.models.cells import CELLS, ModelName


@dataclass(frozen=True)
class LossCell:
    """One network: our test loss and the paper's, as written; empty for none.

    Parameters
    ----------
    ours, paper
        Nats per character with three decimals.
    is_best
        Whether it is the network of the lowest validation loss.
    """

    ours: str = ""
    paper: str = ""
    is_best: bool = False


@dataclass(frozen=True)
class LossTable:
    """The losses of networks by cell, depth and size.

    Parameters
    ----------
    sizes
        Of the columns.
    rows
        What a row is about, and its cells.
    has_paper
        Whether any cell has the paper's loss.
    """

    sizes: list[int]
    rows: list[tuple[str, list[LossCell]]]
    has_paper: bool


def loss_table(losses: pd.DataFrame, paper: str | None) -> LossTable:
    """Arrange the losses of all networks.

    Parameters
    ----------
    losses
        The columns `model`, `validation_loss` and `test_loss` of losses.csv.
    paper
        The text of the paper whose losses stand below ours; None for none.
    """
    ours = dict(zip(map(str, losses["model"]), losses["test_loss"], strict=True))
    best = losses.sort_values("validation_loss", kind="stable")["model"].iloc[0]
    points = paper_points(paper, "T1", "test loss") if paper else {}
    theirs = {model: value for (model, _), value in points.items() if ModelName.parse(model).is_recurrent}
    names = {model: ModelName.parse(model) for model in [*ours, *theirs]}
    order = list(CELLS)
    kinds = sorted({(order.index(name.kind), name.layers, name.label) for name in names.values()})
    sizes = sorted({name.size for name in names.values()})
    rows = []
    for cell, layers, label in kinds:
        row = []
        for size in sizes:
            model = str(ModelName(order[cell], layers, size, label=label))
            row.append(LossCell(_written(ours.get(model)), _written(theirs.get(model)), model == best))
        rows.append((f"{CELLS[order[cell]].title} {label}, {layers} layer{'s' * (layers > 1)}".replace(" ,", ","), row))
    return LossTable(sizes, rows, bool(theirs))


def _written(loss: float | None) -> str:
    return "" if loss is None else f"{loss:.3f}"
