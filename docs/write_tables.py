"""Write docs/tables.md from the files and columns that the modules of rnnscope declare: `make docs`."""

import importlib
import pkgutil
from pathlib import Path

import rnnscope
from rnnscope.storage.declarations import DECLARATIONS, Column, Declaration

DOCS = Path(__file__).parent
INTRODUCTION = DOCS / "tables_introduction.md"
TABLES = DOCS / "tables.md"
# The first part of a path below results/<corpus>/, and the title of its section.
SECTIONS = {
    "provenance.json": "Provenance",
    "corpus": "Corpus",
    "split": "Split",
    "models": "Models",
    "predictions": "Predictions",
    "activations": "Activations",
    "explorer.html": "Explorer",
    "analyses": "Analyses",
}


def declarations() -> dict[str, Declaration]:
    """Return the declarations of all modules by path."""
    for module in pkgutil.walk_packages(rnnscope.__path__, "rnnscope."):
        if not module.name.startswith("rnnscope.models.compiled_"):  # libraries, of which some are for other processors
            importlib.import_module(module.name)
    return DECLARATIONS


def row(*cells: str) -> str:
    """Return a row of a table."""
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def described_columns(columns: tuple[Column, ...], name: str) -> list[str]:
    """Return the lines of the table of some columns."""
    head = [row(name, "kind", "meaning"), row("---", "---", "---")] if columns else []
    return head + [row(column.name, column.kind, column.meaning) for column in columns]


def described(declaration: Declaration) -> list[str]:
    """Return the lines about one file."""
    lines = [f"### `results/<corpus>/{declaration.path}`", "", declaration.meaning]
    if declaration.columns:
        lines += ["", *described_columns(declaration.columns, "key" if declaration.path.endswith(".json") else "column")]
    return [*lines, ""]


def text() -> str:
    """Return what docs/tables.md has to hold."""
    sections: dict[str, list[str]] = {section: [] for section in SECTIONS}
    for path, declaration in sorted(declarations().items()):
        sections[path.partition("/")[0]] += described(declaration)
    lines = [INTRODUCTION.read_text()]
    for section, described_files in sections.items():
        if described_files:
            lines += [f"## {SECTIONS[section]}", "", *described_files]
    return "\n".join(lines).rstrip("\n") + "\n"


if __name__ == "__main__":
    TABLES.write_text(text())
