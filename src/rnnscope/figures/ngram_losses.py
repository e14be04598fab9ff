"""Test loss of the n-gram models against n, beside the best recurrent model of each cell (paper section 4, T2)."""

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from rnnscope.command import run
from rnnscope.figures import style


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


def draw(ngrams: pd.DataFrame, losses: pd.DataFrame, title: str) -> Figure:
    """Draw `test_loss` (nats per character) against `n`, and a horizontal line for each cell's best model."""
    figure = Figure(figsize=(style.COLUMN_WIDTH, 3.1))
    axes = figure.add_subplot()
    axes.errorbar(
        ngrams["n"],
        ngrams["test_loss"],
        yerr=ngrams["test_loss_standard_deviation"],
        fmt="o-",
        color="black",
        markersize=3.5,
        elinewidth=0.8,
        label="n-gram (Kneser-Ney)",
    )
    draw_best_models(axes, best_models(losses))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    axes.set_xlabel("n (characters of context)")
    axes.set_ylabel(style.LOSS_LABEL)
    # Outside: a line may lie at any height, above the whole curve too.
    figure.legend(loc="outside lower center", handlelength=2.6)
    figure.suptitle(title)
    return figure


def main() -> None:
    """Draw the n-gram losses."""
    parser = style.parser(__doc__)
    parser.add_argument("--table", type=Path, required=True, help="ngram_losses.csv")
    parser.add_argument("--losses", type=Path, required=True, help="losses.csv, of the recurrent models")
    arguments = parser.parse_args()
    ngrams = style.read(arguments.table, ["n", "test_loss", "test_loss_standard_deviation"])
    losses = style.read(arguments.losses, ["layers", "size", "validation_loss", "test_loss"], ["cell"])
    style.save(draw(ngrams, losses, arguments.title), arguments.out_svg, arguments.out_png)


if __name__ == "__main__":
    run(main)
