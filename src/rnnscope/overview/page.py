"""results/index.html: one page without scripts that stands by itself, and results/findings.txt, a line a corpus."""

import base64
import json
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from rnnscope.cli import run
from rnnscope.figures.catalogue import FIGURES, SECTIONS, CatalogueEntry
from rnnscope.overview.captions import caption_html
from rnnscope.overview.findings import Findings, find
from rnnscope.overview.loss_rows import LossTable, loss_table
from rnnscope.overview.runs import Fact, facts_of_run
from rnnscope.storage.files import check_digest, check_is_file, whole_file
from rnnscope.storage.tables import read_csv


@dataclass(frozen=True)
class ShownFigure:
    """A figure on the page.

    Parameters
    ----------
    name
        As in `figures.catalogue`.
    entry
        What the catalogue says about it.
    picture, caption
        Its .svg in base64, and its caption as HTML; both empty for a figure that is only linked.
    """

    name: str
    entry: CatalogueEntry
    picture: str = ""
    caption: str = ""


@dataclass(frozen=True)
class Section:
    """What the page shows of one corpus.

    Parameters
    ----------
    name, title
        The corpus: its folder, and its name.
    findings, losses, facts
        What was found, and what was run.
    is_the_paper_text
        Whether the paper's losses are of this text; otherwise they are of one that is like it.
    key_figures
        On the page.
    figures
        All of them by section, for links.
    explorer
        Whether there is an explorer's page.
    """

    name: str
    title: str
    findings: Findings
    losses: LossTable
    facts: list[Fact]
    is_the_paper_text: bool
    key_figures: list[ShownFigure]
    figures: dict[str, list[ShownFigure]]
    explorer: bool


def section_of(folder: Path, corpus: dict[str, str], names: list[str], captions: Path, explorer: bool) -> Section:
    """Read what the page shows of one corpus.

    Parameters
    ----------
    folder
        Of its results.
    corpus
        As of `main`.
    names
        The figures there are, if the corpus is a text of the paper; otherwise those among them that need no paper.
    captions
        Folder of the captions.
    explorer
        Whether it has an explorer's page.

    Raises
    ------
    InputError
        If a file is missing or damaged.
    """
    paper, title = corpus.get("paper"), corpus["title"]
    entries = {name: FIGURES[name] for name in names if paper or "paper" not in FIGURES[name].needs.split()}
    key_figures = []
    for name, entry in entries.items():
        path = folder / f"figures/{name}.svg"
        _check(path)
        if entry.is_key:
            picture = base64.b64encode(path.read_bytes()).decode()
            key_figures.append(ShownFigure(name, entry, picture, caption_html(captions / f"{name}.rst")))
    by_section: dict[str, list[ShownFigure]] = {}
    for name, entry in entries.items():
        by_section.setdefault(SECTIONS[entry.folder], []).append(ShownFigure(name, entry))
    if explorer:
        _check(folder / "explorer.html")
    losses = read_csv(folder / "analyses/losses.csv", ["model", "validation_loss", "test_loss"])
    return Section(
        name=folder.name,
        title=title,
        findings=find(folder / "analyses", title, units=explorer, paper="against_paper" in entries),
        losses=loss_table(losses, paper),
        facts=facts_of_run(folder),
        is_the_paper_text=corpus.get("paper_numbers", "compared") == "compared",
        key_figures=key_figures,
        figures=dict(sorted(by_section.items(), key=lambda item: list(SECTIONS.values()).index(item[0]))),
        explorer=explorer,
    )


def _check(path: Path) -> None:
    """Raise InputError for a file that is missing or not what was written."""
    check_is_file(path, "one that the page can link to")
    check_digest(path)


def render(sections: list[Section], report: str) -> str:
    """Render page.html; everything but pictures and captions is escaped."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(_source("page.html")).render(sections=sections, report=report, style=_source("page.css"))


def _source(name: str) -> str:
    return (files("rnnscope.overview") / name).read_text(encoding="utf-8")


def main(
    folders: list[Path],
    corpora: list[str],
    figures: list[str],
    captions: Path,
    out: Path,
    out_findings: Path,
    report: str = "report.html",
    explorer: bool = False,
) -> None:
    """Write the page to open after a run, and the findings, a line a corpus.

    Parameters
    ----------
    folders
        Of the results of each corpus, beside the page.
    corpora
        What config.yaml says of each corpus, as JSON: its title, and, if it is or is like a text of the paper, paper and
        paper_numbers.
    figures
        Names of the figures that there are.
    captions
        Folder with a caption of each, <figure>.rst.
    out
        Page to write.
    out_findings
        Text to write: a line a corpus.
    report
        Where Snakemake's report is, from the page.
    explorer
        Whether the corpora have an explorer's page.
    """
    described = zip(folders, map(json.loads, corpora), strict=True)
    sections = [section_of(folder, corpus, figures, captions, explorer) for folder, corpus in described]
    with whole_file(out) as partial, whole_file(out_findings) as partial_findings:
        partial.write_text(render(sections, report), encoding="utf-8")
        partial_findings.write_text("".join(f"{section.findings.line}\n" for section in sections), encoding="utf-8")


if __name__ == "__main__":
    run(main)
