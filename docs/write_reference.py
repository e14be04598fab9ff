"""Write what README shows of results/reference, from its tables: a picture and the table of losses. Part of `make docs`."""

import re
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from rnnscope.figures import style
from rnnscope.figures.units.cell_text import draw, read
from rnnscope.models.cells import CELLS, ModelName
from rnnscope.storage.tables import read_csv

DOCS = Path(__file__).parent
README = DOCS.parent / "README.md"
ANALYSES = DOCS.parent / "results/reference/war_and_peace/analyses"
PICTURE = DOCS / "pictures/quote_cell.svg"
FEATURE = "inside_quotes"
BEGIN, END = "<!-- losses -->\n", "<!-- end of losses -->\n"
COLUMNS = ["item", "model", "paper", "ours"]
LAYERS, SIZES = (1, 2, 3), (64, 128, 256, 512)


def losses_table(against_paper: pd.DataFrame, losses: pd.DataFrame) -> str:
    """Return the table of test losses, ours and in parentheses the paper's, as Markdown.

    Those of networks that were trained in bfloat16 get a star.

    Parameters
    ----------
    against_paper
        The columns `item`, `model`, `paper` and `ours` of against_paper.csv.
    losses
        The columns `model` and `precision` of losses.csv.
    """
    rows = against_paper[against_paper["item"] == "T1"].set_index("model")
    rounded = set(losses["model"][losses["precision"] == "bfloat16"])
    lines = ["| | " + " | ".join(f"size {size}" for size in SIZES) + " |", "| --- |" + " --- |" * len(SIZES)]
    cells = [cell for cell in CELLS if f"{cell}-1-64" in rows.index]
    for cell in cells:
        for layers in LAYERS:
            name = ModelName.parse(f"{cell}-{layers}-64").cell.title
            words = [_both(rows, rounded, f"{cell}-{layers}-{size}") for size in SIZES]
            lines.append(f"| {name}, {layers} layer{'s' * (layers > 1)} | " + " | ".join(words) + " |")
    return "\n".join(lines) + "\n"


def _both(rows: pd.DataFrame, rounded: set[str], model: str) -> str:
    if model not in rows.index:
        return ""
    ours, paper = rows.loc[model, ["ours", "paper"]]
    mark = "\\*" if model in rounded else ""
    return f"({paper:.3f})" if pd.isna(ours) else f"**{ours:.3f}**{mark} ({paper:.3f})"


def with_table(text: str, table: str) -> str:
    """Return README's text with another table of losses."""
    return re.sub(f"(?s)(?<={re.escape(BEGIN)}).*(?={re.escape(END)})", lambda found: table, text)


def main() -> None:
    """Write both."""
    table = losses_table(
        read_csv(ANALYSES / "against_paper.csv", COLUMNS), read_csv(ANALYSES / "losses.csv", ["model", "precision"])
    )
    README.write_text(with_table(README.read_text(), table))
    snippets = read(ANALYSES / "cell_text.csv")
    with TemporaryDirectory() as folder:
        vector, image = (Path(folder, f"quote_cell.{suffix}") for suffix in ("svg", "png"))
        style.save(draw(snippets[snippets["feature"] == FEATURE], ""), vector, image)
        PICTURE.parent.mkdir(exist_ok=True)
        shutil.copyfile(vector, PICTURE)


if __name__ == "__main__":
    main()
