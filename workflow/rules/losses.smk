rule losses:
    """Table T1: every model's losses, with the bootstrap standard deviation of the test loss."""
    input:
        run_files=model_files(MODELS, "summary.json", "evaluation.json"),
        predictions=predictions(MODELS),
    output:
        table("losses"),
    resources:
        **needs(runtime=10),
    params:
        **stage("analyses.losses.losses", Bootstrap),
        models=MODELS,
        models_folder=folder_of("run_files", levels=2),
        predictions_folder=folder_of("predictions"),
    shell:
        "python -m {params.module} --models-folder {params.models_folder} --predictions-folder {params.predictions_folder} "
        "--models {params.models} {params.settings} --out {output} 2> {log}"


rule learning_curves:
    """The training histories of all models in one table."""
    input:
        run_files=model_files(MODELS, "summary.json", "history.csv"),
    output:
        table("learning_curves"),
    group:
        "tables"
    params:
        **stage("analyses.losses.learning_curves"),
        models=MODELS,
        models_folder=folder_of("run_files", levels=2),
    shell:
        "python -m {params.module} --models-folder {params.models_folder} --models {params.models} --out {output} 2> {log}"


rule best_models:
    """The models of the best validation loss, which all comparisons are about."""
    input:
        run_files=model_files([*MODELS, *NNNS], "evaluation.json"),
    output:
        table("best_models"),
    priority: BEFORE_LONG
    resources:
        **needs(mem_mb=1000, runtime=10),
    params:
        **stage("analyses.losses.best_models", Candidates, *([ReferenceNGram] if NGRAMS else [])),
        models=MODELS,
        nnns=["--nnns", *NNNS] if NNNS else [],
        models_folder=folder_of("run_files", levels=2),
    shell:
        "python -m {params.module} --models-folder {params.models_folder} {params.settings} --models {params.models} "
        "{params.nnns} --out {output} 2> {log}"


rule horizons:
    """Table T2: what the last n characters alone predict, under n-grams and n-NNs, and what that costs."""
    input:
        counts=table("ngram_counts"),
        run_files=model_files(NNNS, "checkpoint.safetensors", "summary.json", "evaluation.json"),
        predictions=predictions([*NGRAMS, *NNNS]),
    output:
        table("horizons"),
    group:
        "tables"
    params:
        **stage("analyses.losses.horizons", Bootstrap),
        nnns=NNNS,
        models_folder=folder_of("run_files", levels=2),
        predictions_folder=folder_of("predictions"),
    shell:
        "python -m {params.module} --ngram-counts {input.counts} --models-folder {params.models_folder} "
        "--predictions-folder {params.predictions_folder} --nnns {params.nnns} {params.settings} --out {output} 2> {log}"


rule external_predictions:
    """Check predictions that another program made."""
    input:
        **split_files("test", "vocabulary"),
        predictions=external_file,
    output:
        "results/{corpus}/predictions/external-{name}.parquet",
    wildcard_constraints:
        name=r"\w+",
    group:
        "tables"
    params:
        **stage("analyses.losses.external"),
        digests=digests_of(external_file),
        split=subpath(input.test, parent=True),
    shell:
        "python -m {params.module} --split {params.split} --predictions {input.predictions} --out {output} 2> {log}"


rule loss_intervals:
    """The test loss of every model, with its interval."""
    input:
        predictions=predictions([*MODELS, *NGRAMS, *NNNS, *EXTERNAL]),
    output:
        table("loss_intervals"),
    group:
        "tables"
    params:
        **stage("analyses.losses.loss_intervals", Intervals),
        models=[*MODELS, *NGRAMS, *NNNS, *EXTERNAL],
        predictions_folder=folder_of("predictions"),
    shell:
        "python -m {params.module} --predictions-folder {params.predictions_folder} --models {params.models} {params.settings} "
        "--out {output} 2> {log}"


rule paired_differences:
    """The difference in test loss of every two models, with its interval, and the ranking of the models."""
    input:
        predictions=predictions(COMPARED),
    output:
        differences=table("paired_differences"),
        ranking=table("ranking"),
    group:
        "tables"
    params:
        **stage("analyses.losses.paired_differences", Intervals),
        models=COMPARED,
        predictions_folder=folder_of("predictions"),
    shell:
        "python -m {params.module} --predictions-folder {params.predictions_folder} --models {params.models} {params.settings} "
        "--out {output.differences} --out-ranking {output.ranking} 2> {log}"


rule size_ranking:
    """How the networks of each size differ from the best one."""
    input:
        losses=table("losses"),
        differences=table("paired_differences"),
        best=table("best_models"),
    output:
        table("size_ranking"),
    group:
        "tables"
    params:
        **stage("analyses.losses.size_ranking"),
    shell:
        "python -m {params.module} --losses {input.losses} --differences {input.differences} --best {input.best} "
        "--out {output} 2> {log}"


rule position_loss:
    """The loss by position in the stream: what it costs to start from a zero state."""
    input:
        best=table("best_models"),
        predictions=predictions([*MODELS, *REFERENCE_NGRAMS]),
    output:
        table("position_loss"),
    group:
        "tables"
    params:
        **stage("analyses.losses.position_loss", Resampling),
        predictions_folder=folder_of("predictions"),
    shell:
        "python -m {params.module} --predictions-folder {params.predictions_folder} --best {input.best} {params.settings} "
        "--out {output} 2> {log}"
