rule error_breakdown:
    """Figure F7: what each oracle removes of the best model's errors."""
    input:
        **split_files("train", "validation", "test", "vocabulary"),
        best=table("best_models"),
        predictions=predictions([*CANDIDATES, *ORACLE_NGRAMS]),
    output:
        table("error_breakdown"),
    group:
        "tables"
    params:
        **stage("analyses.errors.error_breakdown", Oracles, Intervals, longest_context=ORACLE_CONTEXT),
        split=subpath(input.test, parent=True),
        predictions_folder=folder_of("predictions"),
    shell:
        "python -m {params.module} --split {params.split} --predictions-folder {params.predictions_folder} --best {input.best} "
        "{params.settings} --out {output} 2> {log}"


rule error_snippets:
    """Pieces of the text that show each class of the best model's errors."""
    input:
        **split_files("train", "validation", "test", "vocabulary"),
        best=table("best_models"),
        predictions=predictions([*CANDIDATES, *ORACLE_NGRAMS]),
    output:
        table("error_snippets"),
    group:
        "tables"
    params:
        **stage("analyses.errors.snippets", Oracles, ErrorSnippets, longest_context=ORACLE_CONTEXT),
        split=subpath(input.test, parent=True),
        predictions_folder=folder_of("predictions"),
    shell:
        "python -m {params.module} --split {params.split} --predictions-folder {params.predictions_folder} --best {input.best} "
        "{params.settings} --out {output} 2> {log}"


rule size_breakdown:
    """Figure F8: what a larger model gets right that a smaller one does not, by the class of error."""
    input:
        **split_files("train", "validation", "test", "vocabulary"),
        predictions=predictions([*config.get("size_breakdown", {}).values(), *ORACLE_NGRAMS]),
    output:
        table("size_breakdown"),
    group:
        "tables"
    params:
        **stage("analyses.errors.size_breakdown", Oracles, SizeBreakdown, Intervals, longest_context=ORACLE_CONTEXT),
        split=subpath(input.test, parent=True),
        predictions_folder=folder_of("predictions"),
    shell:
        "python -m {params.module} --split {params.split} --predictions-folder {params.predictions_folder} "
        "{params.settings} --out {output} 2> {log}"


rule dynamic_evaluation:
    """What the best model gets right when it keeps learning from the test text, by the class of error."""
    input:
        **split_files("train", "validation", "test", "vocabulary"),
        best=table("best_models"),
        checkpoints=model_files(CANDIDATES, "checkpoint.safetensors"),
        predictions=predictions([*CANDIDATES, *ORACLE_NGRAMS]),
    output:
        predictions="results/{corpus}/predictions/dynamic-evaluation.parquet",
        table=table("dynamic_evaluation"),
    threads: THREADS
    resources:
        **needs(mem_mb=scaled_with_text(2000, 30), runtime=scaled_with_text(60, 2), gpu=GPU_SLOTS),
    params:
        **stage(
            "analyses.errors.dynamic_evaluation", Oracles, DynamicEvaluation, Resampling, Device, longest_context=ORACLE_CONTEXT
        ),
        split=subpath(input.test, parent=True),
        models_folder=folder_of("checkpoints", levels=2),
        predictions_folder=folder_of("predictions"),
    shell:
        "python -m {params.module} --split {params.split} --predictions-folder {params.predictions_folder} "
        "--models-folder {params.models_folder} --best {input.best} {params.settings} --threads {threads} "
        "--out-predictions {output.predictions} --out {output.table} 2> {log}"


rule realisable_predictions:
    """The predictions of the best model with what a real model can do of what oracles do, tuned on the validation part."""
    input:
        **split_files("train", "validation", "test", "vocabulary", "layout"),
        best=table("best_models"),
        checkpoints=model_files(CANDIDATES, "checkpoint.safetensors"),
        predictions=[*predictions([*CANDIDATES, *REFERENCE_NGRAMS]), *predictions_of_validation(REFERENCE_NGRAMS)],
    output:
        methods=predictions(REALISABLE),
        choices=table("realisable_choices"),
    priority: LONG
    threads: THREADS
    resources:
        **needs(mem_mb=scaled_with_text(2000, 30), runtime=scaled_with_text(240, 20), gpu=GPU_SLOTS),
    params:
        **stage("analyses.errors.realisable_predictions", Realisable, MemoryLengths, Device),
        ngram=["--ngram"] if NGRAMS else [],
        split=subpath(input.layout, parent=True),
        models_folder=folder_of("checkpoints", levels=2),
        predictions_folder=folder_of("predictions"),
    shell:
        "python -m {params.module} --split {params.split} --predictions-folder {params.predictions_folder} "
        "--models-folder {params.models_folder} --best {input.best} {params.settings} {params.ngram} --threads {threads} "
        "--out-choices {output.choices} 2> {log}"


rule realisable:
    """What real models remove of the errors that oracles remove."""
    input:
        **split_files("train", "validation", "test", "vocabulary"),
        choices=table("realisable_choices"),
        predictions=predictions([*CANDIDATES, *REALISABLE, *ORACLE_NGRAMS]),
    output:
        table("realisable"),
    group:
        "tables"
    params:
        **stage("analyses.errors.realisable", Oracles, StreamsTogether, Resampling, longest_context=ORACLE_CONTEXT),
        split=subpath(input.test, parent=True),
        predictions_folder=folder_of("predictions"),
    shell:
        "python -m {params.module} --split {params.split} --predictions-folder {params.predictions_folder} "
        "--choices {input.choices} {params.settings} --out {output} 2> {log}"


rule error_overlap:
    """Figure F4: which models make which errors."""
    input:
        best=table("best_models"),
        predictions=predictions([*MODELS, *REFERENCE_NGRAMS, *NNNS, *EXTERNAL]),
    output:
        overlap=table("error_overlap"),
        intersections=table("error_intersections"),
        counts=table("error_counts"),
    group:
        "tables"
    params:
        **stage("analyses.errors.error_overlap", Intervals),
        external=["--external", *EXTERNAL] if EXTERNAL else [],
        predictions_folder=folder_of("predictions"),
    shell:
        "python -m {params.module} --predictions-folder {params.predictions_folder} --best {input.best} {params.external} "
        "{params.settings} --out-overlap {output.overlap} --out-intersections {output.intersections} "
        "--out-counts {output.counts} 2> {log}"
