# A rule has a fixed number of outputs, and a model one file a layer: hence one rule for each depth.
for layers in sorted({depth(model) for model in config["activations"]["models"]}):

    rule:
        name:
            f"dump_activations_of_{layers}_layers"
        input:
            test="results/{corpus}/split/test.npy",
            vocabulary="results/{corpus}/split/vocabulary.json",
            summary="results/{corpus}/split/split.json",
            checkpoint="results/{corpus}/models/{model}/checkpoint.safetensors",
        output:
            expand(
                "results/{{corpus}}/activations/{{model}}/layer-{layer}.parquet",
                layer=range(1, layers + 1),
            ),
        log:
            "results/{corpus}/logs/dump_activations/{model}.log",
        benchmark:
            "results/{corpus}/benchmarks/dump_activations/{model}.tsv"
        wildcard_constraints:
            model=rf"\w+-{layers}-\d+",
        threads: config["training"]["threads"]
        resources:
            mem_mb=grows(1500, 10),
            runtime=grows(30, 1),
            gpu=GPU_SLOTS,
        params:
            split=subpath(input.test, parent=True),
            precision=config["activations"]["precision"],
            device=flags(config["training"], "device"),
            out=lambda wildcards, output: Path(output[0]).parent,
            source=source_of("rnnscope.activations.dump"),
        shell:
            "python -m rnnscope.activations.dump --split {params.split} --checkpoint {input.checkpoint} "
            "--precision {params.precision} {params.device} --threads {threads} --out {params.out} 2> {log}"
