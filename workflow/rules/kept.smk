rule take_over_model:
    """Take over a model that was trained and kept elsewhere, in place of training and selecting one."""
    input:
        **split_files("train", "vocabulary", "layout"),
        kept=kept_files("checkpoint.safetensors", "history.csv", "summary.json"),
    output:
        run_files(),
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
