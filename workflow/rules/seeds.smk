rule train_seed:
    """Train a chosen model once more, from another seed."""
    input:
        **split_files("train", "validation", "vocabulary", "layout"),
        checkpoint="results/{corpus}/models/{model}/checkpoint.safetensors",
        summary="results/{corpus}/models/{model}/summary.json",
    output:
        run_files("{run}/"),
    priority: training_work
    threads: THREADS
    resources:
        **training_needs(config["training"]["epochs"]),
    params:
        **stage("training.another_seed"),
        settings=lambda wildcards: flags(Optimisation, Patience, Device, seed=seed_of(wildcards.run)),
        split=subpath(input.train, parent=True),
        out=subpath(output[0], parent=True),
    shell:
        "python -m {params.module} --split {params.split} --checkpoint {input.checkpoint} {params.settings} --threads {threads} "
        "--source {params.source} --out {params.out} 2> {log}"


rule evaluate_seed:
    """The losses of a model from another seed, and its probability of every character of the test part."""
    input:
        **split_files("train", "validation", "test", "vocabulary", "layout"),
        checkpoint="results/{corpus}/models/{model}/{run}/checkpoint.safetensors",
    output:
        predictions="results/{corpus}/predictions/{model}/{run}.parquet",
        losses="results/{corpus}/models/{model}/{run}/evaluation.json",
    threads: THREADS
    resources:
        **needs(mem_mb=scaled_with_text(1500, 10), runtime=scaled_with_text(30, 1), gpu=GPU_SLOTS),
    params:
        **stage("training.evaluate", Device),
        split=subpath(input.test, parent=True),
    shell:
        "python -m {params.module} --split {params.split} --checkpoint {input.checkpoint} {params.settings} --threads {threads} "
        "--predictions {output.predictions} --losses {output.losses} 2> {log}"


rule seed_losses:
    """The spread of losses over seeds, beside their intervals over the test text."""
    input:
        run_files=model_files(SEED_RUNS, "summary.json", "evaluation.json"),
        predictions=predictions(SEED_RUNS),
    output:
        table=table("seed_losses"),
        spread=table("seed_spread"),
        orders=table("seed_orders"),
    group:
        "tables"
    params:
        **stage("analyses.seeds.seed_losses", Seeds, Intervals),
        models_folder=folder_of("run_files", levels=2),
        predictions_folder=folder_of("predictions"),
    shell:
        "python -m {params.module} --models-folder {params.models_folder} --predictions-folder {params.predictions_folder} "
        "{params.settings} --out {output.table} --out-spread {output.spread} --out-orders {output.orders} 2> {log}"


rule similarity:
    """Which units and layers come back from another seed, in other cells and at other depths."""
    input:
        **split_files("test", "vocabulary"),
        run_files=model_files(SEED_RUNS, "checkpoint.safetensors", "summary.json"),
        features="results/{corpus}/analyses/features.parquet",
    output:
        table=table("similarity"),
        matches=table("unit_matches"),
        features=table("feature_unit_matches"),
    threads: THREADS
    resources:
        **needs(mem_mb=3000, runtime=120, gpu=GPU_SLOTS),
    params:
        **stage("analyses.seeds.similarity", Seeds, Units, Device),
        split=subpath(input.test, parent=True),
        models_folder=folder_of("run_files", levels=2),
    shell:
        "python -m {params.module} --split {params.split} --models-folder {params.models_folder} --features {input.features} "
        "{params.settings} --threads {threads} --out {output.table} --out-matches {output.matches} "
        "--out-feature-matches {output.features} 2> {log}"
