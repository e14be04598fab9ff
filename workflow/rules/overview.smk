"""The page to open: results/index.html."""

import hashlib
from pathlib import Path

CAPTIONS = Path(HOME, "workflow/report")


rule overview:
    """The page with the main findings in every corpus and links to the rest; the findings alone, a line a corpus."""
    input:
        losses=tables_of_corpora("losses"),
        tables=tables_of_corpora("loss_intervals", "best_models", *(["cells", "cells_baseline"] if DUMPED else [])),
        paper=[
            f"results/{corpus}/analyses/{name}.csv"
            for corpus in config["run"]
            for name in ("against_paper", "paper_claims")
            if "against_paper" in figures_of(corpus)
        ],
        manifests=expand("results/{corpus}/corpus/manifest.json", corpus=config["run"]),
        figures=figures(["svg"]),
        explorers=explorers(),
    output:
        page="results/index.html",
        findings="results/findings.txt",
    localrule: True  # with the inputs of all corpora it would be in nobody's group
    resources:
        **needs(mem_mb=1000, runtime=10),
    params:
        **stage("overview.page"),
        folders=lambda wildcards, input: [str(Path(path).parents[1]) for path in input.losses],
        corpora=corpus_facts,  # a function: in a constant the braces of a title would be a wildcard
        figures=figures_for({*AVAILABLE, "paper"}),
        explorer="--explorer" if DUMPED else "",
        captions=str(CAPTIONS),
        wording=hashlib.sha256(b"".join(path.read_bytes() for path in sorted(CAPTIONS.glob("*.rst")))).hexdigest(),
    shell:
        "python -m {params.module} --folders {params.folders} --corpora {params.corpora:q} --figures {params.figures} "
        "--captions {params.captions} {params.explorer} --out {output.page} --out-findings {output.findings} 2> {log}"
