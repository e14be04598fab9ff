rule model_distances:
    """How far apart the models' predictions are: distances and dendrogram, companions of figure F1."""
    input:
        predictions=predictions(COMPARED),
    output:
        distances=table("model_distances"),
        merges=table("model_merges"),
    group:
        "tables"
    resources:
        # Four bytes a model for every test character: 0.5 MB for each MB of a text that has an eighth for testing.
        **needs(mem_mb=scaled_with_text(1000, max(20, 0.5 * len(COMPARED)))),
    params:
        **stage("analyses.comparisons.model_distances"),
        models=COMPARED,
        predictions_folder=folder_of("predictions"),
    shell:
        "python -m {params.module} --predictions-folder {params.predictions_folder} --models {params.models} "
        "--out-distances {output.distances} --out-merges {output.merges} 2> {log}"


rule model_map:
    """Figure F1: the models on a map, those that predict alike side by side."""
    input:
        table("model_distances"),
    output:
        table("model_map"),
    group:
        "tables"
    params:
        **stage("analyses.comparisons.model_map", ModelMap),
    shell:
        "python -m {params.module} --distances {input} {params.settings} --out {output} 2> {log}"


rule character_gains:
    """Figure F4: which characters the best network predicts better than an n-gram model."""
    input:
        **split_files("test", "vocabulary"),
        best=table("best_models"),
        predictions=predictions([*CANDIDATES, *REFERENCE_NGRAMS]),
    output:
        table("character_gains"),
    group:
        "tables"
    params:
        **stage("analyses.comparisons.character_gains", Intervals),
        split=subpath(input.test, parent=True),
        predictions_folder=folder_of("predictions"),
    shell:
        "python -m {params.module} --split {params.split} --predictions-folder {params.predictions_folder} --best {input.best} "
        "{params.settings} --out {output} 2> {log}"


rule closing_delimiters:
    """Figure F5: how surely models close what was opened, by how long ago that was."""
    input:
        **split_files("test", "vocabulary"),
        features="results/{corpus}/analyses/features.parquet",
        best=table("best_models"),
        predictions=predictions([*CANDIDATES, *REFERENCE_NGRAMS, *NNNS]),
    output:
        table("closing_delimiters"),
    group:
        "tables"
    params:
        **stage("analyses.comparisons.closing_delimiters", MinimumCount, Intervals),
        split=subpath(input.test, parent=True),
        predictions_folder=folder_of("predictions"),
    shell:
        "python -m {params.module} --split {params.split} --features {input.features} --best {input.best} "
        "--predictions-folder {params.predictions_folder} {params.settings} --out {output} 2> {log}"
