rule losses:
    """Table T1: every model's losses, with the bootstrap standard deviation of the test loss."""
    input:
        summaries=expand(
            "results/{{corpus}}/models/{model}/summary.json", model=models()
        ),
        evaluations=expand(
            "results/{{corpus}}/models/{model}/evaluation.json", model=models()
        ),
        predictions=expand(
            "results/{{corpus}}/predictions/{model}.parquet", model=models()
        ),
    output:
        "results/{corpus}/analyses/losses.csv",
    log:
        "results/{corpus}/logs/losses.log",
    benchmark:
        "results/{corpus}/benchmarks/losses.tsv"
    threads: 1
    resources:
        mem_mb=grows(1000, 20),
        runtime=10,
    params:
        models_folder=lambda wildcards, input: Path(input.summaries[0]).parents[1],
        predictions_folder=lambda wildcards, input: Path(input.predictions[0]).parent,
        models=models(),
        bootstrap_samples=config["bootstrap"]["samples"],
        seed=config["bootstrap"]["seed"],
        source=source_of("rnnscope.analyses.losses.losses"),
    shell:
        "python -m rnnscope.analyses.losses.losses --models-folder {params.models_folder} "
        "--predictions-folder {params.predictions_folder} --models {params.models} "
        "--bootstrap-samples {params.bootstrap_samples} --seed {params.seed} --out {output} 2> {log}"


rule learning_curves:
    """The training histories of all models in one table."""
    input:
        summaries=expand(
            "results/{{corpus}}/models/{model}/summary.json", model=models()
        ),
        histories=expand(
            "results/{{corpus}}/models/{model}/history.csv", model=models()
        ),
    output:
        "results/{corpus}/analyses/learning_curves.csv",
    log:
        "results/{corpus}/logs/learning_curves.log",
    benchmark:
        "results/{corpus}/benchmarks/learning_curves.tsv"
    group:
        "tables"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        models_folder=lambda wildcards, input: Path(input.summaries[0]).parents[1],
        models=models(),
        source=source_of("rnnscope.analyses.losses.learning_curves"),
    shell:
        "python -m rnnscope.analyses.losses.learning_curves --models-folder {params.models_folder} "
        "--models {params.models} --out {output} 2> {log}"


rule saturation:
    """Figure F3: how much of the test text every gate unit is left- or right-saturated."""
    input:
        gated_activations,
    output:
        table="results/{corpus}/analyses/saturation.csv",
        counts="results/{corpus}/analyses/saturation_counts.csv",
    log:
        "results/{corpus}/logs/saturation.log",
    benchmark:
        "results/{corpus}/benchmarks/saturation.tsv"
    group:
        "tables"
    threads: 1
    resources:
        mem_mb=grows(1000, 20),
        runtime=5,
    params:
        activations=lambda wildcards, input: folder_flags("--activations", input),
        source=source_of("rnnscope.analyses.units.saturation"),
    shell:
        "python -m rnnscope.analyses.units.saturation {params.activations} --out {output.table} "
        "--counts {output.counts} 2> {log}"


rule horizons:
    """Table T2: what the last n characters alone predict, under n-grams and n-NNs, and what that costs."""
    input:
        ngram_losses="results/{corpus}/analyses/ngram_losses.csv",
        checkpoints=expand(
            "results/{{corpus}}/nnn/nnn-{n}/checkpoint.safetensors", n=nnn_horizons()
        ),
        summaries=expand(
            "results/{{corpus}}/nnn/nnn-{n}/summary.json", n=nnn_horizons()
        ),
        evaluations=expand(
            "results/{{corpus}}/nnn/nnn-{n}/evaluation.json", n=nnn_horizons()
        ),
        predictions=expand(
            "results/{{corpus}}/predictions/nnn-{n}.parquet", n=nnn_horizons()
        ),
    output:
        "results/{corpus}/analyses/horizons.csv",
    log:
        "results/{corpus}/logs/horizons.log",
    benchmark:
        "results/{corpus}/benchmarks/horizons.tsv"
    group:
        "tables"
    threads: 1
    resources:
        mem_mb=grows(1000, 20),
        runtime=5,
    params:
        nnn=lambda wildcards, input: folder_flags("--nnn", input.checkpoints),
        predictions_folder=lambda wildcards, input: Path(input.predictions[0]).parent,
        bootstrap_samples=config["bootstrap"]["samples"],
        seed=config["bootstrap"]["seed"],
        source=source_of("rnnscope.analyses.losses.horizons"),
    shell:
        "python -m rnnscope.analyses.losses.horizons --ngram-losses {input.ngram_losses} {params.nnn} "
        "--predictions-folder {params.predictions_folder} --bootstrap-samples {params.bootstrap_samples} "
        "--seed {params.seed} --out {output} 2> {log}"


rule dynamics:
    """Figure F6: how near the predictions of a network in training come to those of each n-NN."""
    input:
        test="results/{corpus}/split/test.npy",
        vocabulary="results/{corpus}/split/vocabulary.json",
        summary="results/{corpus}/split/split.json",
        table=f"results/{{corpus}}/models/{config['dynamics']['model']}/snapshots/snapshots.csv",
        snapshots=expand(
            "results/{{corpus}}/models/{model}/snapshots/snapshot-{number}.safetensors",
            model=config["dynamics"]["model"],
            number=range(1, config["dynamics"]["snapshots"] + 1),
        ),
        nnn=expand(
            "results/{{corpus}}/nnn/nnn-{n}/checkpoint.safetensors", n=nnn_horizons()
        ),
    output:
        "results/{corpus}/analyses/dynamics.csv",
    log:
        "results/{corpus}/logs/dynamics.log",
    benchmark:
        "results/{corpus}/benchmarks/dynamics.tsv"
    threads: config["training"]["threads"]
    resources:
        mem_mb=grows(2000, 20),
        runtime=grows(60, 5),
        gpu=GPU_SLOTS,
    params:
        split=subpath(input.test, parent=True),
        snapshots=subpath(input.table, parent=True),
        nnn=lambda wildcards, input: [
            word for path in input.nnn for word in ("--nnn", path)
        ],
        device=flags(config["training"], "device"),
        source=source_of("rnnscope.analyses.comparisons.dynamics"),
    shell:
        "python -m rnnscope.analyses.comparisons.dynamics --split {params.split} --snapshots {params.snapshots} "
        "{params.nnn} {params.device} --threads {threads} --out {output} 2> {log}"
