rule error_breakdown:
    """Figure F7: what each oracle removes of the best model's errors, and snippets that show it."""
    input:
        **CASCADE_INPUTS,
        losses="results/{corpus}/analyses/losses.csv",
        candidates=expand(
            "results/{{corpus}}/predictions/{model}.parquet",
            model=config["errors"]["candidates"],
        ),
    output:
        breakdown="results/{corpus}/analyses/error_breakdown.csv",
        snippets="results/{corpus}/analyses/error_snippets.csv",
    log:
        "results/{corpus}/logs/error_breakdown.log",
    benchmark:
        "results/{corpus}/benchmarks/error_breakdown.tsv"
    group:
        "tables"
    threads: 1
    resources:
        mem_mb=grows(1000, 30),
        runtime=5,
    params:
        split=subpath(input.test, parent=True),
        predictions_folder=lambda wildcards, input: Path(input.candidates[0]).parent,
        cascade=cascade_flags(),
        candidates=config["errors"]["candidates"],
        choice=flags(config["error_breakdown"], "snippets", "seed"),
        source=source_of("rnnscope.analyses.errors.error_breakdown"),
    shell:
        "python -m rnnscope.analyses.errors.error_breakdown --split {params.split} "
        "--predictions-folder {params.predictions_folder} {params.cascade} --losses {input.losses} "
        "--candidates {params.candidates} {params.choice} "
        "--out-breakdown {output.breakdown} --out-snippets {output.snippets} 2> {log}"


rule size_breakdown:
    """Figure F8: what a larger model gets right that a smaller one does not, by the class of error."""
    input:
        **CASCADE_INPUTS,
        models=expand(
            "results/{{corpus}}/predictions/{model}.parquet",
            model=config["size_breakdown"].values(),
        ),
    output:
        "results/{corpus}/analyses/size_breakdown.csv",
    log:
        "results/{corpus}/logs/size_breakdown.log",
    benchmark:
        "results/{corpus}/benchmarks/size_breakdown.tsv"
    group:
        "tables"
    threads: 1
    resources:
        mem_mb=grows(1000, 30),
        runtime=5,
    params:
        split=subpath(input.test, parent=True),
        predictions_folder=lambda wildcards, input: Path(input.models[0]).parent,
        cascade=cascade_flags(),
        models=flags(config["size_breakdown"], "smaller", "larger"),
        source=source_of("rnnscope.analyses.errors.size_breakdown"),
    shell:
        "python -m rnnscope.analyses.errors.size_breakdown --split {params.split} "
        "--predictions-folder {params.predictions_folder} {params.cascade} {params.models} --out {output} 2> {log}"


rule dynamic_evaluation:
    """What the best model gets right when it goes on learning from the test text, by the class of error."""
    input:
        **CASCADE_INPUTS,
        losses="results/{corpus}/analyses/losses.csv",
        candidates=expand(
            "results/{{corpus}}/predictions/{model}.parquet",
            model=config["errors"]["candidates"],
        ),
        checkpoints=expand(
            "results/{{corpus}}/models/{model}/checkpoint.safetensors",
            model=config["errors"]["candidates"],
        ),
    output:
        predictions="results/{corpus}/predictions/dynamic-evaluation.parquet",
        table="results/{corpus}/analyses/dynamic_evaluation.csv",
    log:
        "results/{corpus}/logs/dynamic_evaluation.log",
    benchmark:
        "results/{corpus}/benchmarks/dynamic_evaluation.tsv"
    threads: config["training"]["threads"]
    resources:
        mem_mb=grows(2000, 30),
        runtime=grows(60, 2),
        gpu=GPU_SLOTS,
    params:
        split=subpath(input.test, parent=True),
        predictions_folder=subpath(output.predictions, parent=True),
        models_folder=lambda wildcards, input: Path(input.checkpoints[0]).parents[1],
        cascade=cascade_flags(),
        candidates=config["errors"]["candidates"],
        learning=flags(
            config["dynamic_evaluation"], "learning_rate", "steps", "streams"
        ),
        device=flags(config["training"], "device"),
        source=source_of("rnnscope.analyses.errors.dynamic_evaluation"),
    shell:
        "python -m rnnscope.analyses.errors.dynamic_evaluation --split {params.split} "
        "--predictions-folder {params.predictions_folder} --models-folder {params.models_folder} "
        "{params.cascade} --losses {input.losses} --candidates {params.candidates} {params.learning} "
        "{params.device} --threads {threads} --out-predictions {output.predictions} --out {output.table} 2> {log}"
