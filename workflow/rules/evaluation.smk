rule evaluate_model:
    """The losses of a model, and its probability of every character of the test part."""
    input:
        **split_files("validation", "test", "vocabulary", "layout"),
        train=train_part_of_networks,
        checkpoint="results/{corpus}/models/{model}/checkpoint.safetensors",
        kept=kept_files("evaluation.json") if KEPT else [],
    output:
        predictions="results/{corpus}/predictions/{model}.parquet",
        losses="results/{corpus}/models/{model}/evaluation.json",
    priority: BEFORE_LONG
    group:
        "evaluations"
    threads: THREADS
    resources:
        **needs(mem_mb=scaled_with_text(1500, 10), runtime=scaled_with_text(30, 1), gpu=GPU_SLOTS),
    params:
        **stage("training.evaluate", Device),
        **({"digests": digests_of(kept_files("evaluation.json"))} if KEPT else {}),
        split=subpath(input.test, parent=True),
        kept=lambda wildcards, input: ["--kept", *input.kept] if KEPT else [],
    shell:
        "python -m {params.module} --split {params.split} --checkpoint {input.checkpoint} {params.settings} --threads {threads} "
        "--predictions {output.predictions} --losses {output.losses} {params.kept} 2> {log}"
