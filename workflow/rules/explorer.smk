rule explorer:
    """The page on which a person browses units and text."""
    input:
        **split_files("test", "vocabulary"),
        before=parts_before_test,
        checkpoints=model_files(DUMPED, "checkpoint.safetensors"),
        cells=table("cells"),
        baseline=table("cells_baseline"),
        features="results/{corpus}/analyses/features.parquet",
        ablations=table("ablations") if ABLATED else [],
    output:
        "results/{corpus}/explorer.html",
    group:
        "figures"
    resources:
        **needs(mem_mb=2000, runtime=30),
    params:
        **stage("explorer.page", Explorer),
        split=subpath(input.test, parent=True),
        models=DUMPED,
        models_folder=folder_of("checkpoints", levels=2),
        ablations=lambda wildcards, input: ["--ablations", input.ablations] if ABLATED else [],
        title=title,
    shell:
        "python -m {params.module} --split {params.split} --models-folder {params.models_folder} "
        "--models {params.models} --cells {input.cells} --baseline {input.baseline} --features {input.features} "
        "{params.ablations} {params.settings} --title={params.title:q} --out {output} 2> {log}"
