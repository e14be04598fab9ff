rule take_over_model:
    """Take over a model that was trained and kept elsewhere, in place of training and selecting one."""
    input:
        **split_files("train", "vocabulary", "layout"),
        kept=kept_files("checkpoint.safetensors", "history.csv", "summary.json"),
    output:
        run_files(),
    priority: BEFORE_LONG
    group:
        "evaluations"
    params:
        **stage("training.take_over"),
        digests=digests_of(kept_files("checkpoint.safetensors", "history.csv", "summary.json")),
        kept=folders_of("kept"),
        split=subpath(input.train, parent=True),
        out=subpath(output[0], parent=True),
    shell:
        "python -m {params.module} --kept {params.kept} --split {params.split} --out {params.out} 2> {log}"


rule take_over_dynamics:
    """Figure F6: take over how near a network in training came to each n-NN, in place of training it again."""
    input:
        kept=kept_dynamics,
        nnns=model_files(NNNS, "evaluation.json"),
    output:
        table("dynamics"),
    group:
        "tables"
    params:
        **stage("analyses.comparisons.kept_dynamics", Dynamics),
        digests=digests_of(kept_dynamics),
        nnns=NNNS,
        models_folder=folder_of("nnns", 2),
    shell:
        "python -m {params.module} --kept {input.kept} --models-folder {params.models_folder} --nnns {params.nnns} "
        "{params.settings} --out {output} 2> {log}"
