# A rule has a fixed number of outputs, and a model one file a layer: hence one rule for each depth.
for layers in sorted({ModelName.parse(model).layers for model in DUMPED}):

    rule:
        name:
            f"dump_activations_of_{layers}_layers"
        input:
            **split_files("test", "vocabulary", "layout"),
            checkpoint="results/{corpus}/models/{model}/checkpoint.safetensors",
        output:
            expand("results/{{corpus}}/activations/{{model}}/layer-{layer}.parquet", layer=range(1, layers + 1)),
        wildcard_constraints:
            model="|".join(model for model in MODELS if ModelName.parse(model).layers == layers),
        priority: LONG
        threads: THREADS
        resources:
            **needs(mem_mb=scaled_with_text(1500, 10), runtime=scaled_with_text(30, 1), gpu=GPU_SLOTS),
        params:
            **stage("activations.dump", Precision, Device),
            split=subpath(input.test, parent=True),
            out=subpath(output[0], parent=True),
        shell:
            "python -m {params.module} --split {params.split} --checkpoint {input.checkpoint} {params.settings} "
            "--threads {threads} --out {params.out} 2> {log}"
