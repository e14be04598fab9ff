"""What finite-horizon models reach and cost against n, beside the best recurrent model of each cell (paper section 4, T2)."""

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, MaxNLocator, NullLocator

from rnnscope.cli import run
from rnnscope.figures import style

KINDS = {"n-gram": ("o-", style.MODEL_COLOURS["ngram"]), "n-NN": ("s-", style.MODEL_COLOURS["nnn"])}  # marker and line, colour


def best_models(losses: pd.DataFrame) -> pd.DataFrame:
    """The model of each cell with the lowest VALIDATION loss, a row a cell: the test set must not choose what it measures."""
    best = losses.loc[losses.groupby("cell")["validation_loss"].idxmin()]
    return best.set_index("cell").loc[style.cells_of(best)].reset_index()


def draw_best_models(axes: Axes, best: pd.DataFrame) -> None:
    """A dashed horizontal line at each model's test loss.

    Each line's dashes lie in the gaps of the others, so that all of them show where their losses nearly agree.
    """
    dash = 2.0
    for rank, model in enumerate(best.to_dict("records")):
        axes.axhline(
            model["test_loss"],
            color=style.CELL_COLOURS[model["cell"]],
            linestyle=(-rank * dash, (dash, (len(best) - 1) * dash or dash)),
            linewidth=1.6,
            label=f"{style.cell_name(model['cell'])}, {style.plural_layers(model['layers'])}, size {model['size']}: "
            f"{model['test_loss']:.3f}",
        )


def draw_losses(axes: Axes, table: pd.DataFrame, losses: pd.DataFrame) -> None:
    """`test_loss` (nats per character) against `n` for each kind, and a horizontal line for each cell's best model."""
    for kind, (fmt, colour) in KINDS.items():
        models = table[table["kind"] == kind]
        axes.errorbar(
            models["n"],
            models["test_loss"],
            yerr=models["test_loss_standard_deviation"],
            fmt=fmt,
            color=colour,
            markersize=3.5,
            elinewidth=0.8,
            label=kind,
        )
    best = best_models(losses)
    draw_best_models(axes, best)
    axes.set_ylabel(style.LOSS_LABEL)
    # Outside: a line may lie at any height, above the curves too.
    handles = [*axes.containers, *axes.lines[-len(best) :]]
    axes.figure.legend(handles=handles, loc="outside lower center", ncols=3, handlelength=2.6)


def draw_costs(axes: Axes, table: pd.DataFrame) -> None:
    """`cost` against `n` for each kind."""
    for kind, (fmt, colour) in KINDS.items():
        models = table[table["kind"] == kind]
        axes.plot(models["n"], models["cost"], fmt, color=colour, markersize=3.5, label=kind)
    axes.set_yscale("log")
    axes.yaxis.set(major_formatter=EngFormatter(sep=""), minor_locator=NullLocator())
    axes.set_ylabel("n-grams stored, or parameters")


def draw(table: pd.DataFrame, losses: pd.DataFrame, title: str) -> Figure:
    """Draw losses and costs of the finite-horizon models in `table`, and the losses of the best recurrent models."""
    figure = Figure(figsize=(style.PAGE_WIDTH, 3.0))
    left, right = figure.subplots(1, 2, width_ratios=(2, 1))
    draw_losses(left, table, losses)
    draw_costs(right, table)
    for axes in (left, right):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
        axes.set_xlabel("n (characters of context)")
    figure.suptitle(title)
    return figure


def main() -> None:
    """Draw losses and costs against n."""
    parser = style.parser(__doc__)
    parser.add_argument("--table", type=Path, required=True, help="horizons.csv")
    parser.add_argument("--losses", type=Path, required=True, help="losses.csv, of the recurrent models")
    arguments = parser.parse_args()
    table = style.read(arguments.table, ["n", "test_loss", "test_loss_standard_deviation", "cost"], ["kind"])
    losses = style.read(arguments.losses, ["layers", "size", "validation_loss", "test_loss"], ["cell"])
    style.save(draw(table, losses, arguments.title), arguments.out_svg, arguments.out_png)


if __name__ == "__main__":
    run(main)
