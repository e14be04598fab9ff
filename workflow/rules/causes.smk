rule ablations:
    """What units cause: the rise of the loss when they are held."""
    input:
        **split_files("test", "vocabulary", "layout"),
        checkpoints=model_files(ABLATED, "checkpoint.safetensors"),
        features="results/{corpus}/analyses/features.parquet",
    output:
        table=table("ablations"),
        groups=table("ablation_groups"),
    threads: THREADS
    resources:
        **needs(mem_mb=3000, runtime=240, gpu=GPU_SLOTS),
    params:
        **stage("analyses.causes.ablations", Ablations, Resampling, Device),
        split=subpath(input.layout, parent=True),
        models_folder=folder_of("checkpoints", levels=2),
    shell:
        "python -m {params.module} --split {params.split} --models-folder {params.models_folder} --features {input.features} "
        "{params.settings} --threads {threads} --out {output.table} --out-groups {output.groups} 2> {log}"
