rule train_model:
    """Train one candidate of a model; keep the epoch of the best validation loss."""
    input:
        **split_files("train", "validation", "vocabulary", "layout"),
    output:
        # Beside them the stage keeps the state of its last epoch, hidden: with more `epochs` it trains only the further ones.
        run_files("{candidate}/"),
    priority: training_work
    threads: THREADS
    resources:
        **training_needs(config["training"]["epochs"]),
    params:
        **stage("training.train"),
        settings=recipe_flags,
        split=subpath(input.train, parent=True),
        candidate=candidate_flags,
        out=subpath(output[0], parent=True),
    shell:
        "python -m {params.module} --split {params.split} --model {wildcards.model} {params.candidate} {params.settings} "
        "--threads {threads} --source {params.source} --out {params.out} 2> {log}"


rule import_model:
    """Take over a network that was trained elsewhere."""
    input:
        **split_files("validation", "vocabulary", "layout"),
        weights=imported_file("weights"),
        order=imported_file("vocabulary"),
    output:
        run_files(),
    wildcard_constraints:
        model="|".join(IMPORTED) or "(?!)",  # matches nothing
    threads: THREADS
    resources:
        **needs(mem_mb=scaled_with_text(1500, 10), gpu=GPU_SLOTS),
    params:
        **stage("training.imported", Device),
        digests=digests_of(imported_file("weights"), imported_file("vocabulary")),
        split=subpath(input.validation, parent=True),
        out=subpath(output[0], parent=True),
    shell:
        "python -m {params.module} --split {params.split} --model {wildcards.model} --weights {input.weights} "
        "--vocabulary {input.order} {params.settings} --threads {threads} --out {params.out} 2> {log}"


rule select_candidate:
    """Of a model's candidates, keep the one of the best validation loss."""
    input:
        candidates=candidate_files,
    output:
        run_files(),
    wildcard_constraints:
        model="|".join([*grid_models(config), *NNNS]),
    group:
        "evaluations"
    params:
        **stage("training.select"),
        candidates=folders_of("candidates"),
        out=subpath(output[0], parent=True),
    shell:
        "python -m {params.module} --candidates {params.candidates} --out {params.out} 2> {log}"


rule train_snapshots:
    """Train the first epochs of a model again, and keep its weights at evenly spaced times."""
    input:
        **split_files("train", "vocabulary", "layout"),
        checkpoint="results/{corpus}/models/{model}/checkpoint.safetensors",
        summary="results/{corpus}/models/{model}/summary.json",
    output:
        table="results/{corpus}/models/{model}/snapshots/snapshots.csv",
        checkpoints=snapshot_files("{model}"),
    priority: training_work
    threads: THREADS
    resources:
        **training_needs(OBSERVED_EPOCHS),
    params:
        **stage("training.snapshots", Snapshots, Optimisation, Device, epochs=OBSERVED_EPOCHS),
        split=subpath(input.train, parent=True),
        out=subpath(output.table, parent=True),
    shell:
        "python -m {params.module} --split {params.split} --checkpoint {input.checkpoint} {params.settings} --threads {threads} "
        "--source {params.source} --out {params.out} 2> {log}"


rule dynamics:
    """Figure F6: how near the predictions of a network in training come to those of each n-NN."""
    input:
        **split_files("test", "vocabulary", "layout"),
        table=model_files([OBSERVED], "snapshots/snapshots.csv"),
        snapshots=snapshot_files(OBSERVED),
        nnns=model_files(NNNS, "checkpoint.safetensors"),
    output:
        table("dynamics"),
    threads: THREADS
    resources:
        **needs(mem_mb=scaled_with_text(2000, 20), runtime=scaled_with_text(60, 5), gpu=GPU_SLOTS),
    params:
        **stage("analyses.comparisons.dynamics", Device),
        split=subpath(input.test, parent=True),
        snapshots=folder_of("snapshots"),
    shell:
        "python -m {params.module} --split {params.split} --snapshots {params.snapshots} --nnns {input.nnns} {params.settings} "
        "--threads {threads} --out {output} 2> {log}"
