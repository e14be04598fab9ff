rule train_model:
    """Train one model with one dropout candidate; keep the epoch of the best validation loss."""
    input:
        train="results/{corpus}/split/train.npy",
        validation="results/{corpus}/split/validation.npy",
        vocabulary="results/{corpus}/split/vocabulary.json",
        summary="results/{corpus}/split/split.json",
    output:
        checkpoint="results/{corpus}/models/{model}/dropout-{dropout}/checkpoint.safetensors",
        history="results/{corpus}/models/{model}/dropout-{dropout}/history.csv",
        summary="results/{corpus}/models/{model}/dropout-{dropout}/summary.json",
    log:
        "results/{corpus}/logs/train_model/{model}-dropout-{dropout}.log",
    benchmark:
        "results/{corpus}/benchmarks/train_model/{model}-dropout-{dropout}.tsv"
    priority: work_of_model
    threads: config["training"]["threads"]
    resources:
        mem_mb=grows(2000, 2),
        runtime=minutes_of_training(work_of_model, config["training"]["epochs"]),
        gpu=GPU_SLOTS,
    params:
        split=subpath(input.train, parent=True),
        recipe=recipe_flags(),
        out=subpath(output.checkpoint, parent=True),
        source=source_of("rnnscope.training.train"),
    shell:
        "python -m rnnscope.training.train --split {params.split} --model {wildcards.model} "
        "--dropout {wildcards.dropout} {params.recipe} --threads {threads} --out {params.out} 2> {log}"


rule select_dropout:
    """Of a model's dropout candidates, keep the one of the best validation loss."""
    input:
        dropout_candidates,
    output:
        checkpoint="results/{corpus}/models/{model}/checkpoint.safetensors",
        history="results/{corpus}/models/{model}/history.csv",
        summary="results/{corpus}/models/{model}/summary.json",
    log:
        "results/{corpus}/logs/select_dropout/{model}.log",
    benchmark:
        "results/{corpus}/benchmarks/select_dropout/{model}.tsv"
    group:
        "evaluations"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        candidates=lambda wildcards, input: folder_flags("--candidate", input),
        out=subpath(output.checkpoint, parent=True),
        source=source_of("rnnscope.training.select"),
    shell:
        "python -m rnnscope.training.select {params.candidates} --out {params.out} 2> {log}"


rule evaluate_model:
    """The losses of a model, and its probability of every character of the test part."""
    input:
        train="results/{corpus}/split/train.npy",
        validation="results/{corpus}/split/validation.npy",
        test="results/{corpus}/split/test.npy",
        vocabulary="results/{corpus}/split/vocabulary.json",
        summary="results/{corpus}/split/split.json",
        checkpoint="results/{corpus}/models/{model}/checkpoint.safetensors",
    output:
        predictions="results/{corpus}/predictions/{model}.parquet",
        losses="results/{corpus}/models/{model}/evaluation.json",
    log:
        "results/{corpus}/logs/evaluate_model/{model}.log",
    benchmark:
        "results/{corpus}/benchmarks/evaluate_model/{model}.tsv"
    group:
        "evaluations"
    threads: config["training"]["threads"]
    resources:
        mem_mb=grows(1500, 10),
        runtime=grows(30, 1),
        gpu=GPU_SLOTS,
    params:
        split=subpath(input.train, parent=True),
        device=flags(config["training"], "device"),
        source=source_of("rnnscope.training.evaluate"),
    shell:
        "python -m rnnscope.training.evaluate --split {params.split} --checkpoint {input.checkpoint} "
        "{params.device} --threads {threads} "
        "--predictions {output.predictions} --losses {output.losses} 2> {log}"


rule train_snapshots:
    """Train the first epochs of a model once more, and keep its weights at evenly spaced times."""
    input:
        train="results/{corpus}/split/train.npy",
        vocabulary="results/{corpus}/split/vocabulary.json",
        summary="results/{corpus}/split/split.json",
        checkpoint="results/{corpus}/models/{model}/checkpoint.safetensors",
    output:
        table="results/{corpus}/models/{model}/snapshots/snapshots.csv",
        checkpoints=expand(
            "results/{{corpus}}/models/{{model}}/snapshots/snapshot-{number}.safetensors",
            number=range(1, config["dynamics"]["snapshots"] + 1),
        ),
    log:
        "results/{corpus}/logs/train_snapshots/{model}.log",
    benchmark:
        "results/{corpus}/benchmarks/train_snapshots/{model}.tsv"
    priority: work_of_model
    threads: config["training"]["threads"]
    resources:
        mem_mb=grows(2000, 2),
        runtime=minutes_of_training(work_of_model, config["dynamics"]["epochs"]),
        gpu=GPU_SLOTS,
    params:
        split=subpath(input.train, parent=True),
        recipe=recipe_flags(epochs=config["dynamics"]["epochs"]),
        snapshots=config["dynamics"]["snapshots"],
        out=subpath(output.table, parent=True),
        source=source_of("rnnscope.training.snapshots"),
    shell:
        "python -m rnnscope.training.snapshots --split {params.split} --checkpoint {input.checkpoint} "
        "--snapshots {params.snapshots} {params.recipe} --threads {threads} --out {params.out} 2> {log}"
