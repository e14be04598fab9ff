rule explorer:
    """The page on which a person browses units and text."""
    input:
        **split_files("test", "vocabulary"),
        checkpoints=model_files(DUMPED, "checkpoint.safetensors"),
        activations=activation_files(DUMPED),
        cells=table("cells"),
    output:
        "results/{corpus}/explorer.html",
    group:
        "figures"
    resources:
        **needs(mem_mb=1500),
    params:
        **stage("explorer.page", Explorer),
        split=subpath(input.test, parent=True),
        models=DUMPED,
        models_folder=folder_of("checkpoints", levels=2),
        activations_folder=folder_of("activations", levels=2),
        title=title,
    shell:
        "python -m {params.module} --split {params.split} --models-folder {params.models_folder} "
        "--activations-folder {params.activations_folder} --models {params.models} --cells {input.cells} {params.settings} "
        "--title={params.title:q} --out {output} 2> {log}"
