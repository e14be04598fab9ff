rule against_paper:
    """Every number and every claim of the paper beside ours."""
    input:
        **split_files("train", "validation", "test", "vocabulary"),
        **{name: table(name) for name in PAPER_TABLES},
        features="results/{corpus}/analyses/features.parquet",
        predictions=predictions(PAPER_MODELS),
    output:
        values=table("against_paper"),
        claims=table("paper_claims"),
    wildcard_constraints:
        corpus="|".join(OF_THE_PAPER) or "(?!)",  # matches nothing: a text of one's own is compared with no paper
    resources:
        # In no group: in that of the tables it would have several siblings, which would run side by side in one submission.
        **needs(mem_mb=scaled_with_text(1000, 50), runtime=10),
    params:
        **stage("analyses.paper.against_paper", Oracles, MinimumCount, Intervals, longest_context=ORACLE_CONTEXT),
        split=subpath(input.test, parent=True),
        predictions_folder=folder_of("predictions"),
        models=PAPER_MODELS,
        tables=lambda wildcards, input: [word for name in PAPER_TABLES for word in (f"--{name.replace('_', '-')}", input[name])],
        paper=paper_flags,
    shell:
        "python -m {params.module} --split {params.split} --predictions-folder {params.predictions_folder} --models {params.models} "
        "--features {input.features} {params.tables} {params.settings} {params.paper} --out {output.values} "
        "--out-claims {output.claims} 2> {log}"
