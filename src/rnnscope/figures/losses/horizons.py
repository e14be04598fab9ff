"""Test loss and cost of finite-horizon models against n, and the best recurrent model of each cell (paper section 4, T2)."""

from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, MaxNLocator, NullLocator

from rnnscope.cli import run
from rnnscope.errors import InputError
from rnnscope.figures import style
from rnnscope.figures.losses.joined_intervals import with_intervals
from rnnscope.models.cells import CELLS, ModelName

NAMES = {"n-gram": "ngram-{}", "n-NN": "nnn-{}"}
# Marker and line, and colour, of each kind of finite-horizon model.
KINDS = {"n-gram": ("o-", style.FINITE_COLOURS["ngram"]), "n-NN": ("s-", style.FINITE_COLOURS["nnn"])}


def best_losses(losses: pd.DataFrame, roles: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Return the test losses of the best recurrent models.

    Parameters
    ----------
    losses
        Columns `model` and `test_loss`, of all recurrent models among others.
    roles
        Columns `role` and `model`, of `best_models.csv`.
    path
        Where `roles` was read from.

    Returns
    -------
    pandas.DataFrame
        The rows of `losses` whose model has the role `best <cell>`, in the order of `models.cells`.

    Raises
    ------
    InputError
        If `losses` lacks one of these models.
    """
    by_role = dict(zip(roles["role"], roles["model"], strict=True))
    best = [by_role[f"best {cell}"] for cell in CELLS if f"best {cell}" in by_role]
    missing = [model for model in best if model not in set(losses["model"])]
    if missing:
        raise InputError(f"{path}: best model {missing[0]} is not in the table of losses")
    return losses.set_index("model").loc[best].reset_index()


def _best_label(name: ModelName, loss: float) -> str:
    return f"{name.title}: {loss:.3f}"


def _draw_best_models(axes: Axes, best: pd.DataFrame) -> None:
    """Draw a dashed horizontal line at each model's test loss.

    Each line's dashes lie in the gaps of the others, so that all of them show where their losses nearly agree.
    """
    dash = 2.0
    for rank, (model, loss) in enumerate(zip(best["model"], best["test_loss"], strict=True)):
        name = ModelName.parse(model)
        axes.axhline(
            loss,
            color=name.cell.colour,
            linestyle=(-rank * dash, (dash, (len(best) - 1) * dash or dash)),
            linewidth=1.6,
            label=_best_label(name, loss),
        )


def _draw_losses(axes: Axes, table: pd.DataFrame, best: pd.DataFrame) -> None:
    """Draw `test_loss` (nats per character) against `n` for each kind, and a horizontal line for each cell's best model."""
    for kind, (fmt, colour) in KINDS.items():
        models = table[table["kind"] == kind]
        axes.errorbar(
            models["n"],
            models["test_loss"],
            yerr=style.bar_lengths(models["test_loss"], models["low"], models["high"]),
            fmt=fmt,
            color=colour,
            markersize=3.5,
            elinewidth=0.8,
            label=kind,
        )
    _draw_best_models(axes, best)
    axes.set_ylabel(style.LOSS_LABEL)
    _name_lines(axes, table, best)


def _name_lines(axes: Axes, table: pd.DataFrame, best: pd.DataFrame) -> None:
    """Write the names at the ends of the lines: at the right of the panel, or above the last point of a shorter curve."""
    names = map(ModelName.parse, best["model"])
    ends = [(loss, _best_label(name, loss), name.cell.colour) for name, loss in zip(names, best["test_loss"], strict=True)]
    for kind, (_, colour) in KINDS.items():
        for last in table[table["kind"] == kind].nlargest(1, "n").itertuples():
            if last.n == table["n"].max():
                ends.append((last.test_loss, kind, colour))
            else:
                look: dict[str, Any] = {"ha": "center", "fontsize": 7, "color": style.text_colour(colour)}
                axes.annotate(kind, (last.n, last.high), (0, 3), textcoords="offset points", **look)
    style.label_lines(axes, ends, height=2.1)


def _draw_costs(axes: Axes, table: pd.DataFrame) -> None:
    """Draw `cost` against `n` for each kind."""
    for kind, (fmt, colour) in KINDS.items():
        models = table[table["kind"] == kind]
        axes.plot(models["n"], models["cost"], fmt, color=colour, markersize=3.5, label=kind)
    axes.set_yscale("log")
    axes.yaxis.set(major_formatter=EngFormatter(sep=""), minor_locator=NullLocator())
    axes.set_ylabel("n-grams stored, or parameters")


def _fall_back_note(table: pd.DataFrame) -> str:
    """Return the line that says how many orders of an n-gram model are smoothed without discounts of their own."""
    orders = sorted(set(table["fall_back_orders"].dropna().astype(int)))
    numbers = " to ".join(str(number) for number in dict.fromkeys((orders[0], orders[-1])))
    return f"fall-back discounts:\n{numbers} {'order' if numbers == '1' else 'orders'}"


def draw(table: pd.DataFrame, best: pd.DataFrame, title: str) -> Figure:
    """Draw losses and costs of the finite-horizon models in `table`, and the losses of the recurrent models in `best`."""
    figure = Figure(figsize=(style.PAGE_WIDTH, 2.8))
    left, right = figure.subplots(1, 2, width_ratios=(1.8, 1))
    _draw_losses(left, table, best)
    _draw_costs(right, table)
    for axes in (left, right):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
        axes.set_xlabel("n (characters of context)")
    left.set_xlabel(f"n (characters of context)\n{style.interval_note(table)}")
    right.set_xlabel(f"n (characters of context)\n{_fall_back_note(table)}")
    style.set_title(figure, title)
    return figure


def main(table: Path, losses: Path, best: Path, out_svg: Path, out_png: Path, title: str = "") -> None:
    """Draw losses and costs of n-gram models and n-NNs against n.

    Parameters
    ----------
    table
        horizons.csv.
    losses
        loss_intervals.csv, of all models.
    best
        best_models.csv, which names the best recurrent model of each cell.
    out_svg, out_png
        Figure to write, as vector graphic and at 300 dots per inch.
    title
        Line above the figure, such as the name of the corpus.
    """
    horizons = style.read(table, ["n", "test_loss", "cost"], ["kind"], optional=["fall_back_orders"])
    models = [NAMES[kind].format(n) for kind, n in zip(horizons["kind"], horizons["n"], strict=True)]
    horizons = with_intervals(horizons.assign(model=models), losses)
    recurrent = style.read(losses, ["test_loss"], ["model"])
    roles = style.read(best, [], ["role", "model"])
    style.save(draw(horizons, best_losses(recurrent, roles, best), title), out_svg, out_png)


if __name__ == "__main__":
    run(main)
